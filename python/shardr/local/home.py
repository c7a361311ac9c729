"""Where the local engine keeps things: one folder, ``SHARDR_HOME``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from shardr.local.contract import ACCOUNT
from shardr.storage.elsewhere import Elsewhere
from shardr.storage.local import LocalStorage
from shardr.storage.sources import Sources


@dataclass(frozen=True)
class Home:
    """The folders of the local engine.

    ``jobs.sqlite`` is the job store, ``jobs/<name>/`` holds a job's instances and logs, ``s3/`` the objects.
    """

    root: Path

    @classmethod
    def default(cls) -> Home:
        """The home that ``SHARDR_HOME`` names, else the user's data folder."""
        named = os.environ.get("SHARDR_HOME")
        if named:
            return cls(Path(os.path.abspath(named)))  # noqa: PTH100
        import platformdirs

        return cls(platformdirs.user_data_path("shardr"))

    def make(self) -> None:
        """Makes the home where there is none; only its owner may look inside, and never at jobs."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.root / "jobs").mkdir(mode=0o700, exist_ok=True)

    @property
    def store(self) -> Path:
        """The job store's file."""
        return self.root / "jobs.sqlite"

    @property
    def storage(self) -> LocalStorage:
        """What ``s3://`` means on this machine."""
        return LocalStorage(self.root / "s3")

    @property
    def sources(self) -> Sources:
        """What ``s3://`` means where data comes from: this machine, and behind it the S3 of the AWS settings."""
        return Sources(self.storage, Elsewhere(self._own_key), lambda bucket: ACCOUNT in bucket)

    def _own_key(self) -> str | None:
        from shardr.local.serving import ServeFolder  # few look for objects elsewhere

        return ServeFolder(self.root / "serve").kept().get("id")

    def job(self, name: str) -> JobFolder:
        """The folder of a job."""
        return JobFolder(self.root / "jobs" / name)


@dataclass(frozen=True)
class JobFolder:
    """What one job keeps on disk."""

    root: Path

    @property
    def lock(self) -> Path:
        """Held by the supervisor for as long as it lives: a free lock means that it is gone."""
        return self.root / "supervisor.lock"

    @property
    def supervisor_log(self) -> Path:
        """What the supervisor itself had to say; empty when all went well."""
        return self.root / "supervisor.log"

    @property
    def fetched(self) -> Path:
        """Objects of S3, from which the instances' files are linked."""
        return self.root / "fetched"

    @property
    def mounted(self) -> Path:
        """Objects of S3 as files that are read when they are opened; there only while instances run."""
        return self.root / "mounted"

    @property
    def staged(self) -> Path:
        """Outputs that are complete but not yet published."""
        return self.root / "staged"

    @property
    def publishing(self) -> Path:
        """List of the places that are being published to; there only while that happens."""
        return self.root / "publishing.json"

    @property
    def published(self) -> Path:
        """Names of the files of each output that went to a folder with files of others in it."""
        return self.root / "published.json"

    def instance(self, host: str) -> Path:
        """What becomes ``/opt/ml`` of an instance."""
        return self.root / host

    def log(self, host: str) -> Path:
        """Everything an instance printed."""
        return self.root / "logs" / f"{host}.log"
