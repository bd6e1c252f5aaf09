"""What the tests say of a layout: estimate, interval, p, equivalence. ○ No IO.

The primary test takes blocks as blocks: paired t for two levels, the analysis of variance of blocks
and levels with Greenhouse–Geisser's correction for more. Without blocks Welch's t and Welch's
analysis of variance. A one-way test of blocked data would drown the condition in what blocks differ
in.
"""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from labrec.analytics.stats.equivalence import tost
from labrec.analytics.stats.estimate import LEVEL
from labrec.analytics.stats.means import arm_of, block_anova, paired, welch, welch_anova
from labrec.analytics.stats.moments import ROUNDING, mean_of
from labrec.analytics.stats.multiple import holm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labrec.analytics.conditions.layout import Layout
    from labrec.analytics.stats.estimate import Estimate

ALPHA: Final = 0.05
"""An adjusted p below it makes a difference an effect."""

_TWO = 2


class Equivalent(NamedTuple):
    """Two one-sided tests of every pair of levels.

    Attributes:
        p: The largest p of all pairs; None where a pair has none.
        low: Lower end of the interval of level 1 - 2α of the largest difference.
        high: Upper end.
    """

    p: float | None
    low: float | None
    high: float | None


class Compared(NamedTuple):
    """A metric under the levels of a condition.

    Attributes:
        test: The primary test, by name; empty where nothing varies.
        first: Place of the level that is subtracted, among those of the layout.
        last: Place of the other one: of more than two levels the pair that differs most.
        difference: Mean of the last minus the first, by blocks where there are any. Of more than
            two levels the interval holds for all pairs together (Bonferroni).
        statistic: t or F.
        df1: Degrees of freedom, of F between.
        df2: Of F, within; None for t.
        epsilon: Greenhouse–Geisser's; None unless blocks have three levels or more.
        p: Of no difference between any levels; None where nothing varies.
        sd: Standard deviation of the differences of that pair where blocks are counted, else the
            pooled one of both groups; None for none.
        constant: Whether no difference varies: that of deterministic results, 0 or not.
    """

    test: str
    first: int
    last: int
    difference: Estimate
    statistic: float | None
    df1: float | None
    df2: float | None
    epsilon: float | None
    p: float | None
    sd: float | None
    constant: bool


def compare(layout: Layout, *, level: float = LEVEL) -> Compared:
    """Compare the levels of a layout.

    Student 1908 for pairs; Fisher 1935 and Greenhouse & Geisser 1959 for blocks; Welch 1947 and
    1951 without them. Assumes normal residuals, and with blocks that block and level add up.

    Example:
        Three blocks, 3 - 1, 5 - 2 and 6 - 4: mean 7/3, error 1/3, t = 7 on 2 degrees of freedom,
        p = 1 - 7/√51.

        >>> import numpy as np
        >>> from labrec.analytics.conditions.layout import Runs, layout
        >>> block, nobody = np.array([0, 0, 1, 1, 2, 2]), np.full(6, -1)
        >>> values = np.array([1.0, 3.0, 2.0, 5.0, 4.0, 6.0])
        >>> runs = Runs(np.arange(6), np.array([0, 1] * 3), block, nobody, nobody, values)
        >>> found = compare(layout(runs, of_machines=False))
        >>> found.test, round(found.difference.value, 4), round(found.difference.error, 4)
        ('paired t', 2.3333, 0.3333)
        >>> round(found.statistic, 9), found.df1, round(found.p, 4), round(found.sd, 4)
        (7.0, 2, 0.0198, 0.5774)

    Args:
        layout: At least two levels.
        level: Of the interval, for all pairs together.
    """
    groups = layout.groups
    first, last = extremes(groups)
    pairs = math.comb(len(groups), 2)
    difference = differ(layout, first, last, level=1 - (1 - level) / pairs)
    sd = _sd(layout, difference, first, last)
    if _constant(layout):
        return Compared("", first, last, difference, None, None, None, None, None, 0.0, True)
    if len(groups) == _TWO:
        test = "paired t" if layout.table.size else "Welch t"
        t, df = difference.t, difference.df
        return Compared(
            test, first, last, difference, t, df, None, None, difference.p, sd,
            difference.p is None,
        )  # fmt: skip
    if layout.table.size:
        block = block_anova(layout.table.tolist())
        return Compared(
            "block ANOVA", first, last, difference, block.f, block.df1, block.df2, block.epsilon,
            block.p_corrected, sd, block.p is None,
        )  # fmt: skip
    welch_f = welch_anova([arm_of(group) for group in groups])
    if welch_f.p is not None:
        return Compared(
            "Welch ANOVA", first, last, difference, welch_f.f, welch_f.df1, welch_f.df2, None,
            welch_f.p, sd, False,
        )  # fmt: skip
    return _all_pairs(layout, first, last, difference, sd)


