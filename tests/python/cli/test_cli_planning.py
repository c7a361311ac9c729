"""validate, plan, schema: everything told, nothing touched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from shardr.requests.check import check_request

if TYPE_CHECKING:
    from cli_world import Shell


def test_validate_names_the_steps_in_their_order(shardr: Shell) -> None:
    assert shardr("validate", "job.yml").out == "valid: tiny, 2 steps (copy, again)\n"
    assert shardr("validate", "job.yml", "--json").json == {
        "run": None, "status": "Valid", "name": "tiny", "steps": ["copy", "again"], "problems": [],
    }  # fmt: skip


def test_plan_with_json_has_the_shard_map_and_requests_that_the_service_would_take(shardr: Shell) -> None:
    found = shardr("plan", "job.yml", "--set", "instances=2", "--json").json
    assert (found["name"], found["runner"], found["run"][:5]) == ("tiny", "process", "tiny-")
    copy, again = found["steps"]
    assert (copy["needs"], again["needs"]) == ([], ["copy"])
    assert (copy["instance_count"], copy["entrypoint"][0], copy["arguments"]) == (2, "bash", [])
    shards = copy["shards"][0]
    assert (shards["input"], shards["distribution"]) == ("raw", "ShardedByS3Key")
    assert [(i["host"], i["objects"], i["keys"]) for i in shards["instances"]] == [
        ("algo-1", 2, ["p1.csv", "p3.csv"]),
        ("algo-2", 1, ["p2.csv"]),
    ]
    data = shardr.folder / "data"
    assert shards["instances"][1]["bytes"] == (data / "p2.csv").stat().st_size
    assert again["shards"][0]["instances"] == []  # made by the step before
    for step in found["steps"]:
        assert [request["ProcessingJobName"] for request in step["requests"]] == step["jobs"]
        assert not any(check_request("CreateProcessingJob", request) for request in step["requests"])


def test_plan_for_people_shows_who_gets_what_and_how_to_run_it(shardr: Shell) -> None:
    done = shardr("plan", "job.yml", "--set", "instances=2")
    assert done.status == 0
    lines = [line.split() for line in done.out.splitlines()]
    assert ["algo-1", "2", "objects,", "46", "B", "p1.csv,", "p3.csv"] in lines
    assert ["algo-2", "1", "object,", "23", "B", "p2.csv"] in lines
    assert "made by copy.out" in done.out
    assert done.out.endswith("shardr run job.yml --set instances=2\n")


def test_plan_shows_balanced_shards_as_jobs_and_who_makes_what_the_next_step_reads(shardr: Shell) -> None:
    text = (shardr.folder / "job.yml").read_text().replace("ShardedByS3Key", "balanced")
    (shardr.folder / "job.yml").write_text(text)
    out = shardr("plan", "job.yml").out
    assert "copy  2 jobs of one ml.m5.large" in out
    assert "shard-2  1 object" in out
    assert "made by copy.out" in out


def test_plan_says_which_inputs_are_no_plain_files(shardr: Shell) -> None:
    (shardr.folder / "fit.yml").write_text("""
name: fit
steps:
  - {name: make, code: copy.sh, outputs: [out], inputs: [{name: raw, source: data/, input_mode: Pipe}]}
  - name: fit
    type: training
    code: copy.sh
    inputs:
      - {name: shared, source: data/, distribution: ShardedByS3Key, input_mode: Pipe}
      - {name: fast, source: data/, input_mode: FastFile}
      - {name: made, source: {step: make, output: out}, input_mode: Pipe}
""")
    told = [line.strip() for line in shardr("plan", "fit.yml").out.splitlines() if line.startswith("  takes ")]
    assert told[0].startswith("takes raw  each instance all of it in mode Pipe: 3 objects")
    assert told[1] == "takes shared  ShardedByS3Key in mode Pipe"
    assert told[2].startswith("takes fast  each instance all of it in mode FastFile: 3 objects")
    assert told[3] == "takes made  FullyReplicated in mode Pipe, made by make.out"
    spreads = shardr("plan", "fit.yml", "--json").json["steps"][1]["shards"]
    assert [spread["input_mode"] for spread in spreads] == ["Pipe", "FastFile", "Pipe"]


def test_plan_touches_nothing(shardr: Shell, home: Path) -> None:
    before = sorted(shardr.folder.rglob("*"))
    assert shardr("plan", "job.yml").status == 0
    assert sorted(shardr.folder.rglob("*")) == before
    assert not home.exists()


def test_plan_requests_prints_the_requests_alone(shardr: Shell) -> None:
    found = json.loads(shardr("plan", "job.yml", "--requests").out)
    assert [request["ProcessingResources"]["ClusterConfig"]["InstanceCount"] for request in found] == [2, 1]


def test_plan_diff_tells_what_the_last_run_would_get_anew(shardr: Shell, home: Path) -> None:
    first = shardr("plan", "job.yml", "--diff")
    assert not home.exists()
    assert (first.status, first.out) == (0, "nothing to compare with: tiny has not run there yet\n")
    shardr("run", "job.yml", "--name", "older", "--set", "instances=1")
    shardr("run", "job.yml", "--name", "a-long-name-of-which-the-names-of-jobs-are-cut-and-hashed-ab")
    last = "a-long-name-of-which-the-names-of-jobs-are-cut-and-hashed-ab"
    assert shardr("plan", "job.yml", "--diff", "--requests").out == f"unchanged since run {last}\n"
    (shardr.folder / "copy.sh").write_text("true\n")
    changed = shardr("plan", "job.yml", "--diff")
    assert changed.status == 0
    lines = changed.out.splitlines()
    assert lines[:2] == [f"--- run {last}", "+++ this plan"]
    differ = [line[1:].split()[0] for line in lines[2:] if line[0] in "+-"]
    assert differ == ['"S3Uri":'] * 4  # the script, by its content, of both steps
    found = shardr("plan", "job.yml", "--diff", "--json").json["diff"]
    assert (found["run"], found["changed"], found["text"]) == (last, True, changed.out.rstrip("\n"))


def test_a_thousand_keys_of_an_instance_are_listed_and_all_are_counted(shardr: Shell) -> None:
    for i in range(1100):
        (shardr.folder / "data" / f"x{i:04}.csv").write_text("id,name\n")
    first = shardr("plan", "job.yml", "--set", "instances=1", "--json").json["steps"][0]["shards"][0]["instances"][0]
    assert (first["objects"], len(first["keys"])) == (1103, 1000)
    assert "1,103 objects" in shardr("plan", "job.yml", "--set", "instances=1").out


def test_many_instances_are_shown_shortly(shardr: Shell) -> None:
    out = shardr("plan", "job.yml", "--set", "instances=100").out
    assert "algo-10 " in out
    assert "… and 90 more instances" in out
    assert len(out.splitlines()) < 30


@pytest.mark.parametrize("words", [["validate", "job.yml"], ["plan", "job.yml"]])
def test_a_missing_script_is_found_before_anything_runs(shardr: Shell, words: list[str]) -> None:
    (shardr.folder / "copy.sh").rename(shardr.folder / "copie.sh")
    found = shardr(*words, "--json")
    assert found.status == 2
    assert found.json["problems"][0]["path"] == "steps[0].code"


def test_schema_is_the_one_that_rides_with_the_package(shardr: Shell) -> None:
    shipped = Path(__file__).parents[3] / "inst" / "schema" / "job.schema.json"
    assert shardr("schema").out == shipped.read_text(encoding="utf-8")
