"""Comparing means: t tests, contrasts of several arms, analyses of variance. ○ No IO.

All assume independent values with normal errors (of the differences, for pairs). The t tests and
`welch_anova` need no equal variances; `pooled_contrast`, `one_way` and `block_anova` do.
"""

from __future__ import annotations

import math
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from labrec.analytics.stats.estimate import LEVEL, Estimate, estimate
from labrec.analytics.stats.moments import ROUNDING, finite, mean_of, not_zero, sd_of, sum_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_REPLICATED: Final = 2  # fewest values that show any spread


class Arm(NamedTuple):
    """What is known of one group of values.

    Attributes:
        mean: Their mean.
        sd: Their standard deviation, n - 1; ignored for a single value.
        n: How many.
    """

    mean: float
    sd: float
    n: int


class FTest(NamedTuple):
    """An analysis of variance: are all means equal?

    Attributes:
        f: The F statistic; None where nothing varies within.
        df1: Degrees of freedom between.
        df2: Degrees of freedom within, with a fraction for Welch's; None for Welch's without F.
        p: Of equal means; None without F, never 0.
        sd: Residual standard deviation; None where the variances are not pooled.
    """

    f: float | None
    df1: int
    df2: float | None
    p: float | None
    sd: float | None


class BlockTest(NamedTuple):
    """A randomized-block analysis of variance: block and level, without interaction.

    Attributes:
        f: The F statistic of the levels; None where no residual varies.
        df1: Its degrees of freedom, levels - 1.
        df2: Residual degrees of freedom, (levels - 1)(blocks - 1).
        p: Assuming sphericity; None without F, never 0.
        epsilon: Greenhouse–Geisser's, 1/(levels - 1) to 1; None without F.
        p_corrected: With both degrees of freedom times epsilon: the one to rely on.
        sd: Residual standard deviation.
    """

    f: float | None
    df1: int
    df2: int
    p: float | None
    epsilon: float | None
    p_corrected: float | None
    sd: float


def arm_of(values: Sequence[float]) -> Arm:
    """Return mean, standard deviation and count of one or more finite values.

    By their definition, sd = √(Σ(x - mean)² / (n - 1)); assumes nothing of how they are
    distributed.

    Example:
        The mean of 1, 2, 3, 4 is 2.5, its squared deviations add up to 5: √(5/3).

        >>> arm = arm_of([1, 2, 3, 4])
        >>> arm.mean, round(arm.sd, 4), arm.n
        (2.5, 1.291, 4)

    Raises:
        ValueError: There is none, or one is NaN or infinite.
    """
    found = finite(values)
    return Arm(mean_of(found), sd_of(found) if len(found) >= _REPLICATED else 0.0, len(found))


def one_sample(values: Sequence[float], *, null: float = 0.0, level: float = LEVEL) -> Estimate:
    """Return the mean with its t interval and the test against a null value (Student 1908).

    Assumes independent normal values.

    Example:
        Student's ten differences of sleep, as he and R's `t.test` have them.

        >>> found = one_sample([1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4])
        >>> round(found.value, 2), round(found.t, 4), found.df, round(found.p, 6)
        (1.58, 4.0621, 9, 0.002833)
        >>> round(found.low, 4), round(found.high, 4)
        (0.7001, 2.4599)

    Args:
        values: One or more; a single one is *unreplicated*.
        null: The mean that is tested.
        level: Of the interval.

    Raises:
        ValueError: A value is NaN or infinite, or there is none.
    """
    arm = arm_of(values)
    error = arm.sd / math.sqrt(arm.n) if arm.n >= _REPLICATED else None
    return estimate(arm.mean, error, arm.n - 1, level=level, null=null)


