"""What each host has kept of its rows, brought together on the first one."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import numpy as np
from place import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def report(kept: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """What a host says: its arrays, ``count`` of its rows among them, and the hyperparameters that it was given."""
    content = io.BytesIO()
    np.savez(content, **kept)
    return {"kept": base64.b64encode(content.getvalue()).decode("ascii"), "settings": dict(settings)}


class Together:
    """What all hosts have kept, on the first one."""

    found: Any

    def __init__(self, combine: Callable[[list[dict[str, Any]], dict[str, Any]], Any]) -> None:
        """``combine`` makes one of the arrays of all hosts, in their order, and the hyperparameters."""
        self._combine = combine

    def decided_by(self, hosts: list[str]) -> Callable[[dict[str, Any]], dict[str, Any]]:
        """What the first host does with the reports of all."""

        def decide(reports: dict[str, Any]) -> dict[str, Any]:
            settings = reports[hosts[0]]["settings"]
            for host in hosts[1:]:
                if reports[host]["settings"] != settings:
                    raise UserError(f"{host} and {hosts[0]} have not the same hyperparameters")
            kept = [_kept(reports[host].pop("kept")) for host in hosts]
            if not sum(int(each["count"]) for each in kept):
                raise UserError("the channel train has no rows" + (" on any host" if len(hosts) > 1 else ""))
            self.found = self._combine(kept, settings)
            return {}

        return decide


def _kept(text: str) -> dict[str, Any]:
    return dict(np.load(io.BytesIO(base64.b64decode(text)), allow_pickle=False))
