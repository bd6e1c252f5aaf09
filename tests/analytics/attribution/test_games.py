"""Effects of complete tables: laws, brute force, other people's numbers."""

from __future__ import annotations

import json
import math
from itertools import combinations, permutations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrec.analytics.attribution import games

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

tables = st.integers(1, 5).flatmap(
    lambda k: st.lists(
        st.floats(-100, 100, allow_subnormal=False), min_size=1 << k, max_size=1 << k
    ).map(np.array)
)


def _close(one: object, other: object, digits: int = 9) -> None:
    assert np.allclose(np.asarray(one), np.asarray(other), rtol=0, atol=10.0**-digits * 100)


@given(tables)
def test_efficiency_the_values_add_up_to_all_on_minus_all_off(values: np.ndarray):
    _close(games.shapley(values).sum(), values[-1] - values[0])


@given(tables, st.integers(0, 4))
def test_dummy_a_factor_that_always_adds_the_same_gets_just_that(values: np.ndarray, place: int):
    k = games.factor_count(values)
    place %= k
    on = np.arange(1 << k) >> place & 1 == 1
    values = values[np.arange(1 << k) & ~(1 << place)] + np.where(on, 3.5, 0.0)
    _close(games.shapley(values)[place], 3.5)
    _close(games.banzhaf(values)[place], 3.5)
    for pair, index in games.shapley_interactions(values).items():
        if place in pair:
            _close(index, 0)


@given(tables)
def test_symmetry_factors_that_change_places_change_values(values: np.ndarray):
    k = games.factor_count(values)
    turned = np.empty_like(values)
    for on in range(1 << k):
        turned[(on << 1 | on >> (k - 1)) & ((1 << k) - 1)] = values[on]  # i becomes i + 1
    _close(games.shapley(turned), np.roll(games.shapley(values), 1))
    _close(games.banzhaf(turned), np.roll(games.banzhaf(values), 1))


@given(tables, st.floats(-3, 3))
def test_linearity(values: np.ndarray, factor: float):
    other = np.sin(np.arange(len(values)))
    both = games.shapley(values * factor + other)
    _close(both, games.shapley(values) * factor + games.shapley(other))


@given(tables)
def test_a_shapley_value_is_the_mean_change_over_all_orders(values: np.ndarray):
    k = games.factor_count(values)
    total = np.zeros(k)
    for order in permutations(range(k)):
        before = 0
        for place in order:
            total[place] += values[before | 1 << place] - values[before]
            before |= 1 << place
    _close(games.shapley(values), total / math.factorial(k))


@given(tables)
def test_dividends_share_out_to_shapley_values_and_interactions(values: np.ndarray):
    k = games.factor_count(values)
    found = games.dividends(values)
    size = games.sizes(k)
    for on in range(1 << k):
        parts = [part for part in range(1 << k) if part & on == part]
        _close(found[parts].sum(), values[on])
    for place in range(k):
        held = [on for on in range(1 << k) if on >> place & 1]
        _close(games.shapley(values)[place], (found[held] / size[held]).sum())
        _close(games.banzhaf(values)[place], (found[held] / 2.0 ** (size[held] - 1)).sum())
    for (one, other), index in games.shapley_interactions(values).items():
        held = [on for on in range(1 << k) if on >> one & 1 and on >> other & 1]
        _close(index, (found[held] / (size[held] - 1)).sum())


@given(tables)
def test_weights_give_what_the_fast_ways_give(values: np.ndarray):
    k = games.factor_count(values)
    contrasts = games.contrasts(values)
    _close(contrasts[0], values.mean())
    for size in range(1, k + 1):
        for places in combinations(range(k), size):
            mask = sum(1 << place for place in places)
            _close(games.weights("interaction", places, k) @ values, contrasts[mask])
    for place in range(k):
        _close(games.weights("shapley", (place,), k) @ values, games.shapley(values)[place])
        _close(games.weights("banzhaf", (place,), k) @ values, games.banzhaf(values)[place])
        full = (1 << k) - 1
        left = values[full] - values[full ^ 1 << place]
        _close(games.weights("leave-one-out", (place,), k) @ values, left)
        _close(games.weights("add-one", (place,), k) @ values, values[1 << place] - values[0])
    for pair, index in games.shapley_interactions(values).items():
        _close(games.weights("shapley-interaction", pair, k) @ values, index)


