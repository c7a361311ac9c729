"""The hyperparameters that a training script declares, read without running it: a plan shows and checks them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardr.api import declared_python, declared_r
from shardr.api.declaration import NOT_KNOWN
from shardr.api.own_image.r_tokens import NotRError
from shardr.runtime.values import Hyperparameter, read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from shardr.api.declaration import Said
    from shardr.errors import Problem

KINDS = {"hp_integer": "integer", "hp_number": "number", "hp_string": "string", "hp_logical": "logical"}
ORDER = {
    "hp_integer": ("default", "min", "max", "description"),
    "hp_number": ("default", "min", "max", "description"),
    "hp_string": ("default", "choices", "description"),
    "hp_logical": ("default", "description"),
}
"""The arguments in their order, as R takes them without names; the first is Python's only one of these."""


@dataclass(frozen=True)
class Declared:
    """A hyperparameter as its script declares it. Any part may be ``NOT_KNOWN``, which only the running script knows.

    Without a known name it stands for further ones of which nothing can be said.
    """

    name: str
    kind: str
    """integer, number, string or logical."""
    required: bool = False
    default: Any = None
    min: float | None = None
    max: float | None = None
    choices: tuple[str, ...] | None = None
    description: str | None = None

    @property
    def rule(self) -> Hyperparameter:
        """What can be checked: what is not known refuses nothing."""
        if self.kind is NOT_KNOWN:
            return Hyperparameter("string", required=False)
        parts: dict[str, Any] = {name: part for name, part in vars(self).items() if part is not NOT_KNOWN}
        del parts["name"]
        return Hyperparameter(**parts)


def declared(path: Path) -> list[Declared] | None:
    """What the call of ``hyperparameters()`` in a script says, in its order; None when there is no such call.

    R and Python scripts are read, by their endings; a script that cannot be read as its language has none: what is
    wrong with it is told when it runs. Two calls contradict each other, so of them nothing is known.

    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp(), "train.R")
    >>> _ = path.write_text("hp <- hyperparameters(top_k = hp_integer(10, min = 1), seed = hp_integer(now()))")
    >>> for each in declared(path):
    ...     print(each.name, each.kind, each.default, each.min)
    top_k integer 10 1
    seed integer not known before it runs None
    """
    readers = {".r": declared_r.calls, ".py": declared_python.calls}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        return None
    try:
        found = reader(path.read_bytes().decode("utf-8-sig", "replace"))
    except (OSError, NotRError, SyntaxError, ValueError):
        return None
    if not found:
        return None
    return [_declared(said) for said in found[0]] if len(found) == 1 else [Declared(NOT_KNOWN, NOT_KNOWN)]


def check(declarations: Sequence[Declared], given: Mapping[str, str]) -> list[Problem]:
    """What the script would refuse of these hyperparameters, in the words in which it would; their path is the name.

    >>> check([Declared("top_k", "integer", default=10, min=1)], {"topk": "5"})[0].message
    'is no hyperparameter of the script; did you mean "top_k"?'
    """
    rules = {each.name: each.rule for each in declarations if each.name is not NOT_KNOWN}
    _, problems = read(rules, given, closed=len(rules) == len(declarations))
    return problems


def _declared(said: Said) -> Declared:
    if said.name is NOT_KNOWN or said.maker not in KINDS:
        return Declared(said.name, NOT_KNOWN)
    order = ORDER[said.maker]
    parts = {**dict(zip(order, said.plain, strict=False)), **said.named}
    part = {name: parts.get(name, NOT_KNOWN if said.open else None) for name in order}
    required = "default" not in parts and not said.open
    return Declared(
        said.name,
        KINDS[said.maker],
        required,
        part["default"],
        _number(part.get("min")),
        _number(part.get("max")),
        _texts(part.get("choices")),
        part["description"],
    )


def _number(value: Any) -> Any:
    fits = value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))
    return value if fits else NOT_KNOWN


def _texts(value: Any) -> Any:
    texts = [value] if isinstance(value, str) else value
    if texts is None or (isinstance(texts, (list, tuple)) and all(isinstance(each, str) for each in texts)):
        return tuple(texts) if texts else None
    return NOT_KNOWN
