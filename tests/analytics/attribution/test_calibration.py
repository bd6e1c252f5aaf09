"""How often intervals hold the truth; the long form is ``python -m benchmarks calibration``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.analytics.attribution.factorials import design

from labrec.analytics.attribution import games
from labrec.analytics.attribution.attribute import attribute

if TYPE_CHECKING:
    from labrec.analytics.attribution.design import Design

REPEATS = 400
TRUTH = np.array([0.0, 1.0, 0.5, 1.2, -0.4, 2.0, 0.1, 3.0])  # cells of three factors

Draw = "Callable[[np.random.Generator], Design]"


def _blocks(rng: np.random.Generator) -> Design:
    """Three seeds common to all cells, whose effect is five times the residual noise."""
    values = TRUTH[:, None] + rng.normal(size=(8, 3)) + 5 * rng.normal(size=3)
    return design("abc", values, ("1", "2", "3"))


def _independent(rng: np.random.Generator) -> Design:
    return design("abc", TRUTH[:, None] + rng.normal(size=(8, 3)))


def _unequal(rng: np.random.Generator) -> Design:
    """Cells with the first factor on scatter six times as much."""
    spread = np.where(np.arange(8) & 1, 6.0, 1.0)
    return design("abc", TRUTH[:, None] + spread[:, None] * rng.normal(size=(8, 10)))


def _unequal_blocks(rng: np.random.Generator) -> Design:
    spread = np.where(np.arange(8) & 1, 6.0, 1.0)
    noise = spread[:, None] * rng.normal(size=(8, 10)) + 5 * rng.normal(size=10)
    return design("abc", TRUTH[:, None] + noise, tuple(map(str, range(10))))


def _without_two_runs(rng: np.random.Generator) -> Design:
    """Blocks again, but two cells lack a seed."""
    whole = _blocks(rng)
    cells = list(whole.cells)
    for place in (2, 5):
        cell = cells[place]
        cells[place] = cell._replace(values=cell.values[:2], seeds=cell.seeds[:2])
    return whole._replace(cells=tuple(cells))


def _covered(draw: Draw) -> tuple[float, float, float]:
    """Return how often there are intervals, and how often these hold the true Shapley values.

    Each for itself, and all three at once.
    """
    rng = np.random.default_rng(2026)
    truth = games.shapley(TRUTH)
    each: list[float] = []
    together = []
    for _ in range(REPEATS):
        found = attribute(draw(rng))
        effects = [found.effect("shapley", place) for place in range(3)]
        if effects[0].low is None:  # blocks that lack seeds, and cells that scatter differently
            continue
        pairs = list(zip(effects, truth, strict=True))
        each += [effect.low <= value <= effect.high for effect, value in pairs]
        together.append(
            all(
                effect.low_simultaneous <= value <= effect.high_simultaneous
                for effect, value in pairs
            )
        )
    return len(together) / REPEATS, float(np.mean(each)), float(np.mean(together))


@pytest.mark.parametrize(
    "draw", [_blocks, _independent, _unequal, _unequal_blocks, _without_two_runs]
)
def test_shapley_intervals_hold_the_truth_as_often_as_they_say(draw: Draw):
    told, each, together = _covered(draw)
    assert told > 0.98
    error = 2 * math.sqrt(0.95 * 0.05 / REPEATS)  # three intervals a design say more than one
    assert abs(each - 0.95) <= error
    assert together >= 0.95 - error


def _unequal_five_blocks(rng: np.random.Generator) -> Design:
    spread = np.where(np.arange(8) & 1, 6.0, 1.0)
    noise = spread[:, None] * rng.normal(size=(8, 5)) + 5 * rng.normal(size=5)
    return design("abc", TRUTH[:, None] + noise, tuple("12345"))


def _unequal_blocks_without_a_run(rng: np.random.Generator) -> Design:
    whole = _unequal_blocks(rng)
    cell = whole.cells[2]._replace(values=whole.cells[2].values[1:], seeds=whole.cells[2].seeds[1:])
    return whole._replace(cells=(*whole.cells[:2], cell, *whole.cells[3:]))


@pytest.mark.parametrize(
    "draw", [_unequal, _unequal_blocks, _unequal_five_blocks, _unequal_blocks_without_a_run]
)
def test_effects_of_the_loud_cells_alone_are_not_taken_for_sure(draw: Draw):
    """Both cells of a leave-one-out effect scatter six times as much as half of the others."""
    rng = np.random.default_rng(2026)
    covered = 0
    for _ in range(REPEATS):
        effect = attribute(draw(rng)).effect("leave-one-out", 1)
        covered += effect.low <= TRUTH[7] - TRUTH[5] <= effect.high
    assert abs(covered / REPEATS - 0.95) <= 2 * math.sqrt(0.95 * 0.05 / REPEATS)


def test_shapley_intervals_by_seed_are_not_wide_for_what_seeds_share():
    """Half their width is what the residual noise makes it, 2.14 standard errors.

    Every fourth design is taken for one whose cells scatter differently, and has wider ones.
    """
    rng = np.random.default_rng(7)
    half = [
        (effect.high - effect.low) / 2
        for _ in range(200)
        for effect in [attribute(_blocks(rng)).effect("shapley", 0)]
    ]
    weights = games.weights("shapley", (0,), 3)
    expected = 2.1448 * math.sqrt((weights**2).sum() / 3)
    assert 0.9 < np.median(half) / expected < 1.15
    assert np.mean(half) / expected < 1.35


def test_where_nothing_has_an_effect_holm_seldom_finds_one():
    rng = np.random.default_rng(3)
    found = 0
    for _ in range(REPEATS):
        values = rng.normal(size=(8, 3)) + 2 * rng.normal(size=3)
        effects = attribute(design("abc", values, ("1", "2", "3"))).effects
        found += any(
            effect.p_holm < 0.05 for effect in effects if effect.kind in ("main", "interaction")
        )
    error = 2 * math.sqrt(0.05 * 0.95 / REPEATS)
    assert 0.05 / 4 <= found / REPEATS <= 0.05 + error


def test_lenth_intervals_of_shapley_values_hold_the_truth_where_most_contrasts_are_none():
    rng = np.random.default_rng(9)
    truth = 2.0 * (np.arange(16) & 1)  # one real effect among 15 contrasts
    shapley = games.shapley(truth)
    covered = 0.0
    for _ in range(REPEATS):
        found = attribute(design("abcd", truth + rng.normal(size=16)))
        effects = [found.effect("shapley", place) for place in range(4)]
        covered += np.mean(
            [effect.low <= shapley[place] <= effect.high for place, effect in enumerate(effects)]
        )
    assert covered / REPEATS >= 0.95 - 2 * math.sqrt(0.95 * 0.05 / REPEATS)


def test_bootstrap_intervals_of_twenty_values_cover_almost_as_often_as_they_say():
    rng = np.random.default_rng(5)
    covered, repeats = 0.0, 150
    truth = games.shapley(TRUTH[:4])
    for _ in range(repeats):
        found = attribute(design("ab", TRUTH[:4, None] + rng.normal(size=(4, 20))))
        effects = [found.effect("shapley", place) for place in range(2)]
        covered += np.mean(
            [
                effect.low_bootstrap <= truth[place] <= effect.high_bootstrap
                for place, effect in enumerate(effects)
            ]
        )
    assert 0.90 <= covered / repeats <= 0.98
