"""The command serve: SageMaker on this machine for every client of AWS, in front or in the background."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from shardr.cli.parser import UsageError, add_runner

if TYPE_CHECKING:
    import argparse

    from shardr.cli.output import Output
    from shardr.cli.parser import Parser
    from shardr.local.serving import Served

USE = 'eval "$(shardr serve --detach)"'


def declare_serve(parser: Parser) -> None:
    """Options of ``shardr serve``."""
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--detach", action="store_true", help=f"in the background; prints what to eval: {USE}")
    how.add_argument("--stop", action="store_true", help='end it; prints what to eval: eval "$(shardr serve --stop)"')
    how.add_argument("--status", action="store_true", help="tell whether it runs, and where it listens")
    add_runner(parser, default="SHARDR_RUNNER, else auto")
    parser.add_argument("--port", metavar="N", type=int, help="port of the APIs (default: that of the last time)")
    parser.add_argument(
        "--host", metavar="ADDRESS", default="127.0.0.1",
        help="also for other machines; then requests must be signed (default: this machine only)",
    )  # fmt: skip
    parser.add_argument("--check-signatures", action="store_true", help="answer only requests signed with its keys")


def serve(options: argparse.Namespace, out: Output) -> int:
    """Starts, shows or ends the server of this home."""
    if options.port is not None and not 0 < options.port < 1 << 16:
        raise UsageError(f"--port: found {options.port}, expected 1 to {(1 << 16) - 1}")
    if options.stop:
        return _stop(out)
    if options.status:
        return _status(out)
    return _detach(options, out) if options.detach else _front(options, out)


def _detach(options: argparse.Namespace, out: Output) -> int:
    from shardr.api.serving import serve as start

    found = start(
        host=options.host, port=options.port, runner=options.runner, check_signatures=options.check_signatures
    )
    out.answer(_told(found))
    if not out.json:
        print(found.exports())  # and nothing else: a shell reads it
        if sys.stdout.isatty():
            out.note(("nothing is set in this shell by that; do  ", "dim"), USE)
    _warn(options.host, out)
    return 0


def _stop(out: Output) -> int:
    from shardr.api.serving import serve_stop

    found = serve_stop()
    out.answer({"run": None, "status": "Stopped", "was": found and _told(found)})
    if found is None:
        out.note("no server of this home runs")
    elif not out.json:
        print(found.unsets())
    return 0


def _status(out: Output) -> int:
    from shardr.api.serving import served

    found = served()
    out.answer({"running": found is not None, **(_told(found) if found else {})})
    if found is None:
        out.say("no server of this home runs; start one with: ", (USE, "bold"))
    else:
        _show(found, out)
    return 0


def _front(options: argparse.Namespace, out: Output) -> int:
    from shardr.api.serving import home_of
    from shardr.errors import RunnerError

    try:
        from shardr.server.running import Wish
        from shardr.server.running import serve as run
    except ModuleNotFoundError as error:
        raise RunnerError(f"{error.name} is not installed", fix="pip install 'shardr[serve]'") from error

    def ready(found: Served) -> None:
        out.answer(_told(found))
        _show(found, out)
        _warn(options.host, out)
        if not out.json:
            out.say()
            out.say(("in another shell  ", "dim"), USE)
            out.say(("Ctrl-C ends it; jobs go on", "dim"))

    wish = Wish(home_of(None), options.host, options.port, options.runner, options.check_signatures)
    run(wish, ready)
    return 0


def _show(found: Served, out: Output) -> None:
    rows = [
        ("SageMaker, Logs, STS, IAM", found.url),
        ("S3", found.s3_url),
        ("proxy: STS for the SageMaker SDK", found.proxy_url),
    ]
    wide = max(len(what) for what, _ in rows)
    for what, where in rows:
        out.say(f"{what:<{wide}}  ", (where, "bold"))
    if found.signed:
        out.say(f"{'signed with':<{wide}}  ", found.environment["AWS_ACCESS_KEY_ID"], ("  the secret: --detach", "dim"))


def _warn(host: str, out: Output) -> None:
    if host not in {"127.0.0.1", "localhost", "::1"}:
        out.note(
            ("note: ", "yellow"),
            f"who reaches {host} and has the keys can run programs here, and what is sent is not encrypted",
        )


def _told(found: Served) -> dict[str, object]:
    return {**asdict(found), "cleared": list(found.cleared)}
