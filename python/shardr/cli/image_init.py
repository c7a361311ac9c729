"""The command ``shardr images init``: a Dockerfile for one's own script."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from shardr.cli.output import Output
    from shardr.cli.parser import Parser


def declare_init(parser: Parser) -> None:
    """Options of ``shardr images init``."""
    parser.add_argument(
        "source",
        metavar="SCRIPT_OR_FOLDER",
        nargs="?",
        default=".",
        help="what the image is for (default: this folder)",
    )
    parser.add_argument(
        "--base", metavar="IMAGE", help="image to begin with (default: shardr/processing; for Python alone, Debian)"
    )
    parser.add_argument("--name", metavar="NAME", help="name of the image (default: that of the script or folder)")
    parser.add_argument("--output", metavar="DIR", help="where to write (default: beside the scripts)")
    parser.add_argument("--force", action="store_true", help="write over a Dockerfile that is there")


def init(options: argparse.Namespace, out: Output) -> int:
    """Writes the Dockerfile, tells what is in it, and the command that builds it."""
    from shardr.api.image_init import init_image

    made = init_image(options.source, base=options.base, name=options.name, output=options.output, force=options.force)
    out.answer({"run": None, "status": "Completed", **made.to_dict()})
    out.say(os.fspath(made.dockerfile))
    out.say(os.fspath(made.ignore))
    if out.json:
        return 0
    for label, found in (
        ("from Debian", made.debian), ("compiled", made.compiled), ("from pip", made.python),
    ):  # fmt: skip
        if found:
            out.note((f"{label:<12}", "dim"), ", ".join(found))
    for package, libraries in made.libraries.items():
        out.note(("to compile  ", "dim"), f"{package} needs {', '.join(libraries)}")
    for note in made.notes:
        out.note(("note        ", "yellow"), note)
    out.note(("build it    ", "dim"), made.command)
    out.note((f"            or {made.docker}", "dim"))
    out.note(("add to the step: ", "dim"), f"image: {made.name}")
    return 0
