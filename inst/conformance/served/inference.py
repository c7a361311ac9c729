"""The model that clauses of inference and batch transform ask: each row is a word, and the answer what it asks for."""

import os
import pathlib
import time


def model_fn(dir):  # noqa: ARG001
    return None


def predict_fn(model, data):  # noqa: ARG001
    words = [next(iter(row.values() if isinstance(row, dict) else row)) for row in data]
    return [answer(str(word), len(words)) for word in words]


def answer(word, rows):
    kind, _, about = word.partition(":")
    folder = pathlib.Path("/opt/ml/model")
    if kind == "env":
        return os.environ.get(about, "unset")
    if kind == "file":
        return (folder / about).read_text().strip()
    if kind == "write":
        try:
            (folder / "new.txt").touch()
        except OSError:
            return "read-only"
        return "written"
    if kind == "count":
        return str(rows)
    if kind == "wait":
        time.sleep(2)
        return "waited"
    if kind == "fail":
        raise ValueError("no such luck")
    return word.upper()
