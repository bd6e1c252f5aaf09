"""Means compared: published examples, scipy and statsmodels on random values, laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from labrec.analytics.stats.estimate import estimate
from labrec.analytics.stats.means import (
    Arm,
    against_baseline,
    arm_of,
    block_anova,
    linear_contrast,
    one_sample,
    one_way,
    paired,
    pooled_contrast,
    welch,
    welch_anova,
)

# Student (1908): hours of sleep gained by ten patients with two drugs.
FIRST = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SECOND = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]

VALUE = st.floats(-1e3, 1e3).map(lambda value: round(value, 3))
GROUP = st.lists(VALUE, min_size=2, max_size=8)
GROUPS = st.lists(GROUP, min_size=2, max_size=5)
SCALE = st.sampled_from([1e-150, 1e-6, 0.25, 3.0, 1e6, 1e150])


def varies(*groups: list[float]) -> bool:
    return all(max(group) - min(group) > 0.01 for group in groups)


# --- published --------------------------------------------------------------------------------


def test_students_sleep_paired_and_as_one_sample() -> None:
    found = paired(SECOND, FIRST)
    assert found.t == pytest.approx(4.0621, abs=5e-5)
    assert found.p == pytest.approx(0.00283289, rel=1e-5)
    assert (found.low, found.high) == pytest.approx((0.7001142, 2.4598858), abs=1e-7)
    differences = [round(second - first, 1) for first, second in zip(FIRST, SECOND, strict=True)]
    assert one_sample(differences)[2:] == pytest.approx(found[2:])


def test_students_sleep_as_if_unpaired() -> None:
    found = welch(Arm(0.75, 1.789010, 10), Arm(2.33, 2.002249, 10))
    assert found.t == pytest.approx(-1.8608, abs=5e-5)
    assert found.df == pytest.approx(17.776474, abs=1e-4)
    assert found.p == pytest.approx(0.079394, abs=1e-5)
    assert found[2:] == pytest.approx(welch(arm_of(FIRST), arm_of(SECOND))[2:], rel=1e-5)


def test_an_estimate_from_its_parts() -> None:
    found = estimate(1.58, 0.38896, 9)
    assert (found.low, found.high) == pytest.approx((0.70011, 2.45989), abs=1e-5)
    assert found.p == pytest.approx(0.0028329, abs=1e-6)
    assert found.at(0.95) == (found.low, found.high)
    assert found.p_above(0.0) == pytest.approx(found.p / 2)
    assert found.p_below(0.0) == pytest.approx(1 - found.p / 2)
    low, high = found.at(0.9)
    assert (found.p_above(low), found.p_below(high)) == pytest.approx((0.05, 0.05))


def test_a_known_error_gives_the_normal_interval() -> None:
    found = estimate(0.0, 1.0, math.inf)
    assert (found.low, found.high) == pytest.approx((-1.959964, 1.959964), abs=1e-6)


# --- against scipy on random values -----------------------------------------------------------


@given(GROUP, GROUP)
def test_any_welch_agrees_with_scipy(first: list[float], second: list[float]) -> None:
    if not varies(first, second):
        return
    found, expected = (
        welch(arm_of(first), arm_of(second)),
        stats.ttest_ind(first, second, equal_var=False),
    )
    interval = expected.confidence_interval(0.95)
    assert found[2:4] == pytest.approx((float(expected._standard_error), float(expected.df)))
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-6)
    assert found.p == pytest.approx(float(expected.pvalue), rel=1e-6, abs=1e-12)
    pooled = pooled_contrast([arm_of(first), arm_of(second)], [1, -1])
    assert pooled.p == pytest.approx(float(stats.ttest_ind(first, second).pvalue), rel=1e-6)


@given(st.lists(st.tuples(VALUE, VALUE), min_size=2, max_size=10))
def test_any_pairs_agree_with_scipy_and_with_two_blocks(pairs: list[tuple[float, float]]) -> None:
    first, second = map(list, zip(*pairs, strict=True))
    if not varies([one - other for one, other in pairs]):
        return
    found, expected = paired(first, second), stats.ttest_rel(first, second)
    assert found.p == pytest.approx(float(expected.pvalue), rel=1e-6, abs=1e-12)
    blocks = block_anova(pairs)
    assert blocks.f == pytest.approx(found.t**2, rel=1e-6, abs=1e-9)
    assert blocks.p == pytest.approx(found.p, rel=1e-6)
    assert (blocks.epsilon, blocks.p_corrected) == pytest.approx((1.0, blocks.p))


@given(GROUPS)
def test_any_analysis_of_variance_agrees(groups: list[list[float]]) -> None:
    from statsmodels.stats.oneway import anova_oneway  # 3 s: only here

    if not varies(*groups):
        return
    classical, expected = one_way(groups), stats.f_oneway(*groups)
    assert classical.f == pytest.approx(float(expected.statistic), rel=1e-6, abs=1e-9)
    if float(expected.statistic) < 1e-12:  # equal means: scipy's F may be below 0 by rounding
        return
    assert classical.p == pytest.approx(float(expected.pvalue), rel=1e-6, abs=1e-12)
    found = welch_anova([arm_of(group) for group in groups])
    theirs = anova_oneway([np.array(group) for group in groups], use_var="unequal")
    assert (found.f, found.df2) == pytest.approx(
        (theirs.statistic, theirs.df_denom), rel=1e-6, abs=1e-9
    )
    assert found.p == pytest.approx(theirs.pvalue, rel=1e-6, abs=1e-12)


@given(st.integers(2, 6), st.integers(2, 5), st.integers(0, 2**32 - 1))
def test_any_blocks_agree_with_statsmodels(blocks: int, levels: int, seed: int) -> None:
    import pandas as pd
    from statsmodels.stats.anova import AnovaRM

    table = (
        np.random.default_rng(seed).normal(size=(blocks, levels)) + 5 * np.arange(blocks)[:, None]
    )
    found = block_anova(table.tolist())
    long = pd.DataFrame(
        [(b, k, table[b, k]) for b in range(blocks) for k in range(levels)],
        columns=["block", "level", "y"],
    )
    expected = AnovaRM(long, "y", "block", within=["level"]).fit().anova_table.iloc[0]
    assert found.f == pytest.approx(expected["F Value"], rel=1e-6)
    assert found.p == pytest.approx(expected["Pr > F"], rel=1e-6)
    assert 1 / (levels - 1) <= found.epsilon <= 1


# --- contrasts of several arms ----------------------------------------------------------------


def test_ten_treatments_share_the_error_of_their_baseline() -> None:
    treatments, baseline = [Arm(1.0, 1.0, 3)] * 10, Arm(0.0, 1.0, 3)
    found = against_baseline(treatments, baseline)
    assert found.error == pytest.approx(math.sqrt(1 / 30 + 1 / 3))
    # its one baseline decides: little more than 2 degrees of freedom
    assert 2 < found.df < 3
    independent = math.sqrt((1 / 3 + 1 / 3) / 10)
    assert found.error > 2.3 * independent


def test_a_shared_baseline_taken_as_independent_rejects_a_true_null_far_too_often() -> None:
    rng = np.random.default_rng(20260107)
    rejected = {"shared": 0, "independent": 0}
    for _ in range(400):
        values = rng.normal(size=(11, 5))
        arms = [arm_of(row) for row in values.tolist()]
        rejected["shared"] += against_baseline(arms[1:], arms[0]).p < 0.05
        differences = [arm.mean - arms[0].mean for arm in arms[1:]]
        error = math.sqrt(sum(arm.sd**2 / 5 + arms[0].sd ** 2 / 5 for arm in arms[1:])) / 10
        rejected["independent"] += abs(np.mean(differences)) > 1.96 * error
    assert rejected["shared"] / 400 < 0.05 + 2 * math.sqrt(0.05 * 0.95 / 400)
    assert rejected["independent"] / 400 > 0.3


@given(GROUPS, SCALE, st.sampled_from([-7.0, 0.0, 12.0]))
def test_scale_and_shift_change_a_contrast_as_they_should(groups, scale, shift) -> None:
    if not varies(*groups):
        return
    weights = [1.0, *[-1 / (len(groups) - 1)] * (len(groups) - 1)]
    found = linear_contrast([arm_of(group) for group in groups], weights)
    moved = [[(value + shift) * scale for value in group] for group in groups]
    again = linear_contrast([arm_of(group) for group in moved], weights)
    assert again.value / scale == pytest.approx(found.value, rel=1e-6, abs=1e-6)
    assert (again.error / scale, again.df) == pytest.approx((found.error, found.df), rel=1e-5)
    for test, other in (
        (one_way(groups), one_way(moved)),
        (
            welch_anova([arm_of(group) for group in groups]),
            welch_anova([arm_of(group) for group in moved]),
        ),
    ):
        assert (other.f, other.df2) == pytest.approx((test.f, test.df2), rel=1e-5, abs=1e-9)


@given(GROUP, GROUP)
def test_the_other_way_round_only_the_sign_changes(first, second) -> None:
    one, other = welch(arm_of(first), arm_of(second)), welch(arm_of(second), arm_of(first))
    assert (other.value, other.p) == (pytest.approx(-one.value), pytest.approx(one.p))
    if one.low is not None:
        assert (other.low, other.high) == pytest.approx((-one.high, -one.low))


# --- nothing to go by -------------------------------------------------------------------------


@pytest.mark.parametrize("base", [0.0, 0.1, 1e12, -1e-9])
def test_without_spread_there_is_no_p(base: float) -> None:
    same = [base + 0.2] * 3
    for found in (
        one_sample(same),
        paired(same, [base] * 3),
        welch(arm_of(same), arm_of([base] * 3)),
        pooled_contrast([arm_of(same), arm_of([base] * 3)], [1, -1]),
    ):
        assert found.state == "deterministic"
        assert (found.error, found.df, found.low, found.high, found.t, found.p) == (
            0, None, None, None, None, None,
        )  # fmt: skip
        assert found.at(0.9) is found.p_above(0) is found.p_below(0) is None
    assert one_way([same, [base] * 3]).p is None
    assert welch_anova([arm_of(same), arm_of([base, base + 1])]).p is None
    assert block_anova([[1.0, 2.0 + base], [11.0, 12.0 + base]]).p is None


def test_a_single_value_tells_no_error() -> None:
    assert one_sample([3.0]).state == paired([3.0], [2.0]).state == "unreplicated"
    assert welch(arm_of([3.0]), arm_of([1.0, 2.0])).state == "unreplicated"
    # the pooled variance comes from the others
    assert pooled_contrast([Arm(3.0, math.nan, 1), Arm(1.0, 1.0, 5)], [1, -1]).df == 4
    # an arm without weight is not asked
    assert linear_contrast([arm_of([1.0, 2.0]), arm_of([7.0])], [1, 0]).state == "estimated"


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_refused(wrong: float) -> None:
    for call in (
        lambda: arm_of([1.0, wrong]),
        lambda: one_sample([1.0, wrong]),
        lambda: paired([1.0, wrong], [1.0, 2.0]),
        lambda: welch(Arm(wrong, 1.0, 2), Arm(0.0, 1.0, 2)),
        lambda: welch(Arm(1.0, wrong, 2), Arm(0.0, 1.0, 2)),
        lambda: linear_contrast([Arm(1.0, 1.0, 2)], [wrong]),
        lambda: one_way([[1.0, 2.0], [wrong]]),
        lambda: block_anova([[1.0, 2.0], [wrong, 1.0]]),
        lambda: estimate(wrong, 1.0, 3),
        lambda: estimate(0.0, wrong, 3),
        lambda: estimate(0.0, 1.0, wrong if wrong != math.inf else -1.0),
    ):
        with pytest.raises(ValueError):
            call()


def test_what_cannot_be_compared_is_refused() -> None:
    two = Arm(0.0, 1.0, 2)
    for call in (
        lambda: arm_of([]),
        lambda: paired([1.0], [1.0, 2.0]),
        lambda: linear_contrast([two], [1, -1]),
        lambda: linear_contrast([two, two], [0, 0]),
        lambda: welch(Arm(0.0, -1.0, 2), two),
        lambda: welch(Arm(0.0, 1.0, 0), two),
        lambda: welch(two, two, level=1.0),
        lambda: welch(Arm(1.7e308, 1.0, 2), Arm(-1.7e308, 1.0, 2)),
        lambda: one_way([[1.0, 2.0]]),
        lambda: one_way([[1.0], [2.0]]),
        lambda: welch_anova([two]),
        lambda: welch_anova([two, Arm(0.0, 1.0, 1)]),
        lambda: block_anova([[1.0, 2.0]]),
        lambda: block_anova([[1.0], [2.0]]),
        lambda: block_anova([[1.0, 2.0], [1.0, 2.0, 3.0]]),
    ):
        with pytest.raises(ValueError):
            call()


def test_nothing_overflows() -> None:
    found = welch(arm_of([1e300, 2e300]), arm_of([-1e300, -3e300]))
    assert 0 < found.p < 1
    assert one_way([[1e300, 2e300], [3e300, 5e300]]).f == pytest.approx(5.0)
    assert one_way([[0.0, 5e-324], [0.5, 0.5]]).f is None  # its square is no double
    assert block_anova([[1e300, 2e300], [3e300, 5e300]]).f == pytest.approx(9.0)
    assert 0 < welch(Arm(1e9, 1e-9, 50), Arm(0.0, 1e-9, 50)).p < 1e-100
