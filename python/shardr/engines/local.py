"""This machine as a place to run."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shardr.engines.base import Deposit, HostView, LogLine, OutputView, RunView, StepView, one_text
from shardr.engines.streaming import downloaded, together
from shardr.errors import DataError, NotFoundError, RequestError, RunnerError
from shardr.local import contract, jobs, runs
from shardr.local.accounts import total
from shardr.local.docker import images
from shardr.local.home import Home
from shardr.local.pipelines.names import may_be_execution
from shardr.local.reasons import next_step
from shardr.local.resources import MODEL, Resources
from shardr.local.runnable import check_runnable
from shardr.local.runners import choice
from shardr.local.store import RunRow, Store
from shardr.requests.facts import TRANSFORM, facts, kind_of, model_facts
from shardr.storage.local import BUCKET, linked_uri

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shardr.engines.base import Plan, PlannedJob, Uploading
    from shardr.errors import Problem
    from shardr.local.runs import RunState, StepState
    from shardr.local.store import JobRow
    from shardr.storage.objects import Objects

LOG_BYTES = 1 << 20
"""How much of one log is read at a time."""


class LocalEngine:
    """The local engine, in this process: submits to the job store, and reads it."""

    name = "local"
    role = f"arn:aws:iam::{contract.ACCOUNT}:role/shardr-local"

    def __init__(self, home: Home | None = None) -> None:
        self.home = home or Home.default()
        self._store = Store(self.home.store)
        self._sources = self.home.sources

    def role_of(self, asked: str | None) -> str:
        """The spec's role; nobody acts as one here."""
        return asked or self.role

    def image_uri(self, image: str) -> str:
        """The name that an image of shardr's has on this machine; any other name is a URI already."""
        return images.uri(image) if image in images.IMAGES else image

    def input_uri(self, path: Path, keys: Sequence[str] | None = None) -> str:  # noqa: ARG002 - a link is to all of it
        """Where a file or folder of the user's is linked."""
        return linked_uri(path)

    def output_uri(self, default: str, folder: Path) -> tuple[str, Deposit | None]:  # noqa: ARG002
        """Where the folder is linked, so that the output lies in it."""
        uri = linked_uri(folder).rstrip("/") + "/"
        return uri, Deposit(uri, path=folder, make_folder=True)

    def kept_uri(self, kind: str, content: bytes, name: str) -> str:
        """Where a script or a manifest is kept, by its content."""
        return f"s3://{BUCKET}/{kind}/{hashlib.sha256(content).hexdigest()[:16]}/{name}"

    def run_uri(self, run: str) -> str:
        """Below which a run keeps what it makes."""
        return f"s3://{BUCKET}/runs/{run}"

    def listing(self, prefix: str) -> Objects:
        """The objects whose URI starts with ``prefix``: of this machine, else at the S3 of the AWS settings."""
        return self._sources.list(prefix)

    def manifest(self, uri: str) -> Objects:
        """The objects that a manifest at a URI names; raises ``DataError``."""
        return self._sources.manifest(uri)

    def named(self, prefix: str, keys: Sequence[str]) -> Objects:
        """The objects of these keys below a prefix."""
        return self._sources.named(prefix, keys)

    def choose(self, asked: str, uses: Sequence[tuple[str, str]]) -> tuple[str, str]:
        """``process`` or ``docker`` for these images, each with its program, and why, for people."""
        return choice.choose(asked, uses)

    def model_image(self, name: str) -> str | None:
        """The image of a model of this machine; raises ``NotFoundError``."""
        found = Resources(self.home.store).find(MODEL, name)
        if found is None:
            raise NotFoundError(f"there is no model {name} on this machine", fix="CreateModel makes one")
        return model_facts(found.request).image

    def refusals(self, job: PlannedJob, runner: str) -> list[Problem]:
        """What the service would take and this machine cannot do."""
        try:
            check_runnable(job.request, runner, job.image if kind_of(job.request) is TRANSFORM else None)
        except RequestError as error:
            return list(error.problems)
        return []

    def finish(self, plan: Plan) -> Plan:
        """The plan as it is."""
        return plan

    def ready(self, plan: Plan, scripts: Mapping[str, Path]) -> None:
        """Without a sandbox a script that spells ``/opt/ml`` out would read and write the machine's own."""
        from shardr.local.runners.process import hard_coded, sandbox_problem

        problem = sandbox_problem() if plan.runner == "process" else None
        for step, script in scripts.items() if problem else ():
            if hard_coded(script):
                raise RunnerError(
                    f'step "{step}": {script.name} spells /opt/ml out, and this machine cannot give it one',
                    why=problem,
                    fix='install bubblewrap (Linux), or use channel("…") of the shardr R package in the script',
                )

    def submit(self, plan: Plan, progress: Uploading | None = None) -> None:  # noqa: ARG002 - a link takes no time
        """Links inputs, copies scripts, and starts the first jobs; raises ``NameInUseError`` for a known run."""
        self.home.make()
        for deposit in plan.deposits:
            self._deposit(deposit)
        steps = [step.kept() for step in plan.steps]
        now = datetime.now(timezone.utc).timestamp()
        needed = [job.image for step in plan.steps for job in step.jobs]
        machine = choice.machine(plan.runner, needed)
        stale = " ".join(machine.get("outdated", []))
        hint = f" (of another version of shardr: `shardr images build {stale}` makes it anew)" if stale else ""
        machine["reason"] = plan.runner_reason + hint
        runs.submit(self.home, RunRow(plan.run, plan.name, now, plan.runner, steps, machine))

    def _deposit(self, deposit: Deposit) -> None:
        if deposit.content is not None:
            self.home.storage.put(deposit.uri, deposit.content)
        elif deposit.path is not None:
            if deposit.make_folder:
                try:
                    deposit.path.mkdir(parents=True, exist_ok=True)
                except OSError as error:
                    raise DataError(f"The destination {deposit.path} cannot be made: {error.strerror}") from error
            self.home.storage.link(deposit.uri, deposit.path)

    def run(self, run: str, *, files: bool = True) -> RunView:
        """How a run stands; raises ``NotFoundError``."""
        return self._view(self._state(run), files=files)

    def requests(self, run: str) -> dict[str, dict[str, Any]]:
        """The request of each step's first job; of a pipeline's step it is known when the step begins."""
        return {step.name: step.planned[0]["request"] for step in self._state(run).steps if step.planned}

    def ids(self) -> list[tuple[float, str]]:
        """What is no run of a spec, and is looked at as one: when it was started, and its id."""
        from shardr.local.pipelines import as_runs  # a plan and a run of a spec need nothing of pipelines

        return as_runs.ids(self.home) + self._store.jobs_alone()

    def has_run(self, id: str) -> bool:
        """Whether there is a run, or an execution of a pipeline, that goes by this id."""
        return self._store.run(id) is not None or self._execution(id) is not None

    def _execution(self, id: str) -> str | None:
        """The ARN of the execution that goes by this id; None when it is none's."""
        if not may_be_execution(id):
            return None
        from shardr.local.pipelines import as_runs

        return as_runs.find(self.home, id)

    def _state(self, run: str) -> RunState:
        execution = self._execution(run)
        if execution is None:
            return runs.state(self.home, run)
        from shardr.local.pipelines import as_runs

        return as_runs.state(self.home, execution)

    def stop(self, run: str) -> None:
        """Stops a run and lets no further step start."""
        execution = self._execution(run)
        if execution is None:
            runs.stop(self.home, run)
            return
        from shardr.local.pipelines import as_runs

        as_runs.stop(self.home, execution)

    def nap(self, seconds: float) -> None:
        """Waits that long, or until a job that this process has started is over."""
        jobs.nap(seconds)

    def logs(self, run: str, cursor: dict[str, int]) -> tuple[list[LogLine], dict[str, int]]:
        """Whole lines printed since the cursor, and the new cursor; what has no end yet waits until the job is over."""
        after = dict(cursor)
        lines: list[LogLine] = []
        for step in self._state(run).steps:
            for job in step.jobs:
                if job is None:
                    continue
                for host in contract.hosts(facts(job.request).instances):
                    key = f"{job.name}/{host}"
                    text, after[key] = _read(self.home.job(job.name).log(host), after.get(key, 0), whole=job.over)
                    instance = _shard(job, host, len(step.jobs))
                    lines += [LogLine(job.name, step.name, instance, line) for line in text.splitlines()]
        return lines, after

    def fetch(self, files: Sequence[str]) -> list[Path]:
        """The files themselves: they are here."""
        return [Path(file) for file in files]

    def output_files(self, uris: Sequence[str]) -> list[Path]:
        """The files below the prefixes, in order."""
        return [path for uri in uris for path in self.home.storage.list(uri).paths()]

    def _view(self, state: RunState, *, files: bool) -> RunView:
        created = datetime.fromtimestamp(state.row.created, tz=timezone.utc).isoformat(timespec="seconds")
        planned = {step["name"]: step for step in state.row.steps}
        steps = [self._step(step, planned[step.name]["instances"], files=files) for step in state.steps]
        row = state.row
        return RunView(row.id, row.name, state.status, created, row.runner, row.machine.get("reason", ""), steps)

    def _step(self, step: StepState, instances: int, *, files: bool) -> StepView:
        started = [job for job in step.jobs if job is not None]
        failed = [job for job in started if job.status in {"Failed", "Stopped"}]
        hosts = [
            HostView(_shard(job, host, len(step.jobs)), about["state"], about.get("exit_code"), about.get("seconds"))
            for job in started
            for host, about in job.report.get("hosts", {}).items()
        ]
        outputs = {
            name: self._output(uri, name, started, files=files)
            for name, uri in _step_outputs(step).items()
            if step.status == "Completed"
        }
        return StepView(
            name=step.name,
            job=started[0].name if started else None,
            status=step.status,
            instances=instances,
            rows_in=total(job.report.get("rows_in") for job in started),
            rows_out=total(job.report.get("rows_out") for job in started),
            seconds=_seconds(started),
            outputs=outputs,
            failure=failed[0].failure_reason if failed else step.reason,
            jobs=[job.name for job in started],
            hosts=hosts,
            fix=next_step(failed[0].failure_reason or "", failed[0].request, failed[0].report.get("runner", ""))
            if failed
            else None,
            metrics={name: value for job in started for name, value in job.report.get("metrics", {}).items()},
            notices=list(dict.fromkeys(notice for job in started for notice in job.report.get("notices", []))),
            message=one_text(job.exit_message for job in started),
            downloaded=downloaded(job.report for job in started),
            streamed=together([about for job in started for about in job.report.get("hosts", {}).values()]),
        )

    def _output(self, uri: str, name: str, jobs: list[JobRow], *, files: bool) -> OutputView:
        rows = total(job.report.get("outputs", {}).get(name, {}).get("rows") for job in jobs)
        return OutputView(uri, rows, [os.fspath(path) for path in self._files(uri, name, jobs)] if files else [])

    def _files(self, uri: str, name: str, jobs: list[JobRow]) -> list[Path]:
        """The files of an output; in a folder that held others before, those that these jobs wrote."""
        mixed = [(job, self.home.job(job.name).published) for job in jobs if job.status == "Completed"]
        if not any(path.exists() for _, path in mixed):
            return self.output_files([uri])
        found: list[Path] = []
        for job, path in mixed:
            own = facts(job.request).uri(name)
            names = json.loads(path.read_text(encoding="utf-8")).get(name) if path.exists() else None
            folder = self.home.storage.path(own)
            found += self.output_files([own]) if names is None else [folder / relative for relative in names]
        return found


