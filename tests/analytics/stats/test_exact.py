"""Exact tests of two proportions: published tables, scipy on random ones, laws."""

from __future__ import annotations

import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from labrec.analytics.stats.exact import EXACT_MOST, barnard, fisher

GROUP = st.integers(1, 12).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_the_lady_tasting_tea() -> None:
    assert fisher((3, 4), (1, 4)).p == pytest.approx(34 / 70)
    assert fisher((4, 4), (0, 4)).p == pytest.approx(2 / 70)


def test_barnards_own_table() -> None:
    assert barnard((3, 3), (0, 3)).p == pytest.approx(0.03125, abs=1e-9)
    assert fisher((3, 3), (0, 3)).p == pytest.approx(0.1)


@given(GROUP, GROUP)
def test_any_table_agrees_with_scipys_fisher(first, second) -> None:
    (a, n), (b, m) = first, second
    expected = stats.fisher_exact([[a, b], [n - a, m - b]]).pvalue
    assert fisher(first, second).p == pytest.approx(float(expected), rel=1e-9)


def _z_squared(a: int, n: int, b: int, m: int) -> Fraction:
    pooled = Fraction(a + b, n + m)
    if pooled in {0, 1}:
        return Fraction(0)
    spread = pooled * (1 - pooled) * (Fraction(1, n) + Fraction(1, m))
    return (Fraction(a, n) - Fraction(b, m)) ** 2 / spread


@settings(max_examples=25)
@given(GROUP, GROUP)
def test_any_table_agrees_with_barnards_definition_and_scipy(first, second) -> None:
    (a, n), (b, m) = first, second
    found = barnard(first, second).p
    seen = _z_squared(a, n, b, m)
    common = np.linspace(0.001, 0.999, 999)
    largest = sum(
        stats.binom.pmf(x, n, common) * stats.binom.pmf(y, m, common)
        for x in range(n + 1)
        for y in range(m + 1)
        if _z_squared(x, n, y, m) >= seen
    ).max()
    assert largest * (1 - 1e-9) <= found <= largest * (1 + 1e-3)
    if 0 < a + b < n + m:
        # scipy 1.17 takes tables as far out as the seen one for nearer where rounding says so, and
        # its optimiser may stop early: never above, and mostly equal
        theirs = float(stats.barnard_exact([[a, b], [n - a, m - b]], n=64).pvalue)
        assert found >= theirs * (1 - 1e-6)


@pytest.mark.parametrize("table", [[[7, 12], [8, 3]], [[9, 2], [3, 8]], [[5, 1], [2, 9]]])
def test_tables_without_ties_agree_with_scipys_barnard(table: list[list[int]]) -> None:
    # to three digits: its optimiser misses the highest of the peaks of the first table by 0.1 %
    (a, b), (c, d) = table
    expected = stats.barnard_exact(table, n=256).pvalue
    assert barnard((a, a + c), (b, b + d)).p == pytest.approx(float(expected), rel=2e-3)


@given(GROUP, GROUP)
def test_neither_side_nor_outcome_comes_first(first, second) -> None:
    (a, n), (b, m) = first, second
    for test in (fisher, barnard):
        found = test(first, second)
        assert 0 < found.p <= 1
        assert test(second, first).p == pytest.approx(found.p, rel=1e-6)
        assert test((n - a, n), (m - b, m)).p == pytest.approx(found.p, rel=1e-6)
        assert test(second, first).difference == pytest.approx(-found.difference)


@pytest.mark.parametrize("sizes", [(3, 3), (4, 9), (8, 8)])
def test_a_true_null_is_rejected_no_more_often_than_alpha(sizes: tuple[int, int]) -> None:
    n, m = sizes
    for common in (0.1, 0.35, 0.5, 0.8):
        for test in (fisher, barnard):
            rejected = sum(
                stats.binom.pmf(a, n, common) * stats.binom.pmf(b, m, common)
                for a in range(n + 1)
                for b in range(m + 1)
                if test((a, n), (b, m)).p <= 0.1
            )
            assert rejected <= 0.1 + 1e-9


def test_large_groups_are_fast_and_say_that_they_are_not_exact() -> None:
    start = time.perf_counter()
    large = barnard((900, EXACT_MOST), (940, EXACT_MOST))
    assert large.exact
    assert time.perf_counter() - start < 20  # seconds; scipy takes minutes
    score = barnard((901, EXACT_MOST + 1), (941, EXACT_MOST + 1))
    assert not score.exact
    assert score.p == pytest.approx(large.p, rel=0.05)
    assert 0 < barnard((0, 10**6), (10**6, 10**6)).p < 1e-300
    assert np.isfinite(fisher((10**5, 2 * 10**5), (10**5, 2 * 10**5)).p)


@pytest.mark.parametrize("wrong", [(-1, 3), (4, 3), (0, 0)])
def test_impossible_counts_are_refused(wrong: tuple[int, int]) -> None:
    for test in (fisher, barnard):
        with pytest.raises(ValueError, match="successes"):
            test(wrong, (1, 2))
