"""Means and intervals against scipy, and what must never enter one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from tests.analytics.labs import run_of

from labrec.analytics.replicates import Replicates, interval, rounded, sum_up
from labrec.analytics.stats.moments import mean_of, sd_of

if TYPE_CHECKING:
    from labrec.analytics.run import Run

# Student (1908), table of additional hours of sleep gained by the second drug.
SLEEP = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]


def replicates_of(runs: list[Run]) -> Replicates:
    return sum_up(runs, ["loss"])["loss"].replicates


MODERATE = st.floats(-1e6, 1e6)


def test_a_worked_example_agrees_with_scipy() -> None:
    mean, sd, low, high = interval(SLEEP)
    expected = stats.ttest_1samp(SLEEP, 0).confidence_interval(0.95)
    assert (mean, sd) == pytest.approx((2.33, 2.002249), rel=1e-6)
    assert (low, high) == pytest.approx((expected.low, expected.high), rel=1e-12)


def test_a_worked_example_agrees_with_r() -> None:
    # t.test(extra ~ 1, data = sleep, subset = group == 2) of R 4.3
    _, _, low, high = interval(SLEEP)
    assert (low, high) == pytest.approx((0.8976775, 3.7623225), abs=1e-7)


@given(st.lists(MODERATE, min_size=2, max_size=30).filter(lambda v: max(v) - min(v) > 1e-3))
def test_any_interval_agrees_with_scipy(values: list[float]) -> None:
    mean, sd, low, high = interval(values)
    assert mean == pytest.approx(float(stats.tmean(values)), rel=1e-9, abs=1e-9)
    assert sd == pytest.approx(float(stats.tstd(values)), rel=1e-9)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (low, high) == pytest.approx((expected.low, expected.high), rel=1e-6, abs=1e-6)


def test_one_value_has_no_spread_and_none_has_no_mean() -> None:
    assert interval([0.5]) == (0.5, None, None, None)
    assert interval([]) == (None, None, None, None)


@pytest.mark.parametrize("value", [0.1, 1 / 3, 1e300, -7.0, 0.0, 5e-324])
def test_equal_values_have_no_interval_and_no_rounding_either(value: float) -> None:
    mean, sd, low, high = interval([value] * 3)
    assert mean == pytest.approx(value, rel=1e-15)
    assert (sd, low, high) == (0.0, None, None)


def test_what_rounding_leaves_is_no_spread() -> None:
    assert sd_of([0.1 + 0.2, 0.3, 0.3]) == 0.0
    assert sd_of([0.3, 0.3000001]) > 0


def test_huge_values_do_not_overflow() -> None:
    assert mean_of([1.7e308, 1.7e308]) == pytest.approx(1.7e308)
    assert math.isfinite(sd_of([1e308, 2e307]))
    mean, sd, *_ = interval([1.7e308, -1.7e308])
    assert mean == 0
    assert sd is None


def test_statistics_are_written_to_ten_digits() -> None:
    assert rounded(2 / 3) == 0.6666666667
    assert rounded(123456789012.0) == 123456789000.0
    assert rounded(math.nan) is None
    assert rounded(None) is None


def test_a_failed_run_is_counted_and_its_value_never_averaged() -> None:
    """A crash that reports 0.0 would be the best loss of all."""
    runs = [
        run_of(1.0),
        run_of(3.0),
        run_of(0.0, status="failed"),
        run_of(0.0, status="interrupted"),
        run_of(0.0, status="planned"),
    ]
    found = replicates_of(runs)
    assert (found.n_runs, found.n_failed, found.n_interrupted, found.n) == (4, 1, 1, 2)
    assert (found.mean, found.min) == (2.0, 1.0)


def test_what_does_not_count_is_not_even_counted() -> None:
    found = replicates_of([run_of(1.0), run_of(9.0, standing="retracted")])
    assert (found.n_runs, found.n, found.mean) == (1, 1, 1.0)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_no_number_is_counted_and_never_averaged(value: float) -> None:
    found = replicates_of([run_of(1.0), run_of(value), run_of(None)])
    assert (found.n, found.n_not_finite, found.n_missing) == (1, 1, 1)
    assert found.mean == 1.0


def test_identical_outputs_count_once() -> None:
    runs = [run_of(1.0, output="a"), run_of(1.0, output="a"), run_of(2.0, output="b")]
    found = replicates_of(runs)
    assert (found.n_runs, found.n, found.mean) == (3, 2, 1.5)
    without = replicates_of([run_of(1.0), run_of(1.0)])
    assert without.n == 2


def test_a_failed_run_takes_no_place_of_a_complete_one_with_its_output() -> None:
    runs = [run_of(1.0, output="a", status="failed"), run_of(1.0, output="a")]
    assert replicates_of(runs).n == 1


def test_machines_are_counted_and_all_unknown_ones_are_one() -> None:
    runs = [run_of(float(n), machine=m) for n, m in enumerate(["x", "x", "y", None, None])]
    assert replicates_of(runs).n_machines == 3


def test_values_of_different_units_have_no_mean() -> None:
    found = replicates_of([run_of(1.0, unit="s"), run_of(1000.0, unit="ms")])
    assert (found.n, found.unit, found.mean, found.min) == (2, None, None, None)
    same = replicates_of([run_of(1.0, unit="s"), run_of(2.0, unit="s")])
    assert (same.unit, same.mean) == ("s", 1.5)


def test_a_direction_that_runs_disagree_about_is_none() -> None:
    runs = [run_of(1.0, direction="minimize"), run_of(2.0, direction="maximize")]
    assert replicates_of(runs).direction is None
    assert replicates_of(runs[:1]).direction == "minimize"
