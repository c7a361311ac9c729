"""`shardr images` in the shell: words with options of their own, tables for people, JSON for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from local.docker.image_world import output

from shardr.cli.app import main
from shardr.local.docker.daemon import connect

if TYPE_CHECKING:
    from pathlib import Path


def test_the_list_shows_what_is_built_and_what_is_missing(
    processing_image: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["images", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["image", "state", "size", "created", "R"]
    assert lines[1].startswith("shardr/processing:latest  built ")
    assert lines[2].startswith("shardr/serving:latest ")
    assert max(map(len, lines[:3])) <= 80


def test_without_a_word_images_are_listed(processing_image: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["images", "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert main(["images", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == plain
    assert plain["images"][0]["uri"] == "shardr/processing:latest"
    assert plain["images"][0]["r_packages"]["data.table"] == "1.14.8"


def test_the_list_of_a_tag_that_nobody_made_says_what_makes_them(
    docker_host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["images", "list", "--tag", "nobody-made-this"]) == 0
    told = capsys.readouterr()
    assert told.out.count("missing") == 7
    assert "shardr images build processing serving dbscan python kmeans pca xgboost" in told.err


def test_a_build_tells_its_steps_on_stderr_and_its_answer_on_stdout(
    processing_image: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["images", "build", "processing", "--json"]) == 0
    told = capsys.readouterr()
    answer = json.loads(told.out)
    assert answer["status"] == "Completed"
    assert [image["state"] for image in answer["images"]] == ["built"]
    assert "COPY r-half /tmp/shardr\n" in told.err


def test_two_commands_make_an_image_of_a_script(
    processing_image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "fit.R").write_text('cat("fitted")\n')
    monkeypatch.chdir(tmp_path)
    assert main(["images", "init", "fit.R", "--name", "shardr-tests/fit"]) == 0
    assert main(["images", "build", "."]) == 0
    try:
        told = capsys.readouterr()
        assert "✔ shardr-tests/fit:latest" in told.out
        assert "add to the step: image: shardr-tests/fit\n" in told.err
        assert output("shardr-tests/fit") == (0, "fitted")
        assert main(["images", "build", ".", "--tag", "2", "--json"]) == 0
        [image] = json.loads(capsys.readouterr().out)["images"]
        assert (image["uri"], image["base"], image["state"]) == ("shardr-tests/fit:2", "shardr/processing", "built")
        assert main(["images", "list", "--json"]) == 0
        listed = json.loads(capsys.readouterr().out)["images"]
        assert image in listed
        assert {"shardr-tests/fit:latest", "shardr-tests/fit:2"} <= {one["uri"] for one in listed}
        assert main(["images", "list", "--tag", "2"]) == 0
        assert "shardr-tests/fit:latest" not in capsys.readouterr().out
    finally:
        for tag in ("latest", "2"):
            connect().remove_image(f"shardr-tests/fit:{tag}", force=True)


def test_a_folder_without_a_dockerfile_says_what_writes_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["images", "build", f"{tmp_path}/", "processing", "--name", "x", "--base", "debian"]) == 2
    told = capsys.readouterr().err
    assert f"`shardr images init {tmp_path}/` writes one" in told
    assert "name: is that of one folder" in told
    assert "change FROM in" in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["bild"], 'images has no word "bild"; did you mean "build"?'),
        (["list", "--tagg=x"], 'shardr images list: there is no option "--tagg=x"; did you mean "--tag"?'),
        (
            ["build", "procesing", "x"],
            'there is no image "x" (shardr has processing, serving, dbscan, python, kmeans, pca and xgboost;',
        ),
        (
            ["build", "procesing"],
            'the image cannot be built\n  name: there is no image "procesing"; did you mean "processing"?',
        ),
        (
            ["build", "--base", "a b", "--tag", "x y"],
            'base: "a b" names no image (a name such as debian:bookworm-slim)',
        ),
        (["list", "--tag", "x y"], 'tag: "x y" is no tag'),
    ],
)
def test_a_slip_is_told_with_what_there_is(
    docker_host: str, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert main(["images", *words]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["list"], ["build"]])
def test_every_word_has_help_of_its_own(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["images", *words, "--help"])
    assert capsys.readouterr().out.startswith(f"usage: {' '.join(['shardr', 'images', *words])} [-h]")


def test_without_a_daemon_the_way_out_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    assert main(["images", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["code"] == "runner_unavailable"
