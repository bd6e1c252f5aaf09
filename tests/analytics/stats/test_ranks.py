"""Rank tests: published examples, scipy on random values, all permutations by hand, laws."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from labrec.analytics.stats.ranks import (
    brunner_munzel,
    friedman,
    kruskal_wallis,
    midranks,
    spearman,
    wilcoxon,
)

# Hollander & Wolfe (1973), p. 29: depression scores of nine patients, before and after a treatment.
BEFORE = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
AFTER = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
# Hollander & Wolfe (1973), p. 140: three ways of rounding first base, 22 players.
ROUNDING = [
    (5.40, 5.50, 5.55), (5.85, 5.70, 5.75), (5.20, 5.60, 5.50), (5.55, 5.50, 5.40),
    (5.90, 5.85, 5.70), (5.45, 5.55, 5.60), (5.40, 5.40, 5.35), (5.45, 5.50, 5.35),
    (5.25, 5.15, 5.00), (5.85, 5.80, 5.70), (5.25, 5.20, 5.10), (5.65, 5.55, 5.45),
    (5.60, 5.35, 5.45), (5.05, 5.00, 4.95), (5.50, 5.50, 5.40), (5.45, 5.55, 5.50),
    (5.55, 5.55, 5.35), (5.45, 5.50, 5.55), (5.50, 5.45, 5.25), (5.65, 5.60, 5.40),
    (5.70, 5.65, 5.55), (6.30, 6.30, 6.25),
]  # fmt: skip
# Brunner & Munzel (2000), table 1: pain scores on the third day after surgery, 14 and 11 patients.
PAIN = [1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 1, 1], [3, 3, 4, 3, 1, 2, 3, 1, 1, 5, 4]

TIED = st.lists(st.integers(-4, 4).map(float), min_size=2, max_size=9)


def test_published_examples() -> None:
    found = wilcoxon(BEFORE, AFTER)
    assert (found.statistic, found.p, found.least_p) == (40, 0.0390625, 2 / 2**9)
    found = friedman(ROUNDING)
    assert (found.statistic, found.p) == pytest.approx((11.1429, 0.003805), abs=5e-5)
    found = brunner_munzel(*PAIN)
    assert found.probability == pytest.approx(0.78896, abs=5e-6)
    assert found.test[:3] == pytest.approx((3.1375, 17.683, 0.0057862), abs=5e-4)
    assert midranks([10, 20, 20, 5]) == [2, 3.5, 3.5, 1]
    found = spearman([1, 2, 3, 4, 5], [2, 1, 4, 3, 5], seed=0)
    assert (found.rho, found.p) == pytest.approx((0.8, 0.1333), abs=5e-5)


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=9))
def test_signed_ranks_count_every_choice_of_signs(differences: list[int]) -> None:
    found = wilcoxon([float(value) for value in differences], [0.0] * len(differences))
    kept = [value for value in differences if value]
    if not kept:
        assert found.p is None
        return
    ranks = midranks([abs(value) for value in kept])
    sums = [
        sum(rank for rank, positive in zip(ranks, signs, strict=True) if positive)
        for signs in itertools.product((False, True), repeat=len(kept))
    ]
    lower = sum(total <= found.statistic for total in sums) / len(sums)
    upper = sum(total >= found.statistic for total in sums) / len(sums)
    assert found.p == pytest.approx(min(1.0, 2 * min(lower, upper)))
    assert found.p >= found.least_p


def test_many_pairs_are_normal_as_in_scipy() -> None:
    rng = np.random.default_rng(1)
    values = rng.integers(-9, 12, 150).astype(float)
    expected = stats.wilcoxon(values, correction=True, method="asymptotic")
    found = wilcoxon(values.tolist(), [0.0] * 150)
    assert not found.exact
    assert found.p == pytest.approx(float(expected.pvalue), rel=1e-9)


@given(st.lists(TIED, min_size=2, max_size=5))
def test_any_kruskal_agrees_with_scipy(groups: list[list[float]]) -> None:
    found = kruskal_wallis(groups)
    if len({value for group in groups for value in group}) == 1:
        assert found.p is None
        return
    expected = stats.kruskal(*groups)
    assert found.statistic == pytest.approx(float(expected.statistic), abs=1e-9)
    assert found.p == pytest.approx(float(expected.pvalue), abs=1e-9)


@given(st.integers(1, 8), st.integers(3, 5), st.integers(0, 2**32 - 1))
def test_any_friedman_agrees_with_scipy(blocks: int, levels: int, seed: int) -> None:
    table = np.random.default_rng(seed).integers(0, 4, (blocks, levels)).astype(float)
    found = friedman(table.tolist())
    if all(len(set(row)) == 1 for row in table.tolist()):
        assert found.p is None
        return
    expected = stats.friedmanchisquare(*table.T)
    assert found.statistic == pytest.approx(float(expected.statistic), abs=1e-9)
    assert found.p == pytest.approx(float(expected.pvalue), abs=1e-9)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_any_brunner_munzel_of_large_groups_agrees_with_scipy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, 9, 12).astype(float), rng.normal(4, 2, 15)
    found, expected = (
        brunner_munzel(first.tolist(), second.tolist()),
        stats.brunnermunzel(first, second),
    )
    assert found.test.statistic == pytest.approx(float(expected.statistic), rel=1e-9, abs=1e-12)
    assert found.test.p == pytest.approx(float(expected.pvalue), rel=1e-9)


@settings(max_examples=20)
@given(
    st.lists(st.integers(0, 5).map(float), min_size=2, max_size=5),
    st.lists(st.integers(0, 5).map(float), min_size=2, max_size=5),
)
def test_small_groups_are_permuted_as_scipy_does(first, second) -> None:
    found = brunner_munzel(first, second)
    if len({*first, *second}) == 1:
        assert found.test.p is None
        return

    def statistic(one: np.ndarray, other: np.ndarray) -> float:
        if len({*one, *other}) == 1:
            return 0.0
        with np.errstate(all="ignore"):
            found = float(stats.brunnermunzel(one, other, distribution="normal").statistic)
        return 0.0 if math.isnan(found) else found

    values, n = [*first, *second], len(first)
    seen, extreme, total = abs(found.test.statistic), 0, 0
    for chosen in itertools.combinations(range(len(values)), n):
        one = np.array([values[place] for place in chosen])
        other = np.array([value for place, value in enumerate(values) if place not in chosen])
        extreme += abs(statistic(one, other)) >= seen * (1 - 1e-9)
        total += 1
    assert found.test.p == pytest.approx(extreme / total)
    assert found.test.p >= found.test.least_p - 1e-12


def test_small_groups_say_the_smallest_p_they_can_give() -> None:
    apart = brunner_munzel([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]).test
    assert apart.statistic == math.inf
    assert apart.p == apart.least_p == 2 / math.comb(6, 3)


def test_many_permutations_are_drawn_by_a_seed() -> None:
    rng = np.random.default_rng(2)
    first, second = rng.normal(size=9).tolist(), rng.normal(1, 2, 40).tolist()
    one, again = brunner_munzel(first, second, seed=5), brunner_munzel(first, second, seed=5)
    assert one == again
    assert not one.test.exact
    assert one.test.p == pytest.approx(float(stats.brunnermunzel(first, second).pvalue), abs=0.03)


@settings(max_examples=20)
@given(TIED, TIED)
def test_the_other_way_round_the_probability_is_the_rest(first, second) -> None:
    one, other = brunner_munzel(first, second), brunner_munzel(second, first)
    assert other.probability == pytest.approx(1 - one.probability)
    wins = [(x < y) + (x == y) / 2 for x in first for y in second]
    assert one.probability == pytest.approx(sum(wins) / len(wins))
    if one.test.p is not None:
        assert other.test.p == pytest.approx(one.test.p)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=3, max_size=12))
def test_any_rank_correlation_agrees_with_scipy(pairs) -> None:
    x, y = ([float(pair[side]) for pair in pairs] for side in (0, 1))
    found = spearman(x, y, seed=1)
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert found is None
        return
    expected = stats.spearmanr(x, y)
    assert found.rho == pytest.approx(float(expected.statistic))
    if not found.exact and abs(found.rho) < 0.999:
        assert found.p == pytest.approx(float(expected.pvalue), rel=1e-6)
    assert 0 < found.p <= 1
    assert found.low is None
    flipped = spearman(x, [-value for value in y], seed=1)
    assert (flipped.rho, flipped.p) == pytest.approx((-found.rho, found.p))


def test_the_bootstrap_interval_is_that_of_its_seed_and_level() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=40)
    y = (x + rng.normal(size=40)).tolist()
    found = spearman(x.tolist(), y, seed=7)
    assert found == spearman(np.exp(x).tolist(), y, seed=7)  # ranks alone count
    assert found.low < found.rho < found.high
    wider = spearman(x.tolist(), y, seed=7, level=0.99)
    assert wider.low < found.low < found.high < wider.high
    scipys = stats.bootstrap(
        (x, y), lambda a, b: stats.spearmanr(a, b).statistic, paired=True, vectorized=False,
        n_resamples=1000, method="percentile", rng=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    assert (found.low, found.high) == pytest.approx((scipys.low, scipys.high), abs=0.05)


def test_what_has_no_meaning_is_refused() -> None:
    for call in (
        lambda: wilcoxon([], []),
        lambda: wilcoxon([1.0], [1.0, 2.0]),
        lambda: wilcoxon([math.nan], [1.0]),
        lambda: kruskal_wallis([[1.0, 2.0]]),
        lambda: kruskal_wallis([[1.0], []]),
        lambda: friedman([]),
        lambda: friedman([[1.0]]),
        lambda: friedman([[1.0, 2.0], [1.0, 2.0, 3.0]]),
        lambda: brunner_munzel([1.0], [1.0, 2.0]),
        lambda: brunner_munzel([1.0, math.inf], [1.0, 2.0]),
        lambda: spearman([1.0, 2.0], [1.0, 2.0], seed=0),
        lambda: spearman([1.0, 2.0, 3.0], [1.0, 2.0, 3.0, 4.0], seed=0),
        lambda: spearman([1.0, 2.0, 3.0], [1.0, 2.0, math.nan], seed=0),
    ):
        with pytest.raises(ValueError):
            call()
