"""Minutes and dollars for more and larger instances, by hand."""

from __future__ import annotations

from typing import Any

import pytest

from shardr.api.advice.cost import BILLED_START_SECONDS, START_SECONDS, dollars, resources
from shardr.api.advice.fit import fit
from shardr.api.advice.forecast import Option, StepModel, here, recommendation, there

LINE = fit([(0, 60.0), (500, 560.0), (1000, 1060.0)])
"""A minute to start, then a second per byte."""


def model(name: str = "work", **changed: Any) -> StepModel:
    given: dict[str, Any] = {
        "needs": [], "kind": "processing", "line": LINE, "bytes": 3600, "scales": True, "loss": 0.0, "parallel": 0.0,
    }  # fmt: skip
    return StepModel(name, **{**given, **changed})


def test_the_bill_is_instances_times_price_times_time_with_the_start_that_is_billed() -> None:
    assert dollars(2, 3600 - BILLED_START_SECONDS, 0.115) == pytest.approx(0.23)
    # a training of one second, billed 130 s on one instance and 2 x 130 s on two: twice the money, no gain
    assert dollars(2, 1, 0.115) == pytest.approx(2 * dollars(1, 1, 0.115))


def test_requests_of_both_kinds_say_what_they_take() -> None:
    processing = {
        "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 2}},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    }
    training = {
        "ResourceConfig": {"InstanceType": "ml.c5.xlarge", "InstanceCount": 3, "VolumeSizeInGB": 30},
        "EnableManagedSpotTraining": True,
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/models"},
    }
    assert vars(resources(processing)) == {
        "kind": "processing", "instance_type": "ml.m5.large", "instance_count": 2, "bound_seconds": 60, "spot": False,
    }  # fmt: skip
    assert (resources(training).kind, resources(training).instance_count, resources(training).spot) == (
        "training", 3, True,
    )  # fmt: skip


def test_instances_divide_the_data_but_not_the_start() -> None:
    assert [model().seconds(n, 1) for n in (1, 2, 4)] == pytest.approx([3660, 1860, 960])


def test_a_loss_is_paid_at_each_doubling_and_a_whole_one_is_no_gain() -> None:
    assert model(loss=0.1).seconds(4, 1) == pytest.approx(60 + 900 * 1.21)
    assert [model(loss=1.0).seconds(n, 1) for n in (1, 2, 8)] == pytest.approx([3660] * 3)


def test_the_busiest_instance_is_waited_for() -> None:
    assert model(shares={2: 0.75, 8: 0.75}).seconds(8, 1) == pytest.approx(60 + 2700)


def test_cores_speed_up_the_part_that_uses_them() -> None:
    assert model(parallel=0.5).seconds(1, 4) == pytest.approx(3660 * (0.5 + 0.5 / 4))


def test_steps_that_wait_for_one_another_add_up_and_others_run_at_the_same_time() -> None:
    models = [model("a"), model("b"), model("c", needs=["a"], scales=False)]
    option = there(models, 2, "ml.m5.large", 2, lambda _: 0.1)
    assert option.minutes == pytest.approx((2 * START_SECONDS + 1860 + 3660) / 60)
    bill = 2 * dollars(2, 1860, 0.1) + dollars(1, 3660, 0.1)  # c stays on one instance
    assert option.dollars == pytest.approx(bill)
    assert here(models, 1).minutes == pytest.approx(2 * 3660 / 60)
    assert there(models, 2, "ml.m5.large", 2, lambda _: None).dollars is None


def test_the_margin_of_the_line_becomes_that_of_minutes_and_of_dollars() -> None:
    noisy = fit([(0, 50.0), (0, 70.0), (1000, 1050.0), (1000, 1070.0)])
    option = there([model(line=noisy)], 1, "ml.m5.large", 1, lambda _: 3.6)
    assert option.minutes_margin == pytest.approx(noisy.margin(3600) / 60)
    assert option.dollars_margin == pytest.approx(noisy.margin(3600) * 3.6 / 3600)


def option(n: int, minutes: float, usd: float | None) -> Option:
    return Option("sagemaker", n, "ml.m5.large", minutes, 0, usd, 0)


def home(minutes: float) -> Option:
    return Option("here", 1, None, minutes, 0, 0, 0)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([home(2), option(1, 6, 0.1)], "Run it here: 2.0 min"),
        (
            [home(60), option(1, 50, 0.10), option(2, 27, 0.11), option(4, 14, 0.13)],
            "2 x ml.m5.large: 27.0 min for $0.11",
        ),
        ([home(40), option(1, 50, 0.10), option(4, 14, 0.30)], "Run it here: 40.0 min"),
        ([home(60), option(4, 14, None)], "No dollars can be said"),
        ([home(60)], "Run it here"),
    ],
)
def test_the_recommendation(options: list[Option], said: str) -> None:
    assert recommendation(options).startswith(said)
