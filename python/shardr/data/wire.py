"""What both directions of the column bridge agree on: the marks of R's missing values, and how a column is refused."""

from __future__ import annotations

FORMAT = 1
INTEGER_NA = -(2**31)
INTEGER64_NA = -(2**63)
WHOLE_IN_DOUBLE = 2**53
DOUBLE_NA = 0x7FF00000000007A2  # R marks its NA among the NaNs by a low word of 1954
LOW_WORD_OF_NA = 1954

Buffer = bytes | bytearray | memoryview


class RefusedError(Exception):
    """A column cannot cross; it becomes one problem among all of the frame's."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
