"""Calls of ``hyperparameters()`` in R code."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from shardr.api.declaration import NOT_KNOWN, Said
from shardr.api.own_image.r_code import arguments, by_name
from shardr.api.own_image.r_tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardr.api.own_image.r_tokens import Token

VERB = "hyperparameters"
CONSTANTS: dict[str, Any] = {"TRUE": True, "T": True, "FALSE": False, "F": False, "NULL": None, "Inf": math.inf}


def calls(code: str) -> list[list[Said]]:
    """What each call says; raises ``NotRError``. A script that has a function of that name itself has none."""
    words = tokens(code)
    found = []
    for i, word in enumerate(words):
        if word.kind != "name" or word.text != VERB or not _is_ours(words, i):
            continue
        after = _operator(words, i + 1)
        if after in {"<-", "="} and i + 2 < len(words) and words[i + 2].text in {"function", "\\"}:
            return []
        if after == "(":
            found.append(list(_arguments(words, i + 1)))
        elif after in {",", ")"}:  # do.call(hyperparameters, declared)
            found.append([Said(NOT_KNOWN)])
    return found


def _is_ours(words: list[Token], i: int) -> bool:
    before = _operator(words, i - 1)
    return before not in {"$", "@", "::", ":::"} or (before in {"::", ":::"} and words[i - 2].text == "shardr")


def _operator(words: list[Token], i: int) -> str:
    return words[i].text if 0 <= i < len(words) and words[i].kind == "operator" else ""


def _arguments(words: list[Token], opening: int) -> Iterator[Said]:
    for argument in arguments(words, opening):
        named, plain = by_name([argument])
        for name, value in named.items():
            yield _said(name, value)
        for _ in plain:
            yield Said(NOT_KNOWN)


def _said(name: str, value: list[Token]) -> Said:
    if len(value) > 2 and value[0].text == "shardr" and _operator(value, 1) in {"::", ":::"}:
        value = value[2:]
    inside = _inside(value)
    if inside is None:
        return Said(name)
    named, plain = by_name(inside)
    further = any(len(each) == 1 and each[0].text == "..." for each in plain)
    literals = {key: _literal(each) for key, each in named.items()}
    return Said(name, value[0].text, [] if further else [_literal(each) for each in plain], literals, further)


def _inside(words: list[Token]) -> list[list[Token]] | None:
    """The arguments when the words are one call and nothing else."""
    if len(words) < 3 or words[0].kind != "name" or _operator(words, 1) != "(":
        return None
    inside = list(arguments(words, 1))
    # commas stand between the arguments, and two brackets around them
    whole = sum(map(len, inside)) + max(len(inside) - 1, 0) + 3 == len(words)
    return inside if whole else None


def _literal(words: list[Token]) -> Any:
    if len(words) == 2 and _operator(words, 0) in {"-", "+"} and words[1].kind in {"number", "name"}:
        value = _literal(words[1:])
        signed = isinstance(value, (int, float)) and not isinstance(value, bool)
        return NOT_KNOWN if not signed else -value if words[0].text == "-" else value
    if len(words) == 1:
        word = words[0]
        if word.kind == "string":
            return word.text
        return _number(word.text) if word.kind == "number" else CONSTANTS.get(word.text, NOT_KNOWN)
    inside = _inside(words)
    if inside is None or words[0].text != "c":
        return NOT_KNOWN
    values = [_literal(each[2:] if _operator(each, 1) == "=" else each) for each in inside]
    return NOT_KNOWN if NOT_KNOWN in values else values


def _number(text: str) -> Any:
    digits = text.removesuffix("L")
    try:
        if digits[:2].lower() == "0x":
            return int(digits, 16)
        value = float(digits)
    except ValueError:  # 2i, 0x1p3
        return NOT_KNOWN
    return int(value) if value == math.floor(value) and abs(value) < 2**53 else value
