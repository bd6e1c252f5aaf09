"""What incomplete designs determine, and that the lists of cells to run are the shortest."""

from __future__ import annotations

from itertools import combinations
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrec.analytics.attribution import games, models
from labrec.analytics.attribution.attribute import attribute
from labrec.analytics.attribution.design import Cell, Design, Kind


def _determined(cells: list[int] | tuple[int, ...], wanted: np.ndarray, rows: np.ndarray) -> bool:
    """Whether a vector is a sum of rows, by ranks."""
    have = rows[list(cells)]
    return np.linalg.matrix_rank(np.vstack([have, wanted])) == np.linalg.matrix_rank(have)


@pytest.mark.parametrize("kind", get_args(Kind))
def test_coefficients_are_what_an_effect_makes_of_a_single_term(kind: Kind):
    for k in (2, 3, 5):
        terms = models.terms_of(k, k)
        signs = models.signs_of(range(1 << k), terms)
        factors = (0, 1) if "interaction" in kind else (k - 1,)
        weights = games.weights(kind, factors, k)
        ours = [models.coefficient(kind, factors, term) for term in terms]
        assert np.allclose(weights @ signs, ours, rtol=0, atol=1e-12)


@given(
    st.integers(1, 4).flatmap(
        lambda k: st.tuples(st.just(k), st.sets(st.integers(0, (1 << k) - 1)))
    )
)
def test_the_list_for_main_effects_is_the_shortest(given_cells: tuple[int, set[int]]):
    k, measured = given_cells
    cells = sorted(measured)
    rows = models.signs_of(range(1 << k), models.terms_of(k, 1))
    mains = 2 * np.eye(k + 1)[1:]

    def enough(extra: tuple[int, ...]) -> bool:
        return all(_determined([*cells, *extra], main, rows) for main in mains)

    found = models.missing_main(cells, k)
    assert not set(found) & measured
    assert enough(found)
    if found:  # brute force: no shorter list will do
        others = [on for on in range(1 << k) if on not in measured]
        assert not any(enough(extra) for extra in combinations(others, len(found) - 1))


@given(
    st.integers(1, 3).flatmap(
        lambda k: st.tuples(st.just(k), st.sets(st.integers(0, (1 << k) - 1), min_size=1))
    )
)
def test_the_lists_of_effects_are_the_shortest(given_cells: tuple[int, set[int]]):
    """By brute force: under no interactions for main effects, without a model for the others."""
    k, measured = given_cells
    found = attribute(
        Design(tuple("abc"[:k]), tuple(Cell(on, (float(on),), (None,)) for on in measured), "loss")
    )
    for effect in found.effects:
        if effect.identifiable or effect.estimate is not None:
            continue
        order = 1 if effect.kind in ("main", "banzhaf") else k
        terms = models.terms_of(k, order)
        rows = models.signs_of(range(1 << k), terms)
        wanted = np.array([models.coefficient(effect.kind, effect.factors, term) for term in terms])
        assert _determined([*measured, *effect.needed], wanted, rows)
        others = [on for on in range(1 << k) if on not in measured]
        assert not any(
            _determined([*measured, *extra], wanted, rows)
            for extra in combinations(others, len(effect.needed) - 1)
        )
    everything = models.terms_of(k, k)
    rows = models.signs_of(range(1 << k), everything)
    wanted = np.array([models.coefficient("shapley", (0,), term) for term in everything])
    others = [on for on in range(1 << k) if on not in measured]
    assert sorted(found.missing) == others  # complete Shapley values need every cell
    if others and k > 1:
        assert not any(
            _determined([*measured, *extra], wanted, rows)
            for extra in combinations(others, len(others) - 1)
        )


@given(st.sets(st.integers(0, 15), min_size=1))
def test_an_effect_is_taken_under_the_weakest_model_that_determines_it(measured: set[int]):
    cells = sorted(measured)
    model = models.Model(cells, [1] * len(cells), 4)
    rng = np.random.default_rng(0)
    for kind in ("shapley", "main", "leave-one-out"):
        found = model.estimate(kind, (1,))
        orders = [
            order
            for order in range(1, 4)
            if _determined(
                range(len(cells)),
                np.array(
                    [models.coefficient(kind, (1,), term) for term in models.terms_of(4, order)]
                ),
                models.signs_of(cells, models.terms_of(4, order)),
            )
        ]
        assert (found is None) == (not orders)
        if found is None:
            continue
        assert found.order == max(orders)
        # a function of that order, known from its terms, is estimated exactly
        terms = models.terms_of(4, found.order)
        function = rng.normal(size=len(terms))
        values = models.signs_of(range(16), terms) @ function
        assert np.isclose(found.weights @ values[cells], games.weights(kind, (1,), 4) @ values)
