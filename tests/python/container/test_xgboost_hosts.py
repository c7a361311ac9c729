"""The built-in XGBoost on several hosts, each a process: it learns what one host would, and nobody waits in vain."""

from __future__ import annotations

import re
import signal
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from host_world import ended
from xgboost_world import ALIKE, AS_GOOD, ROUNDS, Host, csv, libsvm, oracle, predictions, table

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence
    from pathlib import Path

ROWS, NEW = table(600), table(100, seed=2)
LONG = ROUNDS | {"num_round": "1000000"}


def group(
    folder: Path, files: Sequence[dict[str, dict[str, str]]], given: dict[str, str] = ROUNDS, *, kind: str = "text/csv"
) -> list[Host]:
    """Hosts with these files, all of one kind."""
    return Host.group(folder, files, given, {name: {"ContentType": kind} for held in files for name in held})


def trained(hosts: Sequence[Host]) -> list[str]:
    """Runs all to their end, which must be a good one; what each has printed."""
    found = [ended(process) for process in [host.start() for host in hosts]]
    assert [status for status, _ in found] == [0] * len(hosts), "\n".join(printed for _, printed in found)
    return [printed for _, printed in found]


def shares(hosts: int) -> list[dict[str, dict[str, str]]]:
    bounds = [i * 600 // hosts for i in range(hosts + 1)]
    return [
        {"train": {"a.csv": csv(ROWS[start:end])}, "validation": {"v.csv": csv(NEW[i::hosts])}}
        for i, (start, end) in enumerate(pairwise(bounds))
    ]


@pytest.mark.parametrize("number", [2, 3])
def test_hosts_with_a_share_of_the_rows_each_learn_the_model_of_one_host(tmp_path: Path, number: int) -> None:
    hosts = group(tmp_path, shares(number))
    printed = trained(hosts)
    assert predictions(hosts[0].model, NEW) == pytest.approx(predictions(oracle(ROWS), NEW), abs=ALIKE)
    assert [(host.folder / "model/xgboost-model").exists() for host in hosts] == [True] + [False] * (number - 1)
    # of all hosts' rows, and told once
    found = re.search(r"\[29\]#011train-rmse:\S+#011validation-rmse:(\S+)", printed[0])
    assert found
    wanted = float(np.sqrt(np.mean((predictions(hosts[0].model, NEW) - NEW[:, 0]) ** 2)))
    assert float(found[1]) == pytest.approx(wanted, abs=1e-4)
    assert "rmse" not in "".join(printed[1:])


def test_of_many_rows_hosts_learn_a_model_that_is_as_good_as_that_of_one(tmp_path: Path) -> None:
    many, new = table(40_000, seed=5, features=10), table(10_000, seed=6, features=10)
    hosts = group(tmp_path, [{"train": {"a.csv": csv(part)}} for part in np.array_split(many, 2)])
    trained(hosts)
    one, two = (
        float(np.sqrt(np.mean((predictions(model, new) - new[:, 0]) ** 2))) for model in (oracle(many), hosts[0].model)
    )
    assert two == pytest.approx(one, rel=AS_GOOD)


@pytest.mark.parametrize("empty", [0, 1])
def test_a_host_without_rows_leaves_and_the_first_with_some_writes_the_model(tmp_path: Path, empty: int) -> None:
    files = [{"train": {"a.csv": csv(ROWS[:300])}}, {"train": {"b.csv": csv(ROWS[300:])}}]
    files.insert(empty, {"train": {}})
    hosts = group(tmp_path, files)
    printed = trained(hosts)
    assert "takes no part and leaves" in printed[empty]
    writer = 1 if empty == 0 else 0
    assert [(host.folder / "model/xgboost-model").exists() for host in hosts] == [i == writer for i in range(3)]
    assert predictions(hosts[writer].model, NEW) == pytest.approx(predictions(oracle(ROWS), NEW), abs=ALIKE)


def test_a_host_whose_files_are_all_there_are_learns_alone(tmp_path: Path) -> None:
    hosts = group(tmp_path, [{"train": {}}, {"train": {"a.csv": csv(ROWS)}}])
    trained(hosts)
    assert np.array_equal(predictions(hosts[1].model, NEW), predictions(oracle(ROWS), NEW))


def test_rows_without_validation_beside_them_are_left_out_with_a_warning(tmp_path: Path) -> None:
    files = [{"train": {"a.csv": csv(ROWS[:300])}, "validation": {"v.csv": csv(NEW)}},
             {"train": {"b.csv": csv(ROWS[300:])}, "validation": {}}]  # fmt: skip
    hosts = group(tmp_path, files)
    printed = trained(hosts)
    assert f"warning: 300 rows of train on {hosts[1].name} are not learned from" in printed[0]
    assert np.array_equal(predictions(hosts[0].model, NEW), predictions(oracle(ROWS[:300]), NEW))


def test_sparse_rows_are_as_wide_as_those_of_the_widest_host(tmp_path: Path) -> None:
    narrow = ROWS[:300].copy()
    narrow[:, 5:] = 0
    text = "".join(" ".join(line.split()[:5]) + "\n" for line in libsvm(narrow).splitlines())
    hosts = group(tmp_path, [{"train": {"a": text}}, {"train": {"b": libsvm(ROWS[300:])}}], kind="text/libsvm")
    trained(hosts)
    assert hosts[0].model.num_features() == 6


def test_hosts_go_on_together_from_a_checkpoint_that_the_first_has(tmp_path: Path) -> None:
    first = group(tmp_path / "first", shares(2), ROUNDS | {"num_round": "12"})
    second = group(tmp_path / "second", shares(2))
    for host in (*first, *second):
        host.config("checkpointconfig", {"LocalPath": "/opt/ml/checkpoints"})
    trained(first)
    assert not (first[1].folder / "checkpoints").exists()
    (first[0].folder / "checkpoints").rename(second[0].folder / "checkpoints")
    printed = trained(second)
    assert "goes on after 12 rounds of a checkpoint" in printed[0]
    assert second[0].model.num_boosted_rounds() == 30
    assert np.allclose(predictions(second[0].model, NEW), predictions(oracle(ROWS), NEW), atol=1e-4)


def under_way(hosts: Sequence[Host]) -> list[subprocess.Popen[str]]:
    """The hosts as processes, all of which train by now."""
    processes = [host.start() for host in hosts]
    assert processes[0].stdout
    while not processes[0].stdout.readline().startswith("[2]"):
        assert processes[0].poll() is None
    return processes


@pytest.mark.parametrize("victim", [0, 2])
def test_a_host_that_is_killed_is_named_by_the_others_which_end_at_once(tmp_path: Path, victim: int) -> None:
    hosts = group(tmp_path, shares(3), LONG)
    processes = under_way(hosts)
    begun = time.monotonic()
    processes[victim].send_signal(signal.SIGKILL)
    for i, process in enumerate(processes):
        assert ended(process)[0] == (-9 if i == victim else 1)
        if i != victim:
            reason = f"{hosts[victim].name} ended before the training was over: its own log says why"
            assert hosts[i].failure == reason
    assert time.monotonic() - begun < 10


def test_a_host_that_cannot_read_its_rows_is_named_with_its_reason(tmp_path: Path) -> None:
    files = shares(2)
    files[1]["train"]["a.csv"] = "survived,age\n1,2\n"
    hosts = group(tmp_path, files)
    assert [ended(process)[0] for process in [host.start() for host in hosts]] == [1, 1]
    assert hosts[1].failure.startswith("train/a.csv begins with a header")
    assert hosts[0].failure.startswith(f"{hosts[1].name}: train/a.csv begins with a header")


def test_a_host_that_never_comes_is_named_after_a_while(tmp_path: Path) -> None:
    hosts = group(tmp_path, shares(3))
    found = [ended(process) for process in [host.start(SHARDR_JOIN_SECONDS="15") for host in hosts[:2]]]
    assert [status for status, _ in found] == [1, 1]
    assert hosts[0].failure == f"{hosts[2].name} did not come within 15 seconds"
    assert hosts[1].failure == hosts[0].failure


@pytest.mark.parametrize(
    ("files", "given", "reason"),
    [
        ([csv(ROWS), csv(ROWS[:, :5])], ROUNDS, "the rows of train have not the same number of features on all hosts"),
        (["", ""], ROUNDS, "the channel train has no rows on any host"),
        ([csv(ROWS), csv(ROWS)], ROUNDS | {"tree_method": "exact"}, "exact knows one instance only; take hist"),
    ],
)
def test_what_several_hosts_cannot_do_is_told_on_all(
    tmp_path: Path, files: list[str], given: dict[str, str], reason: str
) -> None:
    hosts = group(tmp_path, [{"train": {"a.csv": text}} for text in files], given)
    assert [ended(process)[0] for process in [host.start() for host in hosts]] == [1, 1]
    assert all(reason in host.failure for host in hosts)


def test_a_stop_ends_all_hosts_after_the_same_round_with_the_model_so_far(tmp_path: Path) -> None:
    hosts = group(tmp_path, shares(2), LONG | {"save_model_on_termination": "true"})
    processes = under_way(hosts)
    for process in processes:
        process.send_signal(signal.SIGTERM)
    assert [ended(process)[0] for process in processes] == [0, 0]
    assert hosts[0].model.num_boosted_rounds() >= 3
