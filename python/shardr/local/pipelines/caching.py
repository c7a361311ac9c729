"""Results taken again: what makes two steps the same, by the service's rule for each type."""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shardr.local.pipelines.definition import Step
    from shardr.local.pipelines.execution_store import ExecutionStore
    from shardr.local.pipelines.rows import StepRow

KEYS = {
    "Processing": ("AppSpecification", "Environment", "ProcessingInputs"),
    "Training": (
        "AlgorithmSpecification", "CheckpointConfig", "DebugHookConfig", "DebugRuleConfigurations", "Environment",
        "HyperParameters", "InputDataConfig",
    ),
    "Transform": ("DataProcessing", "Environment", "ModelName", "TransformInput"),
}  # fmt: skip
"""What counts. What a URI holds does not: only the URI does."""


def cache_key(step: Step, request: dict[str, Any]) -> str:
    """The same for requests that would give the same result."""
    counts = {key: request[key] for key in KEYS[step.type] if key in request}
    return "sha256:" + hashlib.sha256(json.dumps([step.type, counts], sort_keys=True).encode()).hexdigest()


def hit(store: ExecutionStore, pipeline: str, step: Step, key: str) -> StepRow | None:
    """The newest success of the same step that is young enough; None when there is none, or the step wants none."""
    if not step.cached:
        return None
    after = 0.0 if step.cache_seconds is None else time.time() - step.cache_seconds
    return store.cached(pipeline, step.name, key, after)
