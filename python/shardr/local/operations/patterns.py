"""Filter patterns of CloudWatch Logs, those for plain text: words, "phrases", ?either ?or, -without."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shardr.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable

TERM = re.compile(r'([?-]?)(?:"((?:[^"\\]|\\.)*)"|(\S+))')


def pattern(text: str) -> Callable[[str], bool]:
    """Whether a message matches; raises ``RequestError`` for patterns over fields and regular expressions.

    >>> [pattern('error -"exit 0"')(line) for line in ("error: exit 1", "error: exit 0")]
    [True, False]
    """
    if re.match(r"\s*[{\[%]", text):
        raise RequestError(
            f"Invalid filter pattern {text}",
            why="this machine matches words and phrases, not fields of JSON or columns and no regular expressions",
        )
    terms = [(sign, quoted.replace('\\"', '"') or word) for sign, quoted, word in TERM.findall(text)]
    every = [term for sign, term in terms if not sign]
    some = [term for sign, term in terms if sign == "?"]
    none = [term for sign, term in terms if sign == "-"]
    return lambda message: (
        all(term in message for term in every)
        and (not some or any(term in message for term in some))
        and not any(term in message for term in none)
    )
