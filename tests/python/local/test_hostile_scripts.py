"""Scripts that misuse their folders: nothing of the machine's is moved, read or shown, and nothing is lost silently."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
import worlds
from worlds import IN, OUT, one_step, run

import shardr


@pytest.mark.parametrize("replaced", [OUT, "/opt/ml/processing/output", "/opt/ml/processing"])
def test_an_output_folder_replaced_by_a_link_fails_the_job_and_moves_nothing(tmp_path: Path, replaced: str) -> None:
    treasure = tmp_path / "treasure"
    for folder in (treasure, treasure / "out", treasure / "output/out"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "mine.csv").write_text("a\n1\n")
    body = f"mv {replaced} /tmp/away 2>/dev/null || mv {replaced} /opt/ml/away; ln -s {treasure} {replaced}"
    done = run(tmp_path, one_step(tmp_path, body))
    assert sorted(p.relative_to(treasure).as_posix() for p in treasure.rglob("*.csv")) == [
        "mine.csv",
        "out/mine.csv",
        "output/out/mine.csv",
    ]
    assert (done.status, done.step("work").outputs) == ("Failed", {})
    assert "a symbolic link" in str(done.step("work").failure)


def test_a_message_behind_a_link_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "message").write_text("hush")
    body = f"rm -r /opt/ml/output; ln -s {secret} /opt/ml/output"
    done = run(tmp_path, one_step(tmp_path, body))
    assert "ExitMessage" not in shardr.describe(str(done.step("work").job))


@pytest.mark.parametrize("made", ["mkfifo", "mkdir"])
def test_a_message_that_is_no_file_counts_as_none(tmp_path: Path, made: str) -> None:
    done = run(tmp_path, one_step(tmp_path, f"{made} /opt/ml/output/message"))
    assert done.status == "Completed"


def test_an_output_folder_that_a_script_removed_is_empty(tmp_path: Path) -> None:
    done = run(tmp_path, one_step(tmp_path, f"rm -r {OUT}"))
    assert (done.status, done.step("work").outputs["out"].files) == ("Completed", [])


def test_an_output_folder_that_became_a_file_fails_the_job(tmp_path: Path) -> None:
    done = run(tmp_path, one_step(tmp_path, f"rm -r {OUT}; echo a > {OUT}"))
    assert done.status == "Failed"
    assert "out is no folder" in str(done.step("work").failure)


def test_what_is_no_plain_file_is_left_behind(tmp_path: Path) -> None:
    body = f"""
        import os, socket
        os.chdir("{OUT}")
        os.mkfifo("a.csv"); socket.socket(socket.AF_UNIX).bind("b.csv"); os.mkdir("empty")
        os.symlink(".", "loop"); os.symlink("{OUT}", "up"); open("c.txt", "w").write("kept")
    """
    done = run(tmp_path, one_step(tmp_path, body, "make.py"))
    assert [Path(file).name for file in done.step("work").outputs["out"].files] == ["c.txt"]


def test_files_whose_names_start_with_a_dot_are_no_objects_and_are_not_counted(tmp_path: Path) -> None:
    worlds.files(tmp_path / "data", 1, rows=3)
    body = f"cp {IN}/part-00.csv {OUT}/.part-00.csv; mkdir {OUT}/.tmp; cp {IN}/part-00.csv {OUT}/.tmp/"
    spec = one_step(tmp_path, body, inputs=[{"name": "raw", "source": "data/"}], expect={"rows": "preserved"})
    done = run(tmp_path, spec)
    assert done.status == "Failed"
    assert "3 rows lost" in str(done.step("work").failure)


def test_odd_names_come_through_whole(tmp_path: Path) -> None:
    body = f"""
        import os
        os.chdir("{OUT}".encode())
        for name in [b"line\\nfeed.txt", b"\\xff\\xfe.txt", "\\u00fc \\U0001f600.txt".encode(), b"-rf", b"a'\\"b"]:
            open(name, "w").write("x")
    """
    done = run(tmp_path, one_step(tmp_path, body, "make.py"))
    assert done.status == "Completed"
    names = [os.fsencode(Path(file).name) for file in done.step("work").outputs["out"].files]
    assert names == sorted([b"line\nfeed.txt", b"\xff\xfe.txt", "ü 😀.txt".encode(), b"-rf", b"a'\"b"])


def test_a_clash_of_names_that_are_no_utf8_is_told(tmp_path: Path) -> None:
    done = run(tmp_path, one_step(tmp_path, f"touch {OUT}/$(printf '\\377').txt", instance_count=2))
    assert done.status == "Failed"
    assert "Two instances wrote the same file" in str(done.step("work").failure)


def test_published_files_run_with_nobodys_rights_but_the_callers(tmp_path: Path) -> None:
    done = run(tmp_path, one_step(tmp_path, f"cp /bin/true {OUT}/tool; chmod 6755 {OUT}/tool"))
    (file,) = done.step("work").outputs["out"].files
    assert stat.S_IMODE(Path(file).stat().st_mode) == 0o755


def test_an_output_cannot_be_a_hard_link_to_an_input(tmp_path: Path) -> None:
    data = worlds.files(tmp_path / "data", 1)
    body = f"""
        import os
        for way in (os.link, os.rename):
            try:
                way("{IN}/part-00.csv", "{OUT}/part-00.csv"); print("it can")
            except OSError as error: pass
        try:
            os.rename("/opt/ml/processing/input", "/opt/ml/processing/moved")
            os.link("/opt/ml/processing/moved/raw/part-00.csv", "{OUT}/part-00.csv"); print("it can")
        except OSError as error: pass
    """
    done = run(tmp_path, one_step(tmp_path, body, "make.py", inputs=[{"name": "raw", "source": "data/"}]))
    assert worlds.printed(done) == []
    worlds.until(lambda: (data / "part-00.csv").stat().st_nlink == 1)


def test_what_a_script_leaves_running_ends_with_it(tmp_path: Path) -> None:
    body = f"(trap '' TERM HUP; while true; do echo x >> {OUT}/a.txt; done) & sleep 0.2; exit 0"
    done = run(tmp_path, one_step(tmp_path, body))
    (file,) = done.step("work").outputs["out"].files
    size = Path(file).stat().st_size
    worlds.time.sleep(0.2)
    assert Path(file).stat().st_size == size


def test_an_input_folder_with_a_pipe_in_it_blocks_nobody(tmp_path: Path) -> None:
    data = worlds.files(tmp_path / "data", 1)
    os.mkfifo(data / "pipe.csv")
    spec = one_step(tmp_path, f"ls {IN}", inputs=[{"name": "raw", "source": "data/"}], max_runtime_seconds=5)
    assert worlds.printed(run(tmp_path, spec)) == ["part-00.csv"]


def test_a_line_without_an_end_that_is_longer_than_a_block_is_read(tmp_path: Path) -> None:
    done = run(tmp_path, one_step(tmp_path, "head -c 3000000 /dev/zero | tr '\\0' x; echo; echo end"))
    lines = worlds.printed(done)
    assert (sum(map(len, lines)), lines[-1]) == (3000003, "end")


def test_a_log_of_bytes_that_are_no_text_is_read_and_told(tmp_path: Path) -> None:
    done = run(tmp_path, one_step(tmp_path, "printf 'Error \\377\\000\\n'; printf '😀%.0s' $(seq 2000); exit 1"))
    about = shardr.describe(str(done.step("work").job))
    assert "\ufffd" in about["FailureReason"]
    assert len(about["FailureReason"].encode("utf-16-le")) // 2 <= 1024
