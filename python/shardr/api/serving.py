"""The local engine as a server in the background: start it, find it, end it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from shardr import errors
from shardr.errors import NameInUseError, RunnerError, ShardrError
from shardr.local.home import Home
from shardr.local.runners.interpreter import python
from shardr.local.serving import Served, ServeFolder
from shardr.local.waiting import readable

READY_SECONDS = 30
END_SECONDS = 10


def serve(
    *,
    home: str | Path | None = None,
    host: str = "127.0.0.1",
    port: int | None = None,
    runner: Literal["auto", "process", "docker"] | None = None,
    check_signatures: bool = False,
) -> Served:
    """The server of this home, which goes on when this process ends: SageMaker on this machine for every client.

    One that runs already is given as it is. ``environment`` has the variables with which clients find it, those in
    ``cleared`` must not be set; ``serve_stop()`` ends it. Only this machine can reach it unless ``host`` says
    otherwise, and then requests must be signed with its keys. Raises ``RunnerError`` when it cannot start.

    >>> import os, shardr
    >>> served = shardr.serve()                      # doctest: +SKIP
    >>> os.environ.update(served.environment)        # doctest: +SKIP
    """
    place = home_of(home)
    found = served(home)
    if found is not None:
        return _fitting(found, port, check_signatures=check_signatures)
    wish = {"home": str(place.root), "host": host, "port": port, "runner": runner, "check_signatures": check_signatures}
    answer = _start(ServeFolder.of(place), wish)
    if "ok" in answer:
        return Served(**answer["ok"])
    if answer["error"]["code"] == "name_in_use":  # another was faster
        return _fitting(_wait(home), port, check_signatures=check_signatures)
    raise _error(answer["error"])


def served(home: str | Path | None = None) -> Served | None:
    """The server of this home that runs and is ready, if there is one."""
    place = home_of(home)
    return ServeFolder(place.root / "serve").told() if (place.root / "serve").is_dir() else None


def serve_stop(home: str | Path | None = None) -> Served | None:
    """Ends the server of this home; it as it was, or None when none was there. Jobs go on."""
    found = served(home)
    if found is None:
        return None
    folder = ServeFolder.of(home_of(home))
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(found.pid, number)
        end = time.monotonic() + END_SECONDS
        while folder.alive() and time.monotonic() < end:
            time.sleep(0.02)
    folder.forget()
    return found


def home_of(home: str | Path | None) -> Home:
    """The home in this folder, or that of everywhere."""
    return Home.default() if home is None else Home(Path(os.path.abspath(Path(home).expanduser())))  # noqa: PTH100


def _fitting(found: Served, port: int | None, *, check_signatures: bool) -> Served:
    """The server that runs; raises ``NameInUseError`` when another one was asked for."""
    if (check_signatures and not found.signed) or (port is not None and not found.url.endswith(f":{port}")):
        how = "on another port" if found.signed or not check_signatures else "that checks no signatures"
        raise NameInUseError(f"a server of this home runs already, {how}: {found.url}", fix="`shardr serve --stop`")
    return found


def _start(folder: ServeFolder, wish: dict[str, Any]) -> dict[str, Any]:
    """What the server has to say when it is ready, or why it is not."""
    log = os.open(folder.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        process = subprocess.Popen(
            [python(), "-m", "shardr.server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd="/",  # the folder it was started from may go away
            start_new_session=True,
        )
    finally:
        os.close(log)
    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - for the type checker
    with suppress(BrokenPipeError), process.stdin as stream:
        stream.write(json.dumps(wish).encode() + b"\n")
    with process.stdout as stream:
        told = stream.readline() if readable(stream.fileno(), READY_SECONDS) else b""
    with suppress(ValueError):
        answer: dict[str, Any] = json.loads(told)
        return answer
    lines = folder.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    raise RunnerError("the server did not start", why=lines[-1] if lines else None, fix=f"see {folder.log}")


def _wait(home: str | Path | None) -> Served:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        found = served(home)
        if found is not None:
            return found
        time.sleep(0.05)
    raise RunnerError("a server of this home is starting, and does not become ready", fix="`shardr serve --stop`")


def _error(about: dict[str, Any]) -> ShardrError:
    """The error that the server's process met, as one of this process."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ShardrError)]
    kind = next((kind for kind in kinds if kind.code == about["code"]), ShardrError)
    return kind(about["message"], why=about.get("why"), fix=about.get("fix"))
