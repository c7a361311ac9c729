"""How a command ends when it cannot do what was asked: a message, the same as JSON, and the exit status."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Any

from shardr.cli.output import Output, print_json
from shardr.errors import ShardrError

COMPLETED, FAILED, INVALID, INTERRUPTED, CLOSED = 0, 1, 2, 130, 141


def report(error: BaseException, *, json: bool) -> int:
    """Says what happened and gives the exit status."""
    status = CLOSED if isinstance(error, BrokenPipeError) else _told(error, json=json)
    try:
        sys.stdout.flush()
    except OSError:
        # nobody reads any more (| head), or the disk is full: what is left must not be tried again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status


def _told(error: BaseException, *, json: bool) -> int:
    if isinstance(error, KeyboardInterrupt):
        return _tell(json, "Interrupted", INTERRUPTED, {"code": "interrupted", "message": "interrupted"}, "interrupted")
    if isinstance(error, ShardrError):
        status = "Invalid" if error.exit_status == INVALID else "Failed"
        return _tell(json, status, error.exit_status, error.to_dict(), f"error: {error}")
    if _here_is_gone():
        what = "the current folder was removed"
        return _tell(json, "Invalid", INVALID, {"code": "data", "message": what}, f"error: {what}\n  fix: cd elsewhere")
    if isinstance(error, OSError) and error.strerror:
        what = f"{error.strerror}: {error.filename}" if error.filename else error.strerror
        return _tell(json, "Failed", FAILED, {"code": "system", "message": what}, f"error: {what}")
    if type(error).__module__ == "sqlite3":
        what = f"the job store cannot be used: {error}"
        fix = "see where SHARDR_HOME is and whether its disk is full: `shardr doctor`"
        return _tell(json, "Failed", FAILED, {"code": "system", "message": what}, f"error: {what}\n  fix: {fix}")
    what = f"internal error: {type(error).__name__}: {error}"
    where = _keep(error)
    return _tell(json, "Failed", FAILED, {"code": "internal", "message": what}, f"{what}\n  details: {where}")


def _tell(json: bool, status: str, exit_status: int, about: dict[str, Any], text: str) -> int:
    if json:
        first = {"run": None, "status": status, "code": about["code"], "message": about["message"]}
        print_json({**first, "problems": [], **about})
    else:
        head, newline, rest = text.partition("\n")
        Output().note((head, "" if status == "Interrupted" else "red"), newline + rest)
    return exit_status


def _here_is_gone() -> bool:
    try:
        os.getcwd()  # noqa: PTH109 - pathlib costs the same and says less
    except FileNotFoundError:
        return True
    return False


def _keep(error: BaseException) -> str:
    """Where the traceback is: on stderr when SHARDR_DEBUG is set, else in a file."""
    if os.environ.get("SHARDR_DEBUG"):
        traceback.print_exception(error)
        return "above"
    import tempfile

    with tempfile.NamedTemporaryFile("w", prefix="shardr-", suffix=".txt", delete=False, encoding="utf-8") as kept:
        traceback.print_exception(error, file=kept)
    return f"{kept.name} (or set SHARDR_DEBUG=1)"
