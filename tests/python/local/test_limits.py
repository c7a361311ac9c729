"""Limits of instances: every type of the service is known, and a machine gives no more than it has."""

from __future__ import annotations

import gzip
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardr.local.limits import GIB, LEAST_BYTES, InstanceType, limits, of_type
from shardr.requests.service_model import service_model

ENUMS = ["ProcessingInstanceType", "TrainingInstanceType", "TransformInstanceType", "ProductionVariantInstanceType"]
TYPES = sorted({name for enum in ENUMS for name in service_model().shapes[enum]["enum"]})
LARGE = 10_000 * GIB


def ec2s_own() -> dict[str, Any]:
    """EC2's answer to DescribeInstanceTypes, as moto ships it."""
    spec = find_spec("moto.ec2")
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin).parent / "resources" / "instance_types.json.gz"
    found: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    return found


def test_every_type_of_the_service_is_in_the_table() -> None:
    assert len(TYPES) > 300
    assert [name for name in TYPES if of_type(name) is None] == []


def test_figures_are_those_that_ec2_itself_gives() -> None:
    told = ec2s_own()
    differ, compared = [], 0
    for name in TYPES:
        ec2 = told.get(name.removeprefix("ml."))
        if ec2 is None:  # EC2 has retired some that the service still names
            continue
        chips = 0
        for kind in ("GpuInfo", "InferenceAcceleratorInfo", "NeuronInfo"):
            for devices in ec2.get(kind, {}).values():
                chips = max(chips, sum(one["Count"] for one in devices)) if isinstance(devices, list) else chips
        theirs = InstanceType(ec2["VCpuInfo"]["DefaultVCpus"], ec2["MemoryInfo"]["SizeInMiB"] * 2**20, chips)
        compared += 1
        if of_type(name) != theirs:
            differ.append((name, of_type(name), theirs))
    assert differ == []
    assert compared > 300


@pytest.mark.parametrize(
    ("name", "vcpus", "gib", "accelerators"),
    [
        ("ml.m5.large", 2, 8, 0),
        ("ml.t3.medium", 2, 4, 0),
        ("ml.c8g.medium", 1, 2, 0),
        ("ml.c5.9xlarge", 36, 72, 0),
        ("ml.c4.8xlarge", 36, 60, 0),
        ("ml.p3.2xlarge", 8, 61, 1),
        ("ml.p2.16xlarge", 64, 732, 16),
        ("ml.dl1.24xlarge", 96, 768, 8),
        ("ml.p6e-gb200.36xlarge", 144, 960, 4),
    ],
)
def test_some_types_that_people_know(name: str, vcpus: int, gib: int, accelerators: int) -> None:
    assert of_type(name) == InstanceType(vcpus, gib * GIB, accelerators)


@pytest.mark.parametrize(
    "name", ["ml.m5.huge", "ml.m99.large", "ml.p5.2xlarge", "local", "", "ml.m5.", "ml.m5.xxlarge"]
)
def test_a_type_nobody_knows_has_no_limits_and_it_is_said(name: str) -> None:
    found = limits(name, 2, 4, 16 * GIB)
    assert (found.cpus, found.memory_bytes) == (0, 0)
    assert found.notice == f"what {name} has is not known here: its instances have no limits"


def test_on_a_large_machine_an_instance_has_what_its_type_has() -> None:
    found = limits("ml.m5.large", 20, 64, LARGE)
    assert (found.cpus, found.memory_bytes, found.notice) == (2, 8 * GIB, None)


def test_memory_is_divided_when_the_instances_do_not_fit_together() -> None:
    found = limits("ml.m5.large", 20, 2, 24 * GIB)
    assert found.cpus == 2
    assert found.memory_bytes == pytest.approx(24 * GIB * 0.9 / 20, abs=1)
    assert found.notice == (
        "ml.m5.large has 8 GiB; 20 instances share nine tenths of this machine's 24 GiB, so each gets at most 1.1 GiB"
    )


def test_instances_that_just_fit_are_not_scaled() -> None:
    machine = 20 * GIB  # nine tenths are 18
    assert limits("ml.t3.medium", 4, 2, machine).notice is None
    assert limits("ml.t3.medium", 5, 2, machine).memory_bytes == int(18 * GIB / 5)
    assert limits("ml.m5.large", 1, 2, 80 * GIB // 9 + 1).memory_bytes == 8 * GIB
    assert limits("ml.m5.large", 1, 2, 80 * GIB // 9 - 1).memory_bytes < 8 * GIB


def test_a_machine_with_fewer_cpus_gives_all_it_has() -> None:
    found = limits("ml.c5.4xlarge", 1, 2, 64 * GIB)
    assert (found.cpus, found.memory_bytes) == (2, 32 * GIB)
    assert found.notice == "ml.c5.4xlarge has 16 vCPU; this machine has 2 vCPU, so it gets at most 2 vCPU"


def test_both_are_said_in_one_sentence() -> None:
    assert limits("ml.m5.24xlarge", 2, 2, 24 * GIB).notice == (
        "ml.m5.24xlarge has 96 vCPU and 384 GiB; 2 instances share this machine's 2 vCPU and 24 GiB, "
        "so each gets at most 2 vCPU and 10.8 GiB"
    )


def test_nothing_gets_less_memory_than_a_program_needs_to_start() -> None:
    found = limits("ml.m5.large", 1000, 2, 2 * GIB)
    assert found.memory_bytes == LEAST_BYTES
    assert found.notice is not None
    assert found.notice.endswith("at most 64 MiB")


def test_accelerators_are_missed_aloud() -> None:
    assert limits("ml.g5.12xlarge", 1, 64, LARGE).notice == (
        "ml.g5.12xlarge has 4 GPUs or the like, which instances here do without"
    )


@given(st.sampled_from(TYPES), st.integers(1, 100), st.integers(1, 512), st.integers(2**28, 2**44))
def test_no_more_than_the_type_or_the_machine_has(name: str, count: int, cpus: int, memory: int) -> None:
    found, has = limits(name, count, cpus, memory), of_type(name)
    assert has is not None
    assert 0 < found.cpus <= min(has.vcpus, cpus)
    assert LEAST_BYTES <= found.memory_bytes <= has.memory_bytes
    assert found.memory_bytes * count <= max(memory * 0.9, LEAST_BYTES * count)
    scaled = found.cpus < has.vcpus or found.memory_bytes < has.memory_bytes
    assert (found.notice is not None) == (scaled or has.accelerators > 0)
