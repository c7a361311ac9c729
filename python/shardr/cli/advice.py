"""Commands that say what a job costs before it is sent: estimate, advise, prices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.api.html import usd
from shardr.cli.output import count, seconds, size
from shardr.cli.parser import UsageError, add_engine, add_runner, add_spec, near, parameters, place

if TYPE_CHECKING:
    import argparse

    from shardr.api.advice.advise import Advice
    from shardr.cli.output import Cell, Output
    from shardr.cli.parser import Parser

FROM = {"bound": "max_runtime_seconds", "unknown": "not known"}
"""Where the time of a step comes from that was not measured."""


def _add_prices(parser: Parser) -> None:
    parser.add_argument("--region", metavar="NAME", help="whose prices count (default: AWS_REGION, else us-east-1)")
    parser.add_argument(
        "--price", metavar="TYPE=USD", action="append", default=[], help="your price of an hour of a type; repeatable"
    )


def _prices(options: argparse.Namespace) -> dict[str, float]:
    found = {}
    for word in options.price:
        name, _, text = word.partition("=")
        try:
            found[name] = float(text)
        except ValueError:
            raise UsageError(
                f'--price: found "{word}", expected TYPE=USD', fix="for example ml.m5.large=0.115"
            ) from None
    return found


def declare_estimate(parser: Parser) -> None:
    """Options of ``shardr estimate``."""
    add_spec(parser)
    add_engine(parser)
    _add_prices(parser)


def estimate(options: argparse.Namespace, out: Output) -> int:
    """Says what a spec would cost as it is."""
    from shardr.api.advice.estimate import estimate as estimated

    found = estimated(
        options.spec, region=options.region, prices=_prices(options), **place(options), set=parameters(options)
    )
    out.answer(found.to_dict())
    head = ("step", "instances", "type", "script", "from", "$/hour", "dollars")
    rows: list[list[Cell]] = [
        [
            (step.step, "bold"), str(step.instances), step.instance_type,
            "–" if step.basis == "unknown" else f"{seconds(step.seconds)} s",
            f"run {step.run}" if step.run else (FROM[step.basis], "yellow"),
            "–" if step.usd_per_hour is None else f"{step.usd_per_hour:g}", usd(step.dollars),
        ]
        for step in found.steps
    ]  # fmt: skip
    out.table(head, rows, numbers=("instances", "script", "$/hour", "dollars"))
    most = "at most " if found.at_most else ""
    out.say()
    out.say(f"{most}", (usd(found.dollars), "bold"), f" in {found.region}, {most}{_minutes(found.seconds / 60)} min")
    _say_notes(found.notices, found.assumptions, out)
    return 0


def declare_advise(parser: Parser) -> None:
    """Options of ``shardr advise``."""
    add_spec(parser)
    add_runner(parser)
    _add_prices(parser)
    parser.add_argument("--types", metavar="A,B", help="instance types to compare (default: the spec's and cheap ones)")
    parser.add_argument("--instances", metavar="N,M", help="how many of them (default: 1,2,4,8)")
    parser.add_argument("--parts", metavar="N,M", help="samples: 1/N, 1/M of the data (default: 16,8,4)")
    parser.add_argument("--plot", metavar="FILE", help="draw minutes and dollars, as .png, .svg or .pdf")


def advise(options: argparse.Namespace, out: Output) -> int:
    """Times samples here and says what all of the data takes."""
    from shardr.api.advice.advise import COUNTS, PARTS
    from shardr.api.advice.advise import advise as advised

    if not out.json:
        out.note(("running samples of the data on this machine …", "dim"))
    found = advised(
        options.spec,
        types=options.types.split(",") if options.types else None,
        instances=_numbers("--instances", options.instances) or COUNTS,
        parts=_numbers("--parts", options.parts) or PARTS,
        region=options.region,
        prices=_prices(options),
        runner=options.runner,
        set=parameters(options),
    )
    if options.plot:
        found.plot(options.plot)
    out.answer(found.to_dict())
    _say_steps(found, out)
    out.say()
    _say_options(found, out)
    out.say()
    out.say((found.recommendation, "bold"))
    _say_notes(found.notices, found.assumptions, out)
    return 0


def _say_steps(found: Advice, out: Output) -> None:
    samples = ", ".join(f"{sample['part']} ({size(sample['bytes'])})" for sample in found.sampled)
    out.say(f"{found.name}: {size(found.bytes)}, sampled {samples}; seconds with one core:")
    rows: list[list[Cell]] = [
        [
            (step.step, "bold"), f"{step.line.start:.2f}", f"{step.line.slope * 1e9:,.1f}", f"{step.line.residual:.0%}",
            "–" if not step.scales else f"{step.loss:.0%}" + ("" if step.loss_measured else " (taken)"),
            f"{step.parallel:.0%}" if step.parallel_measured else "–",
        ]
        for step in found.steps
    ]  # fmt: skip
    head = ("step", "start", "per GB", "off the line", "lost by 2 instances", "on all cores")
    out.table(head, rows, numbers=head[1:])


def _say_options(found: Advice, out: Output) -> None:
    rows: list[list[Cell]] = []
    for option in found.options:
        who = ("here", "bold") if option.where == "here" else f"{option.instances} x {option.instance_type}"
        money = ("–", "–") if option.dollars is None else (usd(option.dollars), f"{option.dollars_margin or 0:.3f}")
        rows.append([who, _minutes(option.minutes), _minutes(option.minutes_margin), *money])
    out.table(("where", "minutes", "±", "dollars", "±"), rows, numbers=("minutes", "±", "dollars"))


def _minutes(value: float) -> str:
    return f"{value:,.1f}" if value >= 1 else f"{value:.2f}"


def _say_notes(notices: list[str], assumptions: tuple[str, ...], out: Output) -> None:
    for notice in notices if not out.json else ():
        out.note(("note: ", "yellow"), notice)
    for assumption in assumptions if not out.json else ():
        out.note(("assumed: ", "dim"), assumption)


def _numbers(option: str, text: str | None) -> list[int] | None:
    if text is None:
        return None
    words = text.split(",")
    if not all(word.strip().isdigit() and int(word) for word in words):
        raise UsageError(f'{option}: found "{text}", expected whole numbers', fix=f"for example {option} 1,2,4")
    return [int(word) for word in words]


def declare_prices(parser: Parser) -> None:
    """``shardr prices refresh``."""
    parser.add_argument("word", metavar="WORD", help="refresh: ask AWS for its prices and keep them")
    parser.add_argument(
        "--region", metavar="NAME", action="append", help="a region to ask for; repeatable (default: AWS_REGION)"
    )


def prices(options: argparse.Namespace, out: Output) -> int:
    """Asks AWS for its prices."""
    if options.word != "refresh":
        raise UsageError(f'prices has no word "{options.word}"{near(options.word, ["refresh"])}', fix="it has refresh")
    from shardr.api.advice.prices import refresh_prices

    found: dict[str, Any] = refresh_prices(options.region)
    out.answer(found)
    for region, types in found["regions"].items():
        out.say(f"{region}: prices of {count(types, 'type')}")
    out.say((found["path"], "dim"))
    return 0
