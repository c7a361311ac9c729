"""Configurations of endpoints, with the service's field names and errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.errors import Problem, RequestError
from shardr.local.operations import models, tags
from shardr.local.operations.named import Named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardr.local.account import Account

NOT_HERE = {
    "AsyncInferenceConfig": "asynchronous endpoints are not served here",
    "ShadowProductionVariants": "shadow variants are not served here",
    "ExplainerConfig": "explanations are not made here",
}


CONFIGS = Named("endpoint-config", "EndpointConfig", "endpoint configuration")
describe, list_configs, delete = CONFIGS.describe, CONFIGS.summaries, CONFIGS.delete
created_with, find = CONFIGS.created_with, CONFIGS.find


def create(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Takes a configuration in; its ARN. Raises ``RequestError`` for a name that is taken, and for unknown models."""
    tags.require(request.get("Tags", []))
    for variant in request["ProductionVariants"]:
        if "ModelName" in variant:
            models.find(account, variant["ModelName"])
    problems = list(_refused(request))
    if problems:
        raise RequestError("This machine cannot serve the configuration as it is:", problems=problems)
    return CONFIGS.add(account, request)


def _refused(request: dict[str, Any]) -> Iterator[Problem]:
    for field, why in NOT_HERE.items():
        if field in request:
            yield Problem(field, why)
    names: set[str] = set()
    for i, variant in enumerate(request["ProductionVariants"]):
        at = f"ProductionVariants[{i}]"
        if variant["VariantName"] in names:
            yield Problem(f"{at}.VariantName", f'"{variant["VariantName"]}" is the name of another one, too')
        names.add(variant["VariantName"])
        if "ModelName" not in variant:
            yield Problem(f"{at}.ModelName", "is required: inference components are not served here")
        if "ServerlessConfig" in variant:
            what = "serverless variants are not served here"
            yield Problem(f"{at}.ServerlessConfig", what, "give InstanceType and InitialInstanceCount")
        elif "InstanceType" not in variant or "InitialInstanceCount" not in variant:
            yield Problem(at, "needs InstanceType and InitialInstanceCount")
    if not sum(variant.get("InitialVariantWeight", 1.0) for variant in request["ProductionVariants"]):
        yield Problem("ProductionVariants", "all have the weight 0: none would be asked")
