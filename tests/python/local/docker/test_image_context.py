"""What the daemon is given: the same bytes for the same files, and only files that an image is made of."""

from __future__ import annotations

import io
import os
import tarfile
from typing import TYPE_CHECKING

import pytest

from shardr._inst import docker_folder
from shardr.local.docker import context
from shardr.local.docker.images import IMAGES

if TYPE_CHECKING:
    from pathlib import Path


def test_the_images_are_the_folders_of_docker() -> None:
    folders = {path.name for path in docker_folder().iterdir() if path.is_dir()}
    assert folders == {*IMAGES, context.BASE, context.PYTHON_BASE}


@pytest.mark.parametrize("image", [*IMAGES, context.BASE, context.PYTHON_BASE])
def test_packing_the_same_files_again_gives_the_same_bytes(image: str, tmp_path: Path) -> None:
    files = context.files(image)
    again = {}
    for name, path in reversed(files.items()):
        again[name] = tmp_path / name.replace("/", "_")
        again[name].write_bytes(path.read_bytes())
        os.utime(again[name], (1, 1))
        again[name].chmod(0o600)
    assert context.packed(dict(sorted(again.items()))) == context.packed(files)


def test_the_context_holds_the_r_half_without_what_no_image_reads() -> None:
    with tarfile.open(fileobj=io.BytesIO(context.packed(context.files("processing")))) as archive:
        names = archive.getnames()
    assert {"processing/Dockerfile", "r-half/DESCRIPTION", "r-half/R/container.R"} <= set(names)
    assert "r-half/inst/container/Rprofile.R" in names
    others = ("r-half/inst/examples", "r-half/man", "dbscan")
    others += tuple(f"r-half/inst/container/{name}/" for name in ("builtin", "kmeans", "pca", "xgboost"))
    assert [name for name in names if name.startswith(others)] == []


@pytest.mark.parametrize("image", ["kmeans", "pca", "xgboost"])
def test_the_context_of_a_program_is_it_with_what_programs_share_and_the_runtime(image: str) -> None:
    names = set(context.files(image))
    assert {f"{image}/Dockerfile", f"program/{image}/__main__.py", "python-half/shardr/errors.py"} <= names
    assert {name.split("/")[0] for name in names} == {image, "program", "python-half"}
    assert {name.split("/")[1] for name in names if name.startswith("program/")} == {image, "builtin"}
    assert not [name for name in context.files("python") if name.startswith("program/")]


def test_a_change_of_an_r_script_changes_the_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = context.digest("processing")
    files = context.files

    def changed(image: str) -> dict[str, Path]:
        script = tmp_path / "container.R"
        script.write_text("# changed\n")
        return {name: script if name == "r-half/R/container.R" else path for name, path in files(image).items()}

    monkeypatch.setattr(context, "files", changed)
    assert context.digest("processing") != before
