"""Lenth's method against published numbers and its own promises."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrec.analytics.stats.lenth import critical, lenth, normal, p_value, pseudo_error, reference

PILOT_PLANT = [23, -5, 1.5, 1.5, 10, 0, 0.5]  # Box, Hunter and Hunter 2005, p. 177


def test_the_pilot_plant():
    assert pseudo_error(PILOT_PLANT) == 2.25
    found = lenth(PILOT_PLANT)
    assert found.pse == 2.25
    assert found.margin == pytest.approx(2.30 * 2.25, rel=0.01)
    assert found.margin_all == pytest.approx(4.87 * 2.25, rel=0.01)
    assert [p < 0.05 for p in found.p] == [True, False, False, False, True, False, False]
    assert [p < 0.05 for p in found.p_holm] == [True, *[False] * 6]


@pytest.mark.parametrize(
    ("count", "one", "every"),
    [(7, 2.297, 4.867), (15, 2.156, 4.240)],  # Ye and Hamada 2000, at 0.05
)
def test_critical_values_are_those_of_ye_and_hamada(count: int, one: float, every: float):
    ours = critical(count, 0.95)
    assert ours[0] == pytest.approx(one, rel=0.005)
    assert ours[1] == pytest.approx(every, rel=0.01)


def test_critical_values_are_always_the_same():
    first = critical(8, 0.95)
    reference.cache_clear()
    assert critical(8, 0.95) == first


def test_the_limit_of_many_contrasts_joins_the_simulated_ones():
    simulated, limit = critical(2047, 0.95), normal(0.95, 2047)
    assert simulated[0] == pytest.approx(limit[0], rel=0.005)
    assert simulated[1] == pytest.approx(limit[1], rel=0.03)
    assert critical(5000, 0.95) == normal(0.95, 5000)
    assert p_value(1.9633, 5000) == pytest.approx(0.05, abs=2e-4)


def test_fewer_than_seven_contrasts_say_nothing():
    assert lenth([1.0, 2.0, 3.0, 1.5, 0.5, 0.1]) is None


def test_contrasts_that_are_mostly_zero_say_nothing():
    found = lenth([5.0, *[0.0] * 6])
    assert (found.pse, found.margin, found.p) == (0.0, None, ())


@given(
    st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=7, max_size=20),
    st.floats(0.001, 1000),
)
def test_scale_and_sign_do_not_matter(contrasts: list[float], factor: float):
    pse = pseudo_error(contrasts)
    assert pseudo_error([-contrast for contrast in contrasts]) == pse
    assert math.isclose(
        pseudo_error([contrast * factor for contrast in contrasts]),
        pse * factor,
        rel_tol=1e-9,
        abs_tol=1e-300,
    )


@pytest.mark.parametrize(("count", "active"), [(7, 0), (15, 0), (15, 3)])
def test_how_often_lenth_covers(count: int, active: int):
    """Exact without effects, by construction; with some it becomes careful, never bold."""
    rng = np.random.default_rng(count + active)
    truth = np.zeros(count)
    truth[:active] = 5.0
    repeats, covered, together = 2000, 0, 0
    for _ in range(repeats):
        contrasts = truth + rng.normal(size=count)
        found = lenth(contrasts.tolist())
        inside = np.abs(contrasts - truth) <= found.margin
        covered += inside.mean()
        together += (np.abs(contrasts - truth) <= found.margin_all).all()
    error = 2 * math.sqrt(0.95 * 0.05 / repeats)
    assert covered / repeats >= 0.95 - error
    assert together / repeats >= 0.95 - error
    if not active:
        assert covered / repeats <= 0.95 + error
        assert together / repeats <= 0.95 + error
