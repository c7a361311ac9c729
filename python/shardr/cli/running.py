"""Commands that start, follow and stop runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardr.cli.failures import COMPLETED, FAILED, INTERRUPTED
from shardr.cli.output import state, where
from shardr.cli.parser import add_engine, add_name, add_runner, add_spec, parameters, place
from shardr.requests.facts import kind_of

if TYPE_CHECKING:
    import argparse

    from shardr.api.run import Run
    from shardr.cli.output import Output
    from shardr.cli.parser import Parser


def declare_run(parser: Parser) -> None:
    """Options of ``shardr run``."""
    add_spec(parser)
    add_engine(parser)
    add_runner(parser)
    add_name(parser)


def run(options: argparse.Namespace, out: Output) -> int:
    """Runs a spec and waits for its end."""
    from shardr.cli.summary import same_elsewhere

    started = _start(options, out)
    status = follow(started, out)
    if status == COMPLETED and not out.json:
        same_elsewhere(started.view, options.spec, parameters(options), out)
    return status


def declare_submit(parser: Parser) -> None:
    """Options of ``shardr submit``."""
    add_spec(parser)
    add_engine(parser)
    add_runner(parser)
    add_name(parser)


def submit(options: argparse.Namespace, out: Output) -> int:
    """Starts a run and prints its id."""
    started = _start(options, out)
    out.answer(started.to_dict())
    out.say(started.id)
    if not out.json:
        out.note(("follow it: ", "dim"), f"shardr attach {started.id}")
    return COMPLETED


def declare_attach(parser: Parser) -> None:
    """Options of ``shardr attach``."""
    parser.add_argument("run", metavar="RUN", help="id of the run, or of one of its jobs")


def attach(options: argparse.Namespace, out: Output) -> int:
    """Follows a run until it is over."""
    from shardr.cli.known import known_run

    return follow(known_run(options.run), out)


def declare_stop(parser: Parser) -> None:
    """Options of ``shardr stop``."""
    parser.add_argument("id", metavar="ID", help="id of a run or of a job")


def stop(options: argparse.Namespace, out: Output) -> int:
    """Asks a run or a job to stop."""
    from shardr.api import jobs
    from shardr.cli.known import hinted

    with hinted(options.id):
        found = jobs.stop(options.id)
    out.answer(found)
    out.say(f"{options.id} is ", state(found.get("status") or found[f"{kind_of(found).noun}Status"]))
    return COMPLETED


def _start(options: argparse.Namespace, out: Output) -> Run:
    from shardr.api import runs
    from shardr.cli.progress import uploading

    given = {"runner": options.runner, "name": options.name, "set": parameters(options)}
    with uploading() as progress:
        started = runs.submit(options.spec, **place(options), **given, progress=progress)
    told_of(started, out)
    return started


def told_of(started: Run, out: Output) -> None:
    """Says that a run has begun, and where."""
    took, _, lacks = where(started.view.runner, started.view.runner_reason).partition("; ")
    out.note("run ", (started.id, "bold"), f" {took}")
    if lacks:
        out.note((f"  {lacks}", "dim"))


def follow(run: Run, out: Output) -> int:
    """Watches a run to its end; Ctrl-C leaves it running."""
    from shardr.cli.progress import watching
    from shardr.cli.summary import summary

    try:
        with watching() as watch:
            run.wait(watch)
    except KeyboardInterrupt:
        out.answer(run.refresh().to_dict())
        out.note()
        out.note(("detached", "yellow"), ": the run goes on")
        out.note(("  follow it  ", "dim"), f"shardr attach {run.id}")
        out.note(("  stop it    ", "dim"), f"shardr stop {run.id}")
        return INTERRUPTED
    out.answer(run.to_dict())
    if not out.json:
        summary(run.view, out)
    return COMPLETED if run.status == "Completed" else FAILED
