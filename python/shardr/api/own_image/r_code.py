"""The packages that R code names: ``library(x)``, ``require()``, ``requireNamespace()``, ``x::y``, ``p_load()`` …

Comments and strings do not count. What only the running code knows, ``library(p, character.only = TRUE)``, is told as
a line that cannot be followed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shardr.api.own_image.r_tokens import CLOSES, Token, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

OF_R = {"base", "compiler", "datasets", "graphics", "grDevices", "grid", "methods", "parallel", "splines", "stats",
        "stats4", "tcltk", "tools", "utils"}  # fmt: skip
"""They come with R itself."""
BY_NAME = {"library", "require"}
"""Take a package as a bare name, too."""
BY_TEXT = {"requireNamespace", "loadNamespace", "attachNamespace"}
SEVERAL = {"p_load"}
NAME = re.compile(r"[A-Za-z][A-Za-z0-9.]*[A-Za-z0-9]")
CHUNK = re.compile(r"^\s*(?P<fence>`{3,}|~{3,})\s*\{(?P<language>[A-Za-z]+)[^}]*\}")


@dataclass
class Used:
    """Packages, each with the line that names it first, and the lines whose package cannot be known."""

    packages: dict[str, int] = field(default_factory=dict)
    open: list[int] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    """Files that it loads by ``source("helpers.R")``."""

    def add(self, name: str, line: int) -> None:
        """Takes note of a package that does not come with R."""
        if NAME.fullmatch(name) and name not in OF_R:
            self.packages.setdefault(name, line)


def used(code: str) -> Used:
    """What the code uses; raises ``NotRError``."""
    found = Used()
    words = tokens(code)
    for i, word in enumerate(words):
        after = words[i + 1].text if i + 1 < len(words) and words[i + 1].kind == "operator" else ""
        if after in {"::", ":::"} and word.kind in {"name", "string"}:
            found.add(word.text, word.line)
        elif word.kind == "name" and not _is_element(words, i):
            if after == "(":
                _called(found, word, list(arguments(words, i + 1)))
            elif word.text in BY_NAME and _is_argument(words, i):
                found.open.append(word.line)  # lapply(packages, library, character.only = TRUE)
    return found


def _is_element(words: list[Token], i: int) -> bool:
    return i > 0 and words[i - 1].kind == "operator" and words[i - 1].text in {"$", "@"}


def _is_argument(words: list[Token], i: int) -> bool:
    before, after = words[i - 1] if i else None, words[i + 1] if i + 1 < len(words) else None
    return bool(before and after and before.text in {",", "=", "("} and after.text in {",", ")"})


def _called(found: Used, function: Token, given: list[list[Token]]) -> None:
    if function.text not in BY_NAME | BY_TEXT | SEVERAL | {"source"}:
        return
    named, plain = by_name(given)
    if function.text == "source":
        file = named.get("file") or next(iter(plain), [])
        found.sources += [word.text for word in file if len(file) == 1 and word.kind == "string"]
        return
    if function.text in SEVERAL:
        for value in [*plain, *([named["char"]] if "char" in named else [])]:
            for word in value:
                if word.kind == "string" or (len(value) == 1 and word.kind == "name"):
                    found.add(word.text, word.line)
        return
    value = named.get("package") or next(iter(plain), [])
    if not value:
        return  # library() and library(help = x) load nothing
    as_text = function.text in BY_TEXT or [word.text for word in named.get("character.only", [])] in (["TRUE"], ["T"])
    if len(value) == 1 and (value[0].kind == "string" or (value[0].kind == "name" and not as_text)):
        found.add(value[0].text, value[0].line)
    else:
        found.open.append(function.line)


def arguments(words: list[Token], opening: int) -> Iterator[list[Token]]:
    """The arguments of a call, each as its tokens."""
    depth = 0
    argument: list[Token] = []
    for word in words[opening:]:
        operator = word.text if word.kind == "operator" else ""
        if operator in CLOSES.values():
            depth -= 1
        if depth == 0 and argument:
            yield argument
        if depth == 0 and operator in CLOSES.values():
            return
        if depth == 1 and operator == ",":
            yield argument
            argument = []
        elif depth:
            argument.append(word)
        depth += operator in CLOSES


def by_name(given: list[list[Token]]) -> tuple[dict[str, list[Token]], list[list[Token]]]:
    """The arguments that have a name, by it, and the others in their order."""
    named: dict[str, list[Token]] = {}
    plain = []
    for argument in given:
        if len(argument) > 1 and argument[1].kind == "operator" and argument[1].text == "=":
            named[argument[0].text] = argument[2:]
        elif argument:
            plain.append(argument)
    return named, plain


def chunks(document: str, language: str) -> str:
    """The code of one language in an R Markdown or Quarto document, each line where it was."""
    lines: list[str] = []
    fence = ""
    counts = False
    for line in document.splitlines():
        begins = CHUNK.match(line)
        if fence:
            if line.strip().startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            lines.append(line if counts and fence else "")
        elif begins:
            fence, counts = begins["fence"], begins["language"].lower() == language
            lines.append("")
        else:
            inline = re.findall(r"`r\s([^`]+)`", line) if language == "r" else []
            lines.append("; ".join(inline))
    return "\n".join(lines)
