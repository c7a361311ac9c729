"""Serves a model: ``GET /ping``, ``GET /execution-parameters`` and ``POST /invocations`` on port 8080."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from answers import Model
from place import UserError

from shardr.errors import DataError
from shardr.runtime.serving.front import serve as serve_by

if TYPE_CHECKING:
    from shardr.runtime.serving.worker import Answering

LARGEST = int(os.environ.get("MAX_CONTENT_LENGTH") or 6 * 1024 * 1024)
"""Bytes of a request, as with SageMaker."""


def serve() -> int:
    """Answers until it is stopped; the exit status of the program."""
    return serve_by(_loaded, LARGEST)


def _loaded() -> Answering:
    try:
        return Model.loaded().answer
    except UserError as error:
        raise DataError(str(error)) from None
