"""The command as people start it: a process of its own, with a home of its own."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COMMAND = [sys.executable, "-c", "import sys; from shardr.cli.app import main; sys.exit(main())"]
SCRIPT = """
cd /opt/ml/processing/input/raw
echo "$(ls | wc -l) files on $(hostname)"
for file in $(ls); do cp "$file" /opt/ml/processing/output/out/; done
sleep "${NAP:-0}"
"""
SPEC = """
name: tiny
parameters:
  instances: {type: integer, default: 2}
  nap: {type: number, default: 0}
steps:
  - name: copy
    code: copy.sh
    instance_count: ${instances}
    environment: {NAP: "${nap}"}
    inputs: {name: raw, source: data/, distribution: ShardedByS3Key}
    outputs: out
    expect: {rows: preserved}
  - name: again
    code: copy.sh
    inputs: {name: raw, source: {step: copy, output: out}}
    outputs: out
"""
FAILS = """
name: fails
steps:
  - {name: work, code: fails.sh, instance_count: 3, outputs: out}
  - {name: after, code: fails.sh, depends_on: work}
"""
FAILING_SCRIPT = '[ "$(hostname)" != algo-2 ] || { echo "Error: no such customer: 7" >&2; exit 3; }\n'


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The whole of stdout as one JSON value; fails when there is anything else."""
        return json.loads(self.out)


def made_in(parent: Path) -> Path:
    """A folder with a blank and an umlaut in its name: specs that copy and that fail, and three small tables."""
    made = parent / "mein Übungs ordner"
    (made / "data").mkdir(parents=True)
    for i in (1, 2, 3):
        (made / "data" / f"p{i}.csv").write_text(f"id,name\n{i}1,Zoë\n{i}2,Bob\n", encoding="utf-8")
    (made / "copy.sh").write_text(SCRIPT, encoding="utf-8")
    (made / "job.yml").write_text(SPEC, encoding="utf-8")
    (made / "fails.sh").write_text(FAILING_SCRIPT, encoding="utf-8")
    (made / "fails.yml").write_text(FAILS, encoding="utf-8")
    return made


class Shell:
    """Starts ``shardr`` in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *words: str | Path, **variables: str) -> Done:
        told = subprocess.run(
            [*COMMAND, *map(str, words)],
            cwd=self.folder,
            env={**os.environ, **variables},
            capture_output=True,
            check=False,
            timeout=120,
        )
        return Done(told.returncode, told.stdout.decode(), told.stderr.decode())

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """The command, just started."""
        return subprocess.Popen(
            [*COMMAND, *words], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
        )


def on_a_terminal(
    shardr: Shell,
    *words: str,
    press: Callable[[bytes], bytes] = lambda _: b"",
    status: int = 0,
    **variables: str,
) -> str:
    """Everything that the command writes to a terminal of its own; ``press`` is typed once, when it gives something."""
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    started = subprocess.Popen(
        ["setsid", "--ctty", "--wait", *COMMAND, *words],
        cwd=shardr.folder, stdin=theirs, stdout=theirs, stderr=theirs,
        env={**environment, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "40", **variables},
    )  # fmt: skip
    os.close(theirs)
    written, typed = b"", b""
    while select.select([ours], [], [], 30)[0]:
        try:
            block = os.read(ours, 65536)
        except OSError:  # Linux: the other side is closed
            break
        if not block:
            break
        written += block
        if not typed and (typed := press(written)):
            os.write(ours, typed)
    assert started.wait(timeout=30) == status
    os.close(ours)
    return written.decode()
