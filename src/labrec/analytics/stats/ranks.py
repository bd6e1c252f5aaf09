"""Tests on ranks, beside those on means: sensitivity, never deciding. ○ No IO."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations, islice, permutations
from typing import TYPE_CHECKING, Final, NamedTuple

from labrec.analytics.stats.estimate import LEVEL
from labrec.analytics.stats.moments import ROUNDING, finite, fraction, not_zero, t_below

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy as np

WILCOXON_EXACT: Final = 100
"""Pairs up to which the signed-rank p is exact."""

PERMUTED: Final = 10
"""Values in the smaller group below which Brunner–Munzel's p is that of its permutations."""

ENUMERATED: Final = 200_000
"""Permutations up to which all are taken; above, `DRAWN` are drawn at random."""

DRAWN: Final = 50_000
"""Random permutations; fewer where the groups are very large, at least 1,000."""

SPEARMAN_EXACT: Final = 8
"""Pairs up to which Spearman's p is exact."""

FEWEST_RESAMPLED: Final = 20
"""Pairs below which a bootstrap interval would cover too little, and is not given."""

_CHUNK: Final = 2_000_000  # numbers in memory at once


class RankTest(NamedTuple):
    """A test on ranks.

    Attributes:
        statistic: Its statistic, as named by the function.
        df: Degrees of freedom where p comes from a distribution that has them.
        p: Two-sided, never 0; None where all values are equal.
        exact: Whether p is that of all permutations.
        least_p: The smallest p that this many values can give; None unless exact.
    """

    statistic: float
    df: float | None
    p: float | None
    exact: bool
    least_p: float | None


class Superiority(NamedTuple):
    """How often a value of the second group is larger, and whether that is one half.

    Attributes:
        probability: P(X < Y) + P(X = Y)/2.
        test: Brunner and Munzel's.
    """

    probability: float
    test: RankTest


class RankCorrelation(NamedTuple):
    """Spearman's correlation.

    Attributes:
        rho: -1 to 1.
        p: Two-sided of no association, never 0.
        exact: Whether p is that of all permutations.
        level: Of the interval.
        low: Lower end of the bootstrap interval; None for fewer than 20 pairs.
        high: Upper end.
    """

    rho: float
    p: float
    exact: bool
    level: float
    low: float | None
    high: float | None


def midranks(values: Sequence[float]) -> list[float]:
    """Return the ranks of values from 1 on, equal ones sharing the mean of theirs.

    As Kruskal & Wallis (1952) have them. Assumes that values can be ordered: none is NaN.

    Example:
        5 is the first, 10 the second, and 20 twice the third and fourth.

        >>> midranks([10, 20, 20, 5])
        [2.0, 3.5, 3.5, 1.0]
    """
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for place in order[start:end]:
            ranks[place] = (start + 1 + end) / 2
        start = end
    return ranks


def _ties(values: Iterable[float]) -> int:
    """Return Σ(t³ - t) over the numbers t of equal values."""
    return sum(count**3 - count for count in Counter(values).values())


def wilcoxon(first: Sequence[float], second: Sequence[float]) -> RankTest:
    """Test whether differences of pairs scatter around 0: signed ranks (Wilcoxon 1945).

    The statistic is the sum of the ranks of the positive differences. Equal pairs are left out, as
    Wilcoxon did; p is exact to 100 pairs, given the ranks that ties share, and normal with
    correction for ties and continuity above. Assumes that differences are symmetric.

    Example:
        All five differences are positive: 1 + 2 + 3 + 4 + 5, and p = 2/2⁵. With the smallest one
        negative V = 14, and p = 2·2/2⁵.

        >>> found = wilcoxon([1, 2, 3, 4, 5], [0, 0, 0, 0, 0])
        >>> found.statistic, found.p, found.exact
        (15.0, 0.0625, True)
        >>> round(wilcoxon([-1, 2, 3, 4, 5], [0, 0, 0, 0, 0]).p, 9)
        0.125

    Args:
        first: One value a pair.
        second: Its partners.

    Raises:
        ValueError: The lengths differ, there is no pair, or a value is NaN or infinite.
    """
    pairs = list(zip(finite(first), finite(second), strict=True))
    largest = max(max(abs(one), abs(other)) for one, other in pairs)
    differences = [one - other for one, other in pairs]
    # what is left of rounding is no difference
    differences = [value for value in differences if abs(value) > ROUNDING * largest]
    n = len(differences)
    if n == 0:
        return RankTest(0.0, None, None, exact=True, least_p=None)
    ranks = midranks([abs(value) for value in differences])
    positive = math.fsum(rank for rank, value in zip(ranks, differences, strict=True) if value > 0)
    if n <= WILCOXON_EXACT:
        p = _signed_p([round(2 * rank) for rank in ranks], round(2 * positive))
        return RankTest(positive, None, p, exact=True, least_p=min(1.0, 2.0 ** (1 - n)))
    mean, variance = n * (n + 1) / 4, n * (n + 1) * (2 * n + 1) / 24
    variance -= _ties(abs(value) for value in differences) / 48
    z = max(abs(positive - mean) - 0.5, 0.0) / math.sqrt(variance)
    return RankTest(
        positive, None, not_zero(math.erfc(z / math.sqrt(2))), exact=False, least_p=None
    )


