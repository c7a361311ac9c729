"""What is in an archive, with nothing of it written anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardr.data.gzipped import expanded
from shardr.data.tarball import Stream, members

if TYPE_CHECKING:
    from pathlib import Path


def names_in(archive: Path) -> list[str]:
    """The names of the files of a .tar.gz, as ``unpack`` would name them; raises ``DataError`` for what is none."""
    blocks = expanded(archive)
    names = []
    try:
        stream = Stream(blocks, str(archive))
        for member in members(stream, str(archive)):
            for _ in stream.pieces(member.size):
                pass
            if not member.folder:
                names.append("/".join(member.parts))
    finally:
        blocks.close()  # type: ignore[attr-defined]
    return names
