"""Standardised and rank effect sizes: descriptive, never deciding. ○ No IO."""

from __future__ import annotations

import bisect
import math
from typing import TYPE_CHECKING, Final, NamedTuple

from labrec.analytics.stats.estimate import LEVEL
from labrec.analytics.stats.moments import finite, t_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labrec.analytics.stats.means import Arm

_REPLICATED: Final = 2


class StandardisedDifference(NamedTuple):
    """A difference of two means in standard deviations.

    Attributes:
        d: (mean₁ - mean₂) / s, s² the unweighted mean of both variances.
        g: d times Hedges' correction: what to report.
        error: Standard error of d.
        level: Of the interval.
        low: Lower end, around d.
        high: Upper end.
    """

    d: float
    g: float
    error: float
    level: float
    low: float
    high: float


def hedges_g(
    first: Arm, second: Arm, *, correlation: float | None = None, level: float = LEVEL
) -> StandardisedDifference | None:
    """Return Hedges' g of first against second with Bonett's interval (variances may differ).

    d = (mean₁ - mean₂)/s with s² = (s₁² + s₂²)/2, and g = J·d, J = Γ(ν/2)/(√(ν/2)·Γ((ν - 1)/2)),
    ν = n₁ + n₂ - 2 (Hedges 1981, eq. 6e). The interval is d ± z·√V (Bonett 2008), νᵢ = nᵢ - 1:
    V = d²(s₁⁴/ν₁ + s₂⁴/ν₂)/(8s⁴) + (s₁²/ν₁ + s₂²/ν₂)/s². For pairs, correlation r, ν = n - 1:
    V = d²(s₁⁴ + s₂⁴ + 2r²s₁²s₂²)/(8s⁴ν) + (s₁² + s₂² - 2rs₁s₂)/(s²ν).

    Assumes normal values; the variances may differ.

    Example:
        s = √((7.32² + 6.98²)/2) = 7.152, d = 8.4/7.152, and J ≈ 1 - 3/(4·58 - 1) = 0.987.

        >>> from labrec.analytics.stats.means import Arm
        >>> found = hedges_g(Arm(35.1, 7.32, 30), Arm(26.7, 6.98, 30))
        >>> round(found.d, 4), round(found.g, 4), round(found.low, 4), round(found.high, 4)
        (1.1745, 1.1592, 0.6171, 1.7319)

    Args:
        first: Mean, sd and n.
        second: The other; as many values as the first where a correlation is given.
        correlation: Of the pairs, -1 to 1; None for independent arms.
        level: Of the interval.

    Returns:
        The size, or None where an arm has a single value or neither varies.

    Raises:
        ValueError: Something is not finite or out of its range, or pairs differ in number.
    """
    finite([first.mean, second.mean])
    if min(first.n, second.n) < _REPLICATED:
        return None
    scale = max(finite([first.sd, second.sd]))
    if min(first.sd, second.sd) < 0:
        raise ValueError("a standard deviation below 0")
    if scale == 0:
        return None
    one, other = (first.sd / scale) ** 2, (second.sd / scale) ** 2  # so that no power overflows
    square = (one + other) / 2
    (d,) = finite([(first.mean / scale - second.mean / scale) / math.sqrt(square)])
    if correlation is None:
        df: float = first.n + second.n - 2
        own = one**2 / (first.n - 1) + other**2 / (second.n - 1)
        mean = one / (first.n - 1) + other / (second.n - 1)
    else:
        df = _pairs(first, second, correlation)
        own = (one**2 + other**2 + 2 * correlation**2 * one * other) / df
        mean = (one + other - 2 * correlation * math.sqrt(one * other)) / df
    (error,) = finite([math.hypot(d * math.sqrt(own / 8) / square, math.sqrt(mean / square))])
    half = t_quantile(math.inf, level) * error
    return StandardisedDifference(d, _correction(df) * d, error, level, d - half, d + half)


def _pairs(first: Arm, second: Arm, correlation: float) -> float:
    if first.n != second.n:
        raise ValueError("pairs need as many values on both sides")
    if not -1 <= correlation <= 1:
        raise ValueError(f"a correlation of {correlation}")
    return first.n - 1


def _correction(df: float) -> float:
    """Return Hedges' factor J; 0 at one degree of freedom, where it divides by infinity."""
    if df <= 1:
        return 0.0
    return math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2)


def cliffs_delta(first: Sequence[float], second: Sequence[float]) -> float:
    """Return P(X > Y) - P(X < Y) of a value of the first and one of the second (Cliff 1993).

    1 where every value of the first is larger, 0 where neither side tends to be. Needs nothing but
    an order.

    Assumes nothing else.

    Example:
        Of nine pairs 3 beats 2, six are beaten, two are equal: (1 - 6)/9.

        >>> round(cliffs_delta([1, 2, 3], [2, 3, 4]), 4)
        -0.5556

    Args:
        first: One or more finite values.
        second: Likewise.

    Raises:
        ValueError: One side is empty, or a value is NaN or infinite.
    """
    ours, theirs = finite(first), sorted(finite(second))
    wins = sum(bisect.bisect_left(theirs, value) for value in ours)
    losses = sum(len(theirs) - bisect.bisect_right(theirs, value) for value in ours)
    return (wins - losses) / (len(ours) * len(theirs))
