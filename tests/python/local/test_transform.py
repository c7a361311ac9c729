"""Transform jobs: every record of many objects is asked about, answers lie beside nothing half-done."""

from __future__ import annotations

import gzip
import json
import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import worlds
import xgboost

import shardr
from shardr.local.home import Home
from shardr.requests.check import check_response

ROLE = "arn:aws:iam::000000000000:role/anyone"


@pytest.fixture(scope="module")
def booster() -> xgboost.Booster:
    """A model of two features."""
    rows = np.random.default_rng(1).normal(size=(200, 2))
    data = xgboost.DMatrix(rows, label=rows[:, 0] * 2 + rows[:, 1])
    return xgboost.train({"max_depth": 3, "verbosity": 0}, data, num_boost_round=3)


class World:
    """A model of this machine's, and objects to ask it about."""

    def __init__(self, home: Path, booster: xgboost.Booster) -> None:
        self.s3, self.booster = Home(home).storage.root, booster
        self.client = shardr.local_session().client("sagemaker")
        archive = self.s3 / "models/model.tar.gz"
        archive.parent.mkdir(parents=True)
        archive.write_bytes(worlds.packed({"xgboost-model": bytes(booster.save_raw("ubj"))}))
        container = {"Image": "shardr/xgboost", "ModelDataUrl": "s3://models/model.tar.gz"}
        self.client.create_model(ModelName="boosted", ExecutionRoleArn=ROLE, PrimaryContainer=container)

    def put(self, name: str, content: str | bytes) -> None:
        """An object below s3://data/in/."""
        path = self.s3 / "data/in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def start(self, name: str = "asks", instances: int = 1, **more: Any) -> None:
        """Starts a job; ``source`` and ``target`` are parts of TransformInput and TransformOutput."""
        source, target = more.pop("source", {}), more.pop("target", {})
        place = {"S3DataType": "S3Prefix", "S3Uri": "s3://data/in/"}
        self.client.create_transform_job(
            TransformJobName=name,
            ModelName="boosted",
            TransformInput={
                "DataSource": {"S3DataSource": place}, "ContentType": "text/csv", "SplitType": "Line", **source
            },
            TransformOutput={"S3OutputPath": "s3://data/out/", "AssembleWith": "Line", **target},
            TransformResources={"InstanceCount": instances, "InstanceType": "ml.m5.large"},
            **more,
        )  # fmt: skip

    def ended(self, name: str = "asks") -> dict[str, Any]:
        """How a job has ended."""
        about: dict[str, Any] = {}

        def over() -> bool:
            about.update(self.client.describe_transform_job(TransformJobName=name))
            return about["TransformJobStatus"] in {"Completed", "Failed", "Stopped"}

        worlds.until(over, 60)
        assert check_response("DescribeTransformJob", about) == []
        return about

    def out(self) -> dict[str, list[float]]:
        """What was answered, by object."""
        folder = self.s3 / "data/out"
        found = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.exists() else []
        return {str(path.relative_to(folder)): [float(line) for line in path.read_text().split()] for path in found}

    def expected(self, text: str) -> list[float]:
        """What XGBoost itself predicts for these lines."""
        rows = np.array([[float(cell) for cell in line.split(",")] for line in text.split()])
        return [pytest.approx(float(value), abs=1e-6) for value in self.booster.predict(xgboost.DMatrix(rows))]


@pytest.fixture
def world(home: Path, booster: xgboost.Booster) -> World:
    return World(home, booster)


def lines(count: int, start: int = 0) -> str:
    return "".join(f"{(start + i) % 7 / 7},{(start + i) % 5 / 5}\n" for i in range(count))


