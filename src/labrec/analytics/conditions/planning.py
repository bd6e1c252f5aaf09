"""What a comparison could have shown, and how many observations it would take. ○ No IO."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING, Final, NamedTuple

from labrec.analytics.conditions.comparison import ALPHA
from labrec.analytics.stats.power import n_needed, power_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labrec.analytics.conditions.comparison import Compared
    from labrec.analytics.conditions.layout import Layout

POWER: Final = 0.8
"""Chance with which a difference that is there shall be found."""

_WIDTH = NormalDist().inv_cdf(1 - ALPHA / 2) + NormalDist().inv_cdf(POWER)


class Plan(NamedTuple):
    """What it would take.

    Attributes:
        detectable: Smallest difference that so many observations show with power `POWER`.
        n: Observations of each level that it takes; None beyond ten millions.
        for_difference: To find this difference.
    """

    detectable: float
    n: int | None
    for_difference: float


def plan(layout: Layout, compared: Compared, margin: float | None) -> Plan | None:
    """Return what a comparison could show, by its own spread; None where nothing varies.

    For δ where there is one. Else for half of what can be found now: the power for the difference
    that was seen is a function of p alone and says nothing new (Hoenig & Heisey 2001). At level
    `ALPHA`, shared between the pairs of levels; an adjustment for the family would take more.

    By the power of the t test (Cohen 1988, ch. 2). Assumes what that does.

    Example:
        Three blocks whose differences have the standard deviation 0.5774: with an error of 1/3 on 2
        degrees of freedom a difference must be 5.653 errors to be found in 80 % of all cases. For
        δ = 1 five blocks have the power 0.82, four 0.64.

        >>> import numpy as np
        >>> from labrec.analytics.conditions.comparison import compare
        >>> from labrec.analytics.conditions.layout import Runs, layout
        >>> block, nobody = np.array([0, 0, 1, 1, 2, 2]), np.full(6, -1)
        >>> values = np.array([1.0, 3.0, 2.0, 5.0, 4.0, 6.0])
        >>> runs = Runs(np.arange(6), np.array([0, 1] * 3), block, nobody, nobody, values)
        >>> plain = layout(runs, of_machines=False)
        >>> found = plan(plain, compare(plain), 1.0)
        >>> round(found.detectable, 3), found.n, found.for_difference
        (1.884, 5, 1.0)

    Args:
        layout: What was compared.
        compared: What came out.
        margin: δ, > 0, or None.
    """
    difference = compared.difference
    if difference.error is None or difference.df is None or not compared.sd:
        return None
    alpha = round(1 - difference.level, 12)
    detectable = difference.error * _noncentrality(round(difference.df, 6), alpha)
    wanted = margin if margin is not None else detectable / 2
    design = "one-sample" if layout.table.size else "two-sample"
    needed = n_needed(wanted, compared.sd, power=POWER, alpha=alpha, design=design)  # type: ignore[arg-type]
    return Plan(detectable, needed.n if needed is not None else None, wanted)


def plan_rank(n: int) -> Plan:
    """Return what a rank correlation of n observations could show (Fisher 1915: atanh, 1/(n - 3)).

    Assumes pairs of normal values behind the ranks.

    Example:
        Of 28: tanh((1.9600 + 0.8416)/√25) = 0.5082. Half of it takes (2.8016/0.2598)² + 3.

        >>> found = plan_rank(28)
        >>> round(found.detectable, 4), round(found.for_difference, 4), found.n
        (0.5082, 0.2541, 120)

    Args:
        n: Observations, > 3.
    """
    detectable = math.tanh(_WIDTH / math.sqrt(n - 3))
    wanted = detectable / 2
    return Plan(detectable, math.ceil((_WIDTH / math.atanh(wanted)) ** 2 + 3), wanted)


def plan_shares(counts: Sequence[tuple[int, int]]) -> Plan | None:
    """Return what shares of so many runs could show, by arcsines (Cohen 1988, ch. 6).

    From the share of all runs together downwards, or upwards where there is more room. None where
    no difference at all could be shown.

    Assumes runs that end independently, and so many of them that arcsines are normal.

    Example:
        8 of 10 in both levels: the angle of 0.8 is 2·asin(√0.8) = 2.2143, what can be told
        2.8016·√(2/10) = 1.2529 less: 0.8 - sin²(0.4807) = 0.5862. Half of that is 2.2143 - 1.5846 =
        0.6297 in angle: 2·(2.8016/0.6297)².

        >>> found = plan_shares([(8, 10), (8, 10)])
        >>> round(found.detectable, 4), round(found.for_difference, 4), found.n
        (0.5862, 0.2931, 40)

    Args:
        counts: Complete runs and runs that ended, of each level.
    """
    complete, ended = (sum(column) for column in zip(*counts, strict=True))
    sizes = sorted(n for _, n in counts)[:2]
    share = complete / ended
    step = _WIDTH * math.sqrt(math.fsum(1 / n for n in sizes))
    angle = 2 * math.asin(math.sqrt(share))
    down, up = angle - step, angle + step
    if down < 0 and up > math.pi:
        return None
    low = math.sin(down / 2) ** 2 if down >= 0 else None
    high = math.sin(up / 2) ** 2 if up <= math.pi else None
    detectable = share - low if low is not None else (high or 0.0) - share
    wanted = detectable / 2
    there = share - wanted if low is not None else share + wanted
    h = abs(angle - 2 * math.asin(math.sqrt(there)))
    return Plan(detectable, math.ceil(2 * (_WIDTH / h) ** 2), wanted)


@lru_cache(maxsize=4096)
def _noncentrality(df: float, alpha: float = ALPHA) -> float:
    """Return how many standard errors an effect must be to be found with power `POWER`."""
    low, high = 0.0, 4.0
    while power_of(high, df, alpha=alpha) < POWER:
        low, high = high, 2 * high
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if power_of(middle, df, alpha=alpha) < POWER else (low, middle)
    return high
