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

    Args:
        values: What was measured.
        least: How many there must be.

    Raises:
        ValueError: One of them is NaN or infinite, or there are too few.
    """
    found = [float(value) for value in values]
    if not all(map(math.isfinite, found)):
        raise ValueError("a value is NaN or infinite")
    if len(found) < least:
        raise ValueError(f"{len(found)} values where at least {least} are needed")
    return found


def fraction(value: float, name: str) -> float:
    """Return a level or a probability.

    Raises:
        ValueError: It is not between 0 and 1, both excluded.
    """
    if not 0 < value < 1:
        raise ValueError(f"{name} is {value}, not between 0 and 1")
    return value


def sum_of(values: Iterable[float]) -> float:
    """Return the correctly rounded sum of finite values.

    Raises:
        ValueError: No double holds it.
    """
    try:
        return math.fsum(values)
    except OverflowError as e:
        raise ValueError("a sum that no double holds") from e


def mean_of(values: Sequence[float]) -> float:
    """Return the mean of finite values, correctly rounded sums (`math.fsum`), never overflowing."""
    try:
        return math.fsum(values) / len(values)
    except OverflowError:
        return math.fsum(value / len(values) for value in values)


def sd_of(values: Sequence[float]) -> float:
    """Return the standard deviation, n - 1, of two or more finite values.

    Exactly 0 where they differ by no more than rounding leaves of equal ones: 1e-13 of the largest.
    """
    largest = max(map(abs, values))
    if max(values) - min(values) <= ROUNDING * largest:
        return 0.0
    mean = mean_of(values)
    # scaled, so that no square overflows
    squares = math.fsum(((value - mean) / largest) ** 2 for value in values)
    return largest * math.sqrt(squares / (len(values) - 1))


@lru_cache(maxsize=4096)
def t_quantile(df: float, level: float) -> float:
    """Return the two-sided t quantile (Student 1908): P(|t| <= it) = level.

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

    Args:
        df: Degrees of freedom, > 0; may be infinite.
        t: Where; finite.
    """
    from scipy.special import ndtr, stdtr  # as above

    return not_zero(float(stdtr(df, t) if math.isfinite(df) else ndtr(t)))


def not_zero(p: float) -> float:
    """Return a p value at least the smallest normal double, at most 1: none is exactly 0."""
    return min(1.0, max(p, 2.2250738585072014e-308))
