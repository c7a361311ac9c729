"""The command ``shardr parity``: both runs while they go on, then what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardr.cli.failures import COMPLETED, FAILED
from shardr.cli.output import count
from shardr.cli.parser import add_spec, parameters

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from shardr.api.parity.difference import Difference
    from shardr.api.parity.verb import Parity
    from shardr.cli.output import Output
    from shardr.cli.parser import Parser
    from shardr.engines.base import RunView


def declare_parity(parser: Parser) -> None:
    """Options of ``shardr parity``."""
    add_spec(parser)


def parity(options: argparse.Namespace, out: Output) -> int:
    """Runs a spec in both runners; status 0 only when nothing differs."""
    from shardr.api.parity.verb import parity as compared
    from shardr.cli.progress import watching

    with watching() as watch:
        found = compared(options.spec, set=parameters(options), watch=_announced(watch, out))
    out.answer(found.to_dict())
    _say(found, out)
    return COMPLETED if found.same else FAILED


def _announced(watch: Callable[[RunView], None], out: Output) -> Callable[[RunView], None]:
    """Says once which run is watched: there are two."""
    said: list[str] = []

    def look(view: RunView) -> None:
        if view.run not in said:
            said.append(view.run)
            out.note(f"{view.runner}: run ", (view.run, "bold"))
        watch(view)

    return look


def _say(found: Parity, out: Output) -> None:
    for difference in found.differences:
        out.say((_where(difference), "bold"))
        for runner in ("process", "docker"):
            value = getattr(difference, runner)
            out.say((f"  {runner:<7}  ", "dim"), (value, "") if value is not None else ("not there", "yellow"))
    if found.differences:
        out.say()
    verdict = "no difference" if found.same else count(len(found.differences), "difference")
    out.say((verdict, "green" if found.same else "red"), f" between process and docker in {_compared(found)}")
    for note in found.notes:
        out.say(("note: ", "dim"), note)
    for run in (found.process, found.docker):
        out.note(("look at it  ", "dim"), f"shardr describe {run}")


def _where(difference: Difference) -> str:
    instance = f", {difference.instance}" if difference.instance else ""
    return f"{difference.step}{instance}: {difference.what}"


def _compared(found: Parity) -> str:
    parts = [count(found.compared[f"{noun}s"], noun) for noun in ("step", "instance", "file")]
    return f"{', '.join(parts[:-1])} and {parts[-1]} of output"
