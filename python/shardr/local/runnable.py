"""What the service would take and this machine cannot do: refused before a job is taken in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.errors import DataError, Problem, RequestError
from shardr.local import contract
from shardr.storage.uris import split_uri

if TYPE_CHECKING:
    from collections.abc import Iterator


def check_runnable(request: dict[str, Any], runner: str) -> None:
    """Refuses what the service would take and this machine cannot do; raises ``RequestError`` with all of it."""
    problems = []
    app = request["AppSpecification"]
    if runner == "process" and "ContainerEntrypoint" not in app:
        problems.append(
            Problem(
                "AppSpecification.ContainerEntrypoint",
                "is required by the process runner: only the image itself knows what it runs",
            )
        )
    words = {f"Environment.{key}": value for key, value in request.get("Environment", {}).items()}
    for field in ("ContainerEntrypoint", "ContainerArguments"):
        words |= {f"AppSpecification.{field}[{i}]": word for i, word in enumerate(app.get(field, []))}
    problems += [
        Problem(at, "holds a NUL, which no program can be given") for at, word in words.items() if "\0" in word
    ]
    names: set[str] = set()
    for i, item in enumerate(request.get("ProcessingInputs", [])):
        at = f"ProcessingInputs[{i}]"
        problems += _channel(at, "InputName", item, "S3Input", names)
        if item.get("S3Input", {}).get("S3InputMode", "File") != "File":
            problems.append(Problem(f"{at}.S3Input.S3InputMode", 'found "Pipe", only "File" can be served here'))
    names = set()
    for i, item in enumerate(request.get("ProcessingOutputConfig", {}).get("Outputs", [])):
        at = f"ProcessingOutputConfig.Outputs[{i}]"
        problems += _channel(at, "OutputName", item, "S3Output", names)
        if item.get("S3Output", {}).get("S3UploadMode", "EndOfJob") != "EndOfJob":
            problems.append(Problem(f"{at}.S3Output.S3UploadMode", 'found "Continuous", only "EndOfJob" is done here'))
    problems += _overlaps(request)
    if problems:
        raise RequestError("This machine cannot run the request as it is:", problems=problems)


def _channel(at: str, field: str, item: dict[str, Any], kind: str, names: set[str]) -> Iterator[Problem]:
    """What is wrong with an input or output; a name and a path become folders here, so neither may lead elsewhere."""
    name: str = item[field]
    if name in names or "/" in name or name in {"", ".", ".."}:
        reason = "is the name of another one, too" if name in names else "cannot be the name of a folder"
        yield Problem(f"{at}.{field}", f'"{name}" {reason}')
    names.add(name)
    if kind not in item:
        yield Problem(f"{at}.{kind}", "is required: data of no other kind is moved here")
        return
    path: str = item[kind].get("LocalPath", "")
    if not path.startswith(f"{contract.PROCESSING}/") or {"", ".", ".."} & set(path.rstrip("/").split("/")[1:]):
        yield Problem(f"{at}.{kind}.LocalPath", f'found "{path}", expected a path below {contract.PROCESSING}/')
    try:
        split_uri(item[kind]["S3Uri"])
    except DataError as error:
        yield Problem(f"{at}.{kind}.S3Uri", error.what)


def _overlaps(request: dict[str, Any]) -> Iterator[Problem]:
    """Outputs that would hold another channel: its files, links to somebody's data among them, would be theirs."""
    inputs, outputs = contract.input_paths(request), contract.output_paths(request)
    for i, (name, path) in enumerate(outputs.items()):
        others = [(f"input {n}", p) for n, p in inputs.items()]
        others += [(f"output {n}", p) for n, p in outputs.items() if n != name]
        for what, other in others:
            inside, outside = f"{path.rstrip('/')}/", f"{other.rstrip('/')}/"
            if inside.startswith(outside) or (what.startswith("input") and outside.startswith(inside)):
                at = f"ProcessingOutputConfig.Outputs[{i}].S3Output.LocalPath"
                yield Problem(at, f'found "{path}", which overlaps with "{other}" of {what}')
