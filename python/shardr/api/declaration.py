"""One argument of a call of ``hyperparameters()``, as it stands in a script of either language."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


class NotKnown:
    """Stands for what only the running script knows."""

    def __repr__(self) -> str:
        return "not known before it runs"


NOT_KNOWN: Any = NotKnown()


@dataclass
class Said:
    """``top_k = hp_integer(10, min = 1)``: the name, the function, and its arguments' values where they are literal."""

    name: str
    maker: str = ""
    """Empty when the declaration is made elsewhere."""
    plain: list[Any] = field(default_factory=list)
    named: dict[str, Any] = field(default_factory=dict)
    open: bool = False
    """Whether it has further arguments, of which nothing is known."""
