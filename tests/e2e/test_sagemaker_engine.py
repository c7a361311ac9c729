"""Runs that are sent to SageMaker, which here is a server of another home: nothing but HTTP lies between the two."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import worlds

import shardr
from shardr.api.jobs import run_of
from shardr.cli.app import main
from shardr.errors import JobFailedError, NameInUseError

if TYPE_CHECKING:
    from pathlib import Path

    from shardr.local.serving import Served

ROLE = "arn:aws:iam::000000000000:role/anyone"
MADE = "/opt/ml/processing/input/made"


def run(folder: Path, spec: dict[str, Any], **how: Any) -> shardr.Run:
    return shardr.run(spec, engine="sagemaker", role=ROLE, base=folder, **how)


def submit(folder: Path, spec: dict[str, Any], **how: Any) -> shardr.Run:
    return shardr.submit(spec, engine="sagemaker", role=ROLE, base=folder, **how)


def copying(folder: Path, **fields: Any) -> dict[str, Any]:
    """A spec whose one step copies the files of ``data`` and says which host does."""
    worlds.files(folder / "data", 3, rows=4)
    body = f'grep -o \'"current_host": *"[^"]*"\' /opt/ml/config/resourceconfig.json; cp {worlds.IN}/* {worlds.OUT}/'
    raw = {"name": "raw", "source": "data", "distribution": "ShardedByS3Key"}
    return worlds.one_step(folder, body, inputs=[raw], **fields)


def two_steps(folder: Path) -> dict[str, Any]:
    """A spec whose second step drops the first row of what the first one copied."""
    spec = copying(folder, instance_count=2)
    body = f"for file in {MADE}/*; do sed 2d $file > {worlds.OUT}/$(basename $file); done"
    made = {"name": "made", "source": {"step": "work", "output": "out"}}
    code = worlds.script(folder, body, "second.sh")
    spec["steps"].append({"name": "drop", "code": code, "inputs": [made], "outputs": ["out"]})
    return spec


def objects(bucket: str, prefix: str) -> dict[str, Any]:
    """When each object was written."""
    pages = boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return {item["Key"]: item["LastModified"] for page in pages for item in page.get("Contents", [])}


def bucket() -> str:
    return f"sagemaker-{boto3.Session().region_name}-000000000000"


def test_a_step_on_two_instances_gives_its_rows_and_its_lines(served: Served, tmp_path: Path) -> None:
    done = run(tmp_path, copying(tmp_path, instance_count=2))
    assert done.status == "Completed"
    rows = done.collect("work", "out")
    assert sorted(zip(rows["file"], rows["row"], strict=True)) == [(i, j) for i in range(3) for j in range(4)]
    assert {line.instance: line.text.rpartition(":")[2].strip(' "') for line in done.logs()} == {
        "algo-1": "algo-1",
        "algo-2": "algo-2",
    }
    [step] = done.steps
    job = boto3.client("sagemaker").describe_processing_job(ProcessingJobName=step.job)
    assert job["RoleArn"] == ROLE
    assert job["AppSpecification"]["ImageUri"].endswith("/shardr/processing:latest")


def test_a_second_run_of_a_spec_takes_the_pipeline_and_the_data_of_the_first(served: Served, tmp_path: Path) -> None:
    spec = two_steps(tmp_path)
    first = run(tmp_path, spec)
    rows = first.collect("drop", "out")
    assert sorted(zip(rows["file"], rows["row"], strict=True)) == [(i, j) for i in range(3) for j in range(1, 4)]
    sent = objects(bucket(), "shardr/inputs/") | objects(bucket(), "shardr/code/")
    client = boto3.client("sagemaker")
    before = client.describe_pipeline(PipelineName="shardr-world")
    second = run(tmp_path, spec)
    assert second.id != first.id
    assert second.collect("drop", "out").equals(rows)
    assert objects(bucket(), "shardr/inputs/") | objects(bucket(), "shardr/code/") == sent
    after = client.describe_pipeline(PipelineName="shardr-world")
    assert [after[word] for word in ("PipelineDefinition", "LastModifiedTime", "PipelineArn")] == [
        before[word] for word in ("PipelineDefinition", "LastModifiedTime", "PipelineArn")
    ]
    executions = client.list_pipeline_executions(PipelineName="shardr-world")["PipelineExecutionSummaries"]
    assert {about["PipelineExecutionDisplayName"] for about in executions} == {first.id, second.id}
    places = [about.step("drop").outputs["out"].uri for about in (first, second)]
    assert places[0] != places[1]


def test_changed_data_is_other_data(served: Served, tmp_path: Path) -> None:
    spec = copying(tmp_path)
    run(tmp_path, spec)
    (tmp_path / "data/part-00.csv").write_text("file,row\n9,9\n")
    (tmp_path / "data/part-02.csv").unlink()
    rows = run(tmp_path, spec).collect("work", "out")
    assert sorted(set(rows["file"])) == [1, 9]


def test_a_script_that_fails_says_why(served: Served, tmp_path: Path) -> None:
    body = "echo 'no rows in part-00.csv' > /opt/ml/output/message; echo 'column y is gone' >&2; exit 7"
    spec = worlds.one_step(tmp_path, body)
    with pytest.raises(JobFailedError, match=r'step "work": .*column y is gone') as failed:
        run(tmp_path, spec, name="failing-there")
    assert failed.value.fix
    seen = shardr.Run("failing-there")
    assert seen.status == seen.step("work").status == "Failed"
    assert "column y is gone" in [line.text for line in seen.logs(step="work")]


def test_a_step_that_fails_in_a_pipeline_says_why_and_the_next_one_waits(served: Served, tmp_path: Path) -> None:
    spec = two_steps(tmp_path)
    spec["steps"][0]["code"] = worlds.script(tmp_path, "echo 'column y is gone' >&2; exit 7", "failing.sh")
    with pytest.raises(JobFailedError, match=r'step "work": .*column y is gone'):
        run(tmp_path, spec, name="failing-pipeline")
    seen = shardr.Run("failing-pipeline")
    assert [step.status for step in seen.steps] == ["Failed", "Pending"]


@pytest.mark.parametrize("steps", [1, 2])
def test_a_run_is_stopped_there(served: Served, tmp_path: Path, steps: int) -> None:
    spec = two_steps(tmp_path) if steps == 2 else copying(tmp_path)
    spec["steps"][0] |= {"code": worlds.script(tmp_path, "echo begun; exec sleep 600", "long.sh"), "instance_count": 1}
    begun = submit(tmp_path, spec)
    worlds.until(lambda: [line for line in begun.logs() if line.text == "begun"])
    assert begun.stop().status in {"Stopping", "Stopped"}
    assert begun.wait().status == "Stopped"
    assert begun.stop().status == "Stopped"
    with pytest.raises(JobFailedError, match="is Stopped"):
        begun.require_completed()
    client = boto3.client("sagemaker")
    job = client.describe_processing_job(ProcessingJobName=begun.steps[0].job)
    assert job["ProcessingJobStatus"] == "Stopped"


@pytest.mark.parametrize("steps", [1, 2])
def test_one_job_is_stopped_by_its_name(
    served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str], steps: int
) -> None:
    spec = two_steps(tmp_path) if steps == 2 else copying(tmp_path)
    spec["steps"][0] |= {"code": worlds.script(tmp_path, "echo begun; exec sleep 600", "long.sh"), "instance_count": 1}
    begun = submit(tmp_path, spec)
    worlds.until(lambda: [line for line in begun.logs() if line.text == "begun"])
    job = begun.refresh().step("work").job
    assert job is not None
    for _ in range(2):  # also when it is over
        assert main(["stop", job]) == 0
        assert capsys.readouterr().out in {f"{job} is Stopping\n", f"{job} is Stopped\n"}
        begun.wait()
    assert begun.step("work").status == "Stopped"
    assert shardr.describe(job)["ProcessingJobStatus"] == "Stopped"
    assert main(["stop", f"{job}x"]) == 2
    assert f'did you mean "{job}"?' in capsys.readouterr().err


def test_the_summary_has_the_message_of_a_job_and_says_that_nobody_checked_its_rows(
    served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = f"printf 'all kept\\nand none lost' > /opt/ml/output/message; cp {worlds.IN}/* {worlds.OUT}/"
    spec = copying(tmp_path, expect={"rows": "preserved"})
    spec["steps"][0]["code"] = worlds.script(tmp_path, body, "says.sh")
    done = run(tmp_path, spec, name="with-a-message")
    assert done.step("work").message == "all kept\nand none lost"
    capsys.readouterr()
    assert main(["attach", done.id]) == 0
    told = capsys.readouterr()
    assert "message work: all kept\n        and none lost\n" in told.out
    assert "note: work: expect rows preserved is not checked there, only on this machine" in told.err
    assert main(["collect", done.id, "-o", str(tmp_path / "all.csv")]) == 0
    assert "all.csv  12 rows, " in capsys.readouterr().out


def test_an_upload_tells_how_far_it_is_whether_or_not_the_data_are_there_already(
    served: Served, tmp_path: Path
) -> None:
    spec = copying(tmp_path)
    (tmp_path / "data/large.csv").write_bytes(b"file,row\n" + b"9,9\n" * (5 << 20))  # goes in parts
    total = sum(path.stat().st_size for path in (tmp_path / "data").iterdir())
    for _ in range(2):
        heard: list[tuple[int, int]] = []
        submit(tmp_path, spec, progress=lambda *amounts, to=heard: to.append(amounts)).stop()
        assert heard == sorted(heard)
        assert heard[-1] == (total, total)
        assert len(heard) >= 4


def test_a_terminal_shows_how_far_an_upload_is(served: Served, tmp_path: Path) -> None:
    spec = copying(tmp_path)
    (tmp_path / "data/large.csv").write_bytes(b"file,row\n" + b"8,8\n" * (5 << 20))
    (tmp_path / "job.json").write_text(json.dumps(spec))
    ours, theirs = pty.openpty()
    program = "import sys; from shardr.cli.app import main; sys.exit(main())"
    words = ["submit", str(tmp_path / "job.json"), "--engine", "sagemaker", "--role", ROLE]
    told = subprocess.run(
        [sys.executable, "-c", program, *words], stdout=subprocess.PIPE, stderr=theirs, text=True, check=True
    )
    os.close(theirs)
    shown = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert re.search(r"uploading .*/21\.0 MB", shown)
    shardr.Run(told.stdout.strip()).stop()


def test_another_process_finds_a_run_by_its_id_and_reads_what_it_made(served: Served, tmp_path: Path) -> None:
    done = run(tmp_path, copying(tmp_path), name="found-again")
    program = """
