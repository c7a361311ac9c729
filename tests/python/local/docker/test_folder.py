"""Folders with a Dockerfile: what is read of them, and images that are built of them for real."""

from __future__ import annotations

import os
import re
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from image_world import output

import shardr
from shardr.api.image_folder import as_folder, is_folder
from shardr.local.docker import folder as module
from shardr.local.docker.daemon import connect
from shardr.local.docker.folder import NAMED, Folder

if TYPE_CHECKING:
    from collections.abc import Iterator

DEBIAN = "FROM debian:bookworm-slim"


def made(at: Path, *lines: str, ignore: str = "", **files: str) -> Folder:
    at.mkdir(parents=True, exist_ok=True)
    (at / "Dockerfile").write_text("\n".join(lines) + "\n")
    if ignore:
        (at / ".dockerignore").write_text(ignore)
    for name, text in files.items():
        (at / name.replace("__", "/")).parent.mkdir(exist_ok=True)
        (at / name.replace("__", "/")).write_text(text)
    return Folder(at, at / "Dockerfile")


@pytest.fixture
def names(docker_host: str) -> Iterator[list[str]]:
    """Names of images that the test makes; they are gone after it."""
    found: list[str] = []
    yield found
    for name in found:
        connect().remove_image(name, force=True)


def test_the_name_is_that_in_the_dockerfile_else_like_the_folder(tmp_path: Path) -> None:
    assert made(tmp_path / "My Größe & Co", DEBIAN).name == "my-gr-e-co"
    assert made(tmp_path / "日本", DEBIAN).name == "my-image"
    assert made(tmp_path / "a", f"{NAMED}team/fit:2", DEBIAN).name == "team/fit:2"


def test_the_name_survives_a_folder_that_is_renamed(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "fit.R").write_text("1")
    shardr.init_image(tmp_path / "a" / "fit.R")
    (tmp_path / "a").rename(tmp_path / "b")
    assert Folder(tmp_path / "b", tmp_path / "b" / "Dockerfile").name == "fit"


def test_bases_are_images_not_stages_arguments_or_words_of_a_step(tmp_path: Path) -> None:
    lines = ["ARG B=x", "from a:1 AS one", "FROM one", "FROM ${B}", "FROM scratch", "FROM --platform=linux/arm64 b",
             "RUN echo 'SELECT \\", "FROM c'", "# FROM d", "FROM e AS two", "FROM a:1"]  # fmt: skip
    assert made(tmp_path, *lines).bases == ["a:1", "e"]


def test_what_is_ignored_is_not_sent_and_anybody_may_read_the_rest(tmp_path: Path) -> None:
    about = made(tmp_path, DEBIAN, ignore="# no data\n*\n!*.R\n!sub/*.R\n",
                 **{"fit.R": "1", "key": "s", "sub__b.R": "2", "sub__d.csv": "3"})  # fmt: skip
    (tmp_path / "fit.R").chmod(0o600)
    os.mkfifo(tmp_path / "pipe.R")
    with about.packed() as packed, tarfile.open(fileobj=packed) as archive:
        found = {entry.name: (entry.mode, entry.uid, entry.uname) for entry in archive}
    assert set(found) == {".dockerignore", "Dockerfile", "fit.R", "sub/b.R"}
    assert found["fit.R"] == (0o644, 0, "")


def test_a_folder_that_is_large_names_its_largest_files(tmp_path: Path) -> None:
    about = made(tmp_path, DEBIAN)
    assert about.burden is None
    with (tmp_path / "big.csv").open("wb") as file:
        file.truncate(1_200_000_000)  # takes no space
    told = made(tmp_path, DEBIAN).burden or ""
    assert told.startswith("1.2 GB are sent")
    assert "big.csv (1.2 GB);" in told  # and nothing small
    assert made(tmp_path, DEBIAN, ignore="*.csv").burden is None


def test_paths_are_folders_and_names_are_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("processing", "analysis"):
        (tmp_path / name).mkdir()
    assert [is_folder(x) for x in ("processing", "analysis", "nothing", ".", "x/", Path("y"))] == [
        False, True, False, True, True, True,
    ]  # fmt: skip
    assert [as_folder(x) for x in (".", "processing", "-x", "/a/b")] == [".", "processing/", "./-x", "/a/b"]


