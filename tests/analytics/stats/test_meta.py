"""Random effects: the trials of the BCG vaccine, statsmodels on random values, laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrec.analytics.stats.meta import random_effects

# Colditz et al. (1994), as metafor's dat.bcg: cases and others, vaccinated and not.
BCG = [
    (4, 119, 11, 128), (6, 300, 29, 274), (3, 228, 11, 209), (62, 13536, 248, 12619),
    (33, 5036, 47, 5761), (180, 1361, 372, 1079), (8, 2537, 10, 619), (505, 87886, 499, 87892),
    (29, 7470, 45, 7232), (17, 1699, 65, 1600), (186, 50448, 141, 27197), (5, 2493, 3, 2338),
    (27, 16886, 29, 17825),
]  # fmt: skip
RISKS = [math.log(a / (a + b)) - math.log(c / (c + d)) for a, b, c, d in BCG]
ERRORS = [math.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)) for a, b, c, d in BCG]


def test_the_trials_of_the_bcg_vaccine_as_metafor_combines_them() -> None:
    """R metafor: rma(yi, vi, data = dat, test = "knha"), method "REML" (its default) and "PM"."""
    found = random_effects(RISKS, ERRORS, method="reml")
    assert found.tau**2 == pytest.approx(0.3132, abs=5e-5)
    assert found.mean.value == pytest.approx(-0.7145, abs=5e-5)
    assert found.mean.error == pytest.approx(0.1808, abs=5e-5)
    assert (found.mean.low, found.mean.high) == pytest.approx((-1.1084, -0.3206), abs=5e-5)
    assert found.q == pytest.approx(152.2330, abs=5e-5)
    assert (found.k, found.mean.df) == (13, 12)
    assert (found.mean.t, found.mean.p) == pytest.approx((-3.9522, 0.0019), abs=5e-5)
    assert random_effects(RISKS, ERRORS).tau ** 2 == pytest.approx(0.3181, abs=5e-5)


EFFECTS = st.lists(
    st.tuples(st.floats(-5, 5).map(lambda v: round(v, 3)), st.floats(0.05, 3)),
    min_size=3,
    max_size=9,
)


@given(EFFECTS)
def test_any_combination_agrees_with_statsmodels(effects) -> None:
    from statsmodels.stats.meta_analysis import combine_effects  # 3 s: only here

    values, errors = map(list, zip(*effects, strict=True))
    if max(values) - min(values) < 0.01:
        return
    found = random_effects(values, errors)
    theirs = combine_effects(
        np.array(values), np.array(errors) ** 2, method_re="iterated", use_t=True, atol=1e-12
    )
    assert found.q == pytest.approx(theirs.q, rel=1e-6, abs=1e-9)
    weights = 1 / (np.array(errors) ** 2 + found.tau**2)
    if found.tau > 0:  # the equation of Paule and Mandel itself
        spread = weights @ (np.array(values) - found.mean.value) ** 2
        assert spread == pytest.approx(len(values) - 1, rel=1e-6)
    if theirs.tau2 == 0 < found.tau:
        return  # statsmodels 0.15 gives up where its first Newton step falls below 0
    assert found.tau**2 == pytest.approx(theirs.tau2, rel=1e-4, abs=1e-6)
    assert found.mean.value == pytest.approx(theirs.mean_effect_re, rel=1e-4, abs=1e-6)
    assert found.mean.error == pytest.approx(theirs.sd_eff_w_re_hksj, rel=1e-4, abs=1e-6)


@given(EFFECTS)
def test_reml_is_the_highest_point_of_its_likelihood(effects) -> None:
    values, errors = map(np.array, zip(*effects, strict=True))

    def likelihood(tau2: float) -> float:
        w = 1 / (errors**2 + tau2)
        mu = (w * values).sum() / w.sum()
        return np.log(w).sum() - np.log(w.sum()) - (w * (values - mu) ** 2).sum()

    found = random_effects(list(values), list(errors), method="reml").tau ** 2
    most = max(likelihood(tau2) for tau2 in np.linspace(0, 120, 400))
    assert likelihood(found) >= most - 1e-6 * abs(most) - 1e-9


@given(EFFECTS, st.sampled_from(["paule-mandel", "reml"]), st.sampled_from([1e-140, 1e-3, 1e150]))
def test_unit_origin_and_order_do_not_matter(effects, method, scale) -> None:
    values, errors = map(list, zip(*effects, strict=True))
    found = random_effects(values, errors, method=method)
    moved = random_effects(
        [scale * (value + 2) for value in reversed(values)],
        [scale * error for error in reversed(errors)],
        method=method,
    )
    assert moved.tau / scale == pytest.approx(found.tau, rel=1e-4, abs=1e-4)
    assert moved.mean.value / scale - 2 == pytest.approx(found.mean.value, rel=1e-4, abs=1e-4)
    assert moved.mean.error / scale == pytest.approx(found.mean.error, rel=1e-3, abs=1e-4)


def test_equal_estimates_keep_their_own_errors() -> None:
    found = random_effects([0.5] * 4, [0.2] * 4)
    assert (found.tau, found.q) == (0, 0)
    assert found.mean.error == pytest.approx(0.1)
    assert found.mean.p > 0


def test_two_estimates_tell_no_variance_between() -> None:
    assert random_effects([1.0, 2.0], [1.0, 1.0]) is None
    assert random_effects([], []) is None


def test_errors_far_apart_do_not_overflow() -> None:
    found = random_effects([1.0, 2.0, 4.0], [1e-200, 1.0, 1e3])
    assert math.isfinite(found.mean.error)


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ([1.0, 2.0, 3.0], [1.0, 1.0]),
        ([1.0, 2.0, 3.0], [1.0, 1.0, 0.0]),
        ([1.0, 2.0, math.nan], [1.0, 1.0, 1.0]),
        ([1.0, 2.0, 3.0], [1.0, 1.0, math.inf]),
        ([1.7e308, -1.7e308, 0.0], [1.0, 1.0, 1.0]),
    ],
)
def test_what_cannot_be_combined_is_refused(values, errors) -> None:
    with pytest.raises(ValueError):
        random_effects(values, errors)
