"""Images of the service's own algorithms, and what stands in for them here."""

from __future__ import annotations

KNOWN: dict[str, str] = {}


def builtin(image_uri: str) -> str | None:
    """None."""
    return KNOWN.get(image_uri)
