"""Any job as the service describes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.local.operations import processing, training, transform

if TYPE_CHECKING:
    from collections.abc import Callable

    from shardr.local.store import JobRow

BY_KIND: dict[str, Callable[[JobRow], dict[str, Any]]] = {
    "processing": processing.described,
    "training": training.described,
    "transform": transform.described,
}


def described(row: JobRow) -> dict[str, Any]:
    """What describing the job answers."""
    return BY_KIND[row.kind](row)
