"""Reproducibility: whether a run that repeats another one gave the same. ○ No IO."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from labrec.analytics.plain import cut, unit
from labrec.analytics.replicates import LEVEL, rounded, sum_up
from labrec.analytics.stats.moments import t_quantile
from labrec.analytics.stats.spread import PooledSd, pooled_sd
from labrec.analytics.trends.tries import tries
from labrec.analytics.tried import datasets_of
from labrec.record.wording import counted, number, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labrec.analytics.run import Measured, Run
    from labrec.analytics.seen import Seen
    from labrec.analytics.trends.tries import Tries, Variant

Verdict = Literal["agree", "differs", "failed", "cannot be told", "missing"]
_ENDED = ("failed", "interrupted")

Noises = dict[tuple[str, str, str, str | None], PooledSd | None]
"""Standard deviation within experiments, by project, metric, datasets and unit."""


class Rerun(NamedTuple):
    """A metric of a run that repeats another one; columns of `reproducibility` before its sentence.

    Attributes:
        project: The project.
        run_id: The run that repeats.
        name: Its name.
        original: The run that it repeats.
        original_name: Its name; None where it is not in this view.
        metric: The metric; empty where there is nothing to compare.
        value: Value of the rerun.
        original_value: Value of the original.
        difference: Rerun minus original.
        tolerance: Largest difference that counts as agreement.
        tolerance_from: resolution or noise.
        sd: Noise within experiments.
        df: Its degrees of freedom.
        level: How often honest reruns agree, where noise decides.
        other_machine: Whether it was on another machine; None where either is unknown.
        other_author: Whether somebody else made it; likewise.
        independent: Whether one of these is known to be so.
        same_experiment: Whether both have one config digest.
        verdict: What it comes to.
        unit: Unit of the metric.
        direction: Which way is better.
    """

    project: str
    run_id: str
    name: str
    original: str
    original_name: str | None
    metric: str
    value: float | None
    original_value: float | None
    difference: float | None
    tolerance: float | None
    tolerance_from: str | None
    sd: float | None
    df: int
    level: float
    other_machine: bool | None
    other_author: bool | None
    independent: bool
    same_experiment: bool | None
    verdict: Verdict
    unit: str | None
    direction: str | None


def rows(seen: Seen) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of the table `reproducibility`."""
    for run, found in seen.once(reruns):
        yield (
            *(rounded(v) if isinstance(v, float) else v for v in found),
            sentence(found),
            run.digest,
        )


def reruns(seen: Seen) -> list[tuple[Run, Rerun]]:
    """Return every rerun that counts with what it says of each key or primary metric, in order."""
    if not any(seen.runs.column("reproduces")):
        return []  # as in many labs: then no run is looked at
    repeating = [
        run
        for run in seen.runs
        if run.reproduces is not None and run.counts and run.status != "planned"
    ]
    if not repeating:
        return []
    asked = {run.reproduces for run in repeating}
    originals: dict[str, Run] = {}
    for run in sorted(seen.runs, key=lambda run: not run.counts):  # of a fork the one that counts
        if run.run_id in asked:
            originals.setdefault(run.run_id, run)
    noises = _noises(seen, {run.project for run in repeating})
    return [
        (run, found)
        for run in repeating
        for found in _compared(seen, run, originals.get(str(run.reproduces)), noises)
    ]


def _noises(seen: Seen, projects: set[str]) -> Noises:
    """Return the noise of single runs by metric, reruns left out.

    A rerun of the same configuration is a replicate, and would else be judged by a noise that its
    own difference makes.
    """
    again = {(run.project, run.experiment) for run in seen.runs if run.reproduces is not None}
    repeated = {
        (one.project, one.experiment): [run for run in one.runs if run.reproduces is None]
        for one in seen.experiments
        if (one.project, one.experiment) in again
    }

    def spread(one: Tries, variant: Variant) -> tuple[int, float | None]:
        runs = repeated.get((one.project, variant.experiment))
        if runs is None:
            return variant.n, variant.sd
        found = sum_up(runs, [one.metric])[one.metric].replicates
        return found.n, found.sd

    noises: Noises = {}
    for one in seen.once(tries):
        if one.project in projects:
            spreads = [spread(one, variant) for variant in one.variants]
            noises[one.project, one.metric, one.datasets, one.unit] = pooled_sd(
                (n, sd) for n, sd in spreads if sd is not None
            )
    return noises


def _compared(seen: Seen, run: Run, original: Run | None, noises: Noises) -> Iterator[Rerun]:
    found = blank(run, original)
    if run.status in _ENDED:
        yield found._replace(verdict="failed")
        return
    if original is None or not original.counts or original.status != "complete":
        yield found
        return
    keys = seen.keys.get(run.project, {})
    asked = {*keys, *seen.once(_primary).get(run.project, ())}
    common = [name for name in sorted(asked) if name in run.metrics and name in original.metrics]
    for name in common:
        mine, theirs = run.metrics[name], original.metrics[name]
        definition = seen.metric(run.project, name)
        resolution = definition.resolution if definition is not None else None
        noise = noises.get((run.project, name, datasets_of([original]), theirs.unit))
        said = found._replace(
            metric=name, unit=theirs.unit, direction=keys.get(name) or mine.direction
        )
        yield compare(said, mine, theirs, noise, resolution)
    if not common:
        yield found


def _primary(seen: Seen) -> dict[str, set[str]]:
    """Return the primary metrics of each project's registrations."""
    found: dict[str, set[str]] = {}
    for one in seen.registrations:
        names = (metric["name"] for metric in one.document["primary_metrics"])
        found.setdefault(one.project, set()).update(names)
    return found


