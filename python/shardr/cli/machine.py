"""Commands about this machine: doctor, example, install-r."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from shardr.cli.output import Output
    from shardr.cli.parser import Parser


def declare_doctor(_: Parser) -> None:
    """``shardr doctor`` takes no options of its own."""


def doctor(_: argparse.Namespace, out: Output) -> int:
    """Tells what this machine has and lacks; status 0 also when it lacks something, for it may not be needed."""
    from shardr.api.doctor import doctor as examine

    found = examine()
    out.answer({"ok": all(finding.ok for finding in found), "findings": [finding.to_dict() for finding in found]})
    wide = max(len(finding.name) for finding in found)
    for finding in found:
        sign = ("✔", "green") if finding.ok else ("✖", "red")
        out.say(sign, f" {finding.name:<{wide}}  {finding.found}")
        if finding.fix:
            out.say(f"  {'':<{wide}}  ", ("fix: ", "dim"), finding.fix)
    return 0


def declare_example(parser: Parser) -> None:
    """Options of ``shardr example``."""
    parser.add_argument("name", metavar="NAME", nargs="?", default="bank-marketing", help="default: bank-marketing")
    parser.add_argument("--to", metavar="DIR", help="folder to make (default: one of that name, here)")


def example(options: argparse.Namespace, out: Output) -> int:
    """Copies an example to where it can be changed, with its data."""
    from shardr.api.examples import example as copied

    made = copied(options.name, options.to)
    spec = made / "job.yml"
    out.answer({"run": None, "status": "Completed", "path": str(made.absolute()), "spec": str(spec.absolute())})
    out.say(f"{made}/")
    if not out.json:
        out.note(("look at it  ", "dim"), shlex.join(["shardr", "plan", str(spec)]))
        out.note(("run it      ", "dim"), shlex.join(["shardr", "run", str(spec)]))
    return 0


def declare_install_r(parser: Parser) -> None:
    """Options of ``shardr install-r``."""
    parser.add_argument("--library", metavar="DIR", help="R library to install into (default: R's first writable one)")


def install_r(options: argparse.Namespace, out: Output) -> int:
    """Installs the R half."""
    from shardr.rinstall import install_r as installed

    made = installed(Path(options.library).expanduser() if options.library else None)
    out.answer({"run": None, "status": "Completed", "path": str(made.absolute())})
    out.say(str(made))
    if not out.json:
        where = f", lib.loc = {json.dumps(str(made.parent))}" if options.library else ""
        out.note(("in R  ", "dim"), f"library(shardr{where})")
    return 0
