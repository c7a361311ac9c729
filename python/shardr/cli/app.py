"""The command ``shardr``: finds the command that was meant, runs it, and turns every end into an exit status.

Only what a command needs is imported, when it is run: ``shardr --help`` takes little more time than Python itself.
"""

from __future__ import annotations

import atexit
import gc
import io
import os
import signal
import sys
import threading
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

COMPLETED = 0


@dataclass(frozen=True)
class Command:
    """A command: what it does in one line, and the module that has ``declare_<name>`` and the function ``<name>``."""

    summary: str
    home: str


GROUPS = {
    "Run": {
        "validate": Command("check a spec; all problems at once", "planning"),
        "plan": Command("show what would run: steps, shards, requests; nothing is touched", "planning"),
        "run": Command("run a spec and wait, with progress; Ctrl-C leaves it running", "running"),
        "submit": Command("start a run and leave it", "running"),
        "estimate": Command("say what a spec would cost on SageMaker as it is; nothing is run", "advice"),
        "advise": Command("time samples here; say what all of the data takes, here and there", "advice"),
        "parity": Command("run a spec in both runners and tell what differs", "parity"),
        "attach": Command("follow a run again until it is over", "running"),
        "stop": Command("stop a run or a job", "running"),
    },
    "Look": {
        "jobs": Command("list the jobs of this machine, newest first", "looking"),
        "describe": Command("tell all about a run or a job: failure, instances, logs", "looking"),
        "logs": Command("print what the instances printed", "looking"),
        "metrics": Command("show what training steps logged: last, best, trend, or a picture", "metrics"),
    },
    "Serve": {
        "transform": Command("ask a model about every record of some data", "transforming"),
        "deploy": Command("put a model behind an endpoint, here or on SageMaker", "endpoints"),
        "invoke": Command("send a file to an endpoint and print the answer", "endpoints"),
        "endpoints": Command("list endpoints: state, age, time left, and what they cost", "endpoints"),
        "delete": Command("end an endpoint", "endpoints"),
    },
    "Data": {
        "collect": Command("merge an output into one table", "tables"),
        "split": Command("cut one big table into files for many instances", "tables"),
        "recordio": Command("info, encode, decode, cat: rows as recordIO-protobuf", "recordio"),
    },
    "This machine": {
        "serve": Command("be SageMaker on this machine for boto3, the SDKs and the AWS CLI", "serve"),
        "doctor": Command("tell what this machine has and lacks", "machine"),
        "conformance": Command("try whether an image or this machine keeps the container contract", "conformance"),
        "images": Command("list, build, init, push: the images that instances run in", "images"),
        "prices": Command("refresh: ask AWS what instances cost", "advice"),
        "example": Command("copy an example to where it can be changed", "machine"),
        "install-r": Command("install the R half into an R library", "machine"),
        "schema": Command("print the JSON Schema of the spec", "planning"),
    },
}
COMMANDS = {name: command for group in GROUPS.values() for name, command in group.items()}


def main(words: Sequence[str] | None = None) -> int:
    """Exit status of the command that the words ask for (default: those of the process), after running it.

    0 completed, 1 failed, 2 bad input, 130 interrupted, 143 terminated; 141 when the reader of stdout went away.
    """
    words = sys.argv[1:] if words is None else list(words)
    # plugins of pydantic cannot add to our models, and looking for them takes 14 ms
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # imports and models make no garbage: looking for it on the way and at exit is a fifth of `shardr plan`
    gc.set_threshold(50_000)
    atexit.register(gc.freeze)
    _open_streams()
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what is to be removed is, as at any other end
    try:
        status = _dispatch(words)
        sys.stdout.flush()
        return status
    except SystemExit:  # --help of a command
        raise
    except BaseException as error:  # noqa: BLE001 - every end has a message and an exit status
        from shardr.cli.failures import report

        return report(error, json="--json" in words)


def _open_streams() -> None:
    """Makes stdout and stderr writable: also when they were closed, and for file names that are no UTF-8."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - open until the end
        elif isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="surrogateescape" if "utf" in stream.encoding.lower() else "backslashreplace")


def _dispatch(words: Sequence[str]) -> int:
    if not words or words[0] in {"-h", "--help", "help"}:
        print(overview())
        return COMPLETED
    if words[0] == "--version":
        from importlib.metadata import version

        print(f"shardr {version('shardr')}")
        return COMPLETED
    return _run(words[0], words[1:])


def _run(name: str, words: Sequence[str]) -> int:
    from shardr.cli.output import Output
    from shardr.cli.parser import Parser, UsageError, near

    if name not in COMMANDS:
        noun = "option" if name.startswith("-") else "command"
        known = ["--help", "--version"] if noun == "option" else COMMANDS
        raise UsageError(f'there is no {noun} "{name}"{near(name, known)}', fix="`shardr --help` lists the commands")
    command = COMMANDS[name]
    home = import_module(f"shardr.cli.{command.home}")
    function = name.replace("-", "_")
    parser = Parser(name, command.summary)
    getattr(home, f"declare_{function}")(parser)
    options = parser.read(words)
    status: int = getattr(home, function)(options, Output(json=options.json))
    return status


def overview() -> str:
    """What ``shardr --help`` prints."""
    lines = [
        "Run R and Python scripts in parallel over shards of data.",
        "",
        "Usage: shardr COMMAND ...",
    ]
    for group, commands in GROUPS.items():
        lines += ["", f"{group}:", *(f"  {name:<11} {command.summary}" for name, command in commands.items())]
    lines += [
        "",
        "`shardr COMMAND --help` shows what it takes; --json prints one JSON object.",
        "Start with: shardr example && shardr run bank-marketing/job.yml",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
