"""Requests that ask for what a channel cannot be: streamed and a folder, or its files read as they are opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardr.errors import Problem
from shardr.requests.facts import AUGMENTED, FAST_FILE, PIPE, PROCESSING
from shardr.spec.places import is_epoch, told_as_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardr.requests.facts import Channel, Facts


def of_channel(channel: Channel, about: Facts) -> Iterator[Problem]:
    """What only a channel in some mode can have, and what it must have there."""
    placed = about.kind is PROCESSING
    at = channel.at if placed else channel.at.removesuffix(".DataSource.S3DataSource")
    if channel.mode == PIPE:
        yield from _folders(channel, about, f"{at}.{'S3InputMode' if placed else 'InputMode'}")
    else:
        if channel.compression != "None":
            field = f"{at}.{'S3CompressionType' if placed else 'CompressionType'}"
            yield Problem(field, f'found "{channel.compression}", only channels in mode Pipe are expanded')
        if channel.wrapper != "None":
            yield Problem(f"{at}.RecordWrapperType", f'found "{channel.wrapper}", which is for the mode Pipe')
    yield from _kind(channel)


def _kind(channel: Channel) -> Iterator[Problem]:
    """What is wrong with the kind of source."""
    field = f"{channel.at}.S3DataType"
    if channel.data_type == AUGMENTED:
        if channel.mode != PIPE:
            yield Problem(field, f'found "{AUGMENTED}", which is for the mode Pipe')
        if not channel.attributes:
            yield Problem(f"{channel.at}.AttributeNames", "is required: what is streamed of each line")
    elif channel.data_type not in {"S3Prefix", "ManifestFile"}:
        served = f"S3Prefix, ManifestFile and {AUGMENTED}"
        yield Problem(field, f'found "{channel.data_type}", served are {served}')
    elif channel.attributes:
        yield Problem(f"{channel.at}.AttributeNames", f"is for {AUGMENTED}, not {channel.data_type}")
    elif channel.mode == FAST_FILE and channel.data_type != "S3Prefix":
        yield Problem(field, f'found "{channel.data_type}", and in mode {FAST_FILE} there is S3Prefix only')


def _folders(channel: Channel, about: Facts, at: str) -> Iterator[Problem]:
    """Folders that would be where the channel has none, or has the FIFO of an epoch."""
    path = channel.path.rstrip("/")
    others = [(f"input {other.name}", other.path) for other in about.inputs]
    others += [(f"output {output.name}", output.path) for output in about.outputs]
    for what, other in others:
        if is_epoch(other, path):
            yield Problem(at, f"found {PIPE}, and {what} is at {other}, where an epoch would be streamed")
    places = [place for _, place in others if place.rstrip("/") != path]
    word = told_as_folder(path, [*(about.entrypoint or []), *(about.arguments or [])], places)
    if word is not None:
        yield Problem(at, f'found {PIPE}, and the program is told "{word}": a streamed channel is no folder')
