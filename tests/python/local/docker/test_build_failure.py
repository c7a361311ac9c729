"""What a failed build says: the step once, what it printed last, and the way out that fits the cause."""

from __future__ import annotations

import pytest

from shardr.local.docker.build_failure import failed, shortened

ERROR = "The command '/bin/sh -c Rscript -e 1' returned a non-zero code: 1"
UNREACHED = "Warning: unable to access index for repository https://cran.example/src/contrib:"
UNKNOWN = "Warning message:\npackage \u2018digset\u2019 is not available for this version of R"


def test_the_step_is_shown_once_and_on_one_line() -> None:
    error = failed("fit", f"3/9 RUN Rscript -e {'x' * 200}", [f"line {i}" for i in range(20)], ERROR)
    first, step, *last = [line.strip() for line in error.why.splitlines()]
    assert first == "its command ended with code: 1"
    assert step.startswith("step 3/9 RUN Rscript -e xxx")
    assert len(step) <= 105
    assert last == [f"line {i}" for i in range(5, 20)]


@pytest.mark.parametrize(
    ("printed", "fix"),
    [
        (f"{UNREACHED}\n  cannot open URL\n{UNKNOWN}", "R reached no repository of packages at https://cran.example"),
        (UNKNOWN, 'no R package "digset": is the name right?'),
        ("ERROR: installation of package \u2018sf\u2019 had non-zero exit status", '"sf" could not be compiled'),
        ("ERROR: No matching distribution found for numppy", 'pip finds no package "numppy"'),
        ("Err: Temporary failure resolving deb.debian.org", "HTTPS_PROXY"),
        ("write /x: no space left on device", "docker system df"),
        ("the --mount option requires BuildKit", "docker build -t fit"),
        ("the reason", "mend this step"),
    ],
)
def test_the_way_out_fits_what_was_printed(printed: str, fix: str) -> None:
    assert fix in failed("fit", "1/1 RUN x", printed.splitlines(), ERROR).fix


def test_a_line_that_fits_is_left_as_it_is() -> None:
    assert shortened("RUN  a \\\n b") == "RUN a \\ b"
    assert len(shortened("y" * 180)) == 100
