"""The packages that R code names are found, and nothing that only looks like one; R's own parser is the judge."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from shardr.api.own_image.r_code import chunks, used
from shardr.api.own_image.r_tokens import NotRError, tokens

REPO = Path(__file__).resolve().parents[4]
TERMINALS = r"""
files <- commandArgs(TRUE)
told <- lapply(files, function(file) {
  found <- utils::getParseData(parse(file, keep.source = TRUE, encoding = "UTF-8"))
  found <- found[found$terminal & found$token != "COMMENT", ]
  found$text[found$token == "STR_CONST"] <- "<text>"
  list(line = I(found$line1), text = I(found$text))
})
cat(jsonlite::toJSON(told, auto_unbox = FALSE))
"""


@pytest.mark.parametrize(
    ("code", "packages"),
    [
        ("library(a1)", {"a1"}),
        ("library(\"a1\"); require('b2')", {"a1", "b2"}),
        ("if (!require(a1)) install.packages('b2')", {"a1"}),
        ('requireNamespace("a1", quietly = TRUE)', {"a1"}),
        ('loadNamespace("a1")$f(); attachNamespace("b2")', {"a1", "b2"}),
        ("base::library(a1, warn.conflicts = FALSE)", {"a1"}),
        ("suppressPackageStartupMessages({library(a1)\nlibrary(b2)})", {"a1", "b2"}),
        ("library(lib.loc = f(x, y), package = a1)", {"a1"}),
        ('library("a1", character.only = TRUE)', {"a1"}),
        ('a1::f(b2:::g); "c3"::h; `d4`::i', {"a1", "b2", "c3", "d4"}),
        ("a1 :: f", {"a1"}),
        ('pacman::p_load(a1, "b2", char = c("c3", "d4"))', {"pacman", "a1", "b2", "c3", "d4"}),
        ("x |> data.table::as.data.table() |> f(y = _)", {"data.table"}),
        ("# library(a1)\n#' @importFrom b2 f\nx <- 1 # c3::f", set()),
        ('"library(a1)"; \'b2::f\'; r"(library(c3))"; R"--[d4::f]--"', set()),
        (r'"a \" library(a1)"', set()),
        ('"over\nlines # library(a1)"\nlibrary(b2)', {"b2"}),
        ("`library(a1)` <- 1", set()),
        ("x$library(a1); y@require(b2)", set()),
        ("library(); library(help = a1)", set()),
        ("library(stats); parallel::mclapply(x, f); grid::unit(1)", set()),
        ("library <- function(x) x", set()),
        ("x %in% y; x %o::p% y; a[[1]][b == 'c']; 1e-5L; 0x1F; .5; 1.; ..1; \\(x) x", set()),
        ("\ufefflibrary(a1)\r\nlibrary(b2)\r\n", {"a1", "b2"}),
        ("größe <- 1; library(a1)", {"a1"}),
    ],
)
def test_packages_are_found_where_r_would_load_them(code: str, packages: set[str]) -> None:
    assert set(used(code).packages) == packages


def test_each_package_has_the_line_that_names_it_first() -> None:
    assert used("x <- 1\nlibrary(a1)\n'\n\n'; b2::f()\nlibrary(a1)").packages == {"a1": 2, "b2": 5}


@pytest.mark.parametrize(
    "code",
    [
        "library(p, character.only = TRUE)",
        "library(p, character.only = T)",
        "lapply(ps, library, character.only = TRUE)",
        "sapply(X = ps, FUN = require, character.only = TRUE)",
        "requireNamespace(p)",
        'library(paste0("a", "b"), character.only = TRUE)',
    ],
)
def test_what_only_the_running_code_knows_is_told_with_its_line(code: str) -> None:
    found = used(f"x <- 1\n{code}")
    assert (found.packages, found.open) == ({}, [2])


def test_files_that_are_sourced_are_found() -> None:
    assert used('source("a.R"); source(file = "b/c.R", local = TRUE); source(x)').sources == ["a.R", "b/c.R"]


@pytest.mark.parametrize(
    ("code", "line", "told"),
    [
        ("x <- 1\nf(x", 2, '"(" is never closed'),
        ("x <- 1\n)", 2, '")" closes nothing'),
        ("f(\n1]", 2, '"]" closes the "(" of line 1'),
        ('x <- 1\ny <- "abc\n', 2, "a text that begins here has no end"),
        ('r"(abc)', 1, "a text that begins here has no end"),
        ("x <- 1\nthis is no R", 2, 'unexpected "is" after "this"'),
        ("x <- 5 6", 1, 'unexpected "6" after "5"'),
        ("y <- 1\nx € y", 2, 'unexpected "€"'),
    ],
)
def test_code_that_is_no_r_is_refused_with_its_line_and_r_refuses_it_too(
    code: str, line: int, told: str, tmp_path: Path
) -> None:
    with pytest.raises(NotRError, match=re.escape(told)) as error:
        used(code)
    assert error.value.line == line
    script = tmp_path / "x.R"
    script.write_text(code, encoding="utf-8")
    assert subprocess.run(["Rscript", "-e", f'parse("{script}")'], capture_output=True).returncode != 0


def test_tokens_are_those_of_rs_own_parser_in_hundreds_of_files() -> None:
    told = subprocess.run(["Rscript", "-e", "cat(R.home())"], capture_output=True, text=True, check=True)
    files = [*REPO.glob("R/*.R"), *REPO.glob("tests/testthat/*.R"), *REPO.glob("inst/**/*.R")]
    files += [*Path(told.stdout).glob("library/*/demo/*.R"), *Path("/usr/lib/R/site-library").glob("*/doc/*.R")]
    files += [*Path("/usr/lib/R/library").glob("*/doc/*.R"), *Path("/usr/lib/R/library").glob("*/tests/*.R")]
    assert len(files) > 60
    command = ["Rscript", "-e", TERMINALS, *map(str, files)]
    judged = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    for file, terminals in zip(files, judged, strict=True):
        theirs = [
            (n, part) for n, text in zip(terminals["line"], terminals["text"], strict=True) for part in _split(text)
        ]
        ours = [
            (word.line, "<text>" if word.kind == "string" else word.text) for word in tokens(file.read_text("utf-8"))
        ]
        assert ours == theirs, file


def _split(text: str) -> list[str]:
    return ["[", "["] if text == "[[" else [text.strip("`") if text.startswith("`") else text]


def test_chunks_of_a_document_keep_their_lines() -> None:
    document = (
        "---\ntitle: x\n---\nText with library(no) and `r a1::f(x)`.\n\n```{r setup, include=FALSE}\nlibrary(b2)\n```\n"
        "```r\nlibrary(shown)\n```\n```{python}\nimport numpy\n```\n````{R}\nlibrary(c3)\n````\n"
    )
    assert used(chunks(document, "r")).packages == {"a1": 4, "b2": 7, "c3": 16}
    assert chunks(document, "python").splitlines()[12] == "import numpy"
