"""Requests to endpoints: ``InvokeEndpoint`` of SageMaker's runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.errors import RequestError
from shardr.local.endpoints import calls

if TYPE_CHECKING:
    from shardr.local.account import Account

NOT_HERE = ("TargetModel", "TargetContainerHostname", "InferenceComponentName", "SessionId", "EnableExplanations")


def invoke(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """The answer of a model; raises ``RequestError`` and ``InvocationError``."""
    asked = [field for field in NOT_HERE if field in request]
    if asked:
        raise RequestError(f"{' and '.join(asked)}: found, but endpoints here serve one model in one container")
    return calls.invoke(account.home, request)
