"""Jobs on this machine whose data lies at a real S3: streamed or fetched, the same as data of this machine."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from pathlib import Path

import pytest
from s3_door import Cutting
from worlds import SECRET, files, piped, printed, run, submit, until

import shardr
from shardr.cli.app import main
from shardr.storage.elsewhere import NO_SETTINGS

READ = "cd /opt/ml/input/data\n"


def failure(done: shardr.Run) -> str:
    step = done.step("work")
    assert step.status == "Failed"
    return step.failure or ""


def test_what_is_streamed_from_s3_is_what_is_streamed_from_files(tmp_path: Path, far: Path) -> None:
    for folder in (tmp_path / "data", far / "data"):
        files(folder, 9, rows=3)
        (folder / "part-99.csv").touch()
    body = f"{READ} ls; for e in 0 1; do cat train_$e; echo -; done"
    channel = {"distribution": "ShardedByS3Key", "shuffle_seed": 7}
    near, distant = (
        run(tmp_path, piped(tmp_path, body, source=source, instance_count=2, channel=channel))
        for source in ("data/", f"s3://{far.name}/data/")
    )
    for host in ("algo-1", "algo-2"):
        assert len(printed(distant, host)) > 30
        assert printed(distant, host) == printed(near, host), distant.step("work").failure
    told = shardr.describe(distant.step("work").job)["Shardr"]["hosts"]
    assert sum(about["streamed"]["train"]["bytes"] for about in told.values()) == 2 * sum(
        path.stat().st_size for path in (far / "data").iterdir()
    )


def test_gzip_is_expanded_and_objects_are_records_on_their_way_from_s3(tmp_path: Path, far: Path) -> None:
    for name, content in (("a.gz", gzip.compress(b"12345")), ("b.gz", b""), ("c.gz", gzip.compress(b"1234"))):
        (far / name).write_bytes(content)
    channel = {"compression_type": "Gzip", "record_wrapper_type": "RecordIO"}
    body = f"{READ} od -An -v -tx1 -w64 train_0 | tr -d ' '"
    done = run(tmp_path, piped(tmp_path, body, source=f"s3://{far.name}/", channel=channel))
    assert printed(done) == ["0a23d7ce050000003132333435000000" + "0a23d7ce00000000" + "0a23d7ce0400000031323334"]
    (far / "c.gz").write_bytes(gzip.compress(os.urandom(1000))[:-9])
    done = run(tmp_path, piped(tmp_path, f"{READ} cat train_0", source=f"s3://{far.name}/", channel=channel))
    assert f"s3://{far.name}/c.gz is no whole gzip file" in failure(done)


def test_an_augmented_manifest_may_lie_at_s3_and_name_what_lies_there(tmp_path: Path, far: Path) -> None:
    for i in range(50):
        (far / f"{i}.txt").write_text(f"object {i};")
    lines = [{"image-ref": f"s3://{far.name}/{i}.txt", "label": i} for i in range(50)]
    (far / "lines.jsonl").write_text("\n".join(map(json.dumps, lines)))
    channel = {"attribute_names": ["image-ref", "label"]}
    source, body = f"s3://{far.name}/lines.jsonl", f"{READ} cat train_0 > /tmp/all; cut -c 1-32 /tmp/all"
    done = run(tmp_path, piped(tmp_path, f"{READ} cat train_0", source=source, channel=channel))
    assert printed(done) == ["".join(f"object {i};{i}" for i in range(50))], done.step("work").failure
    (far / "49.txt").unlink()
    told = failure(run(tmp_path, piped(tmp_path, body, source=source, channel=channel)))
    assert f"line 50 of {source}: image-ref names no object: s3://{far.name}/49.txt" in told


def test_files_come_before_the_job_starts_each_once_and_whole(
    tmp_path: Path, far: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files(far / "data" / "deep", 3)
    (far / "data" / "empty").touch()
    step = {"distribution": "ShardedByS3Key", "input_mode": "File"}
    body = f"{READ} find train -type f | sort; cat train/deep/*; ! touch train/mine 2> /dev/null"
    done = run(tmp_path, piped(tmp_path, body, source=f"s3://{far.name}/data", instance_count=2, channel=step))
    assert done.status == "Completed", done.step("work").failure
    names = {host: [line for line in printed(done, host) if "/" in line] for host in ("algo-1", "algo-2")}
    assert names == {
        "algo-1": ["train/deep/part-00.csv", "train/deep/part-02.csv"],
        "algo-2": ["train/deep/part-01.csv", "train/empty"],
    }
    assert "1,0" in printed(done, "algo-2")
    told = shardr.describe(done.step("work").job)["Shardr"]
    assert told["downloaded"] == {"train": {"bytes": 39, "of": 39}}
    assert main(["describe", done.step("work").job or ""]) == 0
    assert "train 39 B of 39 B from S3" in capsys.readouterr().out


def test_a_plan_shows_what_lies_at_s3_with_its_sizes(tmp_path: Path, far: Path) -> None:
    files(far / "data", 3)
    [step] = shardr.plan(piped(tmp_path, "true", source=f"s3://{far.name}/data/"), base=tmp_path).steps
    [spread] = step.spreads
    assert spread.keys == {"algo-1": [f"part-{i:02}.csv" for i in range(3)]}
    assert spread.bytes == {"algo-1": 39}
    (tmp_path / "list").write_text(json.dumps([{"prefix": f"s3://{far.name}/data/"}, "part-01.csv", "part-09.csv"]))
    with pytest.raises(shardr.SpecError, match=f"names s3://{far.name}/data/part-09.csv, which is not there"):
        shardr.plan(piped(tmp_path, "true", source="", channel={"source": {"manifest": "list"}}), base=tmp_path)


def test_without_settings_a_job_fails_as_before_and_is_told_what_would_help(tmp_path: Path) -> None:
    with pytest.raises(shardr.SpecError, match='"s3://far/data/" matches no file') as error:
        submit(tmp_path, piped(tmp_path, "true", source="s3://far/data/"))
    assert NO_SETTINGS in str(error.value)
    client = shardr.local_session().client("sagemaker")
    source = {"S3DataSource": {"S3Uri": "s3://far/data/", "S3DataType": "S3Prefix"}}
    client.create_training_job(
        TrainingJobName="alone",
        AlgorithmSpecification={
            "TrainingImage": "image", "TrainingInputMode": "Pipe", "ContainerEntrypoint": ["bash", "-c", "true"],
        },
        InputDataConfig=[{"ChannelName": "train", "DataSource": source}],
        OutputDataConfig={"S3OutputPath": "s3://out/"},
        ResourceConfig={"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1},
        StoppingCondition={"MaxRuntimeInSeconds": 60},
        RoleArn="arn:aws:iam::000000000000:role/anyone",
    )  # fmt: skip
    told = until(lambda: client.describe_training_job(TrainingJobName="alone").get("FailureReason"))
    assert "No S3 objects found under S3 URL s3://far/data/ given in input train" in told
    assert "AWS_ENDPOINT_URL_S3" in told


def test_objects_that_go_or_change_while_they_are_streamed_fail_the_job_by_their_name(
    tmp_path: Path, far: Path
) -> None:
    (far / "a").write_bytes(b"1\n" + bytes(100_000_000))  # more than what is fetched ahead
    (far / "b").write_bytes(b"2\n")
    body = f"{READ} exec 3< train_0; head -c 2 <&3; until [ -e /tmp/go ]; do sleep 0.05; done; cat <&3 > /dev/null"
    for change, told in ((lambda: (far / "b").unlink(), "/b"), (lambda: (far / "a").write_bytes(b"2\n"), "/a")):
        going = submit(tmp_path, piped(tmp_path, body, source=f"s3://{far.name}/"))
        until(lambda going=going: "1" in printed(going.refresh()))
        change()
        [scratch] = Path(os.environ["SHARDR_HOME"]).glob(f"jobs/{going.step('work').job}/tmp/algo-1")
        (scratch / "go").touch()
        assert f"s3://{far.name}{told}" in failure(going.wait())
        (far / "b").write_bytes(b"2\n")


def test_a_job_that_is_stopped_while_its_data_comes_starts_no_instance(
    tmp_path: Path, far: Path, s3: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    (far / "large").write_bytes(bytes(100_000_000))
    spec = piped(tmp_path, "echo started", source=f"s3://{far.name}/", channel={"input_mode": "File"})
    with Cutting(s3[0], pause=0.05) as door:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", door.url)
        going = submit(tmp_path, spec)
        job = going.step("work").job or ""
        until(lambda: shardr.describe(job)["Shardr"].get("downloaded"))
        assert shardr.describe(job)["SecondaryStatus"] == "Downloading"
        going.stop()
        until(lambda: going.refresh().status == "Stopped")
    assert printed(going) == []


def test_secrets_reach_neither_instances_nor_what_is_kept(tmp_path: Path, far: Path, home: Path) -> None:
    files(far / "data", 2)
    body = f"{READ} cat train_0 > /dev/null; env; cat /proc/[0-9]*/environ | tr '\\0' '\\n'"
    done = run(tmp_path, piped(tmp_path, body, source=f"s3://{far.name}/data/"))
    assert done.status == "Completed", done.step("work").failure
    lines = printed(done)
    assert "TRAINING_JOB_NAME" in "".join(lines)
    assert not [line for line in lines if SECRET in line or "AKIATEST" in line or "AWS_ENDPOINT" in line]
    searched = subprocess.run(["grep", "-rls", "AKIATEST", str(home)], check=False, stdout=subprocess.PIPE, text=True)
    assert searched.stdout == ""
