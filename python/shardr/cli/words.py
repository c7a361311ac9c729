"""Commands that are followed by a word, as ``shardr images build``; each word has options and help of its own."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardr.cli.output import Output
from shardr.cli.parser import Parser, UsageError, near

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Word:
    """What follows a command: in one line what it does, its options, and the function that does it."""

    summary: str
    declare: Callable[[Parser], None]
    run: Callable[[argparse.Namespace, Output], int]


def declare_words(parser: Parser, command: str, words: Mapping[str, Word], default: str | None = None) -> None:
    """``shardr COMMAND WORD …``; ``default`` is the word where none is given."""
    lines = "\n".join(f"  {name:<8}{word.summary}" for name, word in words.items())
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = f"words:\n{lines}\n\n`shardr {command} WORD --help` shows what a word takes."
    if default is None:
        parser.add_argument("word", metavar="WORD", help="what to do")
    else:
        told = f"what to do (default: {default})"
        parser.add_argument("word", metavar="WORD", nargs="?", default=default, help=told)
    parser.add_argument("rest", metavar="...", nargs=argparse.REMAINDER, help="what the word takes")


def follow(options: argparse.Namespace, out: Output, command: str, words: Mapping[str, Word]) -> int:
    """Does what the word says; raises ``UsageError`` for one that is none."""
    if options.word not in words:
        fix = f"it has {', '.join(words)}"
        raise UsageError(f'{command} has no word "{options.word}"{near(options.word, words)}', fix=fix)
    word = words[options.word]
    parser = Parser(f"{command} {options.word}", word.summary)
    word.declare(parser)
    given = parser.read(options.rest)
    return word.run(given, Output(json=given.json or out.json))
