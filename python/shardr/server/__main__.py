"""A server that nobody sits in front of: what it is to be comes on stdin, what it is goes to stdout, once."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from shardr.errors import ShardrError
from shardr.local.home import Home

if TYPE_CHECKING:
    from shardr.local.serving import Served


def main() -> int:
    """Serves; the exit status."""
    given = json.loads(sys.stdin.readline())
    try:
        from shardr.server.running import Wish, serve

        serve(Wish(home=Home(Path(given.pop("home"))), **given), _ready)
    except ShardrError as error:
        _tell({"error": error.to_dict()})
        return 1
    except ModuleNotFoundError as error:
        fix = "pip install 'shardr[serve]'"
        _tell({"error": {"code": "runner_unavailable", "message": f"{error.name} is not installed", "fix": fix}})
        return 1
    return 0


def _ready(served: Served) -> None:
    _tell({"ok": asdict(served)})


def _tell(answer: dict[str, object]) -> None:
    print(json.dumps(answer), flush=True)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # who waits for the answer sees its end


if __name__ == "__main__":
    sys.exit(main())
