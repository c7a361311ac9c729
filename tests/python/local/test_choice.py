"""Which runner is taken, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from docker_world import BASE
from worlds import one_step, submit

from shardr.errors import RunnerError
from shardr.local.docker import context
from shardr.local.runners import choice

if TYPE_CHECKING:
    from pathlib import Path


def test_the_call_goes_before_the_environment_and_that_before_the_spec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHARDR_RUNNER", "docker")
    assert [choice.asked_for("process", "auto"), choice.asked_for(None, "auto")] == ["process", "docker"]
    monkeypatch.delenv("SHARDR_RUNNER")
    assert [choice.asked_for(None, "docker"), choice.asked_for(None)] == ["docker", "auto"]


def test_a_runner_that_there_is_not_is_told_with_those_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHARDR_RUNNER", "dockr")
    with pytest.raises(RunnerError) as caught:
        choice.asked_for(None)
    assert str(caught.value) == 'there is no runner "dockr"\n  fix: take auto, process or docker'


def test_auto_takes_docker_where_it_has_all_images_and_says_what_is_missing(docker_host: str) -> None:
    assert choice.choose("auto", [(BASE, "sh"), (BASE, "sh")]) == (
        "docker",
        "auto took docker: its daemon has the image",
    )
    runner, why = choice.choose("auto", [(BASE, "sh"), ("nobody/nothing:1", "")])
    assert runner == "process"
    assert why.endswith("docker not, as the image nobody/nothing:1 is not on this machine")


def test_auto_leaves_python_to_the_process_runner_when_the_image_is_of_r(processing_image: str) -> None:
    assert choice.choose("auto", [(processing_image, "Rscript")])[0] == "docker"
    runner, why = choice.choose("auto", [(processing_image, "Rscript"), (processing_image, "python3")])
    assert (runner, why.rpartition("; ")[2]) == (
        "process",
        f"docker not, as the image {processing_image} has no python3",
    )


def test_auto_takes_process_where_no_daemon_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    runner, why = choice.choose("auto", [(BASE, "sh")])
    assert (runner, why.rpartition("; ")[2]) == (
        "process",
        f"docker not, as no Docker daemon answers at unix://{tmp_path}/no.sock",
    )


def test_what_was_asked_for_is_not_looked_for_before_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere")
    assert choice.choose("docker", [(BASE, "sh")])[0] == "docker"
    with pytest.raises(RunnerError, match="no Docker daemon answers"):
        choice.machine("docker", [BASE])


def test_an_image_of_another_version_is_taken_and_told(
    processing_image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = one_step(tmp_path, "true")
    assert submit(tmp_path, spec, runner="docker").wait().view.runner_reason == "each instance a container of its image"
    monkeypatch.setattr(context, "digest", lambda _: "of tomorrow")
    done = submit(tmp_path, spec, runner="docker").wait()
    assert "of another version of shardr: `shardr images build processing`" in done.view.runner_reason
