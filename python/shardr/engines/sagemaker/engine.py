"""SageMaker as an engine: uploads, submits, looks, reads logs, stops, fetches."""

from __future__ import annotations

import hashlib
import os
import random
import time
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shardr.engines.aws import Aws
from shardr.engines.base import OVER
from shardr.engines.hosting import absent
from shardr.engines.sagemaker import images, record, state
from shardr.engines.sagemaker.bucket import ensure_bucket
from shardr.engines.sagemaker.logs import Logs
from shardr.engines.sagemaker.notices import notices_of
from shardr.engines.sagemaker.outputs import Outputs
from shardr.engines.sagemaker.place import Place
from shardr.engines.sagemaker.requests import calls_of
from shardr.engines.sagemaker.send import deposit, send, stop, stop_job
from shardr.errors import NameInUseError, NotFoundError
from shardr.local.home import Home
from shardr.local.store import RunRow, Store
from shardr.requests.facts import model_facts
from shardr.storage.objects import Remote
from shardr.storage.refused import in_our_words, message_of
from shardr.storage.s3 import S3Storage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from shardr.engines.base import Cursor, Deposit, LogLine, Plan, PlannedJob, RunView, StepView, Uploading
    from shardr.errors import Problem
    from shardr.requests.facts import Kind
    from shardr.storage.objects import Objects

FIRST_PAUSE, LAST_PAUSE, GROWTH = 1.0, 10.0, 1.3
"""Seconds between two looks at a run."""
FRESH_SECONDS = 0.9
"""How long a look counts as the present state for whoever asks again at once."""

_known: dict[tuple[str, ...], SageMakerEngine] = {}


