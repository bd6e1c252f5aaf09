"""Comparing the arms of a claim by its registered test. ○ No IO.

Within one baseline everything is one contrast, in which the baseline stands once. Estimates against
different baselines are independent and are combined as random effects.
"""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Literal, NamedTuple

from labrec.analytics.stats.means import against_baseline, arm_of, paired
from labrec.analytics.stats.meta import FEWEST, random_effects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labrec.analytics.evidence.arms import Sample, Value
    from labrec.analytics.stats.estimate import Estimate

Method = Literal["paired", "welch", "random effects", "none"]

_REPLICATED = 2


class Compared(NamedTuple):
    """The difference between two arms, positive in the claimed direction.

    Attributes:
        method: How it was estimated.
        estimate: The difference; None where none can be told.
        why: What is wrong, where there is no estimate or no error; else empty.
        n_treatment: Values, or pairs, of the treatment arm.
        n_baseline: Values, or pairs, of the baseline arm.
        baselines: Experiments that it is compared with.
        tau: Standard deviation of the true differences between baselines, where combined.
    """

    method: Method
    estimate: Estimate | None
    why: str
    n_treatment: int
    n_baseline: int
    baselines: int
    tau: float | None = None


def compare(
    treatment: Sample, baseline: Sample, *, test: str, sign: float, level: float
) -> Compared:
    """Compare two arms.

    - One baseline, *welch*: the means of the treatments, weighted by how many values each has,
      minus the mean of the baseline, by `against_baseline` (Welch 1947; Satterthwaite 1946).
      Weighting by values leaves nothing to gain from repeating whichever did badly. Where an
      experiment has a single value, all treatments are one group, so that what differs between
      them is part of the error.
    - One baseline, *paired*: the paired t test over common seeds (Student 1908).
    - Three baselines or more: each as above, combined by `random_effects` (Paule & Mandel 1982;
      Hartung & Knapp 2001), with errors from the variance pooled over all of them: that method
      takes errors as known, and an error from two runs each that happens to be small would decide
      (in a tenth of labs without any effect at alpha 0.05). Two cannot be combined: nothing tells
      how much they differ.

    Assumes independent normal values, or differences of pairs; in an arm that is weighed by
    experiment each may have its own variance.

    Example:
        Treatments of 3, 4, 5 against 1, 2, 3: 4 - 2, with the error √(1/3 + 1/3) on 4 degrees of
        freedom. By pairs of seeds every difference is 2, without any spread.

        >>> from labrec.analytics.evidence.arms import Sample, Value
        >>> def arm(experiment, *values):
        ...     every = enumerate(values)
        ...     found = tuple(Value(experiment, str(seed), x, "base", ()) for seed, x in every)
        ...     counts = len(values), 0, 0, 0, 0, 0
        ...     return Sample(found, (), *counts, frozenset([None]), frozenset())
        >>> new, base = arm("new", 3.0, 4.0, 5.0), arm("base", 1.0, 2.0, 3.0)
        >>> found = compare(new, base, test="welch", sign=1.0, level=0.9)
        >>> found.method, found.estimate.value, round(found.estimate.error, 4)
        ('welch', 2.0, 0.8165)
        >>> round(found.estimate.df, 9)
        4.0
        >>> compare(new, base, test="paired", sign=1.0, level=0.9).estimate.state
        'deterministic'

    Args:
        treatment: The treatment arm.
        baseline: The baseline arm.
        test: welch or paired.
        sign: 1 where more is better, else -1.
        level: Of the two-sided interval.
    """
    places = sorted({one.baseline for one in treatment.values})
    if not treatment.values or not baseline.values:
        return Compared("none", None, "an arm has no value", treatment.n, baseline.n, len(places))
    if len(treatment.units | baseline.units) > 1:
        return Compared(
            "none", None, "the values are in different units", treatment.n, baseline.n, len(places)
        )
    try:
        each = [_one(place, treatment, baseline, test, (sign, level)) for place in places]
        return each[0] if len(each) == 1 else _combined(each, level)
    except ValueError:  # values so far apart that a sum of them is infinite
        why = "no number holds the difference"
        return Compared("none", None, why, treatment.n, baseline.n, len(places))


