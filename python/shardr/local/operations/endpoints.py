"""Endpoints of this machine, with the service's field names, states and errors."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shardr.errors import RequestError
from shardr.local import contract
from shardr.local.endpoints import lives
from shardr.local.endpoints.plan import EndpointPlan, Variant
from shardr.local.endpoints.store import FAILED, IN_SERVICE, Endpoints
from shardr.local.operations import endpoint_configs, models, tags
from shardr.local.operations.pages import page
from shardr.local.operations.times import moment
from shardr.local.programs import unserved
from shardr.local.runners.choice import asked_for
from shardr.local.runners.lately import chosen
from shardr.requests.facts import model_facts

if TYPE_CHECKING:
    from shardr.local.account import Account
    from shardr.local.endpoints.store import EndpointRow


def create(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Takes an endpoint in and starts its instances; its ARN. Raises ``RequestError`` for a name that is taken."""
    given = tags.require(request.get("Tags", []))
    name = request["EndpointName"]
    plan = _plan(account, request["EndpointConfigName"])
    seconds = _life(request)
    taken = f'Cannot create already existing endpoint "{arn(name)}".'
    if not lives.launch(account.home, name, given, plan, seconds):
        raise RequestError(taken)
    return {"EndpointArn": arn(name)}


def describe(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """An endpoint as it stands; raises ``RequestError`` when there is none."""
    row = find(account, request["EndpointName"])
    known = {"FailureReason": row.failure_reason, "DataCaptureConfig": _capture(row)}
    return {
        "EndpointName": row.name,
        "EndpointArn": arn(row.name),
        "EndpointConfigName": row.plan.config,
        "ProductionVariants": [_variant(row, variant) for variant in row.plan.variants],
        "EndpointStatus": row.status,
        "CreationTime": moment(row.created),
        "LastModifiedTime": moment(row.modified),
        **{key: value for key, value in known.items() if value is not None},
    }


def list_endpoints(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Summaries of endpoints, a page at a time."""
    looked = [lives.look(account.home, row) for row in Endpoints(account.home.store).all()]
    shown, following = page([row for row in looked if row is not None], request)
    answer: dict[str, Any] = {
        "Endpoints": [
            {
                "EndpointName": row.name,
                "EndpointArn": arn(row.name),
                "CreationTime": moment(row.created),
                "LastModifiedTime": moment(row.modified),
                "EndpointStatus": row.status,
            }
            for row in shown
        ]
    }
    return answer | following


def update(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Puts another configuration in service, and ends what it does not need when that is so."""
    name = request["EndpointName"]
    row = find(account, name)
    plan = _plan(account, request["EndpointConfigName"])
    if request.get("RetainAllVariantProperties"):
        left = {item["VariantPropertyType"] for item in request.get("ExcludeRetainedVariantProperties", [])}
        now = {variant.name: variant for variant in row.plan.variants}
        plan = replace(plan, variants=[_retained(variant, now.get(variant.name), left) for variant in plan.variants])
    return _want(account, name, plan)


def reweigh(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Changes weights and numbers of instances."""
    name = request["EndpointName"]
    row = find(account, name)
    wanted = {item["VariantName"]: item for item in request["DesiredWeightsAndCapacities"]}
    unknown = wanted.keys() - {variant.name for variant in row.plan.variants}
    if unknown:
        raise RequestError(f'The variant "{sorted(unknown)[0]}" was not found in the endpoint "{arn(name)}".')
    variants = [
        replace(
            variant,
            weight=wanted.get(variant.name, {}).get("DesiredWeight", variant.weight),
            count=wanted.get(variant.name, {}).get("DesiredInstanceCount", variant.count),
        )
        for variant in row.plan.variants
    ]
    if not sum(variant.weight for variant in variants):
        raise RequestError("DesiredWeightsAndCapacities: all variants would have the weight 0: none would be asked")
    return _want(account, name, replace(row.plan, variants=variants))


def delete(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Ends an endpoint, also one that is still being created; raises ``RequestError`` when there is none."""
    name = request["EndpointName"]
    row = find(account, name)
    Endpoints(account.home.store).delete(name)
    if row.status == FAILED:  # its keeper has ended
        deleted = Endpoints(account.home.store).find(name)
        if deleted is not None:
            lives.look(account.home, deleted)
    else:
        lives.wake(account.home, name)
    return {}


def created_with(account: Account, name: str) -> list[dict[str, str]]:
    """The tags that an endpoint was created with; raises ``RequestError``."""
    return find(account, name).tags


def find(account: Account, name: str) -> EndpointRow:
    """The endpoint of this name as it stands; raises ``RequestError``, as the service does, when there is none."""
    row = Endpoints(account.home.store).find(name)
    row = row and lives.look(account.home, row)
    if row is None:
        raise RequestError(f'Could not find endpoint "{arn(name)}".')
    return row


def arn(name: str) -> str:
    """The name of an endpoint as the service writes it in full."""
    return f"arn:aws:sagemaker:{contract.REGION}:{contract.ACCOUNT}:endpoint/{name.lower()}"


def _plan(account: Account, config: str) -> EndpointPlan:
    request = endpoint_configs.find(account, config).request
    variants = []
    for item in request["ProductionVariants"]:
        model = models.find(account, item["ModelName"]).request
        image = model_facts(model).image
        runner, machine = chosen(asked_for(account.runner), image, "")
        if runner == "process":
            problems = list(unserved("PrimaryContainer.Image", image))
            if problems:
                raise RequestError(f'This machine cannot serve the model "{item["ModelName"]}":', problems=problems)
        variants.append(Variant.of(item, model, machine))
    return EndpointPlan(config, variants, request.get("DataCaptureConfig"))


def _life(request: dict[str, Any]) -> float:
    told = contract.tag(request, contract.LIFE_TAG, str(contract.LIFE_SECONDS))
    if not told.isdecimal() or int(told) < 1:
        raise RequestError(f'Tags: found shardr:{contract.LIFE_TAG}="{told}", expected a number of seconds')
    return float(told)


def _retained(variant: Variant, now: Variant | None, left: set[str]) -> Variant:
    if now is None:
        return variant
    weight = variant.weight if "DesiredWeight" in left else now.weight
    count = variant.count if "DesiredInstanceCount" in left else now.count
    return replace(variant, weight=weight, count=count)


def _want(account: Account, name: str, plan: EndpointPlan) -> dict[str, Any]:
    if not Endpoints(account.home.store).want(name, plan):
        raise RequestError(f'Cannot update in-progress endpoint "{arn(name)}".')
    lives.wake(account.home, name)
    return {"EndpointArn": arn(name)}


def _variant(row: EndpointRow, variant: Variant) -> dict[str, Any]:
    wanted = next((v for v in row.wanted.variants if v.name == variant.name), variant) if row.wanted else variant
    image = variant.facts.image
    return {
        "VariantName": variant.name,
        "DeployedImages": [{"SpecifiedImage": image, "ResolvedImage": image, "ResolutionTime": moment(row.created)}],
        "CurrentWeight": variant.weight,
        "DesiredWeight": wanted.weight,
        "CurrentInstanceCount": sum(1 for door in row.doors if door.variant == variant.name),
        "DesiredInstanceCount": wanted.count,
    }


def _capture(row: EndpointRow) -> dict[str, Any] | None:
    config = row.plan.capture
    if config is None:
        return None
    on = config.get("EnableCapture", True)
    return {
        "EnableCapture": on,
        "CaptureStatus": "Started" if on and row.status == IN_SERVICE else "Stopped",
        "CurrentSamplingPercentage": config["InitialSamplingPercentage"],
        "DestinationS3Uri": config["DestinationS3Uri"],
        "KmsKeyId": config.get("KmsKeyId", ""),
    }
