"""Files of the model: where they go, and the forms that another language reads too. R: ``model.R``."""

from __future__ import annotations

import json
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shardr.errors import DataError
from shardr.runtime.instance import opt_ml, shard

if TYPE_CHECKING:
    from collections.abc import Iterator

TAKEN = "data frames go into .csv and .parquet, dicts and lists into .json, objects with a save_model() into any file"


def model_path(name: str) -> Path:
    """The path of a file of the model; its folder is made.

    The files of all instances become one model: where there are several, the host stands before the name. The name may
    have sub-folders.

    >>> model_path("part.csv")                                         # doctest: +SKIP
    PosixPath('/opt/ml/model/algo-1-part.csv')
    """
    checked_name(name, "the model")
    here = shard()
    found = opt_ml("model", name)
    if here.size > 1:
        found = found.with_name(f"{here.host}-{found.name}")
    found.parent.mkdir(parents=True, exist_ok=True)
    return found


def save_model(x: Any, name: str) -> Path:
    """Writes a file of the model, whole or not at all, and gives its path; a file of that name is replaced.

    A data frame becomes CSV, or Parquet by the ending; a dict or a list becomes JSON; an object with a ``save_model()``
    of its own (XGBoost, LightGBM) saves itself. Never a pickle: who loads one runs what is in it.

    >>> save_model({"rows": 12}, "about.json")                         # doctest: +SKIP
    PosixPath('/opt/ml/model/about.json')
    """
    path = model_path(name)
    ending = path.suffix.lower()
    with whole(path) as partial:
        if hasattr(x, "to_csv") and ending == ".csv":
            x.to_csv(partial, index=False, lineterminator="\n")
        elif hasattr(x, "to_parquet") and ending == ".parquet":
            x.to_parquet(partial, index=False)
        elif callable(getattr(x, "save_model", None)):
            x.save_model(str(partial))
        elif isinstance(x, (dict, list, tuple)) and ending == ".json":
            partial.write_text(json_text(x), encoding="utf-8")
        else:
            raise DataError(
                f"a {type(x).__name__} has no form for {path.name}",
                why=TAKEN,
                fix="choose another ending, or write the file yourself to model_path(name)",
            )
    return path


def json_text(value: Any) -> str:
    """JSON with its keys in order; arrays and numbers of numpy are lists and numbers."""
    try:
        return json.dumps(
            value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"), default=_plain
        )
    except (TypeError, ValueError) as error:
        raise DataError(
            "the value has no form in JSON",
            why=str(error),
            fix="keep dicts with text as keys, lists, text, finite numbers, true, false and None",
        ) from error


def checked_name(name: str, folder: str) -> None:
    """Refuses what is no name of a file inside the folder."""
    parts = name.split("/") if isinstance(name, str) else [""]
    if ".." in parts or parts[0] == "" or parts[-1] in {"", "."}:
        raise DataError(f"name must be one file name inside the folder of {folder}", why=f"found {name!r}")


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A file to write beside ``path``, which takes its place in one move; nothing is left when writing fails.

    Hidden, so that no reader takes it for a result, and with the same ending, by which some writers go.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".partial-", dir=path.parent))
    partial = folder / path.name
    try:
        yield partial
        partial.replace(path)
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()
        folder.rmdir()


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"found a {type(value).__name__}")
