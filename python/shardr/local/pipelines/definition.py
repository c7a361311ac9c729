"""What a pipeline definition says, as values: parameters, and steps in one flat list with what each waits for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shardr.local.pipelines.expressions import named_steps

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = "2020-12-01"

CREATED_BY = {
    "Processing": ("CreateProcessingJob", "ProcessingJobName", "DescribeProcessingJobResponse"),
    "Training": ("CreateTrainingJob", "TrainingJobName", "DescribeTrainingJobResponse"),
    "Transform": ("CreateTransformJob", "TransformJobName", "DescribeTransformJobResponse"),
    "Model": ("CreateModel", "ModelName", "DescribeModelOutput"),
}
"""Types of steps whose Arguments are a request: the operation, the name the service gives, and what properties have."""

RUN_HERE = frozenset({"Processing", "Training", "Model", "Transform", "Condition", "Fail"})
"""Types of steps that this machine runs."""

OTHER_TYPES = (
    "RegisterModel", "Tuning", "Callback", "Lambda", "EMR", "EMRServerless", "QualityCheck", "ClarifyCheck", "AutoML",
    "Endpoint", "EndpointConfig", "InferenceComponent", "Lineage", "Job", "Cleanup", "ForEach", "Athena",
    "BedrockCustomModel", "BedrockCustomModelDeployment", "BedrockProvisionedModelThroughput", "BedrockModelImport",
)  # fmt: skip
"""Types that the service has besides, whose Arguments are not looked into."""

TYPES = (*CREATED_BY, "Condition", "Fail", *OTHER_TYPES)

ENDS = {"Completed": {"Succeeded"}, "Failed": {"Failed"}, "Stopped": {"Stopped"}}
TRIGGERS = {**ENDS, "Any": {"Succeeded", "Failed", "Stopped"}}
"""What a step may wait for, and the states of the other step that it is then content with."""

RETRIED = frozenset({"Processing", "Training", "Tuning", "AutoML", "Model", "RegisterModel", "Transform"})
"""Types of steps that may have RetryPolicies."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of a pipeline; ``default`` is None when a value must be given."""

    name: str
    type: str
    default: Any = None
    enum: tuple[Any, ...] = ()


@dataclass(frozen=True)
class PropertyFile:
    """A JSON file that a step leaves in one of its outputs."""

    output: str
    path: str


@dataclass(frozen=True)
class RetryPolicy:
    """What is done about errors of these types: so many further attempts, or until so many minutes have passed."""

    exceptions: tuple[str, ...]
    interval_seconds: float = 1
    backoff_rate: float = 2.0
    max_attempts: int | None = 5
    expire_after_minutes: int | None = None


@dataclass(frozen=True)
class Step:
    """A step, wherever in the definition it stands."""

    name: str
    type: str
    arguments: dict[str, Any]
    place: str
    depends_on: tuple[tuple[str, str], ...] = ()
    """The steps that it waits for, each with the way in which it must end: a trigger."""
    condition: str | None = None
    """The condition in one of whose branches the step stands."""
    branch: bool | None = None
    """Whether that is the branch for when the condition holds."""
    retries: tuple[RetryPolicy, ...] = ()
    cached: bool = False
    cache_seconds: int | None = None
    """How old a result that is taken again may be; None: any age."""
    files: Mapping[str, PropertyFile] | None = None
    display: str | None = None
    description: str | None = None

    @property
    def own_arguments(self) -> dict[str, Any]:
        """The arguments without the steps of a condition's branches, which are steps of their own."""
        if self.type != "Condition":
            return self.arguments
        return {key: value for key, value in self.arguments.items() if key not in {"IfSteps", "ElseSteps"}}

    @cached_property
    def needs(self) -> set[str]:
        """The steps that must be over before this one can start; the condition around it is one."""
        around = {self.condition} if self.condition else set()
        return {*(name for name, _ in self.depends_on), *named_steps(self.own_arguments), *around}

    def content_with(self, need: str) -> set[str]:
        """The states in which a step that this one needs may be."""
        return TRIGGERS[dict(self.depends_on).get(need, "Completed")]


@dataclass(frozen=True)
class Definition:
    """A pipeline definition."""

    parameters: dict[str, Parameter]
    steps: dict[str, Step]
    """Every step by its name, in the order in which they are written."""
    experiment: dict[str, Any] | None = None
    """PipelineExperimentConfig, with expressions."""

    def handles(self, name: str, status: str) -> bool:
        """Whether a step waits for another one to end in this way, which is no success: the pipeline goes on then."""
        return any(other == name and status in TRIGGERS[trigger] for step in self.steps.values()
                   for other, trigger in step.depends_on)  # fmt: skip
