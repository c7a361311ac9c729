"""What AWS refuses, in our words: why, and what to do about it."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from shardr.errors import AwsError, ShardrError
from shardr.storage.asking import ATTEMPTS

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGN_IN = "`aws sso login` or `aws configure`; AWS_PROFILE names another profile"
NO_REGION = "set AWS_REGION (for example eu-west-1), or the region of your profile"

EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
UNKNOWN_KEYS = frozenset({
    "AuthFailure", "IncompleteSignature", "InvalidAccessKeyId", "InvalidClientTokenId", "InvalidToken",
    "MissingAuthenticationToken", "MissingAuthenticationTokenException", "SignatureDoesNotMatch",
    "UnrecognizedClientException",
})  # fmt: skip
UNSIGNED = frozenset({"UnsupportedAlgorithm"})
"""What an S3 that knows its clients says to one without keys."""
SKEWED = frozenset({"InvalidSignatureException", "RequestInTheFuture", "RequestTimeTooSkewed"})
THROTTLED = frozenset({
    "ProvisionedThroughputExceededException", "RequestLimitExceeded", "RequestThrottled", "SlowDown", "Throttling",
    "ThrottlingException", "TooManyRequestsException",
})  # fmt: skip
DENIED = frozenset({"403", "AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
ACTION = re.compile(r"perform: ([A-Za-z0-9-]+:[A-Za-z0-9*]+)")
IDENTITY = re.compile(r"User: (\S+)")


def code_of(error: BaseException) -> str:
    """The service's own code of an error; the empty string when AWS did not answer."""
    return _said(error, "Code")


def message_of(error: BaseException) -> str:
    """What the service says of an error; the empty string when AWS did not answer."""
    return _said(error, "Message")


def _said(error: BaseException, field: str) -> str:
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get(field, "")) if isinstance(response, dict) else ""


@contextmanager
def in_our_words(what: str, kind: type[ShardrError] = AwsError, *, denied: str | None = None) -> Iterator[None]:
    """Turns what AWS refuses, or its absence, into an error of ours that begins with ``what``.

    ``denied`` says what the role needs when access is denied and AWS does not name the action itself.
    """
    try:
        yield
    except ShardrError as error:
        if isinstance(error, kind) or not isinstance(error, AwsError):
            raise
        raise kind(what, why=error.why or error.what, fix=error.fix) from error
    except Exception as error:
        told = _told(error, denied)
        if told is None:
            raise
        why, fix = told
        raise kind(what, why=why, fix=fix) from error


def _told(error: Exception, denied: str | None) -> tuple[str, str | None] | None:
    """Why, and what to do; None for what is none of AWS's errors."""
    from botocore import exceptions as aws

    if isinstance(error, aws.ClientError):
        code, message = code_of(error), message_of(error)
        return f"{code}: {message}" if message else code, _fix(code, message, denied)
    if isinstance(error, aws.NoRegionError):
        return str(error), NO_REGION
    if isinstance(error, aws.ProfileNotFound):
        return str(error), "`aws configure list-profiles` has those there are; AWS_PROFILE names one"
    if isinstance(error, (aws.EndpointConnectionError, aws.HTTPClientError, aws.IncompleteReadError)):
        where = "the region or the endpoint (AWS_REGION, AWS_ENDPOINT_URL) and the network (HTTPS_PROXY)"
        return str(error), f"check {where}; what was sent whole is not sent again"
    if isinstance(error, aws.BotoCoreError):  # no credentials, half of them, an SSO session that is over
        return str(error), SIGN_IN
    if type(error).__module__.startswith(("boto3.", "s3transfer.")):  # wraps what it met
        inner = error.__cause__ or error.__context__
        return _told(inner, denied) if isinstance(inner, Exception) else (str(error), None)
    return None


def _fix(code: str, message: str, denied: str | None) -> str | None:
    if code in EXPIRED:
        return f"sign in again: {SIGN_IN}"
    if code in SKEWED or "Signature expired" in message or "Signature not yet current" in message:
        return "the clock of this machine is wrong: set it (timedatectl, or w32tm on Windows) and try again"
    if code in UNSIGNED:
        return f"it answers who is signed in: {SIGN_IN}"
    if code in UNKNOWN_KEYS:
        return f"these credentials are not known there: {SIGN_IN}"
    if code in THROTTLED:
        return f"AWS is asked too often for this account, also after {ATTEMPTS} tries: wait a minute and try again"
    if code in DENIED:
        action, who = ACTION.search(message), IDENTITY.search(message)
        if action:
            return f"{who[1] if who else 'your role'} needs the permission {action[1]}"
        return denied or "the role or user that is signed in lacks a permission for it"
    if code in {"NoSuchBucket", "404"}:
        return "check the bucket's name and region (SHARDR_BUCKET)"
    if code in {"PermanentRedirect", "301", "AuthorizationHeaderMalformed"}:
        return "the bucket is in another region: name that one in AWS_REGION, or take another bucket (SHARDR_BUCKET)"
    if code in {"ResourceLimitExceeded", "LimitExceededException"}:
        return "ask for a higher quota (Service Quotas), take fewer or smaller instances, or wait for other jobs"
    return None
