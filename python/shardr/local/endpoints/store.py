"""Endpoints as every process of the machine sees them: their plan, their state, and how their instances are reached."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardr.local.contract import REASON_CHARACTERS
from shardr.local.endpoints.plan import EndpointPlan
from shardr.local.runners.doors import Door
from shardr.local.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CREATING, IN_SERVICE, UPDATING, DELETING, FAILED = "Creating", "InService", "Updating", "Deleting", "Failed"


@dataclass(frozen=True)
class Opening:
    """The way to one healthy instance."""

    variant: str
    serial: int
    """Which instance of the endpoint: no number is given twice."""
    door: Door

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for the store."""
        return {**vars(self), "door": self.door.to_dict()}

    @classmethod
    def from_dict(cls, about: Mapping[str, Any]) -> Opening:
        """The way that another process kept."""
        return cls(about["variant"], about["serial"], Door.of(about["door"]))


@dataclass(frozen=True)
class EndpointRow:
    """An endpoint as the store knows it; times are seconds since 1970."""

    name: str
    tags: list[dict[str, str]]
    status: str
    created: float
    modified: float
    expires: float
    plan: EndpointPlan
    wanted: EndpointPlan | None
    """What an update asks for, until it is so."""
    failure_reason: str | None
    pid: int | None
    doors: list[Opening]


class Endpoints(Store):
    """The part of the job store that is about these."""

    def add(self, name: str, tags: list[dict[str, str]], plan: EndpointPlan, seconds: float) -> bool:
        """Takes one in as Creating; False when the name is in use."""
        now = time.time()
        return self._changes(
            "INSERT INTO endpoints (name, tags, status, created, modified, expires, plan)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (name, json.dumps(tags), CREATING, now, now, now + seconds, json.dumps(plan.to_dict())),
        )

    def own(self, name: str, pid: int) -> bool:
        """Notes the process that keeps the endpoint; False when it is no more."""
        return self._changes("UPDATE endpoints SET pid = ? WHERE name = ?", (pid, name))

    def find(self, name: str) -> EndpointRow | None:
        """The one of this name, or None."""
        rows = self._rows("SELECT * FROM endpoints WHERE name = :name", name=name)
        return _endpoint(rows[0]) if rows else None

    def all(self) -> list[EndpointRow]:
        """All, oldest first."""
        return [_endpoint(row) for row in self._rows("SELECT * FROM endpoints ORDER BY created, name")]

    def want(self, name: str, plan: EndpointPlan) -> bool:
        """Asks for another plan; False unless the endpoint is in service."""
        return self._changes(
            "UPDATE endpoints SET wanted = ?, status = ?, modified = ? WHERE name = ? AND status = ?",
            (json.dumps(plan.to_dict()), UPDATING, time.time(), name, IN_SERVICE),
        )

    def delete(self, name: str) -> bool:
        """Asks for its end; False when there is none."""
        return self._changes(
            "UPDATE endpoints SET status = ?, modified = ? WHERE name = ?", (DELETING, time.time(), name)
        )

    def settle(self, name: str, status: str, plan: EndpointPlan, reason: str | None = None) -> bool:
        """The state that an endpoint has come to, unless it is to end."""
        return self._changes(
            "UPDATE endpoints SET status = ?, plan = ?, wanted = NULL, failure_reason = ?, modified = ?"
            " WHERE name = ? AND status != ?",
            (status, json.dumps(plan.to_dict()), reason, time.time(), name, DELETING),
        )

    def note(self, name: str, created: float, reason: str) -> None:
        """Tells something of an endpoint that goes on, once, beside the reason that is there."""
        self._changes(
            "UPDATE endpoints"
            " SET failure_reason = substr(:reason || coalesce(char(10) || failure_reason, ''), 1, :most)"
            " WHERE name = :name AND created = :created AND instr(coalesce(failure_reason, ''), :reason) = 0",
            {"name": name, "created": created, "reason": reason, "most": REASON_CHARACTERS},
        )

    def open(self, name: str, doors: Sequence[Opening]) -> None:
        """How the endpoint is reached from now on."""
        told = json.dumps([door.to_dict() for door in doors])
        self._changes("UPDATE endpoints SET doors = ? WHERE name = ?", (told, name))

    def remove(self, name: str) -> None:
        """Forgets one."""
        self._changes("DELETE FROM endpoints WHERE name = ?", (name,))


def _endpoint(row: Any) -> EndpointRow:
    data = dict(row)
    doors = [Opening.from_dict(about) for about in json.loads(data.pop("doors"))]
    plan, wanted = EndpointPlan.from_dict(json.loads(data.pop("plan"))), data.pop("wanted")
    return EndpointRow(
        **{**data, "tags": json.loads(data["tags"])},
        plan=plan,
        wanted=EndpointPlan.from_dict(json.loads(wanted)) if wanted else None,
        doors=doors,
    )
