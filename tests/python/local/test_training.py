"""Training jobs: channels in, one model of all instances out, and how they end when something goes wrong."""

from __future__ import annotations

import json
import tarfile
import time
from typing import TYPE_CHECKING, Any

from worlds import files, printed, run, script, submit, until

import shardr
from shardr.local.home import Home
from shardr.requests.check import check_response

if TYPE_CHECKING:
    from pathlib import Path


def training(folder: Path, body: str, **fields: Any) -> dict[str, Any]:
    """A spec with the one training step ``work`` that runs these lines."""
    step: dict[str, Any] = {"name": "work", "type": "training", "code": script(folder, body), **fields}
    return {"name": "world", "steps": [step]}


def described(done: shardr.Run) -> dict[str, Any]:
    """The step's job as the service describes it."""
    client = shardr.local_session().client("sagemaker")
    found: dict[str, Any] = client.describe_training_job(TrainingJobName=done.step("work").job)
    assert check_response("DescribeTrainingJob", found) == []
    return found


def model(done: shardr.Run, output: str = "model") -> dict[str, str]:
    """The files of the step's archive, and what is in them."""
    with tarfile.open(done.refresh().step("work").outputs[output].files[0]) as archive:
        found = {member.name: archive.extractfile(member) for member in archive if member.isfile()}
        return {name: stream.read().decode() for name, stream in found.items() if stream}


def test_each_instance_finds_its_channels_hyperparameters_and_peers_where_the_service_has_them(tmp_path: Path) -> None:
    files(tmp_path / "data", 3)
    body = """\
        cd /opt/ml/input
        ls data/train data/all
        cat config/hyperparameters.json config/inputdataconfig.json config/resourceconfig.json
        echo; echo $SM_CURRENT_HOST $SM_HOSTS $SM_CHANNEL_TRAIN $SM_HP_MAX_DEPTH $SM_MODEL_DIR $TRAINING_JOB_NAME
        echo $SM_CHANNELS $SM_HPS
        """
    spec = training(
        tmp_path,
        body,
        instance_count=2,
        hyperparameters={"max_depth": 6, "center": True, "eta": 0.1, "kinds": ["a", "b"]},
        inputs=[
            {"name": "train", "source": "data/", "distribution": "ShardedByS3Key", "content_type": "text/csv"},
            {"name": "all", "source": "data/", "input_mode": "FastFile"},
        ],
    )
    done = run(tmp_path, spec)
    assert done.status == "Completed", done.step("work").failure
    lines = printed(done, "algo-2")
    assert lines[:6] == ["data/all:", "part-00.csv", "part-01.csv", "part-02.csv", "", "data/train:"]
    assert lines[6] == "part-01.csv"
    config = json.JSONDecoder()
    text = lines[7]
    hyperparameters, end = config.raw_decode(text)
    channels, more = config.raw_decode(text[end:])
    peers, _ = config.raw_decode(text[end + more :])
    assert hyperparameters == {"max_depth": "6", "center": "true", "eta": "0.1", "kinds": '["a","b"]'}
    assert channels["train"] == {
        "ContentType": "text/csv",
        "TrainingInputMode": "File",
        "S3DistributionType": "ShardedByS3Key",
        "RecordWrapperType": "None",
    }
    assert channels["all"]["TrainingInputMode"] == "FastFile"
    assert (peers["current_host"], peers["hosts"]) == ("algo-2", ["algo-1", "algo-2"])
    name = done.step("work").job
    assert lines[-2] == f'algo-2 ["algo-1","algo-2"] /opt/ml/input/data/train 6 /opt/ml/model {name}'
    assert lines[-1] == '["all","train"] {"center":"true","eta":"0.1","kinds":"[\\"a\\",\\"b\\"]","max_depth":"6"}'


def test_the_models_of_all_instances_come_out_as_one(tmp_path: Path) -> None:
    body = 'echo $SM_CURRENT_HOST > /opt/ml/model/$SM_CURRENT_HOST.txt; echo x > "$SM_OUTPUT_DATA_DIR"/$SM_CURRENT_HOST'
    done = run(tmp_path, training(tmp_path, body, instance_count=2))
    assert model(done) == {"algo-1.txt": "algo-1\n", "algo-2.txt": "algo-2\n"}
    assert model(done, "output") == {"algo-1": "x\n", "algo-2": "x\n"}
    about = described(done)
    assert about["TrainingJobStatus"] == about["SecondaryStatus"] == "Completed"
    assert about["ModelArtifacts"]["S3ModelArtifacts"] == done.step("work").outputs["model"].uri
    gone_through = [phase["Status"] for phase in about["SecondaryStatusTransitions"]]
    assert gone_through == ["Starting", "Downloading", "Training", "Uploading", "Completed"]


