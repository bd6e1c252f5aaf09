"""The interval of a ratio of two estimates, by Fieller's theorem. ○ No IO."""

from __future__ import annotations

import math
from typing import NamedTuple

from labrec.analytics.stats.moments import t_quantile


class Ratio(NamedTuple):
    """A ratio and its interval.

    Attributes:
        estimate: Numerator / denominator; None where the denominator's interval contains 0.
        low: Lower end; None with `estimate`.
        high: Upper end.
        g: t²·Var(denominator)/denominator²: 1 and more where the denominator could be 0.
    """

    estimate: float | None
    low: float | None
    high: float | None
    g: float


class Quantity(NamedTuple):
    """An estimate with its variance.

    Attributes:
        value: The estimate.
        variance: Of the estimate, at least 0; 0 = known exactly.
    """

    value: float
    variance: float


def fieller(
    numerator: Quantity, denominator: Quantity, covariance: float, df: float, *, level: float = 0.95
) -> Ratio:
    """Return a ratio with the interval of Fieller (1954).

    The interval holds every ratio r for which numerator - r·denominator is within t of its own
    standard error. With g = t²·v₂₂/b² it is, for g < 1,
    (r̂ - g·v₁₂/v₂₂ ± (t/|b|)·√(v₁₁ - 2·r̂·v₁₂ + r̂²·v₂₂ - g·(v₁₁ - v₁₂²/v₂₂))) / (1 - g).
    For g >= 1 the denominator's own interval contains 0, and no bounded interval exists: then
    there is no estimate either, rather than a number that could have any size and sign.

    Assumes both estimates normal, their variances estimated with the same degrees of freedom.

    Example:
        10, known with variance 1, over 5 with variance 0.25: g = 1.96²·0.25/25 = 0.0384, and the
        ends are (2 ± (1.96/5)·√(1 + 4·0.25 - 0.0384)) / (1 - 0.0384).

        >>> import math
        >>> found = fieller(Quantity(10.0, 1.0), Quantity(5.0, 0.25), 0.0, math.inf)
        >>> found.estimate, round(found.g, 4), round(found.low, 4), round(found.high, 4)
        (2.0, 0.0384, 1.509, 2.6508)
        >>> fieller(Quantity(10.0, 1.0), Quantity(0.5, 0.25), 0.0, math.inf).estimate is None
        True

    Args:
        numerator: The quantity above.
        denominator: The quantity below.
        covariance: Of the two estimates.
        df: Degrees of freedom of the variances; math.inf where they are known.
        level: Between 0 and 1.

    Raises:
        ValueError: Something is not finite, a variance is negative, or the covariance is larger
            than the variances allow.
    """
    a, v11 = numerator
    b, v22 = denominator
    _check(a, b, v11, v22, covariance)
    t = t_quantile(df, level)
    if b == 0 or t * math.sqrt(v22) >= abs(b):
        return Ratio(None, None, None, t * t * v22 / (b * b) if b else math.inf)
    ratio = a / b
    g = t * t * v22 / (b * b)
    # g·v12/v22 and g·v12²/v22 without dividing by a variance of 0
    shift = t * t * covariance / (b * b)
    inside = v11 - 2 * ratio * covariance + ratio * ratio * v22 - g * v11 + shift * covariance
    half = t / abs(b) * math.sqrt(max(inside, 0.0))
    return Ratio(ratio, (ratio - shift - half) / (1 - g), (ratio - shift + half) / (1 - g), g)


def _check(a: float, b: float, v11: float, v22: float, covariance: float) -> None:
    if not all(map(math.isfinite, (a, b, v11, v22, covariance))):
        raise ValueError("a ratio of values that are not finite")
    if v11 < 0 or v22 < 0 or covariance**2 > v11 * v22 * (1 + 1e-9):
        raise ValueError("variances and covariance that cannot be")
