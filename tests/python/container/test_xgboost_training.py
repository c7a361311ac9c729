"""The built-in XGBoost on one host: real processes, and XGBoost in this process as the oracle."""

from __future__ import annotations

import json
import re
import signal
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from host_world import CSV, ended
from xgboost_world import ROUNDS, Host, csv, libsvm, oracle, predictions, table

from shardr.recordio.blocks import Sparse
from shardr.recordio.encoding import encode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ROWS, NEW = table(600), table(100, seed=2)


def trained(folder: Path, files: Mapping[str, Mapping[str, str | bytes]], **more: Any) -> tuple[Host, str]:
    host = Host(folder / "ml", {name: dict(held) for name, held in files.items()}, **more)
    status, printed = host.train()
    assert status == 0, printed
    return host, printed


def test_rows_of_several_csv_files_give_the_model_that_xgboost_itself_learns(tmp_path: Path) -> None:
    files = {"train": {"b.csv": csv(ROWS[300:]), "a.csv": csv(ROWS[:300])}, "validation": {"v.csv": csv(NEW)}}
    host, printed = trained(tmp_path, files)
    assert np.array_equal(predictions(host.model, NEW), predictions(oracle(ROWS), NEW))
    lines = [line for line in printed.splitlines() if line.startswith("[")]
    assert len(lines) == 30
    assert re.fullmatch(r"\[29\]#011train-rmse:\d\.\d{5}#011validation-rmse:\d\.\d{5}", lines[-1])
    wanted = float(np.sqrt(np.mean((predictions(host.model, NEW) - NEW[:, 0]) ** 2)))
    found = re.search(r".*\[[0-9]+\].*#011validation-rmse:(\S+)", lines[-1])  # the definition that AWS documents
    assert found
    assert float(found[1]) == pytest.approx(wanted, abs=1e-5)
    assert [path.name for path in (host.folder / "model").iterdir()] == ["xgboost-model"]


@pytest.mark.parametrize("content_type", ["text/libsvm", "text/x-libsvm", None])
def test_libsvm_which_it_is_when_nobody_says_gives_the_same_model(tmp_path: Path, content_type: str | None) -> None:
    about = {"TrainingInputMode": "File"} | ({"ContentType": content_type} if content_type else {})
    host, _ = trained(tmp_path, {"train": {"a": libsvm(ROWS)}}, channels={"train": about})
    assert np.array_equal(predictions(host.model, NEW), predictions(oracle(ROWS), NEW))


def test_the_second_column_is_the_weight_where_csv_weights_is_1(tmp_path: Path) -> None:
    weights = np.where(np.arange(600) % 3 == 0, 5.0, 0.5)
    text = csv(np.column_stack([ROWS[:, 0], weights, ROWS[:, 1:]]))
    host, _ = trained(tmp_path, {"train": {"a.csv": text}}, hyperparameters=ROUNDS | {"csv_weights": "1"})
    import xgboost as xgb

    data = xgb.DMatrix(ROWS[:, 1:].astype(np.float32), label=ROWS[:, 0], weight=weights)
    same = xgb.train({"max_depth": 4, "eta": 0.3, "base_score": 0.5}, data, 30)
    assert np.array_equal(predictions(host.model, NEW), predictions(same, NEW))


def test_an_empty_cell_is_a_missing_value_and_other_delimiters_are_seen(tmp_path: Path) -> None:
    lines = [line.split(",") for line in csv(ROWS).splitlines()]
    for line in lines[::7]:
        line[3] = ""
    text = "".join("\t".join(line) + "\r\n" for line in lines)
    host, _ = trained(tmp_path, {"train": {"a.tsv": text}})
    rows = ROWS.copy()
    rows[::7, 3] = np.nan
    assert np.array_equal(predictions(host.model, NEW), predictions(oracle(rows), NEW))


