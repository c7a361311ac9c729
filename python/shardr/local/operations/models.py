"""Models of this machine, with the service's field names and errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.errors import DataError, Problem, RequestError
from shardr.local.operations import tags
from shardr.local.operations.named import Named
from shardr.local.resources import MODEL
from shardr.requests.facts import model_facts
from shardr.storage.uris import split_uri

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardr.local.account import Account


MODELS = Named(MODEL, "Model", "model")
describe, described, list_models = MODELS.describe, MODELS.described, MODELS.summaries
delete, created_with, find, arn = MODELS.delete, MODELS.created_with, MODELS.find, MODELS.arn


def create(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Takes a model in; its ARN. Raises ``RequestError`` for a name that is taken, and for what is not served here."""
    tags.require(request.get("Tags", []))
    require(request)
    return MODELS.add(account, request)


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