import json, shardr
run = shardr.Run("found-again")
print(json.dumps({
    "status": run.status,
    "rows": len(run.collect("work", "out")),
    "listed": [(job["run"], job["step"], job["status"]) for job in shardr.jobs()],
    "described": shardr.describe("found-again")["status"],
    "lines": len(list(run.logs())),
}))
"""
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout) == {
        "status": "Completed",
        "rows": 12,
        "listed": [["found-again", "work", "Completed"]],
        "described": "Completed",
        "lines": 1,
    }
    with pytest.raises(NameInUseError, match="found-again"):
        submit(tmp_path, copying(tmp_path), name=done.id)


def test_a_job_of_a_run_is_described_by_its_own_name_and_with_its_run(
    served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = run(tmp_path, copying(tmp_path), name="named").steps[0].job
    assert job is not None
    found = shardr.describe(job)
    assert (found["ProcessingJobName"], found["ProcessingJobStatus"]) == (job, "Completed")
    assert found["Shardr"] == {"run": "named", "step": "work", "hosts": {}}
    assert run_of(job)[0].id == "named"
    capsys.readouterr()
    assert main(["describe", "named"]) == 0
    assert f"job {job}" in capsys.readouterr().out


def test_a_plan_shows_what_would_be_sent_and_touches_nothing(served: Served, tmp_path: Path, home: Path) -> None:
    spec = two_steps(tmp_path)
    spec["name"] = "only-planned"
    before = objects(bucket(), "")
    planned = shardr.plan(spec, engine="sagemaker", role=ROLE, base=tmp_path)
    assert [next(iter(call)) for call in planned.calls] == ["CreatePipeline", "StartPipelineExecution"]
    assert objects(bucket(), "") == before
    assert boto3.client("sagemaker").list_pipelines(PipelineNamePrefix="shardr-only-planned")["PipelineSummaries"] == []
    assert not home.exists() or shardr.jobs() == []


@pytest.mark.parametrize("steps", [1, 2])
def test_a_plan_is_compared_with_what_the_last_run_has_sent(served: Served, tmp_path: Path, steps: int) -> None:
    spec = two_steps(tmp_path) if steps == 2 else copying(tmp_path)
    spec["name"] = f"compared-{steps}"
    how: dict[str, Any] = {"engine": "sagemaker", "role": ROLE, "base": tmp_path}
    shardr.run({**spec, "steps": [{"name": "here", "code": "script.sh", "inputs": spec["steps"][0]["inputs"]}]},
               base=tmp_path, check=False)  # fmt: skip
    assert shardr.plan(spec, **how).diff().run is None
    sent = submit(tmp_path, spec)
    same = shardr.plan(spec, **how).diff()
    assert (same.run, same.changed, str(same)) == (sent.id, False, f"unchanged since run {sent.id}")
    (tmp_path / "data/part-00.csv").write_text("file,row\n9,9\n")
    changed = shardr.plan(spec, **how).diff()
    differ = [line for line in changed.text.splitlines()[2:] if line[0] in "+-"]
    assert [line[1:].split()[0] for line in differ] == ['"S3Uri":'] * 2
    assert all("/shardr/inputs/" in line for line in differ)
    sent.wait()


def test_whoever_is_not_signed_in_can_plan_and_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "SAGEMAKER_ROLE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "not there"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    planned = shardr.plan(copying(tmp_path), engine="sagemaker", base=tmp_path)
    [request] = [job.request for step in planned.steps for job in step.jobs]
    assert request["RoleArn"] == "arn:aws:iam::000000000000:role/your-role"
    assert any("no AWS region is set" in notice and "placeholder" in notice for notice in planned.notices)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    planned = shardr.plan(copying(tmp_path), engine="sagemaker", base=tmp_path)
    assert any("you are not signed in to AWS" in notice for notice in planned.notices)
    with pytest.raises(shardr.AwsError, match="you are not signed in to AWS"):
        shardr.submit(copying(tmp_path), engine="sagemaker", base=tmp_path)


def test_a_cached_step_with_a_glob_is_taken_from_the_run_before(served: Served, tmp_path: Path) -> None:
    spec = copying(tmp_path, cache="P1D")
    spec["name"] = "cached-glob"
    spec["steps"][0]["inputs"] = [{"name": "raw", "source": "data/part-*.csv"}]
    first, second = run(tmp_path, spec), run(tmp_path, spec)
    assert second.step("work").job == first.step("work").job
    assert second.collect("work", "out").equals(first.collect("work", "out"))
    (tmp_path / "data/part-03.csv").write_text("file,row\n3,0\n")
    third = run(tmp_path, spec)
    assert third.step("work").job != first.step("work").job
    assert len(third.collect("work", "out")) == 13


def balanced(folder: Path, name: str, instances: int = 2) -> dict[str, Any]:
    """A cached spec whose one step copies objects of S3, shard by shard."""
    spec = copying(folder, cache="P1D", instance_count=instances)
    source = {"name": "raw", "source": f"s3://{bucket()}/{name}/", "distribution": "balanced"}
    spec["steps"][0]["inputs"] = [source]
    for i in range(3):
        put(name, i)
    return spec | {"name": name}


def put(name: str, number: int) -> None:
    table = f"file,row\n{number},0\n".encode()
    boto3.client("s3").put_object(Bucket=bucket(), Key=f"{name}/part-{number:02}.csv", Body=table)


def test_balanced_shards_that_are_the_same_come_from_the_cache_and_the_others_are_made(
    served: Served, tmp_path: Path
) -> None:
    run(tmp_path, copying(tmp_path))  # makes the bucket
    spec = balanced(tmp_path, "cached-shards")
    first, second = run(tmp_path, spec), run(tmp_path, spec)
    assert second.step("work").jobs == first.step("work").jobs
    assert second.step("work").outputs == first.step("work").outputs
    put("cached-shards", 3)
    third = run(tmp_path, spec)
    same = set(third.step("work").jobs) & set(first.step("work").jobs)
    assert len(same) == 1
    assert sorted(third.collect("work", "out")["file"]) == [0, 1, 2, 3]


def test_balanced_shards_that_another_step_reads_are_not_taken_from_the_cache(served: Served, tmp_path: Path) -> None:
    run(tmp_path, copying(tmp_path))
    spec = balanced(tmp_path, "read-as-one")
    body = f"cat $(find {MADE} -name '*.csv') | wc -l > {worlds.OUT}/lines"
    made = {"name": "made", "source": {"step": "work", "output": "out"}}
    spec["steps"].append(
        {"name": "count", "code": worlds.script(tmp_path, body, "n.sh"), "inputs": [made], "outputs": ["out"]}
    )
    told = [notice for notice in shardr.plan(spec, engine="sagemaker", base=tmp_path).notices if "cache" in notice]
    assert told == ["work: cache has no effect, as another step reads what all its balanced shards make"]
    for _ in range(2):
        [lines] = run(tmp_path, spec).files("count", "out")
        assert lines.read_text().strip() == "6"
