"""Where a series of values changes its level, and whether chance would do the same. ○ No IO."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.analytics.stats.moments import finite, sd_of

if TYPE_CHECKING:
    from collections.abc import Sequence

SIDE: Final = 5
"""Fewest values on each side of a change."""

PERMUTATIONS: Final = 999
"""How often a series is shuffled, at least."""

_PENALTY = 3.0
_CHUNK = 2_000_000  # values that are looked at together: 16 MB
_MOST_CUTS = 128  # places at which stretches of a long series begin and end


class Changes(NamedTuple):
    """What a series says about changes of its level.

    Attributes:
        places: Of each change the place of the first value after it, ascending; 0 is the first
            value.
        sd: Standard deviation of the noise, from differences.
        df: Its degrees of freedom: 2(n - 1)²/(3n - 4), as its variance matches (von Neumann 1941).
        penalty: What a change had to save in squares, (unit of the values)².
        statistic: Largest gain of any stretch against the rest: √(k(n - k)/n)·|difference of means|
            / sd of all values, k of which make the stretch. 0 where nothing varies.
        stretch: Places where that begins, and where it has ended; None where nothing varies.
        p: How often a shuffled series has as large a one; 1 where there are no places.
        permutations: How often it was shuffled.
    """

    places: tuple[int, ...]
    sd: float
    df: float
    penalty: float
    statistic: float
    stretch: tuple[int, int] | None
    p: float
    permutations: int


def changes(
    values: Sequence[float], seed: int, *, side: int = SIDE, permutations: int = PERMUTATIONS
) -> Changes:
    """Find changes of the level of a series.

    The places are those that PELT finds (Killick, Fearnhead & Eckley 2012, J. Am. Stat. Assoc. 107,
    1590) with the cost of squares and a penalty of 3·ln n·v for each change; v is half the mean
    squared difference of neighbours (von Neumann 1941), which a change of level hardly touches.
    PELT may answer on noise, too: whether there is any change at all is told by the largest gain of
    any stretch against the rest (Olshen et al. 2004, Biostatistics 5, 557), compared with the same
    of shuffled series. A stretch that reaches an end is a single change; one that does not is a
    change and its way back, which no single cut shows. To take the best place first and test there
    would find a change in most series. Where there is no place nothing is shuffled, and p is 1.

    Assumes that without a change the values are exchangeable; slow waves are taken for changes.

    Example:
        The squared differences of neighbours add up to 5.36: sd = √(5.36/18), penalty =
        3·ln 10·5.36/18. The means are 1 and 3, the standard deviation of all ten √(10.2/9):
        √(5·5/10)·2/1.0646 = 2.9704.

        >>> found = changes([1.0, 1.2, 0.9, 1.1, 0.8, 3.0, 3.2, 2.9, 3.1, 2.8], seed=1)
        >>> found.places, found.stretch, round(found.sd, 4), round(found.df, 3)
        ((5,), (5, 10), 0.5457, 6.231)
        >>> round(found.penalty, 3), round(found.statistic, 4), found.p < 0.02
        (2.057, 2.9704, True)

    Args:
        values: In order, at least 2·side.
        seed: Of the shuffling; the same seed gives the same p.
        side: Fewest values on each side of a change, >= 2.
        permutations: How often to shuffle. Where not one of them reaches the series' own value, the
            caller may ask again for more: the p of the larger number is valid as well.

    Raises:
        ValueError: There are too few values, or one is NaN or infinite.
    """
    series = finite(values, least=2 * side)
    n = len(series)
    df = 2 * (n - 1) ** 2 / (3 * n - 4)
    import numpy as np  # heavy, and only where a series is long enough

    if sd_of(series) == 0:
        return Changes((), 0.0, df, 0.0, 0.0, None, 1.0, 0)
    largest = max(map(abs, series))
    scaled = np.array(series) / largest  # no square overflows
    scaled -= scaled.mean()
    variance = float(np.sum(np.diff(scaled) ** 2)) / (2 * (n - 1))
    penalty = _PENALTY * math.log(n) * variance
    spread = float(scaled.std(ddof=1))
    stretches = _stretches(n, side)
    gains = _gains(scaled[None, :], stretches)[0]
    at = int(gains.argmax())
    places = _places(scaled, side, penalty)
    p = 1.0
    if places:
        reached = _reached(scaled, float(gains[at]), stretches, permutations, seed)
        p = (1 + reached) / (1 + permutations)
    return Changes(
        places,
        largest * math.sqrt(variance),
        df,
        largest * largest * penalty,
        math.sqrt(float(gains[at])) / spread,
        (int(stretches[0][at]), int(stretches[1][at])),
        p,
        permutations if places else 0,
    )


def _places(values: Any, side: int, penalty: float) -> tuple[int, ...]:
    """Return the cuts with the smallest sum of squares and penalties: those that PELT finds.

    Without its pruning, which saves nothing on a series without a change, but a whole step at a
    time (Jackson et al. 2005): a thousand values take 10 ms, where ruptures takes six seconds.
    """
    import numpy as np  # as above

    n = len(values)
    sums, squares = (np.concatenate(([0.0], np.cumsum(part))) for part in (values, values**2))
    best, last = np.full(n + 1, np.inf), np.zeros(n + 1, int)
    best[0] = -penalty
    for end in range(side, n + 1):
        start = np.arange(end - side + 1)
        cost = squares[end] - squares[start] - (sums[end] - sums[start]) ** 2 / (end - start)
        total = best[start] + cost + penalty
        last[end] = int(total.argmin())
        best[end] = total[last[end]]
    found, end = [], int(last[n])
    while end:
        found.append(end)
        end = int(last[end])
    return tuple(reversed(found))


def _stretches(n: int, side: int) -> tuple[Any, Any]:
    """Return beginnings and ends of all stretches that leave a side's values to every part.

    Of those that only differ by which part is called the rest, one is enough; in a long series they
    begin and end at places spread evenly.
    """
    import numpy as np  # as above

    inner = np.arange(side, n - side + 1)
    if len(inner) > _MOST_CUTS:
        inner = inner[np.linspace(0, len(inner) - 1, _MOST_CUTS).round().astype(int)]
    cuts = np.concatenate((inner, [n]))
    begin, end = (cuts[part] for part in np.triu_indices(len(cuts), 1))
    long = end - begin >= side
    return begin[long], end[long]


def _gains(rows: Any, stretches: tuple[Any, Any]) -> Any:
    """Return by how much squares fall when a stretch has a mean of its own, for each of them.

    Args:
        rows: Series with mean 0, one a row.
        stretches: Where they begin, and where they have ended.
    """
    import numpy as np  # as above

    begin, end = stretches
    n, k = rows.shape[1], end - begin
    # between squares k·m₁² + (n - k)·m₂² of a series with mean 0, from the sum of the stretch
    sums = np.cumsum(rows, axis=1)
    return (sums[:, end - 1] - sums[:, begin - 1]) ** 2 * (n / (k * (n - k)))


def _reached(
    values: Any, gain: float, stretches: tuple[Any, Any], permutations: int, seed: int
) -> int:
    """Count the shuffled series whose largest gain reaches a value."""
    import numpy as np  # as above

    generator = np.random.default_rng(seed)
    reached, left = 0, permutations
    while left:
        count = min(left, max(1, _CHUNK // max(len(values), len(stretches[0]))))
        rows = generator.permuted(np.broadcast_to(values, (count, len(values))), axis=1)
        # the same sums in another order differ in the last digits: ties count as reached
        reached += int((_gains(rows, stretches).max(axis=1) >= gain * (1 - 1e-12)).sum())
        left -= count
    return reached