def blank(run: Run, original: Run | None) -> Rerun:
    """Return a rerun with all that does not depend on a metric.

    Args:
        run: The run that repeats.
        original: The one that it repeats; None where that is not in this view.
    """
    machine = author = same = None
    if original is not None:
        machine = _differ(run.machine, original.machine)
        author = _differ(run.author, original.author)
        same = run.experiment == original.experiment
    return Rerun(
        run.project, run.run_id, run.name, str(run.reproduces),
        original.name if original is not None else None, "", None, None, None, None, None, None, 0,
        LEVEL, machine, author, bool(machine or author), same, "missing", None, None,
    )  # fmt: skip


def _differ(one: str | None, other: str | None) -> bool | None:
    return None if one is None or other is None else one != other


def compare(
    said: Rerun, mine: Measured, theirs: Measured, noise: PooledSd | None, resolution: float | None
) -> Rerun:
    """Return what a metric of a rerun says.

    Two honest single runs differ by less than √2·t·s in 95 % of all cases, where s is the standard
    deviation within experiments and t the quantile of its degrees of freedom (the prediction
    interval of a difference); the metric's resolution is the tolerance where it is larger, or where
    no noise is known. Without either only equal values agree, and others tell nothing.

    Source: Student 1908; ISO 5725-6:1994, section 4.1, with t for a standard deviation that is
    estimated. Assumes independent normal noise, as large in the rerun as within experiments.

    Example:
        With s = 0.01 on 8 degrees of freedom honest reruns differ by less than √2·2.3060·0.01 =
        0.0326.

        >>> from labrec.analytics.run import Measured, Run
        >>> said = blank(Run("r2", "d2", reproduces="r1"), Run("r1", "d1"))
        >>> noise = PooledSd(0.01, 8, 4)
        >>> found = compare(said, Measured(0.52), Measured(0.5), noise, None)
        >>> round(found.difference, 4), round(found.tolerance, 4), found.verdict
        (0.02, 0.0326, 'agree')
        >>> compare(said, Measured(0.54), Measured(0.5), noise, None).verdict
        'differs'

    Args:
        said: The rerun, with metric and unit.
        mine: The metric of the rerun.
        theirs: The metric of the original.
        noise: Standard deviation within experiments; None where none was repeated.
        resolution: Smallest difference that means anything, or None.
    """
    said = said._replace(
        value=mine.value if math.isfinite(mine.value) else None,
        original_value=theirs.value if math.isfinite(theirs.value) else None,
        sd=noise.sd if noise is not None else None,
        df=noise.df if noise is not None else 0,
    )
    if said.value is None or said.original_value is None or mine.unit != theirs.unit:
        return said._replace(verdict="cannot be told")
    difference = said.value - said.original_value
    noisy = None
    if noise is not None:
        noisy = math.sqrt(2) * t_quantile(noise.df, LEVEL) * noise.sd
    tolerance = max((t for t in (noisy, resolution) if t is not None), default=None)
    verdict: Verdict = "cannot be told"
    if tolerance is not None or difference == 0:
        verdict = "agree" if abs(difference) <= (tolerance or 0.0) else "differs"
    source = None
    if tolerance is not None:
        source = "noise" if tolerance == noisy else "resolution"
    return said._replace(
        difference=difference, tolerance=tolerance, tolerance_from=source, verdict=verdict
    )


def sentence(row: Rerun) -> str:
    """Return what is to be said of a rerun, as plain text.

    Args:
        row: The row of the table `reproducibility`.
    """
    original = cut(row.original_name) if row.original_name is not None else row.original
    what = f"{cut(row.project)}: {cut(row.name)} repeats {original}, {_whose(row)}"
    if row.verdict == "failed":
        return f"{what}, and did not complete."
    if row.verdict == "missing":
        return f"{what}; there is nothing to compare: {_missing(row)}."
    if row.difference is None:
        return f"{what}; whether {cut(row.metric)} is the same cannot be told: {_open(row)}."
    of = unit(row.unit)
    found = (
        f"{what}. Its {cut(row.metric)} is {number(row.value)}{of} where the original had "
        f"{number(row.original_value)}{of}: a difference of {number(row.difference, 3)}{of}"
    )
    if row.verdict == "cannot be told":
        return f"{found}. Whether they agree cannot be told: neither noise nor resolution is known."
    verb = "agree" if row.verdict == "agree" else "differ"
    return f"{found}. They {verb}: {_tolerance(row)}."


def _whose(row: Rerun) -> str:
    if row.other_machine and row.other_author:
        return "on another machine, by another author"
    if row.other_machine:
        return "on another machine"
    if row.other_author:
        return "by another author"
    if row.other_machine is None or row.other_author is None:
        return "independent or not, that is unknown"
    return "on the same machine, by the same author"


def _missing(row: Rerun) -> str:
    if row.original_name is None:
        return "the original is not in this view"
    return "one of them is not complete or does not count, or they have no key metric in common"


def _open(row: Rerun) -> str:
    if row.value is None or row.original_value is None:
        return "a value is not finite"
    return "their units differ"


def _tolerance(row: Rerun) -> str:
    if row.tolerance is None:
        return "the values are equal"
    size = f"{number(row.tolerance, 3)}{unit(row.unit)}"
    if row.tolerance_from == "resolution":
        return f"the metric's resolution is {size}"
    known = f"from {counted(row.df, 'degree')} of freedom"
    if row.tolerance == 0:
        return f"where others were repeated they gave equal values ({known})"
    return (
        f"honest single runs differ by less than {size} in {percent(row.level)} of all cases "
        f"(noise {number(row.sd, 2)} {known})"
    )
