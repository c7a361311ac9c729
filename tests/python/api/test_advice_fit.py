"""The line through the times: what it says of all the data, how sure, and when it refuses."""

from __future__ import annotations

import pytest

from shardr.api.advice.fit import fit, refusal

SIZES = (1.0, 2.0, 4.0)


def times(*, noise: float = 0, power: float = 1, per: float = 3, start: float = 5) -> list[tuple[float, float]]:
    """Three times each size: one as it is, one slower, one faster."""
    return [(x, start + per * x**power + e) for x in SIZES for e in (0, noise, -noise)]


def test_a_line_is_found_again_and_has_no_margin() -> None:
    line = fit(times())
    assert (line.start, line.slope, line.residual) == pytest.approx((5, 3, 0), abs=1e-12)
    assert (line.at(16), line.margin(16)) == pytest.approx((53, 0), abs=1e-6)
    assert refusal(line, times()) is None


def test_the_margin_is_the_textbooks_and_grows_with_the_distance() -> None:
    line = fit([(1, 6.0), (2, 8.0), (3, 10.9), (4, 12.1)])
    # as R says: confint of predict(lm(y ~ x), data.frame(x = 10), interval = "confidence"), t(2) = 4.30
    assert line.slope == pytest.approx(2.12)
    assert line.margin(10) == pytest.approx(4.30 * line.sigma * (1 / 4 + 7.5**2 / 5) ** 0.5)
    assert line.margin(10) > 2 * line.margin(4)


def test_times_that_do_not_grow_are_refused() -> None:
    points = times(per=0)
    assert "no longer with more data" in str(refusal(fit(points), points))


def test_times_that_scatter_are_refused() -> None:
    points = [(x, y) for x in SIZES for y in (0.2 + x * 0.1, 3.0 + x)]
    assert "off a straight line" in str(refusal(fit(points), points))


def test_work_that_grows_with_the_square_is_refused_and_what_grows_a_little_faster_is_not() -> None:
    for power, refused in ((2, True), (1.1, False)):
        points = times(power=power)
        assert (refusal(fit(points), points) is not None) is refused


def test_a_bend_within_the_noise_is_none() -> None:
    points = times(power=2, noise=6)
    assert "in proportion" not in str(refusal(fit(points), points))