def test_an_image_is_built_of_a_folder_and_told(names: list[str], tmp_path: Path) -> None:
    at = made(tmp_path / "odd 'name' & Co", DEBIAN, "COPY . /x/", ignore="key\n", **{"a b.txt": "1", "key": "s"}).path
    steps: list[str] = []
    image = shardr.build_image(at, name="shardr-tests/odd", tag="1", progress=steps.append)
    names.append(image.uri)
    assert (image.name, image.uri, image.state) == ("shardr-tests/odd", "shardr-tests/odd:1", "built")
    assert (image.base, image.r_version, image.notes) == ("debian:bookworm-slim", None, [])
    assert re.match(r"shardr-tests/odd 1/\d+ FROM debian:bookworm-slim", steps[0])
    assert output(image.uri, "ls", "/x") == (0, "Dockerfile\na b.txt\n")
    assert shardr.build_image(at, name="shardr-tests/odd:1").id == image.id


def test_a_dockerfile_elsewhere_builds_the_folder(names: list[str], tmp_path: Path) -> None:
    at = made(tmp_path / "code", "FROM nowhere", **{"a.R": "1", "b.R": "2"}).path
    file = made(tmp_path / "out", f"{NAMED}shardr-tests/elsewhere", DEBIAN, "COPY *.R /x/").file
    file.with_name("Dockerfile.dockerignore").write_text("b.R\n")
    names.append(shardr.build_image(at, file=file).uri)
    assert output(names[0], "ls", "/x") == (0, "a.R\n")


def test_shardrs_image_that_it_begins_with_is_built_first(
    processing_image: str, names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for where in ("build", "images"):  # under another name, as others on this machine use the image
        monkeypatch.setattr(
            f"shardr.local.docker.{where}.uri", lambda image, tag="latest": f"shardr-tests/{image}:{tag}"
        )
    at = made(tmp_path, "FROM shardr-tests/processing", 'CMD ["Rscript", "-e", "library(shardr); cat(1)"]').path
    names += ["shardr-tests/own:latest", "shardr-tests/processing:latest", "shardr-tests/base:latest"]
    assert shardr.build_image(at, name="shardr-tests/own").r_version == "4.2.2"
    assert output("shardr-tests/own") == (0, "1")


def test_an_image_called_like_shardrs_is_never_pulled(docker_host: str, tmp_path: Path) -> None:
    made(tmp_path, "FROM shardr/processing:r9")
    with pytest.raises(shardr.ImageError, match="is not on this machine") as error:
        shardr.build_image(tmp_path)
    assert "the tag r9" in (error.value.fix or "")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([DEBIAN, "RUN echo the reason; exit 7"], "the reason"),
        (["FORM debian"], "FORM"),
        ([""], "no instructions|empty"),
        ([DEBIAN, "COPY nothing /x"], "nothing"),
        (["FROM localhost:1/nobody/has:1"], "localhost"),
    ],
)
def test_a_dockerfile_that_fails_is_told_with_what_was_printed_last(
    docker_host: str, tmp_path: Path, lines: list[str], told: str
) -> None:
    made(tmp_path, *lines)
    with pytest.raises(shardr.ImageError) as error:
        shardr.build_image(tmp_path, name="shardr-tests/failing")
    assert re.search(told, f"{error.value.what} {error.value.why}")


def test_all_that_is_in_the_way_is_told_at_once(tmp_path: Path) -> None:
    made(tmp_path, DEBIAN)
    for given, places in (
        ({"base": "debian", "name": "No", "tag": "a b"}, ["base", "name", "tag"]),
        ({"name": "processing"}, ["name"]),
        ({"name": "shardr/processing"}, ["name"]),
        ({"name": "fit:1", "tag": "2"}, ["tag"]),
        ({"file": tmp_path / "none"}, [str(tmp_path / "none")]),
    ):
        with pytest.raises(shardr.ImageError) as error:
            shardr.build_image(tmp_path, **given)
        assert [problem.path for problem in error.value.problems] == places
    with pytest.raises(shardr.ImageError, match="is not there"):
        shardr.build_image("nothing/here")
    with pytest.raises(shardr.ImageError, match="of a folder with a Dockerfile only"):
        shardr.build_image("processing", name="mine")


def test_the_limit_of_what_is_told_is_that_of_the_guide() -> None:
    guide = Path(__file__).parents[4] / "docs" / "own-images.md"
    assert f"{module.LARGE // 1_000_000} MB" in guide.read_text()