def paired(first: Sequence[float], second: Sequence[float], *, level: float = LEVEL) -> Estimate:
    """Return the mean of the differences first - second, by pairs (Student 1908).

    Assumes that the differences are normal; what the two of a pair share cancels.

    Example:
        The differences are 1, 2 and 3: mean 2, error 1/√3, t = 2·√3 on 2 degrees of freedom,
        p = 1 - √12/√14.

        >>> found = paired([5, 7, 9], [4, 5, 6])
        >>> found.value, round(found.error, 4), round(found.t, 4), found.df, round(found.p, 4)
        (2.0, 0.5774, 3.4641, 2, 0.0742)

    Args:
        first: One value a pair.
        second: Its partners, in the same order.
        level: Of the interval.

    Raises:
        ValueError: The lengths differ, or as `one_sample`.
    """
    pairs = list(zip(finite(first), finite(second), strict=True))
    differences = finite(one - other for one, other in pairs)
    largest = max(abs(value) for pair in pairs for value in pair)
    if max(differences) - min(differences) <= ROUNDING * largest and len(pairs) >= _REPLICATED:
        # what subtracting rounded values leaves is no spread
        return estimate(mean_of(differences), 0.0, len(pairs) - 1, level=level)
    return one_sample(differences, level=level)


def welch(first: Arm, second: Arm, *, level: float = LEVEL) -> Estimate:
    """Return the difference first - second of two means (Welch 1947; Satterthwaite 1946).

    Assumes independent normal values; the variances may differ.

    Example:
        The two drugs of Student's sleep data taken as unpaired, as R's `t.test` has them.

        >>> found = welch(Arm(0.75, 1.789010, 10), Arm(2.33, 2.002249, 10))
        >>> round(found.value, 2), round(found.t, 4), round(found.df, 3), round(found.p, 5)
        (-1.58, -1.8608, 17.776, 0.07939)

    Args:
        first: Mean, sd and n; from values with `arm_of`.
        second: The other.
        level: Of the interval.

    Raises:
        ValueError: As `linear_contrast`.
    """
    return linear_contrast([first, second], [1.0, -1.0], level=level)


def linear_contrast(
    arms: Sequence[Arm], weights: Sequence[float], *, level: float = LEVEL
) -> Estimate:
    """Return Σ wᵢ·meanᵢ with its interval, the variances not assumed equal.

    The squared error is Σ wᵢ²sᵢ²/nᵢ, its degrees of freedom (Σ vᵢ)² / Σ vᵢ²/(nᵢ - 1) with
    vᵢ = wᵢ²sᵢ²/nᵢ (Satterthwaite 1946, eq. 17; Welch 1947). An arm that several comparisons share
    stands here once, with the sum of its weights: taking the comparisons as independent would count
    its error several times too little.

    *Unreplicated* where an arm with a weight has a single value, *deterministic* where no arm with
    a weight varies.

    Assumes independent normal values; the variances may differ.

    Example:
        (10 + 12)/2 - 8 = 3. The variances are 1/4·4/4, once more that, and 1/4: 0.25 each, so that
        the error is √0.75 on 0.75² / (3·0.25²/3) = 9 degrees of freedom.

        >>> arms = [Arm(10.0, 2.0, 4), Arm(12.0, 2.0, 4), Arm(8.0, 1.0, 4)]
        >>> found = linear_contrast(arms, [0.5, 0.5, -1.0])
        >>> found.value, round(found.error, 4), round(found.df, 9)
        (3.0, 0.866, 9.0)

    Args:
        arms: Independent groups.
        weights: One for each.
        level: Of the interval.

    Raises:
        ValueError: The lengths differ, all weights are 0, or something is not finite.
    """
    used = _weighted(arms, weights)
    value = sum_of(weight * arm.mean for arm, weight in used)
    if min(arm.n for arm, _ in used) < _REPLICATED:
        return estimate(value, None, 0, level=level)
    errors = [abs(weight) * arm.sd / math.sqrt(arm.n) for arm, weight in used]
    error = math.hypot(*errors)
    df = math.nan
    if 0 < error < math.inf:
        # as shares of the error, so that no fourth power overflows
        df = 1 / math.fsum(
            (part / error) ** 4 / (arm.n - 1) for part, (arm, _) in zip(errors, used, strict=True)
        )
    return estimate(value, error, df, level=level)


