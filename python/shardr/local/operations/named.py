"""What has a name and a request and does not run, as the service's operations have it: made, shown, listed, removed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardr.errors import RequestError
from shardr.local import contract
from shardr.local.operations.pages import page
from shardr.local.operations.times import moment
from shardr.local.resources import Resource, Resources

if TYPE_CHECKING:
    from shardr.local.account import Account


@dataclass(frozen=True)
class Named:
    """A kind of these, and what the service calls it."""

    kind: str
    """Of ``Resource``; also how its ARN names it."""
    noun: str
    """``Model``: its fields are ModelName and ModelArn, and a list of them is Models."""
    words: str
    """In errors."""

    def arn(self, name: str) -> str:
        """The name of one as the service writes it in full."""
        return f"arn:aws:sagemaker:{contract.REGION}:{contract.ACCOUNT}:{self.kind}/{name.lower()}"

    def add(self, account: Account, request: dict[str, Any]) -> dict[str, Any]:
        """Takes one in; its ARN. Raises ``RequestError`` for a name that is taken."""
        name = request[f"{self.noun}Name"]
        account.home.make()
        if not Resources(account.home.store).add(self.kind, name, request):
            raise RequestError(f'Cannot create already existing {self.words} "{self.arn(name)}".')
        return {f"{self.noun}Arn": self.arn(name)}

    def find(self, account: Account, name: str) -> Resource:
        """The one of this name; raises ``RequestError``, as the service does, when there is none."""
        found = Resources(account.home.store).find(self.kind, name)
        if found is None:
            raise RequestError(f'Could not find {self.words} "{self.arn(name)}".')
        return found

    def described(self, found: Resource) -> dict[str, Any]:
        """One in the form of its Describe operation."""
        about = {key: value for key, value in found.request.items() if key != "Tags"}
        known = {f"{self.noun}Arn": self.arn(found.name), "CreationTime": moment(found.created)}
        return {"EnableNetworkIsolation": False, **about, **known}

    def describe(self, account: Account, request: dict[str, Any]) -> dict[str, Any]:
        """One: its request and when it was made; raises ``RequestError`` when there is none."""
        return self.described(self.find(account, request[f"{self.noun}Name"]))

    def summaries(self, account: Account, request: dict[str, Any]) -> dict[str, Any]:
        """All, a page at a time."""
        shown, following = page(Resources(account.home.store).all(self.kind), request)
        name, arn = f"{self.noun}Name", f"{self.noun}Arn"
        rows = [{name: one.name, arn: self.arn(one.name), "CreationTime": moment(one.created)} for one in shown]
        return {f"{self.noun}s": rows, **following}

    def delete(self, account: Account, request: dict[str, Any]) -> dict[str, Any]:
        """Removes one; what was made of it goes on. Raises ``RequestError`` when there is none."""
        found = self.find(account, request[f"{self.noun}Name"])
        Resources(account.home.store).remove(self.kind, found.name)
        return {}

    def created_with(self, account: Account, name: str) -> list[dict[str, str]]:
        """The tags that one was created with; raises ``RequestError``."""
        found: list[dict[str, str]] = self.find(account, name).request.get("Tags", [])
        return found
