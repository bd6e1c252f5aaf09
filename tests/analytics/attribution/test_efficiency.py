"""What effects cost."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.analytics.attribution.factorials import design

from labrec.analytics.attribution.efficiency import efficiencies
from labrec.analytics.stats.fieller import Quantity, fieller

SEEDS = ("1", "2", "3", "4")


def _values(number: int, mean: float, sd: float = 1.0) -> np.ndarray:
    rng = np.random.default_rng(number)
    steps = mean * (np.arange(4) & 1) + 2 * mean * (np.arange(4) >> 1)
    return steps[:, None] + sd * rng.normal(size=(4, 4))


def test_an_exact_cost_divides_the_interval():
    """Parameters are the same in every replicate."""
    parameters = np.repeat(np.array([[100.0], [150.0], [300.0], [350.0]]), 4, axis=1)
    found = efficiencies(design("ab", _values(1, 3), SEEDS), design("ab", parameters, SEEDS))
    assert len(found) == 4  # Shapley values and main effects of two factors
    first = found[0]
    assert (first.effect.kind, first.effect.factors) == ("shapley", (0,))
    assert (first.cost, first.cost_se, first.g) == (50.0, 0.0, 0.0)
    assert first.ratio == pytest.approx(first.effect.estimate / 50)
    half = (first.high - first.low) / 2
    assert half == pytest.approx(2.2621572 * first.effect.se / 50)  # t on (4-1)(4-1) = 9


def test_a_factor_that_costs_nothing_has_no_price():
    costs = [[17_000.1], [17_000.1], [30_000.7], [30_000.7]]
    found = efficiencies(
        design("ab", _values(1, 3), SEEDS), design("ab", np.repeat(costs, 4, axis=1), SEEDS)
    )
    free = [one for one in found if one.effect.factors == (0,)]
    assert [(one.cost, one.ratio) for one in free] == [(0.0, None), (0.0, None)]
    assert all(one.note == "the interval of the cost contains 0" for one in free)


def test_metric_and_cost_that_scatter_together():
    rng = np.random.default_rng(8)
    metric, joules = _values(1, 3), _values(2, 40, sd=2)
    shared = rng.normal(size=(4, 4))
    metric, joules = metric + 2 * shared, joules + 5 * shared
    found = efficiencies(design("ab", metric, SEEDS), design("ab", joules, SEEDS))[0]
    # the covariance of the residuals, by hand
    residuals = [
        table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + table.mean()
        for table in (metric, joules)
    ]
    expected = (residuals[0] * residuals[1]).sum() / 9
    assert found.covariance == pytest.approx(expected * 4 * 0.25 / 4)  # Σw²·s₁₂/n
    by_hand = fieller(
        Quantity(found.effect.estimate, found.effect.se**2),
        Quantity(found.cost, found.cost_se**2),
        found.covariance,
        9,
    )
    assert (found.ratio, found.low, found.high) == by_hand[:3]
    assert found.cost_low < found.cost < found.cost_high


def test_a_cost_that_could_be_zero_gives_no_ratio():
    found = efficiencies(design("ab", _values(1, 3), SEEDS), design("ab", _values(3, 0.0), SEEDS))
    for one in found:
        assert one.cost_low < 0 < one.cost_high
        assert (one.ratio, one.low, one.high) == (None, None, None)
        assert one.g >= 1
        assert "contains 0" in one.note


def test_without_replicates_a_ratio_has_no_interval():
    found = efficiencies(design("ab", [1, 2, 3, 5]), design("ab", [10, 20, 30, 50]))
    assert all((one.ratio, one.low) == (None, None) for one in found)
    assert all(one.cost > 0 for one in found)


def test_cells_that_scatter_differently_are_treated_alike_in_metric_and_cost():
    rng = np.random.default_rng(4)
    spread = np.array([[0.1], [0.1], [9.0], [9.0]])
    metric = np.arange(4)[:, None] + spread * rng.normal(size=(4, 12))
    cost = 10 * np.arange(4)[:, None] + rng.normal(size=(4, 12))
    found = efficiencies(design("ab", metric), design("ab", cost))[0]
    variances = metric.var(axis=1, ddof=1) / 12
    assert found.effect.se == pytest.approx(math.sqrt(0.25 * variances.sum()))
    cross = [float(np.cov(metric[on], cost[on])[0, 1]) / 12 for on in range(4)]
    assert found.covariance == pytest.approx(0.25 * sum(cross))


def test_a_cost_of_other_replicates_is_none():
    metric = design("ab", _values(1, 3), SEEDS)
    assert efficiencies(metric, design("ab", _values(2, 9), ("1", "2", "3", "9"))) == []
    assert efficiencies(metric, design("ab", _values(2, 9)[:3], SEEDS)) == []
