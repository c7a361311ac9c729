"""Hyperparameters, declared once where the script uses them. R: ``hyperparameters.R``."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from shardr.errors import DataError, HyperparameterError
from shardr.runtime.instance import config_of, config_or_nothing, opt_ml
from shardr.runtime.values import Hyperparameter, as_text, read

if TYPE_CHECKING:
    from collections.abc import Sequence

UNSET: Any = object()
"""No default: the hyperparameter is required."""


def hp_integer(
    default: int | None = UNSET, *, min: float | None = None, max: float | None = None, description: str | None = None
) -> Hyperparameter:
    """A whole number, below 2^53 as in R. Without a default it is required; with None it may be absent.

    >>> hp_integer(10, min=1, description="neighbours kept of each row").default
    10
    """
    return _made("integer", default, min=_bound("min", min), max=_bound("max", max), description=description)


def hp_number(
    default: float | None = UNSET, *, min: float | None = None, max: float | None = None, description: str | None = None
) -> Hyperparameter:
    """A finite number.

    >>> hp_number(min=0, max=1).required
    True
    """
    return _made("number", default, min=_bound("min", min), max=_bound("max", max), description=description)


def hp_string(
    default: str | None = UNSET, *, choices: Sequence[str] | None = None, description: str | None = None
) -> Hyperparameter:
    """A text; one of ``choices`` where these are given.

    >>> hp_string("top_k", choices=["top_k", "block"]).choices
    ('top_k', 'block')
    """
    if choices is not None and (isinstance(choices, str) or not all(isinstance(each, str) for each in choices)):
        raise DataError("choices must be a list of texts", why=f"found {choices!r}")
    return _made("string", default, choices=tuple(choices) if choices else None, description=description)


def hp_logical(default: bool | None = UNSET, *, description: str | None = None) -> Hyperparameter:
    """True or False, sent as ``true``, ``True``, ``TRUE``, ``1`` and their opposites.

    >>> hp_logical(True).default
    True
    """
    return _made("logical", default, description=description)


def hyperparameters(**declared: Hyperparameter) -> SimpleNamespace:
    """The hyperparameters of this training job, checked, in the types that they were declared with.

    What is missing, misspelt, of the wrong type or out of its range is told at once: in ``/opt/ml/output/failure``,
    which becomes the job's failure reason, and as ``HyperparameterError``. Names that begin with ``sagemaker_`` or
    ``_`` belong to the service and its tools, and are left out.

    ``plan`` finds the call in the script without running it and checks the spec's hyperparameters by it, as far as the
    arguments are literal.

    >>> hp = hyperparameters(top_k=hp_integer(10, min=1, max=1000))    # doctest: +SKIP
    >>> hp.top_k                                                       # doctest: +SKIP
    10
    """
    for name, each in declared.items():
        if not isinstance(each, Hyperparameter):
            raise DataError(f"{name} must be declared by hp_integer() or its like", why=f"found {each!r}")
    values, problems = read(declared, _given())
    if not problems:
        return SimpleNamespace(**values)
    error = HyperparameterError("the hyperparameters do not fit what the script declares", problems=problems)
    path = opt_ml("output", "failure")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{error}\n", encoding="utf-8")
    raise error


def _given() -> dict[str, str]:
    """As they were sent: all are text, but those in a file written by hand may be anything; null is absent."""
    config_of("resourceconfig.json")
    found = config_or_nothing("hyperparameters.json")
    return {name: as_text(value) for name, value in found.items() if value is not None}


def _made(kind: Any, default: Any, **more: Any) -> Hyperparameter:
    found = Hyperparameter(kind, **more)
    return found if default is UNSET else replace(found, required=False, default=default)


def _bound(name: str, value: Any) -> float | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
        raise DataError(f"{name} must be a number", why=f"found {json.dumps(value, default=repr)}")
    bound: float | None = value
    return bound