@pytest.mark.parametrize("strategy", ["MultiRecord", "SingleRecord"])
def test_every_object_gets_its_answers_in_order_from_any_number_of_instances(world: World, strategy: str) -> None:
    texts = {f"part-{i}.csv": lines(5 + i, i) for i in range(3)} | {"deeper/last.csv": lines(1)}
    for name, text in texts.items():
        world.put(name, text)
    world.put("empty.csv", "")
    world.start(instances=2, BatchStrategy=strategy, MaxConcurrentTransforms=3)
    assert world.ended()["TransformJobStatus"] == "Completed"
    wanted = {f"{name}.out": world.expected(text) for name, text in texts.items()}
    assert world.out() == {**wanted, "empty.csv.out": []}


def test_objects_that_lie_at_s3_are_asked_about_as_those_of_this_machine(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "far" / "bucket" / "in").mkdir(parents=True)
    (tmp_path / "far" / "bucket" / "in" / "part.csv").write_text(lines(5))
    place = {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/in/"}
    with worlds.s3_over(tmp_path / "far") as far:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", far.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        world.start(source={"DataSource": {"S3DataSource": place}})
        assert world.ended()["TransformJobStatus"] == "Completed"
    assert world.out() == {"part.csv.out": world.expected(lines(5))}


def test_requests_are_no_larger_than_the_payload_and_a_record_that_is_fails_its_object_only(world: World) -> None:
    many = lines(100_000)
    world.put("many.csv", many)
    world.put("wide.csv", lines(2) + "1," * 600_000 + "1\n")
    world.start(MaxPayloadInMB=1)
    about = world.ended()
    assert about["TransformJobStatus"] == "Failed"
    assert "wide.csv: Record 3 is larger" in about["FailureReason"]
    assert world.out() == {"many.csv.out": world.expected(many)}


def test_a_newline_in_quotes_ends_no_record_where_the_job_says_so(world: World) -> None:
    world.put("quoted.csv", '0.5,0.25\n"0.5\n",0.5\n')
    world.put("open.csv", '0.5,0.25\n"0.5,0.25\n')
    world.start(BatchStrategy="SingleRecord", Tags=[{"Key": "shardr:csv-lines", "Value": "true"}])
    about = world.ended()
    assert "open.csv: Record 2 is cut off" in about["FailureReason"]
    assert world.out() == {"quoted.csv.out": world.expected("0.5,0.25 0.5,0.5")}


def test_a_record_that_the_model_refuses_fails_its_object_and_says_which_it_was(world: World) -> None:
    world.put("bad.csv", lines(3) + "not,numbers\n" + lines(2))
    world.put("good.csv", lines(4))
    world.start(BatchStrategy="SingleRecord", MaxConcurrentTransforms=2)
    about = world.ended()
    assert about["TransformJobStatus"] == "Failed"
    assert "bad.csv: record 4: Bad HTTP status received from algorithm: 4" in about["FailureReason"]
    assert world.out() == {"good.csv.out": world.expected(lines(4))}


def test_compressed_objects_and_manifests_are_read(world: World) -> None:
    world.put("a.csv.gz", gzip.compress(lines(9).encode()))
    world.put("b.csv.gz", gzip.compress(lines(2).encode()))
    manifest = world.s3 / "data/list.manifest"
    manifest.write_text(json.dumps([{"prefix": "s3://data/in/"}, "a.csv.gz"]))
    place = {"S3DataType": "ManifestFile", "S3Uri": "s3://data/list.manifest"}
    world.start(source={"CompressionType": "Gzip", "DataSource": {"S3DataSource": place}})
    assert world.ended()["TransformJobStatus"] == "Completed"
    assert world.out() == {"a.csv.gz.out": world.expected(lines(9))}


def test_answers_are_joined_with_what_was_asked_and_filtered(world: World) -> None:
    text = "".join(f"id-{i},{line}" for i, line in enumerate(lines(4).splitlines(keepends=True)))
    world.put("named.csv", text)
    how = {"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"}
    world.start(DataProcessing=how, target={"Accept": "text/csv"})
    assert world.ended()["TransformJobStatus"] == "Completed"
    rows = [line.split(",") for line in (world.s3 / "data/out/named.csv.out").read_text().splitlines()]
    assert [row[0] for row in rows] == [f"id-{i}" for i in range(4)]
    assert [float(row[1]) for row in rows] == world.expected(lines(4))
    with pytest.raises(Exception, match="DataProcessing"):
        world.start("wrong", DataProcessing=how, target={"Accept": "application/json"})


def test_a_stop_leaves_no_output(world: World) -> None:
    world.put("long.csv", lines(100_000))
    world.start(BatchStrategy="SingleRecord")
    worlds.until(lambda: "TransformStartTime" in world.client.describe_transform_job(TransformJobName="asks"))
    time.sleep(0.5)
    world.client.stop_transform_job(TransformJobName="asks")
    assert world.ended()["TransformJobStatus"] == "Stopped"
    assert world.out() == {}


def test_a_stop_waits_neither_for_a_model_that_hangs_nor_for_one_that_never_becomes_well(world: World) -> None:
    world.put("a.csv", lines(100_000))
    world.start("hangs", Environment={"WORLD": str(world.s3)}, BatchStrategy="SingleRecord")
    worlds.until(lambda: Home(world.s3.parent).job("hangs").staged.exists())
    world.start("unwell", Environment={"SAGEMAKER_BIND_TO_PORT": "9999"})
    for pid in worlds.until(lambda: processes(world)):
        os.kill(pid, signal.SIGSTOP)
    worlds.until(lambda: "TransformStartTime" in world.client.describe_transform_job(TransformJobName="unwell"))
    for name in ("hangs", "unwell"):
        began = time.monotonic()
        world.client.stop_transform_job(TransformJobName=name)
        assert world.ended(name)["TransformJobStatus"] == "Stopped"
        assert time.monotonic() - began < 20
    assert not processes(world)
    assert world.out() == {}


def processes(world: World) -> list[int]:
    """Those that serve a model and were told of this world."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            told = b"WORLD=" + bytes(world.s3) in (folder / "environ").read_bytes().split(b"\0")
            if told and b"serve" in (folder / "cmdline").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


def test_an_answer_that_cannot_be_written_fails_the_job(world: World) -> None:
    world.put("a", lines(1))
    world.put("a.out/b", lines(1))
    world.start()
    about = world.ended()
    assert about["TransformJobStatus"] == "Failed"
    assert "a.out" in about["FailureReason"]
    assert world.out() == {}


def test_a_model_that_cannot_be_loaded_fails_the_job_in_its_own_words(world: World) -> None:
    (world.s3 / "models/broken.tar.gz").write_bytes(gzip.compress(b"\0" * 10240))
    container = {"Image": "shardr/xgboost", "ModelDataUrl": "s3://models/broken.tar.gz"}
    world.client.delete_model(ModelName="boosted")
    world.client.create_model(ModelName="boosted", ExecutionRoleArn=ROLE, PrimaryContainer=container)
    world.put("a.csv", lines(1))
    world.start()
    about = world.ended()
    assert about["TransformJobStatus"] == "Failed"
    assert "model" in about["FailureReason"]


def test_what_the_service_refuses_is_refused(world: World) -> None:
    world.put("a.csv", lines(1))
    with pytest.raises(Exception, match="Could not find model"):
        world.client.create_transform_job(
            TransformJobName="none",
            ModelName="nobody",
            TransformInput={"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/in/"}}},
            TransformOutput={"S3OutputPath": "s3://data/out/"},
            TransformResources={"InstanceCount": 1, "InstanceType": "ml.m5.large"},
        )
    world.start(MaxConcurrentTransforms=20, MaxPayloadInMB=6)
    assert "at most 100 is allowed" in world.ended()["FailureReason"]
    with pytest.raises(Exception, match="already"):
        world.client.create_model(ModelName="boosted", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "x"})
