"""Amazon's registry of images, ECR."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardr.engines.aws import Aws
from shardr.errors import ImageError
from shardr.local.docker.push import Login
from shardr.storage.refused import code_of, in_our_words

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

ECR = re.compile(r"(?P<account>[0-9]{12})\.dkr\.ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")
NEEDED = "your role needs ecr:GetAuthorizationToken, ecr:DescribeRepositories and ecr:CreateRepository"


@dataclass(frozen=True)
class Registry:
    """ECR of a region, of the account that is signed in or of another."""

    region: str
    account: str | None = None

    def repository(self, name: str) -> str:
        """The address of a repository, which is made when it is not there; raises ``ImageError``."""
        of_account = {"registryId": self.account} if self.account else {}
        with _refusals(f"ECR of {self.region} cannot be asked for the repository {name}"):
            ecr = self._client()
            try:
                return str(
                    ecr.describe_repositories(repositoryNames=[name], **of_account)["repositories"][0]["repositoryUri"]
                )
            except Exception as error:
                if code_of(error) != "RepositoryNotFoundException":
                    raise
        with _refusals(f"the repository {name} is not in ECR of {self.region} and cannot be made"):
            return str(ecr.create_repository(repositoryName=name, **of_account)["repository"]["repositoryUri"])

    def login(self) -> Login:
        """A token for twelve hours, which nothing keeps; raises ``ImageError``."""
        with _refusals(f"ECR of {self.region} gives no token to push with"):
            token = self._client().get_authorization_token()["authorizationData"][0]["authorizationToken"]
        user, _, password = base64.b64decode(token).decode().partition(":")
        return Login(user, password)

    def _client(self) -> Any:
        return Aws(region=self.region).client("ecr")


def registry_of(host: str) -> Registry | None:
    """The registry that a host name like ``123456789012.dkr.ecr.eu-west-1.amazonaws.com`` stands for, if it does."""
    match = ECR.fullmatch(host)
    return Registry(match["region"], match["account"]) if match else None


def default_registry() -> Registry:
    """ECR of the region that is set for this machine; raises ``ImageError`` when none is."""
    with in_our_words("no AWS region can be found out", ImageError):
        region = Aws().region
    if not region:
        raise ImageError("no AWS region is set", fix='name it: --ecr eu-west-1 (ecr="eu-west-1"), or set AWS_REGION')
    return Registry(region)


def _refusals(what: str) -> AbstractContextManager[None]:
    return in_our_words(what, ImageError, denied=NEEDED)
