"""The query protocol, spoken by STS and IAM: a form comes in, XML goes back."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from shardr.local.faults import Fault, WireError, fault
from shardr.local.operations import HOMES, call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardr.local.account import Account

FORM = "application/x-www-form-urlencoded"
TYPE = "text/xml"
REQUEST_ID = b"{request-id}"
"""Stands in a body for the id that the reply gets."""
SERVICES = {"sts": "2011-06-15", "iam": "2010-05-08"}
"""With the version of their API, by which a form says whom it is for."""
Answer = tuple[int, dict[str, str], bytes]


def answer(account: Account, headers: Mapping[str, str], body: bytes) -> Answer:  # noqa: ARG001
    """Status, headers and body of the reply; raises ``WireError`` for what is no request of a service known here."""
    try:
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
    except ValueError as error:
        raise WireError("MalformedInput", f"the form cannot be read: {error}") from error
    operation, version = form.pop("Action", ""), form.pop("Version", "")
    service = next((name for name, known in SERVICES.items() if version == known), "")
    if operation not in HOMES.get(service, {}):
        raise WireError("InvalidAction", f"Could not find operation {operation} for version {version}")
    try:
        found = call(account, service, operation, form)
        return 200, {}, _document(service, operation, found).encode()
    except Exception as error:  # noqa: BLE001 - every error is an answer
        return failed(fault(error, service, operation, form))


def failed(fault: Fault) -> Answer:
    """The same of a fault."""
    whose = "Sender" if fault.status < 500 else "Receiver"
    about = {"Error": {"Type": whose, "Code": fault.code, "Message": fault.message}}
    body = f"<ErrorResponse>{_xml(about)}<RequestId>{REQUEST_ID.decode()}</RequestId></ErrorResponse>"
    return fault.status, {}, body.encode()


def _document(service: str, operation: str, found: dict[str, Any]) -> str:
    space = f"https://{service}.amazonaws.com/doc/{SERVICES[service]}/"
    result = f"<{operation}Result>{_xml(found)}</{operation}Result>"
    about = f"<ResponseMetadata><RequestId>{REQUEST_ID.decode()}</RequestId></ResponseMetadata>"
    return f'<{operation}Response xmlns="{space}">{result}{about}</{operation}Response>'


def _xml(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(f"<{name}>{_xml(inner)}</{name}>" for name, inner in value.items())
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return escape(str(value))
