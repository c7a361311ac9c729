"""Serves a model as SageMaker asks: ``GET /ping`` and ``POST /invocations`` on port 8080. R: ``serve_model()``.

The user writes ``predict_fn(model, data)`` and, where the defaults do not do, ``model_fn(dir)``,
``input_fn(body, content_type)`` and ``output_fn(prediction, accept)``, in ``inference.py`` in the folder ``code`` of
the model. Of the standard library alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardr.runtime.serving.refusals import Answer, RequestError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Answer", "RequestError", "serve_model"]


def serve_model(code: str | Path | None = None) -> int:
    """Answers until it is stopped by SIGTERM or SIGINT; the exit status.

    A worker for each core loads the model. This process answers ``/ping``, which never
    waits behind a prediction; requests past the queue get 503 with ``Retry-After``; a worker that dies or grows too
    large is replaced. ``code`` is the user's file, by default the one in the model's folder.

    >>> serve_model("inference.py")                                    # doctest: +SKIP
    0
    """
    from shardr.runtime.serving.code import serving_code, user_functions
    from shardr.runtime.serving.front import serve

    found = serving_code(code)
    return serve(lambda: user_functions(found).answer)
