"""Ids that people type: found, or told which was probably meant."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from shardr.cli.parser import near
from shardr.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardr.api.run import Run


def known_run(id: str) -> Run:
    """The run of this id, or the run of the job of this id; raises ``NotFoundError`` with the nearest id there is."""
    from shardr.api.jobs import run_of

    with hinted(id):
        return run_of(id)[0]


@contextmanager
def hinted(id: str) -> Iterator[None]:
    """Adds the nearest id there is to the error that there is none such."""
    try:
        yield
    except NotFoundError as error:
        from shardr.api.jobs import jobs

        known = [name for record in jobs() for name in (record["run"], record["job"]) if name]
        if id in known:
            raise
        raise NotFoundError(error.what + near(id, known), why=error.why, fix=error.fix) from None