class SageMakerEngine:
    """Runs jobs on SageMaker. Makes no call before one is needed, and none but reads before ``submit``."""

    name = "sagemaker"

    def __init__(
        self,
        session: Any = None,
        role: str | None = None,
        bucket: str | None = None,
        region: str | None = None,
        profile: str | None = None,
    ) -> None:
        self._aws = Aws(session, region, profile)
        self._place = Place(self._aws, role, bucket, session)
        self._home = Home.default()
        self._store = Store(self._home.store)
        self._pause = FIRST_PAUSE
        self._looks: dict[str, tuple[float, tuple[RunView, dict[str, Any]]]] = {}

    @classmethod
    def of(cls, row: RunRow) -> SageMakerEngine:
        """The engine that a run was sent with, or one like it when that was another process's."""
        about = row.machine
        place = (about["region"], about["bucket"], about.get("profile") or "")
        own = _known.get((row.id,)) or _known.get(place)
        if own is None:
            own = _known[place] = cls(bucket=about["bucket"], region=about["region"], profile=about.get("profile"))
        return own

    def role_of(self, asked: str | None) -> str:
        """The ARN of the role that jobs act as."""
        return self._place.role_of(asked)

    def image_uri(self, image: str) -> str:
        """The address of an image of shardr's in the account's ECR; any other name is an address already."""
        return images.uri(image, self._place)

    def input_uri(self, path: Path, keys: Sequence[str] | None = None) -> str:
        """Where data of the user's is uploaded: a place for these names, sizes and times, so what changes moves.

        A place that an earlier state of the folder had would keep files that are gone since, and a cache of the service
        would take changed data for the same.
        """
        files = [path] if keys is None else [path / key for key in keys]
        about = hashlib.sha256(os.fsencode(os.path.abspath(path)))  # noqa: PTH100
        for file in files:
            found = file.stat()
            about.update(f"\0{found.st_size} {found.st_mtime_ns} ".encode() + os.fsencode(file))
        name, ending = path.name or "root", "" if keys is None else "/"
        return f"s3://{self._place.bucket}/shardr/inputs/{about.hexdigest()[:16]}/{name}{ending}"

    def output_uri(self, default: str, folder: Path) -> tuple[str, Deposit | None]:  # noqa: ARG002 - of this machine
        """The default place: a folder of this machine is none of SageMaker's."""
        return default, None

    def kept_uri(self, kind: str, content: bytes, name: str) -> str:
        """Where a script or a manifest is kept, by its content."""
        return f"s3://{self._place.bucket}/shardr/{kind}/{hashlib.sha256(content).hexdigest()}/{name}"

    def run_uri(self, run: str) -> str:
        """Below which a run keeps what it makes."""
        return f"s3://{self._place.bucket}/shardr/runs/{run}"

    def listing(self, prefix: str) -> Objects:
        """The objects whose URI starts with ``prefix``; unknown when nobody is signed in."""
        if not self._place.signed_in:
            return Remote(prefix, known=False)
        with in_our_words(f"{prefix} cannot be listed", denied="your role needs s3:ListBucket there"):
            return self._storage.list(prefix)

    def manifest(self, uri: str) -> Objects:
        """The objects that a manifest at a URI names; raises ``DataError``."""
        if not self._place.signed_in:
            return Remote(uri, known=False)
        with in_our_words(f"{uri} cannot be read", denied="your role needs s3:GetObject there"):
            return self._storage.manifest(uri)

    def named(self, prefix: str, keys: Sequence[str]) -> Objects:
        """The objects of these keys below a prefix."""
        if not self._place.signed_in:
            return Remote(prefix, known=False)
        with in_our_words(f"{prefix} cannot be looked at", denied="your role needs s3:GetObject there"):
            return self._storage.named(prefix, keys)

    def choose(self, asked: str, uses: Sequence[tuple[str, str]]) -> tuple[str, str]:  # noqa: ARG002 - all are one here
        """SageMaker, and where."""
        return self.name, f"on SageMaker in {self._place.region}"

    def model_image(self, name: str) -> str | None:
        """The image of a model of the account's; None when nobody is signed in. Raises ``NotFoundError``."""
        if not self._place.signed_in:
            return None
        with in_our_words(f"the model {name} cannot be looked at", denied="your role needs sagemaker:DescribeModel"):
            try:
                return model_facts(self._aws.client("sagemaker").describe_model(ModelName=name)).image
            except Exception as error:
                if absent(message_of(error)):
                    raise NotFoundError(f"there is no model {name} in {self._place.region}") from error
                raise

    def refusals(self, job: PlannedJob, runner: str) -> list[Problem]:  # noqa: ARG002 - the service takes all
        """None: the request was checked already."""
        return []

    def finish(self, plan: Plan) -> Plan:
        """The plan with what is not known yet, what the service does not do, and what is sent."""
        _ = self._place.identity
        notices = [
            f"{error.what}: region, account, bucket or role are placeholders ({error.fix})"
            for error in self._place.missing
        ]
        run_uri = self.run_uri(plan.run)
        notices += [*plan.notices, *notices_of(plan.steps, run_uri)]
        return replace(plan, notices=notices, calls=calls_of(plan, run_uri, lambda: self.role_of(None)))

    def ready(self, plan: Plan, scripts: Mapping[str, Path]) -> None:  # noqa: ARG002 - instances have /opt/ml
        """Looks that somebody is signed in and that the images are there."""
        if self._place.missing:
            raise self._place.missing[0]
        needed = [job.image for step in plan.steps for job in step.jobs]
        images.check_there(needed, self._aws, self._place)

    def submit(self, plan: Plan, progress: Uploading | None = None) -> None:
        """Uploads what is not there, and sends; raises ``NameInUseError`` for a known run, ``AwsError``."""
        in_use = NameInUseError(f"there is a run {plan.run} already", fix="give another name, or none")
        if self._store.run(plan.run):
            raise in_use
        ensure_bucket(self._aws.client("s3"), self._place)
        deposit(self._storage, plan.deposits, progress)
        about = {"region": self._place.region, "bucket": self._place.bucket, "profile": self._aws.profile}
        row = record.row_of(plan, {"engine": self.name, **about, "calls": plan.calls})
        self._home.make()
        if not self._store.add_run(row):
            raise in_use
        try:
            sent = send(self._aws.client("sagemaker"), plan.calls)
        except Exception:
            self._store.drop_run(plan.run)
            raise
        self._store.keep_run(plan.run, {**row.machine, **sent})
        _known[(plan.run,)] = self
        self._pause = FIRST_PAUSE

    def run(self, run: str, *, files: bool = True) -> RunView:
        """How a run stands; with ``files``, the URIs of its outputs' files. Raises ``NotFoundError``, ``AwsError``."""
        row = self._row(run)
        view, jobs = record.seen(row), row.machine.get("jobs", {})
        if not view.over:
            view, jobs = self._look(row)
        if not files:
            return view
        steps = [
            replace(
                step,
                outputs={name: replace(o, files=self._files(name, step, jobs)) for name, o in step.outputs.items()},
            )
            for step in view.steps
        ]
        return replace(view, steps=steps)

    def requests(self, run: str) -> dict[str, dict[str, Any]]:
        """The request of each step's first job, as it was sent."""
        return {step["name"]: step["jobs"][0]["request"] for step in self._row(run).steps}

    def _files(self, output: str, step: StepView, jobs: dict[str, Any]) -> list[str]:
        """The URIs of an output's files, job by job: those of balanced shards from the cache lie with other runs."""
        places = sorted((state.place(jobs[job]["outputs"][output]) for job in step.jobs), key=_last_part)
        return [uri for place in places for uri in self._outputs.files(place)]

    def job(self, kind: Kind, name: str) -> dict[str, Any]:
        """A job as the service describes it; raises ``AwsError``."""
        with in_our_words(f"SageMaker does not say how job {name} stands"):
            answer = state.described(self._aws.client("sagemaker"), kind, name)
        return {key: value for key, value in answer.items() if key != "ResponseMetadata"}

    def _look(self, row: RunRow) -> tuple[RunView, dict[str, Any]]:
        """The run as AWS tells it, and those of its jobs that are over."""
        at, seen = self._looks.get(row.id, (0.0, None))
        if seen is not None and time.monotonic() - at < FRESH_SECONDS:
            return seen
        with in_our_words(f"SageMaker does not say how run {row.id} stands"):
            view, over = state.look(self._aws.client("sagemaker"), row)
        jobs = {**row.machine.get("jobs", {}), **over}
        self._store.keep_run(row.id, {**row.machine, "jobs": jobs, "view": view.to_dict()})
        self._looks[row.id] = (time.monotonic(), (view, jobs))
        return view, jobs

    def stop(self, run: str) -> None:
        """Stops the job or the execution; one that is over stays as it is."""
        row = self._row(run)
        if record.seen(row).status in OVER:
            return
        with in_our_words(f"run {run} cannot be stopped"):
            stop(self._aws.client("sagemaker"), row)
        self._looks.pop(run, None)

    def stop_job(self, kind: Kind, name: str) -> None:
        """Stops one job of a run; what becomes of the others is up to the service."""
        with in_our_words(f"job {name} cannot be stopped", denied=f"your role needs sagemaker:{kind.stop}"):
            stop_job(self._aws.client("sagemaker"), kind, name)
        self._looks.clear()

    def nap(self, seconds: float) -> None:  # noqa: ARG002 - the quota of the account decides
        """Waits longer each time, and never exactly as long as another run does."""
        time.sleep(self._pause * random.uniform(0.8, 1.2))  # noqa: S311
        self._pause = min(self._pause * GROWTH, LAST_PAUSE)

    def logs(self, run: str, cursor: Cursor) -> tuple[list[LogLine], Cursor]:
        """What the instances printed since the cursor, and the new cursor."""
        row = self._row(run)
        view = self.run(run, files=False)
        with in_our_words(f"the logs of run {run} cannot be read", denied="your role needs logs:GetLogEvents"):
            return self._logs.read(row, view, cursor)

    def fetch(self, files: Sequence[str]) -> list[Path]:
        """The files of an output, fetched where they are not here already."""
        with in_our_words("the outputs cannot be fetched", denied="your role needs s3:GetObject there"):
            return self._outputs.fetch(files)

    def _row(self, run: str) -> RunRow:
        row = self._store.run(run)
        if row is None:
            raise NotFoundError(f"there is no run {run}", fix="`shardr jobs` lists the runs of this machine")
        return row

    @cached_property
    def _storage(self) -> S3Storage:
        return S3Storage(self._aws.client("s3"), session=self._aws.session)

    @cached_property
    def _outputs(self) -> Outputs:
        return Outputs(self._storage, self._home.root / "fetched")

    @cached_property
    def _logs(self) -> Logs:
        return Logs(self._aws.client("logs"))


def _last_part(uri: str) -> bytes:
    return uri.rstrip("/").rpartition("/")[2].encode()