def test_a_later_step_takes_the_model(tmp_path: Path) -> None:
    spec = training(tmp_path, "echo 7 > /opt/ml/model/seven")
    reader = script(tmp_path, "tar xOf /opt/ml/processing/input/model/model.tar.gz seven", "reader.sh")
    channel = {"name": "model", "source": {"step": "work", "output": "model"}}
    spec["steps"].append({"name": "read", "code": reader, "inputs": [channel]})
    done = run(tmp_path, spec)
    assert [line.text for line in done.logs(step="read")] == ["7"]


def test_two_instances_that_write_one_model_file_are_told_of_it_unless_a_rule_says_what_to_do(tmp_path: Path) -> None:
    body = "echo $SM_CURRENT_HOST > /opt/ml/model/same"
    done = run(tmp_path, training(tmp_path, body, instance_count=2))
    assert done.status == "Failed"
    assert "model/same was written by algo-1 and by algo-2" in str(done.step("work").failure)
    done = run(tmp_path, training(tmp_path, body, instance_count=2, on_collision="prefix_host"))
    assert model(done) == {"algo-1-same": "algo-1\n", "algo-2-same": "algo-2\n"}
    done = run(tmp_path, training(tmp_path, body, instance_count=2, on_collision="last_wins"))
    assert model(done) == {"same": "algo-2\n"}


def test_a_model_folder_left_empty_is_said_and_is_no_failure(tmp_path: Path) -> None:
    done = run(tmp_path, training(tmp_path, "true"))
    assert done.status == "Completed"
    assert model(done) == {}
    assert done.step("work").notices == ["no instance wrote a file to /opt/ml/model: the model is empty"]


def test_metrics_are_read_from_the_log_and_one_that_never_came_is_said(tmp_path: Path) -> None:
    body = """\
        echo '[shardr] loss=0.5 step=1'; echo '[shardr] loss=2.5e-1 step=2'; echo 'Test accuracy: 0.75;'
        echo x > /opt/ml/model/x
        """
    spec = training(
        tmp_path, body, metrics={"loss": r"\[shardr\] loss=(\S+)", "acc": "accuracy: ([0-9.]+)", "no": "(x)"}
    )
    done = run(tmp_path, spec)
    assert {item["MetricName"]: item["Value"] for item in described(done)["FinalMetricDataList"]} == {
        "loss": 0.25,
        "acc": 0.75,
    }
    assert done.step("work").notices == ["metric no: no line of the log matches (x)"]
    named = training(tmp_path, body, metrics=["loss"])
    assert [item["Value"] for item in described(run(tmp_path, named))["FinalMetricDataList"]] == [0.25]


def test_what_a_script_gives_as_its_reason_is_the_reason_of_the_failure(tmp_path: Path) -> None:
    body = r"printf 'no \xff convergence after 10 rounds' > /opt/ml/output/failure; exit 3"
    done = run(tmp_path, training(tmp_path, body))
    assert done.step("work").failure == (
        r"AlgorithmError: algo-1 of 1 exited with code 3: no \xff convergence after 10 rounds"
    )
    about = described(done)
    assert about["FailureReason"] == done.step("work").failure
    assert about["SecondaryStatusTransitions"][-1]["Status"] == "Failed"


def test_an_instance_that_dies_ends_those_that_wait_for_it_and_is_named(tmp_path: Path) -> None:
    body = """\
        if [ $SM_CURRENT_HOST = algo-2 ]; then echo 'Error: lost my data' >&2; exit 7; fi
        exec sleep 300
        """
    began = time.monotonic()
    done = run(tmp_path, training(tmp_path, body, instance_count=3))
    assert time.monotonic() - began < 60
    assert done.step("work").failure == "AlgorithmError: algo-2 of 3 exited with code 7: Error: lost my data"
    states = {host.host: host.state for host in done.step("work").hosts}
    assert states == {"algo-1": "Stopped", "algo-2": "Failed", "algo-3": "Stopped"}


STEADY = """\
    trap 'echo late > /opt/ml/model/late; exit 0' TERM
    echo early > /opt/ml/model/early
    while true; do sleep 0.05; done
    """


def test_a_stop_leaves_time_to_save_and_keeps_what_was_saved(tmp_path: Path) -> None:
    started = submit(tmp_path, training(tmp_path, STEADY))
    until(lambda: started.refresh().step("work").hosts and started.step("work").hosts[0].state == "InProgress")
    time.sleep(0.5)
    started.stop()
    done = started.wait()
    assert done.status == "Stopped"
    about = described(done)
    assert (about["TrainingJobStatus"], about["SecondaryStatus"]) == ("Stopped", "Stopped")
    uri = about["ModelArtifacts"]["S3ModelArtifacts"]
    with tarfile.open(Home.default().storage.path(uri)) as archive:
        assert sorted(archive.getnames()) == ["early", "late"]


