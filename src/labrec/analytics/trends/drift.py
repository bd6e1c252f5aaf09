"""Drift: whether one configuration on one model of machine still gives what it gave. ○ No IO."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from labrec.analytics.replicates import LEVEL, distinct, rounded
from labrec.analytics.stats.changepoints import PERMUTATIONS, SIDE, Changes, changes
from labrec.analytics.stats.moments import mean_of, t_quantile
from labrec.analytics.stats.multiple import holm
from labrec.analytics.trends.drift_words import sentence
from labrec.analytics.tried import datasets_of, is_placed, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from labrec.analytics.run import Run
    from labrec.analytics.seen import Experiment, Seen

ALPHA: Final = 0.05
"""Error rate of *drift*, over all series of a project."""

MOST_PERMUTATIONS: Final = 99_999

Verdict = Literal["drift", "no drift told"]


class Series(NamedTuple):
    """A metric of one configuration on one model of machine, over time.

    Attributes:
        project: The project.
        experiment: The configuration.
        name: Its name.
        datasets: What it used.
        metric: The metric.
        hardware_id: Model of the machine, or None for unknown ones, taken as one.
        unit: Unit of the metric, or None.
        direction: Which way is better, or None.
        runs: In order, `SIDE` before and after a change at least.
        values: Of them.
    """

    project: str
    experiment: str
    name: str
    datasets: str
    metric: str
    hardware_id: str | None
    unit: str | None
    direction: str | None
    runs: list[Run]
    values: list[float]


class Drift(NamedTuple):
    """A change of a series, or that there is none; the columns of `drift` before its sentence.

    Attributes:
        project: The project.
        experiment: The configuration.
        name: Its name.
        datasets: What it used.
        metric: The metric.
        hardware_id: Model of the machine, or None.
        change: Number of the change, from 1; 0 where none is told.
        changes: How many places the series changes at, on its own.
        n: Runs of the series.
        n_machines: Known machines among them.
        sd: Standard deviation of the noise, from differences of neighbours.
        penalty: What a change had to save in squares.
        statistic: Largest gain of a stretch against the rest, in standard deviations.
        p: How often a shuffled series has as large a one; 1 where it has no places to change at.
        permutations: How often it was shuffled.
        p_holm: Adjusted over all series of the project.
        family: How many those are.
        run_id: First run after the change.
        started: When that started.
        n_before: Runs since the change before.
        n_after: Runs until the next one.
        before: Mean of those before.
        after: Mean of those after.
        shift: after - before.
        low: Lower end of its interval, the place taken as given.
        high: Upper end.
        level: Of the interval.
        became: better, worse or other (where no direction is known).
        verdict: drift, or no drift told.
        unit: Unit of the metric.
        direction: Which way is better.
    """

    project: str
    experiment: str
    name: str
    datasets: str
    metric: str
    hardware_id: str | None
    change: int
    changes: int
    n: int
    n_machines: int
    sd: float
    penalty: float
    statistic: float
    p: float
    permutations: int
    p_holm: float
    family: int
    run_id: str | None
    started: datetime | None
    n_before: int | None
    n_after: int | None
    before: float | None
    after: float | None
    shift: float | None
    low: float | None
    high: float | None
    level: float
    became: str | None
    verdict: Verdict
    unit: str | None
    direction: str | None


def rows(seen: Seen) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of the table `drift`."""
    families: dict[str, list[Series]] = {}
    for one in series(seen):
        families.setdefault(one.project, []).append(one)
    for family in families.values():
        for found in drift(family):
            yield *(rounded(v) if isinstance(v, float) else v for v in found), sentence(found)


def series(seen: Seen) -> Iterator[Series]:
    """Yield the series of key metrics that are long enough, in the order of their table.

    A series whose runs have no known order is none.
    """
    for experiment in seen.experiments:
        if len(experiment.runs) < 2 * SIDE:
            continue
        runs = [run for run in distinct(experiment.runs) if is_placed(run)]
        if len(runs) < 2 * SIDE:
            continue
        runs.sort(key=place_of)
        machines: dict[str, list[Run]] = {}
        for run in runs:
            machines.setdefault(run.hardware_id or "", []).append(run)
        keys = seen.keys.get(experiment.project, {})
        for metric in sorted(keys):
            for hardware_id in sorted(machines):
                found = _series(experiment, metric, keys[metric], machines[hardware_id])
                if found is not None:
                    yield found