def test_random_tables_agree_with_shapiq():
    import shapiq  # six seconds, so only here

    rng = np.random.default_rng(20260101)
    for k in (2, 3, 6, 8):
        values = rng.normal(size=1 << k)
        values -= values[0]
        exact = shapiq.ExactComputer(
            n_players=k,
            game=lambda rows, values=values: values[
                (np.asarray(rows).astype(int) << np.arange(rows.shape[1])).sum(axis=1)
            ],
        )
        theirs = exact("SV")
        _close([theirs[(place,)] for place in range(k)], games.shapley(values), 14)
        theirs = exact("BV")
        _close([theirs[(place,)] for place in range(k)], games.banzhaf(values), 14)
        theirs = exact("SII", order=2)
        ours = games.shapley_interactions(values)
        _close([theirs[pair] for pair in ours], list(ours.values()), 14)
        theirs = exact("Moebius")
        ours_too = games.dividends(values)
        for on in range(1, 1 << k):
            places = tuple(place for place in range(k) if on >> place & 1)
            _close(theirs[places], ours_too[on], 13)


# --- other people's games ---------------------------------------------------------------------


def test_fifty_games_of_shapiq(shared_data: Callable[[str], Path]):
    folder = shared_data("shapley_reference")
    expected = json.loads((folder / "expected_shapley_shapiq.json").read_text())["games"]
    assert len(expected) == 50
    for path, published in expected.items():
        values = _stored(folder / path)
        assert values[0] == published["v_empty"]
        assert values[-1] == published["v_full"]
        _close(games.shapley(values), published["shapley"], 16)
        ours = games.shapley_interactions(values)
        theirs = {
            tuple(map(int, pair.split(","))): index for pair, index in published["ksii2"].items()
        }
        assert ours.keys() == theirs.keys()
        _close([ours[pair] for pair in theirs], list(theirs.values()), 16)


def _stored(path: Path) -> np.ndarray:
    stored = np.load(path)
    rows = stored["coalitions"].astype(int)  # in no order
    values = np.full(1 << rows.shape[1], np.nan)
    values[(rows << np.arange(rows.shape[1])).sum(axis=1)] = stored["values"]
    assert not np.isnan(values).any()
    return values


@pytest.fixture
def known(shared_data: Callable[[str], Path]) -> dict:
    return json.loads((shared_data("shapley_reference") / "known_games.json").read_text())


def test_published_shapley_values(known: dict):
    assert len(known["shapley"]) == 11
    for game in known["shapley"]:
        digits = 7 if game["id"] == "Aumann2010" else 16  # printed with five decimals
        _close(games.shapley(_game(game)), game["expected"], digits)


def test_published_banzhaf_values(known: dict):
    assert len(known["normalized_banzhaf"]) == 4
    for game in known["normalized_banzhaf"]:
        found = games.banzhaf(_game(game))
        _close(found / found.sum(), game["expected"], 16)  # normalised: they add up to one


def test_published_dividends(known: dict):
    assert len(known["unanimity_coefficients_moebius"]) == 4
    for game in known["unanimity_coefficients_moebius"]:
        k = len(game["v"] + [0]).bit_length() - 1
        found = games.dividends(_by_size(game["v"], k))
        assert [found[on] for on in _sets(k)] == game["expected"]


def _game(game: dict) -> np.ndarray:
    k = game.get("n", len(game.get("w", ())))
    if "v" in game:
        return _by_size(game["v"], k)
    if "glove" in game:
        left, right = (
            sum(1 << player - 1 for player in game["glove"][side]) for side in ("L", "R")
        )
        return np.array(
            [float(min((on & left).bit_count(), (on & right).bit_count())) for on in range(1 << k)]
        )
    rule = game.get("weighted_voting", game)
    won = [
        sum(weight for place, weight in enumerate(rule["w"]) if on >> place & 1) >= rule["q"]
        for on in range(1 << k)
    ]
    return np.array(won, dtype=float)


def _sets(k: int) -> list[int]:
    """Sets of players by size, then lexicographically, without the empty one: CoopGame's order."""
    return [
        sum(1 << place for place in places)
        for size in range(1, k + 1)
        for places in combinations(range(k), size)
    ]


def _by_size(listed: list[float], k: int) -> np.ndarray:
    values = np.zeros(1 << k)
    values[_sets(k)] = listed
    return values
