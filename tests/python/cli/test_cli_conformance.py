"""`shardr conformance`: a line per clause, status 0 only when all are kept, and nothing left."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import images
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from cli_world import Shell


def test_kept_clauses_have_a_line_each_and_status_0(shardr: Shell) -> None:
    done = shardr(
        "conformance", "--runner", "process", "--language", "python", "--clause", "arguments", "--clause", "peers"
    )
    assert done.status == 0
    lines = done.out.splitlines()
    assert sorted(line.split()[1] for line in lines[:-1]) == ["arguments", "peers"]
    assert all(line.startswith("✔ ") for line in lines[:-1])
    assert lines[-1] == "2 kept, 0 broken"
    assert "process runner, this machine's programs, Python" in done.err


def test_a_broken_clause_is_shown_with_what_was_found_and_gives_status_1(shardr: Shell, docker_host: str) -> None:
    dockerfile = f"FROM {images.python_image()}\nENV SM_HOSTS=algo-1\n"
    with images.image_of("shardr-test/foreign", dockerfile) as image:
        wanted = ("conformance", "--image", image, "--clause", "environment-clean", "--clause", "environment")
        done, as_json = shardr(*wanted), shardr(*wanted, "--json")
    assert (done.status, as_json.status) == (1, 1)
    told = done.out.splitlines()
    assert any(line.startswith("✖ environment-clean") for line in told)
    assert "  algo-1 | AssertionError: ['SM_HOSTS']" in told
    assert told[-1] == "1 kept, 1 broken"
    found = as_json.json
    assert (found["status"], found["runner"], found["image"], found["kept"], found["broken"]) == (
        "Failed", "docker", image, 1, 1,
    )  # fmt: skip
    assert [result["id"] for result in found["clauses"] if not result["ok"]] == ["environment-clean"]


def test_a_clause_that_is_none_is_bad_input(shardr: Shell) -> None:
    done = shardr("conformance", "--clause", "peer", "--json")
    assert (done.status, done.json["code"]) == (2, "not_found")
    assert 'did you mean "peers"' in done.json["problems"][0]["fix"]
    assert len(shardr("conformance", "--clause", "peer").err) < 200


@pytest.mark.parametrize(("sent", "status", "said"), [(signal.SIGINT, 130, b"interrupted"), (signal.SIGTERM, 143, b"")])
def test_an_interruption_stops_the_jobs_and_leaves_no_folder(
    shardr: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: signal.Signals, status: int, said: bytes
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    words = ["--runner", "process", "--language", "python", "--clause", "exit-code", "--clause", "stop-kill"]
    process = shardr.start("conformance", *words)
    assert process.stdout is not None
    assert b"exit-code" in process.stdout.readline()  # stop-kill takes two seconds more
    assert len(list(scratch.glob("shardr-conformance-*"))) == 1
    process.send_signal(sent)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (status, b"")
    assert said in err
    assert list(scratch.iterdir()) == []
