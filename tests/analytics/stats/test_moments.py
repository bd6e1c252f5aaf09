"""Means, spreads and quantiles: exact fractions, scipy, and values that overflow."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from labrec.analytics.stats.moments import (
    finite,
    fraction,
    mean_of,
    not_zero,
    sd_of,
    sum_of,
    t_below,
    t_quantile,
)

VALUES = st.lists(st.floats(-1e6, 1e6).map(lambda v: round(v, 4)), min_size=2, max_size=12)


@given(VALUES)
def test_means_and_spreads_agree_with_exact_fractions(values: list[float]) -> None:
    exact = [Fraction(value) for value in values]
    mean = sum(exact) / len(exact)
    assert mean_of(values) == pytest.approx(float(mean), rel=1e-15)
    assert sum_of(values) == float(sum(exact))
    if max(values) - min(values) > 1e-6 * max(map(abs, values)):
        square = sum((value - mean) ** 2 for value in exact) / (len(exact) - 1)
        assert sd_of(values) == pytest.approx(math.sqrt(square), rel=1e-9)


@given(st.floats(0.5, 1e6), st.floats(0.01, 0.999), st.floats(-30, 30))
def test_quantiles_and_tails_agree_with_scipy(df: float, level: float, t: float) -> None:
    assert t_quantile(df, level) == pytest.approx(stats.t.ppf(0.5 + level / 2, df), rel=1e-9)
    assert t_below(df, t) == pytest.approx(max(stats.t.cdf(t, df), 2.3e-308), rel=1e-9)
    assert t_quantile(math.inf, level) == pytest.approx(stats.norm.ppf(0.5 + level / 2))
    assert t_below(math.inf, t) == pytest.approx(stats.norm.cdf(t))


def test_no_p_is_zero_or_above_one() -> None:
    assert 0 < not_zero(0.0) < 1e-300
    assert not_zero(1.0000000001) == 1
    assert t_below(1e6, -1e300) > 0


def test_what_is_not_finite_or_too_little_is_refused() -> None:
    assert finite([1, 2.5]) == [1.0, 2.5]
    for wrong in ([math.nan], [math.inf], []):
        with pytest.raises(ValueError):
            finite(wrong)
    with pytest.raises(ValueError, match="at least 3"):
        finite([1.0, 2.0], least=3)
    for level in (0.0, 1.0, math.nan, -1.0):
        with pytest.raises(ValueError, match="between 0 and 1"):
            fraction(level, "level")
    with pytest.raises(ValueError, match="no double holds"):
        sum_of([1.7e308, 1.7e308])
    assert mean_of([1.7e308, 1.7e308]) == 1.7e308
