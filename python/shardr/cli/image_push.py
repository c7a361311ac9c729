"""The command ``shardr images push``: an image of this machine in a registry."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from shardr.cli.output import Output

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from shardr.cli.parser import Parser
    from shardr.local.docker.push import Layer


def declare_push(parser: Parser) -> None:
    """Options of ``shardr images push``."""
    parser.description = (
        "Bring an image to a registry. Who you are, `docker login` knows, or SHARDR_REGISTRY_USER and"
        " SHARDR_REGISTRY_PASSWORD say; for Amazon's registry your AWS credentials do."
    )
    parser.add_argument("image", metavar="NAME", help="an image of this machine; `shardr images` lists them")
    parser.add_argument(
        "repository", metavar="REPOSITORY", nargs="?", help="where to, as in registry.example.org/team/name"
    )
    parser.add_argument("--tag", metavar="TAG", help="tag in the registry (default: that of the image)")
    parser.add_argument(
        "--ecr", metavar="REGION", nargs="?", const=True, default=False,
        help="Amazon's registry of your account (default: of the region that is set); REPOSITORY is the name there",
    )  # fmt: skip


def push(options: argparse.Namespace, out: Output) -> int:
    """Pushes an image; prints its address with the digest."""
    from shardr.api.image_push import push_image

    with _layers() as progress:
        pushed = push_image(options.image, options.repository, tag=options.tag, ecr=options.ecr, progress=progress)
    out.answer({"run": None, "status": "Completed", **pushed.to_dict()})
    out.say(pushed.uri)
    if not out.json:
        out.note(("in a spec  ", "dim"), f"image: {pushed.uri}")
    return 0


@contextmanager
def _layers() -> Iterator[Callable[[Layer], None]]:
    """What to call with each news of a layer: a bar for each on a terminal, else a line when it is there."""
    if not sys.stderr.isatty():
        yield _Ends()
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TextColumn("{task.fields[status]}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        known: dict[str, TaskID] = {}

        def show(layer: Layer) -> None:
            if layer.id not in known:
                known[layer.id] = bars.add_task(layer.id, total=None, status=layer.status)
            bars.update(known[layer.id], completed=layer.done, total=layer.total, status=layer.status)

        yield show


class _Ends:
    """Says once what became of each layer."""

    def __init__(self) -> None:
        self._out = Output()
        self._said: set[str] = set()

    def __call__(self, layer: Layer) -> None:
        done = layer.status == "Pushed" or "exists" in layer.status or layer.status.startswith("Mounted")
        if done and layer.id not in self._said:
            self._said.add(layer.id)
            self._out.note(f"{layer.id}: {layer.status.lower()}")