def test_a_job_that_takes_too_long_is_stopped_and_says_so(tmp_path: Path) -> None:
    done = run(tmp_path, training(tmp_path, STEADY, max_runtime_seconds=1))
    assert done.status == "Stopped"
    assert described(done)["SecondaryStatus"] == "MaxRuntimeExceeded"


COUNTING = """\
    cd /opt/ml/checkpoints
    at=$(cat $SM_CURRENT_HOST 2>/dev/null || echo 0)
    echo "from $at"
    while [ $at -lt 40 ]; do at=$((at + 1)); echo $at > .new; mv .new $SM_CURRENT_HOST; sleep 0.1; done
    echo $at > /opt/ml/model/$SM_CURRENT_HOST
    """


def test_a_job_whose_instances_are_taken_away_goes_on_from_its_checkpoints(tmp_path: Path) -> None:
    spec = training(tmp_path, COUNTING, instance_count=2, spot=True, checkpoints=True, interruptions=[2])
    done = run(tmp_path, spec)
    assert done.status == "Completed", done.step("work").failure
    assert model(done) == {"algo-1": "40\n", "algo-2": "40\n"}
    first, again = (int(line.split()[1]) for line in printed(done) if line.startswith("from"))
    assert first == 0
    assert 5 < again < 40
    gone_through = [phase["Status"] for phase in described(done)["SecondaryStatusTransitions"]]
    assert gone_through[2:6] == ["Training", "Interrupted", "Restarting", "Downloading"]


def test_an_interruption_before_the_first_checkpoint_starts_from_nothing(tmp_path: Path) -> None:
    body = "ls /opt/ml/checkpoints | wc -l; sleep 1; echo x > /opt/ml/checkpoints/x; echo x > /opt/ml/model/x"
    done = run(tmp_path, training(tmp_path, body, spot=True, checkpoints=True, interruptions=[0.3]))
    assert done.status == "Completed"
    assert printed(done) == ["0", "0"]


def test_checkpoints_in_a_place_of_the_users_outlive_the_run_and_their_removal_is_followed(tmp_path: Path) -> None:
    body = "ls /opt/ml/checkpoints; rm -f /opt/ml/checkpoints/*; echo x > /opt/ml/checkpoints/$1; sleep 2.5"
    for name in ("one", "two", "three"):
        spec = training(tmp_path, body, checkpoints="s3://mine/kept/", arguments=[name])
        done = run(tmp_path, spec)
        assert done.status == "Completed"
    assert printed(done) == ["two"]


def test_instances_that_are_kept_warm_are_taken_over_by_the_next_job_alike(tmp_path: Path) -> None:
    spec = training(tmp_path, "true", keep_alive_seconds=600)
    first = run(tmp_path, spec)
    assert described(first)["WarmPoolStatus"]["Status"] == "Available"
    other = run(tmp_path, training(tmp_path, "true", keep_alive_seconds=600, instance_count=2))
    assert described(first)["WarmPoolStatus"]["Status"] == "Available"
    second = run(tmp_path, spec)
    assert described(first)["WarmPoolStatus"]["ReusedByJob"] == second.step("work").job
    assert described(other)["WarmPoolStatus"]["Status"] == "Available"
    assert "WarmPoolStatus" not in described(run(tmp_path, training(tmp_path, "true")))


def test_a_folder_of_code_goes_along(tmp_path: Path) -> None:
    source = tmp_path / "src/lib"
    source.mkdir(parents=True)
    (source / "words.txt").write_text("along\n")
    script(tmp_path / "src", "cat $(dirname $0)/lib/words.txt")
    spec = training(tmp_path, "true")
    spec["steps"][0] |= {"source_dir": "src/", "code": "script.sh"}
    assert printed(run(tmp_path, spec)) == ["along"]


def test_fast_file_is_the_objects_themselves_read_only_and_whole_folders_only(tmp_path: Path) -> None:
    big = files(tmp_path / "data", 3) / "part-00.csv"
    body = """\
        cd /opt/ml/input/data/fast
        stat -L -c %i part-00.csv
        if echo x >> part-00.csv || touch new; then exit 1; fi 2> /dev/null
        ls; cat part-02.csv
        """
    channel = {"name": "fast", "source": "data/", "input_mode": "FastFile", "distribution": "ShardedByS3Key"}
    done = run(tmp_path, training(tmp_path, body, inputs=[channel]))
    assert done.status == "Completed", done.step("work").failure
    assert printed(done) == [
        str(big.stat().st_ino), "part-00.csv", "part-01.csv", "part-02.csv", "file,row", "2,0",
    ]  # fmt: skip
    asked = {**done.requests()["work"], "TrainingJobName": "by-names"}
    asked["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] += "part-00.csv"
    client = shardr.local_session().client("sagemaker")
    client.create_training_job(**asked)
    failed = until(lambda: client.describe_training_job(TrainingJobName="by-names").get("FailureReason"))
    assert "part-00.csv is no folder, but how names begin" in failed
