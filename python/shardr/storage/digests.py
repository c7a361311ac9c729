"""What a file has in it, in 64 characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

BLOCK_BYTES = 1 << 20


def digest_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, read a block at a time."""
    import hashlib

    about = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(BLOCK_BYTES):
            about.update(block)
    return about.hexdigest()
