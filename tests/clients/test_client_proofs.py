"""Clients that nobody here wrote, unchanged, at ``shardr serve`` and on a session of ours: what they ask happens."""

from __future__ import annotations

import json
import tarfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
import xgboost as xgb
from client_world import ROWS, World, environment_in_process, expected_rows, line
from container.kmeans_world import centres_of, inertia, squares
from container.pca_world import apart, unpacked
from container.xgboost_world import ALIKE
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """All programs under way at once; each test waits for its own."""
    world = World(tmp_path_factory.mktemp("clients"))
    world.lay()
    world.serve()
    folder = str(world.folder)
    try:
        world.start("seed 000", "sagemaker-2", ["Rscript", "seed000.R", folder])
        world.start("third", "sagemaker-3", ["python", "seed000_sdk3.py", folder])
        world.start("boto3", "sagemaker-3", ["python", "boto3_client.py"])
        world.start("estimator", "sagemaker-2", ["python", "estimator_sdk2.py", folder])
        world.start("predictor", "sagemaker-2", ["python", "predictor_sdk2.py", folder])
        world.start("trainer", "sagemaker-3", ["python", "trainer_sdk3.py", folder])
        world.start("xgboost 2", "sagemaker-2", ["python", "xgboost_sdk2.py", folder])
        world.start("xgboost 3", "sagemaker-3", ["python", "xgboost_sdk3.py", folder])
        world.start("cli", "awscli", ["sh", "cli.sh", folder])
        world.start("pca", "sagemaker-2", ["python", "pca_sdk2.py", folder])
        world.start("kmeans", "sagemaker-2", ["python", "kmeans_sdk2.py", folder])
        world.start("served 3", "sagemaker-3", ["python", "served_sdk3.py", folder])
        world.start("served boto3", "sagemaker-3", ["python", "served_boto3.py", folder])
        world.start("served cli", "awscli", ["sh", "served.sh", folder])
        world.served = {}  # the rest has no server
        for sdk in ("sagemaker-2", "sagemaker-3"):
            home = {"SHARDR_HOME": f"{folder}/home of {sdk}", **environment_in_process()}
            world.start(sdk, sdk, ["python", "in_process.py", folder], **home)
        yield world
    finally:
        world.close()


def test_the_published_example_runs_from_r_with_its_calls_unchanged_and_has_every_row(world: World) -> None:
    printed = world.printed("seed 000")
    assert line(printed, "status") == "Succeeded"
    where = line(printed, "processed")
    assert sorted(world.rows(where)) == expected_rows(world.folder)
    shares = world.home / "s3" / where.removeprefix("s3://")
    assert sorted(path.name for path in shares.iterdir()) == [
        f"bank-additional-full-{name}.csv" for name in ("test", "train", "valid")
    ]


def test_the_third_sdk_runs_the_same_pipeline_and_follows_a_job_of_two_instances(world: World) -> None:
    printed = world.printed("third")
    assert line(printed, "status") == "Succeeded {'Process': 'Succeeded', 'Filter': 'Succeeded'}"
    assert sorted(world.rows(line(printed, "processed"))) == expected_rows(world.folder)
    # the logs of both instances came through, each line once
    told = sorted(text.split("bank-")[-1] for text in printed if " lines" in text)
    assert told == [f"marketing-{i}.csv has {ROWS // 4 + 1} lines" for i in range(1, 5)]


def test_the_sdk_deploys_what_an_estimator_learned_and_asks_its_predictor(world: World) -> None:
    printed = world.printed("predictor")
    assert [line(printed, what) for what in ("estimator", "model", "left")] == ["2", "3", "0"]


def test_boto3_waits_pages_and_reads_as_it_would_of_aws(world: World) -> None:
    assert line(world.printed("boto3"), "status") == "well"


def test_the_aws_cli_creates_lists_stops_reads_logs_and_syncs(world: World) -> None:
    printed = world.printed("cli")
    assert line(printed, "status") == "well"
    assert "copies Completed, sleeps Stopped" in printed
    assert "cli-copies\tcli-sleeps" in printed
    assert printed.count("copying") == 2


