"""Adjusted p values and levels: published values and laws."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrec.analytics.stats.multiple import holm, look_level, sequence_level


def test_holm_as_he_published_it() -> None:
    # R: p.adjust(c(.01, .02, .03, .04), "holm")
    assert holm([0.01, 0.02, 0.03, 0.04]) == pytest.approx([0.04, 0.06, 0.06, 0.06])
    assert holm([0.04, 0.01]) == pytest.approx([0.04, 0.02])
    assert holm([]) == []


P_VALUES = st.lists(st.floats(0, 1), max_size=12)


@given(P_VALUES)
def test_laws_of_holm(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    n = len(p_values)
    # By its definition: the largest of (n - k + 1) p over all p that are not larger.
    for p, q in zip(p_values, adjusted, strict=True):
        ranked = sorted(p_values)
        most = max((n - k) * v for k, v in enumerate(ranked) if v <= p)
        assert q == pytest.approx(min(1.0, most))
        assert p <= q <= min(1.0, n * p) or q == pytest.approx(min(1.0, n * p))
    # Smaller p, smaller adjusted p.
    for (p, q), (r, s) in itertools.combinations(zip(p_values, adjusted, strict=True), 2):
        assert (p < r and q <= s) or (p > r and q >= s) or (p == r and q == s)


@given(P_VALUES, st.randoms(use_true_random=False))
def test_holm_does_not_depend_on_the_order(p_values: list[float], random: object) -> None:
    shuffled = list(p_values)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert sorted(holm(shuffled)) == sorted(holm(p_values))


def test_what_is_no_p_value_is_refused() -> None:
    for wrong in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match="p value"):
            holm([0.5, wrong])


def test_the_levels_of_a_sequence_add_up_to_the_whole() -> None:
    assert sequence_level(0.05, 1) == pytest.approx(0.030396, abs=1e-6)
    assert sequence_level(0.05, 2) == pytest.approx(0.0075991, abs=1e-7)
    first = math.fsum(sequence_level(0.05, place) for place in range(1, 10_001))
    assert 0.05 - 6 * 0.05 / math.pi**2 / 10_000 < first < 0.05


def test_the_levels_of_looks_add_up_to_the_whole() -> None:
    assert [look_level(0.05, look) for look in (1, 2, 3)] == [0.025, 0.0125, 0.00625]
    assert math.fsum(look_level(0.05, look) for look in range(1, 60)) <= 0.05
    assert look_level(0.05, 5000) == 0  # nothing is left to find


@pytest.mark.parametrize("level", [look_level, sequence_level])
def test_levels_out_of_range_are_refused(level) -> None:
    for alpha, place in ((0.05, 0), (0.0, 1), (1.0, 1), (math.nan, 1)):
        with pytest.raises(ValueError):
            level(alpha, place)
