"""The verbs of Python: what they give, what they refuse, and what a fresh process knows of an old run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import worlds
from worlds import OUT, one_step, run

import shardr


def test_a_run_collects_into_a_frame_whose_missing_values_change_no_type(tmp_path: Path) -> None:
    body = f"printf 'id,flag,x,day,text\\n1,TRUE,0.5,2026-01-31,ä\\nNA,,NA,,\\n' > {OUT}/$(hostname).csv"
    frame = run(tmp_path, one_step(tmp_path, body, instance_count=2)).collect("work", "out")
    text = str(pd.Series(["a"]).dtype)  # object, and str from pandas 3 on
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        "id": "Int64", "flag": "boolean", "x": "float64", "day": "object", "text": text,
    }  # fmt: skip
    assert frame["id"].tolist()[0] == 1
    assert frame["id"].isna().tolist() == [False, True, False, True]


def test_an_output_is_written_to_one_file(tmp_path: Path) -> None:
    done = run(tmp_path, one_step(tmp_path, f"printf 'a\\n1\\n' > {OUT}/$(hostname).csv", instance_count=2))
    done.collect_to("work", "out", tmp_path / "all.csv")
    done.collect_to("work", "out", tmp_path / "all.parquet")
    assert (tmp_path / "all.csv").read_text() == "a\n1\n1\n"
    assert (tmp_path / "all.parquet").stat().st_size > 0


def test_what_is_not_there_is_named_with_what_is(tmp_path: Path) -> None:
    done = run(tmp_path, one_step(tmp_path, f"echo a > {OUT}/a.csv"))
    with pytest.raises(shardr.NotFoundError, match='no step "wrok"') as error:
        done.collect("wrok", "out")
    assert error.value.fix == "it has work"
    with pytest.raises(shardr.NotFoundError, match='no output "uot"'):
        done.collect("work", "uot")
    with pytest.raises(shardr.NotFoundError, match="no run nobody"):
        shardr.Run("nobody")
    with pytest.raises(shardr.NotFoundError, match="nobody"):
        shardr.describe("nobody")


def test_a_failed_run_raises_with_the_reason_and_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(shardr.JobFailedError, match="exited with code 4") as error:
        shardr.run(one_step(tmp_path, "exit 4"), base=tmp_path)
    assert "shardr logs" in str(error.value.fix)


def test_another_process_finds_a_run_again(tmp_path: Path) -> None:
    started = worlds.submit(tmp_path, one_step(tmp_path, "sleep 0.3; echo done"))
    code = f"import shardr; r = shardr.Run('{started.id}').wait(); print(r.status, [l.text for l in r.logs()])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told == "Completed ['done']\n"


def test_a_submitter_that_is_killed_leaves_the_run_going(tmp_path: Path) -> None:
    worlds.script(tmp_path, f"sleep 0.5; echo a > {OUT}/a.txt")
    code = f"""
