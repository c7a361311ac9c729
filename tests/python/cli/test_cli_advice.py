"""estimate, advise, prices: tables for people, one JSON object for programs."""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING

import pytest
from worlds import until

if TYPE_CHECKING:
    from pathlib import Path

    from cli_world import Shell

PRICE = ("--price", "ml.m5.large=0.36")
SLEEPS = """
bytes=$(cat /opt/ml/processing/input/raw/* | wc -c)
cp /opt/ml/processing/input/raw/* /opt/ml/processing/output/out/
sleep $(awk "BEGIN {print $bytes / 5000}")
"""


@pytest.fixture
def sleepy(shardr: Shell) -> Path:
    """Tables that are worth a sample, and a script that sleeps by their size."""
    (shardr.folder / "copy.sh").write_text(SLEEPS)
    for file in (shardr.folder / "data").iterdir():
        file.write_text("id,name\n" + "".join(f"{i},Bob\n" for i in range(400)))
    return shardr.folder


def test_estimate_says_at_most_and_after_a_run_what_it_took(shardr: Shell) -> None:
    done = shardr("estimate", "job.yml", *PRICE)
    assert done.status == 0
    assert "max_runtime_seconds" in done.out
    assert "\nat most $25.96 in us-east-1, at most 2,886.6 min\n" in done.out
    assert "assumed: a job takes 197 s to start" in done.err
    run = shardr("run", "job.yml", "--json").json["run"]
    found = shardr("estimate", "job.yml", *PRICE, "--json").json
    assert [(step["basis"], step["run"]) for step in found["steps"]] == [("measured", run)] * 2
    assert found["dollars"] == pytest.approx(sum(step["dollars"] for step in found["steps"]))
    assert "at most" not in shardr("estimate", "job.yml", *PRICE).out


def test_a_price_that_is_none_is_a_usage_error(shardr: Shell) -> None:
    for word in ("ml.m5.large", "ml.m5.large=much"):
        done = shardr("estimate", "job.yml", "--price", word)
        assert (done.status, "TYPE=USD" in done.err) == (2, True)


@pytest.mark.alone  # it measures
def test_advise_shows_the_options_recommends_one_and_draws(shardr: Shell, sleepy: Path) -> None:
    words = ("advise", "job.yml", *PRICE, "--types", "ml.m5.large", "--instances", "1,2", "--plot", "advice.png")
    done = shardr(*words)
    assert done.status == 0
    assert "sampled 1/16" in done.out
    assert "\n1 x ml.m5.large" in done.out
    assert "\n2 x ml.m5.large" in done.out
    assert "4 x" not in done.out
    assert "\nRun it here: " in done.out
    assert (sleepy / "advice.png").stat().st_size > 5000
    assert shardr("jobs", "--json").json["jobs"] == []


def test_advise_that_cannot_be_given_says_why_and_what_else(shardr: Shell) -> None:
    done = shardr("advise", "fails.yml", "--json")
    assert (done.status, "nothing to take a sample of" in done.json["message"]) == (2, True)
    (shardr.folder / "copy.sh").write_text("exit 7\n")
    done = shardr("advise", "job.yml", "--json")
    assert (done.status, done.json["code"]) == (1, "job_failed")
    assert "--parts 4,2,1" in done.json["fix"]
    assert shardr("advise", "job.yml", "--parts", "a").status == 2


def test_interrupted_advice_leaves_no_job_and_no_folder(shardr: Shell, home: Path) -> None:
    (shardr.folder / "copy.sh").write_text("exec sleep 611\n")
    process = shardr.start("advise", "job.yml")
    until(lambda: list(home.glob("advice-*/home/jobs/*/logs/*")))
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert list(home.glob("advice-*")) == []
    until(lambda: "sleep 611" not in subprocess.run(["ps", "ax"], capture_output=True, text=True, check=True).stdout)


def test_prices_knows_its_word_and_needs_aws_for_it(shardr: Shell) -> None:
    done = shardr("prices", "refesh")
    assert (done.status, 'did you mean "refresh"' in done.err) == (2, True)
    away = {"AWS_ENDPOINT_URL_PRICING": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
    done = shardr(
        "prices", "refresh", "--region", "eu-west-1", AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b", **away
    )
    assert done.status != 0
    assert "the prices of AWS cannot be read" in done.err
