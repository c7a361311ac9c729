"""What has a name and a request and does not run: models and configurations of endpoints."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from shardr.local.store import Store

MODEL = "model"
"""A kind of these."""


@dataclass(frozen=True)
class Resource:
    """A named request; times are seconds since 1970."""

    kind: str
    name: str
    request: dict[str, Any]
    created: float

    @property
    def modified(self) -> float:
        """The same: it does not change."""
        return self.created

    @property
    def status(self) -> str:
        """None of its own."""
        return ""


class Resources(Store):
    """The part of the job store that is about these."""

    def add(self, kind: str, name: str, request: dict[str, Any]) -> bool:
        """Takes one in; False when the name is in use among its kind."""
        return self._changes(
            "INSERT INTO resources VALUES (:kind, :name, :request, :now) ON CONFLICT DO NOTHING",
            {"kind": kind, "name": name, "request": json.dumps(request), "now": time.time()},
        )

    def find(self, kind: str, name: str) -> Resource | None:
        """The one of this name, or None."""
        rows = self._rows("SELECT * FROM resources WHERE kind = :kind AND name = :name", kind=kind, name=name)
        return _resource(rows[0]) if rows else None

    def all(self, kind: str) -> list[Resource]:
        """All of a kind, oldest first."""
        rows = self._rows("SELECT * FROM resources WHERE kind = :kind ORDER BY created, name", kind=kind)
        return [_resource(row) for row in rows]

    def remove(self, kind: str, name: str) -> bool:
        """Removes one; False when there is none."""
        return self._changes("DELETE FROM resources WHERE kind = :kind AND name = :name", {"kind": kind, "name": name})


def _resource(row: Any) -> Resource:
    return Resource(row["kind"], row["name"], json.loads(row["request"]), row["created"])
