"""Hyperparameters as they arrive, all of them text: what each may be, and all that is wrong with those given."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from place import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Number:
    """A number of a range; an open end is not part of it."""

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False
    whole: bool = False

    def __call__(self, text: str) -> float:
        """The number that the text spells; raises ``ValueError`` with what was expected."""
        try:
            value = float(text)
            inside = self.low <= value <= self.high and not math.isinf(value)
            inside &= not (self.open_low and value == self.low) and not (self.open_high and value == self.high)
            if inside and not (self.whole and value != int(value)):
                return int(value) if self.whole else value
        except ValueError:
            pass
        raise ValueError(f"a {'whole ' if self.whole else ''}number{self._range()}")

    def _range(self) -> str:
        least = "" if math.isinf(self.low) else f" {'above' if self.open_low else 'from'} {self.low:g}"
        most = "" if math.isinf(self.high) else f" {'below' if self.open_high else 'to'} {self.high:g}"
        return least + most


def whole(low: float = -math.inf, high: float = math.inf) -> Number:
    """A whole number of a range."""
    return Number(low, high, whole=True)


def one_of(*choices: str) -> Callable[[str], str]:
    """One of some words."""

    def read(text: str) -> str:
        if text in choices:
            return text
        near = get_close_matches(text, choices, 1)
        raise ValueError(f"one of {', '.join(choices)}" + (f'; did you mean "{near[0]}"?' if near else ""))

    return read


SWITCH = one_of("true", "false")


def yes_or_no(text: str) -> bool:
    """``true`` or ``false``, also with a capital, as the SDK of Python sends them."""
    return SWITCH(text.lower()) == "true"


def read(
    given: Mapping[str, Any],
    known: Mapping[str, tuple[Callable[[str], Any], Any]],
    algorithm: str,
    aliases: Mapping[str, str] | None = None,
    absent: Mapping[str, str] | None = None,
    required: Mapping[str, str] | None = None,
) -> tuple[dict[str, Any], set[str], list[str]]:
    """The values with their defaults, the names of those that were given, and what is wrong with single ones.

    ``known`` has for each name what reads its text, which raises ``ValueError`` with what was expected, and its
    default; ``absent`` why a name that SageMaker knows is not taken here; ``required`` what those are that must be
    there.
    """
    aliases, absent = aliases or {}, absent or {}
    if "sagemaker_program" in given:
        raise UserError(
            f"the job brings a script of its own, {bare(str(given['sagemaker_program']))}, and this is the built-in"
            " algorithm, which runs none: run the script as the code of a training step in the image python or xgboost"
        )
    problems: list[str] = []
    values = {name: default for name, (_, default) in known.items()}
    for written, raw in sorted(given.items()):
        if written.startswith("sagemaker_"):  # the SDK's, about itself
            continue
        name, text = aliases.get(written, written), bare(str(raw))
        if name in absent:
            problems.append(f"{name}: {absent[name]}")
        elif name not in known:
            near = get_close_matches(written, [*known, *aliases], 1)
            mean = f'did you mean "{near[0]}"?' if near else f"the built-in {algorithm} has none of this name"
            problems.append(f"{written}: unknown; {mean}")
        else:
            try:
                values[name] = known[name][0](text)
            except ValueError as error:
                problems.append(f'{written}: expected {error}, found "{text}"')
    told = {aliases.get(name, name) for name in given}
    problems += [f"{name}: is required: {what}" for name, what in (required or {}).items() if name not in told]
    return values, told, problems


def refuse(problems: list[str]) -> None:
    """Raises ``UserError`` with all problems, where there are any."""
    if problems:
        count = f"{len(problems)} hyperparameters are" if len(problems) > 1 else "a hyperparameter is"
        raise UserError("\n".join([f"{count} wrong:", *(f"  {problem}" for problem in problems)]))


def bare(text: str) -> str:
    """Without the quotes that the SDK puts around text of its own."""
    if text[:1] == '"':
        try:
            return str(json.loads(text))
        except ValueError:
            pass
    return text.strip()
