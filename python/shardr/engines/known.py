"""Which engine: by its name for what is to run, by the store's record for what was started before."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from shardr.engines.local import LocalEngine
from shardr.errors import RunnerError
from shardr.local.home import Home
from shardr.local.store import Store
from shardr.requests.facts import kind_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardr.engines.base import Engine, RunView
    from shardr.engines.sagemaker.engine import SageMakerEngine
    from shardr.requests.facts import Kind

ENGINES = ("local", "sagemaker")
VARIABLE = "SHARDR_ENGINE"


def engine(name: str | None = None, **options: Any) -> Engine:
    """The engine of this name, else that of ``SHARDR_ENGINE``, else this machine; raises ``RunnerError``.

    ``options`` are for SageMaker: ``session``, ``role``, ``bucket``.
    """
    given = {key: value for key, value in options.items() if value is not None}
    if asked_for(name, given) == "local":
        return LocalEngine()
    from shardr.engines.sagemaker.engine import SageMakerEngine  # loads boto3, which costs more than a local plan

    return SageMakerEngine(**given)


def asked_for(name: str | None, given: Mapping[str, Any]) -> str:
    """The engine as asked for; raises ``RunnerError`` when there is none, or when it has no use for what is given."""
    asked = name or os.environ.get(VARIABLE) or "local"
    if asked not in ENGINES:
        raise RunnerError(f'there is no engine "{asked}"', fix=f"take {' or '.join(ENGINES)}")
    if asked == "local" and given:
        raise RunnerError(
            f"{' and '.join(given)} {'is' if len(given) == 1 else 'are'} nothing to this machine",
            fix='engine="sagemaker" (--engine sagemaker) runs the job there',
        )
    return asked


def engine_of(run: str) -> Engine:
    """The engine that a run was given to; that of this machine for an id that nobody knows."""
    row = Store(Home.default().store).run(run)
    if row is None or row.runner != "sagemaker":
        return LocalEngine()
    from shardr.engines.sagemaker.engine import SageMakerEngine

    return SageMakerEngine.of(row)


class SentJob(NamedTuple):
    """A job that was sent to SageMaker, and the run and step that it is of."""

    engine: SageMakerEngine
    run: str
    step: str
    kind: Kind


def sent_job(name: str) -> SentJob | None:
    """The job of this name that was sent to SageMaker; None when none was."""
    for row in reversed(Store(Home.default().store).runs()):
        if row.runner == "sagemaker":
            from shardr.engines.sagemaker.engine import SageMakerEngine
            from shardr.engines.sagemaker.record import seen

            step = next((step.name for step in seen(row).steps if name in step.jobs), None)
            if step is not None:
                planned = next(about["jobs"][0]["request"] for about in row.steps if about["name"] == step)
                return SentJob(SageMakerEngine.of(row), row.id, step, kind_of(planned))
    return None


def runs(limit: int | None = None) -> list[RunView]:
    """All runs, newest first, or the newest ``limit``; those on SageMaker as they were last seen, without a call."""
    local = LocalEngine()
    rows = {row.id: row for row in Store(local.home.store).runs()}
    known = sorted([(row.created, row.id) for row in rows.values()] + local.ids(), reverse=True)[:limit]
    found = []
    for _, id in known:
        if id in rows and rows[id].runner == "sagemaker":
            from shardr.engines.sagemaker.record import seen

            found.append(seen(rows[id]))
        else:
            found.append(local.run(id, files=False))
    return found