def _one(
    place: str, treatment: Sample, baseline: Sample, test: str, scale: tuple[float, float]
) -> Compared:
    """Compare what has one baseline; scale is the sign and the level."""
    ours = [one for one in treatment.values if one.baseline == place]
    theirs = [one for one in baseline.values if one.experiment == place]
    if not theirs:
        return Compared("none", None, "a baseline has no value", len(ours), 0, 1)
    return (_paired if test == "paired" else _welch)(ours, theirs, *scale)


def _welch(ours: Sequence[Value], theirs: Sequence[Value], sign: float, level: float) -> Compared:
    groups: dict[str, list[float]] = {}
    for one in ours:
        groups.setdefault(one.experiment, []).append(sign * one.value)
    if min(map(len, groups.values())) < _REPLICATED:
        groups = {"": [sign * one.value for one in ours]}
    arms = [arm_of(values) for values in groups.values()]
    weights = [arm.n / len(ours) for arm in arms]
    base = arm_of([sign * one.value for one in theirs])
    found = _at(against_baseline(arms, base, weights), level)
    why = "" if found.state != "unreplicated" else "an arm has a single independent value"
    return Compared("welch", found, why, len(ours), len(theirs), 1)


def _paired(ours: Sequence[Value], theirs: Sequence[Value], sign: float, level: float) -> Compared:
    partners = {one.seeds: one.value for one in theirs if one.seeds is not None}
    pairs = [(one.value, partners[one.seeds]) for one in ours if one.seeds in partners]
    if not pairs:
        return Compared("none", None, "no seeds are common to both arms", 0, 0, 1)
    found = paired([sign * x for x, _ in pairs], [sign * y for _, y in pairs], level=level)
    why = "" if found.state != "unreplicated" else "there is a single pair"
    return Compared("paired", found, why, len(pairs), len(pairs), 1)


def _at(found: Estimate, level: float) -> Estimate:
    """Return an estimate with its interval at a level."""
    ends = found.at(level)
    return (
        found._replace(level=level)
        if ends is None
        else found._replace(level=level, low=ends[0], high=ends[1])
    )


def _combined(each: Sequence[Compared], level: float) -> Compared:
    n, m = (sum(getattr(one, name) for one in each) for name in ("n_treatment", "n_baseline"))
    estimates = [one.estimate for one in each if one.estimate is not None and one.estimate.error]
    if len(each) < FEWEST or len(estimates) < len(each):
        why = (
            "there are two baselines: from three on they can be combined"
            if len(each) < FEWEST
            else "one of the baselines allows no estimate with an error"
        )
        return Compared("none", None, why, n, m, len(each))
    found = random_effects([one.value for one in estimates], _pooled(each, estimates), level=level)
    if found is None:
        raise AssertionError(len(estimates))  # three and more always give one
    return Compared("random effects", found.mean, "", n, m, len(each), found.tau)


def _pooled(each: Sequence[Compared], estimates: Sequence[Estimate]) -> list[float]:
    """Return the errors of estimates as the variance of one run that they pool leaves them."""
    # a pair is one value, an unpaired difference holds the error of two means
    parts = [
        1 / one.n_treatment + (1 / one.n_baseline if one.method == "welch" else 0.0) for one in each
    ]
    dfs = [one.df or 0.0 for one in estimates]
    largest = max(one.error or 0.0 for one in estimates)  # so that no square overflows
    variances = [
        ((one.error or 0.0) / largest) ** 2 / part
        for one, part in zip(estimates, parts, strict=True)
    ]
    pooled = math.fsum(map(operator.mul, dfs, variances)) / math.fsum(dfs)
    return [largest * math.sqrt(pooled * part) for part in parts]
