"""Models behind endpoints of an account of AWS."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shardr.engines.aws import Aws
from shardr.engines.base import Deposit
from shardr.engines.hosting import RUNTIME, absent
from shardr.engines.sagemaker import images
from shardr.engines.sagemaker.bucket import ensure_bucket
from shardr.engines.sagemaker.place import Place
from shardr.engines.sagemaker.send import deposit
from shardr.errors import InvocationError, NotFoundError
from shardr.storage.digests import digest_of
from shardr.storage.refused import code_of, in_our_words, message_of
from shardr.storage.s3 import S3Storage

if TYPE_CHECKING:
    from pathlib import Path

RIGHTS = "your role needs sagemaker:{0}, and iam:PassRole for the role of the model"


class SageMakerHosting:
    """An account of AWS, in a region."""

    name = "sagemaker"

    def __init__(self, session: Any = None, role: str | None = None, bucket: str | None = None) -> None:
        self._aws = Aws(session)
        self._place = Place(self._aws, role, bucket, session)

    @property
    def region(self) -> str:
        """The account's."""
        return self._place.region

    def role(self) -> str:
        """As jobs have it."""
        found = self._place.role_of(None)
        if self._place.missing:
            raise self._place.missing[0]
        return found

    def image(self, name: str) -> str:
        """The address in the account's ECR."""
        return images.uri(name, self._place)

    def keep(self, path: Path) -> str:
        """Where it is uploaded, by its content."""
        digest = digest_of(path)
        ensure_bucket(self._aws.client("s3"), self._place)
        uri = f"s3://{self._place.bucket}/shardr/models/{digest}/{path.name}"
        deposit(S3Storage(self._aws.client("s3"), session=self._aws.session), [Deposit(uri, path=path)])
        return uri

    def take(self, path: Path) -> str:
        """The same: nothing is linked there."""
        return self.keep(path)

    def ask(self, operation: str, **request: Any) -> dict[str, Any]:
        """The answer of SageMaker."""
        return self._call("sagemaker", operation, request)

    def invoke(self, **request: Any) -> dict[str, Any]:
        """The answer of a model that is served there."""
        answer = self._call(RUNTIME, "InvokeEndpoint", request)
        return {**answer, "Body": answer["Body"].read()}

    def _call(self, service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        method = re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()
        with in_our_words(f"SageMaker does not take {operation}", denied=RIGHTS.format(operation)):
            try:
                answer: dict[str, Any] = getattr(self._aws.client(service), method)(**request)
            except Exception as error:
                message = message_of(error)
                if code_of(error) == "ModelError":
                    told = getattr(error, "response", {})
                    status, said = told.get("OriginalStatusCode", 0), told.get("OriginalMessage", "")
                    raise InvocationError(message, status=status, said=said) from error
                if absent(message):
                    raise NotFoundError(message) from error
                raise
        answer.pop("ResponseMetadata", None)
        return answer
