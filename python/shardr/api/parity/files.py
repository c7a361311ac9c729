"""Outputs of the two runs, file by file and byte by byte."""

from __future__ import annotations

import filecmp
from itertools import zip_longest
from typing import TYPE_CHECKING

from shardr.api.parity.difference import Difference, cut

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HEAD_BYTES = 1 << 13
CHUNK = 1 << 20


def file_differences(
    step: str, output: str, process: Mapping[str, Path], docker: Mapping[str, Path]
) -> list[Difference]:
    """What differs between the files of an output, which are given by their names below it."""
    found = []
    for name in sorted({*process, *docker}):
        one, other = process.get(name), docker.get(name)
        if one is None or other is None:
            shown = [None if path is None else f"{path.stat().st_size} bytes" for path in (one, other)]
        elif filecmp.cmp(one, other, shallow=False):
            continue
        else:
            shown = list(first_difference(one, other))
        found.append(Difference(step, None, f"output {output}/{name}", *shown))
    return found


def first_difference(one: Path, other: Path) -> tuple[str, str]:
    """Where two files that differ begin to: the first such line of texts, the first such byte of anything else."""
    if _is_text(one) and _is_text(other):
        return _line(one, other)
    at = _byte(one, other)
    return f"{one.stat().st_size} bytes, other from byte {at}", f"{other.stat().st_size} bytes, other from byte {at}"


def _is_text(path: Path) -> bool:
    with path.open("rb") as stream:
        return b"\0" not in stream.read(HEAD_BYTES)


def _line(one: Path, other: Path) -> tuple[str, str]:
    with one.open("rb") as left, other.open("rb") as right:
        pairs = enumerate(zip_longest(left, right), start=1)
        number, (a, b) = next((number, pair) for number, pair in pairs if pair[0] != pair[1])
    if a is None or b is None:
        ends = f"ends after line {number - 1}"
        words = [ends if line is None else f"line {number}: {cut(_text(line), '')[0]}" for line in (a, b)]
        return words[0], words[1]
    same_end = a.endswith(b"\n") and b.endswith(b"\n")
    shown = cut(*(_text(line.removesuffix(b"\n") if same_end else line) for line in (a, b)))
    return f"line {number}: {shown[0]}", f"line {number}: {shown[1]}"


def _text(line: bytes) -> str:
    return line.decode("utf-8", "backslashreplace")


def _byte(one: Path, other: Path) -> int:
    """The number of the first byte that differs, from 1."""
    at = 1
    with one.open("rb") as left, other.open("rb") as right:
        while True:
            a, b = left.read(CHUNK), right.read(CHUNK)
            if a != b:
                shorter = min(len(a), len(b))
                return at + next((i for i in range(shorter) if a[i] != b[i]), shorter)
            at += len(a)
