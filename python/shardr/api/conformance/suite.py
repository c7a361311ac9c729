"""Runs the clauses of the contract, a few jobs at a time, in a home that is gone afterwards."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shardr.api.conformance.clauses import clauses
from shardr.api.conformance.home import temporary_home
from shardr.api.conformance.languages import languages
from shardr.api.conformance.served import Served
from shardr.api.conformance.served_clauses import served_clauses
from shardr.api.conformance.trials import Trial, trials
from shardr.api.conformance.verdict import ClauseResult, differences, not_told
from shardr.engines.base import OVER
from shardr.engines.local import LocalEngine
from shardr.errors import ImageError, RunnerError, ShardrError
from shardr.local import contract, jobs
from shardr.local.account import Account
from shardr.local.docker.images import uri as own_uri
from shardr.local.operations import call
from shardr.local.programs import SERVE, program
from shardr.local.runners.choice import asked_for
from shardr.local.runners.process import sandbox_problem
from shardr.local.service import LocalSageMaker

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from shardr.local.home import Home

IMAGE = "processing"
SERVED_BY = {"r": "serving", "python": "python"}
"""Shardr's images that serve models in these languages."""
INSTANCES_AT_ONCE = 4
"""About how many programs run together; more would not end sooner on a small machine."""
LONGEST_SECONDS = 150
ENDING_SECONDS = 30
"""How long jobs that were stopped may take to end."""
SETTLED_SECONDS = 1
LOOK_SECONDS = 0.02
LOG_LINES = 8


def conformance(
    image: str | None = None,
    *,
    runner: str = "auto",
    language: str | None = None,
    clauses: Sequence[str] = (),
) -> list[ClauseResult]:
    """Results of trying each clause of the container contract by a job, in an image or on this machine.

    Without an image the ``process`` runner is tried, unless ``runner`` is ``docker``: then it is shardr's own image.
    Programs in R and in Python are run, as far as the image has ``Rscript`` and ``python3``, or in one ``language``
    (``"r"``, ``"python"``). Raises ``RunnerError``, ``ImageError`` and ``NotFoundError``.
    """
    with suite(image, runner=runner, language=language, ids=clauses) as opened:
        return list(opened.results())


@dataclass
class Suite:
    """Clauses to be tried, where, and in which languages."""

    runner: str
    image: str | None
    languages: list[str]
    trials: list[Trial]
    account: Account
    served: list[Served] = field(default_factory=list)
    """Models that the clauses of inference and batch transform are tried by."""
    notes: list[str] = field(default_factory=list)
    """What is not tried, and why."""
    open: dict[str, tuple[Trial, float, bool]] = field(default_factory=dict)
    """Jobs that are under way, with the moment of their start and whether they were asked to stop."""

    @property
    def home(self) -> Home:
        """Where the jobs are."""
        return self.account.home

    def results(self) -> Iterator[ClauseResult]:
        """Each result as soon as its job is over."""
        waiting = list(self.trials)
        while waiting or self.open:
            while waiting and (not self.open or self._load() + waiting[0].clause.instances <= INSTANCES_AT_ONCE):
                trial = waiting.pop(0)
                try:
                    self._start(trial)
                except ShardrError as error:
                    yield from _results(trial, 0.0, [f"the job does not start: {error}"])
            for job in list(self.open):
                yield from self._look(job)
            if self.open:
                jobs.nap(LOOK_SECONDS)
        for model in self.served:
            yield from model.results()

    def _load(self) -> int:
        return sum(trial.clause.instances for trial, _, _ in self.open.values())

    def _start(self, trial: Trial) -> None:
        for uri, content in trial.objects.items():
            self.home.storage.put(uri, content)
        call(self.account, "sagemaker", trial.kind.create, trial.request)
        self.open[trial.job] = (trial, time.monotonic(), False)

    def _stop(self, trial: Trial) -> None:
        call(self.account, "sagemaker", trial.kind.stop, trial.kind.named({}, trial.job))

    def _look(self, job: str) -> Iterator[ClauseResult]:
        """The results of a job that is over; none before."""
        trial, began, stopped = self.open[job]
        seconds, noun = time.monotonic() - began, trial.kind.step
        about = call(self.account, "sagemaker", trial.kind.describe, trial.kind.named({}, job))
        if about[f"{noun}JobStatus"] in OVER:
            del self.open[job]
            problems = list(differences(trial.clause.expected, about, self._outputs(trial), seconds, noun))
            yield from _results(trial, seconds, problems, self._logs(trial))
            return
        late = seconds > LONGEST_SECONDS
        if not stopped and (late or (trial.clause.stop and self._ready(trial))):
            self._stop(trial)
            self.open[job] = (trial, began, True)
        if late and stopped and seconds > 2 * LONGEST_SECONDS:
            del self.open[job]
            yield from _results(trial, seconds, [f"the job does not end, not even when it is stopped: {seconds:.0f} s"])

    def _logs(self, trial: Trial) -> dict[str, list[str]]:
        logs = {host: self.home.job(trial.job).log(host) for host in contract.hosts(trial.clause.instances)}
        return {
            host: log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
            for host, log in logs.items()
        }

    def _ready(self, trial: Trial) -> bool:
        return all("ready" in lines for lines in self._logs(trial).values())

    def _outputs(self, trial: Trial) -> dict[str, str]:
        listing = self.home.storage.list(f"{trial.output_uri}/")
        return {key: (listing.base / key).read_bytes().decode("utf-8", "replace") for key in listing.keys}

    def stop(self) -> None:
        """Stops what is under way, and waits until nobody writes to the home any more."""
        for trial, _, _ in self.open.values():
            with suppress(ShardrError):
                self._stop(trial)
        for model in self.served:
            model.stop()
        end = time.monotonic() + ENDING_SECONDS
        for folder in self.home.root.glob("jobs/*"):
            while jobs.alive(self.home.job(folder.name)) and time.monotonic() < end:
                jobs.nap(LOOK_SECONDS)