def pooled_contrast(
    arms: Sequence[Arm], weights: Sequence[float], *, level: float = LEVEL
) -> Estimate:
    """Return Σ wᵢ·meanᵢ with the error from the pooled variance of all arms, weighted or not.

    s² = Σ(nᵢ - 1)sᵢ² / Σ(nᵢ - 1); the error is s·√(Σ wᵢ²/nᵢ) on Σ(nᵢ - 1) degrees of freedom
    (Fisher 1935). Assumes equal variances; an arm with a single value adds no degree of freedom but
    may be compared. *Unreplicated* where no arm has two values.

    Assumes independent normal values.

    Example:
        The pooled variance is (3·4 + 3·4 + 3·1)/9 = 3; the error √(3·(1/16 + 1/16 + 1/4)).

        >>> arms = [Arm(10.0, 2.0, 4), Arm(12.0, 2.0, 4), Arm(8.0, 1.0, 4)]
        >>> found = pooled_contrast(arms, [0.5, 0.5, -1.0])
        >>> found.value, round(found.error, 4), found.df
        (3.0, 1.0607, 9)

    Args:
        arms: Independent groups.
        weights: One for each; 0 for those that only tell the variance.
        level: Of the interval.

    Raises:
        ValueError: As `linear_contrast`.
    """
    used = _weighted(arms, weights)
    value = sum_of(weight * arm.mean for arm, weight in used)
    df = sum(arm.n - 1 for arm in arms)
    if df == 0:
        return estimate(value, None, 0, level=level)
    sd = math.hypot(*(arm.sd * math.sqrt((arm.n - 1) / df) for arm in arms if arm.n > 1))
    error = sd * math.hypot(*(weight / math.sqrt(arm.n) for arm, weight in used))
    return estimate(value, error, df, level=level)


def against_baseline(
    treatments: Sequence[Arm], baseline: Arm, weights: Sequence[float] | None = None
) -> Estimate:
    """Return the weighted mean of treatments minus the baseline that they share.

    One `linear_contrast` with the weights of the treatments and -Σ weights for the baseline, whose
    error thus enters in full. Averaging ten differences to one baseline as if they were independent
    rejects a true null in half of all cases.

    The degrees of freedom are Satterthwaite's (1946). Assumes independent normal values; the
    variances may differ.

    Example:
        (10 + 12)/2 - 8 = 3, with the error √(1/4·4/4 + 1/4·4/4 + 1/4) on 9 degrees of freedom. As
        two differences that were independent of each other it would be √((4/4 + 1/4)/2) = 0.7906:
        too small.

        >>> found = against_baseline([Arm(10.0, 2.0, 4), Arm(12.0, 2.0, 4)], Arm(8.0, 1.0, 4))
        >>> found.value, round(found.error, 4), round(found.df, 9)
        (3.0, 0.866, 9.0)

    Args:
        treatments: One or more.
        baseline: What each is compared with.
        weights: Of the treatments, for instance ±1 by the claimed direction; all 1/k by default.

    Raises:
        ValueError: As `linear_contrast`.
    """
    if weights is None:
        weights = [1 / len(treatments)] * len(treatments)
    return linear_contrast([*treatments, baseline], [*weights, -math.fsum(weights)])


def _weighted(arms: Sequence[Arm], weights: Sequence[float]) -> list[tuple[Arm, float]]:
    """Return the arms that have a weight, all of them checked."""
    for arm in arms:
        if not math.isfinite(arm.mean):
            raise ValueError("a value is NaN or infinite")
        if arm.n < 1:
            raise ValueError("an arm without values")
        if arm.n > 1 and not 0 <= arm.sd < math.inf:
            raise ValueError(f"a standard deviation of {arm.sd}")
    used = [(arm, weight) for arm, weight in zip(arms, finite(weights), strict=True) if weight != 0]
    if not used:
        raise ValueError("a contrast needs a weight that is not 0")
    return used


