"""What a training job goes through, in the service's words: its secondary statuses, with when and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardr.local.operations.times import moment

if TYPE_CHECKING:
    from shardr.local.store import JobRow

MESSAGES = {
    "Starting": "Preparing the instances for training",
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Uploading": "Uploading generated training model",
    "Stopping": "Stopping the training job",
    "Interrupted": "The instances were taken away",
    "Restarting": "Starting again from the checkpoints",
    "Completed": "Training job completed",
    "Failed": "Training job failed",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds provided",
}


@dataclass(frozen=True)
class Phase:
    """One secondary status; times are seconds since 1970."""

    status: str
    began: float
    ended: float | None

    def told(self) -> dict[str, Any]:
        """As ``SecondaryStatusTransitions`` has it."""
        end = {} if self.ended is None else {"EndTime": moment(self.ended)}
        return {
            "Status": self.status,
            "StartTime": moment(self.began),
            **end,
            "StatusMessage": MESSAGES[self.status],
        }


def phases(row: JobRow) -> list[Phase]:
    """All that a job has gone through, in order; at least that it is starting."""
    noted: list[tuple[str, float]] = [("Starting", row.created), *map(tuple, row.report.get("phases", []))]
    if row.over and row.ended is not None:
        exceeded = row.status == "Stopped" and (row.failure_reason or "").startswith("MaxRuntimeExceeded")
        noted.append(("MaxRuntimeExceeded" if exceeded else row.status, row.ended))
    ends = [began for _, began in noted[1:]] + [noted[-1][1] if row.over else None]
    return [Phase(status, began, end) for (status, began), end in zip(noted, ends, strict=True)]
