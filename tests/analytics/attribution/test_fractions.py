"""Regular fractions, their words and aliases."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analytics.attribution.factorials import design

from labrec.analytics.attribution.attribute import attribute
from labrec.analytics.attribution.fractions import fraction
from labrec.analytics.attribution.models import signs_of

HALF = [on for on in range(8) if (on & 1) ^ (on >> 1 & 1) != on >> 2 & 1]  # C = AB


def test_the_half_of_three_factors():
    found = fraction(HALF, 3)
    assert HALF == [1, 2, 4, 7]
    assert found.words == (0, 0b111)
    assert found.signs == (1, 1)
    assert found.resolution == 3
    assert found.aliases(0b001) == [(0b110, 1)]


def test_the_other_half_has_the_other_sign():
    assert fraction([0, 3, 5, 6], 3).aliases(0b001) == [(0b110, -1)]


@pytest.mark.parametrize(
    ("cells", "k"),
    [
        ([0, 1, 2, 4], 3),  # no fraction
        ([0, 1, 2], 2),  # no power of two
        ([0, 3], 2),  # both factors switched together
        ([0, 1], 2),  # b never switched
        ([0], 1),
    ],
)
def test_what_is_no_fraction_that_says_something_of_each_factor(cells: list[int], k: int):
    assert fraction(cells, k) is None


def test_all_cells_are_a_fraction_without_words():
    found = fraction(range(8), 3)
    assert (found.words, found.resolution) == ((0,), 0)


@st.composite
def generated(draw: st.DrawFn) -> tuple[int, list[int]]:
    """Fractions of up to 7 factors: basic factors, and others as products of them."""
    basic = draw(st.integers(3, 4))
    sets = [places for size in range(2, basic + 1) for places in combinations(range(basic), size)]
    made = draw(
        st.lists(
            st.tuples(st.sampled_from(sets), st.booleans()),
            max_size=3,
            unique_by=lambda item: item[0],
        )
    )
    cells = []
    for start in range(1 << basic):
        on = start
        for place, (product, negative) in enumerate(made):
            off = sum(not on >> factor & 1 for factor in product) & 1
            on |= (off == negative) << (basic + place)
        cells.append(on)
    return basic + len(made), cells


@settings(max_examples=25)
@given(generated())
def test_aliases_have_the_same_signs_in_every_cell(given_cells: tuple[int, list[int]]):
    k, cells = given_cells
    found = fraction(cells, k)
    assert len(found.words) * len(cells) == 1 << k
    signs = [_signs(cells, effect, k) for effect in range(1 << k)]
    products = np.array(signs) @ np.array(signs).T
    for effect in range(1 << k):
        expected = dict(found.aliases(effect)) | {effect: 1}
        product = {other: sign * len(cells) for other, sign in expected.items()}
        assert (products[effect] == [product.get(other, 0) for other in range(1 << k)]).all()


@given(generated())
def test_shares_rebuild_an_effect_from_the_contrasts(given_cells: tuple[int, list[int]]):
    k, cells = given_cells
    rng = np.random.default_rng(len(cells) + k)
    values, weights = rng.normal(size=len(cells)), rng.normal(size=len(cells))
    weights -= weights.mean()
    found = fraction(cells, k)
    assert np.isclose(found.shares(weights) @ found.contrasts(values), weights @ values)


def _signs(cells: list[int], effect: int, k: int) -> np.ndarray:
    return signs_of(cells, [[place for place in range(k) if effect >> place & 1]])[:, 0]


def test_effects_of_a_fraction_name_what_they_cannot_be_told_from():
    found = attribute(design("abc", [(1.0, 1.2), (2.0, 2.1), (4.0, 4.5), (8.0, 7.7)], cells=HALF))
    assert (found.shape, found.resolution) == ("fraction", 3)
    main = found.effect("main", 0)
    assert main.estimate == pytest.approx((1.1 + 7.85) / 2 - (2.05 + 4.25) / 2)
    assert (main.aliases, main.model, main.identifiable) == (("b×c",), "order 1", True)
    assert [effect for effect in found.effects if effect.kind == "interaction"] == []
    assert found.missing == (0, 3, 5, 6)


def test_interactions_that_share_a_chain_are_one_effect_that_is_not_identifiable():
    cells = [on for on in range(16) if on.bit_count() % 2 == 0]  # D = ABC
    found = attribute(design("abcd", [(float(on), on + 1.0) for on in cells], cells=cells))
    assert found.resolution == 4
    chains = [effect for effect in found.effects if effect.kind == "interaction"]
    assert [(effect.factors, effect.aliases) for effect in chains] == [
        ((0, 1), ("c×d",)),
        ((0, 2), ("b×d",)),
        ((1, 2), ("a×d",)),
    ]
    assert not any(effect.identifiable for effect in chains)
    assert {effect.model for effect in chains} == {"aliased"}
    assert found.effect("main", 0).model == "order 2"  # its only alias is b×c×d
    assert {effect.family for effect in found.effects if effect.kind == "main"} == {7}
