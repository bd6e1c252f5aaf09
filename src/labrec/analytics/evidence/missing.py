"""Whether what is missing could have decided: completion by arm, and the worst case. ○ No IO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from labrec.analytics.evidence.arms import Value
from labrec.analytics.stats.exact import barnard
from labrec.analytics.stats.moments import mean_of

if TYPE_CHECKING:
    from labrec.analytics.evidence.arms import Sample

UNEQUAL: Final = 0.1
"""Completion differs between the arms where Barnard's p is below it."""

MOST: Final = 0.2
"""Share of an arm that may be missing."""


class Missing(NamedTuple):
    """What is missing of a comparison.

    Attributes:
        treatment: Share of the treatment arm without a value, 0 to 1.
        baseline: Share of the baseline arm.
        p: Barnard's two-sided p of equal completion; None where an arm has no run.
        matters: Whether a verdict is refused for it.
        low: Smallest claimed difference that the missing values could lead to; None where an arm
            has no value at all.
        high: The largest.
    """

    treatment: float
    baseline: float
    p: float | None
    matters: bool
    low: float | None
    high: float | None


def missing(treatment: Sample, baseline: Sample, sign: float) -> Missing:
    """Compare the completion of two arms, and bound the difference in the worst cases.

    Completion is compared by Barnard's exact test (Barnard 1947). The bounds put for every missing
    value the worst, and then the best, of all values that were seen in either arm for its side
    (Manski 1989, with the range that was observed).

    Assumes that what is missing lies within the range of what was seen, and nothing of why it is
    missing.

    Example:
        One of three treatments failed. The others gave 3 and 4, the baseline 1, 2 and 3: with 1 or
        4 in its place the difference is 8/3 - 2 or 11/3 - 2. A third of an arm is more than a
        fifth.

        >>> from labrec.analytics.evidence.arms import Lost, Sample
        >>> def arm(experiment, *values, failed=0):
        ...     every = enumerate(values)
        ...     found = tuple(Value(experiment, str(seed), x, "base", ()) for seed, x in every)
        ...     lost = (Lost(experiment, None, "base"),) * failed
        ...     counts = len(values) + failed, failed, 0, 0, 0, 0
        ...     return Sample(found, lost, *counts, frozenset([None]), frozenset())
        >>> found = missing(arm("new", 3.0, 4.0, failed=1), arm("base", 1.0, 2.0, 3.0), 1.0)
        >>> round(found.treatment, 4), found.baseline, round(found.p, 4), found.matters
        (0.3333, 0.0, 0.5097, True)
        >>> round(found.low, 4), round(found.high, 4)
        (0.6667, 1.6667)

    Args:
        treatment: One arm.
        baseline: The other.
        sign: 1 where more is better, else -1.
    """
    gone = treatment.n_missing, baseline.n_missing
    all_ = treatment.n_runs, baseline.n_runs
    shares = [part / whole if whole else 0.0 for part, whole in zip(gone, all_, strict=True)]
    p = None
    if all(all_):
        p = barnard((all_[0] - gone[0], all_[0]), (all_[1] - gone[1], all_[1])).p
    matters = max(shares) > MOST or (p is not None and p < UNEQUAL)
    low, high = _bounds(treatment, baseline, sign)
    return Missing(shares[0], shares[1], p, matters, low, high)


def worst_case(
    treatment: Sample, baseline: Sample, sign: float, *, against: bool
) -> tuple[Sample, Sample] | None:
    """Return both arms with what is missing put in, as badly as anything that was seen.

    Whoever may choose which runs end can let those fail that would have spoken otherwise. What is
    decided with the arms as they are must therefore hold with these, too.

    Bounds as Manski's (1989), within the range that was seen. Assumes that what is missing lies
    within it, and nothing of why it is missing.

    Example:
        The worst that was seen, 1, stands for the treatment that failed; the best for what the
        baseline lacks, which is nothing.

        >>> from labrec.analytics.evidence.arms import Lost, Sample
        >>> def arm(experiment, *values, failed=0):
        ...     every = enumerate(values)
        ...     found = tuple(Value(experiment, str(seed), x, "base", ()) for seed, x in every)
        ...     lost = (Lost(experiment, None, "base"),) * failed
        ...     counts = len(values) + failed, failed, 0, 0, 0, 0
        ...     return Sample(found, lost, *counts, frozenset([None]), frozenset())
        >>> new, base = arm("new", 3.0, 4.0, failed=1), arm("base", 1.0, 2.0, 3.0)
        >>> ours, theirs = worst_case(new, base, 1.0, against=True)
        >>> [one.value for one in ours.values], [one.value for one in theirs.values]
        ([3.0, 4.0, 1.0], [1.0, 2.0, 3.0])
        >>> worst_case(base, base, 1.0, against=True) is None
        True

    Args:
        treatment: The treatment arm.
        baseline: The baseline arm.
        sign: 1 where more is better, else -1.
        against: Whether to fill in what speaks against the claim; else what speaks for it.

    Returns:
        The arms, or None where nothing is missing or an arm has no value.
    """
    if not treatment.values or not baseline.values or not (treatment.lost or baseline.lost):
        return None
    seen = [one.value for one in (*treatment.values, *baseline.values)]
    low, high = (min(seen), max(seen)) if sign > 0 else (max(seen), min(seen))
    ours, theirs = (low, high) if against else (high, low)
    return _filled(treatment, ours), _filled(baseline, theirs)


def _filled(arm: Sample, value: float) -> Sample:
    put = tuple(Value(one.experiment, one.seeds, value, one.baseline, ()) for one in arm.lost)
    return arm._replace(values=arm.values + put, lost=())


def _bounds(treatment: Sample, baseline: Sample, sign: float) -> tuple[float | None, float | None]:
    ours = [sign * one.value for one in treatment.values]
    theirs = [sign * one.value for one in baseline.values]
    if not ours or not theirs:
        return None, None
    worst, best = min(ours + theirs), max(ours + theirs)
    lost, lacking = treatment.n_missing, baseline.n_missing
    low = mean_of(ours + [worst] * lost) - mean_of(theirs + [best] * lacking)
    high = mean_of(ours + [best] * lost) - mean_of(theirs + [worst] * lacking)
    return low, high
