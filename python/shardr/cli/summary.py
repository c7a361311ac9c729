"""A run that is over: its steps as a table, where the outputs are, why it failed, and what to do next."""

from __future__ import annotations

import json
import os
import shlex
from typing import TYPE_CHECKING

from shardr.cli.output import count, seconds, state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardr.cli.output import Cell, Output
    from shardr.engines.base import RunView, StepView

HEAD = ("step", "status", "instances", "rows in", "rows out", "seconds")
NUMBERS = HEAD[2:]


def summary(view: RunView, out: Output) -> None:
    """The table of steps, then where the outputs are, or why there are none."""
    out.say()
    out.table(HEAD, [_row(step) for step in view.steps], numbers=NUMBERS)
    _outputs(view, out)
    for step in view.steps:
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
    if not made:
        return
    base = os.path.commonpath([folder for _, folder in made.values()])
    wide = max(len(name) for name in made)
    out.say()
    out.say(("outputs in ", "dim"), f"{base}/")
    for name, (output, folder) in made.items():
        below = os.path.relpath(folder, base)
        rows = "" if output.rows is None else f"{count(output.rows, 'row'):>14}"
        files = count(len(output.files), "file")
        out.say(f"  {name:<{wide}}{rows}  {files:>8}  ", ("" if below == "." else f"{below}/", "dim"))


def folder_of(files: list[str]) -> str:
    """The folder that the files have in common."""
    return os.path.commonpath([os.path.dirname(file) for file in files])  # noqa: PTH120 - text in, text out


def failed(view: RunView, step: StepView, out: Output) -> None:
    """Why a step failed, whole, and how to see more; to stderr."""
    from rich.console import Console
    from rich.panel import Panel
    from rich.text import Text

    hosts = [
        f"{host.host} (exit code {host.exit_code})" for host in step.hosts if host.state == "Failed" and host.exit_code
    ]
    where = f"step {step.name}" + (f", instance {', '.join(hosts)}" if hosts else "")
    out.note()
    Console(stderr=True, highlight=False).print(
        Panel(Text(step.failure or ""), title=Text(where), title_align="left", border_style="red", expand=False)
    )
    out.note(("  see more  ", "dim"), shlex.join(["shardr", "logs", view.run, "--step", step.name]))


def same_elsewhere(view: RunView, spec: str, given: Mapping[str, str], out: Output) -> None:
    """The three lines that do the same in R, in Python and in the shell."""
    found = next(((step.name, name) for step in reversed(view.steps) for name in step.outputs), None)
    if found is None:
        return
    step, output = found[0], next(iter(view.steps[-1].outputs), found[1])
    quoted = json.dumps(spec, ensure_ascii=False)
    r_set = ", ".join(f"{name} = {_literal(value, 'TRUE', 'FALSE')}" for name, value in given.items())
    py_set = "".join(f", {name}={_literal(value, 'True', 'False')}" for name, value in given.items())
    r = f"run <- job_run({quoted}{f', set = list({r_set})' if r_set else ''})"
    out.say()
    out.say(("the same", "dim"))
    out.say(("  in R       ", "dim"), f'library(shardr); {r}; collect(run, "{step}", "{output}")')
    out.say(
        ("  in Python  ", "dim"),
        f'import shardr; run = shardr.run({quoted}{py_set}); run.collect("{step}", "{output}")',
    )
    out.say(("  the table  ", "dim"), f"shardr collect {view.run} {step}.{output} -o {output}.csv")


def _literal(value: str, true: str, false: str) -> str:
    """A value as R and Python write it: a number or a logical where it is one, else text."""
    if value.lower() in {"true", "false"}:
        return true if value.lower() == "true" else false
    try:
        float(value)
    except ValueError:
        return json.dumps(value, ensure_ascii=False)
    return value
