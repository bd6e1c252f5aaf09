"""How much values scatter: pooled, robust, with intervals, between and within. ○ No IO."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from labrec.analytics.stats.estimate import LEVEL
from labrec.analytics.stats.means import one_way
from labrec.analytics.stats.moments import finite, fraction

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NORMAL_MAD: Final = 1.4826022185056018
"""1 / Φ⁻¹(3/4): times it, the MAD of normal values estimates their standard deviation."""


class PooledSd(NamedTuple):
    """A standard deviation from several groups.

    Attributes:
        sd: √(Σ(nᵢ - 1)sᵢ² / Σ(nᵢ - 1)); exactly 0 where no group varies.
        df: Σ(nᵢ - 1), its degrees of freedom.
        groups: Groups with two values or more.
    """

    sd: float
    df: int
    groups: int


class Reliability(NamedTuple):
    """An intraclass correlation: the share of the variance that lies between groups.

    Attributes:
        icc: The estimate, -1/(n - 1) to 1.
        level: Of the interval.
        low: Lower end.
        high: Upper end.
        groups: How many.
        per_group: Values in each: exact where all have the same number, else n₀.
    """

    icc: float
    level: float
    low: float
    high: float
    groups: int
    per_group: float


def pooled_sd(groups: Iterable[tuple[int, float]]) -> PooledSd | None:
    """Return the standard deviation within groups, √(Σ(nᵢ - 1)sᵢ² / Σ(nᵢ - 1)) (Fisher 1925).

    Assumes that all groups scatter alike around their own means.

    Example:
        √((2·1 + 4·4)/6) = √3 on 2 + 4 degrees of freedom.

        >>> found = pooled_sd([(3, 1.0), (5, 2.0)])
        >>> round(found.sd, 4), found.df, found.groups
        (1.7321, 6, 2)

    Args:
        groups: Number of values and standard deviation (n - 1) of each; a group of one tells
            nothing and its standard deviation is not looked at.

    Returns:
        The pooled standard deviation, or None where no group has two values.

    Raises:
        ValueError: A count is below 1, or a standard deviation is negative, NaN or infinite.
    """
    import numpy as np  # heavy, and groups may be very many

    found = np.array(list(groups), float).reshape(-1, 2)
    if (found[:, 0] < 1).any():
        raise ValueError("a group without values")
    weights, sds = found[found[:, 0] > 1].T - [[1.0], [0.0]]
    if not ((sds >= 0) & (sds < math.inf)).all():
        raise ValueError("a standard deviation that is negative, NaN or infinite")
    df = int(weights.sum())
    if df == 0:
        return None
    # weighted before it is squared, so that no square overflows
    sd = math.hypot(*(sds * np.sqrt(weights / df)).tolist())
    return PooledSd(sd, df, len(sds))


def median_of(values: Sequence[float]) -> float:
    """Return the median: the middle value, or the mean of the two in the middle.

    By its definition; assumes nothing of the values but that they are finite.

    Example:
        The middle ones of 1, 2, 3, 4 are 2 and 3.

        >>> median_of([4, 1, 3, 2])
        2.5

    Raises:
        ValueError: There is no value, or one is NaN or infinite.
    """
    ordered = sorted(finite(values))
    half = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[half]
    return ordered[half - 1] / 2 + ordered[half] / 2  # halved first: the sum may overflow


def mad(values: Sequence[float], *, scale: float = 1.0) -> float:
    """Return the median absolute deviation from the median (Gauss 1816; Hampel 1974).

    Assumes nothing of the values; with `NORMAL_MAD`, that most of them are normal.

    Example:
        The median is 2, the deviations are 1, 1, 0, 0, 2, 4, 7: their median is 1.

        >>> mad([1, 1, 2, 2, 4, 6, 9])
        1.0

    Args:
        values: One or more, finite.
        scale: Factor of the result: `NORMAL_MAD` makes it estimate a normal standard deviation.

    Raises:
        ValueError: There is no value, or one is NaN or infinite.
    """
    middle = median_of(values)
    return scale * median_of([abs(value - middle) for value in values])


def sd_interval(sd: float, df: float, *, level: float = LEVEL) -> tuple[float, float] | None:
    """Return the interval of a normal standard deviation: √(df·s²/χ²) (Fisher 1925).

    Assumes independent normal values.

    Example:
        s = 1 from 10 values: √(9/19.023) and √(9/2.7004), by the quantiles of χ²₉.

        >>> low, high = sd_interval(1.0, 9)
        >>> round(low, 4), round(high, 4)
        (0.6878, 1.8256)

    Args:
        sd: The estimate, >= 0.
        df: Its degrees of freedom, > 0.
        level: Of the interval, with equal tails.

    Returns:
        Its ends, or None for a spread of 0, from which nothing follows.

    Raises:
        ValueError: Something is out of its range.
    """
    if not 0 <= sd < math.inf or not 0 < df < math.inf:
        raise ValueError(f"a standard deviation of {sd} with {df} degrees of freedom")
    fraction(level, "level")
    if sd == 0:
        return None
    from scipy.special import chdtri  # a third of a second: only where something varies

    tail = (1 - level) / 2
    quantiles = [float(chdtri(df, above)) for above in (tail, 1 - tail)]
    if min(quantiles) <= 0:
        raise ValueError(f"too few degrees of freedom for an interval: {df}")
    low, high = finite(sd * math.sqrt(df / quantile) for quantile in quantiles)
    return low, high


def icc(groups: Sequence[Sequence[float]], *, level: float = LEVEL) -> Reliability | None:
    """Return the intraclass correlation ICC(1,1) with its interval (Shrout & Fleiss 1979).

    One-way random effects: groups (experiments) are a sample, values (replicates) are exchangeable
    within them. With F = MS between / MS within and n values a group:
    ICC = (F - 1)/(F - 1 + n), and the interval from F/F_{1-a} and F·F_{1-a} (p. 424). Where groups
    differ in size, n is n₀ = (N - Σnᵢ²/N)/(k - 1) (Donner 1986), and the interval approximate.

    Assumes normal groups and normal values within them, of one variance.

    Example:
        Three groups of two: MS within 3/3 = 1, between 2·7.5833 = 15.1667, so that ICC =
        14.1667/16.1667. The interval is from 15.1667/16.0441 and 15.1667·39.1655, the quantiles of
        F.

        >>> found = icc([[1, 2], [4, 5], [6, 8]])
        >>> round(found.icc, 4), round(found.low, 4), round(found.high, 4)
        (0.8763, -0.0281, 0.9966)

    Args:
        groups: Two or more, none empty, one of them with two values or more.
        level: Of the interval.

    Returns:
        The correlation, or None where nothing varies within groups: then there is nothing that
        reliability could be measured against.

    Raises:
        ValueError: As `one_way`.
    """
    test = one_way(groups)
    if test.f is None or test.df2 is None:
        return None
    from scipy.special import fdtri  # a third of a second: only where something varies

    sizes = [len(group) for group in groups]
    total = sum(sizes)
    n = (total - sum(size * size for size in sizes) / total) / (len(sizes) - 1)
    upper = 1 - (1 - fraction(level, "level")) / 2
    low = test.f / float(fdtri(test.df1, test.df2, upper))
    high = test.f * float(fdtri(test.df2, test.df1, upper))
    icc, low, high = ((f - 1) / (f - 1 + n) for f in (test.f, low, high))
    return Reliability(icc, level, low, high, len(sizes), n)
