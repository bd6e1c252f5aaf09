"""Effects of a factorial without replicates, judged by Lenth's method. ○ Pure.

Every effect is a sum of the factorial contrasts, so the scatter of the contrasts, their pseudo
standard error, gives its standard error too; its critical value is simulated for that very sum.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from labrec.analytics.attribution.frame import rounded_sum
from labrec.analytics.stats import lenth

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labrec.analytics.attribution.fractions import Fraction

Floats = NDArray[np.float64]


SIMULATED: Final = 50_000
"""Simulated experiments behind the critical value of a sum of contrasts."""


class Judged(NamedTuple):
    """An effect as Lenth's method sees it.

    Attributes:
        se: Its standard error, from the pseudo standard error.
        half: Half its interval.
        half_all: Half the interval that holds for all of its family at once.
        p: Two-sided p of no effect.
    """

    se: float
    half: float
    half_all: float
    p: float


def pseudo_error(known: Fraction, means: Floats) -> float | None:
    """Return the pseudo standard error of a contrast; None with too few contrasts, or if it is 0.

    Source: Lenth 1989. Assumes that most contrasts have no effect, and that all scatter alike.

    Example:
        The pilot plant of Box, Hunter & Hunter (2005, p. 177): 1.5 times 1.5, the median of its
        small contrasts.

        >>> from labrec.analytics.attribution.fractions import fraction
        >>> yields = np.array([60.0, 72.0, 54.0, 68.0, 52.0, 83.0, 45.0, 80.0])
        >>> pseudo_error(fraction(range(8), 3), yields)
        2.25

    Args:
        known: The fraction that the cells are.
        means: Value of each cell.
    """
    contrasts = known.contrasts(means)
    if len(contrasts) < lenth.LEAST:
        return None
    largest = float(np.abs(means).max())
    found = lenth.pseudo_error(np.where(np.abs(contrasts) <= 1e-13 * largest, 0.0, contrasts))
    return found or None


def judge(
    known: Fraction, error: float, effects: Sequence[Floats], means: Floats, level: float
) -> list[Judged]:
    """Judge the effects of a family.

    Lenth 1989, with critical values simulated as by Ye & Hamada (2000). Assumes normal contrasts of
    equal variance, most of them without an effect.

    Example:
        The pilot plant of Box, Hunter & Hunter (2005, p. 177): temperature adds 23, beyond
        2.297·2.25 = 5.17; concentration takes 5, which is not.

        >>> from labrec.analytics.attribution.fractions import fraction
        >>> from labrec.analytics.attribution.games import weights
        >>> yields = np.array([60.0, 72.0, 54.0, 68.0, 52.0, 83.0, 45.0, 80.0])
        >>> effects = [weights("main", [place], 3) for place in (0, 1)]
        >>> found = judge(fraction(range(8), 3), 2.25, effects, yields, 0.95)
        >>> [(round(one.se, 9), round(one.half, 1), one.p < 0.05) for one in found]
        [(2.25, 5.2, True), (2.25, 5.2, False)]

    Args:
        known: The fraction that the cells are.
        error: Pseudo standard error of its contrasts.
        effects: Weights of the cells in each.
        means: Value of each cell.
        level: Of the intervals.
    """
    shares = np.array([known.shares(weights) for weights in effects])
    norms = np.sqrt((shares**2).sum(axis=1))
    values = np.array([rounded_sum(weights * means) for weights in effects])
    ratios = np.abs(values) / (norms * error)
    count = shares.shape[1]
    one, every = lenth.critical(count, level)
    if (np.abs(shares).max(axis=1) > norms * (1 - 1e-9)).all():  # the contrasts themselves
        p = [lenth.p_value(float(ratio), count) for ratio in ratios]
        return [
            Judged(norm * error, one * norm * error, every * norm * error, chance)
            for norm, chance in zip(norms.tolist(), p, strict=True)
        ]
    return _sums(shares / norms[:, None], norms * error, ratios, level)


def _sums(shares: Floats, errors: Floats, ratios: Floats, level: float) -> list[Judged]:
    """Judge sums of contrasts: what each of them does in experiments without effects."""
    known = lenth.reference(shares.shape[1])
    if not len(known.pse):  # very many contrasts: each sum is normal
        one, every = lenth.normal(level, len(shares))
        return [
            Judged(error, one * error, every * error, lenth.p_value(ratio, shares.shape[1]))
            for error, ratio in zip(errors.tolist(), ratios.tolist(), strict=True)
        ]
    sample, largest = _simulated(shares.tobytes(), len(shares))
    every = lenth.of_sorted(largest, level)
    return [
        Judged(
            error,
            lenth.of_sorted(one, level) * error,
            every * error,
            lenth.p_value(ratio, shares.shape[1], one),
        )
        for one, error, ratio in zip(sample, errors.tolist(), ratios.tolist(), strict=True)
    ]


@lru_cache(maxsize=16)
def _simulated(shares: bytes, effects: int) -> tuple[Floats, Floats]:
    """Return simulated |effect|/error of each effect, ascending, and the largest of each draw.

    Kept, as designs of the same factors ask for the same.

    Args:
        shares: A row for each effect, as bytes.
        effects: How many there are.
    """
    rows = np.frombuffer(shares).reshape(effects, -1)
    known = lenth.reference(rows.shape[1])
    drawn = known.contrasts[:SIMULATED]
    found = np.abs(drawn @ rows.T) / known.pse[:SIMULATED, None]
    return np.sort(found.T, axis=1), np.sort(found.max(axis=1))
