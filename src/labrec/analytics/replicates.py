"""What the runs of one experiment say together: counts, mean, spread, interval. ○ No IO."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from labrec.analytics.stats.moments import mean_of, sd_of, t_quantile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from labrec.analytics.run import Measured, Run

    _Complete = tuple[Mapping[str, Measured], str | None, str | None]  # metrics, seeds, machine

LEVEL: Final = 0.95
"""Level of every interval."""

DIGITS: Final = 10
"""Significant digits to which statistics are written: the rest differs between processors."""

_WRITTEN = f".{DIGITS - 1}e"


class Replicates(NamedTuple):
    """A metric over the runs of one experiment.

    Attributes:
        n_runs: Counting runs that ended.
        n_failed: Of these, failed.
        n_interrupted: Of these, interrupted.
        n: Complete runs with a finite value, identical outputs once.
        n_missing: Complete runs without a value.
        n_not_finite: Complete runs whose value is NaN or infinite.
        n_machines: Machines among the n runs; all unknown ones count as one.
        mean: Their mean; None without any, or where their units differ.
        sd: Standard deviation, n - 1; None below two values.
        low: Lower end of the interval of the mean; None below two values and without spread.
        high: Upper end.
        min: Smallest value.
        max: Largest value.
        unit: The unit all of them have; None where they differ.
        direction: The direction all of them have; None where they differ.
    """

    n_runs: int
    n_failed: int
    n_interrupted: int
    n: int
    n_missing: int
    n_not_finite: int
    n_machines: int
    mean: float | None
    sd: float | None
    low: float | None
    high: float | None
    min: float | None
    max: float | None
    unit: str | None
    direction: str | None


class Sum(NamedTuple):
    """A metric over the runs of one experiment, and what it was summed from.

    Attributes:
        replicates: The sum.
        values: Seeds and value of each run with a finite value, in order.
    """

    replicates: Replicates
    values: list[tuple[str | None, float]]


def distinct(runs: Iterable[Run]) -> list[Run]:
    """Return the complete runs that count, of identical outputs the first alone.

    Two runs have identical outputs where their series hold points and have one digest: they say one
    thing twice, and no spread can be learned from them.

    Args:
        runs: Runs of one experiment, in the order in which they count.
    """
    seen: set[str] = set()
    kept = []
    for run in runs:
        if run.status != "complete" or not run.counts or run.output in seen:
            continue
        if run.output is not None:
            seen.add(run.output)
        kept.append(run)
    return kept


def sum_up(runs: Sequence[Run], metrics: Iterable[str]) -> dict[str, Sum]:
    """Sum up metrics over the runs of one experiment.

    Failed and interrupted runs are counted and never averaged, as are values that are NaN or
    infinite.

    Mean, spread and interval are those of `interval` (Student 1908). Assumes that runs are
    independent, of identical outputs the first alone.

    Example:
        1, 2 and 3: mean 2, standard deviation 1, and 2 ± 4.3027/√3. A failed run is counted.

        >>> from labrec.analytics.run import Measured, Run
        >>> runs = [Run(f"r{x}", f"d{x}", metrics={"loss": Measured(x)}) for x in (1.0, 2.0, 3.0)]
        >>> found = sum_up([*runs, Run("r4", "d4", status="failed")], ["loss"])["loss"].replicates
        >>> found.mean, found.sd, round(found.low, 4), round(found.high, 4)
        (2.0, 1.0, -0.4841, 4.4841)
        >>> found.n, found.n_runs, found.n_failed
        (3, 4, 1)

    Args:
        runs: All runs of the experiment, in order of their ids.
        metrics: Their names.
    """
    ended = [run.status for run in runs if run.counts and run.status != "planned"]
    counts = len(ended), ended.count("failed"), ended.count("interrupted")
    complete = [(run.metrics, run.seeds, run.machine) for run in distinct(runs)]
    return {metric: _sum(complete, metric, counts) for metric in metrics}


def _sum(complete: Sequence[_Complete], metric: str, counts: tuple[int, int, int]) -> Sum:
    values: list[tuple[str | None, float]] = []
    units, directions, machines, having = set(), set(), set(), 0
    for metrics, seeds, machine in complete:
        found = metrics.get(metric)
        if found is not None:
            having += 1
            value, unit, direction = found
            units.add(unit)
            directions.add(direction)
            if math.isfinite(value):
                values.append((seeds, value))
                machines.add(machine)
    comparable = [value for _, value in values] if len(units) == 1 else []
    replicates = Replicates(
        *counts,
        len(values),
        len(complete) - having,
        having - len(values),
        len(machines),
        *interval(comparable),
        min(comparable, default=None),
        max(comparable, default=None),
        units.pop() if len(units) == 1 else None,
        directions.pop() if len(directions) == 1 else None,
    )
    return Sum(replicates, values)


def interval(
    values: Sequence[float],
) -> tuple[float | None, float | None, float | None, float | None]:
    """Return mean, standard deviation and the interval of the mean of finite values.

    The interval is mean ± t(1 - (1 - level)/2; n - 1) · sd/√n (Student 1908). Without spread there
    is none: that the values agree says that what was measured is deterministic, not that it is
    known exactly.

    Assumes independent normal values.

    Example:
        1, 2 and 3: mean 2, standard deviation 1, and 2 ± 4.3027/√3.

        >>> mean, sd, low, high = interval([1.0, 2.0, 3.0])
        >>> mean, sd, round(low, 4), round(high, 4)
        (2.0, 1.0, -0.4841, 4.4841)
        >>> interval([2.0, 2.0])
        (2.0, 0.0, None, None)
    """
    if not values:
        return None, None, None, None
    mean = mean_of(values)
    if len(values) < 2:  # noqa: PLR2004 - no spread from one value
        return mean, None, None, None
    sd = sd_of(values)
    if sd == 0 or not math.isfinite(sd):
        return mean, sd if sd == 0 else None, None, None
    half = quantile(len(values) - 1) * sd / math.sqrt(len(values))
    return mean, sd, mean - half, mean + half


def quantile(df: float) -> float:
    """Return the two-sided t quantile of `LEVEL` for df degrees of freedom, > 0.

    Source: Student 1908. Assumes nothing beyond its argument.

    Example:
        >>> round(quantile(10), 4), round(quantile(2), 4)
        (2.2281, 4.3027)
    """
    return t_quantile(df, LEVEL)


def rounded(value: float | None) -> float | None:
    """Return a statistic as it is written: ten significant digits."""
    if value is None or not math.isfinite(value):
        return None
    return 1.0 if value == 1 else float(format(value, _WRITTEN))  # 1 is what many a p is
