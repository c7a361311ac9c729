"""The two runs of a spec, compared step by step: how they ended, what they said, and what they made."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from shardr.api.parity.difference import Difference, differing, texts_differing
from shardr.api.parity.files import file_differences
from shardr.api.parity.look import look_name
from shardr.api.planning import job_name
from shardr.api.unpacked import folder_of
from shardr.data.gathering import written
from shardr.local import contract
from shardr.local.store import JobRow, RunRow, Store
from shardr.requests.facts import ARCHIVE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardr.api.run import Run
    from shardr.engines.base import OutputView, StepView
    from shardr.engines.local import LocalEngine


@dataclass(frozen=True)
class Side:
    """One of the runs, over."""

    engine: LocalEngine
    run: Run

    @property
    def row(self) -> RunRow:
        """The run as it was submitted."""
        row = Store(self.engine.home.store).run(self.run.id)
        assert row is not None  # noqa: S101 - for the type checker: runs stay
        return row

    def jobs(self, step: str) -> dict[str, JobRow]:
        """The newest attempts of the jobs of a step, by the shard that they worked on, or by "" when there is one."""
        store = Store(self.engine.home.store)
        rows = [row for name in self.run.step(step).jobs if (row := store.job(name))]
        return {contract.tag(row.request, "shard"): row for row in rows}

    def normal(self, text: str) -> str:
        """A text with the names of this run's jobs, and its own, made the same as in any other run of the spec."""
        for name, general in self._names:
            text = text.replace(name, general)
        return text

    @cached_property
    def _names(self) -> list[tuple[str, str]]:
        """Names and what stands for them, the longest first: they begin alike."""
        names = {self.run.id: "RUN"}
        for step in self.run.steps:
            for shard, row in self.jobs(step.name).items():
                names[row.name] = job_name("RUN", step.name, *filter(None, [shard]))
                names[look_name(row.name)] = look_name(names[row.name])
        return sorted(names.items(), key=lambda pair: len(pair[0]), reverse=True)

    def files(self, output: OutputView) -> dict[str, Path]:
        """The files of an output by their names below it, or in it where it is an archive."""
        if output.uri.endswith(ARCHIVE):
            folder = folder_of(self.engine.home.storage.path(output.uri))
            return {name: folder / name for name in written(folder)}
        top = self.engine.home.storage.path(output.uri)
        return {Path(file).relative_to(top).as_posix(): Path(file) for file in output.files}

    def printed(self) -> dict[tuple[str, str], Counter[str]]:
        """What each instance of each step printed: the lines and how often."""
        found: dict[tuple[str, str], Counter[str]] = {}
        for line in self.run.logs():
            found.setdefault((line.step, line.instance), Counter())[self.normal(line.text)] += 1
        return found


def step_differences(process: Side, docker: Side, name: str) -> Iterator[Difference]:
    """What differs in how a step ended and in what it made."""
    one, other = process.run.step(name), docker.run.step(name)
    yield from differing(name, None, "status", one.status, other.status)
    yield from _exit_codes(one, other)
    failures = [None if s.failure is None else side.normal(s.failure) for side, s in ((process, one), (docker, other))]
    yield from texts_differing(name, None, "failure", *failures)
    yield from _messages(process, docker, name)
    if one.status == other.status == "Completed":
        for output in one.outputs:
            sides = process.files(one.outputs[output]), docker.files(other.outputs[output])
            yield from file_differences(name, output, *sides)
            yield from differing(
                name, None, f"rows of output {output}", one.outputs[output].rows, other.outputs[output].rows
            )
    yield from differing(name, None, "rows in", one.rows_in, other.rows_in)
    yield from differing(name, None, "rows out", one.rows_out, other.rows_out)
    for metric in dict.fromkeys([*one.metrics, *other.metrics]):
        yield from differing(name, None, f"metric {metric}", one.metrics.get(metric), other.metrics.get(metric))


def _exit_codes(one: StepView, other: StepView) -> Iterator[Difference]:
    codes = [{host.host: host.exit_code for host in step.hosts} for step in (one, other)]
    for host in dict.fromkeys([*codes[0], *codes[1]]):
        yield from differing(one.name, host, "exit code", codes[0].get(host), codes[1].get(host))


def _messages(process: Side, docker: Side, step: str) -> Iterator[Difference]:
    sides = [
        {shard: row.exit_message and side.normal(row.exit_message) for shard, row in side.jobs(step).items()}
        for side in (process, docker)
    ]
    for shard in dict.fromkeys([*sides[0], *sides[1]]):
        yield from texts_differing(step, shard or None, "message", sides[0].get(shard), sides[1].get(shard))


def remarks(process: Side, docker: Side) -> Iterator[str]:
    """What is worth knowing and no difference: printed lines, which may hold times, and what containers lack."""
    if process.run.status == docker.run.status != "Completed":
        yield f"both runs are {docker.run.status}"
    printed = process.printed(), docker.printed()
    for step, instance in dict.fromkeys([*printed[0], *printed[1]]):
        one, other = (lines.get((step, instance), Counter()) for lines in printed)
        differ = max((one - other).total(), (other - one).total())
        if differ:
            lines = max(one.total(), other.total())
            yield f"{step}, {instance}: {differ} of {lines} printed line{'' if lines == 1 else 's'} differ"
    for found in docker.run.steps:
        yield from (f"{found.name}, docker: {notice}" for notice in found.notices)
