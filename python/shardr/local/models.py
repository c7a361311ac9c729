"""Models that transform jobs ask: made before the job that asks, and remembered with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.local.resources import MODEL, Resources
from shardr.requests.facts import TRANSFORM, kind_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardr.local.home import Home


def made(home: Home, request: Mapping[str, Any], model: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a job must be told of the model that it asks; nothing for one that asks none.

    ``model`` is the request of one that is to be made first, which another attempt of the job finds made already.
    Without, it is there by its name; one that has gone since is told by the job, which cannot ask it.
    """
    if kind_of(request) is not TRANSFORM:
        return {}
    resources, name = Resources(home.store), request["ModelName"]
    if model is not None:
        resources.add(MODEL, name, dict(model))
    found = resources.find(MODEL, name)
    return {"model": found.request if found is not None else {"ModelName": name}}
