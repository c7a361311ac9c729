"""Advice by real runs of samples, of scripts whose seconds are known: they say how long they would take.

By the clock the same machine would give another line each time that it is busy with something else.
"""

from __future__ import annotations

import itertools
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
import worlds

import shardr
from shardr.api.advice import measure

if TYPE_CHECKING:
    from pathlib import Path

TAKES = f"""
    bytes=$(cat {worlds.IN}/* /dev/null | wc -c)
    echo takes $(awk "BEGIN {{print {{seconds}}}}")
"""
START_SECONDS = 0.3
PRICES = {"ml.m5.large": 0.36, "ml.m5.xlarge": 0.72}


def world(folder: Path, seconds: str, **fields: Any) -> dict[str, Any]:
    """Eight files of 2 kB and a script that takes so long for its ``$bytes``."""
    worlds.files(folder / "data", 8, rows=400)
    inputs = [{"name": "raw", "source": "data/", "distribution": fields.pop("distribution", "ShardedByS3Key")}]
    spec = worlds.one_step(
        folder, TAKES.replace("{seconds}", seconds), **{"instance_count": 2, **fields}, inputs=inputs
    )
    spec["steps"][0]["outputs"] = []
    return spec


def advise(folder: Path, spec: dict[str, Any], **fields: Any) -> shardr.Advice:
    return shardr.advise(spec, base=folder, **{"prices": PRICES, "types": list(PRICES), **fields})


