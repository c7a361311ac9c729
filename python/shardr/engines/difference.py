"""What a plan would send differently from the last run: the same requests, under that run's id."""

from __future__ import annotations

import json
from dataclasses import dataclass
from difflib import unified_diff
from typing import TYPE_CHECKING, Any

from shardr.local.home import Home
from shardr.local.store import Store

if TYPE_CHECKING:
    from shardr.engines.base import Plan
    from shardr.local.store import RunRow


@dataclass(frozen=True)
class PlanDiff:
    """The requests of a plan against those of the last run of that name on the same engine."""

    name: str
    run: str | None
    """The id of that run; None when there is none."""
    text: str
    """A unified diff; empty when nothing differs but what differs from run to run."""

    @property
    def changed(self) -> bool:
        """Whether the same run again would send something else."""
        return bool(self.text)

    def __str__(self) -> str:
        """The diff, or why there is none."""
        if self.run is None:
            return f"nothing to compare with: {self.name} has not run there yet"
        return self.text or f"unchanged since run {self.run}"

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as ``shardr plan --diff --json`` prints it."""
        return {"run": self.run, "changed": self.changed, "text": self.text, "said": str(self)}


def difference(plan: Plan) -> PlanDiff:
    """How the plan differs from the last run of its name on its engine."""
    there = plan.runner == "sagemaker"
    kept = Home.default().store
    rows = Store(kept).runs() if kept.exists() else []  # a plan makes nothing
    alike = [row for row in rows if row.name == plan.name and (row.runner == "sagemaker") == there]
    last = alike[-1] if alike else None
    if last is None:
        return PlanDiff(plan.name, None, "")
    same = plan.named(last.id)  # ids are in names, places and tokens, some of them cut or hashed
    lines = unified_diff(_lines(_sent(last)), _lines(same.requests), f"run {last.id}", "this plan", lineterm="")
    return PlanDiff(plan.name, last.id, "\n".join(lines))


def _sent(row: RunRow) -> list[dict[str, Any]]:
    jobs = [job for step in row.steps for job in step["jobs"]]
    return row.machine.get("calls") or [job[of] for job in jobs for of in ("model", "request") if of in job]


def _lines(requests: list[dict[str, Any]]) -> list[str]:
    return json.dumps(requests, indent=2, ensure_ascii=False).splitlines()
