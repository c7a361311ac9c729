"""How much cpu and memory an instance gets here: what its type has on the service, or what this machine can spare."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from shardr._inst import inst

GIB = 2**30
SPARED = 0.1
"""Part of the memory that stays with the machine when instances would take all."""
LEAST_BYTES = 64 * 2**20
"""Less memory than this starts nothing."""


@dataclass(frozen=True)
class InstanceType:
    """What an instance of a type has on the service."""

    vcpus: int
    memory_bytes: int
    accelerators: int
    """GPUs, or chips made for the same."""


@dataclass(frozen=True)
class Limits:
    """What one instance may use; 0 is no limit."""

    cpus: float
    memory_bytes: int
    notice: str | None
    """What is less than on the service, and why; None when nothing is."""


def limits(instance_type: str, instance_count: int, cpus: int, memory_bytes: int) -> Limits:
    """What each of the instances gets on a machine with so many cpus and so much memory.

    Cpus are shared: each instance may use as many as its type has. Memory is not: when the instances would not fit
    together, each gets an equal part of nine tenths of the machine's.

    >>> limits("ml.m5.large", 20, 2, 24 * GIB).notice
    "ml.m5.large has 8 GiB; 20 instances share nine tenths of this machine's 24 GiB, so each gets at most 1.1 GiB"
    """
    has = of_type(instance_type)
    if has is None:
        return Limits(0, 0, f"what {instance_type} has is not known here: its instances have no limits")
    part = max(int(memory_bytes * (1 - SPARED)) // instance_count, LEAST_BYTES)
    granted = Limits(min(has.vcpus, cpus), min(has.memory_bytes, part), None)
    less = []
    if granted.cpus < has.vcpus:
        less.append((f"{has.vcpus} vCPU", f"{cpus} vCPU", f"{cpus} vCPU"))
    if granted.memory_bytes < has.memory_bytes:
        less.append((_size(has.memory_bytes), _size(memory_bytes), _size(granted.memory_bytes)))
    said = []
    if less:
        theirs, ours, each = (" and ".join(parts) for parts in zip(*less, strict=True))
        many = instance_count > 1
        shared = "nine tenths of " if granted.memory_bytes < has.memory_bytes and granted.cpus == has.vcpus else ""
        here = f"{instance_count} instances share {shared}this machine's {ours}" if many else f"this machine has {ours}"
        said.append(f"{instance_type} has {theirs}; {here}, so {'each' if many else 'it'} gets at most {each}")
    if has.accelerators:
        gpus = "1 GPU" if has.accelerators == 1 else f"{has.accelerators} GPUs"
        said.append(f"{instance_type} has {gpus} or the like, which instances here do without")
    return Limits(granted.cpus, granted.memory_bytes, ". ".join(said) or None)


def of_type(instance_type: str) -> InstanceType | None:
    """What a type has, ``ml.m5.large`` for example; None when it is not in the table."""
    table = _table()
    name = instance_type.removeprefix("ml.")
    family, _, size = name.partition(".")
    if name in table["exceptions"]:
        vcpus, gib = table["exceptions"][name]
    else:
        ratio = next((ratio for ratio, families in table["gib_per_vcpu"].items() if family in families), None)
        vcpus = _vcpus(size)
        if ratio is None or vcpus is None:
            return None
        gib = vcpus * float(ratio)
    chips = table["accelerators"].get(name, table["accelerators"].get(family, 0))
    return InstanceType(vcpus, int(gib * GIB), chips)


def _vcpus(size: str) -> int | None:
    if size in {"medium", "large"}:
        return 1 if size == "medium" else 2
    times = re.fullmatch(r"(\d*)xlarge", size)
    return 4 * int(times[1] or 1) if times else None


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(inst("instances", "instance-types.json").read_text(encoding="utf-8"))
    return table


def _size(number: int) -> str:
    if number < GIB:
        return f"{number / 2**20:.0f} MiB"
    return f"{number / GIB:.1f}".removesuffix(".0") + " GiB"
