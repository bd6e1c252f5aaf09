"""Means, spreads and quantiles that neither overflow nor take rounding for spread. ○ No IO."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROUNDING: Final = 1e-13
"""Of the largest value: what sums of doubles can leave of no spread at all."""


def finite(values: Iterable[float], *, least: int = 1) -> list[float]:
    """Return values as a list.

    By definition it changes nothing; it assumes nothing and refuses what cannot be averaged.

    Example:
        >>> finite([1, 2.5])
        [1.0, 2.5]
        >>> finite([1.0], least=2)
        Traceback (most recent call last):
            ...
        ValueError: 1 values where at least 2 are needed

    Args:
        values: What was measured.
        least: How many there must be.

    Raises:
        ValueError: One of them is NaN or infinite, or there are too few.
    """
    found = list(map(float, values))
    if not all(map(math.isfinite, found)):
        raise ValueError("a value is NaN or infinite")
    if len(found) < least:
        raise ValueError(f"{len(found)} values where at least {least} are needed")
    return found


def fraction(value: float, name: str) -> float:
    """Return a level or a probability.

    By definition it changes nothing; it assumes nothing and refuses what is no level.

    Example:
        >>> fraction(0.95, "level")
        0.95
        >>> fraction(95, "level")
        Traceback (most recent call last):
            ...
        ValueError: level is 95, not between 0 and 1

    Raises:
        ValueError: It is not between 0 and 1, both excluded.
    """
    if not 0 < value < 1:
        raise ValueError(f"{name} is {value}, not between 0 and 1")
    return value


def sum_of(values: Iterable[float]) -> float:
    """Return the correctly rounded sum of finite values.

    By its definition, with exact partial sums (Shewchuk 1997). Assumes that no value is NaN or
    infinite.

    Example:
        Added one by one, ten doubles near 0.1 are short of 1, and a 1 beside 1e100 is lost.

        >>> sum_of([0.1] * 10), sum_of([1e100, 1.0, -1e100])
        (1.0, 1.0)

    Raises:
        ValueError: No double holds it.
    """
    try:
        return math.fsum(values)
    except OverflowError as e:
        raise ValueError("a sum that no double holds") from e


def mean_of(values: Sequence[float]) -> float:
    """Return the mean of finite values, correctly rounded sums (`math.fsum`), never overflowing.

    By its definition. Assumes that no value is NaN or infinite.

    Example:
        (1 + 2 + 6) / 3 = 3; the sum of the others is beyond any double.

        >>> mean_of([1, 2, 6]), mean_of([1e308, 1e308])
        (3.0, 1e+308)
    """
    try:
        return math.fsum(values) / len(values)
    except OverflowError:
        return math.fsum(value / len(values) for value in values)


def sd_of(values: Sequence[float]) -> float:
    """Return the standard deviation, n - 1, of two or more finite values.

    Exactly 0 where they differ by no more than rounding leaves of equal ones: 1e-13 of the largest.

    By its definition, √(Σ(x - mean)² / (n - 1)). Assumes that no value is NaN or infinite.

    Example:
        The mean of 1, 2, 3, 4 is 2.5, and the squared deviations add up to 5: √(5/3).

        >>> round(sd_of([1, 2, 3, 4]), 5), sd_of([0.1 + 0.2, 0.3])
        (1.29099, 0.0)
    """
    low, high = min(values), max(values)
    largest = max(abs(low), abs(high))
    if high - low <= ROUNDING * largest:
        return 0.0
    mean = mean_of(values)
    # scaled, so that no square overflows
    squares = math.fsum([((value - mean) / largest) ** 2 for value in values])
    return largest * math.sqrt(squares / (len(values) - 1))


@lru_cache(maxsize=4096)
def t_quantile(df: float, level: float) -> float:
    """Return the two-sided t quantile (Student 1908): P(|t| <= it) = level.

    Assumes nothing beyond its arguments: a table of Student's distribution.

    Example:
        With 1 degree of freedom, Cauchy's distribution, it is tan(π/4) = 1 for one half; with
        infinitely many the normal 1.95996.

        >>> round(t_quantile(1, 0.5), 9), round(t_quantile(10, 0.95), 4)
        (1.0, 2.2281)
        >>> round(t_quantile(math.inf, 0.95), 5)
        1.95996

    Args:
        df: Degrees of freedom, > 0; may be infinite (the normal distribution).
        level: Between 0 and 1.

    Raises:
        ValueError: The level is out of its range, or no double holds the quantile: there are hardly
            any degrees of freedom.
    """
    from scipy.special import ndtri, stdtrit  # a third of a second: only where something varies

    upper = 0.5 + fraction(level, "level") / 2
    return finite([stdtrit(df, upper) if math.isfinite(df) else ndtri(upper)])[0]


def t_below(df: float, t: float) -> float:
    """Return P(T <= t) of Student's t, never below the smallest double.

    Source: Student 1908. Assumes nothing beyond its arguments.

    Example:
        With 1 degree of freedom, Cauchy's distribution: 1/2 + atan(1)/π = 3/4; with 2, 1/2 +
        1/(2·√3).

        >>> round(t_below(1, 1.0), 9), round(t_below(2, 1.0), 4)
        (0.75, 0.7887)

    Args:
        df: Degrees of freedom, > 0; may be infinite.
        t: Where; finite.
    """
    from scipy.special import ndtr, stdtr  # as above

    return not_zero(float(stdtr(df, t) if math.isfinite(df) else ndtr(t)))


def not_zero(p: float) -> float:
    """Return a p value at least the smallest normal double, at most 1: none is exactly 0.

    By definition: no finite number of values can make anything impossible. Assumes a p value,
    however it was rounded.

    Example:
        >>> not_zero(0.0), not_zero(0.05), not_zero(1.0000000000000002)
        (2.2250738585072014e-308, 0.05, 1.0)
    """
    return min(1.0, max(p, 2.2250738585072014e-308))
