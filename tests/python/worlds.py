"""A world in one line: scripts, data and specs for tests that run real jobs."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import textwrap
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shardr
from shardr.local.objects import Keys, Objects, wait_until_there

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

BASH = {".sh": "#!/bin/bash\nset -e\n", ".py": "", ".R": ""}
DATA = Path(os.environ.get("SHARDR_TEST_DATA", Path(__file__).parents[3] / "shared/data/bank-marketing"))
SECRET = "secret"
OUT = "/opt/ml/processing/output/out"
IN = "/opt/ml/processing/input/raw"


def script(folder: Path, body: str, name: str = "script.sh") -> str:
    """A script of these lines; bash stops at the first failing command."""
    (folder / name).write_text(BASH[Path(name).suffix] + textwrap.dedent(body), encoding="utf-8")
    return name


def files(folder: Path, count: int, rows: int = 1) -> Path:
    """A folder of ``count`` CSV files ``part-00.csv`` … with ``rows`` records each."""
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        lines = [f"{i},{j}" for j in range(rows)]
        (folder / f"part-{i:02}.csv").write_text("\n".join(["file,row", *lines]) + "\n", encoding="utf-8")
    return folder


def packed(files: Mapping[str, bytes]) -> bytes:
    """A model.tar.gz with these files in it, by their names."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name, content in files.items():
            about = tarfile.TarInfo(name)
            about.size = len(content)
            tar.addfile(about, io.BytesIO(content))
    return made.getvalue()


def one_step(folder: Path, body: str, name: str = "script.sh", **fields: Any) -> dict[str, Any]:
    """A spec with the one step ``work`` that runs these lines and has the output ``out``."""
    step: dict[str, Any] = {"name": "work", "code": script(folder, body, name), "outputs": ["out"], **fields}
    return {"name": "world", "steps": [step]}


def piped(folder: Path, body: str, name: str = "script.sh", *, source: str = "data/", **fields: Any) -> dict[str, Any]:
    """A spec with one training step that runs these lines, its channel ``train`` in mode Pipe."""
    channel = {"name": "train", "source": source, "input_mode": "Pipe", **fields.pop("channel", {})}
    step = {"name": "work", "type": "training", "code": script(folder, body, name), "inputs": [channel], **fields}
    return {"name": "world", "steps": [step]}


def run(folder: Path, spec: dict[str, Any], **fields: Any) -> shardr.Run:
    """The finished run of a spec whose paths start in ``folder``, whatever became of it."""
    return shardr.run(spec, base=folder, check=False, **fields)


def submit(folder: Path, spec: dict[str, Any], **fields: Any) -> shardr.Run:
    """The run of a spec, just started."""
    return shardr.submit(spec, base=folder, **fields)


def until(true: Callable[[], Any], seconds: float = 20) -> Any:
    """What ``true`` gives as soon as it gives anything; fails the test when that takes too long."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
    return found


def printed(done: shardr.Run, instance: str = "algo-1") -> list[str]:
    """What an instance printed, line by line."""
    return [line.text for line in done.logs(instance=instance)]


@contextmanager
def disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """The folder as a file system of its own, of this size; skips the test where only root may mount one."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        import pytest  # scripts of tests have this module, too

        pytest.skip("only root can mount a disk; run the tests as root to see this one")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@contextmanager
def s3_over(folder: Path) -> Iterator[Objects]:
    """S3 over a folder, with the keys ``AKIATEST`` and ``SECRET``."""
    served = Objects(folder, Keys("AKIATEST", SECRET))
    served.start()
    try:
        assert wait_until_there(served.url)
        yield served
    finally:
        served.close()
