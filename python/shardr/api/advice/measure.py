"""Runs samples on this machine, in a home of their own that is gone afterwards, and takes the times of the steps."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from shardr.api.advice.sample import on_instances
from shardr.api.planning import make_plan, new_run
from shardr.api.runs import start
from shardr.engines.local import LocalEngine
from shardr.errors import JobFailedError
from shardr.local.home import Home

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shardr.api.advice.sample import Sample
    from shardr.api.run import Run
    from shardr.engines.base import RunView
    from shardr.spec.load import Loaded

SHORT_SECONDS = 10
"""Samples that take less are run three times, and the slowest of three does not count: what else the machine does
weighs more in them, and it only ever makes them slower."""
REPEATS = 3
BUSY = 0.5
"""More load than this for each core, and what cores and instances gain cannot be seen: there are none to spare."""


@dataclass
class Times:
    """Seconds of each step, by what was varied."""

    points: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    """(bytes, seconds) of one instance with one core."""
    pairs: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Of two instances with a core each, on the largest sample."""
    all_cores: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Of one instance with all cores, on the largest sample."""
    runs: int = 0


@contextmanager
def own_home() -> Iterator[Path]:
    """A folder for samples and their jobs, on the disk of the home, so that what can be linked is not copied."""
    home = Home.default()
    home.make()
    with TemporaryDirectory(prefix="advice-", dir=home.root, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


class Bench:
    """Runs specs one after the other and notes how long their steps took."""

    def __init__(self, home: Path, runner: str, watch: Callable[[RunView], None] | None) -> None:
        self._engine, self._runner, self._watch = LocalEngine(Home(home)), runner, watch
        self.load = os.getloadavg()[0] / self.cores if hasattr(os, "getloadavg") else 0.0
        """What the machine had to do for each core before we came."""
        self.can_pin = runner == "process" and hasattr(os, "sched_setaffinity")

    @property
    def cores(self) -> int:
        """How many cores this process may use."""
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

    def times(self, samples: list[Sample], scaling: set[str]) -> Times:
        """The times of a spec on its samples; ``scaling`` are the steps that more instances are for."""
        found = Times()
        began = time.monotonic()
        self._run(samples[0].loaded, set(), 1, 1, found)  # warms the disk's cache, and says how much there is to do
        repeats = REPEATS if time.monotonic() - began < SHORT_SECONDS else 1
        largest = samples[-1].loaded
        for _ in range(repeats):
            for sample in samples:
                for step, seconds in self._run(sample.loaded, set(), 1, 1, found).items():
                    found.points[step].append((sample.bytes, seconds))
            if self.cores > 1 and self.load < BUSY:
                for step, seconds in self._run(largest, scaling, 2, 2, found).items() if scaling else ():
                    found.pairs[step].append(seconds)
                for step, seconds in self._run(largest, set(), 1, self.cores, found).items() if self.can_pin else ():
                    found.all_cores[step].append(seconds)
        if repeats == REPEATS:
            for step, points in found.points.items():
                found.points[step] = _without_slowest(points)
        return found

    def _run(self, loaded: Loaded, scaling: set[str], instances: int, cores: int, into: Times) -> dict[str, float]:
        spread = on_instances(loaded, scaling, instances)
        into.runs += 1
        with self._on_cores(cores):
            plan = make_plan(spread, self._engine, self._runner, new_run(loaded.pipeline.name))
            run = start(spread, plan, self._engine)
        try:
            run.wait(self._watch)
        except BaseException:  # nothing may run on in a home that is about to go
            run.stop().wait()
            raise
        if run.status != "Completed":
            failed = next((step for step in run.steps if step.failure), None)
            raise JobFailedError(
                "no advice: the job failed on a sample of its data",
                why=f'step "{failed.name}": {failed.failure}' if failed else f"the run is {run.status}",
                fix="see whether `shardr run` works; a larger sample may be needed: --parts 4,2,1",
            )
        return taken(run)

    @contextmanager
    def _on_cores(self, count: int) -> Iterator[None]:
        """What is started inside, and all that it starts, shares so many cores."""
        if not self.can_pin:
            yield
            return
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, sorted(before)[-count:])
        try:
            yield
        finally:
            os.sched_setaffinity(0, before)


def taken(run: Run) -> dict[str, float]:
    """The seconds of each step of a run that is over."""
    return {step.name: step.seconds for step in run.steps if step.seconds is not None}


def _without_slowest(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points without the slowest of each size."""
    slowest = dict(sorted(points))
    return [(size, seconds) for size, seconds in points if seconds != slowest[size]]
