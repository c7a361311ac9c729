"""What this machine keeps of a run on SageMaker: where it is, and how it was last seen. No secrets."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from shardr.engines.base import HostView, OutputView, RunView, StepView
from shardr.local.store import RunRow

if TYPE_CHECKING:
    from shardr.engines.base import Plan


def row_of(plan: Plan, about: dict[str, Any]) -> RunRow:
    """A plan as the store keeps it; ``about`` says where on AWS it is."""
    steps = [step.kept() for step in plan.steps]
    now = datetime.now(timezone.utc).timestamp()
    return RunRow(plan.run, plan.name, now, plan.runner, steps, {"reason": plan.runner_reason, **about})


def seen(row: RunRow) -> RunView:
    """The run as it was last seen; before anybody looked, all its steps wait."""
    kept = row.machine.get("view")
    if kept is None:
        steps = [waiting(step) for step in row.steps]
        return RunView(row.id, row.name, "InProgress", created(row), row.runner, row.machine["reason"], steps)
    return RunView(**{**kept, "steps": [_step(step) for step in kept["steps"]]})


def created(row: RunRow) -> str:
    """When the run was sent."""
    return datetime.fromtimestamp(row.created, tz=timezone.utc).isoformat(timespec="seconds")


def waiting(step: dict[str, Any]) -> StepView:
    """A step that nothing is known of yet."""
    return StepView(step["name"], None, "Pending", step["instances"], None, None, None, {}, None, [], [])


def _step(kept: dict[str, Any]) -> StepView:
    outputs = {name: OutputView(**output) for name, output in kept["outputs"].items()}
    return StepView(**{**kept, "outputs": outputs, "hosts": [HostView(**host) for host in kept["hosts"]]})
