"""Channels in mode Pipe on real jobs: what readers get, epoch after epoch, and how jobs end when it goes wrong."""

from __future__ import annotations

import gzip
import json
import time
from typing import TYPE_CHECKING

import pytest
from worlds import files, piped, printed, run, script, submit, until

import shardr

if TYPE_CHECKING:
    from pathlib import Path


def texts(folder: Path, **content: str) -> None:
    """Files ``a``, ``b`` … with these contents."""
    folder.mkdir()
    for name, text in content.items():
        (folder / name).write_text(text)


READ = "cd /opt/ml/input/data\n"


def test_each_epoch_gives_all_objects_in_order_and_no_folder_is_there(tmp_path: Path) -> None:
    texts(tmp_path / "data", a="1\n2\n", b="3\n", c="4\n")
    done = run(tmp_path, piped(tmp_path, f"{READ} ls; cat train_0; echo -; cat train_1 && ls"))
    assert done.status == "Completed", done.step("work").failure
    assert printed(done) == ["code", "train_0", "1", "2", "3", "4", "-", "1", "2", "3", "4", "code", "train_2"]
    streamed = shardr.describe(done.step("work").job)["Shardr"]["hosts"]["algo-1"]["streamed"]["train"]
    assert (streamed["bytes"], streamed["epochs"]) == (16, 2)


def test_a_reader_that_closes_early_gets_the_next_epoch_from_its_beginning(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "big").write_bytes(b"first\n" + bytes(20_000_000))
    done = run(
        tmp_path, piped(tmp_path, f"{READ} head -n 1 train_0; until [ -e train_1 ]; do :; done; head -n 1 train_1")
    )
    assert printed(done) == ["first", "first"]


def test_a_script_cannot_put_anything_in_the_place_of_an_epoch_and_writes_where_it_may(tmp_path: Path) -> None:
    texts(tmp_path / "data", a="1\n")
    tried = ["touch new", "rm train_0", "mkdir train_1", "mv train_0 x", "ln -sf /opt/ml/model/link train_0"]
    body = f"""{READ}
        for tried in {" ".join(f"'{one}'" for one in tried)}; do $tried 2>&1 && exit 1; done | grep -c Read-only
        cat train_0; touch code/mine /opt/ml/model/mine
        """
    done = run(tmp_path, piped(tmp_path, body))
    assert done.status == "Completed", done.step("work").failure
    assert printed(done) == [str(len(tried)), "1"]


def test_a_second_reader_of_an_epoch_finds_nothing_instead_of_half_of_it(tmp_path: Path) -> None:
    texts(tmp_path / "data", a="1\n")
    body = f"{READ} exec 3< train_0; until [ -e train_1 ]; do :; done; ls; cat <&3; cat train_0"
    done = run(tmp_path, piped(tmp_path, body))
    assert done.status == "Failed"
    assert printed(done)[:3] == ["code", "train_1", "1"]
    assert "No such file" in printed(done)[3]


def test_sharded_objects_are_dealt_out_and_shuffled_ones_change_hands_at_each_epoch(tmp_path: Path) -> None:
    files(tmp_path / "data", 8)
    body = f"{READ} for e in 0 1 2; do grep -v file train_$e | cut -d, -f1 | paste -sd' '; done"
    dealt = run(tmp_path, piped(tmp_path, body, instance_count=2, channel={"distribution": "ShardedByS3Key"}))
    assert printed(dealt, "algo-1") == ["0 2 4 6"] * 3
    channel = {"distribution": "ShardedByS3Key", "shuffle_seed": 7}
    mixed = run(tmp_path, piped(tmp_path, body, instance_count=2, channel=channel))
    epochs = list(zip(printed(mixed, "algo-1"), printed(mixed, "algo-2"), strict=True))
    assert len(set(epochs)) == 3
    assert all(sorted(" ".join(both).split()) == list("01234567") for both in epochs)
    again = run(tmp_path, piped(tmp_path, body, instance_count=2, channel=channel))
    assert printed(again, "algo-1") == printed(mixed, "algo-1")


