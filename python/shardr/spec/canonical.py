"""The one way to write a spec down: the same bytes from R and from Python."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shardr.spec.models import Pipeline


def canonical_json(pipeline: Pipeline) -> str:
    """Compact JSON with keys in code point order and without values that equal their default.

    The R half writes the same bytes for the same spec; ``tests/contract/specs`` holds both to it.
    """
    data = pipeline.model_dump(exclude_defaults=True)
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
