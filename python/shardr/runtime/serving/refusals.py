"""What a request gets: an answer, or a refusal that says why."""

from __future__ import annotations

from typing import NamedTuple

TEXT = "text/plain; charset=utf-8"


class Answer(NamedTuple):
    """A response of HTTP."""

    status: int
    content_type: str
    body: bytes


class RequestError(Exception):
    """A request that is refused: it gets another status than 200. A user's functions may raise it, too."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status

    @property
    def answer(self) -> Answer:
        """The refusal as the caller reads it."""
        return Answer(self.status, TEXT, f"{self}".rstrip("\n").encode() + b"\n")
