"""From what the instances wrote to what everybody sees: gathered, checked for clashes, published whole."""

from __future__ import annotations

import json
import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shardr.errors import DataError
from shardr.local.contract import Tree, tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from shardr.local.home import JobFolder
    from shardr.requests.facts import Result
    from shardr.storage.local import LocalStorage


def written(folder: Path) -> Iterator[str]:
    """Relative paths of the plain files below a folder, sorted; links are not followed, as in the service.

    Names that start with a dot are no objects. What outlives the sandbox loses the rights of its owner, and what its
    script has closed to us is opened.
    """
    top = os.fspath(folder)
    _open(top)
    for above, folders, files in os.walk(top, onerror=_refused):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:
            _open(f"{above}/{name}")
        for name in sorted(files):
            if name.startswith("."):
                continue
            mode = os.lstat(f"{above}/{name}").st_mode
            if not stat.S_ISREG(mode):
                continue
            if mode & (stat.S_ISUID | stat.S_ISGID) or not mode & stat.S_IRUSR:
                # outside the sandbox it would run with its owner's rights; and a root's file is closed to nobody there
                os.chmod(f"{above}/{name}", stat.S_IMODE(mode) & 0o777 | stat.S_IRUSR)  # noqa: PTH101
            yield f"{above}/{name}"[len(top) + 1 :]


def _refused(error: OSError) -> None:
    raise error


def _open(folder: str) -> None:
    """Lets the owner look into a folder and move its files away."""
    mode = os.lstat(folder).st_mode
    if stat.S_ISDIR(mode) and mode & stat.S_IRWXU != stat.S_IRWXU:
        os.chmod(folder, stat.S_IMODE(mode) | stat.S_IRWXU)  # noqa: PTH101


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
        name, path = output.name, output.path
        rule = tag(request, f"on-collision:{name}", "error")
        owners: dict[str, str] = {}
        files = {host: list(written(folder)) for host, folder in folders(output, job, hosts).items()}
        shared = _shared(files)
        for host, relatives in files.items():
            source = Tree(job.instance(host)).at(path)
            moves: list[tuple[str, str]] = []
            for relative in relatives:
                target = relative
                if relative in shared and rule == "prefix_host":
                    above, _, last = relative.rpartition("/")
                    target = f"{above}/{host}-{last}".lstrip("/")
                if target in owners and rule != "last_wins":
                    clashes.append(f"{name}/{target} was written by {owners[target]} and by {host}")
                    continue
                owners[target] = host
                moves.append((relative, target))
            _move(moves, source, job.staged / name)
        found[name] = sorted(owners, key=os.fsencode)
    if clashes:
        more = f" and {len(clashes) - 3} more" if len(clashes) > 3 else ""
        raise DataError(
            f"Two instances wrote the same file: {'; '.join(clashes[:3])}{more}",
            fix="put the host or the input's name into the file name, or set on_collision to prefix_host or last_wins",
        )
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


def _shared(files: dict[str, list[str]]) -> set[str]:
    seen: set[str] = set()
    twice: set[str] = set()
    for relatives in files.values():
        twice.update(seen.intersection(relatives))
        seen.update(relatives)
    return twice


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
                    _open(f"{above}/{name}")
        shutil.rmtree(folder, ignore_errors=True)
