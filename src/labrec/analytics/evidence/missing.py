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
