"""Signature Version 4, checked: whether a request was signed with our keys, not long ago, and not changed since."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from shardr.local.faults import Fault
from shardr.local.wire.query import FORM

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shardr.local.objects import Keys

ALGORITHM = "AWS4-HMAC-SHA256"
HEADER = re.compile(
    rf"{ALGORITHM}\s+Credential=(?P<credential>[^,\s]+),\s*SignedHeaders=(?P<signed>[^,\s]+),\s*"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)
SKEW = timedelta(minutes=5)
MOMENT = "%Y%m%dT%H%M%SZ"
DIFFERS = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)


@dataclass(frozen=True)
class Signatures:
    """Checks requests against the one pair of keys."""

    keys: Keys
    now: Callable[[], datetime] = lambda: datetime.now(timezone.utc)

    def fault(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Fault | None:
        """Why a request is not answered, with the codes of its protocol; None for one that is signed as it should."""
        form = "x-amz-target" not in headers and headers.get("content-type", "").startswith(FORM)
        found = self._found(method, path, query, headers, body)
        if found is None:
            return None
        code, message = found
        return Fault(QUERY[code], 403, message) if form else Fault(f"{code}Exception", 400, message)

    def _found(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[str, str] | None:
        given = headers.get("authorization")
        if not given:
            return "MissingAuthenticationToken", "Missing Authentication Token"
        match = HEADER.fullmatch(given.strip())
        scope = match["credential"].split("/") if match else []
        stamp = headers.get("x-amz-date", "")
        if match is None or len(scope) != 5 or scope[4] != "aws4_request":
            return (
                "IncompleteSignature",
                f"Authorization header requires {ALGORITHM} with Credential, SignedHeaders, Signature",
            )
        try:
            moment = datetime.strptime(stamp, MOMENT).replace(tzinfo=timezone.utc)
        except ValueError:
            return (
                "IncompleteSignature",
                "Authorization header requires existence of an X-Amz-Date header, as 20260131T120000Z",
            )
        if not hmac.compare_digest(scope[0].encode(), self.keys.id.encode()):
            return "UnrecognizedClient", "The security token included in the request is invalid."
        now = self.now()
        if abs(now - moment) > SKEW:
            how = ("expired", "earlier", "-") if moment < now else ("not yet current", "later", "+")
            limit = f"{now:{MOMENT}} {how[2]} 5 min."
            return "InvalidSignature", f"Signature {how[0]}: {stamp} is now {how[1]} than {limit}"
        signed = match["signed"].split(";")
        if "host" not in signed or any(name not in headers for name in signed):
            return "InvalidSignature", "'Host' and all headers that are named must be sent and be signed."
        canonical = "\n".join(
            [
                method,
                quote(path, safe="/-_.~"),  # encoded as it came, once more: only S3 does not
                _query(query),
                *(f"{name}:{' '.join(headers[name].split())}" for name in signed),
                "",
                match["signed"],
                hashlib.sha256(body).hexdigest(),
            ]
        )
        text = "\n".join([ALGORITHM, stamp, "/".join(scope[1:]), hashlib.sha256(canonical.encode()).hexdigest()])
        key = f"AWS4{self.keys.secret}".encode()
        for part in scope[1:]:
            key = hmac.digest(key, part.encode(), "sha256")
        right = hmac.digest(key, text.encode(), "sha256").hex()
        if scope[1] != stamp[:8] or not hmac.compare_digest(right, match["signature"]):
            return "InvalidSignature", DIFFERS
        return None


QUERY = {
    "MissingAuthenticationToken": "MissingAuthenticationToken",
    "IncompleteSignature": "IncompleteSignature",
    "UnrecognizedClient": "InvalidClientTokenId",
    "InvalidSignature": "SignatureDoesNotMatch",
}
"""The same codes as STS and IAM have them."""


def _query(query: str) -> str:
    pairs = [part.partition("=") for part in query.split("&") if part]
    return "&".join(
        f"{name}={value}"
        for name, value in sorted((quote(unquote(n), "-_.~"), quote(unquote(v), "-_.~")) for n, _, v in pairs)
    )
