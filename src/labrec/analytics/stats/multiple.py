"""Testing many claims: adjusted p values and levels that stay what they were. ○ No IO."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from labrec.analytics.stats.moments import fraction

if TYPE_CHECKING:
    from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p values adjusted for testing all of them (Holm 1979), in their order.

    The chance that any true null falls below α is at most α, whatever the tests share. The i-th
    smallest of m becomes the largest of (m - j + 1)·p_(j) for j <= i, at most 1.

    Assumes valid p values, and nothing of how the tests hang together.

    Example:
        0.01·3 = 0.03, then 0.03·2 = 0.06, and 0.04·1 is no less than that.

        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]

    Args:
        p_values: Each 0 to 1; may be empty.

    Raises:
        ValueError: One is not 0 to 1.
    """
    if not all(0 <= p <= 1 for p in p_values):
        raise ValueError("a p value is not between 0 and 1")
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted


def sequence_level(alpha: float, place: int) -> float:
    """Return the level of the claim in a place of an endless sequence: 6α/(π²j²).

    Since Σ 1/j² = π²/6 (Euler 1740), the levels of all claims that will ever be made add up to α:
    by Bonferroni's inequality the chance of any false finding stays below it, and later claims
    change no earlier level.

    Assumes that the order of the claims does not depend on their results.

    Example:
        6·0.05/π² = 0.030396 for the first claim, a quarter of it for the second.

        >>> round(sequence_level(0.05, 1), 6), round(sequence_level(0.05, 2), 7)
        (0.030396, 0.0075991)

    Args:
        alpha: For the whole sequence, between 0 and 1.
        place: j, from 1 on.

    Raises:
        ValueError: One of them is out of its range.
    """
    if place < 1:
        raise ValueError(f"place {place} of a sequence that starts with 1")
    return 6 * fraction(alpha, "alpha") / (math.pi * place) ** 2


def look_level(alpha: float, look: int) -> float:
    """Return the level of one of several looks at growing data: α·2^-i.

    Σ 2^-i = 1, so however many looks follow, and whatever they share, the chance of any false
    finding stays below α (Bonferroni's inequality).

    By Bonferroni's inequality (Bonferroni 1936). Assumes that it was fixed beforehand when to look.

    Example:
        0.05/2 for the first look, 0.05/4 for the second.

        >>> look_level(0.05, 1), look_level(0.05, 2)
        (0.025, 0.0125)

    Args:
        alpha: For all looks, between 0 and 1.
        look: i, from 1 on.

    Raises:
        ValueError: One of them is out of its range.
    """
    if look < 1:
        raise ValueError(f"look {look} of looks that start with 1")
    return math.ldexp(fraction(alpha, "alpha"), -look)
