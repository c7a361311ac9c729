"""What the command line takes: options of one command, usage errors as errors of shardr, and near misses named.

This is argparse, which costs 7 ms; see docs/adr/0004 for the others that were measured.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from shardr.errors import ShardrError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class UsageError(ShardrError):
    """The command line is wrong; nothing was done."""

    code: ClassVar[str] = "usage"


def near(found: str, known: Iterable[str]) -> str:
    """``; did you mean "plan"?`` when a known word is close, else the empty string."""
    from difflib import get_close_matches

    bare = {name.lstrip("-"): name for name in known}  # the dashes make all options alike
    close = get_close_matches(found.lstrip("-"), list(bare), n=1, cutoff=0.65)
    return f'; did you mean "{bare[close[0]]}"?' if close else ""


class Parser(argparse.ArgumentParser):
    """The parser of one command: raises ``UsageError`` instead of leaving the process."""

    def __init__(self, command: str, summary: str) -> None:
        super().__init__(
            prog=f"shardr {command}",
            description=f"{summary[0].upper()}{summary[1:]}.",
            allow_abbrev=False,  # an abbreviation would change its meaning when an option is added
            formatter_class=lambda prog: argparse.HelpFormatter(prog, max_help_position=28, width=None),
        )
        self.add_argument("--json", action="store_true", help="print one JSON object on stdout and nothing else")

    def error(self, message: str) -> NoReturn:
        """Raises ``UsageError`` with what argparse found."""
        raise UsageError(f"{self.prog}: {message}", fix=f"`{self.prog} --help` shows what it takes")

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """The options in ``words``; raises ``UsageError``."""
        options, unknown = self.parse_known_args(words)
        if unknown:
            known = [name for action in self._actions for name in action.option_strings]
            noun = "option" if unknown[0].startswith("-") else "argument"
            self.error(f'there is no {noun} "{unknown[0]}"{near(unknown[0].partition("=")[0], known)}')
        return options


def add_spec(parser: Parser) -> None:
    """SPEC and what changes it."""
    parser.add_argument("spec", metavar="SPEC", help="the job spec: a YAML or JSON file")
    parser.add_argument(
        "--set", metavar="NAME=VALUE", action="append", default=[], help="set a parameter of the spec; repeatable"
    )


def add_runner(parser: Parser, default: str = "SHARDR_RUNNER, else the spec's") -> None:
    """How instances are started."""
    parser.add_argument(
        "--runner",
        choices=["auto", "process", "docker"],
        help=f"how instances are started (default: {default})",
    )


def add_which(parser: Parser, help: str) -> None:
    """This machine or SageMaker."""
    parser.add_argument("--engine", choices=["local", "sagemaker"], help=help)


def add_engine(parser: Parser) -> None:
    """Where a spec runs, and what SageMaker needs to know for that."""
    add_which(parser, "where it runs (default: SHARDR_ENGINE, else this machine)")
    parser.add_argument(
        "--role", metavar="ARN", help="role of the jobs on SageMaker (default: the spec's, SAGEMAKER_ROLE, else yours)"
    )
    parser.add_argument(
        "--bucket",
        metavar="NAME",
        help="bucket there for code, data and outputs (default: SHARDR_BUCKET, else the SDK's)",
    )


def place(options: argparse.Namespace) -> dict[str, Any]:
    """What ``add_engine`` has read, as the verbs take it."""
    return {"engine": options.engine, "role": options.role, "bucket": options.bucket}


def add_name(parser: Parser) -> None:
    """What the run will be called."""
    parser.add_argument("--name", metavar="RUN", help="id of the run (default: a fresh one)")


def add_environment(parser: Parser) -> None:
    """What the instances find in their environment."""
    parser.add_argument("--env", metavar="NAME=VALUE", action="append", default=[], help="environment; repeatable")


def pairs(option: str, words: Sequence[str], fix: str | None = None) -> dict[str, str]:
    """Values by name, of an option that is given as NAME=VALUE; raises ``UsageError`` for a word without ``=``."""
    wrong = [word for word in words if "=" not in word.lstrip("=")]
    if wrong:
        raise UsageError(f'{option}: found "{wrong[0]}", expected NAME=VALUE', fix=fix)
    return dict(word.split("=", 1) for word in words)


def parameters(options: argparse.Namespace) -> dict[str, str]:
    """The parameters that ``--set`` gives; raises ``UsageError``."""
    return pairs("--set", options.set, fix="for example --set instances=4")


def environment(options: argparse.Namespace) -> dict[str, str]:
    """What ``add_environment`` has read; raises ``UsageError``."""
    return pairs("--env", options.env)


def step_output(text: str | None, made: list[str]) -> tuple[str, str]:
    """``split.train`` as step and output; raises ``UsageError`` naming those that the run has ``made``.

    Without a text, and for a step or an output alone, the only one that fits. Names of steps have no dot, those of
    outputs may.
    """
    fitting = [name for name in made if text in {None, name, *name.split(".", 1)}]
    if text is not None and "." in text:
        fitting = fitting or [text]  # the run itself says what it lacks
    if len(fitting) != 1:
        found = "which output is meant is open" if text is None else f'found "{text}", expected STEP.OUTPUT'
        raise UsageError(found, fix=f"this run has {', '.join(made) or 'no outputs'}")
    step, _, output = fitting[0].partition(".")
    return step, output
