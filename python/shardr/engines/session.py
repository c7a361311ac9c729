"""A session of boto3 whose clients are answered by this process: SageMaker on this machine, without a server."""

from __future__ import annotations

import atexit
import io
import os
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES as VARIABLES

from shardr.errors import OperationError, RunnerError
from shardr.local.account import Account
from shardr.local.home import Home
from shardr.local.objects import Keys, Objects
from shardr.local.wire import answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from botocore.awsrequest import AWSPreparedRequest

OWN = {"config_file": os.devnull, "credentials_file": os.devnull}
"""Settings that differ from botocore's defaults: the user's own files say nothing here."""
NOWHERE = "http://s3.not-on-this-machine"
ANSWERED = {
    "sagemaker": "sagemaker",
    "sagemaker-runtime": "sagemaker-runtime",
    "cloudwatch-logs": "logs",
    "sts": "sts",
    "iam": "iam",
}
"""Services as botocore's events name them, and as its clients do."""


class LocalSession(boto3.Session):  # type: ignore[misc]
    """A real ``boto3.Session``: clients, resources, waiters, paginators and exceptions are botocore's own."""

    def __init__(self, account: Account) -> None:
        self._objects: Objects | None = None
        self._keys, self._account = Keys.fresh(), account
        self._starting = threading.Lock()
        # without the names of their variables and keys, settings are read neither from AWS_* nor from the user's files
        settings = {name: (None, None, OWN.get(name, about[2]), about[3]) for name, about in VARIABLES.items()}
        core = botocore.session.Session(session_vars=settings)
        core.set_config_variable("ignore_configured_endpoint_urls", True)
        core.set_default_client_config(Config(proxies={}))
        core.register("before-send", self._answer)
        super().__init__(self._keys.id, self._keys.secret, region_name=account.region, botocore_session=core)

    def client(self, service_name: str, *args: Any, **kwargs: Any) -> Any:
        """A client of boto3; the first one of S3 starts what answers it."""
        if service_name == "s3" and kwargs.get("endpoint_url") is None:
            kwargs["endpoint_url"] = self._s3()
        return super().client(service_name, *args, **kwargs)

    def close(self) -> None:
        """Ends what answers S3; otherwise it ends with this process."""
        with self._starting:
            if self._objects is not None:
                self._objects.close()
                self._objects = None

    def _s3(self) -> str:
        """Where S3 is; where it cannot be, the first request says so: SDKs make clients that they may never use."""
        with self._starting:
            if self._objects is None:
                self._account.home.make()
                try:
                    self._objects = Objects(self._account.home.root / "s3", self._keys)
                except RunnerError:
                    return NOWHERE
                self._objects.start()
                atexit.register(self.close)
            return self._objects.url

    def _answer(self, request: AWSPreparedRequest, event_name: str, **_: Any) -> AWSResponse | None:
        """The answer to a request that is about to be sent; only S3 goes to a socket, and to that of this session."""
        service, operation = event_name.split(".")[1:]
        if self._objects is not None and request.url.startswith(f"{self._objects.url}/"):
            return None
        if request.url.startswith(NOWHERE):
            Objects(self._account.home.root / "s3", self._keys)  # says why it cannot be
        if service not in ANSWERED:
            known = ", ".join([*ANSWERED.values(), "s3"])
            raise OperationError(
                f"{operation} of {service} is not answered on this machine", fix=f"answered are {known}"
            )
        headers = {name.lower(): _text(value) for name, value in request.headers.items()}
        body = _bytes(request.body or b"")
        reply = answer(self._account, headers, body, urlsplit(request.url).path)
        return AWSResponse(request.url, reply.status, dict(reply.headers), _Body(reply.body))


class _Body(io.BytesIO):
    """The body of an answer, as botocore reads it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        """All of it."""
        yield self.read()


def _bytes(body: Any) -> bytes:
    """A body as the user gave it: bytes, text, or an open file."""
    content = body.read() if hasattr(body, "read") else body
    return content.encode() if isinstance(content, str) else bytes(content)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def local_session(home: str | Path | None = None, runner: str | None = None) -> LocalSession:
    """A ``boto3.Session`` for SageMaker on this machine: what it is asked is answered in this process, with no server.

    Its clients of SageMaker, CloudWatch Logs, STS and IAM reach no network, whatever AWS variables and files of yours
    say; that of S3 reads and writes the objects of this machine. The SageMaker SDK takes it as ``boto_session``.

    ``home`` is the folder where jobs and objects are kept (default: as everywhere, ``SHARDR_HOME``), ``runner`` how
    instances are started (``"auto"``, ``"process"``, ``"docker"``).

    >>> import shardr
    >>> sagemaker = shardr.local_session().client("sagemaker")
    >>> sagemaker.list_processing_jobs(NameContains="no-such-job")["ProcessingJobSummaries"]
    []
    """
    place = Home.default() if home is None else Home(_absolute(home))
    return LocalSession(Account(place, runner))


def _absolute(folder: str | Path) -> Path:
    from pathlib import Path

    return Path(folder).expanduser().absolute()
