"""The door through which the R half comes in: every verb takes JSON text and gives JSON text.

Text is all that crosses, so neither bridge can change a value on the way, and an error is an answer like any other: R
makes a condition of it. Data frames go by the column bridge, as a header and raw buffers.
"""

from __future__ import annotations

import json
import os
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shardr.cli.output import json_text
from shardr.errors import ShardrError

if TYPE_CHECKING:
    from collections.abc import Callable


def call(verb: str, arguments: str) -> str:
    """The answer of a verb: ``{"ok": value}``, or ``{"error": {"code", "message", …}}``; it never raises.

    >>> call("describe", '{"id": "nothing"}')[:30]
    '{"error": {"code": "not_found"'
    """
    return json_text(_answer(lambda: VERBS[verb](**json.loads(arguments))))


def collect_frame(run: str, step: str, output: str, fill: bool) -> tuple[str, list[Any]]:
    """A merged output for R: ``({"ok": header}, buffers)`` of the column bridge, or ``({"error": …}, [])``.

    Files of R's own, .rds, are R's to read: ``({"ok": {"rds": paths}}, [])``.
    """
    buffers: list[Any] = []

    def collected() -> str | dict[str, list[Path]]:
        from shardr.api.collecting import output_files
        from shardr.data.columns import to_r
        from shardr.data.merge import read

        files = output_files(run, step, output)
        if all(file.suffix.lower() == ".rds" for file in files):
            return {"rds": files}
        header, parts = to_r(read(files, fill=fill))
        buffers.extend(parts)
        return header

    return json_text(_answer(collected)), buffers


def metrics_frame(id: str, step: str | None) -> tuple[str, list[Any]]:
    """The metrics of a run, a row for each value, as ``collect_frame()`` gives an output."""
    buffers: list[Any] = []

    def read_metrics() -> str:
        import pyarrow as pa

        from shardr.api.jobs import run_of
        from shardr.api.metrics.reading import read
        from shardr.data.columns import to_r

        run, of_step = run_of(id)
        table = read(run, step or of_step).table()
        for name in ("index", "x"):  # counts of R are doubles, as they may pass 2^31
            table = table.set_column(table.column_names.index(name), name, table[name].cast(pa.float64(), safe=False))
        header, parts = to_r(table)
        buffers.extend(parts)
        return header

    return json_text(_answer(read_metrics)), buffers


def fields(kind: str, value: Any, place: int) -> str:
    """The fields that an object of the SageMaker SDK stands for: ``{"ok": fields}``, or ``{"error": …}``.

    ``kind`` is where R found it: ``inputs``, ``outputs``, ``network_config`` or ``processor``; ``place`` counts from 1.
    The object itself never crosses.
    """

    def found() -> dict[str, Any]:
        from shardr.errors import Problem, SpecError
        from shardr.spec.foreign import CannotBeSaidError, input_fields, output_fields
        from shardr.spec.foreign_step import network, processor

        try:
            if kind in {"inputs", "outputs"}:
                return (input_fields if kind == "inputs" else output_fields)(value, place)
            return (network if kind == "network_config" else processor)(value)
        except CannotBeSaidError as error:
            raise SpecError("The object cannot be used.", problems=[Problem("", str(error))]) from error

    return json_text(_answer(found))


def _answer(work: Callable[[], Any]) -> dict[str, Any]:
    try:
        return {"ok": work()}
    except ShardrError as error:
        return {"error": error.to_dict()}
    except Exception as error:
        if os.environ.get("SHARDR_DEBUG"):
            raise
        return {"error": {"code": "internal", "message": f"{type(error).__name__}: {error}", "problems": []}}


def _read(path: str) -> dict[str, Any]:
    from shardr.spec.load import read

    return read(Path(path))