def test_training_stops_when_the_validation_grows_no_better_and_keeps_the_best_round(tmp_path: Path) -> None:
    noise = {"num_round": "500", "early_stopping_rounds": "5", "max_depth": "8"}
    files = {"train": {"a.csv": csv(ROWS)}, "validation": {"v.csv": csv(NEW)}}
    host, printed = trained(tmp_path, files, hyperparameters=noise)
    scores = [float(found) for found in re.findall(r"validation-rmse:(\S+)", printed)]
    assert len(scores) < 100
    assert host.model.num_boosted_rounds() == int(np.argmin(scores)) + 1


def test_classes_are_learned_and_the_aliases_of_hyperparameters_known(tmp_path: Path) -> None:
    rows = ROWS.copy()
    rows[:, 0] = np.digitize(ROWS[:, 0], [-0.5, 1.5])
    given = {"num_round": "20", "objective": "multi:softprob", "num_class": "3", "learning_rate": "0.2",
             "eval_metric": "mlogloss,merror", "reg_lambda": "2"}  # fmt: skip
    host, printed = trained(tmp_path, {"train": {"a.csv": csv(rows)}}, hyperparameters=given)
    assert predictions(host.model, NEW).shape == (100, 3)
    assert re.search(r"\[19\]#011train-mlogloss:\S+#011train-merror:\S+$", printed, re.MULTILINE)


def test_a_job_that_was_interrupted_goes_on_from_its_last_checkpoint(tmp_path: Path) -> None:
    files = {"train": {"a.csv": csv(ROWS)}}
    first = Host(tmp_path / "first", files, hyperparameters=ROUNDS | {"num_round": "12"})
    second = Host(tmp_path / "second", files)
    for host in (first, second):
        host.config("checkpointconfig", {"LocalPath": "/opt/ml/checkpoints"})
    assert first.train()[0] == 0
    kept = first.folder / "checkpoints"
    assert sorted(path.name for path in kept.iterdir()) == [f"xgboost-checkpoint.{i}" for i in (10, 11, 7, 8, 9)]
    (kept / "xgboost-checkpoint.11").write_bytes(b"half of a file")
    kept.rename(second.folder / "checkpoints")
    status, printed = second.train()
    assert status == 0, printed
    assert "xgboost-checkpoint.11 is no model: an older checkpoint is taken" in printed
    assert "goes on after 11 rounds of a checkpoint" in printed
    assert re.findall(r"^\[(\d+)\]", printed, re.MULTILINE)[:1] == ["11"]
    assert second.model.num_boosted_rounds() == 30
    assert np.allclose(predictions(second.model, NEW), predictions(oracle(ROWS), NEW), atol=1e-4)


@pytest.mark.parametrize("saves", ["true", "false"])
def test_a_stop_ends_with_the_model_so_far_only_where_that_was_asked_for(tmp_path: Path, saves: str) -> None:
    given = {"num_round": "1000000", "save_model_on_termination": saves}
    host = Host(tmp_path / "ml", {"train": {"a.csv": csv(ROWS)}}, hyperparameters=given)
    process = host.start()
    assert process.stdout
    while not process.stdout.readline().startswith("[3]"):
        assert process.poll() is None
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    status, _ = ended(process)
    assert time.monotonic() - begun < 5
    assert status == (0 if saves == "true" else 143)
    assert (host.folder / "model/xgboost-model").exists() == (saves == "true")
    if saves == "true":
        assert host.model.num_boosted_rounds() >= 4


