"""What must hold of channels that are streamed, and of those whose files are read as they are opened."""

from __future__ import annotations

import glob
from typing import TYPE_CHECKING

from shardr.errors import Problem
from shardr.spec.parts import Manifest
from shardr.spec.places import is_epoch, told_as_folder
from shardr.spec.training import TrainingInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shardr.spec.parts import Input, Output, StepOutput


def of_channels(
    at: str, inputs: Sequence[Input | TrainingInput], words: Sequence[str], outputs: Sequence[Output] = ()
) -> Iterator[Problem]:
    """What is wrong with how the inputs of a step come; ``words`` are its command and its arguments."""
    for i, channel in enumerate(inputs):
        where = f"{at}.inputs[{i}]"
        listed = _listed(channel.source) if channel.input_mode == "FastFile" else None
        if listed is not None:
            yield Problem(f"{where}.input_mode", f"FastFile reads what lies below a prefix, and no {listed}")
        yield from _fields(where, channel)
        if channel.input_mode == "Pipe":
            yield from _epochs(at, i, inputs, outputs)
            others = [other.local_path for other in [*inputs, *outputs] if other is not channel]
            word = told_as_folder(channel.local_path, words, others)
            if word is not None:
                yield Problem(
                    f"{where}.input_mode", f'found Pipe, which is no folder, and the program is told "{word}"'
                )


def _listed(source: str | StepOutput | Manifest) -> str | None:
    """What lists the objects of a source; None for one that is a prefix."""
    if isinstance(source, Manifest):
        return "manifest"
    pattern = isinstance(source, str) and not source.startswith("s3://") and glob.has_magic(source)
    return "glob" if pattern else None


def _fields(at: str, channel: Input | TrainingInput) -> Iterator[Problem]:
    """What only a channel in mode Pipe can have."""
    given = {"compression_type": channel.compression_type != "None"}
    if isinstance(channel, TrainingInput):
        given |= {
            "record_wrapper_type": channel.record_wrapper_type != "None",
            "attribute_names": bool(channel.attribute_names),
        }
        if channel.attribute_names and not isinstance(channel.source, str):
            yield Problem(f"{at}.source", "expected the path of an augmented manifest, as there are attribute_names")
    for name, is_given in given.items():
        if is_given and channel.input_mode != "Pipe":
            yield Problem(f"{at}.{name}", f"is for input_mode Pipe, not {channel.input_mode}")


def _epochs(at: str, i: int, inputs: Sequence[Input | TrainingInput], outputs: Sequence[Output]) -> Iterator[Problem]:
    """Folders that are where the FIFO of an epoch comes."""
    others = [(f"inputs[{j}]", other.local_path) for j, other in enumerate(inputs)]
    for where, path in [*others, *((f"outputs[{j}]", other.local_path) for j, other in enumerate(outputs))]:
        if is_epoch(path, inputs[i].local_path):
            yield Problem(
                f"{at}.{where}", f'"{path}" is where an epoch of inputs[{i}] is streamed', "name it otherwise"
            )
