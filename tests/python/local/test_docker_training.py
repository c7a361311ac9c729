"""Training in real containers: scripts, an image's own program, and the built-in XGBoost, on instances that talk."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import docker_world
import pytest
import worlds
import xgboost as xgb
from container.xgboost_world import ALIKE, csv, oracle, predictions, table
from docker_world import BASE, built, nothing_is_held
from worlds import printed, until

import shardr
from shardr.engines.base import OVER
from shardr.local.home import Home

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np

pytestmark = pytest.mark.usefixtures("docker_host")
AWS = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
ROWS, NEW = table(600), table(100, seed=2)


@pytest.fixture(scope="module")
def odd(docker_host: str) -> Iterator[str]:
    yield from docker_world.odd_image()


@pytest.fixture(scope="module")
def python_image(docker_host: str) -> str:
    return str(shardr.build_image("python").uri)


@pytest.fixture(scope="module")
def xgboost_image(docker_host: str) -> str:
    return str(shardr.build_image("xgboost").uri)


def train(folder: Path, body: str | None, name: str = "script.sh", **fields: Any) -> shardr.Run:
    """The finished run of the one training step ``work`` in containers; without ``body`` the image's own program."""
    code = {} if body is None else {"code": worlds.script(folder, body, name)}
    step: dict[str, Any] = {"name": "work", "type": "training", "image": BASE, **code, **fields}
    return worlds.run(folder, {"name": "world", "steps": [step]}, runner="docker")


def model(done: shardr.Run, output: str = "model") -> dict[str, str]:
    """The files of the finished step's archive by name."""
    assert done.status == "Completed", done.step("work").failure
    return {path.name: path.read_text() for path in done.files("work", output)}


R_SCRIPT = """\
    library(shardr)
    hp <- hyperparameters(scale = hp_number(description = "what values are multiplied by"))
    rows <- do.call(rbind, lapply(shard_files("train"), read.csv))
    log_metric("rows", nrow(rows))
    save_model(list(host = shard()$host, sum = sum(rows$row) * hp$scale), "sum.json")
    """
PYTHON_SCRIPT = """\
    import csv
    from shardr.runtime import hp_number, hyperparameters, log_metric, save_model, shard, shard_files
    hp = hyperparameters(scale=hp_number(description="what values are multiplied by"))
    rows = [row for file in shard_files("train") for row in csv.DictReader(file.open())]
    log_metric("rows", len(rows))
    save_model({"host": shard().host, "sum": sum(int(row["row"]) for row in rows) * hp.scale}, "sum.json")
    """


@pytest.mark.parametrize(
    ("body", "name", "image"), [(R_SCRIPT, "train.R", "processing"), (PYTHON_SCRIPT, "train.py", "python")]
)
def test_scripts_of_both_languages_learn_from_their_shares_in_shardrs_images(
    tmp_path: Path, home: Path, processing_image: str, python_image: str, body: str, name: str, image: str
) -> None:
    worlds.files(tmp_path / "data", 3, rows=4)
    done = train(
        tmp_path,
        body,
        name,
        image=image,
        instance_count=2,
        hyperparameters={"scale": 2.5},
        inputs=[{"name": "train", "source": "data/", "distribution": "ShardedByS3Key"}],
        metrics=["rows"],
    )
    found = {name: json.loads(text) for name, text in model(done).items()}
    assert found == {
        "algo-1-sum.json": {"host": "algo-1", "sum": 30},
        "algo-2-sum.json": {"host": "algo-2", "sum": 15},
    }
    assert done.view.runner == "docker"
    nothing_is_held(home)


PROGRAM = """
FROM {base}
RUN printf '#!/bin/sh\\necho "$0 $*"; id -u; ls /opt/ml/input/data/train; echo $1 > /opt/ml/model/argument\\n' \
    > /program && chmod +x /program
ENTRYPOINT ["/program"]
CMD ["never"]
USER 1234
"""


def test_an_image_with_a_program_of_its_own_is_told_to_train(tmp_path: Path) -> None:
    worlds.files(tmp_path / "data", 1)
    with built("shardr-test/program", PROGRAM.format(base=BASE)) as image:
        done = train(tmp_path, None, image=image, inputs=[{"name": "train", "source": "data/"}])
        assert model(done) == {"argument": "train\n"}
        assert printed(done) == ["/program train", "1234", "part-00.csv"]
        done = train(tmp_path, None, image=image, inputs=[{"name": "train", "source": "data/"}], arguments=["a b", ""])
        assert printed(done)[0] == "/program a b "


