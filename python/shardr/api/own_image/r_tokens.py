"""The tokens of R code, without its comments; code that cannot be R is refused with its line.

Not R's own parser, so that it works on a machine without R. Names, strings and brackets are told apart exactly; of the
grammar only what catches slips: brackets that do not match, strings without an end, two words where one must be.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

TOKEN = re.compile(
    r"""
      (?P<space>[^\S\n]+)
    | (?P<newline>\n)
    | (?P<comment>\#[^\n]*)
    | (?P<raw>[rR](?P<quote>["'])(?P<dashes>-*)(?P<open>[(\[{]))
    | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<tick>`(?:[^`\\]|\\.)*`)
    | (?P<number>(?:0[xX][0-9a-fA-F.]+(?:[pP][+-]?\d+)?|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d*)?)[Li]?)
    | (?P<name>(?:[^\W\d]|\.(?!\d))[\w.]*)
    | (?P<operator>:::?|%[^%\n]*%|<<-|->>|->|<-|\|>|\|\||&&|[<>=!]=|:=|[-+*/^<>=!&|~?:$@,;()\[\]{}\\])
    """,
    re.VERBOSE | re.DOTALL,
)
ESCAPE = re.compile(
    r"\\(?:x(?P<byte>[0-9a-fA-F]{1,2})|u\{?(?P<short>[0-9a-fA-F]{1,4})\}?|U\{?(?P<long>[0-9a-fA-F]{1,8})\}?"
    r"|(?P<octal>[0-7]{1,3})|(?P<other>.))",
    re.DOTALL,
)
CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
CLOSES = {"(": ")", "[": "]", "{": "}"}
KEYWORDS = {"if", "else", "for", "while", "repeat", "function", "in", "next", "break"}
OPERANDS = {"name", "number", "string"}


@dataclass(frozen=True)
class Token:
    """One word of the code: ``kind`` is name, string, number or operator; texts are without quotes and escapes."""

    kind: str
    text: str
    line: int


class NotRError(Exception):
    """This is no R code."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def tokens(code: str) -> list[Token]:
    """The tokens in their order; raises ``NotRError``."""
    found: list[Token] = []
    open_brackets: list[Token] = []
    at, line = 0, 1
    code = code.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    while at < len(code):
        token, end = _next(code, at, line)
        if token is not None:
            _check_neighbours(found, token)
            _check_bracket(open_brackets, token)
            found.append(token)
        line += code.count("\n", at, end)
        at = end
    if open_brackets:
        last = open_brackets[-1]
        raise NotRError(last.line, f'"{last.text}" is never closed')
    return found


def _next(code: str, at: int, line: int) -> tuple[Token | None, int]:
    match = TOKEN.match(code, at)
    if match is None:
        what = "a text that begins here has no end" if code[at] in "\"'`" else f'unexpected "{code[at]}"'
        raise NotRError(line, what)
    kind = str(match.lastgroup) if match["raw"] is None else "raw"
    if kind in {"space", "newline", "comment"}:
        return None, match.end()
    if kind == "raw":
        closing = CLOSES[match["open"]] + match["dashes"] + match["quote"]
        end = code.find(closing, match.end())
        if end < 0:
            raise NotRError(line, "a text that begins here has no end")
        return Token("string", code[match.end() : end], line), end + len(closing)
    if kind == "tick":
        return Token("name", match[0][1:-1], line), match.end()
    if kind == "string":
        return Token("string", ESCAPE.sub(_escaped, match[0][1:-1]), line), match.end()
    return Token(kind, match[0], line), match.end()


def _escaped(found: re.Match[str]) -> str:
    code = found["byte"] or found["short"] or found["long"]
    if code or found["octal"]:
        number = int(code, 16) if code else int(found["octal"], 8)
        return chr(number) if number <= sys.maxunicode else found[0]
    return CONTROLS.get(found["other"], found["other"])


def _check_neighbours(found: list[Token], token: Token) -> None:
    if not found or found[-1].line != token.line:
        return
    before = found[-1]
    if before.kind in OPERANDS and token.kind in OPERANDS and not {before.text, token.text} & KEYWORDS:
        raise NotRError(token.line, f'unexpected "{token.text}" after "{before.text}"')


def _check_bracket(open_brackets: list[Token], token: Token) -> None:
    if token.kind != "operator":
        return
    if token.text in CLOSES:
        open_brackets.append(token)
    elif token.text in CLOSES.values():
        if not open_brackets:
            raise NotRError(token.line, f'"{token.text}" closes nothing')
        opened = open_brackets.pop()
        if CLOSES[opened.text] != token.text:
            raise NotRError(token.line, f'"{token.text}" closes the "{opened.text}" of line {opened.line}')
