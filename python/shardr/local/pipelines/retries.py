"""Whether a failed step is tried again, and when."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shardr.local.pipelines.definition import RetryPolicy, Step
    from shardr.local.pipelines.rows import StepRow

EXCEPTIONS = {
    "InternalServerError": "SageMaker.JOB_INTERNAL_ERROR",
    "CapacityError": "SageMaker.CAPACITY_ERROR",
    "ResourceLimitExceeded": "SageMaker.RESOURCE_LIMIT",
}
"""What a failure reason begins with, and what a policy calls it; a script's own failure is in no policy."""


def next_try(step: Step, row: StepRow, reason: str) -> float | None:
    """The moment at which the step is to be tried again; None when it is not."""
    exception = next((name for start, name in EXCEPTIONS.items() if reason.startswith(start)), None)
    policy = next((policy for policy in step.retries if exception in policy.exceptions), None)
    if policy is None or not _allows(policy, row):
        return None
    return time.time() + policy.interval_seconds * policy.backoff_rate ** (row.attempt - 1)


def _allows(policy: RetryPolicy, row: StepRow) -> bool:
    if policy.expire_after_minutes is not None:
        return time.time() < row.started + policy.expire_after_minutes * 60
    return policy.max_attempts is not None and row.attempt <= policy.max_attempts
