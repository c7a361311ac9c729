"""Real builds: what is inside, what the labels say, and how a failure is told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import image_world
import pytest

import shardr
from shardr._inst import docker_folder
from shardr.api.images import check
from shardr.errors import ImageError, RunnerError
from shardr.local.docker import context
from shardr.local.docker.build import Builder
from shardr.local.docker.daemon import connect
from shardr.local.docker.images import IMAGES, found, required
from shardr.local.runners.machine import this_machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIMITS = {
    "processing": 450e6, "serving": 520e6, "dbscan": 520e6, "python": 450e6, "kmeans": 450e6, "pca": 450e6,
    "xgboost": 470e6,
}  # fmt: skip


@pytest.fixture(scope="module", params=IMAGES)
def image(request: pytest.FixtureRequest, docker_host: str) -> shardr.Image:
    return shardr.build_image(request.param)


def test_an_image_that_was_built_is_up_to_date_and_small(image: shardr.Image) -> None:
    assert image.state == "built"
    assert image in shardr.images()
    assert 100e6 < image.size < LIMITS[image.name]


def test_the_labels_say_which_packages_are_inside_at_the_pinned_versions(image: shardr.Image) -> None:
    language = "r" if context.shared(image.name) == context.BASE else "python"
    packages = image.r_packages if language == "r" else image.python_packages
    pins = dict(line.split() for line in (docker_folder() / f"{language}-packages.txt").read_text().splitlines())
    inside = {name: version for name, version in packages.items() if name in pins}
    assert inside == {name: pins[name] for name in inside}
    if language == "r":
        assert {"data.table", "jsonlite", "cli", "rlang"} <= inside.keys()
        assert packages["shardr"] == shardr.__version__
    else:
        assert {"numpy", "pandas", "scipy"} <= inside.keys()
        assert ("xgboost-cpu" in inside) == (image.name == "xgboost")
        assert image.python_version == "3.11.2"
    assert found(connect(), image.id).labels["org.shardr.version"] == shardr.__version__
    assert image.base == "debian:bookworm-slim"


def test_scripts_run_as_a_user_who_is_not_root_and_may_write_at_home(processing_image: str) -> None:
    assert found(connect(), processing_image).user == "shardr"
    status, printed = image_world.output(processing_image, "sh", "-c", 'id -u; touch "$HOME/x" && echo "$HOME"')
    assert (status, printed.split()) == (0, ["1000", "/home/shardr"])


def test_no_compiler_is_left_inside(image: shardr.Image) -> None:
    tools = "cc gcc g++ c++ gfortran make ld cpp clang"
    with image_world.container(image.uri, "-c", f"command -v {tools}; echo none", entrypoint="sh") as id:
        connect().wait(id)
        assert connect().logs(id).decode().split() == ["none"]


def test_the_environment_has_the_names_that_the_process_runner_sets(image: shardr.Image) -> None:
    inside = connect().inspect_image(image.id)["Config"]["Env"]
    wanted = this_machine().environment.keys()
    if context.shared(image.name) == context.PYTHON_BASE:
        wanted = {name for name in wanted if not name.startswith("R_")}
    assert {line.partition("=")[0] for line in inside} == wanted


def test_r_multiplies_with_openblas(processing_image: str) -> None:
    assert "openblas" in image_world.r(processing_image, "cat(extSoftVersion()[['BLAS']], La_library())")


def test_the_r_half_loads_and_an_error_has_a_traceback(processing_image: str) -> None:
    assert image_world.r(processing_image, "library(shardr); cat(exists('read_channel'))") == "TRUE"
    code = "f <- function() stop('no luck'); f()"
    status, printed = image_world.output(processing_image, "Rscript", "-e", code)
    assert status == 1
    assert "Traceback (innermost call first):\n  1: f()" in printed


def test_the_runtime_of_scripts_is_all_of_shardr_in_a_python_image(docker_host: str) -> None:
    pytest.importorskip("shardr.runtime")
    name = shardr.build_image("python").uri
    code = "import shardr.runtime, sys; print(sorted(m for m in sys.modules if m.split('.')[0] == 'shardr')[:3])"
    status, printed = image_world.output(name, "python3", "-c", code)
    assert (status, printed) == (0, "['shardr', 'shardr.errors', 'shardr.runtime']\n")


def test_the_command_given_is_all_that_runs(processing_image: str) -> None:
    assert found(connect(), processing_image).entrypoint == []
    assert image_world.output(processing_image, "echo", "hello") == (0, "hello\n")


def test_building_again_without_a_change_gives_the_same_image(processing_image: str) -> None:
    steps: list[str] = []
    again = shardr.build_image("processing", progress=steps.append)
    assert found(connect(), processing_image).id == again.id
    assert any(re.fullmatch(r"shardr/processing \d/\d COPY r-half /tmp/shardr", step) for step in steps)


def test_images_share_their_first_layers(docker_host: str) -> None:
    def layers(name: str) -> list[str]:
        return list(connect().inspect_image(name)["RootFS"]["Layers"])

    for name in IMAGES:
        first = layers(f"shardr/{context.shared(name)}:latest")
        assert layers(shardr.build_image(name).uri)[: len(first)] == first


@pytest.fixture
def changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processing_image: str) -> Iterator[str]:
    """The name of an image built when one R file differs from what this checkout has."""
    files = context.files
    script = tmp_path / "container.R"
    script.write_bytes(files("processing")["r-half/R/container.R"].read_bytes() + b"# changed\n")
    tag = "shardr-test-changed"
    with monkeypatch.context() as patch:
        other = {**files("processing"), "r-half/R/container.R": script}
        patch.setattr("shardr.local.docker.build.files", lambda image: other if image == "processing" else files(image))
        patch.setattr(
            "shardr.local.docker.context.files", lambda image: other if image == "processing" else files(image)
        )
        made = Builder(connect(), "debian:bookworm-slim", tag).build("processing", shardr.__version__)
    yield made
    for name in ("processing", "base"):
        connect().remove_image(f"shardr/{name}:{tag}")


def test_an_image_made_of_other_files_is_outdated(changed: str) -> None:
    states = {image.uri: image.state for image in shardr.images("shardr-test-changed")}
    others = {f"shardr/{name}:shardr-test-changed": "missing" for name in IMAGES if name != "processing"}
    assert states == {changed: "outdated"} | others


def test_proxies_of_the_caller_reach_the_build_but_not_the_image(
    docker_host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:secret@proxy.example:3128")
    step = 'RUN case "$HTTPS_PROXY" in *@proxy.example:3128) ;; *) exit 1 ;; esac'
    made = built_of(f"ARG BASE\nFROM ${{BASE}}\n{step}")
    assert "secret" not in f"{connect().inspect_image(made)} {connect().history(made)}"
    connect().remove_image(made)


def built_of(dockerfile: str) -> str:
    """The id of what the build makes of a Dockerfile of our own."""
    builder = Builder(connect(), "debian:bookworm-slim")
    return builder._run("processing", {"Dockerfile": dockerfile.encode()}, "Dockerfile", {"BASE": builder.base})


def test_a_step_that_fails_shows_what_it_printed_last(docker_host: str) -> None:
    with pytest.raises(ImageError) as caught:
        built_of("FROM debian:bookworm-slim\nRUN echo the reason; exit 7")
    assert caught.value.what == "the image shardr/processing:latest cannot be built"
    assert re.search("(code:|exit status) 7", caught.value.why)
    assert "the reason" in caught.value.why
    assert "intermediate container" not in caught.value.why
    assert "--->" not in caught.value.why
    assert caught.value.why.count("exit 7") == 1


def test_no_server_in_reach_is_told_with_the_way_out(docker_host: str) -> None:
    step = "RUN echo Temporary failure resolving deb.debian.org; exit 100"
    with pytest.raises(ImageError) as caught:
        built_of(f"FROM debian:bookworm-slim\n{step}")
    assert "HTTPS_PROXY" in caught.value.fix


def test_a_base_that_is_not_there_and_cannot_be_pulled_says_so(docker_host: str) -> None:
    with pytest.raises(ImageError, match="base image localhost:1/nobody/has-this:1 is not on this machine"):
        shardr.build_image(base="localhost:1/nobody/has-this:1")


def test_all_that_no_build_can_begin_with_is_told_at_once() -> None:
    with pytest.raises(ImageError) as caught:
        shardr.build_image("procesing", base="UPPER", tag="a b")
    assert [problem.path for problem in caught.value.problems] == ["name", "base", "tag"]


@pytest.mark.parametrize("base", ["debian:bookworm-slim", "host:5000/a/b_c:1.2-x", f"debian@sha256:{'0' * 64}"])
def test_names_of_every_kind_are_taken_as_base(base: str) -> None:
    check([], base=base)


def test_an_image_that_is_not_there_says_so(docker_host: str) -> None:
    assert found(connect(), "nobody/has-this:1") is None
    with pytest.raises(ImageError, match="nobody/has-this:1 is not on this machine"):
        required(connect(), "nobody/has-this:1")


def test_without_a_daemon_the_verbs_say_how_to_start_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    with pytest.raises(RunnerError, match="no Docker daemon answers"):
        shardr.images()
    with pytest.raises(RunnerError, match="no Docker daemon answers"):
        shardr.build_image()