def test_all_hyperparameters_that_are_wrong_are_told_at_once(tmp_path: Path) -> None:
    given = {"max_dept": "3", "eta": "1.5", "subsample": "0", "tree_method": "exakt", "objective": "binary:logistics",
             "num_class": "3", "early_stopping_rounds": "5", "eval_metric": "f1", "min_child_weight": "x",
             "max_depth": "2.5", "sagemaker_region": "us-east-1"}  # fmt: skip
    host = Host(tmp_path / "ml", {"train": {"a.csv": csv(ROWS)}}, hyperparameters=given)
    status, printed = host.train()
    assert status == 1
    assert host.failure in printed
    wanted = [
        '  early_stopping_rounds: needs the channel validation, which the job does not have',
        '  eta: expected a number from 0 to 1, found "1.5"',
        "  eval_metric: expected one of XGBoost's own metrics, as the container's are not computed here, found \"f1\"",
        '  max_dept: unknown; did you mean "max_depth"?',
        '  max_depth: expected a whole number from 0, found "2.5"',
        '  min_child_weight: expected a number from 0, found "x"',
        "  num_class: reg:squarederror has no classes; leave it out, or take multi:softmax",
        "  num_round: is required: the number of rounds of boosting, a whole number from 1",
        '  subsample: expected a number above 0 to 1, found "0"',
    ]  # fmt: skip
    lines = host.failure.splitlines()
    assert lines[0] == "11 hyperparameters are wrong:"
    assert set(wanted) <= set(lines)
    assert any('did you mean "exact"?' in line for line in lines)
    assert any('did you mean "binary:logistic"?' in line for line in lines)


@pytest.mark.parametrize(
    ("files", "more", "reason"),
    [
        ({"a.csv": "y,age,fare\n1,2,3\n"}, {}, 'train/a.csv begins with a header, "y,age,fare"'),
        ({"a.csv": "1,2,3\n4,x,6\n"}, {}, 'train/a.csv, line 2: expected numbers, found "x"'),
        ({"a.csv": "1,2,3\n4,5,6\n7,8\n"}, {}, 'train/a.csv, line 3: expected 3 cells, found 2 in "7,8"'),
        ({"a.csv": "1,2,3\n4,5\n", "b.csv": "1,2,3\n"}, {}, "train/a.csv, line 2: expected 3 cells, found 2"),
        ({"a.csv": "1,2\n", "b.csv": "1,2,3\n"}, {}, "the files of train have 2 columns and 3: not the same"),
        ({"a.csv": "1,2\n,3\n"}, {}, "train/a.csv, row 2: there is no label, which is the first column"),
        ({"a.csv": "1\n2\n"}, {}, "train/a.csv has no features beside the label"),
        ({".a.csv": "1,2\n"}, {}, "train/.a.csv is hidden"),
        ({"1/2/3/4/a.csv": "1,2\n"}, {}, "lies too deep: at most 3 folders"),
        ({"a.csv": ""}, {}, "the channel train has no rows"),
        ({}, {}, "the channel train has no rows"),
        ({"a": "1,2\n"}, {"ContentType": "text/libsvm"}, 'a, line 1: expected "label index:value …", found "1,2"'),
        ({"a": "x"}, {"ContentType": "application/x-parquet"}, "is not read here yet; take text/csv"),
        ({"a": "x"}, {"ContentType": "image/png"}, "the content type image/png is none that XGBoost knows"),
        ({"a": "1,2\n"}, {"ContentType": "text/csv;label_size=2"}, "label_size must be 1"),
        ({"a": "1,2\n"}, {"TrainingInputMode": "Pipe"}, "the channel train is piped"),
    ],
)  # fmt: skip
def test_data_that_cannot_be_learned_from_is_told(
    tmp_path: Path, files: dict[str, str], more: dict[str, str], reason: str
) -> None:
    host = Host(tmp_path / "ml", {"train": files}, channels={"train": CSV | more})
    status, _ = host.train()
    assert status == 1
    assert reason in host.failure
    assert list((host.folder / "model").iterdir()) == []


RECORDIO = {"ContentType": "application/x-recordio-protobuf", "TrainingInputMode": "File"}


def recordio(rows: np.ndarray, label: object = ..., *, zeros_left_out: bool = False) -> bytes:
    """Rows of ``xgboost_world.table`` as records."""
    features = rows[:, 1:].astype(np.float32)
    if zeros_left_out:
        there = features != 0
        features = Sparse(features[there], np.nonzero(there)[1], there.sum(axis=1), features.shape[1])
    labels = {"values": rows[:, 0].astype(np.float32)} if label is ... else label
    return encode(features, labels).content.tobytes()