def test_the_estimator_of_the_second_sdk_trains_on_two_instances_and_fetches_the_model(world: World) -> None:
    printed = world.printed("estimator")
    assert line(printed, "status") == "Completed Completed"
    assert line(printed, "model") == "algo-1.json algo-2.json"
    assert line(printed, "metrics") == f"[('rows', {ROWS / 2})]"
    told = sorted(text[text.index("algo-") :] for text in printed if "has depth" in text)
    assert told == [f"algo-{i} has depth 5 and {ROWS // 2} rows" for i in (1, 2)]


def test_the_model_trainer_of_the_third_sdk_brings_its_scripts_and_follows_both_instances(world: World) -> None:
    printed = world.printed("trainer")
    assert line(printed, "status") == "Completed Completed"
    with tarfile.open(world.home / "s3" / line(printed, "model").removeprefix("s3://")) as archive:
        assert sorted(archive.getnames()) == ["algo-1.json", "algo-2.json"]
    assert sum(f"has depth 5 and {ROWS} rows" in text for text in printed) == 2


def titanic(world: World, channel: str) -> np.ndarray:
    """The rows of a channel of the built-in algorithm, the label first."""
    files = sorted((world.folder / "titanic/builtin" / channel).iterdir())
    lines = [line.split(",") for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    return np.array([[float(cell or "nan") for cell in line] for line in lines], dtype=np.float32)


@pytest.mark.parametrize("program", ["xgboost 2", "xgboost 3"])
def test_the_builtin_xgboost_of_aws_learns_from_either_sdk_what_xgboost_itself_does(world: World, program: str) -> None:
    printed = world.printed(program)
    assert line(printed, "status") == "Completed Completed"
    assert line(printed, "image") == "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
    assert any("[29]#011train-logloss:" in text for text in printed), "the log comes through as AWS's has it"
    with tarfile.open(world.home / "s3" / line(printed, "model").removeprefix("s3://")) as archive:
        assert archive.getnames() == ["xgboost-model"]
        file = archive.extractfile("xgboost-model")
        assert file
        model = xgb.Booster(model_file=bytearray(file.read()))
    rows, new = titanic(world, "train"), xgb.DMatrix(titanic(world, "validation")[:, 1:])
    settings = {"objective": "binary:logistic", "base_score": 0.5, "eta": 0.1, "max_depth": 5}
    oracle = xgb.train(settings, xgb.DMatrix(rows[:, 1:], label=rows[:, 0]), 30)
    assert model.predict(new, validate_features=False) == pytest.approx(oracle.predict(new), abs=ALIKE)


def test_the_transformer_of_the_second_sdk_asks_the_model_about_every_row(world: World) -> None:
    printed = world.printed("xgboost 2")
    [answers] = sorted((world.home / "s3" / line(printed, "answers").removeprefix("s3://")).iterdir())
    found = [float(text) for text in answers.read_text(encoding="utf-8").split()]
    rows, new = titanic(world, "train"), xgb.DMatrix(titanic(world, "validation")[:, 1:])
    settings = {"objective": "binary:logistic", "base_score": 0.5, "eta": 0.1, "max_depth": 5}
    oracle = xgb.train(settings, xgb.DMatrix(rows[:, 1:], label=rows[:, 0]), 30)
    assert found == pytest.approx(oracle.predict(new), abs=ALIKE)


def numbers(text: str) -> list[float]:
    return [float(number) for number in text.split()]


def test_the_pca_of_the_second_sdk_is_deployed_asked_and_transforms_as_scikit_learn_does(world: World) -> None:
    printed = world.printed("pca")
    assert line(printed, "image") == "382416733822.dkr.ecr.us-east-1.amazonaws.com/pca:1"
    rows = world.asked.astype(np.float32)
    oracle = PCA(2, svd_solver="full").fit(rows).transform(rows)[:, ::-1]  # the largest component is last
    told = line(printed, "answers")
    transformed = np.array([json.loads(text)["projection"] for text in world.answers(told)])
    signs = np.sign(np.sum(transformed * oracle, axis=0))
    assert transformed == pytest.approx(oracle * signs, abs=1e-4)
    for way in ("records", "json"):
        assert numbers(line(printed, way)) == pytest.approx((oracle * signs)[:20].ravel(), abs=1e-4), way


def test_the_pca_of_the_second_sdk_finds_the_same_in_a_stream_as_in_files(world: World) -> None:
    printed = world.printed("pca")
    of_files, piped = (unpacked(world.artifact(line(printed, mode)), "model") for mode in ("File", "Pipe"))
    assert apart(piped["v"], of_files["v"]) < 1e-6
    assert piped["s"] == pytest.approx(of_files["s"])


def test_the_k_means_of_the_second_sdk_clusters_by_files_and_streams_and_says_the_nearest(world: World) -> None:
    printed = world.printed("kmeans")
    assert line(printed, "image") == "382416733822.dkr.ecr.us-east-1.amazonaws.com/kmeans:1"
    centres = centres_of(world.artifact(line(printed, "Pipe")))
    assert centres == pytest.approx(centres_of(world.artifact(line(printed, "File"))))
    rows = world.asked.astype(np.float32)
    assert inertia(rows, centres) < 1.1 * KMeans(3, n_init=10, random_state=0).fit(rows).inertia_
    wanted = squares(rows[:20], centres)
    found = np.array([numbers(text.removeprefix("record ")) for text in printed if text.startswith("record ")])
    assert found[:, 0].tolist() == wanted.argmin(axis=1).tolist()
    assert found[:, 1] == pytest.approx(np.sqrt(wanted.min(axis=1)), rel=1e-5)
    for mode in ("File", "Pipe"):
        metrics = dict(text.split("=") for text in line(printed, f"metrics {mode}").split())
        # the SDK divides this channel, too, among the instances, and the first one scores what it has
        assert float(metrics["test:ssd"]) == pytest.approx(inertia(rows[:25], centres), rel=1e-5)
        assert float(metrics["test:msd"]) == pytest.approx(inertia(rows[:25], centres) / 25, rel=1e-5)


def test_an_endpoint_and_transforms_by_the_third_sdk_answer_what_the_model_does(world: World) -> None:
    printed = world.printed("served 3")
    oracle = world.model.predict(xgb.DMatrix(world.asked))
    assert line(printed, "endpoint") == "InService"
    assert numbers(line(printed, "invoked")) == pytest.approx(oracle, abs=ALIKE)
    status, where = line(printed, "job").split()
    assert status == "Completed"
    for uri in (line(printed, "transformer"), where):
        assert numbers(" ".join(world.answers(uri))) == pytest.approx(oracle, abs=ALIKE), uri


def test_the_runtime_of_boto3_asks_variants_is_told_errors_by_code_and_finds_what_was_captured(world: World) -> None:
    printed = world.printed("served boto3")
    oracle = world.model.predict(xgb.DMatrix(world.asked))
    for way in ("invoked", "variant"):
        assert numbers(line(printed, way)) == pytest.approx(oracle, abs=ALIKE), way
    assert line(printed, "captured") == "2"
    assert line(printed, "status") == "well"


def test_the_aws_cli_makes_an_endpoint_asks_it_and_transforms(world: World) -> None:
    printed = world.printed("served cli")
    oracle = world.model.predict(xgb.DMatrix(world.asked))
    for way in ("invoked", "answers"):
        assert numbers(line(printed, way)) == pytest.approx(oracle, abs=ALIKE), way
    assert line(printed, "job") == "Completed"


@pytest.mark.parametrize("sdk", ["sagemaker-2", "sagemaker-3"])
def test_the_sdk_takes_a_session_of_shardrs_and_needs_no_server(world: World, sdk: str) -> None:
    printed = world.printed(sdk)
    assert line(printed, "status") == "Completed"
    assert [name.rpartition("/")[2] for name in line(printed, "wrote").split()] == ["algo-1.txt", "algo-2.txt"]
    assert line(printed, "run") == "Completed"
