"""What times say, and what still decides when they say nothing."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from shardr.api.advice.measure import Times
from shardr.api.advice.reading import at_most_here
from shardr.api.advice.sample import Sample
from shardr.engines.base import PlannedStep
from shardr.errors import DataError
from shardr.spec.load import load

if TYPE_CHECKING:
    from shardr.api.advice.reading import Bound

LOADED = load({"name": "one", "steps": [{"name": "work", "command": ["true"]}]})
STEP = PlannedStep("work", [], 1, 1, [], [])
SAMPLES = [Sample(Fraction(1, parts), 16000 // parts, LOADED, whole=True) for parts in (16, 8, 4)]


def bound(*seconds: float) -> Bound:
    """Of one time for each sample."""
    points = [(float(sample.bytes), took) for sample, took in zip(SAMPLES, seconds, strict=True)]
    return at_most_here([STEP], SAMPLES, Times({"work": points}), ["it was noisy"])


def test_what_is_done_before_a_job_could_start_needs_no_line() -> None:
    assert bound(20, 30, 25).seconds == pytest.approx(100)
    assert bound(20, 30, 25).refused == ["it was noisy"]


def test_what_takes_longer_does_and_so_does_what_grows_faster_than_its_data() -> None:
    for seconds in ((20, 10, 60), (1, 4, 16)):
        with pytest.raises(DataError, match=r"it was noisy\n.*1/4 of the data, took"):
            bound(*seconds)
