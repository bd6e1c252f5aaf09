"""How good a unit's evidence is: five components and their geometric mean. ○ No IO.

A score for the picture and for E. It is no probability, and never enters a p value or an interval.
What is not known counts 0.5.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from labrec.analytics.stats.moments import mean_of, sd_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labrec.analytics.run import Run

UNKNOWN: Final = 0.5
"""A component of which nothing is known."""

STATUS: Final = {"complete": 1.0, "interrupted": 0.5, "failed": 0.0}
"""How a run that ended so counts."""

DEDUCTIONS: Final = {"remarks": 0.1, "code": 0.2, "environment": 0.1, "seeds": 0.1}
"""What capture loses for each remark (five at most), and for code, environment or seeds unknown."""

_REMARKS = 5  # remarks that are counted
_PART = 10  # the tail is the last of so many parts
_AGREES = 2 * math.sqrt(2)  # two standard deviations of a difference of two runs


class Confidence(NamedTuple):
    """The components, each 0 to 1, and their mean.

    Attributes:
        status: Mean over the unit's runs of how they ended.
        tail: 1/(1 + sd(last 10 %)/|delta|): whether the difference is larger than what the metric
            still moved at the end.
        replication: n/(n + 1).
        reruns: (agreeing + 1)/(reruns + 2) of the runs that repeat one of the unit's.
        capture: 1 minus the deductions, mean over the runs.
        deductions: The names of what was deducted, sorted.
        value: The geometric mean of the five.
    """

    status: float
    tail: float
    replication: float
    reruns: float
    capture: float
    deductions: tuple[str, ...]
    value: float


def confidence(
    runs: Sequence[Run],
    n: int,
    delta: float | None,
    tails: Sequence[float],
    reruns: tuple[int, int],
) -> Confidence:
    """Score a unit.

    Components and weights are labrec's own. Assumes nothing of how values are distributed, and thus
    says nothing of chance.

    Example:
        Complete, 1; the tail 1/(1 + 1/4); two values, 2/3; one rerun that agrees, (1 + 1)/(1 + 2);
        nothing lost by capture, 1. The fifth root of 0.8·2/3·2/3 is 0.8132.

        >>> from labrec.analytics.run import Run
        >>> run = Run("r", "d", seeds="{}", code_digest="c", environment_digest="e")
        >>> found = confidence([run], 2, 4.0, [1.0], (1, 1))
        >>> found.status, found.tail, found.capture
        (1.0, 0.8, 1.0)
        >>> round(found.replication, 4), round(found.reruns, 4), round(found.value, 4)
        (0.6667, 0.6667, 0.8132)

    Args:
        runs: Its runs that ended.
        n: Its independent values.
        delta: Its difference; None where there is none.
        tails: Standard deviation of the last tenth of the points, of each run that has enough.
        reruns: How many runs repeat one of its runs, and how many of these agree.
    """
    status = mean_of([STATUS.get(run.status, 0.0) for run in runs]) if runs else UNKNOWN
    tail = _tail(mean_of(tails) if tails else None, delta)
    replication = n / (n + 1)
    count, agreeing = reruns
    rerun = (agreeing + 1) / (count + 2)
    lost = [_deducted(run) for run in runs]
    capture = mean_of([1 - sum(one.values()) for one in lost]) if runs else UNKNOWN
    names = tuple(sorted({name for one in lost for name in one}))
    parts = status, tail, replication, rerun, capture
    value = 0.0 if min(parts) <= 0 else math.exp(mean_of([math.log(part) for part in parts]))
    return Confidence(status, tail, replication, rerun, capture, names, value)


def tail_sd(points: Sequence[float]) -> float | None:
    """Return the standard deviation of the last tenth of a series.

    None where that is fewer than two finite points: nothing is known of how it ended.

    By its definition, with n - 1. Assumes that points stand in the order of their steps.

    Example:
        The last tenth of twenty points are 1 and 3: √2.

        >>> round(tail_sd([9.0] * 18 + [1.0, 3.0]), 4)
        1.4142
        >>> tail_sd([9.0] * 19) is None
        True
    """
    last = points[-(len(points) // _PART) :] if len(points) >= 2 * _PART else ()
    return sd_of(last) if last and all(map(math.isfinite, last)) else None


def agrees(one: float, other: float, scale: float | None, resolution: float | None) -> bool:
    """Say whether a rerun agrees: as near as two replicates are in 19 of 20 cases (2·√2·scale).

    The rule is labrec's own, with 2 for the normal quantile 1.96. Assumes normal noise of the same
    size in both.

    Example:
        With a scale of 1 they agree up to 2·√2 = 2.83.

        >>> agrees(1.0, 3.8, 1.0, None), agrees(1.0, 3.9, 1.0, None), agrees(1.0, 1.1, None, 0.2)
        (True, False, True)

    Args:
        one: What was measured first.
        other: What was measured again.
        scale: Standard deviation within experiments, where known.
        resolution: Smallest difference that the metric can show, where declared.
    """
    return abs(one - other) <= max(resolution or 0.0, _AGREES * (scale or 0.0))


def _tail(sd: float | None, delta: float | None) -> float:
    if sd is None or delta is None:
        return UNKNOWN
    if sd == 0:
        return 1.0
    return 1 / (1 + sd / abs(delta)) if delta else 0.0


def _deducted(run: Run) -> dict[str, float]:
    found = {
        "remarks": DEDUCTIONS["remarks"] * min(run.capture_events, _REMARKS),
        "code": DEDUCTIONS["code"] if run.code_digest is None else 0.0,
        "environment": DEDUCTIONS["environment"] if run.environment_digest is None else 0.0,
        "seeds": DEDUCTIONS["seeds"] if run.seeds is None else 0.0,
    }
    return {name: part for name, part in found.items() if part}
