"""Tags of whatever has an ARN here: those it was created with, as they were changed since."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from shardr.errors import NotFoundError, RequestError
from shardr.local.operations import tokens
from shardr.local.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from shardr.local.account import Account

    Tags = list[dict[str, str]]

MOST = 50
HOLDERS = {
    "processing-job": "processing:created_with",
    "training-job": "training:created_with",
    "transform-job": "transform:created_with",
    "model": "models:created_with",
    "endpoint-config": "endpoint_configs:created_with",
    "endpoint": "endpoints:created_with",
    "pipeline": "pipelines:created_with",
}
"""Kinds of ARN, with the function that gives the tags of a name at its creation, or raises ``NotFoundError``."""


def require(tags: Tags) -> Tags:
    """The same tags; raises ``RequestError`` for keys that AWS keeps for itself, and for a key that is there twice."""
    keys = [tag["Key"] for tag in tags]
    for key in keys:
        if key.lower().startswith("aws:"):
            raise RequestError(f"Tags: the key {key} begins with aws:, which is reserved")
        if keys.count(key) > 1:
            raise RequestError(f"Tags: the key {key} is there twice")
    return tags


def list_tags(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """The tags of a resource, a page at a time."""
    found = _tags(account, request["ResourceArn"])
    (start,) = tokens.read(request, (int,)) or [0]
    end = start + request.get("MaxResults", MOST)
    answer: dict[str, Any] = {"Tags": found[start:end]}
    return answer | (tokens.following(request, [end]) if end < len(found) else {})


def add(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Adds tags and replaces the values of those that are there; all tags then."""
    given = {tag["Key"]: tag for tag in require(request["Tags"])}

    def changed(tags: Tags) -> Tags:
        kept = {tag["Key"]: tag for tag in tags} | given
        if len(kept) > MOST:
            raise RequestError(f"Tags: found {len(kept)}, expected at most {MOST} of one resource")
        return list(kept.values())

    return {"Tags": _change(account, request["ResourceArn"], changed)}


def delete(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Removes tags by key; those that are not there are not missed."""
    gone = set(request["TagKeys"])
    _change(account, request["ResourceArn"], lambda tags: [tag for tag in tags if tag["Key"] not in gone])
    return {}


def _tags(account: Account, arn: str) -> Tags:
    at_first = _created_with(account, arn)
    changed = Store(account.home.store).tags(arn)
    return at_first if changed is None else changed


def _change(account: Account, arn: str, change: Callable[[Tags], Tags]) -> Tags:
    return Store(account.home.store).change_tags(arn, _created_with(account, arn), change)


def _created_with(account: Account, arn: str) -> Tags:
    kind, slash, name = arn.rpartition(":")[2].partition("/")
    owner = arn.split(":")[:5]
    if not slash or kind not in HOLDERS or owner != ["arn", "aws", "sagemaker", account.region, account.id]:
        raise NotFoundError(f"Could not find resource with ARN: {arn}")
    module, _, function = HOLDERS[kind].partition(":")
    found: Tags = getattr(import_module(f"shardr.local.operations.{module}"), function)(account, name)
    return found
