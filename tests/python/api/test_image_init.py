"""A Dockerfile for one's own scripts: what is in it, where it comes from, and what stands in the way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import shardr

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def no_daemon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")


def script(folder: Path, code: str, name: str = "main.R") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(code)
    return folder / name


def lock(folder: Path, r: str = "4.2.2", **versions: str) -> None:
    packages = {
        name: {"Package": name, "Version": version, "Source": "Repository"} for name, version in versions.items()
    }
    (folder / "renv.lock").write_text(json.dumps({"R": {"Version": r}, "Packages": packages}))


def steps(draft: shardr.ImageDraft) -> list[str]:
    """The Dockerfile without comments, a line for each instruction."""
    lines = [line for line in draft.dockerfile.read_text().splitlines() if not line.startswith("#")]
    return [" ".join(step.split()) for step in "\n".join(lines).replace("\\\n", " ").splitlines() if step.strip()]


def test_what_debian_has_comes_from_debian_and_what_the_base_has_is_left_out(tmp_path: Path) -> None:
    draft = shardr.init_image(script(tmp_path / "Big Bank", "library(R6); library(data.table); library(shardr)"))
    assert (draft.name, draft.base, draft.debian, draft.compiled) == ("main", "shardr/processing", ["r-cran-r6"], [])
    found = steps(draft)
    assert found[:2] == ["FROM shardr/processing", "USER root"]
    assert 'r-cran-r6=2.5.1*"' in found[2]
    assert found[-3:] == [
        "USER shardr", "COPY main.R /home/shardr/code/", 'CMD ["Rscript", "/home/shardr/code/main.R"]'
    ]  # fmt: skip
    assert draft.command == f"shardr images build '{tmp_path}/Big Bank'"
    assert draft.docker == f"docker build -t main '{tmp_path}/Big Bank'"


def test_no_image_says_where_a_job_begins_and_what_is_loaded_is_found_all_the_same(tmp_path: Path) -> None:
    script(tmp_path, "1", "help.R")
    found = steps(shardr.init_image(script(tmp_path, 'source("help.R")')))
    assert not any(step.startswith("WORKDIR") for step in found)
    assert found[-1] == 'CMD ["sh", "-c", "cd /home/shardr/code && exec Rscript main.R"]'


def test_a_script_that_needs_nothing_more_installs_nothing(tmp_path: Path) -> None:
    draft = shardr.init_image(script(tmp_path, "library(data.table)"))
    assert not any("apt-get" in step for step in steps(draft))


def test_what_debian_has_not_is_compiled_apart_and_its_libraries_are_named(tmp_path: Path) -> None:
    draft = shardr.init_image(script(tmp_path, "library(RPostgres); library(rJava); library(mailR); library(made.up)"))
    assert draft.debian == ["r-cran-rjava"]
    assert draft.compiled == ["RPostgres", "made.up", "mailR"]
    assert draft.libraries == {"RPostgres": ["libpq-dev"], "mailR": ["default-jdk-headless"]}
    found = steps(draft)
    compiling = next(step for step in found if "r-base-dev" in step)
    assert "libpq-dev" in compiling
    assert found.index("FROM ready AS compiled") < found.index(compiling) < found.index("FROM ready")
    assert "default-jre-headless" in found[2]  # mailR starts java
    assert "# RPostgres needs libpq-dev." in draft.dockerfile.read_text()


def test_versions_are_those_of_the_lock(tmp_path: Path) -> None:
    at = script(tmp_path, "library(R6); library(digest); library(zoo)")
    lock(tmp_path, R6="2.5.1", digest="0.6.33", jsonlite="1.8.4", cli="3.6.1", renv="1.0.3")
    draft = shardr.init_image(at)
    assert (draft.debian, draft.compiled) == (["r-cran-r6"], ["cli", "digest"])
    assert draft.notes == [
        "main.R, line 1: zoo is not in renv.lock, so it is not in the image; renv::snapshot() adds it"
    ]
    restoring = next(step for step in steps(draft) if "renv::restore" in step)
    assert 'wanted <- c("cli", "digest")' in restoring
    assert "!renv.lock" in (tmp_path / ".dockerignore").read_text().splitlines()


def test_another_r_than_the_locks_is_told_with_the_way_out(tmp_path: Path) -> None:
    at = script(tmp_path, "library(R6)")
    lock(tmp_path, r="4.4.1", R6="2.5.1")
    assert "--base rocker/r-ver:4.4.1" in shardr.init_image(at).notes[0]
    draft = shardr.init_image(at, base="rocker/r-ver:4.4.1", force=True)
    assert (draft.notes, draft.debian, draft.compiled) == ([], [], ["R6"])
    assert "r-base-dev" not in draft.dockerfile.read_text()


def test_a_package_spelled_like_a_known_one_is_asked_about(tmp_path: Path) -> None:
    draft = shardr.init_image(script(tmp_path, "x <- 1\nlibrary(data.tabel)\nlibrary(digset)"))
    assert draft.notes == [
        "main.R, line 2: data.tabel: not in Debian; did you mean data.table?",
        "main.R, line 3: digset: not in Debian; did you mean digest?",
    ]


def test_the_base_that_is_not_built_yet_is_told_only_where_a_daemon_can_tell(tmp_path: Path) -> None:
    assert shardr.init_image(script(tmp_path, "1")).notes == []


def test_a_folder_copies_by_kind_and_lets_nothing_else_into_the_build(tmp_path: Path) -> None:
    for name in ("b.R", "a.R", "data.csv", ".Renviron"):
        script(tmp_path, "1", name)
    script(tmp_path / "my sub", "1", "c.R")
    draft = shardr.init_image(tmp_path, name="team/bank:1")
    found = steps(draft)
    assert "COPY *.R /home/shardr/code/" in found
    assert 'COPY ["my sub/*.R", "/home/shardr/code/my sub/"]' in found
    assert not any(step.startswith("CMD") for step in found)
    assert (tmp_path / ".dockerignore").read_text().splitlines()[1:] == ["*", "!*.R", "!my sub/*.R"]


def test_python_comes_with_what_is_imported_or_required(tmp_path: Path) -> None:
    at = script(tmp_path, "import numpy\nimport nowhere.to\n", "main.py")
    draft = shardr.init_image(at)
    assert draft.base == "debian:bookworm-slim"
    assert [word.partition("==")[0] for word in draft.python] == ["nowhere", "numpy"]
    assert "nowhere: not installed here" in draft.notes[0]
    (tmp_path / "requirements.txt").write_text("numpy==2.0.0\n")
    draft = shardr.init_image(at, force=True)
    found = steps(draft)
    assert "COPY requirements.txt /opt/requirements.txt" in found
    assert 'CMD ["python3", "/home/shardr/code/main.py"]' in found
    assert draft.python == []
    assert "apt-get" not in " ".join(steps(shardr.init_image(at, base="python:3.12-slim", force=True)))


def test_files_go_to_the_output_and_the_command_names_them(tmp_path: Path) -> None:
    at = script(tmp_path / "a", "1")
    draft = shardr.init_image(at, output=tmp_path / "b")
    assert sorted(path.name for path in (tmp_path / "b").iterdir()) == ["Dockerfile", "Dockerfile.dockerignore"]
    assert draft.command == f"shardr images build {tmp_path}/a --file {tmp_path}/b/Dockerfile"
    assert draft.docker == f"docker build -t main -f {tmp_path}/b/Dockerfile {tmp_path}/a"


def test_what_is_there_is_kept_and_all_problems_are_told_at_once(tmp_path: Path) -> None:
    at = script(tmp_path, "f(\nlibrary(shardr)")
    (tmp_path / "Dockerfile").write_text("mine")
    (tmp_path / "renv.lock").write_text('{"R": {}, "Packages": {"a": {}}}')
    with pytest.raises(shardr.ImageError) as error:
        shardr.init_image(at, name="No Name", base="rocker/r-ver:4.4.1")
    assert [(problem.path, problem.message) for problem in error.value.problems] == [
        ("main.R, line 1", '"(" is never closed'),
        ("renv.lock: R.Version", "is not there"),
        ("renv.lock: Packages.a.Version", "is not there"),
        (str(tmp_path / "Dockerfile"), "exists already"),
        ("name", 'no image can be named "No Name"'),
    ]
    assert "force=True" in str(error.value.fix)
    assert (tmp_path / "Dockerfile").read_text() == "mine"


def test_a_lock_that_is_no_json_is_one_problem_among_others(tmp_path: Path) -> None:
    (tmp_path / "renv.lock").write_text("<<<<<<< HEAD")
    with pytest.raises(shardr.ImageError, match="was not written") as error:
        shardr.init_image(script(tmp_path, "1"))
    assert "renv.lock: cannot be read" in str(error.value)


def test_shardr_itself_needs_a_base_that_has_it(tmp_path: Path) -> None:
    with pytest.raises(shardr.ImageError) as error:
        shardr.init_image(script(tmp_path, "library(shardr)"), base="rocker/r-ver:4.4.1")
    assert "shardr is not in rocker/r-ver:4.4.1" in str(error.value)
    draft = shardr.init_image(script(tmp_path, "library(shardr); library(R6)"), base="shardr/processing:r4.4")
    assert (draft.debian, draft.compiled) == ([], ["R6"])  # a tag of one's own: the R inside is not Debian's


def test_a_base_that_no_image_can_be_named_is_refused(tmp_path: Path) -> None:
    with pytest.raises(shardr.ImageError, match="was not written") as error:
        shardr.init_image(script(tmp_path, "1"), base="x\nRUN evil")
    assert error.value.problems[0].path == "base"


def test_a_script_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    script(tmp_path, "1", "main.R")
    for name, fix in (("mian.R", 'did you mean "main.R"?'), ("other.py", "in its folder there is main.R")):
        with pytest.raises(shardr.ImageError) as error:
            shardr.init_image(tmp_path / name)
        assert [problem.fix for problem in error.value.problems] == [fix]


def test_documents_are_rendered_and_quarto_is_left_to_its_user(tmp_path: Path) -> None:
    draft = shardr.init_image(script(tmp_path, "```{r}\nlibrary(R6)\n```\n", "report.Rmd"))
    assert draft.debian == ["r-cran-r6", "r-cran-rmarkdown"]
    assert steps(draft)[-1] == """CMD ["Rscript", "-e", "rmarkdown::render('/home/shardr/code/report.Rmd')"]"""
    draft = shardr.init_image(script(tmp_path, "```{r}\n1\n```\n", "page.qmd"), force=True)
    assert draft.notes == ["page.qmd: Quarto itself is not in Debian: install it in the Dockerfile"]


def test_r_on_a_plain_debian_brings_r_and_a_user(tmp_path: Path) -> None:
    draft = shardr.init_image(script(tmp_path, "library(made.up)"), base="debian:bookworm-slim")
    found = steps(draft)
    assert "ca-certificates r-base-core" in found[2]
    assert any(step.startswith("RUN useradd") for step in found)
    assert found[-3] == "USER shardr"


def test_a_script_called_like_an_image_of_shardrs_needs_another_name(tmp_path: Path) -> None:
    with pytest.raises(shardr.ImageError, match="own"):
        shardr.init_image(script(tmp_path, "1", "processing.R"))
    assert shardr.init_image(script(tmp_path, "1", "processing.R"), name="prepare").name == "prepare"
