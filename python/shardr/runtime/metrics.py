"""Metrics: a line of the log that the job's metric definition finds again. R: ``metric.R``."""

from __future__ import annotations

import re

from shardr.errors import DataError
from shardr.runtime.numbers import number_text

NAME_CHARACTERS = 255
NUMBER = "[-+0-9.eEnaif]+"
SPECIAL = re.compile(r"[][\\^$.|?*+(){}]")


def log_metric(name: str, value: float, step: int | None = None) -> str:
    """Prints a metric of a training job, in the form that a plain name under ``metrics`` of the step looks for.

    The value is written so that it reads back as the same number. Returns the line.

    >>> log_metric("validation:rmse", 0.25, step=3)
    [shardr] validation:rmse=0.25 step=3
    '[shardr] validation:rmse=0.25 step=3'
    """
    line = metric_line(name, value, step)
    print(line, flush=True)
    return line


def metric_line(name: str, value: float, step: int | None = None) -> str:
    """The line of a metric."""
    if not isinstance(name, str) or not 0 < len(name) <= NAME_CHARACTERS or re.search(r"[\r\n]", name):
        raise DataError(f"name must be one line of 1 to {NAME_CHARACTERS} characters", why=f"found {name!r}")
    given = value
    try:
        value = None if isinstance(value, (bool, str)) else float(value)  # type: ignore[assignment]
    except (TypeError, ValueError):
        value = None  # type: ignore[assignment]
    if value is None:
        raise DataError("value must be one number", why=f"found {given!r}")
    if step is not None and (isinstance(step, bool) or step != int(step)):
        raise DataError("step must be a whole number", why=f"found {step!r}")
    return f"[shardr] {name}={number_text(value)}" + (f" step={int(step)}" if step is not None else "")


def metric_regex(name: str) -> str:
    r"""The regular expression that finds the values of a metric in the log.

    >>> metric_regex("f1.macro")
    '\\[shardr\\] f1\\.macro=([-+0-9.eEnaif]+)'
    """
    return rf"\[shardr\] {SPECIAL.sub(lambda found: chr(92) + found[0], name)}=({NUMBER})"
