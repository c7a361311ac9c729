"""Reads a spec, fills in its parameters and checks it: one call, all problems at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from shardr.errors import Problem, SpecError
from shardr.spec.check import check
from shardr.spec.models import Pipeline
from shardr.spec.parameters import substitute
from shardr.spec.problems import did_you_mean, from_pydantic, shown

SpecSource = Pipeline | Mapping[str, Any] | str | Path


@dataclass(frozen=True)
class Loaded:
    """A checked spec and the folder its relative paths start from."""

    pipeline: Pipeline
    base: Path
    origin: str


def load(source: SpecSource, given: Mapping[str, Any] | None = None, base: Path | None = None) -> Loaded:
    """The checked spec of a file, a mapping or a model, with the given parameters set.

    ``source`` is a path to YAML or JSON, or the spec itself; ``base`` is where the relative paths of a spec that is
    no file start (default: the current folder). Raises ``SpecError`` that lists every problem.

    >>> load({"name": "one", "steps": [{"name": "a", "code": "a.R"}]}).pipeline.steps[0].entrypoint
    ['Rscript', '/opt/ml/processing/input/code/a.R']
    """
    raw, folder, origin = _raw(source, base)
    filled = substitute(raw, given or {})
    problems = list(filled.problems)
    try:
        pipeline = Pipeline.model_validate(filled.spec)
    except ValidationError as error:
        # a reference that could not be filled is named once, not again as a wrong type
        problems += [found for found in from_pydantic(error) if found.path not in filled.unfilled]
    else:
        problems += check(pipeline)
    if problems:
        raise SpecError(_headline(origin, problems), problems=problems)
    return Loaded(pipeline, folder, origin)


def _headline(origin: str, problems: list[Problem]) -> str:
    return f"{origin} has {len(problems)} problem{'s' if len(problems) > 1 else ''}:"


def _raw(source: SpecSource, base: Path | None) -> tuple[dict[str, Any], Path, str]:
    if isinstance(source, Pipeline):
        return source.model_dump(exclude_unset=True), base or Path.cwd(), f'Pipeline "{source.name}"'
    if isinstance(source, Mapping):
        return dict(source), base or Path.cwd(), f'Spec "{source.get("name", "")}"'
    path = Path(source).expanduser()
    return read(path), path.absolute().parent, str(path)


def read(path: Path) -> dict[str, Any]:
    """The spec file as plain data; YAML or JSON by what is in it."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        beside = [other.name for other in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
        raise SpecError(f"{path}: no such spec file{did_you_mean(path.name, beside)}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    try:
        found = json.loads(text) if path.suffix == ".json" else _yaml(text)
    except ValueError as error:
        raise SpecError(
            f"{path}: is not readable as {'JSON' if path.suffix == '.json' else 'YAML'}: {error}"
        ) from error
    if not isinstance(found, dict):
        raise SpecError(f"{path}: found {shown(found)}, expected a map with name and steps")
    return found


def _yaml(text: str) -> Any:
    import yaml  # 15 ms that JSON specs and built specs do not pay

    class OneKeyLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """Refuses a key written twice; YAML itself silently keeps the last."""

    def mapping(loader: Any, node: Any) -> dict[Any, Any]:
        keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
        for i, ((key, _), name) in enumerate(zip(node.value, keys, strict=True)):
            if name in keys[:i]:
                raise ValueError(f'line {key.start_mark.line + 1}: "{name}" is written twice')
        return dict(yaml.SafeLoader.construct_mapping(loader, node, deep=True))

    OneKeyLoader.add_constructor("tag:yaml.org,2002:map", mapping)
    try:
        return yaml.load(text, Loader=OneKeyLoader)  # noqa: S506 - a SafeLoader with one more check
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error
