"""The verb ``transform``: a model asked about every record of some data, without a spec."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shardr.api.runs import start_spec
from shardr.api.sources import place_of
from shardr.api.trained import trained_by
from shardr.engines import known
from shardr.errors import NotFoundError, SpecError
from shardr.spec.load import start_of
from shardr.spec.parts import NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shardr.api.run import Run
    from shardr.api.runs import EngineName, RunnerName
    from shardr.engines.base import Engine, RunView, Uploading
    from shardr.spec.load import Folder
    from shardr.spec.parts import Manifest

STEP = "transform"
"""What the pipeline and its one step are called."""


def transform(
    model: str | Path,
    input: str | Path | Manifest | Mapping[str, Any],
    output: str | Path | None = None,
    *,
    engine: EngineName | None = None,
    runner: RunnerName | None = None,
    role: str | None = None,
    bucket: str | None = None,
    session: Any = None,
    base: Folder | None = None,
    name: str | None = None,
    watch: Callable[[RunView], None] | None = None,
    progress: Uploading | None = None,
    check: bool = True,
    **fields: Any,
) -> Run:
    """The finished run of one transform job; raises ``JobFailedError`` when it failed, unless ``check`` is False.

    ``model`` is a ``model.tar.gz``, a folder or an ``s3://`` URI of one, with the ``image`` that serves it; a training
    step of a run, as ``"RUN.STEP"``, or the run where it has one; or the name of a model that is there already.
    ``input`` is a path, a glob, an ``s3://`` prefix or a ``Manifest``; ``output`` a folder or an ``s3://`` prefix
    (default: a fresh place). ``fields`` are those of ``TransformStep``: ``split_type="Line"``,
    ``assemble_with="Line"`` …; the others are as in ``run``. ``run.collect("transform", "transformed")`` gives the
    answers as a data frame. Raises ``SpecError`` with all that is wrong before anything runs.

    >>> done = shardr.transform("first.train", "houses/", split_type="Line", content_type="text/csv")  # doctest: +SKIP
    >>> done.collect("transform", "transformed")                                                      # doctest: +SKIP
    """
    where: dict[str, Any] = {"engine": engine, "role": role, "bucket": bucket, "session": session}
    given: dict[str, Any] = {"runner": runner, "base": base, "name": name, "progress": progress}
    done = submit_transform(model, input, output, **where, **given, **fields).wait(watch)
    return done.require_completed() if check else done


def submit_transform(
    model: str | Path,
    input: str | Path | Manifest | Mapping[str, Any],
    output: str | Path | None = None,
    *,
    engine: EngineName | None = None,
    runner: RunnerName | None = None,
    role: str | None = None,
    bucket: str | None = None,
    session: Any = None,
    base: Folder | None = None,
    name: str | None = None,
    progress: Uploading | None = None,
    **fields: Any,
) -> Run:
    """The run of one transform job, just started; otherwise as ``transform``."""
    to = known.engine(engine, role=role, bucket=bucket, session=session)
    asked, image = _model(str(model), fields.get("image"), to, start_of(base))
    data = str(input) if isinstance(input, Path) else input
    given = {"image": image, "destination": None if output is None else str(output)}
    step = {"name": STEP, "type": STEP, "model": asked, "input": data, **fields, **given}
    spec = {"name": STEP, "steps": [{field: value for field, value in step.items() if value is not None}]}
    return start_spec(spec, to, runner=runner, base=base, name=name, progress=progress)


def _model(text: str, image: str | None, to: Engine, base: Path) -> tuple[str | dict[str, str], str | None]:
    """The model as a step has it, and the image that serves it."""
    if text.startswith("s3://") or place_of(text, base).exists():
        return text, image
    named = {"model_name": text}
    if re.fullmatch(NAME, text) and _is_there(text, to):  # before jobs: one that asks a model is called like it
        return named, image
    found = trained_by(text)
    if found is not None:
        return (found.uri if found.engine.name == to.name else str(found.here())), image or found.image
    raise SpecError(
        f'found "{text}", which is no file, no run and no model', fix="give a model.tar.gz, RUN.STEP, or a model's name"
    )


def _is_there(model: str, to: Engine) -> bool:
    try:
        return to.model_image(model) is not None
    except NotFoundError:
        return False