import os, shardr, signal
spec = {{"name": "w", "steps": [{{"name": "work", "code": "script.sh", "outputs": "out"}}]}}
print(shardr.submit(spec, base=__import__("pathlib").Path({str(tmp_path)!r})).id, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stdout
    assert shardr.Run(told.strip()).wait().status == "Completed"


def test_importing_shardr_loads_nothing_heavy() -> None:
    heavy = {"pandas", "boto3", "botocore", "pyarrow", "pydantic", "numpy"}
    code = f"import shardr, sys; print(sorted({heavy} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told == "[]\n"


def test_each_public_name_is_there() -> None:
    for name in shardr.__all__:
        assert getattr(shardr, name) is not None
    assert shardr.__version__


def test_a_notebook_shows_a_run_as_a_table_and_no_markup_of_a_script_gets_through(tmp_path: Path) -> None:
    done = run(tmp_path, one_step(tmp_path, "echo '<script>alert(1)</script>' >&2; exit 1"))
    assert "<td>work</td><td>Failed</td>" in done._repr_html_()
    assert "<script>" not in done._repr_html_()


def test_the_doctor_finds_what_these_tests_need() -> None:
    found = {finding.name: finding for finding in shardr.doctor()}
    assert [name for name in ("Python", "R", "Sandbox", "SHARDR_HOME") if not found[name].ok] == []


def test_one_big_file_becomes_shards_that_a_job_can_take(tmp_path: Path) -> None:
    big = tmp_path / "big.csv"
    big.write_text("id\n" + "".join(f"{i}\n" for i in range(1000)))
    parts = shardr.split(big, 4, tmp_path / "data")
    assert [Path(part).name for part in parts] == [f"big-0000{i}-of-00004.csv" for i in range(1, 5)]
    inputs = [{"name": "raw", "source": "data/", "distribution": "ShardedByS3Key"}]
    spec = one_step(
        tmp_path, f"cp {worlds.IN}/* {OUT}/", inputs=inputs, instance_count=3, expect={"rows": "partitioned"}
    )
    done = run(tmp_path, spec)
    assert done.collect("work", "out")["id"].tolist() == list(range(1000))


def test_the_doctor_tells_of_docker_and_misses_it_only_where_it_should_be(
    docker_host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def docker() -> Any:
        return next(finding for finding in shardr.doctor() if finding.name == "Docker")

    assert docker().ok
    assert "images: processing " in docker().found
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere")
    assert not docker().ok
    assert docker().found == "no Docker daemon answers at unix:///nowhere: No such file or directory"


def test_the_doctor_tells_of_an_r_that_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "Rscript"
    broken.write_text("#!/bin/sh\necho no libR >&2; exit 1\n")
    broken.chmod(0o755)
    code = "import shardr; print([(f.ok, f.found) for f in shardr.doctor() if f.name == 'R'])"
    monkeypatch.setenv("SHARDR_RSCRIPT", str(broken))
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told == f"[(False, '{broken} does not run: no libR')]\n"


def test_a_home_that_cannot_be_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SHARDR_HOME", str(tmp_path / "file/home"))
    with pytest.raises(shardr.StoreError, match=r"jobs\.sqlite cannot be used"):
        shardr.jobs()


def test_the_lines_of_balanced_shards_go_by_the_shard(tmp_path: Path) -> None:
    worlds.files(tmp_path / "data", 2)
    inputs = [{"name": "raw", "source": "data/", "distribution": "balanced"}]
    done = run(tmp_path, one_step(tmp_path, f"ls {worlds.IN}", inputs=inputs, instance_count=2))
    assert [(line.instance, line.text) for line in done.logs()] == [
        ("shard-1", "part-00.csv"),
        ("shard-2", "part-01.csv"),
    ]


def model_run(tmp_path: Path, make: str) -> shardr.Run:
    body = f"d=$(mktemp -d); cd $d; {make}; tar czf {OUT}/model.tar.gz ."
    return run(tmp_path, one_step(tmp_path, body))


def test_the_files_in_a_model_are_merged_like_those_of_any_output(tmp_path: Path) -> None:
    make = "for k in 10 2 1; do printf 'row,x\\n%s,0.5\\n' $k > algo-$k-part.csv; done; echo no > .hidden"
    done = model_run(tmp_path, make)
    assert done.collect("work", "out")["row"].tolist() == [1, 10, 2], "in the order of the hosts, which is bytewise"
    assert [path.name for path in done.files("work", "out")] == [
        "algo-1-part.csv",
        "algo-10-part.csv",
        "algo-2-part.csv",
    ]
    done.collect_to("work", "out", tmp_path / "all.csv")
    assert (tmp_path / "all.csv").read_text() == "row,x\n1,0.5\n10,0.5\n2,0.5\n"


def test_an_archive_is_unpacked_once(tmp_path: Path) -> None:
    done = model_run(tmp_path, "echo 1 > a.bin")
    before = done.files("work", "out")[0]
    before.write_text("2")
    assert done.files("work", "out") == [before]
    assert before.read_text() == "2"


def test_what_is_no_table_is_merged_by_a_function_of_the_files(tmp_path: Path) -> None:
    done = model_run(tmp_path, "printf ab > 1.bin; printf cd > 2.bin")
    merged = shardr.collect(done.id, "work", "out", merge=lambda files: b"".join(f.read_bytes() for f in files))
    assert merged == b"abcd"
    with pytest.raises(shardr.DataError, match=r"1\.bin is not a table") as error:
        done.collect("work", "out")
    assert "merge=" in str(error.value.fix)


def test_an_archive_that_cannot_be_trusted_is_not_collected(tmp_path: Path) -> None:
    done = model_run(tmp_path, "ln -s /etc/passwd link; echo 1 > a.csv")
    with pytest.raises(shardr.DataError, match="link: is a symbolic link"):
        done.collect("work", "out")
    with pytest.raises(shardr.DataError, match="holds no files"):
        model_run(tmp_path, "true").files("work", "out")


def test_the_folder_of_a_spec_may_be_a_text_and_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = one_step(tmp_path, f"echo a > {OUT}/a.csv")
    monkeypatch.chdir(tmp_path.parent)
    done = shardr.run(spec, base=tmp_path.name)
    assert [path.name for path in done.files("work", "out")] == ["a.csv"]
    assert shardr.plan(spec, base=str(tmp_path)).steps[0].name == "work"
