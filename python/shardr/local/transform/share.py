"""The objects of one instance, asked about in order: so many requests at once, answers as if they came singly."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from shardr.data.files import system_reason
from shardr.data.splitting import assembled, batches, opened, records
from shardr.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from shardr.data.splitting import Batch
    from shardr.local.transform.asking import Asker
    from shardr.local.transform.settings import Settings

AHEAD = 8
"""Answers that may wait for their turn, for each request that may be under way; of large ones, only one."""
NOT_WRITTEN = "its answers cannot be written: {}"
"""Of an object, when the disk is full."""


@dataclass
class Object:
    """One object on its way: what it is called, where its answers are written, and why it has none."""

    key: str
    source: Path
    target: Path
    records: int = 0
    failure: str | None = None
    lost: bool = False
    """A request has failed. Why is told when its turn comes: one before it may fail, too."""
    out: IO[bytes] | None = None


@dataclass
class Done:
    """How far a share is."""

    objects: int = 0
    records: int = 0
    failures: dict[str, str] = field(default_factory=dict)
    """Objects without an answer, and why."""


@dataclass
class _Turn:
    """A request whose answer belongs behind those before it; without records, the end of its object."""

    item: Object
    first: int = 0
    count: int = 0
    size: int = 0
    answer: bytes | DataError | None = None
    """None: there is none yet."""


class Share:
    """The objects of one instance."""

    def __init__(self, objects: list[Object], asker: Asker, settings: Settings, stopped: Callable[[], bool]) -> None:
        self._objects, self._asker, self._settings, self._stopped = objects, asker, settings, stopped
        self._source = self._batches()
        self._turns: deque[_Turn] = deque()
        self._held = 0
        self._over = False
        self._changed = threading.Condition()
        self.done = Done()

    def through(self, tell: Callable[[], None]) -> None:
        """Asks about everything, or until the job is stopped; ``tell`` is called after each object.

        Raises what goes wrong here, such as a full disk. Memory holds as many requests as may be under way, and their
        answers; of small ones some more, so that nobody idles while the first takes long.
        """
        count = self._settings.concurrent
        with ThreadPoolExecutor(count) as pool:
            for caller in [pool.submit(self._calls, tell) for _ in range(count)]:
                caller.result()

    def end(self) -> None:
        """Whoever waits for an answer waits no longer."""
        self._asker.end()

    def _calls(self, tell: Callable[[], None]) -> None:
        """One of those who ask at once: takes the next request, asks, puts the answer behind those before it."""
        try:
            while (taken := self._next(tell)) is not None:
                turn, batch = taken
                answer: bytes | DataError
                try:
                    answer = self._ask(batch)
                except DataError as error:
                    answer, turn.item.lost = error, True
                del taken, batch  # or they would stay until there is a next one
                with self._changed:
                    turn.answer = answer
                    self._write(tell)
        except BaseException:
            with self._changed:
                self._over = True
                self._changed.notify_all()
            self.end()
            raise

    def _next(self, tell: Callable[[], None]) -> tuple[_Turn, Batch] | None:
        """The next request, or None when there is none."""
        with self._changed:
            while not self._over:
                if self._full:
                    self._changed.wait()
                    continue
                item, batch = next(self._source, (None, None)) if not self._stopped() else (None, None)
                if item is None:
                    self._over = True
                    self._changed.notify_all()
                elif batch is None:
                    self._turns.append(_Turn(item, answer=b""))
                    self._write(tell)
                else:
                    turn = _Turn(item, batch.first, len(batch.records), len(batch.body))
                    self._turns.append(turn)
                    self._held += turn.size
                    return turn, batch
        return None

    @property
    def _full(self) -> bool:
        count, most = len(self._turns), self._settings.concurrent
        return count >= most and (count >= AHEAD * most or self._held >= most * self._settings.payload_bytes)

    def _batches(self) -> Iterator[tuple[Object, Batch | None]]:
        """All requests in order, and after those of each object a None."""
        how = self._settings
        for item in self._objects:
            try:
                with opened(item.source, how.compression) as stream:
                    found = records(stream, how.split, how.payload_bytes, csv=how.csv)
                    sent = how.joining.request if how.joining.active else None
                    for batch in batches(found, how.split, how.strategy, how.payload_bytes, as_sent=sent):
                        yield item, batch
                        if item.lost:
                            break  # of this object nothing more is asked
            except (DataError, OSError) as error:
                item.failure = item.failure or (error.what if isinstance(error, DataError) else str(error))
            yield item, None

    def _ask(self, batch: Batch) -> bytes:
        """The answer to a request, filtered and joined where the job says so."""
        answer, joining = self._asker.ask(batch.body), self._settings.joining
        return joining.response(batch.records, answer, batch.first) if joining.active else answer

    def _write(self, tell: Callable[[], None]) -> None:
        """Puts answers where they belong, as far as they have come."""
        while self._turns and (answer := self._turns[0].answer) is not None:
            turn = self._turns.popleft()
            self._held -= turn.size
            self._changed.notify_all()
            if not turn.count:
                self._end(turn.item)
                tell()
            elif turn.item.failure is None:
                self._put(turn, answer)

    def _put(self, turn: _Turn, answer: bytes | DataError) -> None:
        item, last = turn.item, turn.first + turn.count - 1
        if isinstance(answer, DataError):
            which = f"record {last}" if turn.count == 1 else f"records {turn.first} to {last}"
            item.failure = f"{which}: {answer.what}"
            return
        try:
            if item.out is None:
                item.target.parent.mkdir(parents=True, exist_ok=True)
                item.out = item.target.open("wb")
            item.out.write(assembled(answer, self._settings.assemble))
        except OSError as error:
            item.failure = NOT_WRITTEN.format(system_reason(error))
            return
        item.records += turn.count

    def _end(self, item: Object) -> None:
        try:
            if item.out is not None:
                item.out.close()
            elif item.failure is None:  # an object without a record has an answer without one
                item.target.parent.mkdir(parents=True, exist_ok=True)
                item.target.touch()
        except OSError as error:
            item.failure = item.failure or NOT_WRITTEN.format(system_reason(error))
        if item.failure is not None:
            item.target.unlink(missing_ok=True)
            self.done.failures[item.key] = item.failure
        self.done.objects += 1
        self.done.records += item.records
