"""A run that is over: its steps as a table, where the outputs are, why it failed, and what to do next."""

from __future__ import annotations

import json
import os
import re
import shlex
from keyword import iskeyword
from typing import TYPE_CHECKING

from shardr.cli.output import count, seconds, state
from shardr.storage.uris import SCHEME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardr.cli.output import Cell, Output
    from shardr.engines.base import RunView, StepView

HEAD = ("step", "status", "instances", "rows in", "rows out", "seconds")
NUMBERS = HEAD[2:]
SHOWN_HOSTS = 5
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
TAKEN = frozenset(
    ("spec", "engine", "runner", "role", "bucket", "session", "base", "name", "watch", "progress", "check", "set")
)
"""Keywords of ``shardr.run`` that are no parameters of the spec."""


def summary(view: RunView, out: Output) -> None:
    """The table of steps, then where the outputs are, or why there are none."""
    out.say()
    out.table(HEAD, [_row(step) for step in view.steps], numbers=NUMBERS)
    _outputs(view, out)
    for step in view.steps:
        if step.message and not step.failure:  # of a failure it is part
            out.say(("message ", "dim"), f"{step.name}: ", step.message.rstrip("\n").replace("\n", "\n        "))
        if step.metrics:
            shown = ", ".join(f"{name} {value:g}" for name, value in step.metrics.items())
            out.say(("metrics ", "dim"), f"{step.name}: {shown}")
        for notice in step.notices:
            out.note(("note: ", "yellow"), f"{step.name}: {notice}")
        if step.failure:
            failed(view, step, out)


def _row(step: StepView) -> list[Cell]:
    numbers = (count(step.instances), count(step.rows_in), count(step.rows_out), seconds(step.seconds))
    return [step.name, state(step.status), *numbers]


def _outputs(view: RunView, out: Output) -> None:
    made = {
        f"{step.name}.{name}": (output, folder_of(output.files))
        for step in view.steps
        for name, output in step.outputs.items()
        if output.files
    }
    _nothing(view, out)
    if not made:
        return
    base = _common([folder for _, folder in made.values()])
    wide = max(len(name) for name in made)
    out.say()
    out.say(("outputs in ", "dim"), f"{base}/")
    for name, (output, folder) in made.items():
        below = os.path.relpath(folder, base)
        rows = "" if output.rows is None else f"{count(output.rows, 'row'):>14}"
        files = count(len(output.files), "file")
        out.say(f"  {name:<{wide}}{rows}  {files:>8}", ("" if below == "." else f"  {below}/", "dim"))


def _nothing(view: RunView, out: Output) -> None:
    """What a complete run did not make: a job can end well and still not be what somebody wanted."""
    for step in view.steps:
        for name, output in step.outputs.items():
            if not output.files or output.rows == 0:
                lack = "no rows" if output.files else "no file: no instance wrote one"
                out.say((f"{step.name}.{name} has {lack}", "yellow"))


def folder_of(files: list[str]) -> str:
    """The folder that the files have in common, here or in S3."""
    return _common([os.path.dirname(file) for file in files])  # noqa: PTH120 - text in, text out


def _common(folders: list[str]) -> str:
    scheme = SCHEME if folders[0].startswith(SCHEME) else ""
    return scheme + os.path.commonpath([folder.removeprefix(scheme) for folder in folders])


def failed(view: RunView, step: StepView, out: Output) -> None:
    """Why a step failed, whole, and how to see more; to stderr."""
    from rich.console import Console
    from rich.panel import Panel
    from rich.text import Text

    hosts = [host.host for host in step.hosts if host.state == "Failed"]
    where = f"step {step.name}" + (
        f", instance{'s' if len(hosts) > 1 else ''} {', '.join(hosts[:SHOWN_HOSTS])}" if hosts else ""
    )
    where += f" and {len(hosts) - SHOWN_HOSTS} more" if len(hosts) > SHOWN_HOSTS else ""
    out.note()
    Console(stderr=True, highlight=False).print(
        Panel(Text(step.failure or ""), title=Text(where), title_align="left", border_style="red", expand=False)
    )
    if step.fix:
        out.note(("  fix       ", "dim"), step.fix)
    out.note(("  see more  ", "dim"), shlex.join(["shardr", "logs", view.run, "--step", step.name]))


def same_elsewhere(view: RunView, spec: str, given: Mapping[str, str], out: Output) -> None:
    """The three lines that do the same in R and in Python, and take the table in the shell."""
    there = view.runner == "sagemaker"  # where nobody counts rows
    found = [
        (step.name, name)
        for step in view.steps
        for name, output in step.outputs.items()
        if output.rows or (there and output.files)
    ]
    if not found:
        return
    # the last step's first table is what the run was for
    step, output = next(pair for pair in found if pair[0] == found[-1][0])
    path, table = json.dumps(spec, ensure_ascii=False), f'"{step}", "{output}"'
    name = re.sub(r"\W", "_", output)
    in_r = f"{path}{_r_set(given)}" + (', engine = "sagemaker"' if there else "")
    in_python = f"{path}{_python_set(given)}" + (', engine="sagemaker"' if there else "")
    out.say()
    out.say(("the same in", "dim"))
    out.say(("  R       ", "dim"), f"library(shardr); run <- job_run({in_r}); {name} <- collect(run, {table})")
    out.say(("  Python  ", "dim"), f"import shardr; run = shardr.run({in_python}); {name} = run.collect({table})")
    out.say(("  shell   ", "dim"), f"shardr collect {view.run} {step}.{output} -o {output}.csv")


def _r_set(given: Mapping[str, str]) -> str:
    values = [
        f"{f'`{name}`' if name[0] == '_' else name} = {_literal(v, 'TRUE', 'FALSE')}" for name, v in given.items()
    ]
    return f", set = list({', '.join(values)})" if values else ""


def _python_set(given: Mapping[str, str]) -> str:
    values = {name: _literal(value, "True", "False") for name, value in given.items()}
    if any(name in TAKEN or iskeyword(name) for name in values):
        return f", set={{{', '.join(f'{json.dumps(name)}: {value}' for name, value in values.items())}}}"
    return "".join(f", {name}={value}" for name, value in values.items())


def _literal(value: str, true: str, false: str) -> str:
    """A value as R and Python write it: a number or a logical where it is one, else text."""
    if value.lower() in {"true", "false"}:
        return true if value.lower() == "true" else false
    return value if NUMBER.fullmatch(value) else json.dumps(value, ensure_ascii=False)
