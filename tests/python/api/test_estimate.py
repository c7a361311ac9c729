"""What a spec would cost: by what it took here, or at most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import worlds

import shardr
from shardr.api.advice.cost import BILLED_START_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

PRICES = {"ml.m5.large": 0.36}
"""A cent for 100 seconds."""


@pytest.fixture
def spec(tmp_path: Path) -> dict[str, Any]:
    worlds.files(tmp_path / "data", 3)
    inputs = [{"name": "raw", "source": "data/", "distribution": "ShardedByS3Key"}]
    return worlds.one_step(tmp_path, "sleep 0.3", inputs=inputs, instance_count=2, max_runtime_seconds=1000)


def estimate(folder: Path, spec: dict[str, Any], **fields: Any) -> shardr.Estimate:
    return shardr.estimate(spec, base=folder, **{"prices": PRICES, **fields})


def test_without_a_run_the_bound_counts_and_the_total_says_at_most(tmp_path: Path, spec: dict[str, Any]) -> None:
    found = estimate(tmp_path, spec)
    (step,) = found.steps
    assert (step.basis, step.run, step.seconds, step.instances) == ("bound", None, 1000, 2)
    assert found.at_most
    assert found.dollars == pytest.approx(2 * (1000 + BILLED_START_SECONDS) * 0.0001)
    assert shardr.jobs() == []


def test_tries_that_may_follow_are_in_the_bound_and_so_are_their_starts(tmp_path: Path, spec: dict[str, Any]) -> None:
    spec["steps"][0]["max_attempts"] = 3
    assert estimate(tmp_path, spec).dollars == pytest.approx(2 * 3 * (1000 + BILLED_START_SECONDS) * 0.0001)


def test_after_a_run_its_seconds_count(tmp_path: Path, spec: dict[str, Any]) -> None:
    worlds.run(tmp_path, spec)
    newest = worlds.run(tmp_path, spec)
    found = estimate(tmp_path, spec)
    (step,) = found.steps
    assert (step.basis, step.run, step.seconds) == ("measured", newest.id, newest.step("work").seconds)
    assert not found.at_most
    assert found.dollars == pytest.approx(2 * (step.seconds + BILLED_START_SECONDS) * 0.0001)


@pytest.mark.parametrize("change", ["script", "arguments", "instances", "data", "failed"])
def test_a_run_that_was_another_job_does_not_count(tmp_path: Path, spec: dict[str, Any], change: str) -> None:
    (step,) = spec["steps"]
    if change == "failed":
        worlds.script(tmp_path, "exit 3")
    worlds.run(tmp_path, spec)
    if change == "script":
        worlds.script(tmp_path, "sleep 0.4")
    elif change == "arguments":
        step["arguments"] = ["--more"]
    elif change == "instances":
        step["instance_count"] = 3
    elif change == "data":
        worlds.files(tmp_path / "other", 3)
        step["inputs"][0]["source"] = "other/"
    assert estimate(tmp_path, spec).steps[0].basis == "bound"


def test_another_instance_type_or_name_of_the_run_changes_the_price_alone(tmp_path: Path, spec: dict[str, Any]) -> None:
    worlds.run(tmp_path, spec, name="mine")
    spec["steps"][0]["instance_type"] = "ml.c5.xlarge"
    (step,) = estimate(tmp_path, spec, prices={"ml.c5.xlarge": 0.72}).steps
    assert (step.run, step.usd_per_hour) == ("mine", 0.72)


def test_steps_that_read_of_others_are_measured_too(tmp_path: Path, spec: dict[str, Any]) -> None:
    worlds.script(tmp_path, f"[ ! -d {worlds.OUT} ] || hostname > {worlds.OUT}/$(hostname)")
    source = {"step": "work", "output": "out"}
    spec["steps"].append({"name": "next", "code": "script.sh", "inputs": [{"name": "x", "source": source}]})
    worlds.run(tmp_path, spec)
    assert [step.basis for step in estimate(tmp_path, spec).steps] == ["measured", "measured"]


def test_balanced_shards_are_counted_as_instances(tmp_path: Path, spec: dict[str, Any]) -> None:
    spec["steps"][0]["inputs"][0]["distribution"] = "balanced"
    assert estimate(tmp_path, spec).steps[0].instances == 2


def test_a_type_without_price_is_said_and_no_total_is_made_up(tmp_path: Path, spec: dict[str, Any]) -> None:
    spec["steps"][0]["instance_type"] = "ml.r5.24xlarge"
    found = estimate(tmp_path, spec)
    assert (found.dollars, found.steps[0].dollars) == (None, None)
    assert "no price known of ml.r5.24xlarge for processing in us-east-1 (known: ml." in found.notices[0]


def test_an_old_price_is_used_and_said(tmp_path: Path, spec: dict[str, Any]) -> None:
    spec["steps"][0]["instance_type"] = "ml.m5.xlarge"
    found = estimate(tmp_path, spec, prices=None, region="eu-west-1")
    assert found.steps[0].usd_per_hour == 0.257
    assert found.steps[0].priced == "2023-12-31"
    assert "the price of ml.m5.xlarge is of 2023-12-31" in found.notices[0]


def test_instances_that_all_get_everything_are_noticed(tmp_path: Path, spec: dict[str, Any]) -> None:
    assert estimate(tmp_path, spec).notices == []
    spec["steps"][0]["inputs"][0]["distribution"] = "FullyReplicated"
    (notice,) = estimate(tmp_path, spec).notices
    assert "costs 2 times as much and is no faster" in notice
    spec["steps"][0]["instance_count"] = 1
    assert estimate(tmp_path, spec).notices == []


def test_a_notebook_shows_it_as_a_table(tmp_path: Path, spec: dict[str, Any]) -> None:
    html = estimate(tmp_path, spec)._repr_html_()
    assert "at most $0.226 in us-east-1" in html
    assert "<td>work</td><td>2</td><td>ml.m5.large</td><td>1,000.0</td><td>bound</td>" in html
