"""The protocols of AWS: a request's headers and body in, a reply out. Who carries them is not known here."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardr.local.faults import Fault, WireError
from shardr.local.wire import json11, query, rest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardr.local.account import Account

MOST_BYTES = 8 << 20
"""Of a body: the largest request, a pipeline's definition, has 1 MB."""


@dataclass(frozen=True)
class Reply:
    """What goes back to the client."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def answer(account: Account, headers: Mapping[str, str], body: bytes, path: str = "/") -> Reply:
    """The reply to a request, whatever it is; names of headers in lower case.

    The protocol is told by the request: SageMaker and CloudWatch Logs have ``x-amz-target``, STS and IAM a form, and
    SageMaker's runtime a path.
    """
    if rest.spoken(path):
        return _replied(rest.TYPE, *rest.answer(account, path, headers, body))
    protocol = query if query.spoken(headers) else json11
    try:
        if len(body) > MOST_BYTES:
            raise WireError("RequestEntityTooLargeException", f"the body is larger than {MOST_BYTES} bytes", 413)
        return _replied(protocol.TYPE, *protocol.answer(account, headers, body))
    except WireError as error:
        return refused(headers, error.fault)


def refused(headers: Mapping[str, str], fault: Fault, path: str = "/") -> Reply:
    """The reply to a request that is not looked at any further, in the protocol it came in."""
    protocol = rest if rest.spoken(path) else query if query.spoken(headers) else json11
    return _replied(protocol.TYPE, *protocol.failed(fault))


def _replied(type: str, status: int, more: Mapping[str, str], body: bytes) -> Reply:
    id = str(uuid.uuid4())
    headers = {"content-type": type, "x-amzn-requestid": id, **more}
    return Reply(status, headers, body.replace(query.REQUEST_ID, id.encode()) if type == query.TYPE else body)
