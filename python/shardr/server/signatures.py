"""Signature Version 4, checked: whether a request was signed with our keys, not long ago, and not changed since."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, unquote

from shardr.local.faults import Fault
from shardr.local.wire.query import from_url, spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shardr.local.objects import Keys

ALGORITHM = "AWS4-HMAC-SHA256"
HEADER = re.compile(
    rf"{ALGORITHM}\s+Credential=(?P<credential>[^,\s]+),\s*SignedHeaders=(?P<signed>[^,\s]+),\s*"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)
SKEW = timedelta(minutes=5)
AHEAD = timedelta(minutes=15)
"""How long a URL that was signed ahead is good. STS does not look at ``X-Amz-Expires``, and clients count on that."""
PREFIX = "X-Amz-"
IN_URL = ("Algorithm", "Credential", "Signature", "SignedHeaders", "Date")
MOMENT = "%Y%m%dT%H%M%SZ"
DIFFERS = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)


class _UnclearError(Exception):
    """What is said of the signature lacks something."""


@dataclass(frozen=True)
class _Claim:
    """What a request says of its signature."""

    scope: list[str]
    """Id of the keys, day, region, service, and the end."""
    signed: str
    signature: str
    stamp: str
    good: timedelta
    """How long after its moment."""

    @classmethod
    def of(cls, headers: Mapping[str, str], query: str) -> _Claim | None:
        """That of the headers, else that of the URL; None without one. Raises ``_UnclearError``."""
        given = headers.get("authorization")
        if given:
            match = HEADER.fullmatch(given.strip())
            if match is None:
                raise _UnclearError(
                    f"Authorization header requires {ALGORITHM} with Credential, SignedHeaders, Signature"
                )
            credential, signed, signature = match.groups()
            return cls._whole(credential, signed, signature, headers.get("x-amz-date", ""), SKEW)
        said = {name.removeprefix(PREFIX): values[0] for name, values in parse_qs(query).items() if name[:6] == PREFIX}
        if not said:
            return None
        missing = [f"AWS query-string parameters must include '{PREFIX}{name}'." for name in IN_URL if name not in said]
        if missing or said["Algorithm"] != ALGORITHM:
            raise _UnclearError(" ".join([*missing, "Re-examine the query-string parameters."]))
        return cls._whole(said["Credential"], said["SignedHeaders"], said["Signature"], said["Date"], AHEAD)

    @classmethod
    def _whole(cls, credential: str, signed: str, signature: str, stamp: str, good: timedelta) -> _Claim:
        scope = credential.split("/")
        if len(scope) != 5 or scope[4] != "aws4_request":
            raise _UnclearError("Credential must be KEY/DAY/REGION/SERVICE/aws4_request")
        return cls(scope, signed, signature, stamp, good)

    @property
    def moment(self) -> datetime:
        """When it was signed; raises ``_UnclearError``."""
        try:
            return datetime.strptime(self.stamp, MOMENT).replace(tzinfo=timezone.utc)
        except ValueError:
            raise _UnclearError("X-Amz-Date must be there, as 20260131T120000Z") from None


@dataclass(frozen=True)
class Signatures:
    """Checks requests against the one pair of keys."""

    keys: Keys
    now: Callable[[], datetime] = lambda: datetime.now(timezone.utc)

    def fault(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Fault | None:
        """Why a request is not answered, with the codes of its protocol; None for one that is signed as it should."""
        found = self._found(method, path, query, headers, body)
        if found is None:
            return None
        code, message = found
        form = spoken(from_url(headers, query, body)[0])
        return Fault(QUERY[code], 403, message) if form else Fault(f"{code}Exception", 400, message)

    def _found(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[str, str] | None:
        try:
            claim = _Claim.of(headers, query)
            moment = claim.moment if claim else self.now()
        except _UnclearError as error:
            return "IncompleteSignature", str(error)
        if claim is None:
            return "MissingAuthenticationToken", "Missing Authentication Token"
        scope, stamp = claim.scope, claim.stamp
        if not hmac.compare_digest(scope[0].encode(), self.keys.id.encode()):
            return "UnrecognizedClient", "The security token included in the request is invalid."
        now = self.now()
        if not -SKEW <= now - moment <= claim.good:
            late = moment < now
            how = ("expired", "earlier", "-", claim.good) if late else ("not yet current", "later", "+", SKEW)
            limit = f"{now:{MOMENT}} {how[2]} {how[3].seconds // 60} min."
            return "InvalidSignature", f"Signature {how[0]}: {stamp} is now {how[1]} than {limit}"
        signed = claim.signed.split(";")
        needed = {"host", *headers.keys() & {"x-amz-target"}}  # else whoever finds a URL could ask for something else
        if not needed.issubset(signed) or any(name not in headers for name in signed):
            return "InvalidSignature", "'Host', 'X-Amz-Target' and all headers that are named must be sent and signed."
        canonical = "\n".join(
            [
                method,
                quote(path, safe="/-_.~"),  # encoded as it came, once more: only S3 does not
                _query(query),
                *(f"{name}:{' '.join(headers[name].split())}" for name in signed),
                "",
                claim.signed,
                hashlib.sha256(body).hexdigest(),
            ]
        )
        text = "\n".join([ALGORITHM, stamp, "/".join(scope[1:]), hashlib.sha256(canonical.encode()).hexdigest()])
        key = f"AWS4{self.keys.secret}".encode()
        for part in scope[1:]:
            key = hmac.digest(key, part.encode(), "sha256")
        right = hmac.digest(key, text.encode(), "sha256").hex()
        if scope[1] != stamp[:8] or not hmac.compare_digest(right.encode(), claim.signature.encode()):
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
    pairs = [part.partition("=") for part in query.split("&") if part and not part.startswith(f"{PREFIX}Signature=")]
    return "&".join(
        f"{name}={value}"
        for name, value in sorted((quote(unquote(n), "-_.~"), quote(unquote(v), "-_.~")) for n, _, v in pairs)
    )
