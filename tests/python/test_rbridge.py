"""R in this process: values cross unchanged, errors keep R's words, and a step's script is tried on a sample."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from shardr import r
from shardr.errors import FrameError, RMissingError, SpecError
from shardr.rbridge import RCallError, RWarning
from shardr.spec.processing import ProcessingStep

sys.path.insert(0, str(Path(__file__).parent / "data"))
from frame_cases import built, cases


@pytest.fixture(scope="module")
def in_r():
    """A function that calls R; without R, rpy2 or the R half there is nothing to test.

    R sets variables of its own, such as R_LIBS_USER, in this process, and what other tests start is not to have them.
    """
    before = dict(os.environ)
    try:
        r.call("base::identity", 1)
    except RMissingError as missing:
        pytest.skip(f"{missing.what}: `make setup` brings all that this needs")
    yield r.call
    os.environ.clear()
    os.environ.update(before)


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


# ---- frames ----


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["name"])
def test_a_frame_of_every_type_goes_through_r_unchanged(in_r, case):
    pd.testing.assert_frame_equal(in_r("base::identity", built(case)), built(case), check_exact=True)


def test_r_sees_the_types_that_the_table_promises(in_r):
    frame = pd.DataFrame(
        {
            "double": [1.5, np.nan],
            "integer": [1, 2],
            "big": [2**31, 0],
            "logical": [True, False],
            "text": ["é", None],
            "factor": pd.Categorical(["b", "a"], categories=["b", "a"]),
            "date": [dt.date(2020, 1, 1), None],
        }
    )
    assert in_r("base::sapply", frame, "class") == {
        "double": "numeric",
        "integer": "integer",
        "big": "numeric",
        "logical": "logical",
        "text": "character",
        "factor": "factor",
        "date": "Date",
    }
    assert in_r("base::sapply", frame, "anyNA") == dict(
        zip(frame, [True, False, False, False, True, False, True], strict=True)
    )
    assert in_r("base::nlevels", frame["factor"]) == 2
    assert in_r("base::nchar", frame["text"]) == [1, None]


def test_r_tells_na_from_nan(in_r):
    column = pd.Series(pd.arrays.FloatingArray(np.array([0, np.nan, 1]), np.array([True, False, False])))
    assert in_r("base::is.nan", column) == [False, True, False]
    assert in_r("base::is.na", column) == [True, True, False]
    assert in_r("base::is.nan", pd.Series([np.nan])) is False


def test_r_reads_the_clock_that_python_wrote(in_r):
    times = pd.Series(pd.to_datetime(["2020-07-01 12:30:00"]).tz_localize("Europe/Rome"))
    assert in_r("base::format", times, "%Y-%m-%d %H:%M:%S %Z") == "2020-07-01 12:30:00 CEST"


def test_the_built_in_frames_of_r_arrive_with_row_names_and_factors(in_r):
    cars = in_r("utils::head", in_r("base::get", "mtcars"), 2)
    assert cars.index.tolist() == ["Mazda RX4", "Mazda RX4 Wag"]
    iris = in_r("base::get", "iris")
    assert iris.shape == (150, 5)
    assert iris["Species"].cat.categories.tolist() == ["setosa", "versicolor", "virginica"]


# ---- values ----


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        7,
        -1.5,
        "é\U0001f600",
        dt.date(2020, 2, 29),
        [1, 2, None],
        [True, None],
        ["a", None, ""],
        [1.5, None],
        [],
        {"a": 1, "b": [1, "x", [2, 3]], "c": None, "d": {"e": []}},
        [[1, 2], "x"],
    ],
    ids=repr,
)
def test_a_plain_value_goes_through_r_unchanged(in_r, value):
    assert in_r("base::identity", value) == value
    assert type(in_r("base::identity", value)) is type(value)


def test_numbers_that_r_holds_otherwise_keep_their_value(in_r):
    assert in_r("base::identity", 2**40) == 2.0**40
    assert np.isnan(in_r("base::identity", float("nan")))
    assert in_r("base::identity", np.float32(1.5)) == 1.5
    assert in_r("base::identity", np.array([1, 2])) == [1, 2]
    assert in_r("base::identity", dt.timedelta(hours=1)) == dt.timedelta(hours=1)
    moment = dt.datetime(2020, 1, 1, 12, tzinfo=dt.timezone.utc)
    assert in_r("base::identity", moment) == moment


def test_names_and_length_say_what_a_vector_becomes(in_r):
    assert in_r("base::c", 1, 2) == [1, 2]
    assert in_r("base::c", a=1, b=2) == {"a": 1, "b": 2}
    assert in_r("base::list", 1, b=2) == [1, 2]
    assert in_r("base::integer", 0) == []
    assert in_r("base::factor", ["b", "a"]) == ["b", "a"]


@pytest.mark.parametrize(
    "value", [pd.NA, pd.NaT, [None], pytest.param(object(), id="object"), {1: 2}, 1j, 2**60, np.eye(2)], ids=repr
)
def test_what_has_no_counterpart_in_r_is_refused_with_its_place(in_r, value):
    with pytest.raises(FrameError, match=r"argument here\['x'\]"):
        in_r("base::identity", here={"x": value})


def test_a_result_that_cannot_cross_names_each_part(in_r):
    with pytest.raises(FrameError) as caught:
        in_r("stats::lm", "y ~ x", pd.DataFrame({"x": [1.0, 2, 3], "y": [1.0, 2, 2]}))
    assert {"result$qr$qr: a matrix", "result$call: an R object of type language"} <= {
        problem.message.split(" (")[0] for problem in caught.value.problems
    }


# ---- calls ----


def test_an_underscore_stands_for_the_dot_of_an_r_argument(in_r):
    assert in_r("stats::median", [3, 1, None], na_rm=True) == 2
    assert in_r("base::mean", [3.0, None], na_rm=True) == 3  # na.rm belongs to the method
    assert in_r("base::mean", [3.0, None], **{"na.rm": True}) == 3
    assert list(in_r("base::data.frame", a_b=1)) == ["a_b"]  # data.frame has no a.b: the name is the caller's


def test_an_error_of_r_keeps_its_message_and_its_call(in_r):
    with pytest.raises(RCallError, match=r"stats::aggregate: arguments must have same length") as caught:
        in_r("stats::aggregate", pd.DataFrame({"x": [1, 2]}), [[1]], "mean")
    assert caught.value.call.startswith("aggregate.data.frame(")
    assert caught.value.code == "r_call"


def test_a_warning_of_r_is_a_warning_here(in_r):
    with pytest.warns(RWarning, match="NAs introduced by coercion") as caught:
        assert in_r("base::as.numeric", "a") is None
    assert caught[0].filename == __file__


def test_a_message_of_r_goes_to_stderr_and_is_no_warning(in_r, capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        in_r("base::message", "hello é")
    assert capsys.readouterr().err == "hello é\n"


def test_unknown_names_are_told_apart(in_r):
    with pytest.raises(RMissingError, match="the R package nosuchpackage is not installed"):
        in_r("nosuchpackage::f")
    with pytest.raises(RCallError, match="'nosuch' is not an exported object from 'namespace:stats'"):
        in_r("stats::nosuch")
    with pytest.raises(RCallError, match='"a b::c" does not name a function'):
        in_r("a b::c")


def test_an_r_that_python_started_does_not_start_python_again(in_r):
    assert in_r("base::getOption", "shardr.hosted_by_python") is True
    with pytest.raises(RCallError, match="reticulate cannot be used in an R that Python has started"):
        in_r("reticulate::import", "sys")


def test_importing_the_face_starts_neither_r_nor_pandas():
    found = python("import sys, shardr.r; print([m for m in ('rpy2', 'pandas', 'numpy') if m in sys.modules])")
    assert found.stdout == "[]\n"


def test_without_rpy2_the_error_gives_the_line_that_installs_it():
    found = python("import sys; sys.modules['rpy2'] = None; from shardr import r; r.call('base::identity', 1)")
    assert "RMissingError: rpy2 is not installed" in found.stderr
    assert 'RPY2_CFFI_MODE=ABI pip install "shardr[rpy2]"' in found.stderr


def test_without_r_the_error_says_how_to_get_it(in_r, tmp_path):
    found = python("from shardr import r; r.call('base::identity', 1)", PATH=str(tmp_path), R_HOME="")
    assert "RMissingError: rpy2 does not find R" in found.stderr
    assert "apt-get install r-base-core" in found.stderr


def test_a_python_that_lives_in_r_is_told_to_call_r_there(in_r):
    code = (
        "if (!requireNamespace('reticulate', quietly = TRUE)) { cat('absent'); quit() }\n"
        "face <- reticulate::import('shardr.r')\n"
        "tryCatch(face$call('base::identity', 1), error = function(e) cat(conditionMessage(e)))\n"
    )
    environment = {**os.environ, "RETICULATE_PYTHON": sys.executable, "PYTHONPATH": os.pathsep.join(sys.path)}
    found = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=False, env=environment)
    if found.stdout == "absent":
        pytest.skip("the R package reticulate is not installed")
    assert "this Python lives in an R session" in found.stdout
    assert found.returncode == 0


# ---- previews ----


def step(folder: Path, script: str, **fields) -> ProcessingStep:
    (folder / "step.R").write_text(script, encoding="utf-8")
    given = {
        "name": "try",
        "code": "step.R",
        "inputs": [{"name": "raw", "source": "data/"}],
        "outputs": ["out"],
        **fields,
    }
    return ProcessingStep.model_validate({"image": "processing", **given})


SAMPLE = pd.DataFrame({"x": [1, 2, 3], "s": ["é", None, 'q,"z']})


def test_a_preview_gives_what_the_script_writes(in_r, tmp_path):
    script = """
        library(shardr)
        # /opt/ml in a comment does no harm
        x <- read_channel("raw")
        x$n <- as.integer(commandArgs(trailingOnly = TRUE)[2]) * x$x
        x$word <- Sys.getenv("WORD")
        write_output(x[x$x > 1, ], "out")
    """
    given = {"arguments": ["--n", "3"], "environment": {"WORD": "b é"}, "outputs": ["out", "empty"]}
    found = r.preview(step(tmp_path, script, **given), SAMPLE, folder=tmp_path)
    assert list(found) == ["out"]
    assert found["out"].isna().sum().to_dict() == {"x": 0, "s": 1, "n": 0, "word": 0}
    assert found["out"].fillna("NA").to_dict("list") == {
        "x": [2, 3], "s": ["NA", 'q,"z'], "n": [6, 9], "word": ["b é", "b é"],
    }  # fmt: skip


def test_a_preview_leaves_r_as_it_was(in_r, tmp_path):
    before = [in_r("base::search"), in_r("base::getwd"), in_r("base::set.seed", 1), in_r("stats::runif", 1)]
    in_r("base::set.seed", 1)
    script = (
        'library(tools); set.seed(99); setwd(tempdir()); Sys.setenv(A_B = "1"); mine <- 1; quit(status = 0); stop("no")'
    )
    assert r.preview(step(tmp_path, script, environment={"A_B": "0"}), SAMPLE, folder=tmp_path) == {}
    assert [in_r("base::search"), in_r("base::getwd"), None, in_r("stats::runif", 1)] == before
    assert in_r("base::Sys.getenv", ["A_B", "SHARDR_BASE_DIR"], names=False) == ["", ""]
    assert in_r("base::exists", "mine") is False


def test_a_preview_of_several_inputs_takes_a_frame_for_each(in_r, tmp_path):
    both = step(
        tmp_path,
        'library(shardr); write_output(merge(read_channel("left"), read_channel("right")), "out")',
        inputs=[
            {"name": "left", "source": "a/"},
            {"name": "right", "source": "b/", "path": "/opt/ml/processing/elsewhere"},
        ],
    )
    left, right = pd.DataFrame({"k": [1, 2], "a": [3, 4]}), pd.DataFrame({"k": [2], "b": ["x"]})
    found = r.preview(both, {"left": left, "right": right}, folder=tmp_path)["out"]
    assert found.to_dict("list") == {"k": [2], "a": [4], "b": ["x"]}
    with pytest.raises(SpecError, match="has the inputs left, right, and the sample is for left"):
        r.preview(both, {"left": left}, folder=tmp_path)


def test_fixed_paths_are_refused_before_anything_runs(in_r, tmp_path):
    script = 'stop("it ran"); x <- read.csv("/opt/ml/processing/input/raw/a.csv")'
    with pytest.raises(RCallError, match=r"fixed paths: .*/opt/ml/processing/input/raw/a\.csv") as caught:
        r.preview(step(tmp_path, script), SAMPLE, folder=tmp_path)
    assert "Use `channel()`" in str(caught.value)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ('f <- function() stop("no rows of ", 7); f()', r"step.R: no rows of 7\n  why: raised by f\(\)"),
        ("quit(status = 3)", "step.R: the script quit with status 3"),
        ("x <- (", "step.R: .*unexpected end of input"),
        ('library(shardr); channel("nope")', "nope"),
    ],
)
def test_a_script_that_fails_in_a_preview_fails_with_its_own_words(in_r, tmp_path, script, words):
    with pytest.raises(RCallError, match=words):
        r.preview(step(tmp_path, script), SAMPLE, folder=tmp_path)


def test_a_step_without_an_r_script_has_no_preview(tmp_path):
    with pytest.raises(SpecError, match=r"no R script to preview\n  why: its code is train.py"):
        r.preview(step(tmp_path, "", code="train.py"), SAMPLE, folder=tmp_path)
    with pytest.raises(SpecError, match='the script of step "try" is not there'):
        r.preview(step(tmp_path, "", code="other.R"), SAMPLE, folder=tmp_path)