def _series(
    experiment: Experiment, metric: str, direction: str | None, runs: Sequence[Run]
) -> Series | None:
    having = [
        run for run in runs if metric in run.metrics and math.isfinite(run.metrics[metric].value)
    ]
    measured = [run.metrics[metric] for run in having]
    if len(having) < 2 * SIDE or len({one.unit for one in measured}) > 1:
        return None
    said = {one.direction for one in measured}
    return Series(
        experiment.project,
        experiment.experiment,
        experiment.name,
        datasets_of(having),
        metric,
        having[0].hardware_id,
        measured[0].unit,
        direction or (said.pop() if len(said) == 1 else None),
        having,
        [one.value for one in measured],
    )


def drift(family: Sequence[Series]) -> Iterator[Drift]:
    """Yield what several series say, tested together.

    With many series the smallest p that 999 permutations can give is too large for any of them to
    be found, so that series which no permutation reached are shuffled again, as often as Holm's
    adjustment needs. The p of the larger number is as valid.

    The places are by PELT (Killick, Fearnhead & Eckley 2012), p by permutation (Olshen et al.
    2004), shuffled on as Besag & Clifford (1991) do, and adjusted by Holm (1979). The interval of a
    shift is t·s·√(1/n₁ + 1/n₂) around it (Student 1908). Assumes that without a change the runs of
    a series are exchangeable; for the interval, normal noise of one size and the place taken as
    given.

    Example:
        Five losses about 1, then five about 3. By hand the squared differences of neighbours add up
        to 5.36, so that s = √(5.36/18) = 0.5457 on 2·81/26 = 6.231 degrees of freedom, and the
        interval is 2 ± 2.4251·0.5457·√(2/5). Only 2 of the 252 ways to put five values first are as
        extreme.

        >>> from labrec.analytics.run import Run
        >>> losses = [1.0, 1.2, 0.9, 1.1, 0.8, 3.0, 3.2, 2.9, 3.1, 2.8]
        >>> runs = [Run(f"r{at}", f"digest {at}") for at in range(10)]
        >>> one = Series("p", "e", "base", "", "loss", None, None, "minimize", runs, losses)
        >>> (found,) = drift([one])
        >>> found.verdict, found.run_id, found.became, found.p < 0.02
        ('drift', 'r5', 'worse', True)
        >>> round(found.shift, 9), round(found.low, 3), round(found.high, 3)
        (2.0, 1.163, 2.837)

    Args:
        family: The series.
    """
    found = [_changes(one, len(family)) for one in family]
    for one, change, p_holm in zip(family, found, holm([one.p for one in found]), strict=True):
        yield from _told(one, change, p_holm, len(family))


def _changes(one: Series, family: int) -> Changes:
    seed = _seed(one)
    found = changes(one.values, seed)
    smallest = 1 / (1 + PERMUTATIONS)
    if found.p > smallest or family * smallest < ALPHA / 2:
        return found
    needed = min(MOST_PERMUTATIONS, math.ceil(2 * family / ALPHA))
    return changes(one.values, seed, permutations=needed)


def _seed(one: Series) -> int:
    """Return a number from what the series is made of: equal records give an equal p."""
    name = "\0".join([one.metric, *(run.digest for run in one.runs)])
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")


def _told(one: Series, found: Changes, p_holm: float, family: int) -> Iterator[Drift]:
    """Yield a row for each change, or one that says that none is told."""
    machines = len({run.machine for run in one.runs} - {None})
    none = Drift(
        *one[:6], 0, len(found.places), len(one.values), machines, found.sd, found.penalty,
        found.statistic, found.p, found.permutations, p_holm, family, None, None, None, None, None,
        None, None, None, None, LEVEL, None, "no drift told", one.unit, one.direction,
    )  # fmt: skip
    if p_holm >= ALPHA or not found.places:
        yield none
        return
    ends = [0, *found.places, len(one.values)]
    for number, (start, place, end) in enumerate(zip(ends, ends[1:], ends[2:], strict=False), 1):
        changed = _changed(none, one, (start, place, end), t_quantile(found.df, LEVEL))
        yield changed._replace(change=number)


def _changed(none: Drift, one: Series, places: tuple[int, int, int], quantile: float) -> Drift:
    start, place, end = places
    before, after = mean_of(one.values[start:place]), mean_of(one.values[place:end])
    shift = after - before
    half = quantile * none.sd * math.hypot((place - start) ** -0.5, (end - place) ** -0.5)
    return none._replace(
        run_id=one.runs[place].run_id,
        started=one.runs[place].started,
        n_before=place - start,
        n_after=end - place,
        before=before,
        after=after,
        shift=shift,
        low=shift - half,
        high=shift + half,
        became=_became(shift, one.direction),
        verdict="drift",
    )


def _became(shift: float, direction: str | None) -> str:
    if direction is None:
        return "other"
    return "better" if (shift > 0) == (direction == "maximize") else "worse"
