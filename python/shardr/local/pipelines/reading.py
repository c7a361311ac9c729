"""A pipeline definition out of its JSON, with everything that is not of the form the service takes."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from shardr.errors import Problem
from shardr.local.pipelines.definition import (
    CREATED_BY,
    RETRIED,
    TRIGGERS,
    TYPES,
    VERSION,
    Definition,
    Parameter,
    PropertyFile,
    RetryPolicy,
    Step,
)
from shardr.local.pipelines.durations import duration_seconds
from shardr.local.pipelines.parameters import TYPES as PARAMETER_TYPES
from shardr.local.pipelines.parameters import misfit
from shardr.requests.found import nearest, shown, wrong_type
from shardr.requests.patterns import matches

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

EXCEPTION_TYPES = (
    "Step.SERVICE_FAULT", "Step.THROTTLING", "SageMaker.JOB_INTERNAL_ERROR", "SageMaker.CAPACITY_ERROR",
    "SageMaker.RESOURCE_LIMIT",
)  # fmt: skip
_KINDS: Mapping[str, tuple[type, ...]] = {
    "a map of members": (dict,),
    "a list": (list,),
    "a string": (str,),
    "true or false": (bool,),
    "a number": (int, float),
    "a whole number": (int,),
}
_ENVELOPE = ("Version", "Metadata", "Parameters", "PipelineExperimentConfig", "Steps")
_STEP = (
    "Name", "Type", "Arguments", "DependsOn", "DisplayName", "Description", "RetryPolicies", "CacheConfig",
    "PropertyFiles",
)  # fmt: skip


def read(text: str) -> tuple[Definition, list[Problem]]:
    """The definition as far as it can be read, and what is wrong with its form."""
    try:
        found = without_nulls(json.loads(text, parse_constant=_no_constant))
    except (ValueError, RecursionError) as error:
        return Definition({}, {}), [Problem("PipelineDefinition", f"is not JSON: {error}")]
    reader = _Reader()
    definition = reader.definition(found)
    return definition, reader.problems


@lru_cache(maxsize=8)
def checked(text: str) -> Definition:
    """A definition that was found right before; not to be changed, as the next reader gets the same."""
    return read(text)[0]


def _no_constant(name: str) -> float:
    raise ValueError(f"there is no {name} in JSON")


def without_nulls(value: Any) -> Any:
    """The value without members that are null: on the wire they are the same as none."""
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value] if isinstance(value, list) else value


class _Reader:
    """Reads, and notes what is wrong on the way."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def say(self, place: str, message: str, fix: str | None = None) -> None:
        self.problems.append(Problem(place, message, fix))

    def take(self, of: Mapping[str, Any], key: str, place: str, kind: str, default: Any = None) -> Any:
        """A member of this kind; the default when it is not there, or is of another kind, which is noted."""
        value = of.get(key, default)
        if key in of and (not isinstance(value, _KINDS[kind]) or (isinstance(value, bool) and kind != "true or false")):
            self.problems.append(wrong_type(f"{place}.{key}".lstrip("."), value, kind))
            return default
        return value

    def required(self, of: Mapping[str, Any], key: str, place: str, kind: str) -> Any:
        """As ``take``; that it is not there is noted, too."""
        if key not in of:
            self.say(f"{place}.{key}".lstrip("."), "is required")
        return self.take(of, key, place, kind)

    def maps(self, of: Mapping[str, Any], key: str, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The maps of a list, each with its place; what is no map is noted."""
        for i, item in enumerate(self.take(of, key, place, "a list", [])):
            at = f"{place}.{key}[{i}]".lstrip(".")
            if isinstance(item, dict):
                yield at, item
            else:
                self.problems.append(wrong_type(at, item, "a map of members"))

    def misspelt(self, of: Mapping[str, Any], known: Sequence[str], place: str) -> None:
        """Notes members that look like a slip of the pen; others may be newer than this."""
        for key in of:
            close = [] if key in known else nearest(key, known, 1, cutoff=0.75)
            if close and close[0] not in of:
                self.say(f"{place}.{key}".lstrip("."), f'is not a member; did you mean "{close[0]}"?')

    def definition(self, found: Any) -> Definition:
        if not isinstance(found, dict):
            self.problems.append(wrong_type("PipelineDefinition", found, "a map of members"))
            return Definition({}, {})
        self.misspelt(found, _ENVELOPE, "")
        version = self.required(found, "Version", "", "a string")
        if version is not None and version != VERSION:
            self.say("Version", f'found "{version}", expected "{VERSION}"')
        self.take(found, "Metadata", "", "a map of members")
        experiment = self.take(found, "PipelineExperimentConfig", "", "a map of members")
        parameters = self._parameters(found)
        self.required(found, "Steps", "", "a list")
        steps: dict[str, Step] = {}
        self._steps(found, "Steps", "", steps)
        if found.get("Steps") == []:
            self.say("Steps", "has no step")
        return Definition(parameters, steps, experiment)

    def _parameters(self, found: Mapping[str, Any]) -> dict[str, Parameter]:
        parameters: dict[str, Parameter] = {}
        for place, item in self.maps(found, "Parameters", ""):
            self.misspelt(item, ("Name", "Type", "DefaultValue", "EnumValues"), place)
            name = self.required(item, "Name", place, "a string")
            kind = self.required(item, "Type", place, "a string")
            if name is not None and not matches(r"[A-Za-z0-9\-_]{1,256}", name):
                self.say(f"{place}.Name", f"found {shown(name)}, expected letters, digits, hyphens and underscores")
            if kind is not None and kind not in PARAMETER_TYPES:
                self.say(f"{place}.Type", f"found {shown(kind)}, expected one of {', '.join(PARAMETER_TYPES)}")
                kind = None
            enum = tuple(self.take(item, "EnumValues", place, "a list", ()))
            for i, value in enumerate(enum):
                if kind and (wrong := misfit(Parameter("", kind), value)):
                    self.say(f"{place}.EnumValues[{i}]", wrong)
            if name is None:
                continue
            if name in parameters:
                self.say(f"{place}.Name", f'"{name}" is the name of another parameter, too')
            parameters[name] = Parameter(name, kind or "String", item.get("DefaultValue"), enum)
            if kind and "DefaultValue" in item and (wrong := misfit(parameters[name], item["DefaultValue"])):
                self.say(f"{place}.DefaultValue", wrong)
        return parameters

    def _steps(
        self,
        of: Mapping[str, Any],
        key: str,
        place: str,
        steps: dict[str, Step],
        condition: str | None = None,
        branch: bool | None = None,
    ) -> None:
        for at, item in self.maps(of, key, place):
            step = self._step(item, at, condition, branch)
            if step is None:
                continue
            if step.name in steps:
                self.say(f"{at}.Name", f'"{step.name}" is the name of {steps[step.name].place}, too')
                continue
            steps[step.name] = step
            if step.type == "Condition":
                if condition is not None:
                    self.say(at, f'a condition cannot stand in a branch of another one, "{condition}"')
                for inner, taken in (("IfSteps", True), ("ElseSteps", False)):
                    self._steps(step.arguments, inner, f"{at}.Arguments", steps, step.name, taken)

    def _step(self, item: dict[str, Any], place: str, condition: str | None, branch: bool | None) -> Step | None:
        name = self.required(item, "Name", place, "a string")
        kind = self.required(item, "Type", place, "a string")
        if name is not None and not matches(r"[A-Za-z0-9\-_]{1,64}", name):
            expected = "1 to 64 letters, digits, hyphens and underscores"
            self.say(f"{place}.Name", f"found {shown(name)}, expected {expected}")
        if kind is not None and kind not in TYPES:
            close = nearest(kind, TYPES, 1)
            hint = f'did you mean "{close[0]}"?' if close else f"the types are {', '.join(TYPES)}"
            self.say(f"{place}.Type", f"found {shown(kind)}, which is no type of step; {hint}")
        if kind in {*CREATED_BY, "Condition", "Fail"}:
            self.misspelt(item, _STEP, place)
            self.required(item, "Arguments", place, "a map of members")
        if "RetryPolicies" in item and kind not in RETRIED:
            self.say(f"{place}.RetryPolicies", f"a step of type {kind} is not retried")
        cache = self.take(item, "CacheConfig", place, "a map of members", {})
        self.misspelt(cache, ("Enabled", "ExpireAfter"), f"{place}.CacheConfig")
        cached = self.take(cache, "Enabled", f"{place}.CacheConfig", "true or false", False)
        age = duration_seconds(cache.get("ExpireAfter"))
        if "ExpireAfter" in cache and age is None:
            found = shown(cache["ExpireAfter"])
            self.say(f"{place}.CacheConfig.ExpireAfter", f"found {found}, expected a duration as P30D or PT1H")
        fields = {
            "depends_on": tuple(self._dependencies(item, place)),
            "retries": tuple(self._retries(item, place)),
            "files": self._files(item, place),
            "display": self.take(item, "DisplayName", place, "a string"),
            "description": self.take(item, "Description", place, "a string"),
        }
        if name is None or kind is None:
            return None
        arguments = self.take(item, "Arguments", "", "a map of members", {})
        return Step(name, kind, arguments, place, condition=condition, branch=branch, cached=cached,
                    cache_seconds=age, **fields)  # fmt: skip

    def _dependencies(self, item: Mapping[str, Any], place: str) -> Iterator[tuple[str, str]]:
        """What a step waits for: the name of another one, or that with the way in which it must end."""
        for i, other in enumerate(self.take(item, "DependsOn", place, "a list", [])):
            at = f"{place}.DependsOn[{i}]"
            if isinstance(other, str):
                yield other, "Completed"
            elif isinstance(other, dict):
                self.misspelt(other, ("Step", "Trigger"), at)
                name = self.required(other, "Step", at, "a string")
                trigger = self.take(other, "Trigger", at, "a string", "Completed")
                if trigger not in TRIGGERS:
                    self.say(f"{at}.Trigger", f"found {shown(trigger)}, expected one of {', '.join(TRIGGERS)}")
                elif name is not None:
                    yield name, trigger
            else:
                self.problems.append(wrong_type(at, other, "the name of a step"))

    def _files(self, item: Mapping[str, Any], place: str) -> dict[str, PropertyFile]:
        files: dict[str, PropertyFile] = {}
        for at, about in self.maps(item, "PropertyFiles", place):
            name, output, path = (
                self.required(about, key, at, "a string") for key in ("PropertyFileName", "OutputName", "FilePath")
            )
            if name in files:
                self.say(f"{at}.PropertyFileName", f'"{name}" is the name of another property file, too')
            if name is not None and output is not None and path is not None:
                files[name] = PropertyFile(output, path)
        return files

    def _retries(self, item: Mapping[str, Any], place: str) -> Iterator[RetryPolicy]:
        for at, about in self.maps(item, "RetryPolicies", place):
            known = ("ExceptionType", "IntervalSeconds", "BackoffRate", "MaxAttempts", "ExpireAfterMin")
            self.misspelt(about, known, at)
            exceptions = self.required(about, "ExceptionType", at, "a list") or []
            for i, name in enumerate(exceptions):
                if name not in EXCEPTION_TYPES:
                    allowed = ", ".join(EXCEPTION_TYPES)
                    self.say(f"{at}.ExceptionType[{i}]", f"found {shown(name)}, expected one of {allowed}")
            if {"MaxAttempts", "ExpireAfterMin"} <= about.keys():
                self.say(at, "has both MaxAttempts and ExpireAfterMin, expected one of them")
            interval = self._number(about, "IntervalSeconds", at, 1, 43_200, 1)
            rate = self._number(about, "BackoffRate", at, 0, None, 2.0, kind="a number")
            minutes = self._number(about, "ExpireAfterMin", at, 1, 14_400, None)
            attempts = self._number(about, "MaxAttempts", at, 0, 20, 5 if minutes is None else None)
            names = tuple(name for name in exceptions if isinstance(name, str))
            yield RetryPolicy(names, interval, rate, attempts, minutes)

    def _number(
        self, of: Mapping[str, Any], key: str, place: str, least: int, most: int | None, default: Any,
        kind: str = "a whole number",
    ) -> Any:  # fmt: skip
        value = self.take(of, key, place, kind, default)
        if key in of and value is not None and (value < least or (most is not None and value > most)):
            limits = f"{least} to {most}" if most is not None else f"at least {least}"
            self.say(f"{place}.{key}", f"found {value}, expected {limits}")
        return value
