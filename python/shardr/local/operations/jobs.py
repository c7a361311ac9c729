"""What is the same for every kind of job: made, found, stopped, listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.errors import NameInUseError, NotFoundError
from shardr.local import contract, jobs
from shardr.local.operations import tags
from shardr.local.operations.pages import page
from shardr.local.operations.times import moment
from shardr.local.runnable import check_runnable
from shardr.local.runners.choice import asked_for
from shardr.local.runners.lately import chosen
from shardr.local.store import JobRow, Store
from shardr.requests.facts import facts, model_facts
from shardr.requests.service_model import service_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from shardr.local.account import Account
    from shardr.requests.facts import Kind


def create(
    account: Account, kind: Kind, request: dict[str, Any], model: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Takes a job in and starts it; its ARN. Raises ``NameInUseError`` for a name that is taken.

    ``model`` is the request of the model that a transform job asks, as it is now: it may be deleted while the job runs.
    """
    tags.require(request.get("Tags", []))
    about = facts(request)
    image = about.image if model is None else model_facts(model).image
    runner, machine = chosen(asked_for(account.runner), image, next(iter(about.entrypoint or []), ""))
    check_runnable(request, runner, None if model is None else image)
    if model is not None:
        machine = {**machine, "model": model}
    if not jobs.launch(account.home, about.name, request, machine):
        raise NameInUseError(f"Job name must be unique: there is a {kind.name} job {about.name} already")
    return {f"{kind.noun}Arn": contract.arn(kind, about.name)}


def find(account: Account, kind: Kind, name: str) -> JobRow:
    """The job as it stands; raises ``NotFoundError``."""
    row = Store(account.home.store).job(name)
    if row is None or row.kind != kind.name:
        raise NotFoundError(f"Could not find requested job with name: {name}")
    return jobs.look(account.home, row)


def stop(account: Account, kind: Kind, request: dict[str, Any]) -> dict[str, Any]:
    """Asks a job to stop; one that is over stays as it is. Raises ``NotFoundError``."""
    row = find(account, kind, kind.name_of(request))
    if not row.over:
        jobs.stop(account.home, row)
    return {}


def listed(
    account: Account, kind: Kind, request: dict[str, Any], described: Callable[[JobRow], dict[str, Any]]
) -> dict[str, Any]:
    """Summaries of jobs, a page at a time: some fields of their descriptions."""
    rows = [jobs.look(account.home, row) for row in Store(account.home.store).jobs(kind=kind.name)]
    shown, following = page(rows, request)
    return {f"{kind.noun}Summaries": [_summary(kind, row, described(row)) for row in shown], **following}


def created_with(account: Account, kind: Kind, name: str) -> list[dict[str, str]]:
    """The tags that a job was created with; raises ``NotFoundError``."""
    found: list[dict[str, str]] = find(account, kind, name).request.get("Tags", [])
    return found


def _summary(kind: Kind, row: JobRow, whole: dict[str, Any]) -> dict[str, Any]:
    """What the service's summaries have of a description, and when the job changed last."""
    whole = {"LastModifiedTime": moment(row.modified), **whole}
    return {name: whole[name] for name in service_model().shapes[f"{kind.noun}Summary"]["members"] if name in whole}
