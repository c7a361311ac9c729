"""Models of this machine, with the service's field names and errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.errors import DataError, Problem, RequestError
from shardr.local import contract
from shardr.local.operations import tags
from shardr.local.operations.pages import page
from shardr.local.operations.times import moment
from shardr.local.resources import MODEL, Resource, Resources
from shardr.requests.facts import model_facts
from shardr.storage.uris import split_uri

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardr.local.account import Account


def create(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Takes a model in; its ARN. Raises ``RequestError`` for a name that is taken, and for what is not served here."""
    tags.require(request.get("Tags", []))
    require(request)
    name = request["ModelName"]
    account.home.make()
    if not Resources(account.home.store).add(MODEL, name, request):
        raise RequestError(f'Cannot create already existing model "{arn(name)}".')
    return {"ModelArn": arn(name)}


def describe(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """A model: its request and when it was made; raises ``RequestError`` when there is none."""
    return described(find(account, request["ModelName"]))


def described(found: Resource) -> dict[str, Any]:
    """A model in the form of ``DescribeModel``."""
    about = {key: value for key, value in found.request.items() if key != "Tags"}
    isolated = {"EnableNetworkIsolation": False}
    return {**isolated, **about, "ModelArn": arn(found.name), "CreationTime": moment(found.created)}


def list_models(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Summaries of models, a page at a time."""
    shown, token = page(Resources(account.home.store).all(MODEL), request)
    rows = [{"ModelName": m.name, "ModelArn": arn(m.name), "CreationTime": moment(m.created)} for m in shown]
    answer: dict[str, Any] = {"Models": rows}
    return answer | ({"NextToken": token} if token else {})


def delete(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Removes a model; what was made of it goes on. Raises ``RequestError`` when there is none."""
    find(account, request["ModelName"])
    Resources(account.home.store).remove(MODEL, request["ModelName"])
    return {}


def created_with(account: Account, name: str) -> list[dict[str, str]]:
    """The tags that a model was created with; raises ``RequestError``."""
    found: list[dict[str, str]] = find(account, name).request.get("Tags", [])
    return found


def find(account: Account, name: str) -> Resource:
    """The model of this name; raises ``RequestError``, as the service does, when there is none."""
    found = Resources(account.home.store).find(MODEL, name)
    if found is None:
        raise RequestError(f'Could not find model "{arn(name)}".')
    return found


def arn(name: str) -> str:
    """The name of a model as the service writes it in full."""
    return f"arn:aws:sagemaker:{contract.REGION}:{contract.ACCOUNT}:model/{name.lower()}"


def require(request: dict[str, Any]) -> None:
    """Returns when this machine can serve the model; raises ``RequestError`` with all that keeps it from it."""
    problems = list(_refused(request))
    if problems:
        raise RequestError("This machine cannot serve the model as it is:", problems=problems)


def _refused(request: dict[str, Any]) -> Iterator[Problem]:
    about = model_facts(request)
    if len(request.get("Containers", [])) > 1:
        yield Problem("Containers", "models of several containers are not served here")
    if not about.image:
        yield Problem("PrimaryContainer.Image", "is required", "name an image; packages of the marketplace are not run")
    if about.data is not None:
        try:
            split_uri(about.data)
        except DataError as error:
            yield Problem("PrimaryContainer.ModelDataUrl", error.what)