@contextmanager
def suite(
    image: str | None = None,
    *,
    runner: str = "auto",
    language: str | None = None,
    ids: Sequence[str] = (),
    folder: Path | None = None,
) -> Iterator[Suite]:
    """The clauses, ready to be tried, in a home of their own; what is still under way at the end is stopped."""
    served = served_clauses(folder)
    chosen = clauses(folder, ids, [clause.id for clause in served])
    chosen_served = [clause for clause in served if not ids or clause.id in ids]
    taken = _runner(runner, image)
    image = LocalEngine().image_uri(image or IMAGE) if taken == "docker" else None
    with temporary_home(settled_seconds=SETTLED_SECONDS if image else 0) as home:
        opened = Suite(taken, image, [], [], Account(home, taken))
        try:
            opened.languages, serves = languages(LocalSageMaker(home, taken), image, language)
            if chosen_served:
                servers, opened.notes = _servers(opened.languages, image, serves=serves)
                if not chosen and not servers:
                    raise ImageError("the clauses cannot be tried", why="; ".join(opened.notes))
                # what a transform job does is not the image's doing: one model shows it
                alone = [clause for clause in chosen_served if clause.asks]
                opened.served = [Served(opened.account, *server, alone, folder) for server in servers[:-1]]
                opened.served += [Served(opened.account, *server, chosen_served, folder) for server in servers[-1:]]
            opened.trials = trials(chosen, opened.languages, image or IMAGE, folder)
            yield opened
        finally:
            opened.stop()


def _servers(languages: Sequence[str], image: str | None, *, serves: bool) -> tuple[list[tuple[str, str]], list[str]]:
    """In which languages models are served, by which images; and why in no other."""
    if image is not None:
        missing = f"the image {image} has no command serve: clauses of inference and batch transform are not tried"
        return ([(languages[0], image)], []) if serves else ([], [missing])
    found, notes = [], []
    for language in languages:
        by = own_uri(SERVED_BY[language])
        try:
            server = program(by, [SERVE])
            assert server  # noqa: S101 - both images have one
            server.check()
            found.append((language, by))
        except RunnerError as error:
            notes.append(f"clauses of inference and batch transform are not tried: {error.what} ({error.fix})")
    return found, notes


def _runner(runner: str, image: str | None) -> str:
    """The runner that is meant: an image says more than ``SHARDR_RUNNER``; raises ``RunnerError``."""
    asked = asked_for(None if runner == "auto" else runner)
    if runner == "process" and image:
        raise RunnerError("the process runner runs no image", fix="leave out the image, or take the runner docker")
    taken = "docker" if image or asked == "docker" else "process"
    problem = sandbox_problem() if taken == "process" else None
    if problem:
        raise RunnerError(
            "the clauses need the paths of the contract, which the process runner has in its sandbox only",
            why=problem,
            fix="install bubblewrap (Linux only), or take the runner docker",
        )
    return taken


def _results(
    trial: Trial, seconds: float, problems: Sequence[str], logs: Mapping[str, list[str]] | None = None
) -> Iterator[ClauseResult]:
    """What is true of each clause that the job tried: what is wrong with the job is wrong with all of them."""
    last = tuple(f"{host} | {line}" for host, lines in (logs or {}).items() for line in lines[-LOG_LINES:])
    for clause in trial.clauses:
        found = [*problems, *(not_told(clause.id, logs or {}) if clause.job else [])]
        yield ClauseResult(
            clause.id, clause.clause, trial.language, not found, round(seconds, 3), tuple(found), last if found else ()
        )
