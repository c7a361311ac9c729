"""`shardr images init` and `push` in the shell: what people read, what programs read, and slips."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from registry import registry

from shardr.cli.app import main
from shardr.local.docker.daemon import connect

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    (tmp_path / "bank.R").write_text("library(R6)\nlibrary(RPostgres)\nlibrary(p, character.only = TRUE)\n")
    monkeypatch.chdir(tmp_path)
    return "bank.R"


def test_a_dockerfile_is_written_and_what_to_do_next_is_told(script: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["images", "init", script]) == 0
    told = capsys.readouterr()
    assert told.out == "Dockerfile\n.dockerignore\n"
    assert told.err.splitlines() == [
        "from Debian r-cran-r6",
        "compiled    RPostgres",
        "to compile  RPostgres needs libpq-dev",
        "note        bank.R, line 3: which package is loaded is known only when it runs: name it by library()",
        "build it    shardr images build .",
        "            or docker build -t bank .",
        "add to the step: image: bank",
    ]


def test_programs_get_one_object(script: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["images", "init", script, "--name", "team/bank", "--output", "out", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["name"], answer["dockerfile"], answer["libraries"]) == (
        "team/bank", "out/Dockerfile", {"RPostgres": ["libpq-dev"]},
    )  # fmt: skip


def test_a_second_time_refuses_unless_forced(script: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert [main(["images", "init", script, *more]) for more in ([], [], ["--force"])] == [0, 2, 0]
    assert "Dockerfile: exists already" in capsys.readouterr().err


def test_a_push_tells_its_layers_and_answers_with_the_address(
    docker_host: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    client = connect()
    client.import_image_from_data(bytes(10240), repository="shardr-tests/shell", tag="1.0")
    with registry(tmp_path / "registry") as address:
        try:
            assert main(["images", "push", "shardr-tests/shell:1.0", f"{address}/shell"]) == 0
            told = capsys.readouterr()
            assert told.out.startswith(f"{address}/shell@sha256:")
            assert ": pushed\n" in told.err
            assert main(["images", "push", "shardr-tests/shell:1.0", f"{address}/shell", "--tag", "2", "--json"]) == 0
            answer = json.loads(capsys.readouterr().out)
            assert (answer["uri"] + "\n", answer["tag"]) == (told.out, "2")
        finally:
            for name in ("shardr-tests/shell:1.0", f"{address}/shell:1.0", f"{address}/shell:2"):
                client.remove_image(name, force=True)


def test_where_to_push_must_be_said(docker_host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["images", "push", "processing", "--json"]) == 2
    answer = json.loads(capsys.readouterr().out)
    assert (answer["code"], answer["problems"][0]["path"]) == ("image", "repository")


def test_help_says_that_no_password_is_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["images", "push", "--help"])
    told = capsys.readouterr().out
    assert "SHARDR_REGISTRY_PASSWORD" in told
    assert "--password" not in told
