"""The scripts that an image is for, with what they use of R and of Python."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

from shardr.api.own_image import py_code, scripts

if TYPE_CHECKING:
    from pathlib import Path


def made(folder: Path, **files: str) -> Path:
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder


def test_a_script_brings_the_scripts_that_it_loads(tmp_path: Path) -> None:
    folder = made(
        tmp_path, main_dot_R='source("R/help.R"); library(a1)', R__help_dot_R='source("R/more.R")',
        R__more_dot_R="b2::f()", other_dot_R="library(no)",
    )  # fmt: skip
    found = scripts.read(folder / "main.R")
    assert [file.as_posix() for file in found.files] == ["R/help.R", "R/more.R", "main.R"]
    assert found.r_packages == {"a1": "main.R, line 1", "b2": "R/more.R, line 1"}


def test_of_a_folder_all_scripts_count_but_other_peoples(tmp_path: Path) -> None:
    folder = made(
        tmp_path, a_dot_R="library(a1)", sub__b_dot_r="library(b2)", c_dot_Rmd="```{r}\nlibrary(c3)\n```",
        renv__activate_dot_R="library(no)", venv__x_dot_py="import no", notes_dot_txt="library(no)",
    )  # fmt: skip
    found = scripts.read(folder)
    assert [file.as_posix() for file in found.files] == ["a.R", "c.Rmd", "sub/b.r"]
    assert set(found.r_packages) == {"a1", "b2", "c3", "rmarkdown"}
    assert (found.r, found.python) == (True, False)


def test_python_modules_beside_the_script_come_along_and_are_no_packages(tmp_path: Path) -> None:
    folder = made(
        tmp_path, main_dot_py="import os, helpers, tools.x\nimport numpy as np", helpers_dot_py="import yaml",
        tools____init___dot_py="",
    )  # fmt: skip
    (folder / "tools").mkdir(exist_ok=True)
    (folder / "tools" / "__init__.py").write_text("")
    found = scripts.read(folder / "main.py")
    assert [file.as_posix() for file in found.files] == ["helpers.py", "main.py", "tools/__init__.py"]
    assert found.modules == {"numpy": "main.py, line 2", "yaml": "helpers.py, line 1"}


def test_all_problems_are_told_each_with_its_line(tmp_path: Path) -> None:
    folder = made(tmp_path, a_dot_R="x <- (1\n", b_dot_py="import os\ndef f(:\n", c_dot_R='y <- "\n')
    told = [str(problem) for problem in scripts.read(folder).problems]
    assert told[0] == 'a.R, line 1: "(" is never closed'
    assert told[1].startswith("b.py, line 2: invalid syntax")
    assert told[2] == "c.R, line 1: a text that begins here has no end"


@pytest.mark.parametrize(
    ("name", "told"), [("", "holds no script"), ("no.R", "is not there"), ("x.csv", "is no script")]
)
def test_where_no_script_is_it_says_so(tmp_path: Path, name: str, told: str) -> None:
    (tmp_path / "x.csv").write_text("a,b\n")
    assert told in str(scripts.read(tmp_path / name).problems[0])


def test_python_packages_have_the_names_that_pip_knows_and_the_versions_of_here() -> None:
    modules = list(py_code.used("import os\nimport numpy.linalg\nfrom skimage import x\nfrom . import y\nimport yaml"))
    assert py_code.distributions(modules) == [
        f"numpy=={version('numpy')}",
        f"PyYAML=={version('PyYAML')}",
        "scikit-image",
    ]
