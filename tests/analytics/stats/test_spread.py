"""Spread: worked examples, statsmodels and scipy on random values, laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from labrec.analytics.stats.moments import mean_of, sd_of
from labrec.analytics.stats.spread import NORMAL_MAD, icc, mad, median_of, pooled_sd, sd_interval

# Shrout & Fleiss (1979), table 2: six targets, each rated by four judges.
RATINGS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]

VALUES = st.lists(st.floats(-1e3, 1e3).map(lambda v: round(v, 3)), min_size=1, max_size=9)


def test_worked_examples() -> None:
    found = pooled_sd([(3, 1.0), (5, 2.0)])
    assert found.sd == pytest.approx(1.7321, abs=5e-5)
    assert (found.df, found.groups) == (6, 2)
    assert median_of([4, 1, 3, 2]) == 2.5
    assert mad([1, 1, 2, 2, 4, 6, 9]) == 1
    assert sd_interval(1.0, 9) == pytest.approx((0.68784, 1.8256), abs=1e-4)


def test_the_reliability_of_shrout_and_fleiss() -> None:
    found = icc(RATINGS)
    assert found.icc == pytest.approx(0.16574, abs=5e-6)
    assert (found.low, found.high) == pytest.approx((-0.13294, 0.72259), abs=5e-5)
    assert (found.groups, found.per_group) == (6, 4)


def test_a_group_of_one_tells_nothing_of_the_spread() -> None:
    assert pooled_sd([(1, math.nan), (3, 1.0)]) == pooled_sd([(3, 1.0)])
    assert pooled_sd([(1, 5.0), (1, 0.0)]) is None
    assert pooled_sd([]) is None
    assert pooled_sd([(3, 0.0), (2, 0.0)]) == (0.0, 3, 2)


def test_from_no_spread_no_interval_follows() -> None:
    assert sd_interval(0.0, 5) is None
    assert icc([[1.0, 1.0], [2.0, 2.0]]) is None


@given(VALUES)
def test_median_and_mad_agree_with_numpy_and_scipy(values: list[float]) -> None:
    assert median_of(values) == pytest.approx(float(np.median(values)))
    assert mad(values) == pytest.approx(float(stats.median_abs_deviation(values)), abs=1e-9)
    assert mad(values, scale=NORMAL_MAD) == pytest.approx(
        float(stats.median_abs_deviation(values, scale="normal")), abs=1e-9
    )


@given(st.lists(VALUES, min_size=1, max_size=5))
def test_the_pooled_spread_is_the_residual_one(groups: list[list[float]]) -> None:
    sds = [(len(group), sd_of(group) if len(group) > 1 else math.nan) for group in groups]
    found = pooled_sd(sds)
    df = sum(len(group) - 1 for group in groups)
    if df == 0:
        assert found is None
        return
    squares = sum((value - mean_of(group)) ** 2 for group in groups for value in group)
    assert found.sd == pytest.approx(math.sqrt(squares / df), rel=1e-9, abs=1e-9)
    assert found.df == df


@given(st.floats(0.01, 100), st.floats(0.5, 500), st.sampled_from([0.5, 0.9, 0.99]))
def test_the_interval_of_a_spread_agrees_with_scipy(sd: float, df: float, level: float) -> None:
    low, high = sd_interval(sd, df, level=level)
    assert stats.chi2.cdf(df * sd**2 / low**2, df) == pytest.approx(0.5 + level / 2, abs=1e-9)
    assert stats.chi2.cdf(df * sd**2 / high**2, df) == pytest.approx(0.5 - level / 2, abs=1e-9)
    assert low < sd or df < 2
    assert sd_interval(3 * sd, df, level=level) == pytest.approx((3 * low, 3 * high))


@given(st.integers(2, 6), st.integers(2, 5), st.integers(0, 2**32 - 1))
def test_reliability_does_not_change_with_unit_or_origin(groups: int, n: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(groups, n))
    found, moved = icc(values.tolist()), icc((1e3 * values - 7).tolist())
    assert moved[:4] == pytest.approx(found[:4], rel=1e-6, abs=1e-9)
    assert -1 / (n - 1) - 1e-9 <= found.low <= found.icc <= found.high <= 1
    # the share of the variance between: its definition by mean squares
    between = n * values.mean(axis=1).var(ddof=1)
    within = values.var(axis=1, ddof=1).mean()
    assert found.icc == pytest.approx((between - within) / (between + (n - 1) * within))


def test_what_has_no_meaning_is_refused() -> None:
    for call in (
        lambda: pooled_sd([(0, 1.0)]),
        lambda: pooled_sd([(2, -1.0)]),
        lambda: pooled_sd([(2, math.nan)]),
        lambda: mad([]),
        lambda: mad([1.0, math.nan]),
        lambda: sd_interval(-1.0, 3),
        lambda: sd_interval(math.inf, 3),
        lambda: sd_interval(1.0, 0),
        lambda: sd_interval(1.0, 3, level=1.0),
        lambda: icc([[1.0, 2.0]]),
        lambda: icc([[1.0], [2.0]]),
        lambda: icc([[1.0, 2.0], [math.inf, 1.0]]),
    ):
        with pytest.raises(ValueError):
            call()


def test_nothing_overflows() -> None:
    assert pooled_sd([(3, 1e200), (3, 1e200)]).sd == pytest.approx(1e200)
    assert median_of([1.7e308, 1.7e308]) == 1.7e308