def _validate(spec: Any, base: str, set: dict[str, Any] | None = None) -> dict[str, Any]:
    from shardr.api.runs import validate

    found = validate(spec, base=Path(base), set=set)
    steps = [{"name": s.name, "instance_count": s.instance_count, "needs": s.needs} for s in found.in_order()]
    return {"name": found.name, "steps": steps}


def _plan(spec: Any, base: str, set: dict[str, Any] | None = None, diff: bool = False, **how: Any) -> dict[str, Any]:
    from shardr.api.plan_view import plan_dict
    from shardr.api.runs import plan

    return plan_dict(plan(spec, base=Path(base), set=set, **how), diff=diff)


def _estimate(spec: Any, base: str, set: dict[str, Any] | None = None, **how: Any) -> dict[str, Any]:
    from shardr.api.advice.estimate import estimate

    return estimate(spec, base=Path(base), set=set, **how).to_dict()


def _advise(spec: Any, base: str, set: dict[str, Any] | None = None, **how: Any) -> dict[str, Any]:
    from shardr.api.advice.advise import advise

    return advise(spec, base=Path(base), set=set, **how).to_dict()


def _prices_refresh(regions: list[str] | None = None) -> dict[str, Any]:
    from shardr.api.advice.prices import refresh_prices

    return refresh_prices(regions)


def _submit(
    spec: Any, base: str, set: dict[str, Any] | None = None, progress: bool = False, **how: Any
) -> dict[str, Any]:
    from shardr.api.runs import submit
    from shardr.cli.progress import uploading

    with uploading() if progress else nullcontext() as told:
        return submit(spec, base=Path(base), set=set, progress=told, **how).to_dict()


def _transform(model: str, input: Any, base: str, progress: bool = False, **how: Any) -> dict[str, Any]:
    from shardr.api.transforming import submit_transform
    from shardr.cli.progress import uploading

    with uploading() if progress else nullcontext() as told:
        return submit_transform(model, input, base=Path(base), progress=told, **how).to_dict()


def _status(run: str) -> dict[str, Any]:
    from shardr.api.run import Run

    return Run(run).to_dict()


def _stop(id: str) -> dict[str, Any]:
    from shardr.api.jobs import stop

    return stop(id)


def _jobs(limit: int | None = None) -> list[dict[str, Any]]:
    from shardr.api.jobs import jobs

    return jobs(limit)


def _describe(id: str) -> dict[str, Any]:
    from shardr.api.jobs import describe

    return describe(id)


def _logs(
    id: str, step: str | None = None, instance: str | None = None, cursor: dict[str, Any] | None = None
) -> dict[str, Any]:
    from shardr.api.jobs import run_of

    run, of_step = run_of(id)
    done = run.refresh().view.over  # before the lines are read: none can come after
    lines, after = run.read_logs(cursor or {}, step=step or of_step, instance=instance)
    return {"lines": [asdict(line) for line in lines], "cursor": after, "done": done}


def _collect(run: str, step: str, output: str, to: str, fill: bool = False) -> dict[str, Any]:
    from shardr.api.collecting import collect_to

    done = collect_to(run, step, output, to, fill=fill)
    return {"path": Path(to).expanduser().absolute(), "files": done.files, "bytes": done.bytes}


def _files(run: str, step: str, output: str) -> list[Path]:
    from shardr.api.collecting import output_files

    return output_files(run, step, output)


def _split(path: str, shards: int, to: str, overwrite: bool = False) -> dict[str, Any]:
    from shardr.api.collecting import split

    return {"files": split(path, shards, to, overwrite=overwrite)}


def _recordio_encode(table: str, to: str, **given: Any) -> list[Path]:
    from shardr.api.recordio import write_recordio

    return [one.path for one in write_recordio(table, to, **given)]


def _recordio_decode(files: list[str], to: str) -> Path:
    from shardr.api.recordio import decode_recordio

    return decode_recordio(files, to).path


def _doctor() -> list[dict[str, Any]]:
    from shardr.api.doctor import doctor

    return [finding.to_dict() for finding in doctor()]


