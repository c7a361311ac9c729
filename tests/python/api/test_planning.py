"""A plan shows all that would happen, exactly, and touches nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import worlds
from worlds import one_step

import shardr
from shardr.api.planning import job_name, new_run
from shardr.local.home import Home
from shardr.requests.check import check_request

if TYPE_CHECKING:
    from pathlib import Path

RAW = {"name": "raw", "source": "data/", "distribution": "ShardedByS3Key"}


def request(plan: Any, step: int = 0, job: int = 0) -> dict[str, Any]:
    """The request of a job of a plan."""
    found: dict[str, Any] = plan.steps[step].jobs[job].request
    return found


def test_nothing_is_touched(tmp_path: Path, home: Path) -> None:
    worlds.files(tmp_path / "data", 2)
    spec = one_step(tmp_path, "", inputs=[RAW], outputs=[{"name": "out", "destination": "results"}])
    before = sorted(tmp_path.rglob("*"))
    shardr.plan(spec, base=tmp_path)
    assert [path for path in sorted(tmp_path.rglob("*")) if path not in before and path.name != "r.json"] in (
        [],
        [home],
    )


def test_the_shard_map_says_which_instance_gets_what(tmp_path: Path) -> None:
    worlds.files(tmp_path / "data", 3)
    spread = shardr.plan(one_step(tmp_path, "", inputs=[RAW], instance_count=2), base=tmp_path).steps[0].spreads[0]
    assert spread.keys == {"algo-1": ["part-00.csv", "part-02.csv"], "algo-2": ["part-01.csv"]}
    assert spread.bytes == {"algo-1": 26, "algo-2": 13}


def test_the_request_is_the_one_that_aws_would_take(tmp_path: Path) -> None:
    worlds.files(tmp_path / "data", 3)
    spec = one_step(tmp_path, "", "a.R", inputs=[RAW], instance_count=2, environment={"A": 1}, expect={"rows": "fewer"})
    plan = shardr.plan(spec, base=tmp_path)
    found = request(plan)
    assert check_request("CreateProcessingJob", found) == []
    assert found["AppSpecification"]["ContainerEntrypoint"] == ["Rscript", "/opt/ml/processing/input/code/a.R"]
    assert found["ProcessingResources"]["ClusterConfig"]["InstanceCount"] == 2
    assert found["ProcessingInputs"][0]["S3Input"]["S3DataDistributionType"] == "ShardedByS3Key"
    assert found["Environment"] == {"A": "1"}
    assert {"Key": "shardr:expect-rows", "Value": "fewer"} in found["Tags"]


def test_a_step_reads_what_the_step_before_will_write(tmp_path: Path) -> None:
    spec = one_step(tmp_path, "")
    spec["steps"].insert(
        0, {"name": "last", "code": "script.sh", "inputs": {"name": "in", "source": {"step": "work", "output": "out"}}}
    )
    plan = shardr.plan(spec, base=tmp_path)
    assert [step.name for step in plan.steps] == ["work", "last"]
    written = request(plan, 0)["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    assert request(plan, 1)["ProcessingInputs"][0]["S3Input"]["S3Uri"] == written


def test_what_the_service_would_refuse_is_a_problem_of_the_spec(tmp_path: Path) -> None:
    spec = one_step(tmp_path, "", instance_type="ml.m5.huge", environment={"NOT-A-NAME": "x"})
    with pytest.raises(shardr.SpecError) as error:
        shardr.plan(spec, base=tmp_path)
    paths = [problem.path for problem in error.value.problems]
    assert "steps[0] (ProcessingResources.ClusterConfig.InstanceType)" in paths
    assert len(paths) == 2


def test_what_only_aws_uses_is_in_the_request_and_in_the_way_of_nothing_here(tmp_path: Path) -> None:
    step = {
        "subnets": "subnet-1",
        "security_group_ids": ["sg-1"],
        "encrypt_traffic": True,
        "volume_kms_key": "alias/disks",
        "output_kms_key": "alias/outputs",
        "cache": "P30D",
    }
    role = "arn:aws:iam::123456789012:role/bank"
    spec = {**one_step(tmp_path, "", **step), "role": role, "tags": {"cost centre": 42}}
    plan = shardr.plan(spec, base=tmp_path)
    found = request(plan)
    assert check_request("CreateProcessingJob", found) == []
    assert found["NetworkConfig"] == {
        "EnableInterContainerTrafficEncryption": True,
        "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]},
    }
    assert found["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"] == "alias/disks"
    assert found["ProcessingOutputConfig"]["KmsKeyId"] == "alias/outputs"
    assert found["RoleArn"] == role
    assert {"Key": "cost centre", "Value": "42"} in found["Tags"]
    assert plan.steps[0].cache == "P30D"
    assert worlds.run(tmp_path, spec).status == "Completed"


def test_odd_paths_give_requests_that_are_fine(tmp_path: Path) -> None:
    worlds.files(tmp_path / "data with ünïcode & 100%", 1)
    spec = one_step(tmp_path, "", inputs=[{**RAW, "source": "data with ünïcode & 100%/"}])
    assert worlds.run(tmp_path, spec).status == "Completed"


def test_one_balanced_input_makes_a_job_of_each_shard_that_has_files(tmp_path: Path) -> None:
    worlds.files(tmp_path / "data", 2)
    spec = one_step(tmp_path, "", inputs=[{**RAW, "distribution": "balanced"}], instance_count=3)
    plan = shardr.plan(spec, base=tmp_path)
    assert [job.name.rpartition("-work-")[2] for job in plan.steps[0].jobs] == ["shard-1", "shard-2"]
    assert all(request(plan, 0, i)["ProcessingResources"]["ClusterConfig"]["InstanceCount"] == 1 for i in range(2))
    manifests = [deposit for deposit in plan.deposits if deposit.uri.endswith(".manifest")]
    assert [json.loads(deposit.content or b"")[1:] for deposit in manifests] == [["part-00.csv"], ["part-01.csv"]]


def test_names_of_jobs_fit_the_service_and_stay_apart() -> None:
    run = new_run("a" * 63)
    names = [job_name(run, "b" * 63, "shard-1"), job_name(run, "b" * 63, "shard-2")]
    assert all(len(name) <= 63 for name in names)
    assert len(set(names)) == 2
    assert job_name("run", "step") == "run-step"


def test_a_name_in_use_is_refused(tmp_path: Path) -> None:
    spec = one_step(tmp_path, "")
    shardr.run(spec, base=tmp_path, name="mine")
    with pytest.raises(shardr.NameInUseError, match="mine"):
        shardr.submit(spec, base=tmp_path, name="mine")


@pytest.mark.parametrize("name", ["b.x", "-b", "a_b", "ü", "b-", "a b"])
def test_a_name_that_jobs_cannot_begin_with_is_told_as_the_name_of_the_run(tmp_path: Path, name: str) -> None:
    spec = one_step(tmp_path, "", inputs=[RAW])
    for verb in (shardr.plan, shardr.submit, shardr.run):
        with pytest.raises(shardr.SpecError) as error:
            verb(spec, base=tmp_path, name=name)
        told = [str(problem) for problem in error.value.problems]
        expected = f'found "{name}", expected letters, digits and single hyphens between them'
        assert told[0] == f"--name (name= in Python and R): {expected}"
        assert [problem.path for problem in error.value.problems[1:]] == ["steps[0].inputs[0].source"]


def test_mistakes_of_every_kind_are_told_in_one_go(tmp_path: Path) -> None:
    spec = {
        "name": "many",
        "steps": [
            {"name": "keep", "code": "kep.R", "colour": "red", "inputs": {"name": "raw", "source": "daat/*.csv"}},
            {"name": "split", "code": "keep.R", "instance_count": "two", "outputs": ["a", "a"],
             "inputs": {"name": "in", "source": {"step": "kepe", "output": "kept"}}},
        ],
    }  # fmt: skip
    (tmp_path / "keep.R").write_text("")
    with pytest.raises(shardr.SpecError) as error:
        shardr.plan(spec, base=tmp_path)
    assert sorted(problem.path for problem in error.value.problems) == [
        "steps[0].code",
        "steps[0].colour",
        "steps[0].inputs[0].source",
        "steps[1].inputs[0].source.step",
        "steps[1].instance_count",
        "steps[1].outputs[1].name",
        "steps[1].outputs[1].path",
    ]


def streamed(source: Any, **fields: Any) -> dict[str, Any]:
    """A training step whose channel comes in another mode than File."""
    channel = {"name": "train", "source": source, "input_mode": fields.pop("input_mode", "FastFile")}
    return {"name": "fit", "type": "training", "inputs": [channel], **fields}


def refused(base: Path, *steps: dict[str, Any]) -> list[str]:
    """What is wrong with a spec of these steps, in the words of ``plan``, which ``validate`` has, too."""
    spec = {"name": "world", "steps": list(steps)}
    with pytest.raises(shardr.SpecError) as planned:
        shardr.plan(spec, base=base)
    with pytest.raises(shardr.SpecError) as validated:
        shardr.validate(spec, base=base)
    assert validated.value.problems == planned.value.problems
    return [str(problem) for problem in planned.value.problems]


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("data/part-00.csv", '"data/part-00.csv" is one file, and FastFile shows what lies in a folder '
         '(name its folder, "data/", or take input_mode File)'),
        ("one.csv", '"one.csv" is one file, and FastFile shows what lies in a folder '
         '(name its folder, "./", or take input_mode File)'),
        ("s3://mine/rows/a.csv", '"s3://mine/rows/a.csv" is one file, and FastFile shows what lies in a folder '
         '(name its folder, "s3://mine/rows/", or take input_mode File)'),
        ("s3://mine/rows/a", '"s3://mine/rows/a" is no folder but how names begin, and FastFile shows what lies in a '
         "folder (name a folder, with a slash at its end, or take input_mode File)"),
    ],
)  # fmt: skip
def test_what_is_no_folder_is_refused_in_mode_fast_file(tmp_path: Path, home: Path, source: str, problem: str) -> None:
    worlds.files(tmp_path / "data", 1)
    for name in ("one.csv", "fit.R"):
        (tmp_path / name).write_text("1\n")
    for key in ("rows/a.csv", "rows/a/b.csv"):
        Home(home).storage.put(f"s3://mine/{key}", b"1\n")
    assert refused(tmp_path, streamed(source, code="fit.R")) == [f"steps[0].inputs[0].source: {problem}"]
    for folder in ("data", "data/", "s3://mine/rows/", "s3://mine/rows"):
        spec = {"name": "world", "steps": [streamed(folder, code="fit.R")]}
        assert shardr.plan(spec, base=tmp_path).steps[0].spreads[0].mode == "FastFile"


def test_a_models_archive_is_no_folder_for_mode_fast_file(tmp_path: Path) -> None:
    (tmp_path / "fit.R").write_text("")
    fit = {"name": "first", "type": "training", "code": "fit.R"}
    assert refused(tmp_path, fit, streamed({"step": "first", "output": "model"}, code="fit.R")) == [
        'steps[1].inputs[0].source: output "model" of step "first" is one file, model.tar.gz, and FastFile shows what '
        "lies in a folder (take input_mode File)"
    ]


def test_an_algorithm_that_reads_no_streamed_channel_is_refused_one(tmp_path: Path) -> None:
    worlds.files(tmp_path / "data", 1)
    (tmp_path / "fit.py").write_text("")
    for image in ("xgboost", "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1", "dbscan"):
        name = "dbscan" if image == "dbscan" else "xgboost"
        assert refused(tmp_path, streamed("data/", image=image, input_mode="Pipe")) == [
            f"steps[0] (InputDataConfig[0].InputMode): found Pipe, and {name} reads no streamed channel here "
            "(take File or FastFile)"
        ]
    for fields in ({"image": "xgboost", "code": "fit.py"}, {"image": "pca"}, {"image": "kmeans"}):
        spec = {"name": "world", "steps": [streamed("data/", input_mode="Pipe", **fields)]}
        assert shardr.plan(spec, base=tmp_path).steps[0].spreads[0].mode == "Pipe"


def test_destinations_that_would_write_over_anything_are_refused(tmp_path: Path) -> None:
    worlds.files(tmp_path / "data", 1)
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "data")
    places = ["data", "link/deep", ".", "file", "file/below", "a", "a/", "s3://b/x", "s3://b/x/y", "fine"]
    outputs = [{"name": f"o{i}", "destination": place} for i, place in enumerate(places)]
    with pytest.raises(shardr.SpecError) as error:
        shardr.plan(one_step(tmp_path, "", inputs=[RAW], outputs=outputs), base=tmp_path)
    refused = {problem.path.split("[")[2].split("]")[0] for problem in error.value.problems}
    assert refused == {"0", "1", "2", "3", "4", "5", "6", "8", "9"}
    text = str(error.value)
    assert '"data" is what input raw of step "work" reads (name a folder of its own)' in text
    assert '"file" cannot be made' in text
    spec = one_step(tmp_path, "", inputs=[RAW], outputs=outputs[5:6] + outputs[7:8] + outputs[9:])
    assert len(shardr.plan(spec, base=tmp_path).steps) == 1


def test_destinations_are_compared_as_the_folders_that_they_are_placed_at(tmp_path: Path) -> None:
    """A ``..`` takes back the name before it, also that of a link to elsewhere."""
    worlds.files(tmp_path / "data", 1)
    (tmp_path / "elsewhere" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere" / "deep")
    outputs = [{"name": "a", "destination": "out"}, {"name": "b", "destination": "link/../out"}]
    with pytest.raises(shardr.SpecError, match=r'"link/\.\./out" is the destination of'):
        shardr.plan(one_step(tmp_path, "", inputs=[RAW], outputs=outputs), base=tmp_path)


def test_an_output_cannot_hold_another_channel(tmp_path: Path) -> None:
    worlds.files(tmp_path / "data", 1)
    outer = {"name": "outer", "path": "/opt/ml/processing/x"}
    for inputs, outputs in (
        ([{**RAW, "path": "/opt/ml/processing/x/in"}], [outer]),
        ([{**RAW, "path": "/opt/ml/processing/y"}], [{"name": "inner", "path": "/opt/ml/processing/y/z"}]),
        ([], [outer, {"name": "inner", "path": "/opt/ml/processing/x/y"}]),
    ):
        with pytest.raises(shardr.SpecError, match="which overlaps with"):
            shardr.plan(one_step(tmp_path, "", inputs=inputs, outputs=outputs), base=tmp_path)