def builtin(folder: Path, shares: list[np.ndarray], **fields: Any) -> shardr.Run:
    """The built-in XGBoost on as many instances as there are shares, one file for each."""
    for i, rows in enumerate(shares):
        (folder / f"data/part-{i}.csv").parent.mkdir(exist_ok=True)
        (folder / f"data/part-{i}.csv").write_text(csv(rows))
    return train(
        folder,
        None,
        image=AWS,
        instance_count=fields.pop("instance_count", len(shares)),
        hyperparameters={"num_round": 30, "max_depth": 4, "eta": 0.3, "objective": "reg:squarederror"},
        inputs=[{"name": "train", "source": "data/", "distribution": "ShardedByS3Key", "content_type": "text/csv"}],
        metrics={"train:rmse": r"#011train-rmse:(\S+)"},
        **fields,
    )


def booster(done: shardr.Run) -> xgb.Booster:
    assert done.status == "Completed", done.step("work").failure
    (path,) = done.files("work", "model")
    assert path.name == "xgboost-model"
    return xgb.Booster(model_file=bytearray(path.read_bytes()))


def test_the_builtin_xgboost_of_aws_learns_one_model_on_all_instances(
    tmp_path: Path, home: Path, xgboost_image: str
) -> None:
    """None has more than a share of the rows, so a model that predicts as that of all is theirs together."""
    wanted = predictions(oracle(ROWS), NEW)
    done = builtin(tmp_path, [ROWS[:250], ROWS[250:]])
    assert predictions(booster(done), NEW) == pytest.approx(wanted, abs=ALIKE)
    assert predictions(oracle(ROWS[:250]), NEW) != pytest.approx(wanted, abs=0.05)
    client = shardr.local_session().client("sagemaker")
    about = client.describe_training_job(TrainingJobName=done.step("work").job)
    assert about["AlgorithmSpecification"]["TrainingImage"] == AWS
    last = [line.rpartition(":")[2] for line in printed(done) if "#011train-rmse:" in line][-1]
    assert [m["Value"] for m in about["FinalMetricDataList"]] == [float(last)]
    nothing_is_held(home)


def test_an_instance_without_data_leaves_and_the_others_learn(tmp_path: Path, xgboost_image: str) -> None:
    done = builtin(tmp_path, [ROWS[:350], ROWS[350:]], instance_count=3)
    assert predictions(booster(done), NEW) == pytest.approx(predictions(oracle(ROWS), NEW), abs=ALIKE)
    assert any("takes no part and leaves" in line for line in printed(done, "algo-3"))
    assert {host.host: host.state for host in done.step("work").hosts}["algo-3"] == "Completed"


def test_a_container_that_fails_ends_those_that_wait_for_it_and_is_named(tmp_path: Path, home: Path) -> None:
    body = """\
        if [ $SM_CURRENT_HOST = algo-2 ]; then echo 'no convergence' > /opt/ml/output/failure; exit 7; fi
        exec sleep 300
        """
    began = time.monotonic()
    done = train(tmp_path, body, instance_count=3)
    assert time.monotonic() - began < 60
    assert done.step("work").failure == "AlgorithmError: algo-2 of 3 exited with code 7: no convergence"
    states = {host.host: host.state for host in done.step("work").hosts}
    assert states == {"algo-1": "Stopped", "algo-2": "Failed", "algo-3": "Stopped"}
    nothing_is_held(home)


COUNTING = """\
    id -u; getent hosts algo-1 algo-2 | wc -l
    cd /opt/ml/checkpoints
    mkdir -p of-$SM_CURRENT_HOST
    at=$(cat of-$SM_CURRENT_HOST/at 2>/dev/null || echo 0)
    echo "from $at"
    ls /opt/ml/model | wc -l; touch /opt/ml/model/before-$SM_CURRENT_HOST
    umask 077
    while [ $at -lt 40 ]; do at=$((at + 1)); echo $at > of-$SM_CURRENT_HOST/at; sleep 0.1; done
    echo $at > /opt/ml/model/$SM_CURRENT_HOST
    """


@pytest.mark.alone
@pytest.mark.parametrize("image", [BASE, "odd"])
def test_containers_that_are_taken_away_are_made_again_and_go_on_from_their_checkpoints(
    tmp_path: Path, home: Path, odd: str, image: str
) -> None:
    """As root and as another user, who overwrites in place what is kept of the first attempt."""
    done = train(
        tmp_path,
        COUNTING,
        image=odd if image == "odd" else image,
        instance_count=2,
        spot=True,
        checkpoints=True,
        interruptions=[2],
    )
    found = model(done)
    assert (found["algo-1"], found["algo-2"]) == ("40\n", "40\n")
    user = "1234" if image == "odd" else "0"
    for host in ("algo-1", "algo-2"):
        first, again = printed(done, host)[:4], printed(done, host)[4:]
        assert first == [user, "2", "from 0", "0"]
        assert [again[0], again[1], again[3]] == [user, "2", "0"]
        assert 5 < int(again[2].split()[1]) < 40
    nothing_is_held(home)


