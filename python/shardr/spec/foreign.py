"""Objects of the SageMaker SDK, version 2 or 3, as the plain data of a spec; known by what they have, never imported.

What cannot be said in a spec becomes a ``Refused`` in its place, so that it is told with everything else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import PydanticCustomError

OUTPUT_OF_STEP = re.compile(r"Steps\.([^.]+)\.ProcessingOutputConfig\.Outputs\['([^']+)'\]\.S3Output\.S3Uri")
PARAMETER = re.compile(r"Parameters\.([A-Za-z_][A-Za-z0-9_]*)")
PLAIN = (str, bytes, int, float, bool, type(None), Mapping, list, tuple)


@dataclass(frozen=True)
class Refused:
    """What stands where an object stood that no spec can hold, and why."""

    why: str


class CannotBeSaidError(Exception):
    """The reason why an object has no plain form."""


def foreign(value: Any) -> bool:
    """Whether this is an object from elsewhere."""
    return not isinstance(value, (*PLAIN, Refused)) and not type(value).__module__.startswith("shardr.")


def kind(value: Any) -> str:
    """The class of an object as one finds it in its documentation."""
    return f"{type(value).__module__}.{type(value).__qualname__}"


def refuse(value: Any) -> Any:
    """The value itself; a ``Refused`` becomes pydantic's error, at the place where it stands."""
    if isinstance(value, Refused):
        raise PydanticCustomError("foreign", "{why}", {"why": value.why})
    return value


def plain_inputs(value: Any) -> Any:
    """Inputs with each ``ProcessingInput`` of the SDK as a map; those without a name are ``input-1`` … as there."""
    return _each(value, input_fields)


def plain_outputs(value: Any) -> Any:
    """Outputs with each ``ProcessingOutput`` of the SDK as a map; those without a name are ``output-1`` … as there."""
    return _each(value, output_fields)


def expression(value: Any) -> Any:
    """A value of the SDK as the spec says it: its pipeline parameters are ours, the output of a step is a source."""
    if type(value).__name__ == "Unassigned":  # version 3 for None
        return None
    if not hasattr(value, "expr"):
        return value
    get = value.expr.get("Get", "") if isinstance(value.expr, dict) else ""
    if made := OUTPUT_OF_STEP.fullmatch(get):
        return {"step": made[1], "output": made[2]}
    if named := PARAMETER.fullmatch(get):
        return f"${{{named[1]}}}"
    raise CannotBeSaidError(f"found the expression {value.expr}, expected a value, a parameter or the output of a step")


def member(value: Any, *names: str) -> Any:
    """What an object has under the first of these names that it has anything under."""
    for name in names:
        found = expression(getattr(value, name, None))
        if found is not None:
            return found
    return None


def _each(value: Any, plain: Any) -> Any:
    if value is None or isinstance(value, (str, Mapping)) or type(value).__module__.startswith("shardr."):
        return value
    items = value if isinstance(value, (list, tuple)) else [value]
    made = []
    for place, item in enumerate(items, 1):
        try:
            made.append(plain(item, place) if foreign(item) else item)
        except CannotBeSaidError as error:
            made.append(Refused(str(error)))
    return made


def input_fields(value: Any, place: int) -> dict[str, Any]:
    """The fields that a ``ProcessingInput`` stands for, at this place (from 1) of the list; ``CannotBeSaidError``."""
    if not hasattr(value, "input_name"):
        raise CannotBeSaidError(f"found a {kind(value)}, expected an input")
    if member(value, "dataset_definition") is not None:
        raise CannotBeSaidError("found a dataset_definition, expected data in S3 or on this machine")
    s3 = member(value, "s3_input") or value
    _only(value, "app_managed", False)
    source = _local(member(s3, "s3_uri", "source"))
    if member(s3, "s3_data_type") == "ManifestFile":
        source = {"manifest": source}
    return _given(
        name=member(value, "input_name") or f"input-{place}",
        source=source,
        distribution=member(s3, "s3_data_distribution_type"),
        path=member(s3, "local_path", "destination"),
        input_mode=member(s3, "s3_input_mode"),
        compression_type=member(s3, "s3_compression_type"),
    )


def output_fields(value: Any, place: int) -> dict[str, Any]:
    """The fields that a ``ProcessingOutput`` stands for, at this place (from 1) of the list; ``CannotBeSaidError``."""
    if not hasattr(value, "output_name"):
        raise CannotBeSaidError(f"found a {kind(value)}, expected an output")
    if member(value, "feature_store_output") is not None:
        raise CannotBeSaidError("found a feature_store_output, expected a folder in S3 or on this machine")
    s3 = member(value, "s3_output")
    _only(value, "app_managed", False)
    _only(s3 or value, "s3_upload_mode", "EndOfJob")
    # in version 2 source is the folder in the instance and destination the place in S3
    path, destination = (member(s3, "local_path"), member(s3, "s3_uri")) if s3 else (None, None)
    return _given(
        name=member(value, "output_name") or f"output-{place}",
        path=path or member(value, "source"),
        destination=_local(destination or member(value, "destination")),
    )


def _only(value: Any, name: str, known: Any) -> None:
    found = member(value, name)
    if found not in (None, known):
        raise CannotBeSaidError(f'found {name} "{found}", only "{known}" is done')


def _local(uri: Any) -> Any:
    return uri.removeprefix("file://") if isinstance(uri, str) else uri


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
