"""The code that a user writes for a model, and what stands in for what is not written. R: ``serving-model.R``."""

from __future__ import annotations

import importlib.util
import inspect
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shardr.errors import DataError, NotFoundError
from shardr.runtime.instance import opt_ml
from shardr.runtime.serving.answers import answer_text, answer_type, elements
from shardr.runtime.serving.refusals import Answer, RequestError
from shardr.runtime.serving.requests import count_of, media_type, request_data, request_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

NAMES = ("inference.py", "predict.py")
TEXTS = ("json", "csv", "xml")


def serving_code(code: str | Path | None = None) -> Path:
    """The file with the user's code: the one given, or that in the archive of the model."""
    folder = opt_ml("model", "code")
    named = Path(os.environ.get("SAGEMAKER_PROGRAM", "")).name
    names = [*([named] if named.endswith(".py") else []), *NAMES]
    places = [folder / name for name in names] if code is None else [Path(code)]
    found = next((place.resolve() for place in places if place.is_file()), None)
    if found is None:
        raise NotFoundError(
            f"there is no code to serve the model with: {', '.join(map(str, places))}",
            fix="put a file that defines predict_fn(model, data) into code/ of the model's archive",
        )
    return found


@dataclass(frozen=True)
class Functions:
    """What answers requests, with the model loaded."""

    model: Any
    predict: Callable[[Any, Any], Any]
    input: Callable[[Any, str], Any] | None
    output: Callable[[Any, str], Any] | None
    columns: Sequence[str]

    def answer(self, body: bytes, content_type: str, accept: str) -> Answer:
        """The answer to a request; raises ``RequestError``."""
        content_type = content_type or "text/csv"
        kind = accept if self.output else answer_type(accept, content_type)
        data = self._data(body, content_type)
        prediction = self.predict(self.model, data)
        if self.output:
            return _own(self.output(prediction, kind), kind, content_type)
        rows = elements(prediction)
        if self.input is None and len(rows) != len(data):
            many = f"{count_of(len(rows), 'prediction')} for {count_of(len(data), 'row')}"
            raise ValueError(f"predict_fn() gave {many}")
        return Answer(200, kind, answer_text(rows, kind).encode())

    def _data(self, body: bytes, content_type: str) -> Any:
        if self.input is None:
            return request_data(body, content_type, self.columns)
        name = media_type(content_type)
        text = name.startswith("text/") or any(word in name for word in TEXTS)
        try:
            return self.input(request_text(body) if text else body, content_type)
        except RequestError:
            raise
        except Exception as error:  # what the user's code does not read is the caller's mistake
            raise RequestError(400, str(error) or type(error).__name__) from error


def user_functions(file: Path) -> Functions:
    """The functions of the user's file; loads the model."""
    sys.path.insert(0, str(file.parent))
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec  # noqa: S101 - a file that ends in .py has one
    assert spec.loader  # noqa: S101
    code = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = code
    spec.loader.exec_module(code)
    if not callable(getattr(code, "predict_fn", None)):
        raise DataError(f"{file.name} does not define predict_fn(model, data)")
    folder = opt_ml("model")
    return Functions(
        model=getattr(code, "model_fn", _saved)(str(folder)),
        predict=_predict(code),
        input=getattr(code, "input_fn", None),
        output=getattr(code, "output_fn", None),
        columns=tuple(getattr(code, "columns", ())),
    )


def _predict(code: ModuleType) -> Callable[[Any, Any], Any]:
    """``predict_fn`` with the model first, also where it is as SageMaker's toolkit has it: ``(data, model)``."""
    given: Callable[[Any, Any], Any] = code.predict_fn
    if list(inspect.signature(given).parameters)[1:2] == ["model"]:
        return lambda model, data: given(data, model)
    return given


def _saved(folder: str) -> Any:
    found = list(Path(folder).glob("*.json"))
    if len(found) != 1:
        raise DataError(
            f"{folder} has {len(found)} .json files, so it is not known which is the model",
            fix="define model_fn(dir) beside predict_fn()",
        )
    return json.loads(found[0].read_text(encoding="utf-8"))


def _own(given: Any, accept: str, content_type: str) -> Answer:
    """What ``output_fn()`` gave: a text or bytes, and a content type with them or not."""
    kind = accept if accept and accept != "*/*" else content_type
    body, kind = given if isinstance(given, tuple) else (given, kind)
    return Answer(200, kind, body if isinstance(body, bytes) else str(body).encode())
