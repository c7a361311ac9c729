"""What every engine hands out: places for data, runs, and how a run stands."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from shardr.requests.facts import facts, model_facts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from shardr.engines.difference import PlanDiff
    from shardr.engines.streaming import Downloaded, Streamed
    from shardr.errors import Problem
    from shardr.storage.objects import Objects

    Cursor = dict[str, Any]
    Uploading = Callable[[int, int], None]
    """Called with the bytes that are there so far, and with all bytes; by one thread at a time."""

OVER = frozenset({"Completed", "Failed", "Stopped"})


@dataclass(frozen=True)
class Deposit:
    """Something that must lie at a URI before the run starts: bytes, or a file or folder of this machine."""

    uri: str
    content: bytes | None = None
    path: Path | None = None
    make_folder: bool = False
    """Whether ``path`` is a place for outputs that may not exist yet."""
    keys: tuple[str, ...] | None = None
    """The files of a folder that count; None: all of it."""


@dataclass(frozen=True)
class PlannedJob:
    """One job to be: its name and its exact request."""

    name: str
    request: dict[str, Any]
    model: dict[str, Any] | None = None
    """The request of the model that is made first, for a transform job to ask."""
    known_image: str | None = None
    """That of the model that a transform job asks, where the model is there already."""

    @property
    def image(self) -> str:
        """The image of its instances; empty where it is not known."""
        if self.model is not None:
            return model_facts(self.model).image
        return self.known_image or facts(self.request).image

    @property
    def role(self) -> str | None:
        """The role that it acts as, where a request of it says so."""
        return self.request.get("RoleArn") or (self.model or {}).get("ExecutionRoleArn")

    @property
    def requests(self) -> list[dict[str, Any]]:
        """What is sent for it, in its order."""
        return [request for request in (self.model, self.request) if request is not None]

    def kept(self) -> dict[str, Any]:
        """The job as the job store keeps it with its run."""
        return {"name": self.name, "request": self.request, **({"model": self.model} if self.model else {})}


@dataclass(frozen=True)
class Spread:
    """Which keys of an input each instance gets; no keys are known when an earlier step makes them."""

    input: str
    distribution: str
    keys: dict[str, list[str]] = field(default_factory=dict)
    bytes: dict[str, int] = field(default_factory=dict)
    mode: str = "File"
    """How the instance gets it: as files (File, FastFile), or streamed (Pipe)."""


@dataclass(frozen=True)
class PlannedStep:
    """One step to be: what it waits for, its jobs, and the shard map of its inputs."""

    name: str
    needs: list[str]
    instance_count: int
    max_attempts: int
    jobs: list[PlannedJob]
    spreads: list[Spread]
    cache: str | None = None
    """For how long an equal job that completed stands for the step, as ``P30D``."""
    hyperparameters: list[dict[str, Any]] = field(default_factory=list)
    """Each with its ``value`` as it is sent, None where the script takes its default; what the script declares of it is
    there as far as it can be read without running it."""

    def kept(self) -> dict[str, Any]:
        """The step as the job store keeps it with its run."""
        return {
            "name": self.name,
            "needs": self.needs,
            "instances": self.instance_count,
            "attempts": self.max_attempts,
            "jobs": [job.kept() for job in self.jobs],
        }


@dataclass(frozen=True)
class Plan:
    """What would run: nothing has been touched."""

    run: str
    name: str
    runner: str
    runner_reason: str
    """Why this runner, for people."""
    steps: list[PlannedStep]
    deposits: list[Deposit]
    notices: list[str] = field(default_factory=list)
    """What is not known yet, and what the spec says that this engine does not do, for people."""
    calls: list[dict[str, Any]] = field(default_factory=list)
    """What is sent: each operation with its request. Empty where that is the steps' requests, one by one."""
    named: Callable[[str], Plan] = field(kw_only=True, repr=False, compare=False)
    """The same plan for a run of another id."""

    @property
    def requests(self) -> list[dict[str, Any]]:
        """What would be sent, in its order."""
        return self.calls or [request for step in self.steps for job in step.jobs for request in job.requests]

    def diff(self) -> PlanDiff:
        """What would be sent differently from the last run of that name on this engine; ``print()`` shows it.

        >>> import shardr
        >>> print(shardr.plan("job.yml", engine="sagemaker").diff())      # doctest: +SKIP
        unchanged since run bank-marketing-261126-150742-3f1c
        """
        from shardr.engines.difference import difference

        return difference(self)


@dataclass(frozen=True)
class HostView:
    """How one instance stands."""

    host: str
    state: str
    exit_code: int | None
    seconds: float | None


@dataclass(frozen=True)
class OutputView:
    """Where an output is, how many records it has (None: not a table), and its files."""

    uri: str
    rows: int | None
    files: list[str]


