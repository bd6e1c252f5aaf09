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

    Pooled as Fisher (1925) does; the MAD is that of Hampel (1974). Assumes that all experiments on
    the same datasets scatter alike about their own means.

    Example:
        1, 3 and 4, 4: √((1·2 + 1·0)/2) = 1 on 2 degrees of freedom; the means 2 and 4 are 1 off
        their median.

        >>> from labrec.analytics.experiments import Experiment
        >>> from labrec.analytics.replicates import sum_up
        >>> from labrec.analytics.run import Measured, Run
        >>> def experiment(name, *values):
        ...     given = [(f"{name}{at}", {"loss": Measured(x)}) for at, x in enumerate(values)]
        ...     runs = [Run(run_id, run_id, metrics=metrics) for run_id, metrics in given]
        ...     return Experiment("p", name, name, None, runs, name)
        >>> both = [experiment("a", 1.0, 3.0), experiment("b", 4.0, 4.0)]
        >>> summed = {("p", one.experiment): sum_up(one.runs, ["loss"]) for one in both}
        >>> found = scales(both, summed, frozenset(["loss"]))["loss", (), None]
        >>> round(found.value, 9), found.df, found.mad
        (1.0, 2, 1.0)

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

    The scale is Cohen's (1988, ch. 2); that it ends at 10 is labrec's own. Assumes that the scale
    is that of both arms.

    Example:
        3/2 on a scale of 2; -100 on the same is cut at -10; without any spread 0.1 counts where the
        resolution is less.

        >>> scale, still = Scale(PooledSd(2.0, 4, 2), None), Scale(PooledSd(0.0, 4, 2), None)
        >>> normalized(3.0, scale, None), normalized(-200.0, scale, None)
        (1.5, -10.0)
        >>> normalized(0.1, still, 0.01), normalized(0.1, still, 0.2)
        (10.0, 0.0)
        >>> normalized(3.0, Scale(None, 2.0), None) is None
        True

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
    """Return delta in units of the MAD between experiments; only where there is no scale.

    The MAD is that of Hampel (1974); to read a difference by it is labrec's own, and it never
    enters E. Assumes nothing: experiments are no replicates.

    Example:
        >>> spread_ratio(3.0, Scale(None, 2.0))
        1.5
        >>> spread_ratio(3.0, Scale(PooledSd(2.0, 4, 2), 2.0)) is None
        True
    """
    if scale.value is not None or not scale.mad:
        return None
    return delta / scale.mad
