"""Serves a model: ``GET /ping``, ``GET /execution-parameters`` and ``POST /invocations`` on port 8080."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from place import UserError

from shardr.errors import DataError
from shardr.runtime.serving import Answer, RequestError
from shardr.runtime.serving.front import serve as serve_by
from shardr.runtime.serving.requests import media_type

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shardr.runtime.serving.worker import Answering

LARGEST = int(os.environ.get("MAX_CONTENT_LENGTH") or 6 * 1024 * 1024)
"""Bytes of a request, as with SageMaker."""


class Served(Protocol):
    """A model that answers requests."""

    def answer(self, body: bytes, content_type: str | None, accept: str | None) -> tuple[str, str | bytes]:
        """The content type of the answer and the answer; raises ``RequestError``."""


def answer_type(accept: str | None, known: Sequence[str]) -> str:
    """In which of the known forms the caller wants the answer: the first where all will do."""
    if not accept or "*/*" in accept:
        return os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT") or known[0]
    asked = [media_type(part) for part in accept.split(",")]
    found = next((kind for kind in asked if kind in known), None)
    if found is None:
        raise RequestError(406, f"{accept} is not answered: accept {', '.join(known)}")
    return found


def serve(load: Callable[[], Served]) -> int:
    """Answers until it is stopped; the exit status of the program."""
    return serve_by(lambda: _loaded(load), LARGEST)


def _loaded(load: Callable[[], Served]) -> Answering:
    try:
        model = load()
    except UserError as error:
        raise DataError(str(error)) from None

    def answer(body: bytes, content_type: str, accept: str) -> Answer:
        if not body:
            return Answer(204, "", b"")
        kind, text = model.answer(body, content_type, accept)
        return Answer(200, kind, text.encode() if isinstance(text, str) else text)

    return answer