def extremes(groups: Sequence[Sequence[float]]) -> tuple[int, int]:
    """Return the places of two groups whose means differ most, in their order.

    By definition; assumes nothing.

    Example:
        The means are 2, 5 and 1.

        >>> extremes([[1.0, 3.0], [4.0, 6.0], [1.0]])
        (1, 2)
    """
    means = [mean_of(group) for group in groups]
    low, high = means.index(min(means)), means.index(max(means))
    if low == high:
        return 0, 1
    return min(low, high), max(low, high)


def differ(layout: Layout, first: int, last: int, *, level: float = LEVEL) -> Estimate:
    """Return the difference of two levels, last minus first, with its interval.

    Student 1908 where blocks are counted, else Welch 1947. Assumes normal differences, or normal
    values.

    Example:
        3 - 1, 5 - 2 and 6 - 4: mean 7/3, error (1/√3)/√3.

        >>> import numpy as np
        >>> from labrec.analytics.conditions.layout import Runs, layout
        >>> block, nobody = np.array([0, 0, 1, 1, 2, 2]), np.full(6, -1)
        >>> values = np.array([1.0, 3.0, 2.0, 5.0, 4.0, 6.0])
        >>> runs = Runs(np.arange(6), np.array([0, 1] * 3), block, nobody, nobody, values)
        >>> found = differ(layout(runs, of_machines=False), 0, 1)
        >>> round(found.value, 4), round(found.error, 4), found.df
        (2.3333, 0.3333, 2)
    """
    one, other = layout.groups[first], layout.groups[last]
    if layout.table.size:
        return paired(other, one, level=level)
    return welch(arm_of(other), arm_of(one), level=level)


def own_scale(layout: Layout, compared: Compared) -> Compared:
    """Return a comparison with the difference and spread of another layout, such as not logged.

    The test stays that of the comparison; the difference is `differ`'s (Student 1908; Welch 1947).
    Assumes what that does.

    Example:
        Compared by its logarithms, shown in its own unit: 3 - 1, 5 - 2 and 6 - 4 have the mean 7/3.

        >>> import numpy as np
        >>> from labrec.analytics.conditions.layout import Runs, layout
        >>> block, nobody = np.array([0, 0, 1, 1, 2, 2]), np.full(6, -1)
        >>> values = np.array([1.0, 3.0, 2.0, 5.0, 4.0, 6.0])
        >>> runs = Runs(np.arange(6), np.array([0, 1] * 3), block, nobody, nobody, values)
        >>> plain = layout(runs, of_machines=False)
        >>> found = compare(logarithms(plain))
        >>> round(found.difference.value, 4)  # ln(3 · 5/2 · 6/4) / 3
        0.8068
        >>> shown = own_scale(plain, found)
        >>> round(shown.difference.value, 4), shown.p == found.p
        (2.3333, True)
    """
    first, last = compared.first, compared.last
    difference = differ(layout, first, last, level=compared.difference.level)
    return compared._replace(difference=difference, sd=_sd(layout, difference, first, last))


