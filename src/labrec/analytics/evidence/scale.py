"""How much a metric varies between replicates: the scale by which differences are read. ○ No IO."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from labrec.analytics.stats.spread import PooledSd, mad, pooled_sd

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from labrec.analytics.experiments import Experiment, Sums

CLIP: Final = 10.0
"""Largest normalized difference."""

WEAK: Final = 4
"""A scale with fewer degrees of freedom is weak."""

Alike = tuple[str, tuple[str, ...], str | None]
"""What must agree before spreads are pooled: metric, datasets, unit."""


class Scale(NamedTuple):
    """The spread of a metric within the experiments of a project on one set of datasets.

    Attributes:
        pooled: √(Σ(nᵢ - 1)sᵢ² / Σ(nᵢ - 1)) with its degrees of freedom; None without replicates.
        mad: Median absolute deviation between the means of the experiments.
    """

    pooled: PooledSd | None
    mad: float | None

    @property
    def value(self) -> float | None:
        """The pooled standard deviation; 0 where the metric is deterministic."""
        return None if self.pooled is None else self.pooled.sd

    @property
    def df(self) -> int:
        """Its degrees of freedom."""
        return 0 if self.pooled is None else self.pooled.df


NOTHING: Final = Scale(None, None)
"""Where nothing was measured."""


def scales(
    experiments: Iterable[Experiment], summed: Sums, metrics: frozenset[str]
) -> dict[Alike, Scale]:
    """Return the scale of each metric on each set of datasets.

    Args:
        experiments: Those of one project.
        summed: Their metrics, summed up.
        metrics: The metrics that are asked for.
    """
    spreads: dict[Alike, list[tuple[int, float]]] = {}
    means: dict[Alike, list[float]] = {}
    for one in experiments:
        datasets = datasets_of(one)
        for metric, total in summed[one.project, one.experiment].items():
            found = total.replicates
            if metric not in metrics or found.mean is None or not math.isfinite(found.mean):
                continue
            alike = metric, datasets, found.unit
            means.setdefault(alike, []).append(found.mean)
            if found.sd is not None:
                spreads.setdefault(alike, []).append((found.n, found.sd))
    return {alike: _scale(spreads.get(alike, ()), values) for alike, values in means.items()}


def _scale(spreads: Sequence[tuple[int, float]], means: Sequence[float]) -> Scale:
    try:
        return Scale(pooled_sd(spreads), mad(means))
    except ValueError:  # values so far apart that their differences are infinite
        return NOTHING


def datasets_of(experiment: Experiment) -> tuple[str, ...]:
    """Return the datasets of an experiment, sorted: its runs share them by their config digest."""
    return tuple(sorted(set(experiment.runs[0].datasets)))


def normalized(delta: float, scale: Scale, resolution: float | None) -> float | None:
    """Return a difference in units of the scale, from -10 to 10.

    Where the metric is deterministic every difference above the declared resolution is real, and
    counts the most; where it has no replicates there is none.

    Args:
        delta: The difference in the claimed direction.
        scale: Of the metric.
        resolution: Smallest difference that the metric can show; None counts as 0.
    """
    if scale.value is None:
        return None
    if scale.value == 0:
        return 0.0 if abs(delta) <= (resolution or 0.0) else math.copysign(CLIP, delta)
    return max(-CLIP, min(CLIP, delta / scale.value))


def spread_ratio(delta: float, scale: Scale) -> float | None:
    """Return delta in units of the MAD between experiments; only where there is no scale."""
    if scale.value is not None or not scale.mad:
        return None
    return delta / scale.mad
