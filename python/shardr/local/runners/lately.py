"""Which runner a job gets, kept for a moment: clients create jobs in bursts, and a daemon takes its time to answer."""

from __future__ import annotations

import os
import time
from typing import Any

from shardr.local.runners import choice

KEPT_SECONDS = 2
"""An image that was built just now is seen that much later."""
_kept: dict[tuple[str | None, ...], tuple[float, str, dict[str, Any]]] = {}


def chosen(asked: str, image: str, program: str) -> tuple[str, dict[str, Any]]:
    """The runner for an image and the program that is to run in it, and the machine; raises as ``choice`` does."""
    key = (asked, image, program, os.environ.get("DOCKER_HOST"))
    until, runner, machine = _kept.get(key, (0.0, "", {}))
    if time.monotonic() > until:
        runner, _ = choice.choose(asked, [(image, program)])
        machine = choice.machine(runner, [image])
        for old in [old for old, about in list(_kept.items()) if about[0] < time.monotonic()]:
            _kept.pop(old, None)
        _kept[key] = time.monotonic() + KEPT_SECONDS, runner, machine
    # what this process hands on to scripts may have changed, and is no question to anybody
    return runner, choice.machine(runner, [image]) if runner == "process" else machine
