"""What a job of each kind finds, and how what it leaves is taken in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from shardr.requests.facts import TRAINING, facts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from shardr.local.contract import Tree
    from shardr.local.home import JobFolder
    from shardr.requests.facts import Facts
    from shardr.storage.local import LocalStorage


@dataclass(frozen=True)
class Taken:
    """What was found of a job whose instances have ended."""

    report: dict[str, Any]
    """For the job's report."""
    places: dict[str, str]
    """Where each folder below ``job.staged`` is to go."""
    broken: str | None = None
    """Why nothing of it may go anywhere; None when all is well."""
    notices: list[str] = field(default_factory=list)


class Work(Protocol):
    """A job of one kind, outside its instances."""

    facts: Facts
    config: str
    """The folder of the instance that is read-only to it, besides its channels."""
    environment: dict[str, str]
    """What every instance gets besides what the request says."""
    ends_together: bool
    """Whether no instance goes on when one has failed."""
    tables: bool
    """Whether the records of its channels can be counted: CSV without a header would be one short."""
    kept_when_stopped: bool
    """Whether what was written until a stop is taken in."""

    def prepare(self, tree: Tree, host: str, hosts: list[str]) -> None:
        """Makes the folders and the config files of one instance."""

    def written(self) -> list[str]:
        """The paths that instances write to."""

    def take(
        self, hosts: Sequence[str], inputs: Mapping[str, Sequence[Path]], counted: Mapping[str, int | None]
    ) -> Taken:
        """What the instances left, gathered below ``job.staged``; raises ``DataError`` for what cannot be."""

    def said(self, hosts: Sequence[str]) -> str | None:
        """Why the script says that it has failed; None when it does not say."""

    def message(self, hosts: Sequence[str]) -> str:
        """What the script wants to be known of its end; raises ``UnicodeDecodeError``."""


def work_of(request: dict[str, Any], job: JobFolder, storage: LocalStorage) -> Work:
    """The work of a request's job."""
    about = facts(request)
    if about.kind is TRAINING:
        from shardr.local.work.training import TrainingWork

        return TrainingWork(about, request, job, storage)
    from shardr.local.work.processing import ProcessingWork

    return ProcessingWork(about, request, job)
