"""What a t test can find: its power, and how many runs it would take. ○ No IO."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from labrec.analytics.stats.moments import fraction, t_quantile

if TYPE_CHECKING:
    from labrec.analytics.stats.estimate import Estimate

MOST: Final = 10_000_000
"""Runs an arm beyond which a plan is no plan."""

Design = Literal["two-sample", "one-sample"]
"""Two arms of n runs each, or n values (for instance the differences of n pairs)."""


class Needed(NamedTuple):
    """How many runs a test would take.

    Attributes:
        n: Whole runs in each arm, or pairs.
        solved: The same before it is rounded up.
        power: The power with n.
    """

    n: int
    solved: float
    power: float


class SeenPower(NamedTuple):
    """The power of the same test done again, by what was seen once.

    Attributes:
        at_value: If the true effect is the one that was seen. Flatters: an effect that was found
            is on average seen too large.
        at_low: If it is the end of the interval that is nearer to none; α, or less, where the
            interval holds 0.
    """

    at_value: float
    at_low: float


def t_power(
    effect: float,
    sd: float,
    n: float,
    *,
    alpha: float,
    sides: int = 2,
    other_n: float | None = None,
) -> float:
    """Return the power of the t test of two independent arms (Cohen 1988, ch. 2).

    P(|T| > t) of the noncentral t with n₁ + n₂ - 2 degrees of freedom and noncentrality
    effect / (sd·√(1/n₁ + 1/n₂)); both tails count for a two-sided test, as in R's pwr. Assumes
    equal variances; with Welch's test the power is a little lower.

    Assumes independent normal values.

    Example:
        20 in each arm and an effect of one standard deviation: noncentrality 1/√(1/20 + 1/20) = √10
        on 38 degrees of freedom, as R's `power.t.test` has it.

        >>> round(t_power(1.0, 1.0, 20, alpha=0.05), 6)
        0.868953

    Args:
        effect: The true difference in the claimed direction, in the unit of the metric.
        sd: Standard deviation within an arm, > 0, same unit.
        n: Runs in the first arm; with the second more than 2 in all.
        alpha: Level of the test; below 1/2 with one side.
        sides: 2, or 1 for a test of effect > 0 alone.
        other_n: Runs in the second arm, as many as in the first where None.

    Raises:
        ValueError: Something is out of its range.
    """
    other_n = n if other_n is None else other_n
    _checked(effect, sd, min(n, other_n))
    return power_of(
        effect / sd / math.hypot(1 / math.sqrt(n), 1 / math.sqrt(other_n)),
        n + other_n - 2, alpha=alpha, sides=sides,
    )  # fmt: skip


def one_sample_power(effect: float, sd: float, n: float, *, alpha: float, sides: int = 2) -> float:
    """Return the power of the one-sample or paired t test (Cohen 1988, ch. 2).

    As `t_power`, with n - 1 degrees of freedom and noncentrality effect·√n / sd.

    Assumes independent normal values, or differences.

    Example:
        20 pairs and an effect of 0.2 standard deviations: noncentrality 0.2·√20 on 19 degrees of
        freedom.

        >>> round(one_sample_power(0.2, 1.0, 20, alpha=0.05), 6)
        0.135956

    Args:
        effect: The true mean (of the differences) in the claimed direction.
        sd: Standard deviation (of the differences), > 0.
        n: Values or pairs, > 1.
        alpha: Level of the test; below 1/2 with one side.
        sides: 2, or 1 for a test of effect > 0 alone.

    Raises:
        ValueError: Something is out of its range.
    """
    _checked(effect, sd, n)
    return power_of(effect / sd * math.sqrt(n), n - 1, alpha=alpha, sides=sides)


def n_needed(
    effect: float,
    sd: float,
    *,
    power: float,
    alpha: float,
    sides: int = 2,
    design: Design = "two-sample",
) -> Needed | None:
    """Return the runs an arm (or the pairs) with which an effect is found with some power.

    Solves `t_power` or `one_sample_power` for n.

    Source: Cohen 1988, ch. 2. Assumes what these do.

    Example:
        An effect of one standard deviation with power 0.9: as R's `power.t.test` has it.

        >>> found = n_needed(1.0, 1.0, power=0.9, alpha=0.05)
        >>> found.n, round(found.solved, 3), found.power > 0.9
        (23, 22.021, True)

    Args:
        effect: The smallest difference that matters, > 0: δ, never the effect that was seen.
        sd: Standard deviation within an arm, or of the differences of pairs; > 0.
        power: Wanted, above alpha.
        alpha: Level of the test.
        sides: 1 or 2.
        design: Two arms or one.

    Returns:
        How many, or None above 10 million.

    Raises:
        ValueError: Something is out of its range.
    """
    if not effect > 0:
        raise ValueError("power is planned for an effect above 0")
    if not fraction(alpha, "alpha") < fraction(power, "power"):
        raise ValueError("a power not above alpha")

    def reached(n: float) -> float:
        of = t_power if design == "two-sample" else one_sample_power
        return of(effect, sd, n, alpha=alpha, sides=sides)

    low, high = 1.001, 2.0  # below two runs there is no error to take
    while reached(high) < power:
        low, high = high, 2 * high
        if high > MOST:
            return None
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if reached(middle) < power else (low, middle)
    n = max(math.ceil(high - 1e-6), 2)
    return Needed(n, high, reached(n))


def seen_power(found: Estimate, *, alpha: float, sides: int = 2) -> SeenPower | None:
    """Return the power of the same test again, for the effect seen and for its lower limit.

    Power "at the effect seen" is a function of p alone and says nothing new (Hoenig & Heisey 2001);
    it is shown only beside what the near end of the interval gives (Perugini, Gallucci &
    Costantini 2014).

    Assumes of the estimate what its t test assumes.

    Example:
        2.5, known to 1 on 30 degrees of freedom, is at least 2.5 - 2.0423 = 0.4577: the power for
        noncentralities of 2.5 and of 0.4577.

        >>> from labrec.analytics.stats.estimate import estimate
        >>> found = seen_power(estimate(2.5, 1.0, 30), alpha=0.05)
        >>> round(found.at_value, 3), round(found.at_low, 3)
        (0.677, 0.073)

    Args:
        found: The estimate with its interval.
        alpha: Level of the test.
        sides: 1 or 2.

    Returns:
        Both, or None where the estimate has no error.

    Raises:
        ValueError: Something is out of its range.
    """
    if found.error is None or found.df is None or found.low is None or found.high is None:
        return None
    sign = math.copysign(1.0, found.value)
    near = min(sign * found.low, sign * found.high)
    at_value, at_low = (
        power_of(effect / found.error, found.df, alpha=alpha, sides=sides)
        for effect in (abs(found.value), max(near, 0.0))
    )
    return SeenPower(at_value, at_low)


def power_of(noncentrality: float, df: float, *, alpha: float, sides: int = 2) -> float:
    """Return P(reject) of a t test, given how far its null is from the truth.

    The tails of the noncentral t beyond its central quantile (Cohen 1988, ch. 2). Assumes normal
    estimates whose error has a chi-squared variance.

    Example:
        A noncentrality of √10 with 38 degrees of freedom is that of 20 against 20; without any
        effect the power is α. Where the error is known it is a normal tail: P(Z > 1.96 - 1.96) +
        P(Z < -1.96 - 1.96) = 0.50004.

        >>> round(power_of(10**0.5, 38, alpha=0.05), 6), round(power_of(0.0, 38, alpha=0.05), 9)
        (0.868953, 0.05)
        >>> round(power_of(1.959964, math.inf, alpha=0.05), 5)
        0.50004

    Args:
        noncentrality: True effect in standard errors of its estimate.
        df: Degrees of freedom, > 0.
        alpha: Level of the test; below 1/2 with one side.
        sides: 2, or 1 for a test of effect > 0 alone.

    Raises:
        ValueError: Something is out of its range.
    """
    if sides not in {1, 2}:
        raise ValueError(f"a test has one or two sides, not {sides}")
    if not math.isfinite(noncentrality) or not df > 0:
        raise ValueError(f"a noncentrality of {noncentrality} with {df} degrees of freedom")
    # the quantile is two-sided: one side of alpha is both of 2 alpha
    tail = fraction(alpha, "alpha") * (2 if sides == 1 else 1)
    t = t_quantile(df, 1 - tail)
    above = 1 - _noncentral(df, noncentrality, t)
    below = 0.0 if sides == 1 else _noncentral(df, noncentrality, -t)
    return min(1.0, max(0.0, above + below))


def _noncentral(df: float, noncentrality: float, t: float) -> float:
    """Return P(T <= t) of the noncentral t."""
    from scipy.special import nctdtr, ndtr  # a third of a second: only where a power is asked for

    if math.isfinite(df):
        found = float(nctdtr(df, noncentrality, t))
        if math.isnan(found):  # below 0 with a positive noncentrality the series may not end
            found = 1 - float(nctdtr(df, -noncentrality, -t))
        if math.isfinite(found):
            return found
    # far out, where the series ends: Abramowitz & Stegun 1964, 26.7.10
    if math.isfinite(df):
        spread = math.sqrt(1 + t * t / (2 * df))
        return float(ndtr((t * (1 - 1 / (4 * df)) - noncentrality) / spread))
    return float(ndtr(t - noncentrality))


def _checked(effect: float, sd: float, n: float) -> None:
    if not math.isfinite(effect):
        raise ValueError("an effect must be finite")
    if not 0 < sd < math.inf:
        raise ValueError(f"a standard deviation of {sd}: what does not vary needs no plan")
    if not 1 < n < math.inf:
        raise ValueError(f"{n} runs an arm")
