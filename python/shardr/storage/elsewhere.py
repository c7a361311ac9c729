"""S3 beyond this machine: the one that the AWS settings of this process name, by boto3's own chain.

Nothing is asked, and boto3 is not loaded, before something is looked for there.
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shardr.errors import AwsError
from shardr.storage.asking import config
from shardr.storage.refused import in_our_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from shardr.storage.s3 import S3Storage

ATTEMPTS = 5
READ_SECONDS = 20.0
"""How long S3 may send nothing before the connection counts as lost and what is missing is asked for again."""
CONNECTIONS = 64
NO_BOTO3 = "to take it from S3: pip install boto3, and sign in"
NO_SETTINGS = (
    "to take it from S3: sign in (`aws sso login` or `aws configure`; AWS_PROFILE names a profile), or name an S3 in "
    "AWS_ENDPOINT_URL_S3"
)
OURSELVES = (
    "to take it from S3: start this where AWS settings of yours are in force; those here are of `shardr serve`, which "
    "has this machine's objects only"
)


class Elsewhere:
    """The S3 that the settings name, or what is lacking for it to be asked.

    ``own_key`` gives the id of the keys that a server of this machine's own has: where those are in force, the settings
    name that server, and nobody is asked.
    """

    def __init__(self, own_key: Callable[[], str | None] = lambda: None, read_seconds: float = READ_SECONDS) -> None:
        self._own_key, self._read_seconds = own_key, read_seconds

    @property
    def lacking(self) -> str | None:
        """What would have to be done for it to be asked; None when it can be."""
        return self._made[1]

    @property
    def storage(self) -> S3Storage | None:
        """What asks it; None while something is lacking."""
        return self._made[0]

    @cached_property
    def _made(self) -> tuple[S3Storage | None, str | None]:
        try:
            with in_our_words("the AWS settings cannot be read"):
                return self._make()
        except ModuleNotFoundError:
            return None, NO_BOTO3
        except AwsError as error:
            return None, f"to take it from S3: {error.what}: {error.why} ({error.fix})"

    def _make(self) -> tuple[S3Storage | None, str | None]:
        import boto3

        session = boto3.Session(region_name=os.environ.get("AWS_REGION"))
        credentials = session.get_credentials()
        own_key = self._own_key()
        if credentials is not None and own_key is not None and credentials.access_key == own_key:
            return None, OURSELVES
        client = session.client("s3", config=self._config(signed=credentials is not None))
        if credentials is None and not _named(client):
            return None, NO_SETTINGS
        from shardr.storage.s3 import S3Storage

        return S3Storage(client, session=session), None

    def _config(self, *, signed: bool) -> Any:
        made = config("s3", attempts=ATTEMPTS, read_seconds=self._read_seconds, connections=CONNECTIONS)
        if signed:
            return made
        from botocore import UNSIGNED
        from botocore.config import Config

        return made.merge(Config(signature_version=UNSIGNED))


def _named(client: Any) -> bool:
    """Whether an endpoint is named, by a variable or in a profile: that of AWS is the region's own."""
    return not client.meta.endpoint_url.endswith((".amazonaws.com", ".amazonaws.com.cn"))
