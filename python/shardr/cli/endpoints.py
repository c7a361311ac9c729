"""Commands for models behind endpoints: deploy, invoke, endpoints, delete."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shardr.cli.output import state
from shardr.cli.parser import UsageError, add_engine, add_environment, add_runner, add_which, environment, place
from shardr.errors import DataError

if TYPE_CHECKING:
    import argparse

    from shardr.cli.output import Cell, Output
    from shardr.cli.parser import Parser

HEAD = ("endpoint", "status", "instances", "age", "time left", "$/day")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
STATES = {"InService": "Completed", "Creating": "InProgress", "Updating": "InProgress", "Deleting": "Stopping"}
"""Whose colours they have."""


def declare_deploy(parser: Parser) -> None:
    """Options of ``shardr deploy``."""
    models = "a folder, a model.tar.gz, an s3:// URI, RUN.STEP, or a spec that trains one"
    parser.add_argument("model", metavar="MODEL", help=models)
    parser.add_argument("--name", metavar="NAME", required=True, help="name of the endpoint")
    parser.add_argument("--code", metavar="FILE", help="its predict_fn() in R or Python, where it has none in code/")
    parser.add_argument("--image", metavar="IMAGE", help="what serves it (default: by its code, else what trained it)")
    parser.add_argument("--instances", metavar="N", type=int, default=1, help="how many serve it (default: 1)")
    parser.add_argument("--instance-type", metavar="TYPE", default="ml.m5.large", help="(default: ml.m5.large)")
    add_environment(parser)
    parser.add_argument("--ttl", metavar="TIME", default="4h", help="here it ends by itself after that (default: 4h)")
    parser.add_argument("--no-wait", action="store_true", help="do not wait until it is in service")
    add_engine(parser)
    add_runner(parser, default="SHARDR_RUNNER, else auto")


def deploy(options: argparse.Namespace, out: Output) -> int:
    """Puts a model behind an endpoint."""
    from shardr.api.endpoints import deploy as put

    found = put(
        options.model, options.name, image=options.image, code=options.code, instance_count=options.instances,
        instance_type=options.instance_type, environment=environment(options),
        ttl_seconds=_seconds(options.ttl), wait=not options.no_wait, runner=options.runner, **place(options),
    )  # fmt: skip
    out.answer(found.to_dict())
    out.say("endpoint ", (found.name, "bold"), "  ", _state(found.status))
    if not out.json:
        out.note(("ask it: ", "dim"), f"shardr invoke {found.name} rows.csv")
        out.note(("end it: ", "dim"), f"shardr delete {found.name}")
    return 0


def declare_invoke(parser: Parser) -> None:
    """Options of ``shardr invoke``."""
    parser.add_argument("name", metavar="NAME", help="name of the endpoint")
    parser.add_argument("file", metavar="FILE", help="what it is sent; - is stdin")
    parser.add_argument("--content-type", metavar="TYPE", default="text/csv", help="of the file (default: text/csv)")
    parser.add_argument("--accept", metavar="TYPE", help="of the answer (default: as the model likes)")
    add_which(parser, "where it is (default: SHARDR_ENGINE)")


def invoke(options: argparse.Namespace, out: Output) -> int:
    """Sends a file to an endpoint and prints the answer."""
    from shardr.api.endpoints import Endpoint

    try:
        body = sys.stdin.buffer.read() if options.file == "-" else Path(options.file).read_bytes()
    except OSError as error:
        raise DataError(f"{options.file} cannot be read: {error.strerror}") from error
    found, kind = Endpoint(options.name, engine=options.engine).invoke(body, options.content_type, options.accept)
    out.answer({"content_type": kind, "body": found.decode("utf-8", "replace")})
    if not out.json:
        sys.stdout.buffer.write(found)
        if sys.stdout.isatty() and not found.endswith(b"\n"):
            sys.stdout.buffer.write(b"\n")
        sys.stdout.buffer.flush()
    return 0


def declare_endpoints(parser: Parser) -> None:
    """Options of ``shardr endpoints``."""
    add_which(parser, "where they are (default: SHARDR_ENGINE)")


def endpoints(options: argparse.Namespace, out: Output) -> int:
    """Lists endpoints, and what they cost."""
    from shardr.api.endpoints import endpoints as listed

    found = listed(engine=options.engine)
    out.answer({"endpoints": found})
    if not found:
        out.say("no endpoint is there; make one with: shardr deploy MODEL --name NAME")
        return 0
    out.table(HEAD, [_row(record) for record in found], numbers=HEAD[2:])
    for record in found:
        for line in (record["failure"] or "").splitlines():
            out.say((f"{record['name']}: ", "dim"), (line, "red"))
    return 0


def declare_delete(parser: Parser) -> None:
    """Options of ``shardr delete``."""
    parser.add_argument("name", metavar="NAME", help="name of the endpoint")
    add_which(parser, "where it is (default: SHARDR_ENGINE)")


def delete(options: argparse.Namespace, out: Output) -> int:
    """Ends an endpoint."""
    from shardr.api.endpoints import Endpoint

    Endpoint(options.name, engine=options.engine).delete()
    out.answer({"name": options.name, "status": "Deleting"})
    out.say(f"{options.name} is ", _state("Deleting"))
    return 0


def _row(record: dict[str, Any]) -> list[Cell]:
    usd = "–" if record["usd_per_day"] is None else f"{record['usd_per_day']:.2f}"
    times = (_time(record["age_seconds"]), _time(record["left_seconds"]))
    return [record["name"], _state(record["status"]), str(record["instances"]), *times, usd]


def _state(status: str) -> Cell:
    return status, state(STATES.get(status, status))[1]


def _time(seconds: float | None) -> str:
    """``3h 20m``, ``5m``, ``12s``; a dash for what has no end."""
    if seconds is None:
        return "–"
    if seconds < 60:
        return f"{seconds:.0f}s"
    hours, minutes = divmod(int(seconds // 60), 60)
    return f"{hours}h {minutes:02}m" if hours else f"{minutes}m"


def _seconds(text: str) -> int:
    found = re.fullmatch(r"([0-9]+)([smhd]?)", text)
    if found is None or int(found[1]) < 1:
        raise UsageError(f'--ttl: found "{text}", expected a time', fix="for example 30m, 4h, 1d")
    return int(found[1]) * UNITS[found[2] or "s"]
