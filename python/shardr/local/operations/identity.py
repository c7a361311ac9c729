"""Who asks, by STS and IAM: always the one role of this machine's account."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from shardr.local.operations.times import moment

if TYPE_CHECKING:
    from shardr.local.account import Account

ROLE = "shardr-local"


def caller(account: Account, request: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001
    """The role as one that was assumed, as in a notebook of the service: SDKs make the role's ARN of it."""
    arn = f"arn:aws:sts::{account.id}:assumed-role/{ROLE}/{ROLE}"
    return {"UserId": f"{_id(ROLE)}:{ROLE}", "Account": account.id, "Arn": arn}


def role(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """A role of any name: no permission is asked for here, and clients look up the role that they were given."""
    name = request["RoleName"]
    trusted = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return {
        "Role": {
            "Path": "/",
            "RoleName": name,
            "RoleId": _id(name),
            "Arn": f"arn:aws:iam::{account.id}:role/{name}",
            "CreateDate": moment(0),
            "AssumeRolePolicyDocument": json.dumps({"Version": "2012-10-17", "Statement": [trusted]}),
            "MaxSessionDuration": 3600,
        }
    }


def simulated(account: Account, request: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001
    """Whether a role may do what it is asked for: everything, as no permission is asked for here."""
    found = [
        {"EvalActionName": action, "EvalResourceName": "*", "EvalDecision": "allowed"}
        for action in request["ActionNames"]
    ]
    return {"EvaluationResults": found, "IsTruncated": False}


def _id(name: str) -> str:
    """An id in the form of IAM's, the same for the same name."""
    return f"AROA{hashlib.sha256(name.encode()).hexdigest()[:17].upper()}"
