"""What the service would take and this machine cannot do: refused before a job is taken in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.errors import DataError, Problem, RequestError, RunnerError
from shardr.local.builtin import builtin
from shardr.local.programs import unserved
from shardr.local.streamed import of_channel
from shardr.requests.facts import PIPE, TRAINING, TRANSFORM, TRANSFORMED, checkpoints, facts
from shardr.requests.facts import PROCESSING as PROCESSING_JOB
from shardr.spec.places import ML, PROCESSING
from shardr.storage.uris import split_uri

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardr.requests.facts import Channel, Facts, Result


def check_runnable(request: dict[str, Any], runner: str, image: str | None = None) -> None:
    """Refuses what the service would take and this machine cannot do; raises ``RequestError`` with all of it.

    ``image`` is that of the model that a transform job asks, which its request only names.
    """
    problems: list[Problem] = []
    about = facts(request)
    spec = "AlgorithmSpecification" if about.kind is TRAINING else "AppSpecification"
    if runner == "process" and about.entrypoint is None:
        problems += _own_program(spec, about.image) if image is None else unserved("ModelName", image)
    words = {f"Environment.{key}": value for key, value in about.environment.items()}
    for field, found in (("ContainerEntrypoint", about.entrypoint), ("ContainerArguments", about.arguments)):
        words |= {f"{spec}.{field}[{i}]": word for i, word in enumerate(found or [])}
    problems += [
        Problem(at, "holds a NUL, which no program can be given") for at, word in words.items() if "\0" in word
    ]
    problems += _channels(about)
    if about.kind is TRAINING:
        problems += _training(request, about)
    elif about.kind is TRANSFORM:
        problems += _uri("TransformOutput.S3OutputPath", about.uri(TRANSFORMED))
    else:
        problems += _outputs(request)
        problems += _overlaps(about)
    if problems:
        raise RequestError("This machine cannot run the request as it is:", problems=problems)


def _own_program(spec: str, image: str) -> Iterator[Problem]:
    """Whether what an image runs by itself can run without it."""
    known = builtin(image)
    if known is None:
        what = "is required by the process runner: only the image itself knows what it runs"
        yield Problem(f"{spec}.ContainerEntrypoint", what)
        return
    try:
        known.check()
    except RunnerError as error:
        yield Problem(f"{spec}.TrainingImage", error.what, error.fix)


def _channels(about: Facts) -> Iterator[Problem]:
    """What is wrong with inputs; a name and a path become folders here, so neither may lead elsewhere."""
    names: set[str] = set()
    placed = about.kind is PROCESSING_JOB  # the request says where: other kinds of job have places of their own
    for channel in about.inputs:
        above, _, kind = channel.at.rpartition(".")
        at = above.removesuffix(".DataSource")
        yield from _name(f"{at}.{'InputName' if placed else 'ChannelName'}", channel.name, names)
        if channel.uri is None:
            yield Problem(f"{above}.{kind}", "is required: data of no other kind is moved here")
            continue
        if placed:
            yield from _path(f"{channel.at}.LocalPath", channel.path)
        yield from _uri(f"{channel.at}.S3Uri", channel.uri)
        yield from of_channel(channel, about)


def _outputs(request: dict[str, Any]) -> Iterator[Problem]:
    names: set[str] = set()
    for i, item in enumerate(request.get("ProcessingOutputConfig", {}).get("Outputs", [])):
        at = f"ProcessingOutputConfig.Outputs[{i}]"
        yield from _name(f"{at}.OutputName", item["OutputName"], names)
        if "S3Output" not in item:
            yield Problem(f"{at}.S3Output", "is required: data of no other kind is moved here")
            continue
        yield from _path(f"{at}.S3Output.LocalPath", item["S3Output"].get("LocalPath", ""))
        yield from _uri(f"{at}.S3Output.S3Uri", item["S3Output"]["S3Uri"])
        if item["S3Output"].get("S3UploadMode", "EndOfJob") != "EndOfJob":
            yield Problem(f"{at}.S3Output.S3UploadMode", 'found "Continuous", only "EndOfJob" is done here')


def _training(request: dict[str, Any], about: Facts) -> Iterator[Problem]:
    yield from _uri("OutputDataConfig.S3OutputPath", request["OutputDataConfig"]["S3OutputPath"])
    if not about.image:
        fix = "name an image; algorithms of the marketplace are not run here"
        yield Problem("AlgorithmSpecification.TrainingImage", "is required", fix)
    known = builtin(about.image) if about.entrypoint is None else None
    if known is not None and not known.piped:
        for channel in about.inputs:
            if channel.mode == PIPE:
                at = channel.at.removesuffix(".DataSource.S3DataSource")
                what = f"found {PIPE}, and {known.name} reads no streamed channel here"
                yield Problem(f"{at}.InputMode", what, "take File or FastFile")
    if "InstanceGroups" in request.get("ResourceConfig", {}):
        yield Problem("ResourceConfig.InstanceGroups", "instances of several types are not run here")
    elif about.instances < 1:
        yield Problem("ResourceConfig.InstanceCount", "is required, and at least 1")
    kept = checkpoints(request)
    if kept is not None:
        yield from _uri("CheckpointConfig.S3Uri", kept[1])
        taken = [f"{ML}/{name}/" for name in ("input", "model", "output", "config")]
        path = f"{kept[0].rstrip('/')}/"
        if not path.startswith(f"{ML}/") or path == f"{ML}/" or {"", ".", ".."} & set(path.strip("/").split("/")):
            yield Problem("CheckpointConfig.LocalPath", f'found "{kept[0]}", expected a path below {ML}/')
        elif any(path.startswith(other) for other in taken):
            yield Problem("CheckpointConfig.LocalPath", f'found "{kept[0]}", which the job uses for something else')


def _name(at: str, name: str, names: set[str]) -> Iterator[Problem]:
    if name in names or "/" in name or name in {"", ".", ".."}:
        reason = "is the name of another one, too" if name in names else "cannot be the name of a folder"
        yield Problem(at, f'"{name}" {reason}')
    names.add(name)


def _path(at: str, path: str) -> Iterator[Problem]:
    if not path.startswith(f"{PROCESSING}/") or {"", ".", ".."} & set(path.rstrip("/").split("/")[1:]):
        yield Problem(at, f'found "{path}", expected a path below {PROCESSING}/')


def _uri(at: str, uri: str) -> Iterator[Problem]:
    try:
        split_uri(uri)
    except DataError as error:
        yield Problem(at, error.what)


def _overlaps(about: Facts) -> Iterator[Problem]:
    """Outputs that would hold another channel: its files, links to somebody's data among them, would be theirs."""
    for i, output in enumerate(about.outputs):
        others: list[tuple[str, Channel | Result]] = [(f"input {c.name}", c) for c in about.inputs]
        others += [(f"output {o.name}", o) for o in about.outputs if o.name != output.name]
        for what, other in others:
            inside, outside = f"{output.path.rstrip('/')}/", f"{other.path.rstrip('/')}/"
            if inside.startswith(outside) or (what.startswith("input") and outside.startswith(inside)):
                at = f"ProcessingOutputConfig.Outputs[{i}].S3Output.LocalPath"
                yield Problem(at, f'found "{output.path}", which overlaps with "{other.path}" of {what}')
