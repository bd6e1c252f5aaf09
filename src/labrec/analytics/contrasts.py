"""An experiment against the one it derives from: estimate, interval, test. ○ No IO."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from labrec.analytics.replicates import mean_of, quantile, sd_of

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


def contrast(ours: Values, theirs: Values) -> Contrast | None:
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

    Args:
        ours: Values of the experiment.
        theirs: Values of the one it derives from.
    """
    if not ours or not theirs:
        return None
    pairs = _pairs(ours, theirs)
    if len(pairs) >= _PAIRS:
        compared = _paired(pairs)
    else:
        compared = _welch([value for _, value in ours], [value for _, value in theirs])
    return compared if math.isfinite(compared.estimate) else None


def _pairs(ours: Values, theirs: Values) -> list[tuple[float, float]]:
    """Return the means by seed of both, or nothing where their seeds are not the same."""
    first, second = _by_seed(ours), _by_seed(theirs)
    if None in first or first.keys() != second.keys():
        return []
    return [(mean_of(values), mean_of(second[seed])) for seed, values in first.items()]


def _by_seed(values: Values) -> dict[str | None, list[float]]:
    by_seed: dict[str | None, list[float]] = {}
    for seeds, value in values:
        by_seed.setdefault(seeds, []).append(value)
    return by_seed


def _paired(pairs: Sequence[tuple[float, float]]) -> Contrast:
    differences = [ours - theirs for ours, theirs in pairs]
    n, estimate = len(pairs), mean_of(differences)
    largest = max(abs(value) for pair in pairs for value in pair)
    sd = sd_of(differences) if _varies(differences, largest) else 0.0
    return _tested(Contrast("paired", n, n, estimate), sd / math.sqrt(n), n - 1)


def _welch(ours: Sequence[float], theirs: Sequence[float]) -> Contrast:
    n, m = len(ours), len(theirs)
    estimate = mean_of(ours) - mean_of(theirs)
    if min(n, m) < _PAIRS:
        return Contrast("unreplicated", n, m, estimate)
    one, other = sd_of(ours) / math.sqrt(n), sd_of(theirs) / math.sqrt(m)  # standard errors
    error = math.hypot(one, other)
    df = math.nan
    if error > 0 and math.isfinite(error):
        # as shares of the error, so that no fourth power overflows
        df = 1 / ((one / error) ** 4 / (n - 1) + (other / error) ** 4 / (m - 1))
    return _tested(Contrast("welch", n, m, estimate), error, df)


def _varies(differences: Sequence[float], largest: float) -> bool:
    """Say whether differences differ by more than subtracting rounded values leaves."""
    return max(differences) - min(differences) > 1e-13 * largest  # as in `sd_of`


def _tested(found: Contrast, error: float, df: float) -> Contrast:
    """Return a contrast with its t interval and test.

    Args:
        found: Estimate and counts.
        error: Standard error of the estimate.
        df: Degrees of freedom.
    """
    if not 0 < error < math.inf or not math.isfinite(found.estimate):
        return found
    from scipy.special import stdtr  # a third of a second: only where there are replicates

    half = quantile(df) * error
    p = 2 * float(stdtr(df, -abs(found.estimate) / error))
    return found._replace(
        low=found.estimate - half, high=found.estimate + half, df=df, p=min(p, 1.0)
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p values adjusted for testing all of them (Holm 1979), in their order.

    Args:
        p_values: Each 0 to 1.
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted


def finding(found: Contrast, p_holm: float | None, direction: str | None) -> Finding:
    """Return what a contrast says: better or worse only where p_holm < `ALPHA` and it is known."""
    if found.design == "unreplicated":
        return "unreplicated"
    if p_holm is None or p_holm >= ALPHA or direction is None:
        return "unclear"
    return "better" if (found.estimate > 0) == (direction == "maximize") else "worse"
