"""How data reaches instances and how results come back, with real jobs."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest
import worlds
from worlds import IN, OUT, one_step, printed, run, submit

import shardr

KEEP = f"for f in {IN}/*.csv; do if [ -e $f ]; then cp $f {OUT}/; fi; done"
SHARDED = {"name": "raw", "source": "data/", "distribution": "ShardedByS3Key"}


def shares(done: shardr.Run, count: int) -> list[list[str]]:
    """The files that each instance listed."""
    return [printed(done, f"algo-{i + 1}") for i in range(count)]


def test_keys_go_to_instances_in_turn_in_bytewise_order(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "Z.csv", "ä.csv", "sub/c.csv"):
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / name).write_text("x\n1\n")
    done = run(tmp_path, one_step(tmp_path, f"cd {IN}; find . -type f", inputs=[SHARDED], instance_count=2))
    assert [sorted(share) for share in shares(done, 2)] == [
        ["./Z.csv", "./b.csv", "./ä.csv"],
        ["./a.csv", "./sub/c.csv"],
    ]


def test_an_instance_without_objects_runs_and_the_job_completes(tmp_path: Path) -> None:
    worlds.files(tmp_path / "data", 2)
    done = run(tmp_path, one_step(tmp_path, f"{KEEP}; ls {IN} | wc -l", inputs=[SHARDED], instance_count=3))
    assert shares(done, 3) == [["1"], ["1"], ["0"]]
    assert done.step("work").outputs["out"].rows == 2


def test_another_seed_gives_another_assignment_and_the_same_result(tmp_path: Path) -> None:
    worlds.files(tmp_path / "data", 12)
    spec = one_step(tmp_path, f"{KEEP}; ls {IN}", inputs=[SHARDED], instance_count=3)
    plain, mixed = run(tmp_path, spec), run(tmp_path, {**spec, "permute": 7})
    assert shares(plain, 3) != shares(mixed, 3)
    assert plain.collect("work", "out").equals(mixed.collect("work", "out"))


PACK = """
    library(shardr)
    for (file in shard_files("raw")) {
      rows <- read_channel("raw", files = file)
      write_output(rows[rows$row != drop, ], "out", sub("csv", "pbr", basename(file)))
    }
    """


def test_rows_of_records_are_counted_held_to_a_claim_and_collected(tmp_path: Path) -> None:
    worlds.files(tmp_path / "data", 3, rows=4)
    fields = {"inputs": [SHARDED], "instance_count": 2, "expect": {"rows": "preserved"}}
    done = run(tmp_path, one_step(tmp_path, "drop <- -1" + PACK, "pack.R", **fields))
    assert done.status == "Completed", done.step("work").failure
    assert (done.step("work").rows_in, done.step("work").outputs["out"].rows) == (12, 12)
    found = done.collect("work", "out")
    assert found.to_numpy().tolist() == [[i, j] for i in range(3) for j in range(4)]
    broken = run(tmp_path, one_step(tmp_path, "drop <- 2" + PACK, "lose.R", **fields))
    assert broken.status == "Failed"
    assert "expected rows preserved: 12 in, 9 out (out 9): 3 rows lost" in str(broken.step("work").failure)


def test_everybody_gets_a_replicated_input(tmp_path: Path) -> None:
    worlds.files(tmp_path / "data", 3)
    done = run(tmp_path, one_step(tmp_path, f"ls {IN}", inputs=[{"name": "raw", "source": "data/"}], instance_count=2))
    assert shares(done, 2) == [["part-00.csv", "part-01.csv", "part-02.csv"]] * 2
    assert done.step("work").rows_in == 3


def test_a_glob_takes_what_matches_and_nothing_else(tmp_path: Path) -> None:
    worlds.files(tmp_path / "my data" / "ünder", 3)
    (tmp_path / "my data/ünder/notes.txt").write_text("no")
    done = run(
        tmp_path,
        one_step(
            tmp_path, f"cd {IN}; find . -type f | sort", inputs=[{"name": "raw", "source": "my data/*/part-0[12].csv"}]
        ),
    )
    assert printed(done) == ["./ünder/part-01.csv", "./ünder/part-02.csv"]


def test_a_manifest_names_its_files_below_a_folder(tmp_path: Path) -> None:
    worlds.files(tmp_path / "data", 3)
    (tmp_path / "some.manifest").write_text(json.dumps([{"prefix": "data/"}, "part-02.csv", "part-00.csv"]))
    spec = one_step(tmp_path, f"ls {IN}", inputs=[{"name": "raw", "source": {"manifest": "some.manifest"}}])
    assert printed(run(tmp_path, spec)) == ["part-00.csv", "part-02.csv"]


def test_an_s3_uri_is_a_string_prefix_below_the_home(tmp_path: Path, home: Path) -> None:
    worlds.files(home / "s3/bucket/raw", 2)
    worlds.files(home / "s3/bucket/raw-old", 1)
    spec = one_step(tmp_path, f"cd {IN}; find . -type f | sort", inputs=[{"name": "raw", "source": "s3://bucket/raw"}])
    assert printed(run(tmp_path, spec)) == ["./part-00.csv", "./part-01.csv", "./raw-old/part-00.csv"]


def test_a_balanced_input_is_cut_by_bytes_into_jobs_of_their_own(tmp_path: Path) -> None:
    for i, rows in enumerate([90, 10, 20, 30, 40]):
        worlds.files(tmp_path / f"made{i}", 1, rows)
        (tmp_path / "data").mkdir(exist_ok=True)
        shutil.move(tmp_path / f"made{i}/part-00.csv", tmp_path / f"data/part-0{i}.csv")
    step = {"inputs": [{**SHARDED, "distribution": "balanced"}], "instance_count": 2, "expect": {"rows": "preserved"}}
    done = run(tmp_path, one_step(tmp_path, KEEP, **step))
    assert (done.status, done.step("work").rows_in, done.step("work").rows_out) == ("Completed", 190, 190)
    assert [len(record["jobs"]) for record in done.to_dict()["steps"]] == [2]
    assert len(done.collect("work", "out")) == 190
    assert [Path(f).parent.name for f in done.step("work").outputs["out"].files] == ["shard-1", *["shard-2"] * 4]


def test_one_balanced_shard_is_tried_again_without_the_others(tmp_path: Path) -> None:
    worlds.files(tmp_path / "data", 2)
    body = f"test ! -e {IN}/part-01.csv; {KEEP}"
    step = {"inputs": [{**SHARDED, "distribution": "balanced"}], "instance_count": 2, "max_attempts": 2}
    done = run(tmp_path, one_step(tmp_path, body, **step))
    assert done.status == "Failed"
    assert [name.removeprefix(done.id) for name in done.step("work").jobs] == ["-work-shard-1", "-work-shard-2-r1"]


def test_an_output_can_have_a_place_of_its_own_beside_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    (tmp_path / "results/before.txt").write_text("kept")
    spec = one_step(tmp_path, f"echo a > {OUT}/a.txt", outputs=[{"name": "out", "destination": "results"}])
    done = run(tmp_path, spec)
    assert sorted(path.name for path in (tmp_path / "results").iterdir()) == ["a.txt", "before.txt"]
    assert done.status == "Completed"


@pytest.mark.alone
def test_steps_without_a_common_need_run_side_by_side(tmp_path: Path) -> None:
    spec = one_step(tmp_path, "sleep 0.6")
    spec["steps"].append({**spec["steps"][0], "name": "beside"})
    start = time.monotonic()
    assert run(tmp_path, spec).status == "Completed"
    assert time.monotonic() - start < 1.1


def test_a_run_goes_on_when_its_folder_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "gone"
    worlds.files(folder / "data", 2)
    spec = one_step(folder, f"sleep 0.3; {KEEP}", inputs=[SHARDED], instance_count=2)
    monkeypatch.chdir(folder)
    started = submit(folder, spec)
    worlds.until(lambda: started.refresh().step("work").hosts and started.step("work").hosts[1].state == "InProgress")
    shutil.rmtree(folder)
    assert shardr.Run(started.id).wait().status == "Completed"
    assert len(started.collect("work", "out")) == 2


def test_two_runs_at_once_do_not_meet(tmp_path: Path) -> None:
    spec = one_step(tmp_path, f"sleep 0.2; hostname > {OUT}/a.txt", instance_count=1)
    both = [submit(tmp_path, spec), submit(tmp_path, spec)]
    assert [started.wait().status for started in both] == ["Completed", "Completed"]
    assert len({started.id for started in both}) == 2


@pytest.mark.parametrize(
    ("body", "claim", "told"),
    [
        (f"head -n -1 {IN}/part-00.csv > {OUT}/a.csv", "preserved", "5 in, 4 out (out 4): 1 row lost"),
        (f"cp {IN}/part-00.csv {OUT}/a.csv; cp {IN}/part-00.csv {OUT}/b.csv", "fewer", "5 rows too many"),
        (f"sed 's/^0,4/0,3/' {IN}/part-00.csv > {OUT}/a.csv", "partitioned", "not the same rows"),
    ],
)
def test_a_broken_claim_fails_the_job_and_says_how_many_rows_went_where(
    tmp_path: Path, body: str, claim: str, told: str
) -> None:
    worlds.files(tmp_path / "data", 1, rows=5)
    spec = one_step(tmp_path, body, inputs=[{"name": "raw", "source": "data/"}], expect={"rows": claim})
    done = run(tmp_path, spec)
    assert (done.status, done.step("work").outputs) == ("Failed", {})
    assert told in str(done.step("work").failure)


def test_a_claim_can_leave_a_lookup_table_out(tmp_path: Path) -> None:
    worlds.files(tmp_path / "data", 1, rows=5)
    worlds.files(tmp_path / "lookup", 1, rows=9)
    inputs = [{"name": "raw", "source": "data/"}, {"name": "lookup", "source": "lookup/"}]
    expect = {"rows": "preserved", "inputs": ["raw"]}
    assert run(tmp_path, one_step(tmp_path, KEEP, inputs=inputs, expect=expect)).status == "Completed"


def test_shards_whose_columns_differ_are_named_when_collected(tmp_path: Path) -> None:
    body = "if [ $(hostname) = algo-1 ]; then printf 'a,b\\n1,2\\n'; else printf 'a,c\\n1,2\\n'; fi"
    body = f"({body}) > {OUT}/$(hostname).csv"
    done = run(tmp_path, one_step(tmp_path, body, instance_count=2))
    with pytest.raises(shardr.ColumnsDifferError, match=r"algo-2\.csv"):
        done.collect("work", "out")
    assert list(done.collect("work", "out", fill=True).columns) == ["a", "b", "c"]


def test_a_folder_that_is_used_again_is_collected_without_what_others_left_there(tmp_path: Path) -> None:
    outputs = [{"name": "out", "destination": "results"}]
    for name in ("b", "a"):
        body = f"printf 'x\\n1\\n' > {OUT}/{name}.csv; mkdir {OUT}/deep; printf 'x\\n1\\n' > {OUT}/deep/{name}.csv"
        done = run(tmp_path, one_step(tmp_path, body, outputs=outputs))
        assert len(done.collect("work", "out")) == 2
    names = [file.partition("/results/")[2] for file in done.step("work").outputs["out"].files]
    assert names == ["a.csv", "deep/a.csv"]
    assert len(list((tmp_path / "results").rglob("*.csv"))) == 4


def test_rows_are_counted_though_the_originals_are_gone(tmp_path: Path) -> None:
    data = worlds.files(tmp_path / "data", 1)
    with (data / "part-00.csv").open("a") as stream:
        stream.write('"x\n",1\n' * 3_000_000)
    spec = one_step(tmp_path, f"echo ready; {KEEP}", inputs=[SHARDED], expect={"rows": "partitioned"})
    started = submit(tmp_path, spec)
    worlds.until(lambda: printed(started))
    shutil.rmtree(data)
    done = started.wait()
    assert (done.status, done.step("work").rows_in, done.step("work").failure) == ("Completed", 3_000_001, None)


def test_a_table_that_cannot_be_counted_is_named_as_the_script_knows_it(tmp_path: Path) -> None:
    done = run(tmp_path, one_step(tmp_path, f"printf 'a,b\\n1,\"x\\n' > {OUT}/x.csv"))
    assert str(done.step("work").failure).startswith("out/x.csv breaks off")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/x.csv").write_text('a,b\n1,"x\n')
    done = run(tmp_path, one_step(tmp_path, "true", inputs=[SHARDED]))
    assert str(done.step("work").failure).startswith("algo-1:/opt/ml/processing/input/raw/x.csv breaks off")
