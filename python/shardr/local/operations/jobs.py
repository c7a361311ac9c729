"""What is the same for every kind of job: made, found, stopped, listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.errors import NameInUseError, NotFoundError
from shardr.local import contract, jobs
from shardr.local.operations import tags
from shardr.local.operations.pages import page
from shardr.local.runnable import check_runnable
from shardr.local.runners.choice import asked_for
from shardr.local.runners.lately import chosen
from shardr.local.store import JobRow, Store
from shardr.requests.facts import facts

if TYPE_CHECKING:
    from collections.abc import Callable

    from shardr.local.account import Account
    from shardr.requests.facts import Kind


def create(account: Account, kind: Kind, request: dict[str, Any]) -> dict[str, Any]:
    """Takes a job in and starts it; its ARN. Raises ``NameInUseError`` for a name that is taken."""
    tags.require(request.get("Tags", []))
    about = facts(request)
    runner, machine = chosen(asked_for(account.runner), about.image, next(iter(about.entrypoint or []), ""))
    check_runnable(request, runner)
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
    account: Account, kind: Kind, request: dict[str, Any], summary: Callable[[JobRow], dict[str, Any]]
) -> dict[str, Any]:
    """Summaries of jobs, a page at a time."""
    rows = [jobs.look(account.home, row) for row in Store(account.home.store).jobs(kind=kind.name)]
    shown, token = page(rows, request)
    answer: dict[str, Any] = {f"{kind.noun}Summaries": [summary(row) for row in shown]}
    return answer | ({"NextToken": token} if token else {})


def created_with(account: Account, kind: Kind, name: str) -> list[dict[str, str]]:
    """The tags that a job was created with; raises ``NotFoundError``."""
    found: list[dict[str, str]] = find(account, kind, name).request.get("Tags", [])
    return found
