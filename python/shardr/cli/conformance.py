"""The command ``shardr conformance``: a line for each clause of the contract as soon as it was tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from shardr.api.conformance.verdict import ClauseResult
    from shardr.cli.output import Output
    from shardr.cli.parser import Parser

NAMES = {"r": "R", "python": "Python"}


def declare_conformance(parser: Parser) -> None:
    """Options of ``shardr conformance``."""
    from shardr.cli.parser import add_runner

    parser.add_argument("--image", metavar="IMAGE", help="the image to try (default: this machine's own R and Python)")
    add_runner(parser, default="docker for an image, else SHARDR_RUNNER, else process")
    parser.add_argument("--language", choices=list(NAMES), help="of the programs (default: those that are there)")
    parser.add_argument("--clause", metavar="ID", action="append", default=[], help="try this clause only; repeatable")


def conformance(options: argparse.Namespace, out: Output) -> int:
    """Tries the clauses; status 0 only when all are kept."""
    from shardr.api.conformance.suite import suite

    results: list[ClauseResult] = []
    with suite(options.image, runner=options.runner or "auto", language=options.language, ids=options.clause) as opened:
        where = f"image {opened.image}" if opened.image else "this machine's programs"
        languages = " and ".join(NAMES[name] for name in opened.languages)
        out.note((f"{opened.runner} runner, {where}, {languages}", "dim"))
        for note in opened.notes:
            out.note((note, "yellow"))
        for result in opened.results():
            results.append(result)
            _say(result, out)
    broken = sum(not result.ok for result in results)
    out.answer(
        {
            "status": "Failed" if broken else "Completed",
            "runner": opened.runner,
            "image": opened.image,
            "languages": opened.languages,
            "kept": len(results) - broken,
            "broken": broken,
            "clauses": [result.to_dict() for result in results],
        }
    )
    out.say((f"{len(results) - broken} kept", "green"), ", ", (f"{broken} broken", "red" if broken else "dim"))
    return 1 if broken else 0


def _say(result: ClauseResult, out: Output) -> None:
    sign = ("✔", "green") if result.ok else ("✖", "red")
    out.say(sign, f" {result.id:<20}  {NAMES[result.language]:<6}  ", (result.clause, "dim" if result.ok else "bold"))
    for problem in result.problems:
        out.say("  ", (problem.replace("\n", "\n  "), "red"))
    for line in result.log:
        out.say("  ", (line, "dim"))