@dataclass(frozen=True)
class StepView:
    """How a step stands; ``seconds`` from the start of its first job to the end of its last."""

    name: str
    job: str | None
    status: str
    instances: int
    rows_in: int | None
    rows_out: int | None
    seconds: float | None
    outputs: dict[str, OutputView]
    failure: str | None
    jobs: list[str]
    hosts: list[HostView]
    notices: list[str] = field(default_factory=list)
    """What differs from the service and is no failure: instances that got less than their type has."""
    fix: str | None = None
    """What to do about the failure, where that is known."""
    message: str | None = None
    """What the scripts left in ``/opt/ml/output/message``."""
    metrics: dict[str, float] = field(default_factory=dict)
    """What a training step logged last of each metric."""
    streamed: dict[str, Streamed] = field(default_factory=dict)
    """How far the channels in mode Pipe are, by name, on this machine."""
    downloaded: dict[str, Downloaded] = field(default_factory=dict)
    """How much has come of the channels that this machine fetches from S3, by name."""

    @property
    def coming(self) -> dict[str, Downloaded]:
        """What has not all come from S3, of a step that runs."""
        running = self.status == "InProgress"
        return {name: come for name, come in self.downloaded.items() if running and come.share < 1}

    @property
    def streaming(self) -> dict[str, str]:
        """How far the data of a step that runs is, for people: ``{"train": "45 % of epoch 1", "b": "3 % from S3"}``."""
        streamed = self.streamed if self.status == "InProgress" else {}
        told = {name: sent.progress for name, sent in streamed.items()}
        return told | {name: come.progress for name, come in self.coming.items()}


@dataclass(frozen=True)
class RunView:
    """How a run stands."""

    run: str
    name: str
    status: str
    created: str
    runner: str
    runner_reason: str
    steps: list[StepView]

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in OVER

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as ``--json`` prints it."""
        return asdict(self)


def one_text(texts: Iterable[str | None]) -> str | None:
    """The texts below one another, each once; None when there is none."""
    return "\n".join(dict.fromkeys(filter(None, texts))) or None


@dataclass(frozen=True)
class LogLine:
    """One line that an instance printed."""

    job: str
    step: str
    instance: str
    text: str


class Engine(Protocol):
    """A place to run: this machine or SageMaker."""

    name: str

    def role_of(self, asked: str | None) -> str:
        """The role that jobs act as; ``asked`` is the spec's."""

    def image_uri(self, image: str) -> str:
        """The URI of an image of shardr's; any other name is a URI already."""

    def input_uri(self, path: Path, keys: Sequence[str] | None = None) -> str:
        """Where a file or folder of the user's will lie, or these files of it; a folder's URI ends with a slash."""

    def output_uri(self, default: str, folder: Path) -> tuple[str, Deposit | None]:
        """Where an output lies whose destination is a folder of this machine, and what that takes."""

    def kept_uri(self, kind: str, content: bytes, name: str) -> str:
        """Where a script or a manifest will lie, by its bytes: among ``kind``, the same for every run."""

    def run_uri(self, run: str) -> str:
        """Below which a run keeps what it makes."""

    def listing(self, prefix: str) -> Objects:
        """The objects whose URI starts with ``prefix``."""

    def manifest(self, uri: str) -> Objects:
        """The objects that a manifest at a URI names; raises ``DataError``."""

    def named(self, prefix: str, keys: Sequence[str]) -> Objects:
        """The objects of these keys below a prefix."""

    def choose(self, asked: str, uses: Sequence[tuple[str, str]]) -> tuple[str, str]:
        """The runner to take for images, each with its program, and why, for people."""

    def model_image(self, name: str) -> str | None:
        """The image of a model that is there already, None where that is not known; raises ``NotFoundError``."""

    def refusals(self, job: PlannedJob, runner: str) -> list[Problem]:
        """What the service would take and this engine cannot do."""

    def finish(self, plan: Plan) -> Plan:
        """The plan with its notices and with what is sent."""

    def ready(self, plan: Plan, scripts: Mapping[str, Path]) -> None:
        """Looks whether a plan can run here; ``scripts`` are those of its steps. Raises what stands in the way."""

    def submit(self, plan: Plan, progress: Uploading | None = None) -> None:
        """Puts the deposits in place and starts the run; ``progress`` hears of what takes long on the way there."""

    def run(self, run: str, *, files: bool = True) -> RunView:
        """How a run stands; with ``files``, the files of its outputs too. Raises ``NotFoundError``."""

    def requests(self, run: str) -> dict[str, dict[str, Any]]:
        """The request of each step's first job, by step, of those that have one. Raises ``NotFoundError``."""

    def stop(self, run: str) -> None:
        """Stops a run: its jobs get SIGTERM, then after the grace time SIGKILL; no further step starts."""

    def nap(self, seconds: float) -> None:
        """Waits between two looks at a run: that long, or as the engine sees fit."""

    def logs(self, run: str, cursor: Cursor) -> tuple[list[LogLine], Cursor]:
        """Whole lines printed since the cursor, in order of steps and instances, and the new cursor."""

    def fetch(self, files: Sequence[str]) -> list[Path]:
        """The files of an output as files of this machine, in the same order."""