def test_gzip_is_expanded_and_objects_can_be_wrapped_as_records(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for name, content in (("a.gz", b"12345"), ("b.gz", b"1234")):
        (tmp_path / "data" / name).write_bytes(gzip.compress(content))
    channel = {"compression_type": "Gzip", "record_wrapper_type": "RecordIO"}
    done = run(tmp_path, piped(tmp_path, f"{READ} od -An -v -tx1 -w64 train_0 | tr -d ' '", channel=channel))
    assert printed(done) == ["0a23d7ce050000003132333435000000" + "0a23d7ce0400000031323334"]


def test_objects_without_a_byte_add_nothing_or_are_records_of_no_length(tmp_path: Path) -> None:
    texts(tmp_path / "data", a="", b="")
    wrapped = {"name": "wrapped", "source": "data/", "input_mode": "Pipe", "record_wrapper_type": "RecordIO"}
    spec = piped(tmp_path, f"{READ} wc -c < train_0; od -An -v -tx1 wrapped_0 | tr -d ' '")
    spec["steps"][0]["inputs"].append(wrapped)
    assert printed(run(tmp_path, spec)) == ["0", "0a23d7ce00000000" * 2]


def test_an_instance_without_an_object_reads_an_epoch_without_a_byte(tmp_path: Path) -> None:
    texts(tmp_path / "data", a="1\n")
    body = f"{READ} wc -c < train_0; wc -c < train_1"
    done = run(tmp_path, piped(tmp_path, body, instance_count=2, channel={"distribution": "ShardedByS3Key"}))
    assert [printed(done, host) for host in ("algo-1", "algo-2")] == [["2", "2"], ["0", "0"]]


def test_a_channel_without_an_object_fails_the_job_before_it_starts(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    maker = {"name": "make", "code": script(tmp_path, "true", "make.sh"), "outputs": ["none"]}
    spec = piped(tmp_path, f"{READ} cat train_0", channel={"source": {"step": "make", "output": "none"}})
    spec["steps"].insert(0, maker)
    failed = run(tmp_path, spec)
    assert "No S3 objects found" in str(failed.step("work").failure)
    assert printed(failed) == []


def test_of_an_augmented_manifest_attributes_and_the_objects_they_name_are_streamed(tmp_path: Path) -> None:
    client = shardr.local_session().client("s3")
    client.create_bucket(Bucket="pictures")
    for i in range(2):
        client.put_object(Bucket="pictures", Key=f"{i}.txt", Body=f"object {i};".encode())
    lines = [{"image-ref": f"s3://pictures/{i}.txt", "label": i, "unasked": "x"} for i in range(2)]
    (tmp_path / "lines.jsonl").write_text("\n".join(map(json.dumps, lines)))
    channel = {"source": "lines.jsonl", "attribute_names": ["image-ref", "label"]}
    body = f"{READ} cat train_0"
    done = run(tmp_path, piped(tmp_path, body, channel=channel))
    assert printed(done) == ["object 0;0object 1;1"], done.step("work").failure
    lines[1]["image-ref"] = "s3://pictures/none.txt"
    (tmp_path / "lines.jsonl").write_text("\n".join(map(json.dumps, lines)))
    failed = run(tmp_path, piped(tmp_path, body, channel=channel))
    assert "line 2: image-ref names no object: s3://pictures/none.txt" in (failed.step("work").failure or "")


def test_an_object_that_has_gone_when_its_turn_comes_fails_the_job_by_its_name(tmp_path: Path) -> None:
    texts(tmp_path / "data", a="1\n", b="2\n")
    (tmp_path / "data" / "a").write_bytes(b"1\n" + bytes(4_000_000))  # more than what lies between the two
    going = submit(tmp_path, piped(tmp_path, f"{READ} exec 3< train_0; head -c 2 <&3; sleep 2; cat <&3 > /dev/null"))
    until(lambda: "1" in printed(going.refresh()))
    (tmp_path / "data" / "b").unlink()
    failed = going.wait().step("work")
    assert failed.status == "Failed"
    assert failed.failure is not None
    assert "/b" in failed.failure


@pytest.mark.parametrize("body", ["exit 0", "cat train_0 > /dev/null", "head -c 1 train_0 > /dev/null"])
def test_epochs_that_nobody_reads_keep_no_job_from_ending(tmp_path: Path, body: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "big").write_bytes(bytes(4_000_000))
    start = time.monotonic()
    assert run(tmp_path, piped(tmp_path, READ + body)).status == "Completed"
    assert time.monotonic() - start < 30


@pytest.mark.parametrize("path", ["/opt/ml/processing/input/raw", "/opt/ml/processing/raw/"])
def test_a_processing_step_streams_too_wherever_its_input_is(tmp_path: Path, path: str) -> None:
    files(tmp_path / "data", 2)
    step = {
        "name": "work",
        "code": script(tmp_path, f"cat {path.rstrip('/')}_0 > /opt/ml/processing/output/out/all.txt"),
        "inputs": [{"name": "raw", "source": "data/", "input_mode": "Pipe", "path": path}],
        "outputs": ["out"],
    }
    done = run(tmp_path, {"name": "world", "steps": [step]})
    assert done.status == "Completed", done.step("work").failure
    [file] = done.files("work", "out")
    assert file.read_text() == "file,row\n0,0\nfile,row\n1,0\n"
