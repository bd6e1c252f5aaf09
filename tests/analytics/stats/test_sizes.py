"""Effect sizes: worked examples, definitions, laws."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrec.analytics.stats.means import Arm, arm_of
from labrec.analytics.stats.sizes import cliffs_delta, hedges_g

GROUP = st.lists(st.floats(-100, 100).map(lambda v: round(v, 2)), min_size=2, max_size=8)


def test_bonetts_interval_as_statpsych_has_it() -> None:
    """R statpsych: ci.stdmean2(.05, 35.1, 26.7, 7.32, 6.98, 30, 30), unweighted standardiser."""
    found = hedges_g(Arm(35.1, 7.32, 30), Arm(26.7, 6.98, 30))
    assert (found.d, found.error) == pytest.approx((1.174493, 0.2844012), rel=1e-6)
    assert (found.low, found.high) == pytest.approx((0.6170771, 1.731909), rel=1e-6)
    assert found.g == pytest.approx(1.15923, abs=5e-6)


def test_bonetts_interval_of_pairs_as_statpsych_has_it() -> None:
    """R statpsych: ci.stdmean.ps(.05, 110.4, 102.1, 15.3, 14.6, .75, 25)."""
    found = hedges_g(Arm(110.4, 15.3, 25), Arm(102.1, 14.6, 25), correlation=0.75)
    assert (found.d, found.error) == pytest.approx((0.5550319, 0.1609934), rel=1e-6)
    assert (found.low, found.high) == pytest.approx((0.2394905, 0.8705732), rel=1e-6)


@given(GROUP, GROUP, st.sampled_from([1e-150, 1.0, 1e150]))
def test_it_has_no_unit_and_the_other_way_round_the_other_sign(first, second, scale) -> None:
    one, other = arm_of(first), arm_of(second)
    found = hedges_g(one, other)
    if found is None:
        assert one.sd == other.sd == 0
        return
    scaled = [Arm(arm.mean * scale, arm.sd * scale, arm.n) for arm in (one, other)]
    assert hedges_g(*scaled) == pytest.approx(found, rel=1e-9, abs=1e-12)
    back = hedges_g(other, one)
    assert (back.d, back.g, back.low) == pytest.approx((-found.d, -found.g, -found.high))
    assert abs(found.g) <= abs(found.d)
    assert found.low <= found.d <= found.high


def test_hedges_correction_approaches_its_formula() -> None:
    # Hedges 1981, eq. 6f: 1 - 3/(4 df - 1)
    for n in (5, 20, 200):
        found = hedges_g(Arm(1.0, 1.0, n), Arm(0.0, 1.0, n))
        assert found.g / found.d == pytest.approx(1 - 3 / (4 * (2 * n - 2) - 1), abs=1e-3)


def test_without_spread_or_replicates_there_is_no_size() -> None:
    assert hedges_g(Arm(1.0, 0.0, 3), Arm(0.0, 0.0, 3)) is None
    assert hedges_g(Arm(1.0, 1.0, 1), Arm(0.0, 1.0, 3)) is None
    assert hedges_g(Arm(1.0, 1.0, 2), Arm(0.0, 1.0, 2), correlation=0.5).g == 0.0


def test_cliffs_delta_of_the_worked_example() -> None:
    assert cliffs_delta([1, 2, 3], [2, 3, 4]) == pytest.approx(-5 / 9)
    assert cliffs_delta([5, 6], [1, 2]) == 1


@given(GROUP, GROUP)
def test_cliffs_delta_is_its_definition(first, second) -> None:
    signs = [(x > y) - (x < y) for x in first for y in second]
    found = cliffs_delta(first, second)
    assert found == pytest.approx(sum(signs) / len(signs))
    assert cliffs_delta(second, first) == pytest.approx(-found)
    assert cliffs_delta([v**3 for v in first], [v**3 for v in second]) == pytest.approx(found)


def test_what_has_no_meaning_is_refused() -> None:
    arm = Arm(0.0, 1.0, 3)
    for call in (
        lambda: hedges_g(Arm(math.nan, 1.0, 3), arm),
        lambda: hedges_g(Arm(0.0, math.inf, 3), arm),
        lambda: hedges_g(Arm(0.0, -1.0, 3), arm),
        lambda: hedges_g(arm, arm, correlation=1.5),
        lambda: hedges_g(arm, Arm(0.0, 1.0, 4), correlation=0.5),
        lambda: hedges_g(arm, arm, level=0.0),
        lambda: hedges_g(Arm(1e308, 1e-300, 3), Arm(0.0, 1e-300, 3)),
        lambda: cliffs_delta([], [1.0]),
        lambda: cliffs_delta([1.0], [math.nan]),
    ):
        with pytest.raises(ValueError):
            call()
