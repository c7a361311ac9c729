"""The service's patterns, which are Java regular expressions, as Python ones."""

from __future__ import annotations

import re
import string
import unicodedata
from functools import cache
from itertools import groupby

# Java's dot stops at every line terminator, Python's at the line feed alone.
_DOT = r"[^\n\r\x85\u2028\u2029]"

# These patterns of the model are ambiguous: a text that almost fits makes a backtracking matcher try
# exponentially many ways. The right side takes exactly the same texts, in one pass.
_ONE_PASS = {
    r".*(?:[ \r\n\t].*)*": r"[^\x85\u2028\u2029]*",
    r".*(?:[ \r\n\t].*)*.*": r"[^\x85\u2028\u2029]*",
    r"https://([.\-_a-zA-Z0-9]+/?){3,1016}": (
        r"https://(?=(?:[.\-_a-zA-Z0-9]/?){3})(?:[.\-_a-zA-Z0-9]+/){0,1015}(?:[.\-_a-zA-Z0-9]+/?)"
    ),
    r"[a-z0-9]([-a-z0-9]*[a-z0-9]){0,39}?": r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?",
}

# \p{...} names that are not Unicode categories: Java takes these from ASCII.
_POSIX = {
    "Alnum": string.ascii_letters + string.digits,
    "Alpha": string.ascii_letters,
    "Lower": string.ascii_lowercase,
    "Upper": string.ascii_uppercase,
    "Digit": string.digits,
    "XDigit": string.hexdigits,
    "Punct": string.punctuation,
    "Space": " \t\n\x0b\f\r",
    "ASCII": "".join(map(chr, range(128))),
}
_HEX = re.compile(r"\\u([0-9A-Fa-f]{4})")
_PROPERTY = re.compile(r"\\([pP])(?:\{(\w+)\}|([A-Z]))")
_QUANTIFIER = re.compile(r"\{(\d+)(?:,\d*)?\}|[*+?]")


class UntranslatableError(ValueError):
    """A pattern uses something of Java's that has no counterpart here."""


def matches(pattern: str, text: str) -> bool | None:
    """Whether the whole text fits a pattern of the service; None when the pattern cannot be told.

    None is for patterns of a newer service model only: every pattern of the installed one is tested.

    >>> matches(r"[\\p{L}\\p{N}_]+", "données_2")
    True
    """
    compiled = _compiled(pattern, text.isascii())
    return None if compiled is None else compiled.fullmatch(text) is not None


@cache
def _compiled(pattern: str, ascii_text: bool) -> re.Pattern[str] | None:
    try:
        # re.ASCII: in Java \d, \s and \w are ASCII.
        return re.compile(translate(_ONE_PASS.get(pattern, pattern), ascii_text=ascii_text), re.ASCII)
    except (UntranslatableError, re.error):
        return None


def translate(pattern: str, *, ascii_text: bool = False) -> str:
    r"""The pattern in Python's notation, to be used with ``re.ASCII`` and ``fullmatch``.

    With ``ascii_text`` the result is right for ASCII texts only, and costs no table of all characters.
    Raises UntranslatableError for what Java has and Python has not (classes within classes, ``\R``).
    """
    limit = 0x80 if ascii_text else 0x110000
    out: list[str] = []
    in_class = False
    at = 0
    while at < len(pattern):
        char = pattern[at]
        size = 1
        if char == "\\":
            piece, size = _escape(pattern, at, in_class, limit)
        elif in_class:
            if char == "[" or pattern.startswith("&&", at):
                raise UntranslatableError(pattern)
            in_class = char != "]"
            piece = char
        elif char == "[":
            in_class = True
            size = 2 if pattern.startswith("[^", at) else 1
            piece = pattern[at : at + size]
        elif char == ".":
            piece = _DOT
        elif char == "$" and (repeat := _QUANTIFIER.match(pattern, at + 1)):
            # `${1,128}` occurs: repeating "the end" changes nothing, and Python refuses to.
            optional = repeat[0] in "*?" or repeat[1] == "0"
            piece, size = ("" if optional else "$"), 1 + len(repeat[0])
        elif pattern.startswith("(?<", at) and pattern[at + 3 : at + 4] not in ("=", "!"):
            piece, size = "(?P<", 3
        else:
            piece = char
        out.append(piece)
        at += size
    return "".join(out)


def _escape(pattern: str, at: int, in_class: bool, limit: int) -> tuple[str, int]:
    """Translation of the escape that begins at ``at``, and how many characters it takes there."""
    if found := _PROPERTY.match(pattern, at):
        members = _property(found[2] or found[3], found[1] == "P", limit)
        return (members if in_class else f"[{members}]"), len(found[0])
    if found := _HEX.match(pattern, at):
        code, size = int(found[1], 16), len(found[0])
        low = _HEX.match(pattern, at + size)
        if 0xD800 <= code < 0xDC00 and low and 0xDC00 <= int(low[1], 16) < 0xE000:
            # Java writes a character past U+FFFF as two halves.
            code, size = 0x10000 + ((code - 0xD800) << 10) + int(low[1], 16) - 0xDC00, 2 * size
        return f"\\U{code:08x}", size
    following = pattern[at + 1 : at + 2]
    if following and (following in "dDsSwWtnrfx0123456789" or (following in "bBA" and not in_class)):
        return f"\\{following}", 2
    if following == "z" and not in_class:
        return r"\Z", 2
    if following.isalnum() or not following:
        raise UntranslatableError(pattern)
    return f"\\{following}", 2


@cache
def _property(name: str, negated: bool, limit: int) -> str:
    """Members of a ``\\p{name}`` below ``limit``, as the inside of a character class."""
    if name in _POSIX:
        members = _POSIX[name]
        runs = [(chr(code) in members, code, code) for code in range(0x80)] + [(False, 0x80, 0x10FFFF)]
    elif re.fullmatch("[LMNPSZC][a-z]?", name):
        runs = [(category.startswith(name), first, last) for category, first, last in _category_runs(limit)]
    else:
        raise UntranslatableError(name)
    inside = ""
    for is_in, neighbours in groupby(runs, key=lambda run: run[0]):
        if is_in != negated:
            spans = [span for _, *span in neighbours]
            inside += f"\\U{spans[0][0]:08x}-\\U{spans[-1][1]:08x}"
    # A class must not be empty: U+10FFFF is no character.
    return inside or r"\U0010ffff"


@cache
def _category_runs(limit: int) -> list[tuple[str, int, int]]:
    """Unicode category, first and last of each run of neighbours below ``limit`` that share it."""
    runs, first = [], 0
    for category, run in groupby(map(unicodedata.category, map(chr, range(limit)))):
        last = first + sum(1 for _ in run) - 1
        runs.append((category, first, last))
        first = last + 1
    return runs
