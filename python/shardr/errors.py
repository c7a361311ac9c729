"""Every error shardr raises: one root class, a shared code, and the next step to take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, with the place it was found at.

    ``path`` is the place in the user's own words (``steps[1].inputs[0].source.step``, a file name, a line).
    """

    path: str
    message: str
    fix: str | None = None

    def __str__(self) -> str:
        text = f"{self.path}: {self.message}" if self.path else self.message
        return f"{text} ({self.fix})" if self.fix else text

    def to_dict(self) -> dict[str, str]:
        """The problem as plain data, without the parts that are not there."""
        return {k: v for k, v in vars(self).items() if v is not None}


class ShardrError(Exception):
    """Root of every error of shardr: says what happened, why, and how to fix it.

    The ``code`` is the same in both languages: R raises a condition of class ``shardr_error_<code>``.
    """

    code: ClassVar[str] = "error"
    exit_status: ClassVar[int] = 2

    def __init__(
        self, what: str, *, why: str | None = None, fix: str | None = None, problems: Iterable[Problem] = ()
    ) -> None:
        self.what = what
        self.why = why
        self.fix = fix
        self.problems = tuple(problems)
        super().__init__(what)

    def __str__(self) -> str:
        lines = [self.what]
        lines += [f"  {problem}" for problem in self.problems]
        if self.why:
            lines.append(f"  why: {self.why}")
        if self.fix:
            lines.append(f"  fix: {self.fix}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """The error as plain data: what crosses to R and what ``--json`` prints."""
        found: dict[str, Any] = {"code": self.code, "message": self.what}
        if self.why:
            found["why"] = self.why
        if self.fix:
            found["fix"] = self.fix
        found["problems"] = [problem.to_dict() for problem in self.problems]
        return found


class SpecError(ShardrError):
    """The job spec is wrong; ``problems`` lists everything that is."""

    code = "spec_invalid"


class RequestError(ShardrError):
    """SageMaker would refuse this request; ``problems`` names each member."""

    code = "request_invalid"


class DataError(ShardrError):
    """A file is missing, unreadable, or not in the format its name promises."""

    code = "data"


class ColumnsDifferError(DataError):
    """Shards do not have the same columns; the message names the shard."""

    code = "columns_differ"


class HyperparameterError(ShardrError):
    """The hyperparameters of a training job are not those that its script declares."""

    code = "hyperparameters_invalid"


class NameInUseError(ShardrError):
    """A job of this name exists already (the service's ResourceInUse)."""

    code = "name_in_use"


class ConflictError(ShardrError):
    """What is asked for does not go with what is going on, or was asked before (the service's ConflictException)."""

    code = "conflict"


class NotFoundError(ShardrError):
    """There is no such run, job, step or output (the service's ResourceNotFound)."""

    code = "not_found"


class RunnerError(ShardrError):
    """This machine lacks what the chosen runner needs."""

    code = "runner_unavailable"


class ImageError(ShardrError):
    """An image is missing, cannot be built or cannot be pushed."""

    code = "image"


class StoreError(ShardrError):
    """The job store cannot be read or written."""

    code = "store"


class OperationError(ShardrError):
    """An operation of the service that is not answered on this machine."""

    code = "operation_unknown"


class AwsError(ShardrError):
    """AWS refuses a request or cannot be reached; the message carries the service's own code and words."""

    code = "aws"


class JobFailedError(ShardrError):
    """A job ended as Failed or Stopped; the message carries its failure reason."""

    code = "job_failed"
    exit_status = 1


class InvocationError(ShardrError):
    """An endpoint gives no answer; ``status`` and ``said`` are the model's own, where it gave one (else 0 and "").

    Without ``reached`` no instance was asked, and trying again later may help.
    """

    code = "invocation"
    exit_status = 1

    def __init__(self, what: str, *, status: int = 0, said: str = "", reached: bool = True, fix: str | None = None):
        super().__init__(what, why=said or None, fix=fix)
        self.status, self.said, self.reached = status, said, reached


class FrameError(ShardrError):
    """A data frame has a column that cannot cross between R and Python unchanged."""

    code = "frame_unsupported"


class RMissingError(ShardrError):
    """R, or the shardr R package, is not where it is needed."""

    code = "r_missing"
