"""What requests of every kind have in common: places of data, tags, a VPC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardr.spec.step import Step


@dataclass(frozen=True)
class Placed:
    """Where an input lies once it is in place, as the service words it."""

    uri: str
    data_type: str
    """``S3Prefix`` or ``ManifestFile``."""


def all_tags(ours: Mapping[str, str], own: Mapping[str, str]) -> list[dict[str, str]]:
    """Settings that the service has no field for, and the user's own tags, as they are."""
    tags = {**{f"shardr:{key}": value for key, value in ours.items()}, **own}
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def vpc(step: Step) -> dict[str, Any]:
    """The step's place in a VPC; empty where it has none."""
    if not step.subnets:
        return {}
    return {"VpcConfig": {"SecurityGroupIds": list(step.security_group_ids), "Subnets": list(step.subnets)}}
