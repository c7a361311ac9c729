"""The query protocol, spoken by STS and IAM: a form comes in, XML goes back."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from shardr.local.faults import Fault, WireError, fault
from shardr.local.operations import HOMES, call

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shardr.local.account import Account

FORM = "application/x-www-form-urlencoded"
TYPE = "text/xml"
REQUEST_ID = b"{request-id}"
"""Stands in a body for the id that the reply gets."""
SERVICES = {"sts": "2011-06-15", "iam": "2010-05-08"}
"""With the version of their API, by which a form says whom it is for."""
SIGNATURE = "X-Amz-"
"""Begins the names of what a URL that was signed ahead says of its signature, and not of the request."""
UNWRITABLE = re.compile("[^\t\n\r\\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML can carry, however it is written."""
Answer = tuple[int, dict[str, str], bytes]


def spoken(headers: Mapping[str, str]) -> bool:
    """Whether a request is a form; one that names its target is none, whatever it calls its body."""
    return "x-amz-target" not in headers and headers.get("content-type", "").partition(";")[0].strip().lower() == FORM


def from_url(headers: Mapping[str, str], url_query: str, body: bytes) -> tuple[Mapping[str, str], bytes]:
    """Headers and body of a request whose form may stand in its URL, as in one that was signed ahead."""
    if body or "x-amz-target" in headers or not any(part.startswith("Action=") for part in url_query.split("&")):
        return headers, body
    return {**headers, "content-type": FORM}, url_query.encode()


def answer(account: Account, headers: Mapping[str, str], body: bytes) -> Answer:  # noqa: ARG001
    """Status, headers and body of the reply; raises ``WireError`` for what is no request of a service known here."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True)
    except ValueError as error:
        raise WireError("MalformedInput", f"the form cannot be read: {error}") from error
    form = _listed((name, value) for name, value in pairs if not name.startswith(SIGNATURE))
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


def _listed(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The form, with ``Names.member.1`` and so on as one list."""
    form: dict[str, Any] = {}
    for name, value in pairs:
        whole, member, _ = name.partition(".member.")
        if member:
            form.setdefault(whole, []).append(value)
        else:
            form[name] = value
    return form


def _document(service: str, operation: str, found: dict[str, Any]) -> str:
    space = f"https://{service}.amazonaws.com/doc/{SERVICES[service]}/"
    result = f"<{operation}Result>{_xml(found)}</{operation}Result>"
    about = f"<ResponseMetadata><RequestId>{REQUEST_ID.decode()}</RequestId></ResponseMetadata>"
    return f'<{operation}Response xmlns="{space}">{result}{about}</{operation}Response>'


def _xml(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(f"<{name}>{_xml(inner)}</{name}>" for name, inner in value.items())
    if isinstance(value, list):
        return "".join(f"<member>{_xml(inner)}</member>" for inner in value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return escape(UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", str(value)))
