"""Files that belong to a container's user: only their owner may make programs of them, and only root can give them."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

from shardr.local.docker.daemon import in_our_words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shardr.local.docker.daemon import APIClient


def give(client: APIClient, id: str, user: str, folders: Mapping[str, Path]) -> None:
    """Gives what is in mounted folders to a user of a container that has not started; raises ``RunnerError``.

    ``user`` is a name of the image or a number. The daemon, who is root, writes the files anew: whoever asks it need
    not be root, nor the image have a chown.
    """
    with in_our_words("the code could not be made the own of the image's user"):
        uid = int(user) if user.isdigit() else _uid(client, id, user)

        def owned(member: tarfile.TarInfo) -> tarfile.TarInfo:
            member.uid, member.uname, member.gname = uid, "", ""
            return member

        for path, folder in folders.items():
            packed = io.BytesIO()
            with tarfile.open(fileobj=packed, mode="w") as archive:
                archive.add(folder, arcname=".", filter=owned)
            client.put_archive(id, path, packed.getvalue())


def _uid(client: APIClient, id: str, name: str) -> int:
    """The number of a user by the image's own list; root's for one who is not on it, and who cannot start either."""
    parts, _ = client.get_archive(id, "/etc/passwd")
    with tarfile.open(fileobj=io.BytesIO(b"".join(parts))) as archive:
        file = archive.extractfile("passwd")
        lines = file.read().decode(errors="replace").splitlines() if file else []
    entries = (line.split(":") for line in lines)
    return next((int(entry[2]) for entry in entries if entry[0] == name and entry[2:]), 0)
