"""Takes the members of maps by their kind, and notes what is wrong on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.errors import Problem
from shardr.requests.found import nearest, wrong_type

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_KINDS: Mapping[str, tuple[type, ...]] = {
    "a map of members": (dict,),
    "a list": (list,),
    "a string": (str,),
    "true or false": (bool,),
    "a number": (int, float),
    "a whole number": (int,),
}


class Reader:
    """Reads, and notes what is wrong on the way."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def say(self, place: str, message: str, fix: str | None = None) -> None:
        """Notes a problem."""
        self.problems.append(Problem(place, message, fix))

    def take(self, of: Mapping[str, Any], key: str, place: str, kind: str, default: Any = None) -> Any:
        """A member of this kind; the default when it is not there, or is of another kind, which is noted."""
        value = of.get(key, default)
        if key in of and (not isinstance(value, _KINDS[kind]) or (isinstance(value, bool) and kind != "true or false")):
            self.problems.append(wrong_type(f"{place}.{key}".lstrip("."), value, kind))
            return default
        return value

    def required(self, of: Mapping[str, Any], key: str, place: str, kind: str) -> Any:
        """As ``take``; that it is not there is noted, too."""
        if key not in of:
            self.say(f"{place}.{key}".lstrip("."), "is required")
        return self.take(of, key, place, kind)

    def maps(self, of: Mapping[str, Any], key: str, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The maps of a list, each with its place; what is no map is noted."""
        for i, item in enumerate(self.take(of, key, place, "a list", [])):
            at = f"{place}.{key}[{i}]".lstrip(".")
            if isinstance(item, dict):
                yield at, item
            else:
                self.problems.append(wrong_type(at, item, "a map of members"))

    def misspelt(self, of: Mapping[str, Any], known: Sequence[str], place: str) -> None:
        """Notes members that look like a slip of the pen; others may be newer than this."""
        for key in of:
            close = [] if key in known else nearest(key, known, 1, cutoff=0.75)
            if close and close[0] not in of:
                self.say(f"{place}.{key}".lstrip("."), f'is not a member; did you mean "{close[0]}"?')

    def number(
        self,
        of: Mapping[str, Any],
        key: str,
        place: str,
        limits: tuple[float, float],
        default: Any,
        kind: str = "a whole number",
    ) -> Any:
        """A number within the limits, or the default; what is beyond them is noted."""
        value = self.take(of, key, place, kind, default)
        least, most = limits
        if key in of and value is not None and not least <= value <= most:
            expected = f"at least {least}" if most == float("inf") else f"{least} to {most}"
            self.say(f"{place}.{key}", f"found {value}, expected {expected}")
        return value