def test_what_an_image_of_another_user_has_closed_is_taken_into_the_model(tmp_path: Path, odd: str) -> None:
    body = """\
        id -u; umask 077
        mkdir /opt/ml/model/deep; echo 7 > /opt/ml/model/deep/seven; chmod 0 /opt/ml/model/deep/seven /opt/ml/model/deep
        echo x > /opt/ml/output/data/x; chmod 0 /opt/ml/output/data/x
        """
    done = train(tmp_path, body, image=odd)
    assert model(done) == {"seven": "7\n"}
    assert model(done, "output") == {"x": "x\n"}
    assert printed(done) == ["1234"]


DRIVER = """\
#!/bin/bash
set -e
echo "export SM_WORD=driven" > /opt/ml/input/sm_training.env
source /opt/ml/input/sm_training.env
cd /opt/ml/input/data/code
chmod +x entry.sh && ./entry.sh
mkdir made && echo x > made/x
touch /opt/ml/input/config/x 2>/dev/null || echo config is closed
touch /opt/ml/input/data/train/x 2>/dev/null || echo train is closed
cat /opt/ml/input/data/lines_0
"""
DRIVEN = "/opt/ml/input/data/sm_drivers/sm_train.sh"


@pytest.mark.parametrize("image", [BASE, "odd", "shardr/python"])
def test_the_drivers_of_the_sdks_model_trainer_make_scripts_fit_to_run_whoever_the_images_user_is(
    home: Path, odd: str, python_image: str, image: str
) -> None:
    """They change modes, which only an owner may, and write beside the channels: as its version 3.27 does."""
    home_ = Home(home)
    home_.make()
    objects = {"drivers/sm_train.sh": DRIVER, "code/entry.sh": "#!/bin/sh\nid -u\necho $SM_WORD > /opt/ml/model/word\n",
               "train/a.csv": "a\n"}  # fmt: skip
    for key, text in objects.items():
        path = home_.storage.path(f"s3://mine/{key}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    channels = {"code": "code", "sm_drivers": "drivers", "train": "train", "lines": "train"}
    source = {"S3DataType": "S3Prefix", "S3DataDistributionType": "FullyReplicated"}
    client = shardr.local_session(home, runner="docker").client("sagemaker")
    client.create_training_job(
        TrainingJobName="driven",
        RoleArn="arn:aws:iam::000000000000:role/any",
        AlgorithmSpecification={
            "TrainingImage": odd if image == "odd" else image,
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["/bin/bash"],
            "ContainerArguments": ["-c", f"chmod +x {DRIVEN} && {DRIVEN}"],
        },
        InputDataConfig=[
            {
                "ChannelName": name,
                "DataSource": {"S3DataSource": {"S3Uri": f"s3://mine/{prefix}/", **source}},
                "InputMode": "Pipe" if name == "lines" else "File",
            }
            for name, prefix in channels.items()
        ],
        OutputDataConfig={"S3OutputPath": "s3://mine/out"},
        ResourceConfig={"InstanceCount": 2, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1},
        StoppingCondition={"MaxRuntimeInSeconds": 60},
        Tags=[{"Key": "shardr:on-collision:model", "Value": "last_wins"}],
    )

    def over() -> dict[str, Any] | None:
        about: dict[str, Any] = client.describe_training_job(TrainingJobName="driven")
        return about if about["TrainingJobStatus"] in OVER else None

    ended = until(over, 60)
    assert ended["TrainingJobStatus"] == "Completed", ended["FailureReason"]
    user = {BASE: "0", "odd": "1234"}.get(image, "1000")
    assert home_.job("driven").log("algo-2").read_text().splitlines() == [
        user,
        "config is closed",
        "train is closed",
        "a",
    ]
    nothing_is_held(home)


def test_streamed_channels_reach_containers_epoch_after_epoch(tmp_path: Path) -> None:
    worlds.files(tmp_path / "data", 4)
    body = """
        cd /opt/ml/input/data
        for epoch in 0 1; do grep -v file train_$epoch | cut -d, -f1 | paste -sd' '; done
        until [ -e train_2 ]; do :; done
        """
    channel = {"name": "train", "source": "data/", "input_mode": "Pipe", "distribution": "ShardedByS3Key"}
    done = train(tmp_path, body, instance_count=2, inputs=[channel])
    assert done.status == "Completed", done.step("work").failure
    assert [printed(done, host) for host in ("algo-1", "algo-2")] == [["0 2"] * 2, ["1 3"] * 2]


def test_in_containers_too_a_dead_reader_costs_an_epoch_and_a_second_one_finds_none(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "big").write_bytes(b"first\n" + bytes(4_000_000))
    body = """
        cd /opt/ml/input/data
        sleep 60 < train_0 &
        until [ -e train_1 ]; do :; done
        kill -9 $!; wait $! || head -n 1 train_1
        cat train_1 || wc -c < train_2
        """
    done = train(tmp_path, body, inputs=[{"name": "train", "source": "data/", "input_mode": "Pipe"}])
    assert done.status == "Completed", done.step("work").failure
    assert [line for line in printed(done) if line in {"first", "4000006"}] == ["first", "4000006"]
    assert any("train_1: No such file" in line for line in printed(done))