# --- analyses of variance ---------------------------------------------------------------------


def one_way(groups: Sequence[Sequence[float]]) -> FTest:
    """Return the one-way analysis of variance (Fisher 1925), equal variances assumed.

    Assumes independent normal values of one variance.

    Example:
        The means are 2, 3 and 5 about 10/3: 14/2 between; 6/6 within. F = 7 on 2 and 6,
        p = (1 + 2·7/6)⁻³.

        >>> found = one_way([[1, 2, 3], [2, 3, 4], [4, 5, 6]])
        >>> round(found.f, 9), found.df1, found.df2, round(found.p, 4), found.sd
        (7.0, 2, 6, 0.027, 1.0)

    Args:
        groups: Two or more, none empty, one of them with two values or more.

    Raises:
        ValueError: There are too few groups or values, or one is NaN or infinite.
    """
    import numpy as np  # heavy, and groups may be very many

    sizes = np.array([len(group) for group in groups])
    values = np.fromiter(chain.from_iterable(groups), float)
    if len(sizes) < _REPLICATED or not sizes.min():
        raise ValueError("two groups or more are needed, none of them empty")
    if not np.isfinite(values).all():
        raise ValueError("a value is NaN or infinite")
    df1, df2 = len(sizes) - 1, len(values) - len(sizes)
    if df2 == 0:
        raise ValueError("no group has two values")
    scale = _power_of_two(float(np.abs(values).max()))
    values /= scale
    starts = np.cumsum(sizes) - sizes
    spans = np.maximum.reduceat(values, starts) - np.minimum.reduceat(values, starts)
    if (spans <= ROUNDING * np.maximum.reduceat(np.abs(values), starts)).all():
        return FTest(None, df1, df2, None, 0.0)
    # from the first value on: differences of close doubles are exact, their distance to 0 is not
    values -= values[0]
    means = np.add.reduceat(values, starts) / sizes
    grand = mean_of(values.tolist())
    between = math.fsum((sizes * (means - grand) ** 2).tolist())
    within = math.fsum(((values - np.repeat(means, sizes)) ** 2).tolist())
    if within == 0:  # what varies has no square that a double holds
        return FTest(None, df1, df2, None, 0.0)
    f = (between / df1) / (within / df2)
    return FTest(f, df1, df2, _f_above(df1, df2, f), scale * math.sqrt(within / df2))


def welch_anova(arms: Sequence[Arm]) -> FTest:
    """Return Welch's analysis of variance for unequal variances (Welch 1951, eqs. 28-29).

    Assumes independent normal values; the variances may differ.

    Example:
        With equal errors F is that of `one_way`, 7, over 1 + 2/8·(3·(2/3)²/2) = 7/6, on 2 and
        8/(3·2/3) = 4: p = (1 + 2·6/4)⁻².

        >>> found = welch_anova([Arm(2.0, 1.0, 3), Arm(3.0, 1.0, 3), Arm(5.0, 1.0, 3)])
        >>> round(found.f, 9), found.df1, round(found.df2, 9), round(found.p, 9)
        (6.0, 2, 4.0, 0.0625)

    Args:
        arms: Two or more, each of two values or more. Where one does not vary there is no test:
            its weight would be infinite.

    Raises:
        ValueError: There are too few arms or values, or something is not finite.
    """
    _weighted(arms, [1.0] * len(arms))
    k = len(arms)
    if k < _REPLICATED or min(arm.n for arm in arms) < _REPLICATED:
        raise ValueError("two arms with two values each are needed")
    smallest = min(arm.sd / math.sqrt(arm.n) for arm in arms)
    if smallest == 0:
        return FTest(None, k - 1, None, None, None)
    # relative to the smallest error, so that no square overflows
    errors = [arm.sd / math.sqrt(arm.n) for arm in arms]
    weights = [(smallest / error) ** 2 for error in errors]
    total = math.fsum(weights)
    grand = math.fsum(w * (arm.mean / total) for w, arm in zip(weights, arms, strict=True))
    leads = [(arm.mean - grand) / error for arm, error in zip(arms, errors, strict=True)]
    between = sum_of(lead * lead for lead in leads) / (k - 1)
    lack = math.fsum((1 - w / total) ** 2 / (a.n - 1) for w, a in zip(weights, arms, strict=True))
    (f,) = finite([between / (1 + 2 * (k - 2) / (k * k - 1) * lack)])
    df2 = (k * k - 1) / (3 * lack)
    return FTest(f, k - 1, df2, _f_above(k - 1, df2, f), None)


