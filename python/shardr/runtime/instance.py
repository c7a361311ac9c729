"""What a script can ask about its instance. The only file of the runtime that knows ``/opt/ml``; R: ``container.R``."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shardr.errors import DataError, NotFoundError

ML = "/opt/ml"
MESSAGE_BYTES = 1024


@dataclass(frozen=True)
class Shard:
    """Which instance this is, out of how many."""

    rank: int
    """From 0: the place of the host in the bytewise list of hosts, never the number in its name."""
    size: int
    host: str
    hosts: tuple[str, ...]


def opt_ml(*parts: str) -> Path:
    """Path below ``/opt/ml``, or below ``SHARDR_BASE_DIR``, which stands for it where there is no sandbox."""
    return Path(os.environ.get("SHARDR_BASE_DIR", "").rstrip("/") or ML, *parts)


def channel(name: str) -> Path:
    """The folder of an input or an output of the job, an input before an output of the same name.

    A training job has the outputs ``model`` and ``output``. ``NotFoundError`` lists the names there are.

    >>> channel("train")                                               # doctest: +SKIP
    PosixPath('/opt/ml/input/data/train')
    """
    inputs, outputs = _folders()
    return _named(name, {**outputs, **inputs}, "input or output")


def shard() -> Shard:
    """This instance's place among those of the job.

    >>> shard()                                                        # doctest: +SKIP
    Shard(rank=0, size=2, host='algo-1', hosts=('algo-1', 'algo-2'))
    """
    config = config_of("resourceconfig.json")
    hosts = tuple(sorted(map(str, config.get("hosts", []))))
    host = str(config.get("current_host"))
    if host not in hosts:
        raise DataError(
            "resourceconfig.json does not list this instance among its hosts",
            why=f"found current_host {host} and hosts {', '.join(hosts)}",
        )
    return Shard(hosts.index(host), len(hosts), host, hosts)


def shard_files(name: str, pattern: str | None = None) -> list[Path]:
    """The files that this instance got of an input, sub-folders included, in bytewise order; none for an empty shard.

    ``pattern`` is a regular expression for the names without folder. Hidden files and files of zero bytes, which hold
    no records, are left out; so are the files of another channel whose folder lies inside this one's.

    >>> shard_files("train", r"[.]csv$")                               # doctest: +SKIP
    [PosixPath('/opt/ml/input/data/train/part-1.csv')]
    """
    inputs, _ = _folders()
    folder = _named(name, inputs, "input")
    inner = [other for other in inputs.values() if folder in other.parents]
    found = []
    for above, folders, files in os.walk(folder):
        folders[:] = [each for each in folders if not each.startswith(".") and Path(above, each) not in inner]
        paths = [Path(above, each) for each in files if not each.startswith(".")]
        found += [path for path in paths if path.stat().st_size and (not pattern or re.search(pattern, path.name))]
    return sorted(found, key=os.fsencode)


def job_message(*text: object) -> str:
    """Leaves a message with a processing job: a line of its ``ExitMessage``; a second one takes the first one's place.

    The parts are joined without separator. The service keeps 1024 bytes of UTF-8, so longer text is cut, at the end of
    a character. A training job has no such message: the text is printed. Returns the text as written.

    >>> job_message("Kept ", 12, " of ", 15, " columns.")              # doctest: +SKIP
    'Kept 12 of 15 columns.\\n'
    """
    config_of("resourceconfig.json")
    joined = "".join(map(str, text))
    # The service joins the messages of all instances without a mark: each ends its own line.
    joined += "\n" if joined and not joined.endswith("\n") else ""
    kept = joined.encode("utf-8", "backslashreplace")[:MESSAGE_BYTES]
    cut = kept.decode("utf-8", "ignore")  # only a character cut at the end can be amiss
    if in_training():
        print(cut, end="", flush=True)
    else:
        path = opt_ml("output", "message")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cut.encode())
    return cut


def in_training() -> bool:
    """Whether the instance is one of a training job."""
    return not opt_ml("config", "processingjobconfig.json").exists() and opt_ml("input", "config").is_dir()


def config_of(file: str) -> Any:
    """A config file's content, from where a processing or a training job has it."""
    places = [opt_ml("config", file), opt_ml("input", "config", file)]
    path = next((place for place in places if place.exists()), places[0])
    if not path.exists():
        raise NotFoundError(
            f"not inside an instance: {path} is missing",
            fix="run the script with `shardr run`, or set SHARDR_BASE_DIR to a folder that has it",
        )
    return _json(path)


def config_or_nothing(file: str) -> dict[str, Any]:
    """The content of a config file that a training job may lack."""
    path = opt_ml("input", "config", file)
    found: dict[str, Any] = _json(path) if path.exists() else {}
    return found


def local(path: str) -> Path:
    """Where a path of the job's configuration lies: it is written as a container sees it."""
    return opt_ml(path[len(ML) + 1 :]) if path.startswith(f"{ML}/") else Path(path)


def _folders() -> tuple[dict[str, Path], dict[str, Path]]:
    """The folders of the job's inputs and of its outputs, by name."""
    if in_training():
        inputs = {name: opt_ml("input", "data", name) for name in config_or_nothing("inputdataconfig.json")}
        return inputs, {"model": opt_ml("model"), "output": opt_ml("output", "data")}
    config = config_of("processingjobconfig.json")
    given = config.get("ProcessingInputs") or []
    taken = (config.get("ProcessingOutputConfig") or {}).get("Outputs") or []
    # Inputs and outputs that the application moves by itself have no folder here.
    return (
        {item["InputName"]: local(item["S3Input"]["LocalPath"]) for item in given if item.get("S3Input")},
        {item["OutputName"]: local(item["S3Output"]["LocalPath"]) for item in taken if item.get("S3Output")},
    )


def _named(name: str, known: dict[str, Path], what: str) -> Path:
    if name not in known:
        there = f"this job has {', '.join(known)}" if known else "this job has none"
        raise NotFoundError(f'there is no {what} named "{name}"', why=there)
    return known[name]


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{path} is not JSON", why=str(error)) from error
