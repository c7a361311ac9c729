"""What is wrong with a record, told with its number and the byte that its frame begins at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardr.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

NO_RECORD = "is no record of SageMaker's protobuf schema"


class RecordFault(Exception):  # noqa: N818 - it becomes a DataError where the record's place is known
    """A record of those looked at is wrong: which, counted from 0, and how."""

    def __init__(self, record: int, message: str, fix: str | None = None) -> None:
        self.record, self.message, self.fix = int(record), message, fix
        super().__init__(message)

    def told(self, name: str, first: int, offsets: Sequence[int]) -> DataError:
        """The error for whoever reads the file ``name``, whose record number ``first`` was the first looked at."""
        return fault(name, first + self.record, int(offsets[self.record]), self.message, self.fix)


def fault(name: str, record: int, offset: int, message: str, fix: str | None = None) -> DataError:
    """The error for a record, counted from 1, whose frame begins at byte ``offset``, counted from 0."""
    return DataError(f"{name}, record {record}: {message}", why=f"its frame begins at byte {offset}", fix=fix)