def _images(tag: str | None = None) -> list[dict[str, Any]]:
    from shardr.api.images import images

    return [image.to_dict() for image in images(tag)]


def _image_build(image: str, **how: Any) -> dict[str, Any]:
    from shardr.api.images import build_image

    return build_image(image, **how).to_dict()


def _image_init(source: str, **how: Any) -> dict[str, Any]:
    from shardr.api.image_init import init_image

    return init_image(source, **how).to_dict()


def _image_push(image: str, **how: Any) -> dict[str, Any]:
    from shardr.api.image_push import push_image

    return push_image(image, **how).to_dict()


def _example(name: str = "bank-marketing", to: str | None = None) -> dict[str, Any]:
    from shardr.api.examples import example

    return {"path": example(name, to).absolute()}


def _conformance(
    image: str | None = None, runner: str = "auto", language: str | None = None, clauses: list[str] | None = None
) -> list[dict[str, Any]]:
    from shardr.api.conformance.suite import conformance

    found = conformance(image, runner=runner, language=language, clauses=clauses or [])
    return [result.to_dict() for result in found]


def _parity(spec: Any, base: str, set: dict[str, Any] | None = None) -> dict[str, Any]:
    from shardr.api.parity.verb import parity

    return parity(spec, base=Path(base), set=set).to_dict()


def _serve(port: int | None = None, runner: Any = None, check_signatures: bool = False) -> dict[str, Any]:
    from shardr.api.serving import serve

    return asdict(serve(port=port, runner=runner, check_signatures=check_signatures))


def _serve_stop() -> dict[str, Any] | None:
    from shardr.api.serving import serve_stop

    found = serve_stop()
    return None if found is None else asdict(found)


def _deploy(model: str, name: str, **how: Any) -> dict[str, Any]:
    from shardr.api.endpoints import deploy

    return deploy(model, name, **how).to_dict()


def _endpoints(engine: Any = None) -> list[dict[str, Any]]:
    from shardr.api.endpoints import endpoints

    return endpoints(engine=engine)


def _endpoint(name: str, engine: Any = None) -> dict[str, Any]:
    from shardr.api.endpoints import Endpoint

    return Endpoint(name, engine=engine).to_dict()


def _endpoint_predict(
    name: str, lines: list[str], names: str, header: bool | None = None, engine: Any = None
) -> dict[str, Any]:
    """Answers to lines of CSV, without their ends."""
    from shardr.api.endpoints import Endpoint

    rows = [f"{line}\n".encode() for line in lines]
    found = Endpoint(name, engine=engine).predict_rows(rows, f"{names}\n".encode(), header=header)
    return {"lines": [line.decode() for line in found]}


def _endpoint_delete(name: str, engine: Any = None) -> dict[str, Any]:
    from shardr.api.endpoints import Endpoint

    Endpoint(name, engine=engine).delete()
    return {"name": name}


VERBS: dict[str, Callable[..., Any]] = {
    "read": _read,
    "validate": _validate,
    "plan": _plan,
    "estimate": _estimate,
    "advise": _advise,
    "prices_refresh": _prices_refresh,
    "submit": _submit,
    "transform": _transform,
    "parity": _parity,
    "status": _status,
    "stop": _stop,
    "jobs": _jobs,
    "describe": _describe,
    "logs": _logs,
    "collect": _collect,
    "files": _files,
    "split": _split,
    "recordio_encode": _recordio_encode,
    "recordio_decode": _recordio_decode,
    "doctor": _doctor,
    "images": _images,
    "image_build": _image_build,
    "image_init": _image_init,
    "image_push": _image_push,
    "example": _example,
    "conformance": _conformance,
    "deploy": _deploy,
    "endpoints": _endpoints,
    "endpoint": _endpoint,
    "endpoint_predict": _endpoint_predict,
    "endpoint_delete": _endpoint_delete,
    "serve": _serve,
    "serve_stop": _serve_stop,
}
