"""The best of many tries: how large it gets by chance alone, and what is left of it. ○ No IO.

All of it assumes independent normal noise of one standard deviation, and that the standard
deviation was learned from other values than the ones compared, or from their spread within
replicates, which tells nothing of their means.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.analytics.stats.moments import finite, fraction, mean_of, not_zero
from labrec.analytics.stats.spread import median_of, sd_interval

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

BOUND: Final = 0.9
"""Level of the interval of a standard deviation at whose upper end luck is judged."""

_REACH = 9.0  # standard deviations: what lies beyond has a probability below 1e-18
_MAXIMUM_NODES, _NORMAL_NODES, _SD_NODES = (
    400,
    80,
    120,
)  # of Gauss-Legendre: a relative error below 1e-6 to n = 10,000
_FEWEST = 4  # values of which three say where the rest lies
_LARGEST_LEAD = 1e100  # standard deviations: no chance is worth telling beyond it
_CERTAIN = 100.0  # noncentrality from which a test finds what there is
_MOST_REPEATS = 1000  # beyond it nobody repeats


class Shrunken(NamedTuple):
    """The best of many values, moved to where most of them lie.

    Attributes:
        value: The estimate, in the unit of the values.
        centre: Where most of them lie: their median.
        share: How much of its lead over the centre the best keeps, 0 to 1.
    """

    value: float
    centre: float
    share: float


@lru_cache(maxsize=4096)
def expected_maximum(n: int) -> float:
    """Return the mean of the largest of n standard normal values (Tippett 1925).

    E = ∫₀ 1 - Φ(x)ⁿ dx - ∫⁰ Φ(x)ⁿ dx, by Gauss-Legendre quadrature.

    Assumes independent normal values.

    Example:
        Of two it is 1/√π, of three 1.5/√π; of ten Tippett's table has 1.53875.

        >>> [round(expected_maximum(n), 5) for n in (2, 3, 10)], expected_maximum(1)
        ([0.56419, 0.84628, 1.53875], 0.0)

    Args:
        n: How many, >= 1.

    Raises:
        ValueError: n is below 1.
    """
    if n < 1:
        raise ValueError(f"the largest of {n} values")
    if n == 1:
        return 0.0  # two halves that cancel, but for what a processor rounds
    import numpy as np  # heavy, and only where something was tried
    from scipy.special import log_ndtr

    nodes, weights = _legendre(_MAXIMUM_NODES)
    at, step = _REACH / 2 * (nodes + 1), _REACH / 2 * weights
    above = step @ -np.expm1(n * log_ndtr(at))
    below = step @ np.exp(n * log_ndtr(-at))
    return float(above - below)


def chance_of_gain(
    lead: float, n: int, *, df: float = math.inf, values: int = 1, baseline: int = 1
) -> float:
    """Return how often the best of n tries without any effect leads the baseline by as much.

    1 - ∫ Φ((g + sz)/s)ⁿ φ(z) dz where s is known. Where it was estimated with df degrees of freedom
    the same is averaged over s/σ, whose square is chi-squared over df: the t of few degrees of
    freedom. That is the one-sided many-to-one test of Dunnett (1955, J. Am. Stat. Assoc. 50, 1096),
    with `lead` = √2 times its statistic.

    Assumes independent normal noise of one standard deviation, learned from other values.

    Example:
        Dunnett's table 1a gives 2.44 for two treatments and 5 degrees of freedom at 0.05. A single
        try is ahead of its baseline half of the time.

        >>> round(chance_of_gain(2.44 * 2**0.5, 2, df=5), 4)
        0.05
        >>> round(chance_of_gain(0.0, 1), 9)
        0.5

    Args:
        lead: The gain over the baseline in standard deviations of a single value, >= 0.
        n: Tries, the best one among them, >= 1.
        df: Degrees of freedom of that standard deviation, > 0; infinite = it is known.
        values: How many values each try is the mean of, >= 1.
        baseline: How many the baseline is the mean of, >= 1.

    Raises:
        ValueError: An argument is out of its range.
    """
    if not 0 <= lead < math.inf or min(n, values, baseline) < 1 or not df > 0:
        raise ValueError("a lead below 0, no tries, no values, or no degrees of freedom")
    import numpy as np  # heavy, and only where something was tried
    from scipy.special import log_ndtr

    z, of_z = _normal_nodes()
    # in standard deviations of a try, which is a mean of so many values
    lead, noise = min(lead, _LARGEST_LEAD) * math.sqrt(values), math.sqrt(values / baseline)
    if math.isinf(df):
        return not_zero(float(of_z @ -np.expm1(n * log_ndtr(lead + noise * z))))
    ratio, of_ratio = _sd_nodes(df)
    reached = lead * ratio[:, None] + noise * z[None, :]
    return not_zero(float(of_ratio @ (-np.expm1(n * log_ndtr(reached)) @ of_z)))


@lru_cache(maxsize=1024)
def lead_of_chance(
    alpha: float, n: int, *, df: float = math.inf, values: int = 1, baseline: int = 1
) -> float:
    """Return the lead that chance reaches with a probability: where `chance_of_gain` is alpha.

    A gain less so many standard deviations is the lower limit of level 1 - alpha of what the best
    is better by, whichever of the n tries it is (Dunnett 1955, eq. 6, with one value each).

    Assumes what `chance_of_gain` does.

    Example:
        2.44·√2 by Dunnett's table 1a; of one try with a known noise the one-sided normal quantile:
        1.6449·√2.

        >>> round(lead_of_chance(0.05, 2, df=5) / 2**0.5, 2)
        2.44
        >>> round(lead_of_chance(0.05, 1) / 2**0.5, 4)
        1.6449

    Args:
        alpha: The probability, below that of leading at all.
        n: As for `chance_of_gain`.
        df: Likewise.
        values: Likewise.
        baseline: Likewise.

    Returns:
        The lead, >= 0; 0 where a lead of 0 is rarer than alpha.

    Raises:
        ValueError: An argument is out of its range.
    """
    fraction(alpha, "alpha")

    def excess(lead: float) -> float:
        chance = chance_of_gain(lead, n, df=df, values=values, baseline=baseline)
        return math.log(chance / alpha)

    low, high = 0.0, 4.0
    if excess(low) <= 0:
        return 0.0
    while excess(high) > 0:
        low, high = high, 2 * high
    return _crossing(excess, low, high)


def _crossing(excess: Callable[[float], float], low: float, high: float) -> float:
    """Return where a falling function is 0, to 1e-12 of it.

    The false position in Illinois' way (Dowell & Jarratt 1971, BIT 11, 168): a quarter of the steps
    that halving takes, and each is a quadrature.

    Args:
        excess: The function.
        low: A place where it is above 0.
        high: A place where it is not.
    """
    above, below = excess(low), excess(high)
    rose = None
    while high - low > 1e-12 * high:
        middle = high - below * (high - low) / (below - above)
        if not low < middle < high:  # no double lies between
            return middle
        found = excess(middle)
        if found > 0:
            low, above = middle, found
            below *= 0.5 if rose is True else 1.0
        else:
            high, below = middle, found
            above *= 0.5 if rose is False else 1.0
        rose = found > 0
    return (low + high) / 2


def shrunken_best(values: Sequence[float], error: float, *, higher: bool) -> Shrunken | None:
    """Return an estimate of what the best of many tries is worth, less what luck gave it.

    Empirical Bayes (Efron & Morris 1975, J. Am. Stat. Assoc. 70, 311): the best keeps the share
    1 - (k - 3)/(k - 1) · v/V of its lead over the centre, never below 0; v is its error variance, V
    the variance of the k values. Tries that went wrong can lie anywhere on the bad side and say
    nothing of how good the best can be: the centre is the median, V the mean square about it of the
    values on its good side.

    Assumes that the true values on the good side spread like a half of a normal distribution.

    Example:
        The median of 1, 2, 3, 4, 10 is 3, the mean square above it (0 + 1 + 49)/3; with the
        standard error 2 the best keeps 1 - (2/4)·4/16.667 = 0.88 of its lead of 7: 3 + 6.16.

        >>> found = shrunken_best([1, 2, 3, 4, 10], 2.0, higher=True)
        >>> round(found.value, 9), found.centre, round(found.share, 9)
        (9.16, 3.0, 0.88)

    Args:
        values: Of all tries, the best among them; finite.
        error: Standard error of the best, >= 0.
        higher: Whether larger is better.

    Returns:
        None below 4 values: they do not say where the others lie.

    Raises:
        ValueError: A value is NaN or infinite, or the error is below 0.
    """
    found = sorted(finite(values))
    if not 0 <= error < math.inf:
        raise ValueError(f"a standard error of {error}")
    k = len(found)
    if k < _FEWEST:
        return None
    scale = max(map(abs, found)) or 1.0  # so that no difference and no square overflows
    found = [value / scale for value in found]
    centre = median_of(found)
    best = found[-1] if higher else found[0]
    good = [value - centre for value in found if (value >= centre) == higher or value == centre]
    largest = max(map(abs, good))
    if largest == 0:
        return Shrunken(scale * best, scale * centre, 1.0)
    spread = mean_of([(value / largest) ** 2 for value in good])
    noise = error / scale / largest
    share = max(0.0, 1.0 - (k - 3) / (k - 1) * noise * noise / spread)
    return Shrunken(scale * (centre + share * (best - centre)), scale * centre, share)


def repeats_to_show(
    gain: float, sd: float, df: float, *, alpha: float, power: float = 0.8
) -> int | None:
    """Return how often two things must be repeated, each, to show a difference between them.

    The smallest k for which the one-sided t test of k against k has the power, with the standard
    deviation pooled from them and from what is known before: the noncentral t with df + 2(k - 1)
    degrees of freedom and noncentrality d·√(k/2) (Cohen 1988, section 2.3). The standard deviation
    is planned for at the upper end of its 90 % interval, as those degrees of freedom would bound
    it: a plan on an estimate from few values fails half of the time.

    Assumes independent normal values of one standard deviation.

    Example:
        A difference of 2 standard deviations, known from 20 degrees of freedom. With 6 of each
        there are 30 of them, which bound the standard deviation by 1.273: the noncentral t at
        2/1.273·√3 = 2.72 is beyond 1.697 in 84 % of all cases, with 5 in 77 %.

        >>> repeats_to_show(2.0, 1.0, 20, alpha=0.05)
        6

    Args:
        gain: The difference, > 0.
        sd: Standard deviation of a single value, > 0, as estimated so far.
        df: Its degrees of freedom, >= 0.
        alpha: One-sided error rate.
        power: How often the difference shall be shown.

    Returns:
        None where more than 1,000 would be needed.

    Raises:
        ValueError: An argument is out of its range.
    """
    if not (0 < gain < math.inf and 0 < sd < math.inf and df >= 0):
        raise ValueError("a gain or a standard deviation that is not above 0")
    fraction(alpha, "alpha")
    fraction(power, "power")
    from scipy.special import nctdtr, stdtrit  # a third of a second: only where something was tried

    def enough(k: int) -> bool:
        both = df + 2 * (k - 1)
        shift = gain / (sd * _upper(both)) * math.sqrt(k / 2)
        critical = float(stdtrit(both, 1 - alpha))
        if shift > _CERTAIN * max(1.0, critical):
            return True
        return bool(1 - nctdtr(both, shift, critical) >= power)

    return _smallest(enough, 2)


def repeats_to_bound(
    lead: float, n: int, df: float, *, alpha: float, values: int = 1, baseline: int = 1
) -> int | None:
    """Return how often best and baseline must be repeated, each, to know the noise well enough.

    The smallest k with which the upper end of the 90 % interval of the standard deviation, should
    its estimate stay where it is, would make `chance_of_gain` fall below alpha.

    The interval is that of Fisher (1925), the chance that of Dunnett (1955). Assumes independent
    normal noise of one standard deviation.

    Example:
        One replicate pair (1 degree of freedom) leaves the upper end at √(1/0.00393) = 15.9 times
        the estimate; one repeat of each makes it 3, and at √(3/0.352) = 2.9 times a lead of 20 is
        beyond the luck of 10 tries: 20/2.9 = 6.9.

        >>> repeats_to_bound(20.0, 10, 1, alpha=0.05)
        1
        >>> repeats_to_bound(1.0, 10, 1, alpha=0.05) is None  # chance gains as much with any noise
        True

    Args:
        lead: As for `chance_of_gain`.
        n: Likewise.
        df: Degrees of freedom so far, > 0.
        alpha: Error rate.
        values: As for `chance_of_gain`.
        baseline: Likewise.

    Returns:
        None where the lead would not be beyond luck even if the noise were known, or where more
        than 1,000 would be needed.

    Raises:
        ValueError: An argument is out of its range.
    """
    fraction(alpha, "alpha")

    def enough(k: int) -> bool:
        bounded = lead / _upper(df + 2 * k)
        return chance_of_gain(bounded, n, values=values, baseline=baseline) < alpha

    if chance_of_gain(lead, n, values=values, baseline=baseline) >= alpha:
        return None
    return _smallest(enough, 1)


def _upper(df: float) -> float:
    """Return the upper end of the 90 % interval of a standard deviation over its estimate."""
    interval = sd_interval(1.0, df, level=BOUND)
    return interval[1] if interval is not None else math.inf


def _smallest(enough: Callable[[int], bool], least: int) -> int | None:
    """Return the smallest k from `least` on that is enough; more is never less."""
    high = least
    while not enough(high):
        if high >= _MOST_REPEATS:
            return None
        high = min(2 * high, _MOST_REPEATS)
    low = max(least - 1, high // 2)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


@lru_cache(maxsize=4)
def _legendre(count: int) -> tuple[Any, Any]:
    """Return nodes and weights of Gauss and Legendre: finding them is most of a quadrature."""
    from scipy.special import roots_legendre  # numpy's takes the eigenvalues of a whole matrix

    nodes, weights = roots_legendre(count)
    return nodes, weights


@lru_cache(maxsize=1)
def _normal_nodes() -> tuple[Any, Any]:
    """Return where to take a function of a standard normal value, and with which weights."""
    import numpy as np  # as above

    nodes, weights = _legendre(_NORMAL_NODES)
    at = _REACH * nodes
    return at, _REACH * weights * np.exp(-at * at / 2) / math.sqrt(2 * math.pi)


@lru_cache(maxsize=256)
def _sd_nodes(df: float) -> tuple[Any, Any]:
    """Return the same for the ratio of an estimated standard deviation to the true one.

    In the logarithm of the ratio, whose density has no pole at small degrees of freedom.
    """
    import numpy as np  # as above
    from scipy.special import gammainccinv, gammaincinv

    nodes, weights = _legendre(_SD_NODES)
    low = math.log(2 / df * float(gammaincinv(df / 2, 1e-17))) / 2
    high = math.log(2 / df * float(gammainccinv(df / 2, 1e-17))) / 2
    at = (low + high) / 2 + (high - low) / 2 * nodes
    constant = math.log(2) + df / 2 * math.log(df / 2) - math.lgamma(df / 2)
    density = np.exp(constant + df * at - df / 2 * np.exp(2 * at))
    return np.exp(at), (high - low) / 2 * weights * density
