"""Amazon's registry of images, ECR. With ``storage/s3.py`` the only file that loads boto3."""

from __future__ import annotations

import base64
import os
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardr.errors import ImageError
from shardr.local.docker.push import Login

if TYPE_CHECKING:
    from collections.abc import Iterator

ECR = re.compile(r"(?P<account>[0-9]{12})\.dkr\.ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")
SIGN_IN = "`aws sso login` or `aws configure`; AWS_PROFILE names another profile"


@dataclass(frozen=True)
class Registry:
    """ECR of a region, of the account that is signed in or of another."""

    region: str
    account: str | None = None

    def repository(self, name: str) -> str:
        """The address of a repository, which is made when it is not there; raises ``ImageError``."""
        from botocore.exceptions import ClientError

        of_account = {"registryId": self.account} if self.account else {}
        with in_our_words(f"ECR of {self.region} cannot be asked for the repository {name}"):
            ecr = self._client()
            try:
                return str(
                    ecr.describe_repositories(repositoryNames=[name], **of_account)["repositories"][0]["repositoryUri"]
                )
            except ClientError as error:
                if error.response["Error"]["Code"] != "RepositoryNotFoundException":
                    raise
        with in_our_words(f"the repository {name} is not in ECR of {self.region} and cannot be made"):
            return str(ecr.create_repository(repositoryName=name, **of_account)["repository"]["repositoryUri"])

    def login(self) -> Login:
        """A token for twelve hours, which nothing keeps; raises ``ImageError``."""
        with in_our_words(f"ECR of {self.region} gives no token to push with"):
            token = self._client().get_authorization_token()["authorizationData"][0]["authorizationToken"]
        user, _, password = base64.b64decode(token).decode().partition(":")
        return Login(user, password)

    def _client(self) -> Any:
        import boto3

        return boto3.Session().client("ecr", region_name=self.region)


def registry_of(host: str) -> Registry | None:
    """The registry that a host name like ``123456789012.dkr.ecr.eu-west-1.amazonaws.com`` stands for, if it does."""
    match = ECR.fullmatch(host)
    return Registry(match["region"], match["account"]) if match else None


def default_registry() -> Registry:
    """ECR of the region that is set for this machine; raises ``ImageError`` when none is."""
    import boto3

    with in_our_words("no AWS region can be found out"):
        region = os.environ.get("AWS_REGION") or boto3.Session().region_name
    if not region:
        raise ImageError("no AWS region is set", fix='name it: --ecr eu-west-1 (ecr="eu-west-1"), or set AWS_REGION')
    return Registry(region)


@contextmanager
def in_our_words(what: str) -> Iterator[None]:
    """Turns what AWS refuses, or its absence, into an ``ImageError`` that begins with ``what``."""
    from botocore import exceptions as aws

    try:
        yield
    except aws.ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        fix = SIGN_IN
        if "AccessDenied" in code:
            fix = "your role needs ecr:GetAuthorizationToken, ecr:DescribeRepositories and ecr:CreateRepository"
        raise ImageError(what, why=f"{code}: {message}", fix=fix) from error
    except (aws.EndpointConnectionError, aws.HTTPClientError) as error:
        raise ImageError(what, why=str(error), fix="check the region and the network (HTTPS_PROXY)") from error
    except aws.BotoCoreError as error:  # no credentials, an unknown profile, an SSO session that is over
        raise ImageError(what, why=str(error), fix=SIGN_IN) from error
