"""From what the instances wrote to what everybody sees: gathered, checked for clashes, published whole."""

from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shardr.errors import DataError
from shardr.local.contract import Tree, output_paths, output_uris, tag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardr.local.home import JobFolder
    from shardr.storage.local import LocalStorage


def written(folder: Path) -> Iterator[str]:
    """Relative paths of the plain files below a folder, sorted; links are not followed, as in the service."""
    for above, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            path = Path(above, name)
            if stat.S_ISREG(path.lstat().st_mode):
                yield path.relative_to(folder).as_posix()


def gather(request: dict[str, Any], job: JobFolder, hosts: list[str]) -> dict[str, list[str]]:
    """Moves the outputs of all instances below ``job.staged/<output>``; returns the files of each output.

    Two instances that wrote the same name are a ``DataError`` that names both, unless the output says
    ``prefix_host`` (the host's name goes before the file's) or ``last_wins`` (the last host in order).
    """
    found: dict[str, list[str]] = {}
    clashes: list[str] = []
    for name, path in output_paths(request).items():
        rule = tag(request, f"on-collision:{name}", "error")
        owners: dict[str, str] = {}
        files = {host: list(written(Tree(job.instance(host)).at(path))) for host in hosts}
        shared = _shared(files)
        for host, relatives in files.items():
            for relative in relatives:
                target = relative
                if relative in shared and rule == "prefix_host":
                    above, _, last = relative.rpartition("/")
                    target = f"{above}/{host}-{last}".lstrip("/")
                if target in owners and rule != "last_wins":
                    clashes.append(f"{name}/{target} was written by {owners[target]} and by {host}")
                    continue
                owners[target] = host
                _move(Tree(job.instance(host)).at(path) / relative, job.staged / name / target)
        found[name] = sorted(owners, key=os.fsencode)
    if clashes:
        more = f" and {len(clashes) - 3} more" if len(clashes) > 3 else ""
        raise DataError(
            f"Two instances wrote the same file: {'; '.join(clashes[:3])}{more}",
            fix="put the host or the input's name into the file name, or set on_collision to prefix_host or last_wins",
        )
    return found


def _shared(files: dict[str, list[str]]) -> set[str]:
    seen: set[str] = set()
    twice: set[str] = set()
    for relatives in files.values():
        twice.update(seen.intersection(relatives))
        seen.update(relatives)
    return twice


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)


def publish(request: dict[str, Any], job: JobFolder, storage: LocalStorage) -> None:
    """Makes the gathered outputs visible: a fresh place by one rename, an existing folder file by file.

    What was begun is noted first, so that ``withdraw`` can undo it when the supervisor dies in between.
    """
    moves = [(job.staged / name, storage.path(uri)) for name, uri in output_uris(request).items()]
    fresh = [os.fspath(target) for source, target in moves if source.is_dir() and not target.exists()]
    job.publishing.write_text(json.dumps(fresh), encoding="utf-8")
    try:
        for source, target in moves:
            if source.is_dir():
                _publish_one(source, target)
    except OSError as error:
        withdraw(job)
        raise DataError(f"The outputs could not be published: {error.strerror}: {error.filename}") from error


def _publish_one(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = target.resolve()
    if not folder.exists() and folder.parent.stat().st_dev == source.stat().st_dev:
        source.rename(folder)
        return
    folder.mkdir(exist_ok=True)
    if folder.stat().st_dev != source.stat().st_dev:
        # another disk: the slow part happens behind a name that nobody lists
        hidden = folder / f".shardr-{source.parent.parent.name}"
        try:
            shutil.copytree(source, hidden)
        except (OSError, shutil.Error):
            shutil.rmtree(hidden, ignore_errors=True)
            raise
        source = hidden
    for relative in list(written(source)):
        _move(source / relative, folder / relative)
    shutil.rmtree(source, ignore_errors=True)


def withdraw(job: JobFolder) -> None:
    """Removes what an unfinished publication has left in fresh places."""
    if job.publishing.exists():
        for target in json.loads(job.publishing.read_text(encoding="utf-8")):
            shutil.rmtree(target, ignore_errors=True)
        job.publishing.unlink()


def sweep(job: JobFolder) -> None:
    """Removes everything of a job that is over but what people read later: its logs."""
    for entry in job.root.iterdir():
        if entry.is_dir() and entry.name != "logs":
            shutil.rmtree(entry, ignore_errors=True)
    job.publishing.unlink(missing_ok=True)