def test_records_dense_and_sparse_give_the_model_of_the_same_rows_as_text(tmp_path: Path) -> None:
    for zeros_left_out in (False, True):
        rows, new = ROWS.copy(), NEW.copy()
        for part in (rows, new) if zeros_left_out else ():
            part[::5, 3] = 0
        files = {
            "train": {f"{i}.pbr": recordio(rows[i::2], zeros_left_out=zeros_left_out) for i in range(2)},
            "validation": {"v.pbr": recordio(new, zeros_left_out=zeros_left_out)},
        }
        channels = dict.fromkeys(files, RECORDIO)
        host, printed = trained(tmp_path / str(zeros_left_out), files, channels=channels)
        for part in (rows, new) if zeros_left_out else ():
            part[:, 1:][part[:, 1:] == 0] = np.nan  # what a sparse row leaves out is missing
        wanted = oracle(np.concatenate([rows[0::2], rows[1::2]]))
        assert np.array_equal(predictions(host.model, new), predictions(wanted, new))
        assert "[29]#011train-rmse:" in printed
        assert "#011validation-rmse:" in printed


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (recordio(ROWS[:3]) + recordio(table(1, features=5)), "train/b.pbr, record 4: expected 6 columns, found 5"),
        (recordio(ROWS[:3])[:-4], "train/b.pbr, record 3: the file ends within the record"),
        (recordio(ROWS[:3], {}), 'train/b.pbr, record 1: has no label "values", which others have'),
        (recordio(ROWS[:2], {"values": np.array([1, np.nan], "f4")}), "train/b.pbr, record 2: its label is no finite"),
        (b"1,2,3\n", "train/b.pbr, record 1: the file ends within the frame"),
    ],
)
def test_records_that_cannot_be_learned_from_are_named(tmp_path: Path, second: bytes, reason: str) -> None:
    files = {"train": {"a.pbr": recordio(ROWS[:5]), "b.pbr": second}}
    host = Host(tmp_path / "ml", files, channels={"train": RECORDIO})
    assert host.train()[0] == 1
    assert reason in host.failure


def test_records_need_a_label_of_one_number(tmp_path: Path) -> None:
    for name, label, reason in (
        ("none", {}, "train/a.pbr, record 1: has no label"),
        ("two", {"values": np.ones((5, 2), np.float32)}, "train/a.pbr, record 1: its label has 2 numbers, not one"),
    ):
        host = Host(tmp_path / name, {"train": {"a.pbr": recordio(ROWS[:5], label)}}, channels={"train": RECORDIO})
        assert host.train()[0] == 1
        assert reason in host.failure


def test_labels_that_do_not_fit_the_objective_are_told_in_xgboosts_words(tmp_path: Path) -> None:
    given = {"num_round": "1", "objective": "binary:logistic"}
    host = Host(tmp_path / "ml", {"train": {"a.csv": "5,1\n7,2\n"}}, hyperparameters=given)
    assert host.train()[0] == 1
    assert host.failure.startswith("XGBoost: label must be in ")


@pytest.mark.parametrize(
    ("channels", "reason"),
    [({"training": CSV}, "the job has no channel train, which the built-in XGBoost learns from: it has training")],
)
def test_a_job_without_the_channel_train_is_refused(tmp_path: Path, channels: dict[str, Any], reason: str) -> None:
    host = Host(tmp_path / "ml", {}, channels=channels)
    assert host.train()[0] == 1
    assert reason in host.failure


def test_a_script_of_the_users_own_is_refused_rather_than_left_out(tmp_path: Path) -> None:
    given = ROUNDS | {"sagemaker_program": json.dumps("train.py")}
    host = Host(tmp_path / "ml", {"train": {"a.csv": csv(ROWS)}}, hyperparameters=given)
    assert host.train()[0] == 1
    assert "a script of its own, train.py," in host.failure
