"""Whether runs end as often under each level. ○ No IO."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from labrec.analytics.stats.exact import barnard
from labrec.analytics.stats.multiple import holm

if TYPE_CHECKING:
    from collections.abc import Sequence


class Completion(NamedTuple):
    """Shares of complete runs.

    Attributes:
        first: Place of the level that is subtracted.
        last: The other one: of more than two the pair that differs most.
        difference: Share of the last minus the first, -1 to 1.
        p: Exact, of equal shares; None where all runs, or none, are complete.
        constant: Whether all runs, or none, are complete.
    """

    first: int
    last: int
    difference: float
    p: float | None
    constant: bool


def completion(counts: Sequence[tuple[int, int]]) -> Completion:
    """Compare the shares of complete runs by Barnard's exact test (Barnard 1947).

    Of more than two levels every pair, adjusted by Holm: the smallest is the p of "all are equal".

    Assumes that runs end independently of each other, with one chance in each level.

    Example:
        5 of 5 and 1 of 5 ended well: 1/5 - 1. The p is that of `barnard`; scipy has the same.

        >>> found = completion([(5, 5), (1, 5)])
        >>> found.first, found.last, round(found.difference, 9), round(found.p, 4)
        (0, 1, -0.8, 0.0215)
        >>> completion([(5, 5), (4, 4)]).p is None
        True

    Args:
        counts: Complete runs and runs that ended, of each level; the latter > 0.
    """
    shares = [complete / ended for complete, ended in counts]
    low, high = shares.index(min(shares)), shares.index(max(shares))
    first, last = (0, 1) if low == high else (min(low, high), max(low, high))
    difference = shares[last] - shares[first]
    if all(c == 0 for c, _ in counts) or all(c == n for c, n in counts):
        return Completion(first, last, difference, None, constant=True)
    found = [barnard(one, other).p for one, other in combinations(counts, 2)]
    return Completion(first, last, difference, min(holm(found)), constant=False)