def _signed_p(doubled: Sequence[int], seen: int) -> float:
    """Return the two-sided p of a sum of doubled ranks with random signs, by convolution."""
    import numpy as np  # heavy, and only where there are pairs

    chances = np.ones(1)
    for rank in doubled:
        longer = np.zeros(len(chances) + rank)
        longer[: len(chances)] += chances / 2
        longer[rank:] += chances / 2
        chances = longer
    lower, upper = float(chances[: seen + 1].sum()), float(chances[seen:].sum())
    return not_zero(2 * min(lower, upper))


def kruskal_wallis(groups: Sequence[Sequence[float]]) -> RankTest:
    """Test whether groups have one distribution: H, corrected for ties (Kruskal & Wallis 1952).

    p from χ² with k - 1 degrees of freedom: rough for groups of fewer than five.

    Assumes independent values, and of groups that differ that they do so in their location.

    Example:
        The sums of ranks are 6 and 15: H = 12/42·(36/3 + 225/3) - 3·7 = 3.857, p = P(χ²₁ > 3.857).

        >>> found = kruskal_wallis([[1, 2, 3], [4, 5, 6]])
        >>> round(found.statistic, 4), found.df, round(found.p, 4)
        (3.8571, 1, 0.0495)

    Args:
        groups: Two or more, none empty.

    Raises:
        ValueError: There are too few groups or values, or one is NaN or infinite.
    """
    found = [finite(group) for group in groups]
    if len(found) < 2:  # noqa: PLR2004 - one group has nothing to differ from
        raise ValueError("two groups or more are needed")
    values = [value for group in found for value in group]
    n, df = len(values), len(found) - 1
    unequal = 1 - _ties(values) / (n**3 - n)
    if unequal <= 0:
        return RankTest(0.0, df, None, exact=False, least_p=None)
    ranks = iter(midranks(values))
    sums = [math.fsum(next(ranks) for _ in group) for group in found]
    between = math.fsum(
        len(group) * (total / len(group) - (n + 1) / 2) ** 2
        for group, total in zip(found, sums, strict=True)
    )
    h = 12 / (n * (n + 1)) * between / unequal
    return RankTest(h, df, _chi2_above(df, h), exact=False, least_p=None)


def friedman(table: Sequence[Sequence[float]]) -> RankTest:
    """Test whether levels differ within blocks: Friedman's χ², corrected for ties (Friedman 1937).

    p from χ² with k - 1 degrees of freedom: rough for few blocks.

    Assumes independent blocks.

    Example:
        The sums of ranks are 3, 7 and 8: 12/(3·3·4)·(9 + 49 + 64) - 3·3·4 = 14/3, p = e^(-7/3).

        >>> found = friedman([[10, 20, 30], [1, 3, 2], [5, 6, 7]])
        >>> round(found.statistic, 4), found.df, round(found.p, 4)
        (4.6667, 2, 0.097)

    Args:
        table: A row for each block, a value for each level; two or more levels.

    Raises:
        ValueError: There is no block or one level, rows differ in length, or a value is NaN or
            infinite.
    """
    rows = [finite(row, least=2) for row in table]
    if len({len(row) for row in rows}) != 1:
        raise ValueError("blocks are needed, with one number of levels")
    b, k = len(rows), len(rows[0])
    ranks = [midranks(row) for row in rows]
    unequal = 1 - sum(map(_ties, rows)) / (b * (k**3 - k))
    if unequal <= 0:
        return RankTest(0.0, k - 1, None, exact=False, least_p=None)
    sums = [math.fsum(column) for column in zip(*ranks, strict=True)]
    between = math.fsum((total - b * (k + 1) / 2) ** 2 for total in sums)
    q = 12 / (b * k * (k + 1)) * between / unequal
    return RankTest(q, k - 1, _chi2_above(k - 1, q), exact=False, least_p=None)


