"""Numbers as text: the same in both languages (R: ``number_text()``)."""

from __future__ import annotations

import math


def number_text(value: float) -> str:
    """The shortest text of 15 to 17 digits that reads back as the same number; whole ones without an exponent.

    >>> number_text(0.1), number_text(3.0), number_text(float("nan"))
    ('0.1', '3', 'nan')
    """
    if isinstance(value, int) or (abs(value) < 2**53 and value == math.floor(value)):
        return f"{value:.0f}" if isinstance(value, float) else str(int(value))
    text = ""
    for digits in (15, 16, 17):
        text = f"{value:.{digits}g}"
        if float(text) == value:
            break
    return text