def block_anova(table: Sequence[Sequence[float]]) -> BlockTest:
    """Return the two-way analysis of variance of blocks and levels, one value a cell.

    F = MS(levels) / MS(residual) on k - 1 and (k - 1)(b - 1) (Fisher 1935). Differences between
    levels need not be equally variable: epsilon = tr(S)² / ((k - 1)·tr(S²)), with S the
    double-centred covariance of the levels over blocks, shrinks both degrees of freedom (Box 1954,
    theorem 6.1; Greenhouse & Geisser 1959). With two levels it is the paired t test: F = t².

    Assumes that block and level add up.

    Example:
        The levels have the means 6/3, 10/3 and 15/3, the blocks 7/3, 11/3 and 13/3: of 182/9 in
        squares 122/9 lie between levels, 56/9 between blocks, 4/9 are left on 4 degrees of freedom:
        F = 61/9 / (1/9) = 61. What is left lies on one line, so that ε is as small as it can be,
        1/2, and F has 1 and 2 degrees of freedom.

        >>> found = block_anova([[1, 2, 4], [2, 4, 5], [3, 4, 6]])
        >>> round(found.f, 9), found.df1, found.df2, round(found.sd, 4)
        (61.0, 2, 4, 0.3333)
        >>> round(found.epsilon, 4), round(found.p, 5), round(found.p_corrected, 5)
        (0.5, 0.00101, 0.016)

    Args:
        table: A row for each block, a value for each level; two or more of both.

    Raises:
        ValueError: There are too few rows or columns, rows differ in length, or a value is NaN or
            infinite.
    """
    import numpy as np  # heavy, and only where there are blocks

    if len(table) < _REPLICATED:
        raise ValueError("two blocks or more are needed")
    rows = [finite(row, least=2) for row in table]
    if len({len(row) for row in rows}) > 1:
        raise ValueError("the blocks hold different numbers of levels")
    scale = _power_of_two(max(max(map(abs, row)) for row in rows))
    values = np.array(rows) / scale
    # within a block first, from its first value on, so that large blocks cancel exactly
    values = values - values[:, :1]
    values = values - values.mean(axis=1, keepdims=True)
    levels = values.mean(axis=0)
    residuals = values - levels
    b, k = values.shape
    df1, df2 = k - 1, (k - 1) * (b - 1)
    if float(np.abs(residuals).max()) <= ROUNDING:
        return BlockTest(None, df1, df2, None, None, None, 0.0)
    within = float(np.sum(residuals**2)) / df2
    f = b * float(np.sum(levels**2)) / df1 / within
    covariance = residuals.T @ residuals / (b - 1)
    epsilon = float(np.trace(covariance)) ** 2 / (df1 * float(np.sum(covariance**2)))
    epsilon = min(1.0, max(epsilon, 1 / df1))
    return BlockTest(
        f,
        df1,
        df2,
        _f_above(df1, df2, f),
        epsilon,
        _f_above(df1 * epsilon, df2 * epsilon, f),
        scale * math.sqrt(within),
    )


def _power_of_two(largest: float) -> float:
    """Return a power of two not far above the largest value: dividing by it loses no digit."""
    return math.ldexp(1.0, min(math.frexp(largest)[1], 1023))


def _f_above(df1: float, df2: float, f: float) -> float:
    from scipy.special import fdtrc  # a third of a second: only where something varies

    return not_zero(float(fdtrc(df1, df2, f)))
