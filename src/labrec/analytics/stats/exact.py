"""Exact tests of two proportions: Barnard's and Fisher's. ○ No IO."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from labrec.analytics.stats.moments import not_zero

if TYPE_CHECKING:
    import numpy as np

EXACT_MOST: Final = 1000
"""Of the larger group: above it Barnard's p is that of the normal score test."""

_STEPS: Final = 256  # of the nuisance parameter, before the best places are refined
_REFINED: Final = 3


class Proportions(NamedTuple):
    """A test whether two proportions are equal.

    Attributes:
        difference: First proportion minus the second.
        p: Two-sided, never 0.
        exact: Whether p is exact rather than from a normal distribution.
    """

    difference: float
    p: float
    exact: bool


def fisher(first: tuple[int, int], second: tuple[int, int]) -> Proportions:
    """Test two proportions given all margins (Fisher 1935): every table as unlikely as this one.

    Two-sided: the sum of the hypergeometric probabilities that are not above that of what was seen
    (Freeman & Halton 1951). Conservative; `barnard` has more power.

    Assumes that trials are independent, with one chance of success in each group.

    Example:
        The lady tasting tea, 3 of 4 against 1 of 4: of the 70 ways to choose four cups
        1 + 16 + 16 + 1 are as unlikely.

        >>> round(fisher((3, 4), (1, 4)).p, 6)  # 34/70
        0.485714

    Args:
        first: Successes and trials of the first group.
        second: Of the second.

    Raises:
        ValueError: A count is negative, or there are more successes than trials, or no trial.
    """
    (a, n), (b, m) = _checked(first), _checked(second)
    successes = a + b
    lowest, highest = max(0, successes - m), min(successes, n)
    logs = [_log_choose(n, x) + _log_choose(m, successes - x) for x in range(lowest, highest + 1)]
    whole = _log_choose(n + m, successes)
    seen = logs[a - lowest]
    # ties are kept in spite of rounding, as R's fisher.test keeps them
    p = math.fsum(math.exp(log - whole) for log in logs if log <= seen + 1e-7)
    return Proportions(a / n - b / m, not_zero(p), exact=True)


def barnard(first: tuple[int, int], second: tuple[int, int]) -> Proportions:
    """Test two proportions with the numbers of trials fixed (Barnard 1947), two-sided.

    Tables are ordered by the score statistic z = (p₁ - p₂)/√(p(1 - p)(1/n + 1/m)) with the pooled
    p (Suissa & Shuster 1985). The p value is the largest probability, over every common proportion,
    of a table at least as far out: on a grid of 256, then refined around the three best. Groups of
    more than 1,000 get the normal score test.

    Assumes that trials are independent, with one chance of success in each group.

    Example:
        3 of 3 against 0 of 3: only this table and its mirror are as far out, together 2·p³(1 - p)³,
        largest at 1/2: 2/64, where Fisher's test has 2/20.

        >>> round(barnard((3, 3), (0, 3)).p, 9)
        0.03125

    Args:
        first: Successes and trials of the first group.
        second: Of the second.

    Raises:
        ValueError: As `fisher`.
    """
    (a, n), (b, m) = _checked(first), _checked(second)
    difference = a / n - b / m
    if a + b in {0, n + m}:
        return Proportions(difference, 1.0, exact=True)
    if max(n, m) > EXACT_MOST:
        pooled = (a + b) / (n + m)
        z = difference / math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
        return Proportions(difference, not_zero(math.erfc(abs(z) / math.sqrt(2))), exact=False)
    import numpy as np  # heavy, and only where something failed and something did not

    x, y = np.arange(n + 1)[:, None], np.arange(m + 1)[None, :]
    pooled_ = (x + y) / (n + m)
    with np.errstate(divide="ignore", invalid="ignore"):
        squared = (x / n - y / m) ** 2 / (pooled_ * (1 - pooled_) * (1 / n + 1 / m))
    squared = np.nan_to_num(squared)  # without any spread in a table there is no distance
    extreme = (squared >= squared[a, b] * (1 - 1e-9)).astype(float)
    return Proportions(difference, not_zero(_largest(extreme)), exact=True)


def _largest(extreme: np.ndarray) -> float:
    """Return the largest probability of the extreme tables over the common proportion.

    The proportion is the squared sine of an angle: even steps of it meet even binomial spread.
    """
    import numpy as np  # as above

    n, m = extreme.shape[0] - 1, extreme.shape[1] - 1
    logs = [np.array([_log_choose(size, count) for count in range(size + 1)]) for size in (n, m)]

    def probability(angles: np.ndarray) -> np.ndarray:
        won, lost = np.log(np.sin(angles)), np.log(np.cos(angles))
        counts = [np.arange(size + 1)[:, None] for size in (n, m)]
        first, second = (
            np.exp(log[:, None] + 2 * (count * won + (size - count) * lost))
            for log, count, size in zip(logs, counts, (n, m), strict=True)
        )
        return np.asarray(np.einsum("ip,ip->p", first, extreme @ second))

    angles = (np.arange(_STEPS) + 0.5) * (math.pi / 2 / _STEPS)
    found = probability(angles)
    best = float(found.max())
    step = math.pi / 2 / _STEPS
    for place in np.argsort(found)[-_REFINED:]:
        low, high = angles[place] - step, angles[place] + step
        for _ in range(4):
            near = np.clip(np.linspace(low, high, 21), 1e-9, math.pi / 2 - 1e-9)
            values = probability(near)
            best = max(best, float(values.max()))
            top = int(values.argmax())
            low, high = near[max(top - 1, 0)], near[min(top + 1, 20)]
    return best


def _checked(group: tuple[int, int]) -> tuple[int, int]:
    successes, trials = group
    if not 0 <= successes <= trials or trials < 1:
        raise ValueError(f"{successes} successes in {trials} trials")
    return successes, trials


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