@pytest.fixture(autouse=True)
def _idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that does nothing else, on which a step takes as long as its slowest instance says, after its start."""
    monkeypatch.setattr(os, "getloadavg", lambda: (0.0, 0.0, 0.0))
    runs = itertools.count()

    def said(run: shardr.Run) -> dict[str, float]:
        seconds: dict[str, float] = {}
        for line in run.logs():
            word, _, number = line.text.partition(" ")
            if word == "takes":
                seconds[line.step] = max(seconds.get(line.step, 0.0), float(number))
        jitter = next(runs) / 10_000  # no clock gives the same twice
        return {step: START_SECONDS + value + jitter for step, value in seconds.items()}

    monkeypatch.setattr(measure, "taken", said)


def test_divided_work_is_forecast_for_more_instances(tmp_path: Path, home: Path) -> None:
    found = advise(tmp_path, world(tmp_path, "$bytes / 4000"))
    (step,) = found.steps
    whole = found.bytes / 4000
    assert found.bytes == sum(path.stat().st_size for path in (tmp_path / "data").iterdir())
    assert [sample["part"] for sample in found.sampled] == ["1/16", "1/8", "1/4"]
    assert step.line.slope * 4000 == pytest.approx(1, rel=0.25)
    assert step.loss_measured
    assert step.loss < 0.4
    assert found.options[0].where == "here"
    assert found.options[0].minutes * 60 == pytest.approx(whole, rel=0.4)
    assert [(o.instances, o.instance_type) for o in found.options[1:]] == [
        (n, name) for name in PRICES for n in (1, 2, 4, 8)
    ]
    one, two = (o for o in found.options if o.instance_type == "ml.m5.large" and o.instances < 4)
    assert one.minutes > two.minutes
    assert one.dollars < two.dollars  # type: ignore[operator]
    assert found.recommendation.startswith("Run it here")
    assert shardr.jobs() == []
    assert [path.name for path in home.iterdir() if path.name.startswith("advice-")] == []
    json.dumps(found.to_dict())


def test_instances_that_all_do_everything_gain_nothing_and_that_is_said(tmp_path: Path) -> None:
    found = advise(tmp_path, world(tmp_path, "$bytes / 4000", distribution="FullyReplicated"))
    (step,) = found.steps
    assert step.loss_measured
    assert step.loss > 0.9
    one, two, *_ = found.options[1:]
    assert two.minutes == pytest.approx(one.minutes, rel=0.02)
    assert two.dollars == pytest.approx(2 * one.dollars, rel=0.02)  # type: ignore[operator]
    assert any("2 times as much and is no faster" in notice for notice in found.notices)
    assert any("two instances took as long as one" in notice for notice in found.notices)


def test_scripts_that_divide_the_rows_themselves_are_seen_to_gain(tmp_path: Path) -> None:
    spec = world(tmp_path, "$bytes / 4000", distribution="FullyReplicated")
    worlds.script(
        tmp_path,
        f"""
        hosts=$(grep -o 'algo-[0-9]*' /opt/ml/config/resourceconfig.json | sort -u | wc -l)
        bytes=$(cat {worlds.IN}/* | wc -c)
        echo takes $(awk "BEGIN {{print $bytes / 4000 / $hosts}}")
    """,
    )
    (step,) = advise(tmp_path, spec).steps
    assert step.loss_measured
    assert step.loss < 0.4


def test_a_step_on_one_instance_stays_there_and_reads_the_samples_of_the_first(tmp_path: Path) -> None:
    spec = world(tmp_path, "$bytes / 8000")
    spec["steps"][0]["outputs"] = ["out"]
    takes = TAKES.replace("{seconds}", "$bytes / 8000")
    worlds.script(tmp_path, f"{takes}\n    cp {worlds.IN}/* {worlds.OUT}/")
    worlds.script(tmp_path, takes, "next.sh")
    source = {"step": "work", "output": "out"}
    spec["steps"].append({"name": "next", "code": "next.sh", "inputs": [{"name": "raw", "source": source}]})
    found = advise(tmp_path, spec, types=["ml.m5.large"], instances=[1, 4])
    work, following = found.steps
    assert (work.scales, following.scales) == (True, False)
    assert following.line.slope * 8000 == pytest.approx(1, rel=0.3)


def test_work_that_grows_with_the_square_of_its_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(shardr.DataError, match="in proportion") as caught:
        advise(tmp_path, world(tmp_path, "$bytes * $bytes / 8000000"))
    assert 'step "work"' in str(caught.value)
    assert "--parts 4,2,1" in str(caught.value)


def test_times_that_say_nothing_forecast_nothing_but_decide_where_all_is_done_before_a_job_starts(
    tmp_path: Path,
) -> None:
    spec = world(tmp_path, "0")
    worlds.script(tmp_path, f"echo takes $(cat {worlds.IN}/* | wc -c | awk '{{print 800 / $1}}')")
    found = advise(tmp_path, spec)
    (option,) = found.options
    slowest = max(seconds for size, seconds in found.steps[0].points if size == found.sampled[-1]["bytes"])
    assert option.minutes * 60 == pytest.approx(4 * slowest)
    assert found.recommendation.startswith("Run it here: at most ")
    assert "no longer with more data" in found.notices[0]
    found.plot(tmp_path / "advice.png")


def test_a_job_that_fails_on_a_sample_says_so(tmp_path: Path) -> None:
    spec = world(tmp_path, "0")
    worlds.script(tmp_path, "echo no luck >&2; exit 3")
    with pytest.raises(shardr.JobFailedError, match=r"on a sample of its data\n.*step \"work\".*3"):
        advise(tmp_path, spec)


def test_no_dollars_are_said_by_an_old_price(tmp_path: Path) -> None:
    found = advise(tmp_path, world(tmp_path, "$bytes / 8000"), prices=None, region="eu-west-1", types=["ml.m5.xlarge"])
    assert {option.dollars for option in found.options if option.where == "sagemaker"} == {None}
    assert any("no dollars for ml.m5.xlarge: the price of ml.m5.xlarge is of 2023-12-31" in n for n in found.notices)


def test_types_that_nobody_asked_for_have_a_price_and_keep_their_speed(tmp_path: Path) -> None:
    prices = {"ml.t3.large": 0.1, "ml.c5.xlarge": 0.2, "ml.g5.xlarge": 0.3, "ml.r5.large": 0.15, "ml.m5.4xlarge": 9}
    found = advise(tmp_path, world(tmp_path, "$bytes / 8000"), prices=prices, region="nowhere-1", types=None)
    types = list(dict.fromkeys(option.instance_type for option in found.options[1:]))
    assert types == ["ml.m5.large", "ml.r5.large", "ml.c5.xlarge", "ml.m5.4xlarge"]
    assert any("no price known of ml.m5.large for processing in nowhere-1" in notice for notice in found.notices)


def test_samples_that_make_no_line_are_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(shardr.DataError, match="two different ones"):
        advise(tmp_path, world(tmp_path, "0"), parts=[4, 4])


def test_it_is_drawn_and_shown(tmp_path: Path) -> None:
    found = advise(tmp_path, world(tmp_path, "$bytes / 8000"))
    found.plot(tmp_path / "advice.png")
    assert (tmp_path / "advice.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    found.plot(tmp_path / "advice.svg")
    assert "ml.m5.xlarge" in (tmp_path / "advice.svg").read_text() or (tmp_path / "advice.svg").stat().st_size > 5000
    with pytest.raises(shardr.DataError, match=r"\.png, \.svg or \.pdf"):
        found.plot(tmp_path / "advice.odd")
    html = found._repr_html_()
    assert "<td>2 × ml.m5.large</td>" in html
    assert "Run it here" in html
