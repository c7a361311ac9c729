"""The command ``shardr images`` and its words: list, build; init and push have files of their own."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from shardr.cli.image_init import declare_init, init
from shardr.cli.image_push import declare_push, push
from shardr.cli.output import Output, seconds, size
from shardr.cli.words import Word, declare_words, follow

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from shardr.api.images import Image
    from shardr.cli.output import Cell
    from shardr.cli.parser import Parser

STATES = {"built": "green", "outdated": "yellow", "missing": "red"}
LIST_HEAD = ("image", "state", "size", "created", "R")


def declare_images(parser: Parser) -> None:
    """``shardr images WORD …``; the default is to list them."""
    declare_words(parser, "images", WORDS, default="list")


def images(options: argparse.Namespace, out: Output) -> int:
    """Does what the word says."""
    return follow(options, out, "images", WORDS)


def declare_list(parser: Parser) -> None:
    """Options of ``shardr images list``."""
    parser.add_argument("--tag", metavar="TAG", help="images of this tag (default: of shardr's latest, all others)")


def list_images(options: argparse.Namespace, out: Output) -> int:
    """Lists shardr's images and those that were built of folders."""
    from shardr.api import images as api

    found = api.images(options.tag)
    out.answer({"images": [image.to_dict() for image in found]})
    several = len({image.architecture for image in found if image.architecture}) > 1  # else it is this machine's
    head = (*LIST_HEAD, "architecture") if several else LIST_HEAD
    out.table(head, [_row(image)[: len(head)] for image in found], numbers=("size",))
    lacking = [image.name for image in found if image.state != "built"]
    if lacking and not out.json:
        out.note(("make them  ", "dim"), f"shardr images build {' '.join(lacking)}")
    return 0


def _row(image: Image) -> list[Cell]:
    created = datetime.fromisoformat(image.created).astimezone().strftime("%Y-%m-%d %H:%M") if image.created else "–"
    state = (image.state, STATES[image.state])
    return [image.uri, state, size(image.size), created, image.r_version or "–", image.architecture or "–"]


def declare_build(parser: Parser) -> None:
    """Options of ``shardr images build``."""
    from shardr.local.docker.images import DEFAULT_BASE, IMAGES

    parser.add_argument(
        "names", metavar="NAME_OR_FOLDER", nargs="*",
        help=f"{' or '.join(IMAGES)} (default: both), or a folder with a Dockerfile, such as . or analysis/",
    )  # fmt: skip
    parser.add_argument("--base", metavar="IMAGE", help=f"build shardr's images on this (default: {DEFAULT_BASE})")
    parser.add_argument("--tag", metavar="TAG", help="tag of what is made (default: latest)")
    parser.add_argument("--name", metavar="NAME", help="of a folder's image (default: as its Dockerfile says)")
    parser.add_argument("--file", metavar="FILE", help="build a folder by this Dockerfile (default: its own)")
    parser.add_argument("--no-cache", action="store_true", help="build all steps again")
    parser.add_argument("--network", metavar="MODE", help="network of the build, for example host")


def build(options: argparse.Namespace, out: Output) -> int:
    """Builds shardr's images, all when none is named, and those of folders."""
    import time

    from shardr.api import images as api
    from shardr.api.image_folder import is_folder
    from shardr.local.docker.images import IMAGES

    names = list(dict.fromkeys(options.names or IMAGES))
    what = {"base": options.base, "tag": options.tag, "name": options.name, "file": options.file}
    api.check(names, **what)
    made = []
    for name in names:
        begun = time.monotonic()
        with _steps() as step:
            image = api.build_image(name, **what, no_cache=options.no_cache, network=options.network, progress=step)
        made.append(image)
        out.say(("✔", "green"), f" {image.uri}  {size(image.size)}  {seconds(time.monotonic() - begun)} s")
        for note in image.notes:
            out.note(("note        ", "yellow"), note)
        if is_folder(name) and not out.json:
            out.note(("add to the step: ", "dim"), f"image: {image.uri.removesuffix(':latest')}")
    out.answer({"run": None, "status": "Completed", "images": [image.to_dict() for image in made]})
    return 0


@contextmanager
def _steps() -> Iterator[Callable[[str], None]]:
    """What to call with each step: one line that changes on a terminal, else a line for each."""
    if not sys.stderr.isatty():
        yield Output().note
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, highlight=False)
    with console.status("") as status:
        yield lambda step: status.update(Text(step, no_wrap=True, overflow="ellipsis"))


WORDS = {
    "list": Word("list shardr's images (built, outdated, missing) and those of folders", declare_list, list_images),
    "build": Word("build shardr's images, or a folder's; what is unchanged stays", declare_build, build),
    "init": Word("write a Dockerfile for your own script, with the packages it uses", declare_init, init),
    "push": Word("bring an image to a registry", declare_push, push),
}