def equivalence(layout: Layout, compared: Compared, margin: float) -> Equivalent:
    """Test every pair of levels for a difference within ± margin.

    All must be equivalent, so the largest p decides, without adjustment (Berger 1982).

    Two one-sided tests of each pair (Schuirmann 1987). Assumes what `differ` does.

    Example:
        7/3, known to 1/3 on 2 degrees of freedom, against 4: t = -5, p = (1 - 5/√27)/2. The
        interval of level 0.9 is 7/3 ± 2.92/3.

        >>> import numpy as np
        >>> from labrec.analytics.conditions.layout import Runs, layout
        >>> block, nobody = np.array([0, 0, 1, 1, 2, 2]), np.full(6, -1)
        >>> values = np.array([1.0, 3.0, 2.0, 5.0, 4.0, 6.0])
        >>> runs = Runs(np.arange(6), np.array([0, 1] * 3), block, nobody, nobody, values)
        >>> plain = layout(runs, of_machines=False)
        >>> found = equivalence(plain, compare(plain), 4.0)
        >>> round(found.p, 4), round(found.low, 4), round(found.high, 4)
        (0.0189, 1.36, 3.3067)

    Args:
        layout: What was compared.
        compared: What came out.
        margin: > 0, in the metric's unit.
    """
    worst = 0.0
    for first, last in combinations(range(len(layout.groups)), 2):
        found = tost(differ(layout, first, last), margin, alpha=ALPHA)
        if found.p is None and not found.equivalent:
            return Equivalent(None, *_interval(layout, compared))
        worst = max(worst, found.p or 0.0)
    return Equivalent(worst or None, *_interval(layout, compared))


def logarithms(layout: Layout) -> Layout | None:
    """Return the same layout of logarithms; None unless every value is positive.

    What a machine does to speed or energy is a factor: the same for tasks that take a thousand
    times as long. The mean of a block is then a geometric one in effect.

    That ratios add up on this scale is the definition of a logarithm. Assumes that the condition
    multiplies.

    Example:
        >>> import numpy as np
        >>> from labrec.analytics.conditions.layout import Runs, layout
        >>> block, nobody = np.array([0, 0, 1, 1, 2, 2]), np.full(6, -1)
        >>> values = np.array([1.0, 3.0, 2.0, 5.0, 4.0, 6.0])
        >>> runs = Runs(np.arange(6), np.array([0, 1] * 3), block, nobody, nobody, values)
        >>> found = logarithms(layout(runs, of_machines=False))
        >>> [round(value, 4) for value in found.groups[0]]  # of 1, 2 and 4
        [0.0, 0.6931, 1.3863]
    """
    if min(map(min, layout.groups)) <= 0:
        return None
    groups = [[math.log(value) for value in group] for group in layout.groups]
    table = np.log(layout.table) if layout.table.size else layout.table
    return layout._replace(groups=groups, table=table)


def _interval(layout: Layout, compared: Compared) -> tuple[float | None, float | None]:
    found = differ(layout, compared.first, compared.last).at(1 - 2 * ALPHA)
    return found if found is not None else (None, None)


def _constant(layout: Layout) -> bool:
    """Say whether no difference between levels varies, by more than rounding leaves."""
    if not layout.table.size:
        return all(max(g) - min(g) <= ROUNDING * max(map(abs, g)) for g in layout.groups)
    differences = layout.table - layout.table[:, :1]
    spread = differences.max(axis=0) - differences.min(axis=0)
    return bool(spread.max() <= ROUNDING * abs(layout.table).max())


def _sd(layout: Layout, difference: Estimate, first: int, last: int) -> float | None:
    """Return the standard deviation that decides how many observations it takes."""
    if difference.error is None:
        return None
    one, other = (arm_of(layout.groups[place]) for place in (first, last))
    if layout.table.size:
        return difference.error * math.sqrt(one.n)
    return math.hypot(one.sd, other.sd) / math.sqrt(2)


def _all_pairs(
    layout: Layout, first: int, last: int, difference: Estimate, sd: float | None
) -> Compared:
    """Compare every pair, where Welch's analysis of variance cannot: a level does not vary."""
    found = [
        (differ(layout, one, other).p, differ(layout, one, other).t)
        for one, other in combinations(range(len(layout.groups)), 2)
    ]
    known = [(p, t) for p, t in found if p is not None]
    p, t = min(zip(holm([p for p, _ in known]), [t for _, t in known], strict=True))
    return Compared(
        "Welch t of all pairs", first, last, difference, t, None, None, None, p, sd, False
    )
