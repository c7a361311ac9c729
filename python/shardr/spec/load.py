"""Reads a spec, fills in its parameters and checks it: one call, all problems at once."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from shardr.errors import Problem, SpecError
from shardr.spec.check import check
from shardr.spec.foreign_step import plain_spec
from shardr.spec.models import TAGS, Pipeline
from shardr.spec.parameters import substitute
from shardr.spec.problems import file_you_mean, from_pydantic, shown

Folder = str | os.PathLike[str]
SpecSource = Pipeline | Mapping[str, Any] | Folder


@dataclass(frozen=True)
class Loaded:
    """A checked spec and the folder its relative paths start from."""

    pipeline: Pipeline
    base: Path
    origin: str


@dataclass(frozen=True)
class Examined:
    """A spec as far as it can be read, and everything that is wrong with it.

    ``pipeline`` lacks what is wrong; it is None when what is wrong is needed to make sense of the rest.
    """

    pipeline: Pipeline | None
    base: Path
    origin: str
    problems: list[Problem]

    def require(self, more: Iterable[Problem] = ()) -> Loaded:
        """The spec when nothing is wrong with it; raises ``SpecError`` with all problems, and ``more``, otherwise."""
        problems = [*self.problems, *more]
        if problems or self.pipeline is None:
            raise refusal(self.origin, problems)
        return Loaded(self.pipeline, self.base, self.origin)


def refusal(origin: str, problems: list[Problem]) -> SpecError:
    """The error for a spec with these problems."""
    count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
    return SpecError(f"{origin} has {count}:", problems=problems)


def load(source: SpecSource, given: Mapping[str, Any] | None = None, base: Folder | None = None) -> Loaded:
    """The checked spec of a file, a mapping or a model, with the given parameters set.

    ``source`` is a path to YAML or JSON, or the spec itself; ``base`` is where the relative paths of a spec that is
    no file start (default: the current folder). Raises ``SpecError`` that lists every problem.

    >>> load({"name": "one", "steps": [{"name": "a", "code": "a.R"}]}).pipeline.steps[0].entrypoint
    ['Rscript', '/opt/ml/processing/input/code/a.R']
    """
    return examine(source, given, base).require()


def examine(source: SpecSource, given: Mapping[str, Any] | None = None, base: Folder | None = None) -> Examined:
    """The same without raising for what is wrong inside the spec; raises ``SpecError`` for a file that is none."""
    raw, folder, origin = _raw(source, base)
    filled = substitute(plain_spec(raw), given or {})
    pipeline, found = _modelled(filled.spec)
    # a reference that could not be filled is named once, not again as a wrong type
    problems = filled.problems + [problem for problem in found if problem.path not in filled.unfilled]
    if pipeline is not None:
        # what was left out for being wrong is not missing
        wrong = {problem.path for problem in problems}
        problems += [problem for problem in check(pipeline) if problem.path not in wrong]
        pipeline = pipeline.model_copy(update={"steps": [step for step in pipeline.steps if step.wanted]})
    return Examined(pipeline, folder, origin, problems)


def _modelled(spec: dict[str, Any]) -> tuple[Pipeline | None, list[Problem]]:
    """The pipeline and what is wrong with its fields; when it can be without them, the rest is still checked."""
    try:
        return Pipeline.model_validate(spec), []
    except ValidationError as error:
        problems = from_pydantic(error)
        rest = copy.deepcopy(spec)
        droppable = [_drop(rest, item["loc"]) for item in error.errors(include_url=False) if item["type"] != "missing"]
        if len(droppable) == len(problems) and all(droppable):
            with suppress(ValidationError):
                return Pipeline.model_validate(rest), problems
        return None, problems


def _drop(tree: Any, loc: tuple[str | int, ...]) -> bool:
    """Takes a field out of a spec; False where that would move others, or where it is not written as a map."""
    *above, last = [part for part in loc if part not in TAGS]
    for part in above:
        if isinstance(part, int) and not isinstance(tree, list):
            continue  # one where a list of one is meant
        try:
            tree = tree[part]
        except (LookupError, TypeError):
            return False
    if not isinstance(tree, dict) or last not in tree:
        return False
    del tree[last]
    return True


def _raw(source: SpecSource, base: Folder | None) -> tuple[dict[str, Any], Path, str]:
    if isinstance(source, Pipeline):
        return source.model_dump(exclude_unset=True), start_of(base), f'Pipeline "{source.name}"'
    if isinstance(source, Mapping):
        return dict(source), start_of(base), f'Spec "{source.get("name", "")}"'
    path = Path(source).expanduser()
    return read(path), path.absolute().parent, str(path)


def start_of(base: Folder | None) -> Path:
    """The folder that relative paths start from: the one given, else the current one."""
    return Path.cwd() if base is None else Path(base).absolute()


def read(path: Path) -> dict[str, Any]:
    """The spec file as plain data; YAML or JSON by what is in it."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        beside = [other.name for other in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
        raise SpecError(f"{path}: no such spec file{file_you_mean(path.name, beside)}") from None
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
        raise ValueError(" ".join(str(error).replace('in "<unicode string>", ', "at ").split())) from error
