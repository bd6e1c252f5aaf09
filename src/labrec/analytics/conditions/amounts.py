"""A condition that is an amount, such as memory pressure, against a metric. ○ No IO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from labrec.analytics.conditions.layout import NOT_SHARED
from labrec.analytics.stats.ranks import spearman

if TYPE_CHECKING:
    from labrec.analytics.conditions.layout import Counted, Floats, Runs
    from labrec.analytics.stats.ranks import RankCorrelation

FEWEST: Final = 5
"""Observations below which no correlation of ranks can be told from chance."""

MOST: Final = 2_000
"""Observations above which so many are drawn: the bootstrap costs their number times its own."""


class Amounts(NamedTuple):
    """An amount and a metric, by observation.

    Attributes:
        counted: What one observation is.
        amount: The amount; within blocks where it varies there.
        value: The metric, minus the mean of its block.
        runs: The runs.
        blocks: How many blocks.
    """

    counted: Counted
    amount: Floats
    value: Floats
    runs: Runs
    blocks: int


def amounts(runs: Runs, amount: Floats, *, of_machines: bool) -> Amounts | str:
    """Return amount and metric freed of what blocks differ in, or why there is nothing to compare.

    Only blocks in which the amount varies tell anything. Of a run, both are taken as differences
    from the mean of the block. Where the condition is part of the machine, the machine is the
    observation: its amount, and the mean over its blocks of those differences.

    Differences from the mean of a block, as in an analysis of covariance (Fisher 1932). Assumes
    that what blocks differ in adds to the metric.

    Example:
        Two blocks with the mean amounts 20 and 30, and the mean values 2 and 16.

        >>> import numpy as np
        >>> from labrec.analytics.conditions.layout import Runs
        >>> nobody, at = np.full(6, -1), np.arange(6)
        >>> values = np.array([1.0, 2.0, 3.0, 14.0, 15.0, 19.0])
        >>> runs = Runs(at, nobody, np.array([0, 0, 0, 1, 1, 1]), nobody, nobody, values)
        >>> found = amounts(runs, np.array([10.0, 20.0, 30.0, 10.0, 20.0, 60.0]), of_machines=False)
        >>> found.amount.tolist()
        [-10.0, 0.0, 10.0, -20.0, -10.0, 30.0]
        >>> found.value.tolist(), found.counted, found.blocks
        ([-1.0, 0.0, 1.0, -2.0, -1.0, 3.0], 'run', 2)

    Args:
        runs: What was measured; levels are not looked at.
        amount: Amount of each run.
        of_machines: Whether the condition is part of the machine.
    """
    low, high = _ends(runs.block, amount)
    varies = (high > low)[runs.block]
    if not varies.any():
        return NOT_SHARED
    runs, amount = runs.where(varies), amount[varies]
    value = runs.value - _means(runs.block, runs.value)
    blocks = len(np.unique(runs.block))
    if not of_machines:
        found = Amounts("run", amount - _means(runs.block, amount), value, runs, blocks)
    else:
        known = runs.machine >= 0
        runs, amount, value = runs.where(known), amount[known], value[known]
        machines, places = np.unique(runs.machine, return_inverse=True)
        counts = np.bincount(places, minlength=len(machines))
        found = Amounts(
            "machine",
            np.bincount(places, amount, len(machines)) / counts,
            np.bincount(places, value, len(machines)) / counts,
            runs,
            blocks,
        )
    if len(found.amount) < FEWEST:
        return f"{len(found.amount)} {found.counted}s, fewer than {FEWEST}"
    return found


def correlate(found: Amounts, seed: int) -> RankCorrelation | None:
    """Return Spearman's correlation with its bootstrap interval; None where the metric is constant.

    The correlation is Spearman's (1904), its interval a bootstrap's (Efron 1979). Assumes that
    observations are independent once blocks are taken out.

    Example:
        Freed of their blocks, amounts and values are in one order, with the same two alike: 1. Of
        the 720 orders 2 are as far from none.

        >>> import numpy as np
        >>> from labrec.analytics.conditions.layout import Runs
        >>> nobody, at = np.full(6, -1), np.arange(6)
        >>> values = np.array([1.0, 2.0, 3.0, 14.0, 15.0, 19.0])
        >>> runs = Runs(at, nobody, np.array([0, 0, 0, 1, 1, 1]), nobody, nobody, values)
        >>> found = amounts(runs, np.array([10.0, 20.0, 30.0, 10.0, 20.0, 60.0]), of_machines=False)
        >>> told = correlate(found, seed=1)
        >>> round(told.rho, 9), round(told.p, 5), told.exact
        (1.0, 0.00278, True)

    Args:
        found: Of more than `MOST` observations, as many are drawn.
        seed: Of drawing and bootstrap.
    """
    amount, value = found.amount, found.value
    if len(amount) > MOST:
        drawn = np.random.default_rng(seed).choice(len(amount), MOST, replace=False)
        amount, value = amount[drawn], value[drawn]
    largest = float(np.abs(found.runs.value).max())
    value = np.where(np.abs(value) <= 1e-13 * largest, 0.0, value)  # what rounding leaves is none
    resamples = 2000 if len(amount) <= MOST // 4 else 500
    return spearman(amount.tolist(), value.tolist(), seed=seed, resamples=resamples)


def _means(block: np.ndarray, values: Floats) -> Floats:
    scale = float(np.abs(values).max()) or 1.0  # so that no sum overflows
    counts = np.maximum(np.bincount(block), 1)
    means: Floats = (np.bincount(block, values / scale) / counts * scale)[block]
    return means


def _ends(block: np.ndarray, values: Floats) -> tuple[Floats, Floats]:
    low = np.full(int(block.max()) + 1, np.inf)
    high = -low
    np.minimum.at(low, block, values)
    np.maximum.at(high, block, values)
    return low, high