def brunner_munzel(
    first: Sequence[float], second: Sequence[float], *, seed: int = 0
) -> Superiority:
    """Test whether P(X < Y) + P(X = Y)/2 is one half (Brunner & Munzel 2000).

    The spreads may differ. With 10 values or more in each group p comes from t with Satterthwaite's
    degrees of freedom. Below, it is that of all permutations of the studentised statistic (Neubert
    & Brunner 2007), with `least_p` the smallest that they can give; where there are more than
    200,000, that of random ones. Without any overlap the statistic is infinite, and only
    permutations tell a p.

    Assumes independent values in two groups.

    Example:
        Of 16 pairs 13 are won by the second group, 2 are equal: (13 + 1)/16. The mean ranks differ
        by 3, and less the own ranks of a group they have the variance 1/2 in both: 16·3/(8·√(4/2 +
        4/2)) = 3. Of all 70 permutations 10 are as far out.

        >>> found = brunner_munzel([1, 2, 3, 4], [3, 4, 5, 6])
        >>> found.probability, round(found.test.statistic, 9), round(found.test.p, 4)
        (0.875, 3.0, 0.1429)

    Args:
        first: Two or more finite values.
        second: Likewise.
        seed: Of the random permutations, where they are needed.

    Raises:
        ValueError: There are too few values, or one is NaN or infinite.
    """
    x, y = finite(first, least=2), finite(second, least=2)
    n, m = len(x), len(y)
    import numpy as np  # heavy, and only where there are groups

    pooled = np.array(midranks([*x, *y]))
    statistic, df, p = (float(part[0]) for part in _studentised(pooled[None, :], n))
    lead = float(pooled[n:].mean() - pooled[:n].mean()) / (n + m) + 0.5
    if float(np.ptp(pooled)) == 0:
        return Superiority(lead, RankTest(0.0, None, None, exact=False, least_p=None))
    if min(n, m) >= PERMUTED and math.isfinite(statistic):
        return Superiority(lead, RankTest(statistic, df, p, exact=False, least_p=None))
    total = math.comb(n + m, n)
    exact = total <= ENUMERATED
    tried = total if exact else min(DRAWN, max(1000, 10 * _CHUNK // (n + m)))
    choices = _all_choices(n, n + m) if exact else _random_choices(n, n + m, tried, seed)
    extreme = sum(_as_extreme(pooled, chosen, statistic) for chosen in choices)
    p = extreme / tried if exact else (extreme + 1) / (tried + 1)
    least = (2 if n == m else 1) / total if exact else None
    return Superiority(
        lead, RankTest(statistic, df if math.isfinite(df) else None, p, exact=exact, least_p=least)
    )


def _all_choices(n: int, size: int) -> Iterator[np.ndarray]:
    import numpy as np  # as above

    choices = combinations(range(size), n)
    while part := list(islice(choices, max(1, _CHUNK // size))):
        yield np.array(part)


def _random_choices(n: int, size: int, tried: int, seed: int) -> Iterator[np.ndarray]:
    import numpy as np  # as above

    rng = np.random.default_rng(seed)
    step = max(1, _CHUNK // size)
    for start in range(0, tried, step):
        keys = rng.random((min(step, tried - start), size))
        yield np.argpartition(keys, n - 1, axis=1)[:, :n]


def _as_extreme(pooled: np.ndarray, chosen: np.ndarray, seen: float) -> int:
    """Count the choices of the first group whose statistic is as far out as the one seen."""
    import numpy as np  # as above

    count, n = chosen.shape
    size = len(pooled)
    mask = np.zeros((count, size), dtype=bool)
    np.put_along_axis(mask, chosen, values=True, axis=1)
    rows = np.broadcast_to(pooled, mask.shape)
    arranged = np.concatenate(
        [rows[mask].reshape(count, n), rows[~mask].reshape(count, size - n)], axis=1
    )
    statistics = _studentised(arranged, n)[0]
    return int((np.abs(statistics) >= abs(seen) * (1 - 1e-9)).sum())


def _studentised(pooled: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return Brunner–Munzel statistic, degrees of freedom and p of rows of pooled ranks.

    Args:
        pooled: Ranks among all; in each row the first group, then the second.
        n: Size of the first group.
    """
    import numpy as np  # as above
    from scipy.special import stdtr
    from scipy.stats import rankdata  # a second: only where this test is asked for

    m = pooled.shape[1] - n
    one, other = pooled[:, :n], pooled[:, n:]
    lead = other.mean(axis=1) - one.mean(axis=1)
    first, second = (np.var(part - rankdata(part, axis=1), axis=1, ddof=1) for part in (one, other))
    variance = n * first + m * second
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = n * m * lead / ((n + m) * np.sqrt(variance))
        df = variance**2 / ((n * first) ** 2 / (n - 1) + (m * second) ** 2 / (m - 1))
        p = np.maximum(2 * stdtr(df, -np.abs(statistic)), 2.3e-308)
    return np.where(np.isnan(statistic), 0.0, statistic), df, p


def spearman(
    first: Sequence[float],
    second: Sequence[float],
    *,
    seed: int,
    level: float = LEVEL,
    resamples: int = 2000,
) -> RankCorrelation | None:
    """Return Spearman's rank correlation with a bootstrap interval (Spearman 1904; Efron 1979).

    The correlation of the midranks. To 8 pairs p is that of all permutations, above from t with
    n - 2 degrees of freedom (Kendall & Stuart 1973). The interval holds the middle of the
    correlations of resampled pairs (percentile method), from 20 pairs on. Costs
    O(resamples · n log n).

    Assumes independent pairs.

    Example:
        The ranks differ by 1, 1, 1, 1 and 0: 1 - 6·4/(5·24) = 0.8; of the 120 orders 16 are as far
        from none.

        >>> found = spearman([1, 2, 3, 4, 5], [2, 1, 4, 3, 5], seed=1)
        >>> round(found.rho, 9), round(found.p, 6), found.exact, found.low
        (0.8, 0.133333, True, None)

    Args:
        first: One value a pair; three pairs or more.
        second: Its partners.
        seed: Of the resampling: the same seed gives the same interval.
        level: Of the interval.
        resamples: How many.

    Returns:
        The correlation, or None where one side is constant.

    Raises:
        ValueError: The lengths differ, there are too few pairs, or a value is NaN or infinite.
    """
    x, y = finite(first, least=3), finite(second, least=3)
    n = len(x)
    if n != len(y):
        raise ValueError("as many values are needed on both sides")
    fraction(level, "level")
    import numpy as np  # heavy, and only where there are pairs

    ranks = np.array([midranks(x), midranks(y)])
    if min(np.ptp(ranks, axis=1)) == 0:
        return None
    rho = float(_correlation(ranks[:1], ranks[1:])[0])
    exact = n <= SPEARMAN_EXACT
    if exact:
        others = ranks[1][np.array(list(permutations(range(n))))]
        found = _correlation(np.broadcast_to(ranks[0], others.shape), others)
        p = float((np.abs(found) >= abs(rho) - 1e-9).mean())
    else:
        # nothing but a perfect order has no error: t is then taken as very large
        t = abs(rho) * math.sqrt((n - 2) / max(1 - rho * rho, 1e-15))
        p = not_zero(2 * t_below(n - 2, -t))
    low, high = _resampled(ranks, seed, level, resamples) if n >= FEWEST_RESAMPLED else (None, None)
    return RankCorrelation(rho, p, exact, level, low, high)


def _resampled(ranks: np.ndarray, seed: int, level: float, resamples: int) -> tuple[float, float]:
    import numpy as np  # as above
    from scipy.stats import rankdata

    rng = np.random.default_rng(seed)
    n = ranks.shape[1]
    found: list[np.ndarray] = []
    step = max(1, _CHUNK // n)
    for start in range(0, resamples, step):
        drawn = rng.integers(0, n, size=(min(step, resamples - start), n))
        one, other = (rankdata(side[drawn], axis=1) for side in ranks)
        varies = (np.ptp(one, axis=1) > 0) & (np.ptp(other, axis=1) > 0)
        found.append(_correlation(one[varies], other[varies]))
    tail = (1 - level) / 2
    low, high = np.quantile(np.concatenate(found), [tail, 1 - tail])
    return float(low), float(high)


def _correlation(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the correlation of each row of one with the same row of other."""
    import numpy as np  # as above

    a = one - one.mean(axis=1, keepdims=True)
    b = other - other.mean(axis=1, keepdims=True)
    products = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    return np.asarray(np.clip((a * b).sum(axis=1) / products, -1.0, 1.0))


def _chi2_above(df: float, value: float) -> float:
    from scipy.special import chdtrc  # a third of a second: only where something varies

    return not_zero(float(chdtrc(df, value)))