def _shard(job: JobRow, host: str, jobs: int) -> str:
    """A balanced shard's one instance goes by the shard's number."""
    return host if jobs == 1 else contract.tag(job.request, "shard", host)


def _step_outputs(step: StepState) -> dict[str, str]:
    """Where the outputs of the whole step are: that of its one job, or what its shards' have in common."""
    if not step.planned:  # a step of a pipeline that has no job, or none yet
        return {}
    request = step.planned[0]["request"] if step.jobs[0] is None else step.jobs[0].request
    outputs = {output.name: output.uri for output in facts(request).outputs}
    if len(step.planned) == 1:
        return outputs
    return {name: uri.rstrip("/").rpartition("/")[0] + "/" for name, uri in outputs.items()}


def _seconds(jobs: list[JobRow]) -> float | None:
    if not jobs:
        return None
    ends = [job.ended or datetime.now(timezone.utc).timestamp() for job in jobs]
    return round(max(ends) - min(job.created for job in jobs), 3)


def _read(log: Path, start: int, *, whole: bool) -> tuple[str, int]:
    try:
        with log.open("rb") as stream:
            stream.seek(start)
            found = stream.read(LOG_BYTES)
    except FileNotFoundError:
        return "", start
    end = found.rfind(b"\n") + 1
    if len(found) == LOG_BYTES:
        found = found[: end or LOG_BYTES]  # a line that is longer comes in pieces
    elif not whole:
        found = found[:end]
    return found.decode("utf-8", "replace"), start + len(found)
