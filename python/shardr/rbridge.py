"""R inside this Python process; the only file that knows rpy2.

Only text and raw vectors go in and out of R here: rpy2's converters see no value. R is started at the first call and
lives as long as the process. One call at a time: R has one thread.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shardr.data.values import pack_arguments, unpack_value
from shardr.errors import FrameError, Problem, RMissingError, ShardrError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["RCallError", "RWarning", "call"]

_INSTALL_RPY2 = 'RPY2_CFFI_MODE=ABI pip install "shardr[rpy2]"'
_CHECKOUT_LIBRARY = Path(__file__).parents[2] / ".Rlib"
_ONE_AT_A_TIME = threading.RLock()


class RCallError(ShardrError):
    """R code failed; the message is R's own, and ``call`` is the R call that raised it."""

    code = "r_call"
    exit_status = 1

    def __init__(self, what: str, *, call: str = "", fix: str | None = None) -> None:
        super().__init__(what, why=f"raised by {call}" if call else None, fix=fix)
        self.call = call


class RWarning(UserWarning):
    """A warning that R code gave."""


def call(function: str, args: Sequence[Any], kwargs: dict[str, Any], *, label: str | None = None) -> Any:
    """What the R function returns; see `shardr.r.call`. ``label`` is how an error names it."""
    text, buffers = pack_arguments(args, kwargs)
    with _ONE_AT_A_TIME:
        reply, value = _ask(function, text, buffers)
    for message in reply["warnings"]:
        warnings.warn(message, RWarning, stacklevel=3)
    if "error" in reply:
        raise _as_exception(function, label or function, reply["error"])
    return value


def _ask(function: str, text: str, buffers: Sequence[Any]) -> tuple[dict[str, Any], Any]:
    """R's reply and the value in it; whatever is R's is let go before the next call may begin."""
    reply, found = _exchange()(function, text, buffers)
    return reply, unpack_value(reply["value"], found) if "value" in reply else None


def _as_exception(function: str, label: str, error: dict[str, Any]) -> ShardrError:
    kinds = error["class"]
    if "packageNotFoundError" in kinds:
        package = error.get("package") or function.split(":")[0]
        return RMissingError(
            f"the R package {package} is not installed",
            fix=f'in R, install.packages("{package}") (Debian, Ubuntu: apt-get install r-cran-{package.lower()})',
        )
    if "shardr_error_frame_unsupported" in kinds:
        return FrameError(error["message"], problems=[Problem("", text) for text in error["problems"]])
    return RCallError(f"{label}: {error['message'].strip()}", call=error["call"])


@cache
def _exchange() -> Callable[[str, str, Sequence[Any]], tuple[dict[str, Any], list[Any]]]:
    """The one function of R that everything goes through, in an R that is started when it was not yet."""
    rinterface = _start()
    import numpy as np

    if not rinterface.evalr('requireNamespace("shardr", quietly = TRUE)')[0]:
        raise RMissingError("the R package shardr is not installed", fix="run: shardr install-r")
    function_in_r = rinterface.evalr("shardr:::call_from_python")

    def exchange(function: str, text: str, buffers: Sequence[Any]) -> tuple[dict[str, Any], list[Any]]:
        raws = [rinterface.ByteSexpVector.from_memoryview(memoryview(buffer)) for buffer in buffers]
        reply, found = function_in_r(
            rinterface.StrSexpVector([function]), rinterface.StrSexpVector([text]), rinterface.ListSexpVector(raws)
        )
        # The arrays are views of R's memory and keep it alive; unpacking copies them.
        return json.loads(reply[0]), [np.asarray(raw).data for raw in found]

    return exchange


def _start() -> Any:
    """rpy2's low-level interface to an R that runs."""
    quiet = logging.getLogger("rpy2.rinterface_lib.openrlib")
    level = quiet.level
    quiet.setLevel(logging.ERROR)  # it warns of the ABI mode, which is the one that needs no compiler
    try:
        import rpy2.rinterface
        from rpy2.rinterface_lib import callbacks, embedded
    except ModuleNotFoundError as error:
        raise RMissingError("rpy2 is not installed", why=str(error), fix=_INSTALL_RPY2) from error
    except (ImportError, OSError, ValueError, RuntimeError) as error:
        raise RMissingError(
            "rpy2 does not find R, or does not fit it",
            why=str(error).strip() or type(error).__name__,
            fix="put R on the PATH (Debian, Ubuntu: apt-get install r-base-core); R 4.2 needs the very rpy2 "
            f"that this installs: {_INSTALL_RPY2}",
        ) from error
    finally:
        quiet.setLevel(level)
    if not embedded.isinitialized():
        if embedded.is_r_externally_initialized():
            # rpy2 lets go of Python's lock while R runs; when R then collects an object of reticulate's, it touches
            # Python without the lock, and the process dies.
            raise RCallError(
                "this Python lives in an R session, and R cannot be called from here",
                fix="call the function in R, where the session is",
            )
        console: Any = callbacks
        console.consolewrite_warnerror = _to_stderr  # the default logs messages of R as warnings of rpy2
    rinterface: Any = rpy2.rinterface
    rinterface.initr()
    # An R that lives in Python must not load a Python of its own: the process would abort when it ends.
    rinterface.evalr("options(shardr.hosted_by_python = TRUE)")
    if _CHECKOUT_LIBRARY.is_dir():
        libraries = rinterface.baseenv[".libPaths"]
        libraries(rinterface.StrSexpVector([str(_CHECKOUT_LIBRARY), *libraries()]))
    return rinterface


def _to_stderr(text: str) -> None:
    sys.stderr.write(text)
