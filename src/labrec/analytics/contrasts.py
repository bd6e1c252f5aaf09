"""An experiment against the one it derives from: estimate, interval, test. ○ No IO."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from labrec.analytics.replicates import LEVEL
from labrec.analytics.stats import means
from labrec.analytics.stats.moments import mean_of

if TYPE_CHECKING:
    from labrec.analytics.stats.estimate import Estimate
    from labrec.analytics.stats.means import Arm

ALPHA: Final = 0.05
"""An adjusted p below it makes a difference a finding."""

_PAIRS = 2  # fewest that show any spread

Values = Sequence[tuple[str | None, float]]
"""Seeds and value of each run of an experiment (`replicates.Sum.values`)."""

Design = Literal["paired", "welch", "unreplicated"]
Finding = Literal["better", "worse", "unclear", "unreplicated"]


class Contrast(NamedTuple):
    """One difference between two experiments.

    Attributes:
        design: How it was estimated.
        n: Runs, or pairs of runs, of the experiment.
        n_parent: Runs, or pairs of runs, of the other one.
        estimate: Mean of the experiment minus the other's mean.
        low: Lower end of its interval; None where there is none.
        high: Upper end.
        df: Degrees of freedom of the t distribution; None without interval.
        p: Two-sided p of no difference; None without interval.
    """

    design: Design
    n: int
    n_parent: int
    estimate: float
    low: float | None = None
    high: float | None = None
    df: float | None = None
    p: float | None = None


def contrast(ours: Values, theirs: Values, arms: tuple[Arm, Arm] | None = None) -> Contrast | None:
    """Compare a metric of two experiments.

    None where one of them has no finite value, or where no float holds the difference.

    - **paired** where both were run with the same seeds, two or more: the paired t test of the
      means by seed (Student 1908). The seeds of a run are compared as a whole.
    - **welch** otherwise, from two runs in each: the t test with unequal variances and the degrees
      of freedom of Welch and Satterthwaite (Welch 1947; Satterthwaite 1946).
    - **unreplicated** otherwise: the difference, and nothing about how sure it is.

    Where nothing varies (all differences of the pairs equal, or both experiments without spread) no
    t can be taken: what was measured is deterministic. Interval, df and p are then None, never a p
    of 0, and the finding is *unclear*.

    Assumes independent normal values, or normal differences of pairs; without pairs the variances
    may differ.

    Example:
        By seeds 2, 3 and 2 better: 7/3, known to 1/3 on 2 degrees of freedom, t = 7, p = 1 - 7/√51.
        A single run against another says nothing of how sure it is.

        >>> ours = [("1", 3.0), ("2", 5.0), ("3", 6.0)]
        >>> found = contrast(ours, [("1", 1.0), ("2", 2.0), ("3", 4.0)])
        >>> found.design, round(found.estimate, 4), found.df, round(found.p, 4)
        ('paired', 2.3333, 2, 0.0198)
        >>> contrast([(None, 3.0)], [(None, 1.0)]).design
        'unreplicated'

    Args:
        ours: Values of the experiment.
        theirs: Values of the one it derives from.
        arms: `means.arm_of` of both, where it is known.
    """
    if not ours or not theirs:
        return None
    pairs = _pairs(ours, theirs)
    try:
        if len(pairs) >= _PAIRS:
            first, second = zip(*pairs, strict=True)
            counts = len(pairs), len(pairs)
            return _compared("paired", counts, means.paired(first, second, level=LEVEL))
        one, other = arms or (means.arm_of([v for _, v in each]) for each in (ours, theirs))
        return _compared("welch", (one.n, other.n), means.welch(one, other, level=LEVEL))
    except ValueError:  # a difference or an error that no double holds
        return None


def _pairs(ours: Values, theirs: Values) -> list[tuple[float, float]]:
    """Return the means by seed of both, or nothing where they share no two seeds, or not all."""
    seeds = {seed for seed, _ in ours}
    if len(seeds) < _PAIRS or None in seeds or seeds != {seed for seed, _ in theirs}:
        return []
    first, second = _by_seed(ours), _by_seed(theirs)
    return [(mean_of(values), mean_of(second[seed])) for seed, values in first.items()]


def _by_seed(values: Values) -> dict[str | None, list[float]]:
    by_seed: dict[str | None, list[float]] = {}
    for seeds, value in values:
        by_seed.setdefault(seeds, []).append(value)
    return by_seed


def _compared(design: Design, counts: tuple[int, int], found: Estimate) -> Contrast:
    """Return an estimate as a contrast."""
    if found.state == "unreplicated":
        return Contrast("unreplicated", *counts, found.value)
    return Contrast(design, *counts, found.value, found.low, found.high, found.df, found.p)


def finding(found: Contrast, p_holm: float | None, direction: str | None) -> Finding:
    """Return what a contrast says: better or worse only where p_holm < `ALPHA` and it is known."""
    return finding_of(found.design, found.estimate, p_holm, direction)


def finding_of(
    design: Design, estimate: float, p_holm: float | None, direction: str | None
) -> Finding:
    """Return the `finding` of a contrast that nobody made.

    Args:
        design: How it was estimated.
        estimate: Mean of the experiment minus the other's mean.
        p_holm: Its adjusted p; None where there is none.
        direction: Which way is better, or None.
    """
    if design == "unreplicated":
        return "unreplicated"
    if p_holm is None or p_holm >= ALPHA or direction is None:
        return "unclear"
    return "better" if (estimate > 0) == (direction == "maximize") else "worse"
