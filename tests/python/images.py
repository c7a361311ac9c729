"""Images of the tests: a user's own with Python, and what is built on it in a line or two."""

from __future__ import annotations

import io
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from shardr.local.docker.daemon import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

PYTHON = "shardr-test/python"
FOLDER = Path(__file__).parents[1] / "images"


def python_image() -> str:
    """The image of ``tests/images/python``; it stays, as a daemon that has it builds nothing."""
    _built(f"{PYTHON}:latest", (FOLDER / "python" / "Dockerfile").read_text(encoding="utf-8"))
    return PYTHON


@contextmanager
def image_of(name: str, dockerfile: str) -> Iterator[str]:
    """An image of these lines, gone afterwards."""
    _built(name, dockerfile)
    try:
        yield name
    finally:
        connect().remove_image(name, force=True)


def _built(name: str, dockerfile: str) -> None:
    said = connect().build(fileobj=io.BytesIO(dockerfile.encode()), tag=name, rm=True, forcerm=True, decode=True)
    trouble = [line["error"] for line in said if "error" in line]
    assert not trouble
