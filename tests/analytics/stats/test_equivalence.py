"""Two one-sided tests: a worked example, statsmodels, laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrec.analytics.stats.equivalence import tost
from labrec.analytics.stats.estimate import estimate
from labrec.analytics.stats.means import arm_of, paired, pooled_contrast


def test_the_worked_example() -> None:
    found = tost(estimate(0.3, 0.25, 20), 1.0, alpha=0.05)
    assert found.p == pytest.approx(0.0055285, abs=1e-7)
    assert found.equivalent


@given(
    st.lists(st.floats(-3, 3), min_size=3, max_size=9),
    st.lists(st.floats(-3, 3), min_size=3, max_size=9),
    st.floats(0.1, 4),
)
def test_any_pair_agrees_with_statsmodels(first, second, margin) -> None:
    from statsmodels.stats.weightstats import ttost_ind, ttost_paired  # 3 s: only here

    n = min(len(first), len(second))
    if min(np.ptp(first), np.ptp(second), np.ptp(np.subtract(first[:n], second[:n]))) < 0.01:
        return
    found = tost(pooled_contrast([arm_of(first), arm_of(second)], [1, -1]), margin, alpha=0.05)
    expected = ttost_ind(np.array(first), np.array(second), -margin, margin)[0]
    assert found.p == pytest.approx(expected, rel=1e-6, abs=1e-12)
    found = tost(paired(first[:n], second[:n]), margin, alpha=0.05)
    expected = ttost_paired(np.array(first[:n]), np.array(second[:n]), -margin, margin)[0]
    assert found.p == pytest.approx(expected, rel=1e-6, abs=1e-12)


@given(st.floats(-2, 2), st.floats(0.01, 2), st.floats(1, 50), st.floats(0.01, 3))
def test_the_test_and_the_interval_say_the_same(value, error, df, margin) -> None:
    found = tost(estimate(value, error, df), margin, alpha=0.05)
    if abs(found.p - 0.05) > 1e-9:
        assert found.equivalent == (-margin < found.low and found.high < margin)
    assert tost(estimate(-value, error, df), margin, alpha=0.05).p == pytest.approx(found.p)
    assert tost(estimate(value, error, df), 2 * margin, alpha=0.05).p <= found.p
    assert found.p >= tost(estimate(0.0, error, df), margin, alpha=0.05).p - 1e-12


def test_without_an_error_only_what_does_not_vary_is_told() -> None:
    assert tost(estimate(0.3, 0.0, 2), 1.0, alpha=0.05) == (1.0, None, None, None, True)
    assert tost(estimate(1.0, 0.0, 2), 1.0, alpha=0.05).equivalent is False
    assert tost(estimate(0.3, None, 2), 1.0, alpha=0.05).equivalent is None


@pytest.mark.parametrize(
    ("margin", "alpha"),
    [(0.0, 0.05), (-1.0, 0.05), (math.nan, 0.05), (math.inf, 0.05), (1.0, 0.5), (1.0, 0.0)],
)
def test_a_margin_or_a_level_out_of_range_is_refused(margin: float, alpha: float) -> None:
    with pytest.raises(ValueError):
        tost(estimate(0.0, 1.0, 5), margin, alpha=alpha)
