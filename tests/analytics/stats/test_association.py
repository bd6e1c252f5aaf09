"""Cramér's V and the correlation ratio: scipy, statsmodels, laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats.contingency import association

from labrec.analytics.stats.association import correlation_ratio, cramers_v

PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=40)


@given(PAIRS)
def test_cramers_v_is_that_of_scipy(pairs: list[tuple[int, int]]) -> None:
    first, second = zip(*pairs, strict=True)
    table = np.zeros((4, 5), dtype=int)
    for pair in pairs:
        table[pair] += 1
    table = table[table.any(axis=1)][:, table.any(axis=0)]
    found = cramers_v(first, second)
    if min(table.shape) == 1:
        assert found is None
    else:
        assert found == pytest.approx(association(table, method="cramer"), abs=1e-9)
        assert found == pytest.approx(cramers_v(second, first))


def test_v_is_one_where_a_class_follows_from_the_other() -> None:
    assert cramers_v("aabb", "xxyy") == 1.0
    assert cramers_v("aabb", "xyzw") == pytest.approx(1.0)
    assert cramers_v("aabb", "xyxy") == 0.0
    with pytest.raises(ValueError):
        cramers_v("ab", "a")


def test_the_example_of_the_correlation_ratio() -> None:
    assert correlation_ratio("aabb", [1, 2, 3, 4]) == pytest.approx(math.sqrt(4 / 5))


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(-100, 100)), min_size=2, max_size=30))
def test_eta_squared_is_the_r_squared_of_the_groups(pairs: list[tuple[int, float]]) -> None:
    groups, values = zip(*pairs, strict=True)
    found = correlation_ratio(groups, values)
    if len(set(groups)) < 2 or max(values) - min(values) <= 1e-9:
        return
    y = np.array(values)
    fitted = np.array([y[np.array(groups) == group].mean() for group in groups])
    expected = 1 - ((y - fitted) ** 2).sum() / ((y - y.mean()) ** 2).sum()
    assert found is not None
    assert found**2 == pytest.approx(expected, abs=1e-7)
    shifted = correlation_ratio(groups, [1e6 + value for value in values])
    assert shifted == pytest.approx(found, abs=1e-4)


def test_where_nothing_can_go_together_there_is_no_number() -> None:
    assert cramers_v("aa", "xy") is None
    assert correlation_ratio("aa", [1, 2]) is None
    assert correlation_ratio("ab", [1, 1]) is None
    with pytest.raises(ValueError, match="NaN"):
        correlation_ratio("ab", [1, math.nan])
