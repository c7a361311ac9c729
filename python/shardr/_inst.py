"""Where the files shared with the R half are: the one copy of ``inst/``."""

from __future__ import annotations

from pathlib import Path

_PACKAGED = Path(__file__).parent / "_inst_data"


def inst(*parts: str) -> Path:
    """Path of a shared file: inside the wheel when installed, in ``inst/`` of the checkout when editable.

    >>> inst("schema", "job.schema.json").name
    'job.schema.json'
    """
    root = _PACKAGED if _PACKAGED.is_dir() else Path(__file__).parents[2] / "inst"
    return root.joinpath(*parts)
