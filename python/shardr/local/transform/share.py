"""The objects of one instance, asked about in order: so many requests at once, answers as if they came singly."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
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
    out: IO[bytes] | None = None


@dataclass
class Done:
    """How far a share is."""

    objects: int = 0
    records: int = 0
    failures: dict[str, str] = field(default_factory=dict)
    """Objects without an answer, and why."""


class Share:
    """The objects of one instance."""

    def __init__(self, objects: list[Object], asker: Asker, settings: Settings, stopped: Callable[[], bool]) -> None:
        self._objects, self._asker, self._settings, self._stopped = objects, asker, settings, stopped
        self.done = Done()

    def through(self, tell: Callable[[], None]) -> None:
        """Asks about everything, or until the job is stopped; ``tell`` is called after each object.

        Memory holds as many requests as are under way, and their answers.
        """
        waiting: deque[tuple[Object, Batch | None, Future[bytes] | None]] = deque()
        with ThreadPoolExecutor(self._settings.concurrent) as pool:
            for item, batch in self._batches():
                if self._stopped():
                    break
                future = None if batch is None or item.failure else pool.submit(self._ask, batch)
                waiting.append((item, batch, future))
                while len(waiting) > self._settings.concurrent:
                    self._write(*waiting.popleft(), tell)
            while waiting and not self._stopped():
                self._write(*waiting.popleft(), tell)
            for _, _, future in waiting:
                if future is not None:
                    future.cancel()

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
                        if item.failure is not None:
                            break  # of this object nothing more is asked
            except (DataError, OSError) as error:
                item.failure = item.failure or (error.what if isinstance(error, DataError) else str(error))
            yield item, None

    def _ask(self, batch: Batch) -> bytes:
        """The answer to a request, filtered and joined where the job says so."""
        answer, joining = self._asker.ask(batch.body), self._settings.joining
        return joining.response(batch.records, answer, batch.first) if joining.active else answer

    def _write(self, item: Object, batch: Batch | None, future: Future[bytes] | None, tell: Callable[[], None]) -> None:
        """Puts an answer where it belongs; at the end of an object, or with its failure, the object."""
        if batch is None:
            self._end(item)
            tell()
            return
        if future is None or item.failure is not None:
            return
        try:
            answer = assembled(future.result(), self._settings.assemble)
        except DataError as error:
            which = f"record {batch.first}" if batch.last == batch.first else f"records {batch.first} to {batch.last}"
            item.failure = f"{which}: {error.what}"
            return
        try:
            if item.out is None:
                item.target.parent.mkdir(parents=True, exist_ok=True)
                item.out = item.target.open("wb")
            item.out.write(answer)
        except OSError as error:
            item.failure = NOT_WRITTEN.format(system_reason(error))
            return
        item.records += len(batch.records)

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
