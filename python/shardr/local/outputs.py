"""From what the instances wrote to what everybody sees: gathered, checked for clashes, published whole."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shardr.data.gathering import gathered, refuse_clashes, reopen, written
from shardr.errors import DataError
from shardr.local.contract import Tree, tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from shardr.local.home import JobFolder
    from shardr.requests.facts import Result
    from shardr.storage.local import LocalStorage


def gather(
    request: dict[str, Any], outputs: Sequence[Result], job: JobFolder, hosts: Sequence[str]
) -> dict[str, list[str]]:
    """Moves the outputs of all instances below ``job.staged/<output>``; returns the files of each output.

    Two instances that wrote the same name are a ``DataError`` that names both, unless the output says
    ``prefix_host`` (the host's name goes before the file's) or ``last_wins`` (the last host in order).
    """
    found: dict[str, list[str]] = {}
    clashes: list[str] = []
    for output in outputs:
        files = {host: list(written(folder)) for host, folder in folders(output, job, hosts).items()}
        rule = tag(request, f"on-collision:{output.name}", "error")
        owners, unsettled = gathered(files, rule, output.name)
        clashes += unsettled
        found[output.name] = list(owners)
        if clashes:
            continue  # nothing will be published
        moves: dict[str, list[tuple[str, str]]] = {}
        for target, wrote in owners.items():
            moves.setdefault(wrote.host, []).append((wrote.name, target))
        for host, names in moves.items():
            _move(names, Tree(job.instance(host)).at(output.path), job.staged / output.name)
    refuse_clashes(clashes)
    return found


def folders(output: Result, job: JobFolder, hosts: Sequence[str]) -> dict[str, Path]:
    """The folder of an output in each instance that has one; raises ``DataError`` for one that leads elsewhere."""
    found = {}
    for host in hosts:
        tree = Tree(job.instance(host))
        folder = tree.at(output.path)
        if tree.linked(output.path):
            raise DataError(
                f"{host} made output {output.name} a symbolic link, or a folder above it",
                why="links are not followed: they may lead anywhere on this machine",
                fix=f"write the files to {output.path}",
            )
        if folder.exists() and not folder.is_dir():
            raise DataError(
                f"{host} wrote a file {output.path}: output {output.name} is no folder",
                fix=f"write files below {output.path}",
            )
        if folder.exists():
            found[host] = folder
    return found


def _move(names: Iterable[tuple[str, str]], source: Path, target: Path) -> None:
    """Moves files below one folder to below another of the same file system, each by its old and its new name."""
    made: set[str] = set()
    for old, new in names:
        above = new.rpartition("/")[0]
        if above not in made:
            target.joinpath(above).mkdir(parents=True, exist_ok=True)
            made.add(above)
        os.replace(f"{source}/{old}", f"{target}/{new}")  # noqa: PTH105 - there can be very many


def publish(places: Mapping[str, str], job: JobFolder, storage: LocalStorage) -> None:
    """Makes what is gathered below ``job.staged`` visible: a fresh place by one rename, a folder file by file.

    What is about to appear is noted first, so that ``withdraw`` can undo it when the supervisor dies before the job is
    Completed. A file of the same name that was there is gone in any case.
    """
    moves = [(job.staged / name, storage.path(uri).resolve()) for name, uri in places.items()]
    moves = [(source, target) for source, target in moves if source.is_dir()]
    mixed = {source.name: sorted(written(source), key=os.fsencode) for source, target in moves if target.exists()}
    if mixed:
        job.published.write_text(json.dumps(mixed), encoding="utf-8")
    fresh = [os.fspath(path) for source, target in moves for path in _appearing(source, target, job)]
    hidden = job.publishing.with_suffix(".new")
    hidden.write_text(json.dumps(fresh), encoding="utf-8")
    hidden.replace(job.publishing)
    try:
        for source, target in moves:
            _publish_one(source, target, _behind(target, job))
    except OSError as error:
        withdraw(job)
        raise DataError(f"The outputs could not be published: {error}") from error


def _behind(target: Path, job: JobFolder) -> Path:
    """Where files from another disk are collected before they appear: a name that nobody lists."""
    return target / f".shardr-{job.root.name}"


def _appearing(source: Path, target: Path, job: JobFolder) -> Iterator[Path]:
    """The topmost new files and folders of one output."""
    if not target.exists():
        yield target
        return
    yield _behind(target, job)
    for name in written(source):
        path = target
        for part in name.split("/"):
            path /= part
            if not path.exists() and not path.is_symlink():
                yield path
                break


def _publish_one(source: Path, target: Path, hidden: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists() and target.parent.stat().st_dev == source.stat().st_dev:
        source.rename(target)
        return
    target.mkdir(exist_ok=True)
    if target.stat().st_dev != source.stat().st_dev:
        shutil.copytree(source, hidden)
        source = hidden
    _move([(name, name) for name in written(source)], source, target)
    shutil.rmtree(source, ignore_errors=True)


def withdraw(job: JobFolder) -> None:
    """Removes what a publication that was not completed has made appear."""
    if not job.publishing.exists():
        return
    for path in map(Path, json.loads(job.publishing.read_text(encoding="utf-8"))):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    job.publishing.unlink()


def sweep(job: JobFolder) -> None:
    """Removes everything of a job that is over but what people read later: its logs."""
    for entry in job.root.iterdir():
        if entry.name == job.mounted.name:  # first: its process may have been killed, and a look at it is an error then
            from shardr.local.lazy.unmounting import unmount  # few jobs have it

            unmount(entry)
        if entry.is_dir() and entry.name != "logs":
            remove(entry)
    job.publishing.unlink(missing_ok=True)


def remove(folder: Path) -> None:
    """Removes a folder that a script has written to, whatever it has closed of it."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        for above, folders, _ in os.walk(folder):
            for name in folders:
                with suppress(OSError):  # not ours: then it stays, and the job ends all the same
                    reopen(f"{above}/{name}")
        shutil.rmtree(folder, ignore_errors=True)
