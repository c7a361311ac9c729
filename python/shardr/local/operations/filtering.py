"""CloudWatch Logs of many streams at once, in the order of their times: what ``FilterLogEvents`` answers."""

from __future__ import annotations

import heapq
from itertools import islice
from typing import TYPE_CHECKING, Any

from shardr.errors import NotFoundError, RequestError
from shardr.local.logs import ANSWER_BYTES, Event
from shardr.local.operations import tokens
from shardr.local.operations.logs import EVENTS, Stream, group_of, streams_of, told
from shardr.local.operations.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from shardr.local.account import Account

Place = tuple[int, str, int]
"""By what events of many streams are sorted: milliseconds, the stream, and the place in it."""
Keyed = tuple[Place, Event]


def events(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Events of many streams in the order of their times, those that match the filter pattern."""
    kind = group_of(account, request)
    wanted = pattern(request.get("filterPattern", ""))
    names: list[str] = request.get("logStreamNames", [])
    if names and "logStreamNamePrefix" in request:
        raise RequestError("logStreamNames and logStreamNamePrefix cannot be used together.")
    if names:
        chosen = [stream for name in sorted(names) for stream in streams_of(account, kind, name, exact=True)]
        if len(chosen) < len(set(names)):
            raise NotFoundError("The specified log stream does not exist.")
    else:
        chosen = sorted(
            streams_of(account, kind, request.get("logStreamNamePrefix", "")), key=lambda stream: stream.name
        )
    last = tokens.read(request, (int, str, int), "nextToken")
    begin = max(request.get("startTime", 0), last[0] if last else 0)
    every = _merged(account, chosen, begin)
    after = ((key, event) for key, event in every if last is None or key > tuple(last))
    found = list(islice(_matching(after, wanted, request.get("endTime")), request.get("limit", EVENTS) + 1))
    shown: list[Keyed] = []
    room = ANSWER_BYTES
    for key, event in found[: request.get("limit", EVENTS)]:
        room -= event.end - event.start
        if room < 0 and shown:
            break
        shown.append((key, event))
    rows = [{"logStreamName": key[1], "eventId": f"{key[0]:020}{event.start:036}", **told(event)}
            for key, event in shown]  # fmt: skip
    answer: dict[str, Any] = {"events": rows, "searchedLogStreams": []}
    return answer | ({"nextToken": tokens.made(request, shown[-1][0])} if len(shown) < len(found) else {})


def _matching(keyed: Iterable[Keyed], wanted: Callable[[str], bool], end: int | None) -> Iterator[Keyed]:
    for key, event in keyed:
        if end is not None and event.milliseconds >= end:
            return
        if wanted(event.message):
            yield key, event


def _merged(account: Account, chosen: Iterable[Stream], begin: int) -> Iterator[Keyed]:
    """All events in the order of their times; a stream is not read before it is its turn, as there may be very many."""
    logs = [(stream, stream.log(account)) for stream in chosen]
    firsts = [(log.next_time(begin), stream.name, log) for stream, log in logs]
    waiting = sorted(((first, name, log) for first, name, log in firsts if first is not None), key=lambda row: row[:2])
    waiting.reverse()
    heap: list[tuple[Place, Event, Iterator[Event]]] = []
    while waiting or heap:
        while waiting and (not heap or waiting[-1][0] <= heap[0][0][0]):
            _, name, log = waiting.pop()
            _push(heap, name, (event for event in log.forwards(log.since(begin)) if event.milliseconds >= begin))
        if heap:
            key, event, more = heapq.heappop(heap)
            yield key, event
            _push(heap, key[1], more)


def _push(heap: list[tuple[Place, Event, Iterator[Event]]], name: str, events: Iterator[Event]) -> None:
    event = next(events, None)
    if event is not None:
        heapq.heappush(heap, ((event.milliseconds, name, event.start), event, events))
