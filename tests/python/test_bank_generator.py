"""The example's data: the same bytes everywhere, with the traps of the real set in them."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "inst" / "examples" / "bank-marketing" / "generate.py"
DROPPED = ("duration", "emp.var.rate", "cons.price.idx", "cons.conf.idx", "euribor3m", "nr.employed")

# Of the first file and of all four one after the other: a change of the data is a change of the example.
DIGESTS = (
    "68d193700fbb1f5d4f6c84f992ca551b45a095c0ed7a4bb7d579adf97439b20f",
    "c50a4fa6513c70e0a22a35986c690dea44aa60cc7653acb7afaa9717c66e5868",
)


def generate(folder: Path, *options: str, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    return subprocess.run([python, str(SCRIPT), str(folder), *options], capture_output=True, text=True, check=False)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bank") / "data set"
    done = generate(folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def rows(dataset: Path) -> list[dict[str, str]]:
    found = []
    for path in sorted(dataset.iterdir()):
        header, *lines = path.read_text().splitlines()
        names = header.split(",")
        found += [{"file": path.name, **dict(zip(names, line.split(","), strict=True))} for line in lines]
    return found


def without(row: dict[str, str], *columns: str) -> tuple[str, ...]:
    return tuple(value for name, value in row.items() if name not in ("file", *columns))


def test_default_call_writes_four_files_of_known_bytes(dataset: Path) -> None:
    paths = sorted(dataset.iterdir())
    assert [path.name for path in paths] == [f"bank-marketing-{i}.csv" for i in (1, 2, 3, 4)]
    contents = [path.read_bytes() for path in paths]
    assert (sha256(contents[0]), sha256(b"".join(contents))) == DIGESTS


def test_other_pythons_write_the_same_bytes(dataset: Path, tmp_path: Path) -> None:
    here = f"python3.{sys.version_info.minor}"
    others = [name for name in ("python3.10", "python3.11", "python3.12", "python3.13", "python3.14") if name != here]
    found = [python for name in others if (python := shutil.which(name))]
    # A version manager's shim is on PATH also when it leads nowhere.
    usable = [p for p in found if subprocess.run([p, "-c", ""], capture_output=True, check=False).returncode == 0]
    if not usable:
        pytest.skip(f"only {here} is on PATH, the bytes of which another test compares")
    for python in usable:
        folder = tmp_path / Path(python).name
        assert generate(folder, python=python).returncode == 0
        for path in dataset.iterdir():
            assert (folder / path.name).read_bytes() == path.read_bytes()


def test_files_have_the_21_columns_lf_and_no_quotes(dataset: Path) -> None:
    for path in dataset.iterdir():
        data = path.read_bytes()
        header = data.split(b"\n", 1)[0]
        assert header.startswith(b"age,job,marital,education,default,housing,loan,contact,month,day_of_week,duration")
        assert header.endswith(b"poutcome,emp.var.rate,cons.price.idx,cons.conf.idx,euribor3m,nr.employed,y")
        assert header.count(b",") == 20
        assert b'"' not in data
        assert b"\r" not in data
        assert data.endswith(b"\n")


def test_rows_are_41188_and_each_value_is_filled(rows: list[dict[str, str]]) -> None:
    assert len(rows) == 41_188
    assert all(all(row.values()) for row in rows)


def test_yes_of_default_is_seen_by_the_first_file_only(rows: list[dict[str, str]]) -> None:
    seen = Counter(row["file"] for row in rows if row["default"] == "yes")
    assert seen == {"bank-marketing-1.csv": 3}


def test_repeats_are_there_before_and_many_after_the_filter(rows: list[dict[str, str]]) -> None:
    assert len(rows) - len({without(row) for row in rows}) >= 12
    repeats = len(rows) - len({without(row, *DROPPED) for row in rows})
    assert 2_300 <= repeats <= 2_500


def test_repeats_lie_in_different_files_too(rows: list[dict[str, str]]) -> None:
    files: dict[tuple[str, ...], set[str]] = {}
    for row in rows:
        files.setdefault(without(row, *DROPPED), set()).add(row["file"])
    assert sum(len(names) > 1 for names in files.values()) > 500


@pytest.mark.parametrize(
    ("column", "value", "low", "high"),
    [
        ("y", "yes", 0.105, 0.12),
        ("pdays", "999", 0.955, 0.97),
        ("job", "unknown", 0.004, 0.012),
        ("marital", "unknown", 0.001, 0.004),
        ("education", "unknown", 0.035, 0.05),
        ("default", "unknown", 0.19, 0.23),
        ("housing", "unknown", 0.02, 0.03),
        ("loan", "unknown", 0.02, 0.03),
        ("poutcome", "nonexistent", 0.85, 0.875),
        ("month", "may", 0.32, 0.345),
    ],
)
def test_shares_are_those_of_the_real_set(
    rows: list[dict[str, str]], column: str, value: str, low: float, high: float
) -> None:
    assert low <= sum(row[column] == value for row in rows) / len(rows) <= high


def test_indicators_agree_within_a_month_of_the_campaign(rows: list[dict[str, str]]) -> None:
    indicators = {(row["month"], *(row[c] for c in DROPPED[1:4]), row["nr.employed"]) for row in rows}
    assert len(indicators) == 26  # ten months of three years, not a free mix of five columns
    assert len({month + price for month, _, price, _, _ in indicators}) == 26


def test_unknown_housing_is_unknown_loan_and_earlier_calls_agree(rows: list[dict[str, str]]) -> None:
    assert all((row["housing"] == "unknown") == (row["loan"] == "unknown") for row in rows)
    assert all((row["previous"] == "0") == (row["poutcome"] == "nonexistent") for row in rows)
    assert all(row["pdays"] == "999" for row in rows if row["poutcome"] == "nonexistent")


def test_a_second_call_touches_nothing_and_a_damaged_file_is_mended(dataset: Path, tmp_path: Path) -> None:
    for path in dataset.iterdir():
        shutil.copy2(path, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert generate(tmp_path).returncode == 0
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before
    damaged = tmp_path / "bank-marketing-2.csv"
    damaged.write_bytes(damaged.read_bytes()[:-1])
    assert generate(tmp_path).returncode == 0
    assert damaged.read_bytes() == (dataset / damaged.name).read_bytes()


def test_other_sizes_have_all_rows_and_leave_no_older_file(tmp_path: Path) -> None:
    assert generate(tmp_path, "--rows", "10", "--files", "7", "--scale", "2").returncode == 0
    assert sum(len(path.read_text().splitlines()) - 1 for path in tmp_path.iterdir()) == 20
    keep = tmp_path / "notes.txt"
    keep.write_text("mine")
    assert generate(tmp_path, "--rows", "0", "--files", "2").returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "bank-marketing-1.csv",
        "bank-marketing-2.csv",
        "notes.txt",
    ]
    assert all(len((tmp_path / f"bank-marketing-{i}.csv").read_text().splitlines()) == 1 for i in (1, 2))


def test_another_seed_gives_other_rows(dataset: Path, tmp_path: Path) -> None:
    assert generate(tmp_path, "--seed", "2").returncode == 0
    assert (tmp_path / "bank-marketing-1.csv").read_bytes() != (dataset / "bank-marketing-1.csv").read_bytes()


@pytest.mark.parametrize("options", [("--rows", "-1"), ("--files", "0"), ("--scale", "1.5"), ("--rows", "many")])
def test_sizes_that_are_none_are_refused(options: tuple[str, str], tmp_path: Path) -> None:
    done = generate(tmp_path / "new", *options)
    assert done.returncode == 2
    assert "must be a whole number from" in done.stderr
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_made_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = generate(tmp_path / "file" / "folder")
    assert done.returncode == 1
    assert done.stderr.startswith("Cannot write into ")
    assert done.stderr.count("\n") == 1
