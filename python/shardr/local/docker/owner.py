"""What containers wrote becomes the user's own, whoever their image's user is."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from shardr.errors import RunnerError
from shardr.local.docker.daemon import in_our_words

if TYPE_CHECKING:
    from pathlib import Path

    from shardr.local.docker.daemon import APIClient


@dataclass(frozen=True)
class Written:
    """Where the containers of a job write, and what it takes to get that back; plain data, to be kept with the job."""

    folders: list[str]
    """Relative to the job's folder. Never their inputs: those may be links to files of other users."""
    image: str
    """Id of the image."""
    rootless: bool
    """Whether the daemon's root is the user."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    def take(self, client: APIClient, job: Path, labels: dict[str, str]) -> None:
        """Makes all of it the user's own; raises ``RunnerError`` when that cannot be."""
        strangers = [path for folder in self.folders for path in _foreign(f"{job}/{folder}")]
        if strangers and os.getuid() != 0:
            self._chown(client, job, labels)
            return
        for path in strangers:
            os.lchown(path, 0, os.getgid())

    def _chown(self, client: APIClient, job: Path, labels: dict[str, str]) -> None:
        """Only root may give files away, and a container is how this user can be root."""
        owner = "0:0" if self.rootless else f"{os.getuid()}:{os.getgid()}"
        fix = "use an image that has chown, or one that runs as your own user id"
        with in_our_words("the files of the image's user could not be made your own by the image's chown", fix):
            mount: Any = {"Type": "bind", "Source": str(job), "Target": "/job"}
            made = client.create_container(
                self.image,
                entrypoint=["chown", "-hR", owner],
                command=[f"/job/{folder}" for folder in self.folders],
                user="0",
                labels=labels,
                host_config=client.create_host_config(mounts=[mount], network_mode="none"),
            )["Id"]
            try:
                client.start(made)
                code = client.wait(made)["StatusCode"]
            finally:
                client.remove_container(made, force=True)
        if code:
            what = f"the image's chown ended with {code}: the files of its user are not your own"
            raise RunnerError(what, fix=fix)


def _foreign(folder: str) -> list[str]:
    """What of a folder is not ours, itself included."""
    us, paths = os.getuid(), [folder] if os.path.exists(folder) else []  # noqa: PTH110 - gone when the job is over
    for above, folders, files in os.walk(folder):
        paths += [f"{above}/{name}" for name in [*folders, *files]]
    return [path for path in paths if os.lstat(path).st_uid != us]
