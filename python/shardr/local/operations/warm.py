"""Warm pools: what becomes of the instances of a training job that asked to keep them for the next one.

On this machine instances cost no time to start and nothing to keep: what is told is what the service would tell.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from shardr.local.store import Store

if TYPE_CHECKING:
    from shardr.local.account import Account
    from shardr.local.store import JobRow

ALIKE = ("RoleArn", "ResourceConfig", "VpcConfig", "EnableNetworkIsolation", "EnableInterContainerTrafficEncryption")
"""What the next job must have in common to take the instances over."""


def pool(account: Account, row: JobRow) -> dict[str, Any]:
    """The ``WarmPoolStatus`` of a job, by its name in the description; empty for a job that keeps nothing."""
    kept = row.request.get("ResourceConfig", {}).get("KeepAlivePeriodInSeconds", 0)
    if not kept:
        return {}
    if row.ended is None:
        return {"WarmPoolStatus": {"Status": "InUse"}}
    until = row.ended + kept
    heir = next(
        (
            job
            for job in Store(account.home.store).jobs(kind=row.kind)
            if row.ended <= job.created <= until and all(row.request.get(k) == job.request.get(k) for k in ALIKE)
        ),
        None,
    )
    ends = heir.created if heir else min(until, time.time())
    status = "Reused" if heir else "Available" if time.time() < until else "Terminated"
    found: dict[str, Any] = {"Status": status, "ResourceRetainedBillableTimeInSeconds": round(ends - row.ended)}
    return {"WarmPoolStatus": found | ({"ReusedByJob": heir.name} if heir else {})}
