"""The clients of AWS.

Credentials come from boto3's own chain or from a session of the user's, and are never looked at here.
"""

from __future__ import annotations

import os
import threading
from typing import Any

from shardr.errors import AwsError
from shardr.storage.asking import config
from shardr.storage.refused import NO_REGION, in_our_words


class Aws:
    """An account of AWS in a region, through a session of boto3's: clients are made once and shared by threads."""

    def __init__(self, session: Any = None, region: str | None = None, profile: str | None = None) -> None:
        self._given, self._region, self._profile = session, region, profile
        self._clients: dict[str, Any] = {}
        self._making = threading.Lock()
        self._session: Any = None

    @property
    def session(self) -> Any:
        """The session of boto3: the one given, that of a SageMaker session given, or a new one."""
        if self._session is None:
            import boto3

            given = getattr(self._given, "boto_session", self._given)
            with in_our_words("AWS cannot be asked"):
                self._session = given if given is not None else boto3.Session(profile_name=self._profile)
        return self._session

    @property
    def region(self) -> str | None:
        """The region that was given or is set for this machine; None when none is."""
        own = getattr(self.session, "region_name", None)
        if self._given is not None:
            return self._region or own
        return self._region or os.environ.get("AWS_REGION") or own

    @property
    def profile(self) -> str | None:
        """The profile that credentials come from, where one was named: a name, no secret."""
        found = getattr(self.session, "profile_name", None)
        return found if isinstance(found, str) and found != "default" else None

    @property
    def signed_in(self) -> bool:
        """Whether the chain finds credentials; whether AWS takes them is another question."""
        with in_our_words("the credentials of AWS cannot be read"):
            return self.session.get_credentials() is not None

    def client(self, service: str) -> Any:
        """A client of a service; raises ``AwsError`` when no region is known."""
        with self._making:  # sessions of boto3 are not for several threads, clients are
            if service not in self._clients:
                if not self.region:
                    raise AwsError("no AWS region is set", fix=NO_REGION)
                with in_our_words(f"{service} of {self.region} cannot be asked"):
                    self._clients[service] = self.session.client(
                        service, region_name=self.region, config=config(service)
                    )
            return self._clients[service]
