"""The ledger says what became of the rows, in one sentence."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from shardr.data.ledger import Ledger, audit, check, counts
from shardr.data.rowhash import RowDigest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("claim", "rows_in", "rows_out", "expected"),
    [
        ("preserved", 5, {"kept": 5}, None),
        ("preserved", 0, {"kept": 0}, None),
        ("preserved", 5, {}, "expected rows preserved: 5 in, 0 out: 5 rows lost"),
        ("preserved", 5, {"kept": 4}, "expected rows preserved: 5 in, 4 out (kept 4): 1 row lost"),
        ("preserved", 5, {"kept": 7}, "expected rows preserved: 5 in, 7 out (kept 7): 2 rows too many"),
        ("fewer", 5, {"kept": 5}, None),
        ("fewer", 5, {"kept": 0}, None),
        ("fewer", 5, {"kept": 6}, "expected fewer rows: 5 in, 6 out (kept 6): 1 row too many"),
        ("partitioned", 9, {"train": 5, "test": 4}, None),
        (
            "partitioned",
            41177,
            {"train": 28824, "validation": 5600, "test": 5676},
            "expected rows partitioned: 41,177 in, 40,100 out (train 28,824, validation 5,600, test 5,676): "
            "1,077 rows lost",
        ),
    ],
)
def test_a_broken_claim_says_how_many_rows_went_where(claim, rows_in: int, rows_out, expected: str | None) -> None:
    assert check(claim, rows_in=rows_in, rows_out=rows_out) == expected


def test_the_same_number_of_other_rows_is_no_partition() -> None:
    broken = check("partitioned", rows_in=5, rows_out={"a": 5}, digest_in=RowDigest(5, 1), digest_out=RowDigest(5, 2))
    assert broken == "expected rows partitioned: same number of rows but not the same rows: 5 in, 5 out (a 5)"
    assert check("preserved", rows_in=5, rows_out={"a": 5}, digest_in=RowDigest(5, 1)) is None


def test_only_tables_are_counted(make) -> None:
    table, model = make("a.csv", "a\n1\n2\n"), make("model.rds", "x")
    assert counts([table, model]) == {table: 2}


def test_a_partition_over_files_and_formats_holds(make) -> None:
    files_in = [make("0.csv", "a,b\n1,x\n1,x\n2,y\n"), make("1.csv", "a,b\n3,z\n")]
    out = {"train": [make("t.jsonl", '{"b":"z","a":3}\n{"a":1,"b":"x"}\n')], "test": [make("v.csv", "b,a\ny,2\nx,1\n")]}
    assert audit("partitioned", files_in, out) == Ledger(4, {"train": 2, "test": 2})


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("a,b\n1,x\n1,x\n2,y\n", "1 row lost; in but not out: 1.csv row 1"),
        ("a,b\n1,x\n2,y\n3,z\n", "1 row lost; in but not out: 0.csv row 2"),
        ("a,b\n1,x\n1,x\n2,y\n3,z\n3,z\n", "1 row too many; out but not in: kept.csv row 5"),
        (
            "a,b\n1,x\n1,x\n1,x\n3,z\n",
            "same number of rows but not the same rows: 4 in, 4 out (kept 4); "
            "in but not out: 0.csv row 3; out but not in: kept.csv row 3",
        ),
        ("a,b\n", "4 rows lost; in but not out: 0.csv row 1, 0.csv row 2, 0.csv row 3 and 1 more"),
    ],
)
def test_a_broken_partition_names_a_few_rows(make, kept: str, said: str) -> None:
    files_in = [make("0.csv", "a,b\n1,x\n1,x\n2,y\n"), make("1.csv", "a,b\n3,z\n")]
    broken = audit("partitioned", files_in, {"kept": [make("kept.csv", kept)]}).broken
    assert broken is not None
    assert broken.endswith(said)


def test_counting_claims_load_neither_numpy_nor_pyarrow(make) -> None:
    program = (
        "import sys; from pathlib import Path; from shardr.data.ledger import audit\n"
        "file = Path(sys.argv[1])\nassert audit('preserved', [file], {'a': [file]}).broken is None\nprint(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(make("x.csv", "a\n1\n"))], capture_output=True, text=True, check=True
    )
    assert {"numpy", "pyarrow"}.isdisjoint(done.stdout.split())


def test_the_real_data_are_partitioned_by_themselves(bank: list[Path]) -> None:
    ledger = audit("partitioned", bank, {"first": bank[2:], "second": bank[:2]})
    assert ledger == Ledger(41177, {"first": 20585, "second": 20592})
