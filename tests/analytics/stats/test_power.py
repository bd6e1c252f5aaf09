"""Power: R's published cases are in tests/methods; here statsmodels, simulation, laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from labrec.analytics.stats.estimate import estimate
from labrec.analytics.stats.power import (
    n_needed,
    one_sample_power,
    power_of,
    seen_power,
    t_power,
)

EFFECT, RUNS = st.floats(-3, 3), st.floats(2, 60)


def test_worked_examples() -> None:
    assert t_power(1, 1, 20, alpha=0.05) == pytest.approx(0.8689530, abs=5e-8)
    assert power_of(math.sqrt(10), 38, alpha=0.05) == pytest.approx(0.8689530, abs=5e-8)
    assert one_sample_power(0.2, 1, 20, alpha=0.05) == pytest.approx(0.1359563, abs=5e-8)
    found = n_needed(1, 1, power=0.9, alpha=0.05)
    assert (found.n, found.solved) == (23, pytest.approx(22.021, abs=5e-4))
    seen = seen_power(estimate(2.5, 1.0, 30), alpha=0.05)
    assert seen == pytest.approx((0.677, 0.073), abs=5e-4)


@given(EFFECT, RUNS, RUNS, st.sampled_from([0.001, 0.05, 0.2]), st.sampled_from([1, 2]))
def test_any_power_agrees_with_statsmodels(effect, n, m, alpha, sides) -> None:
    from statsmodels.stats.power import TTestIndPower, TTestPower  # 3 s: only here

    alternative = "two-sided" if sides == 2 else "larger"
    expected = TTestIndPower().power(effect, n, alpha, m / n, alternative=alternative)
    found = t_power(effect, 1.0, n, alpha=alpha, sides=sides, other_n=m)
    if math.isfinite(expected):
        assert found == pytest.approx(float(expected), rel=1e-6, abs=1e-9)
    expected = TTestPower().power(effect, n, alpha, alternative=alternative)
    if math.isfinite(expected):
        found = one_sample_power(effect, 1.0, n, alpha=alpha, sides=sides)
        assert found == pytest.approx(float(expected), rel=1e-6, abs=1e-9)


def test_power_is_how_often_the_test_finds_it() -> None:
    rng = np.random.default_rng(3)
    first, second = rng.normal(0.8, 1, (4000, 12)), rng.normal(0, 1, (4000, 8))
    found = float((stats.ttest_ind(first, second, axis=1).pvalue < 0.05).mean())
    expected = t_power(0.8, 1.0, 12, alpha=0.05, other_n=8)
    assert found == pytest.approx(expected, abs=2 * math.sqrt(0.25 / 4000))


@given(st.floats(0.05, 4), st.sampled_from([0.5, 0.8, 0.99]), st.sampled_from([1, 2]))
def test_what_is_needed_reaches_its_power_and_one_less_does_not(effect, power, sides) -> None:
    for design, of in (("two-sample", t_power), ("one-sample", one_sample_power)):
        found = n_needed(effect, 1.0, power=power, alpha=0.05, sides=sides, design=design)
        assert found.power >= power - 1e-6
        assert found.solved <= found.n < max(found.solved + 1, 2.001) + 1e-6
        if found.n > 2:
            assert of(effect, 1.0, found.n - 1, alpha=0.05, sides=sides) < power
        # a unit changes nothing
        again = n_needed(1e3 * effect, 1e3, power=power, alpha=0.05, sides=sides, design=design)
        assert again.n == found.n


@given(st.floats(0, 30), st.floats(1, 500), st.floats(0.001, 0.4))
def test_power_grows_with_the_effect_and_starts_at_alpha(noncentrality, df, alpha) -> None:
    found = power_of(noncentrality, df, alpha=alpha)
    assert alpha - 1e-9 <= found <= 1
    assert power_of(noncentrality + 0.5, df, alpha=alpha) >= found - 1e-9
    assert power_of(0.0, df, alpha=alpha) == pytest.approx(alpha)
    assert power_of(-noncentrality, df, alpha=alpha) == pytest.approx(found, abs=1e-9)


def test_far_out_power_is_one_or_none() -> None:
    for df in (1, 5, 1e3, math.inf):
        assert power_of(1e6, df, alpha=0.05) == pytest.approx(1.0)
        assert power_of(-1e6, df, alpha=0.05, sides=1) == pytest.approx(0.0)
        assert power_of(45.0, df, alpha=0.05) > 0.9
    assert power_of(1.959964, math.inf, alpha=0.05, sides=2) == pytest.approx(0.5, abs=1e-4)


def test_an_effect_that_no_plan_can_find_says_so() -> None:
    assert n_needed(1e-5, 1.0, power=0.8, alpha=0.05) is None


def test_the_power_of_what_was_seen_is_shown_for_its_near_end_too() -> None:
    # at p = alpha the power "at the effect seen" is about one half, whatever the data (Hoenig 2001)
    just = estimate(2.0422724563, 1.0, 30)
    seen = seen_power(just, alpha=0.05)
    assert seen.at_value == pytest.approx(0.5, abs=0.02)
    assert seen.at_low == pytest.approx(0.05, abs=1e-6)
    assert seen_power(estimate(-2.5, 1.0, 30), alpha=0.05) == pytest.approx(
        seen_power(estimate(2.5, 1.0, 30), alpha=0.05)
    )
    assert seen_power(estimate(1.0, 0.0, 3), alpha=0.05) is None
    assert seen_power(estimate(1.0, None, 3), alpha=0.05) is None


def test_what_has_no_meaning_is_refused() -> None:
    for call in (
        lambda: t_power(math.nan, 1, 5, alpha=0.05),
        lambda: t_power(1, 0, 5, alpha=0.05),
        lambda: t_power(1, 1, 1, alpha=0.05),
        lambda: t_power(1, 1, 5, alpha=0.0),
        lambda: t_power(1, 1, 5, alpha=0.6, sides=1),
        lambda: t_power(1, 1, 5, alpha=0.05, sides=3),
        lambda: power_of(1.0, 0.0, alpha=0.05),
        lambda: n_needed(0.0, 1, power=0.8, alpha=0.05),
        lambda: n_needed(1.0, 1, power=0.05, alpha=0.05),
        lambda: n_needed(1.0, 1, power=1.0, alpha=0.05),
    ):
        with pytest.raises(ValueError):
            call()
