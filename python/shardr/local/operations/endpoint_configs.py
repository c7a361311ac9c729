"""Configurations of endpoints, with the service's field names and errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.errors import Problem, RequestError
from shardr.local import contract
from shardr.local.operations import models, tags
from shardr.local.operations.pages import page
from shardr.local.operations.times import moment
from shardr.local.resources import Resource, Resources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardr.local.account import Account

CONFIG = "endpoint-config"
NOT_HERE = {
    "AsyncInferenceConfig": "asynchronous endpoints are not served here",
    "ShadowProductionVariants": "shadow variants are not served here",
    "ExplainerConfig": "explanations are not made here",
}


def create(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Takes a configuration in; its ARN. Raises ``RequestError`` for a name that is taken, and for unknown models."""
    tags.require(request.get("Tags", []))
    for variant in request["ProductionVariants"]:
        if "ModelName" in variant:
            models.find(account, variant["ModelName"])
    problems = list(_refused(request))
    if problems:
        raise RequestError("This machine cannot serve the configuration as it is:", problems=problems)
    name = request["EndpointConfigName"]
    account.home.make()
    if not Resources(account.home.store).add(CONFIG, name, request):
        raise RequestError(f'Cannot create already existing endpoint configuration "{arn(name)}".')
    return {"EndpointConfigArn": arn(name)}


def describe(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """A configuration: its request and when it was made; raises ``RequestError`` when there is none."""
    found = find(account, request["EndpointConfigName"])
    about = {key: value for key, value in found.request.items() if key != "Tags"}
    return {
        "EnableNetworkIsolation": False,
        **about,
        "EndpointConfigArn": arn(found.name),
        "CreationTime": moment(found.created),
    }


def list_configs(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Summaries of configurations, a page at a time."""
    shown, token = page(Resources(account.home.store).all(CONFIG), request)
    answer: dict[str, Any] = {
        "EndpointConfigs": [
            {"EndpointConfigName": c.name, "EndpointConfigArn": arn(c.name), "CreationTime": moment(c.created)}
            for c in shown
        ]
    }
    return answer | ({"NextToken": token} if token else {})


def delete(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Removes a configuration; endpoints that were made of it go on. Raises ``RequestError`` when there is none."""
    find(account, request["EndpointConfigName"])
    Resources(account.home.store).remove(CONFIG, request["EndpointConfigName"])
    return {}


def created_with(account: Account, name: str) -> list[dict[str, str]]:
    """The tags that a configuration was created with; raises ``RequestError``."""
    found: list[dict[str, str]] = find(account, name).request.get("Tags", [])
    return found


def find(account: Account, name: str) -> Resource:
    """The configuration of this name; raises ``RequestError``, as the service does, when there is none."""
    found = Resources(account.home.store).find(CONFIG, name)
    if found is None:
        raise RequestError(f'Could not find endpoint configuration "{arn(name)}".')
    return found


def arn(name: str) -> str:
    """The name of a configuration as the service writes it in full."""
    return f"arn:aws:sagemaker:{contract.REGION}:{contract.ACCOUNT}:endpoint-config/{name.lower()}"


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
