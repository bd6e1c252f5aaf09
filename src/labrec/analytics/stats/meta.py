"""One effect from several estimates that may truly differ: random effects. ○ No IO."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from labrec.analytics.stats.estimate import LEVEL, Estimate, estimate
from labrec.analytics.stats.moments import finite, not_zero

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FEWEST: Final = 3
"""Fewest estimates from which a variance between them is taken."""

Method = Literal["paule-mandel", "reml"]

_TURNS: Final = 200
_CLOSE: Final = 1e-12
_SMALLEST: Final = 1e-30  # variance, of the largest: below what doubles tell apart


class RandomEffects(NamedTuple):
    """The mean of a distribution of effects.

    Attributes:
        mean: With its Hartung–Knapp error on k - 1 degrees of freedom.
        tau: Standard deviation of the true effects, in the unit of the estimates.
        q: Cochran's Q with fixed-effect weights.
        q_p: Its p of no variance between (χ² on k - 1).
        k: Number of estimates.
        method: How `tau` was estimated.
    """

    mean: Estimate
    tau: float
    q: float
    q_p: float
    k: int
    method: Method


def random_effects(
    values: Sequence[float],
    errors: Sequence[float],
    *,
    method: Method = "paule-mandel",
    level: float = LEVEL,
) -> RandomEffects | None:
    """Combine independent estimates of effects that may differ (DerSimonian & Laird 1986's model).

    - *paule-mandel*: τ² solves Σ wᵢ(yᵢ - μ)² = k - 1, wᵢ = 1/(vᵢ + τ²); 0 where the sum is smaller
      without any (Paule & Mandel 1982, eqs. 5-6).
    - *reml*: τ² maximises the restricted likelihood of yᵢ ~ N(μ, vᵢ + τ²) (Viechtbauer 2005,
      eq. 12).

    The error of the mean is √(Σ wᵢ(yᵢ - μ)² / ((k - 1)·Σ wᵢ)) on k - 1 degrees of freedom (Hartung
    & Knapp 2001; Sidik & Jonkman 2002). Where all estimates are equal, that factor would be 0 and
    is taken as 1: their own errors remain. The interval holds its level where the errors are alike
    or the effects do not truly differ; with few estimates, uneven errors and effects that do differ
    one of 95 % covers about 92 % (IntHout, Ioannidis & Borm 2014). Estimates that share a baseline
    are not independent: combine those with `means.linear_contrast` first.

    Assumes normal estimates whose errors are known, and normal true effects.

    Example:
        Three estimates with equal errors: τ² is their variance less that of one, 1 - 0.25, the
        error of the mean 1/√3, and Q = (1 + 0 + 1)/0.25 = 8 with p = e⁻⁴.

        >>> found = random_effects([1.0, 2.0, 3.0], [0.5, 0.5, 0.5])
        >>> round(found.mean.value, 9), round(found.mean.error, 4), found.mean.df
        (2.0, 0.5774, 2)
        >>> round(found.tau**2, 6), round(found.q, 9), round(found.q_p, 4)
        (0.75, 8.0, 0.0183)

    Args:
        values: The estimates.
        errors: Their standard errors, > 0, taken as known.
        method: How the variance between is estimated.
        level: Of the interval.

    Returns:
        The combination, or None for fewer than three estimates.

    Raises:
        ValueError: The lengths differ, an error is not above 0, or something is not finite.
    """
    y, se = finite(values, least=0), finite(errors, least=0)
    if len(y) != len(se):
        raise ValueError("as many standard errors as estimates are needed")
    if se and min(se) <= 0:
        raise ValueError("a standard error is not above 0")
    k = len(y)
    if k < FEWEST:
        return None
    from scipy.special import chdtrc  # a third of a second: only for three and more

    (scale,) = finite([max(*se, max(y) - min(y))])  # so that no square overflows
    middle = y[0]
    y = [value / scale - middle / scale for value in y]
    v = [max((error / scale) ** 2, _SMALLEST) for error in se]
    q = _spread(y, v, 0.0)
    tau2 = _root(lambda t: _spread(y, v, t) - (k - 1)) if method == "paule-mandel" else _reml(y, v)
    mu, weights = _mean(y, v, tau2)
    factor = _spread(y, v, tau2) / (k - 1) or 1.0
    error = math.sqrt(factor / math.fsum(weights))
    mean = estimate(middle + scale * mu, scale * error, k - 1, level=level)
    return RandomEffects(
        mean, scale * math.sqrt(tau2), q, not_zero(float(chdtrc(k - 1, q))), k, method
    )


def _mean(y: Sequence[float], v: Sequence[float], tau2: float) -> tuple[float, list[float]]:
    """Return the weighted mean and the weights 1/(vᵢ + τ²)."""
    weights = [1 / (one + tau2) for one in v]
    return math.fsum(w * x for w, x in zip(weights, y, strict=True)) / math.fsum(weights), weights


def _spread(y: Sequence[float], v: Sequence[float], tau2: float) -> float:
    mu, weights = _mean(y, v, tau2)
    return math.fsum(w * (x - mu) ** 2 for w, x in zip(weights, y, strict=True))


def _reml(y: Sequence[float], v: Sequence[float]) -> float:
    """Return the τ² at the highest of the maxima of the restricted likelihood."""

    def slope(tau2: float) -> float:
        mu, weights = _mean(y, v, tau2)
        total = math.fsum(weights)
        squares = math.fsum(w * w for w in weights)
        fit = math.fsum((w * (x - mu)) ** 2 for w, x in zip(weights, y, strict=True))
        return fit - total + squares / total

    def likelihood(tau2: float) -> float:
        _, weights = _mean(y, v, tau2)
        logs = math.fsum(map(math.log, weights))
        return logs - math.log(math.fsum(weights)) - _spread(y, v, tau2)

    # The slope may have several roots: look on a grid, then refine around the best of it.
    most = 4 * math.fsum(x * x for x in y) + 4 * max(v)
    grid = [0.0, *(most * 10 ** (step / 8 - 12) for step in range(97))]
    best = max(range(len(grid)), key=lambda place: likelihood(grid[place]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    if best == 0 and slope(0.0) <= 0:
        return 0.0
    return _bisected(slope, low, high)


def _root(falling: Callable[[float], float]) -> float:
    """Return where a falling function of τ² >= 0 is 0; 0 where it starts below."""
    if falling(0.0) <= 0:
        return 0.0
    high = 1.0
    while falling(high) > 0:
        high *= 2
    return _bisected(falling, 0.0, high)


def _bisected(falling: Callable[[float], float], low: float, high: float) -> float:
    for _ in range(_TURNS):
        middle = (low + high) / 2
        if falling(middle) > 0:
            low = middle
        else:
            high = middle
        if high - low <= _CLOSE * high:
            break
    return (low + high) / 2
