"""The folders of several instances as one: which file takes which name, and who wrote the same."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, NamedTuple

from shardr.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["Collision", "Written", "gathered", "refuse_clashes", "reopen", "written"]

Collision = Literal["error", "prefix_host", "last_wins"]
"""What becomes of a name that two instances wrote: an error, both with the host before it, or the last host's."""


class Written(NamedTuple):
    """A file as an instance wrote it."""

    host: str
    name: str


def written(folder: Path, *, hidden: bool = False) -> Iterator[str]:
    """Relative paths of the plain files below a folder, sorted; links are not followed, as in the service.

    Names that start with a dot are no objects; ``hidden`` takes them too. What outlives the sandbox loses the rights of
    its owner, and what its script has closed to us is opened.
    """
    top = os.fspath(folder)
    reopen(top)
    for above, folders, files in os.walk(top, onerror=_refused):
        folders[:] = sorted(name for name in folders if hidden or not name.startswith("."))
        for name in folders:
            with suppress(FileNotFoundError):  # of a script that is still at work, as below
                reopen(f"{above}/{name}")
        for name in sorted(files):
            if name.startswith(".") and not hidden:
                continue
            try:
                mode = os.lstat(f"{above}/{name}").st_mode
            except FileNotFoundError:
                continue
            if not stat.S_ISREG(mode):
                continue
            if mode & (stat.S_ISUID | stat.S_ISGID) or not mode & stat.S_IRUSR:
                # outside the sandbox it would run with its owner's rights; and a root's file is closed to nobody there
                os.chmod(f"{above}/{name}", stat.S_IMODE(mode) & 0o777 | stat.S_IRUSR)  # noqa: PTH101
            yield f"{above}/{name}"[len(top) + 1 :]


def _refused(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def reopen(folder: str) -> None:
    """Lets the owner look into a folder and move its files away."""
    mode = os.lstat(folder).st_mode
    if stat.S_ISDIR(mode) and mode & stat.S_IRWXU != stat.S_IRWXU:
        os.chmod(folder, stat.S_IMODE(mode) | stat.S_IRWXU)  # noqa: PTH101


def gathered(
    files: Mapping[str, Sequence[str]], rule: Collision | str, what: str
) -> tuple[dict[str, Written], list[str]]:
    """Which file of which host each name stands for, sorted bytewise; and the clashes that the rule does not settle.

    ``files`` has the names of each host, hosts in order; ``what`` is the folder that they go to, for people.
    """
    owners: dict[str, Written] = {}
    clashes: list[str] = []
    shared = _shared(files) if rule == "prefix_host" else set()
    for host, names in files.items():
        for name in names:
            target = name
            if name in shared:
                above, _, last = name.rpartition("/")
                target = f"{above}/{host}-{last}".lstrip("/")
            if target in owners and rule != "last_wins":
                clashes.append(f"{what}/{target} was written by {owners[target].host} and by {host}")
                continue
            owners[target] = Written(host, name)
    if len(files) > 1:  # within one folder the system sees to it
        for folder, host in _folders(owners).items():
            if folder in owners:
                clashes.append(f"{what}/{folder} is a file of {owners[folder].host} and a folder of {host}")
    return {name: owners[name] for name in sorted(owners, key=os.fsencode)}, clashes


def refuse_clashes(clashes: Sequence[str]) -> None:
    """Raises ``DataError`` for the clashes of all outputs, if there are any."""
    if clashes:
        more = f" and {len(clashes) - 3} more" if len(clashes) > 3 else ""
        raise DataError(
            f"Two instances wrote the same file: {'; '.join(clashes[:3])}{more}",
            fix="put the host or the input's name into the file name, or set on_collision to prefix_host or last_wins",
        )


def _shared(files: Mapping[str, Sequence[str]]) -> set[str]:
    seen: set[str] = set()
    twice: set[str] = set()
    for names in files.values():
        twice.update(seen.intersection(names))
        seen.update(names)
    return twice


def _folders(owners: Mapping[str, Written]) -> dict[str, str]:
    """All folders above files, each with a host that has it."""
    found: dict[str, str] = {}
    for name, (host, _) in owners.items():
        above = name.rpartition("/")[0]
        while above and above not in found:
            found[above] = host
            above = above.rpartition("/")[0]
    return found
