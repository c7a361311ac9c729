"""Where on AWS: the account, the region, the role and the bucket; found out when first needed."""

from __future__ import annotations

import os
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shardr.errors import AwsError
from shardr.storage.refused import DENIED, NO_REGION, SIGN_IN, code_of, in_our_words

if TYPE_CHECKING:
    from shardr.engines.aws import Aws

NO_ACCOUNT = "000000000000"
NO_ROLE = f"arn:aws:iam::{NO_ACCOUNT}:role/your-role"
ASSUMED = re.compile(r"arn:(aws[a-z-]*):sts::([0-9]{12}):assumed-role/([^/]+)/")
ROLE_FIX = 'name it: role="arn:aws:iam::…:role/…" (role of the spec, or SAGEMAKER_ROLE)'


class Place:
    """An account in a region. What cannot be known is told by ``missing``, and has a placeholder in plans."""

    def __init__(self, aws: Aws, role: str | None = None, bucket: str | None = None, session: Any = None) -> None:
        self._aws, self._role = aws, role
        # a session of the SageMaker SDK has a bucket of its own; to ask for its default one would make that
        override = getattr(session, "_default_bucket_name_override", None) or getattr(session, "_default_bucket", None)
        self._bucket = bucket or os.environ.get("SHARDR_BUCKET") or override
        self.missing: list[AwsError] = []

    @cached_property
    def region(self) -> str:
        """The region."""
        found = self._aws.region
        if found is None:
            self.missing.append(AwsError("no AWS region is set", fix=NO_REGION))
        return found or "us-east-1"

    @cached_property
    def identity(self) -> dict[str, str] | None:
        """Who is signed in, as STS says; None when nobody is."""
        if not self._aws.region:
            return None
        if not self._aws.signed_in:
            self.missing.append(AwsError("you are not signed in to AWS", fix=SIGN_IN))
            return None
        with in_our_words("AWS does not say who is signed in"):
            found: dict[str, str] = self._aws.client("sts").get_caller_identity()
        return found

    @property
    def signed_in(self) -> bool:
        """Whether AWS can be asked."""
        return self.identity is not None

    @property
    def account(self) -> str:
        """The account."""
        return self.identity["Account"] if self.identity else NO_ACCOUNT

    @property
    def bucket(self) -> str:
        """The bucket for code, data and outputs; by default the one that the SageMaker SDK takes, too."""
        return self._bucket or f"sagemaker-{self.region}-{self.account}"

    @property
    def own_bucket(self) -> bool:
        """Whether the bucket is the default one, which is made when it is not there."""
        return not self._bucket

    def role_of(self, asked: str | None) -> str:
        """The ARN of the role that jobs act as: the call's, the spec's, ``SAGEMAKER_ROLE``, else your own."""
        named = self._role or asked or os.environ.get("SAGEMAKER_ROLE")
        if named and named.startswith("arn:"):
            return named
        return self._looked_up(named) if named else self._execution_role

    @cached_property
    def _execution_role(self) -> str:
        if self.identity is None:
            return NO_ROLE
        assumed = ASSUMED.match(self.identity["Arn"])
        if assumed:
            return self._looked_up(assumed[3])
        self.missing.append(
            AwsError("no role is given for the jobs to act as", why=f"you are {self.identity['Arn']}", fix=ROLE_FIX)
        )
        return NO_ROLE.replace(NO_ACCOUNT, self.account)

    def _looked_up(self, name: str) -> str:
        """The ARN of a role, with its path, which only IAM knows; without the right to ask, one without a path."""
        if self.identity is None:
            return NO_ROLE.replace("your-role", name)
        with in_our_words(f"the role {name} cannot be looked up"):
            try:
                return str(self._aws.client("iam").get_role(RoleName=name)["Role"]["Arn"])
            except Exception as error:
                if code_of(error) not in DENIED:
                    raise
        partition = self.identity["Arn"].split(":")[1]
        return f"arn:{partition}:iam::{self.account}:role/{name}"
