"""The tables about many runs: experiments and contrasts. ○ No IO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.analytics.contrasts import contrast, finding
from labrec.analytics.replicates import LEVEL, Sum, rounded, sum_up
from labrec.analytics.stats.multiple import holm
from labrec.analytics.tables import CONTRASTS, EXPERIMENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from labrec.analytics.contrasts import Contrast
    from labrec.analytics.definition import KeyMetric
    from labrec.analytics.relations import Lineage
    from labrec.analytics.replicates import Replicates
    from labrec.analytics.run import Run
    from labrec.analytics.seen import Seen
    from labrec.analytics.tables import Table

Row = tuple[Any, ...]

TABLES: Final[tuple[Table, ...]] = (EXPERIMENTS, CONTRASTS)


class Experiment(NamedTuple):
    """All runs of one config digest in one project.

    Attributes:
        project: The project.
        experiment: The config digest.
        name: Name of its first run.
        started: When the first of its runs started, or None.
        runs: In order of their ids, then digests.
    """

    project: str
    experiment: str
    name: str
    started: datetime | None
    runs: list[Run]

    @property
    def metrics(self) -> list[str]:
        """The metrics of its runs that count and ended, by name."""
        return sorted({name for run in self.runs if run.counts for name in run.metrics})


Sums = dict[tuple[str, str], dict[str, Sum]]
"""Of every experiment, by project and config digest, its metrics; "" where it has none."""

Keys = dict[str, dict[str, str | None]]
"""Of each project its key metrics, with the direction that its definition gives them."""


def rows(seen: Seen) -> Iterator[tuple[Table, Iterable[Row]]]:
    """Yield the tables of experiments and contrasts."""
    given = seen.experiments, seen.summed, seen.keys, seen.lineage
    yield EXPERIMENTS, experiment_rows(*given)
    yield CONTRASTS, contrast_rows(*given)


def key_metrics_of(
    experiments: Sequence[Experiment], defined: Mapping[str, Sequence[KeyMetric] | None]
) -> Keys:
    """Return the key metrics of each project.

    Where its definition names none they are all metrics that a run gives a direction, else all.

    Args:
        experiments: Of every project.
        defined: What the projects' definitions name; None for nothing.
    """
    keys: Keys = {}
    seen: dict[str, tuple[set[str], set[str]]] = {}
    for experiment in experiments:
        every, directed = seen.setdefault(experiment.project, (set(), set()))
        for run in experiment.runs:
            every.update(run.metrics)
            directed.update(name for name, m in run.metrics.items() if m.direction is not None)
    for project, (every, directed) in seen.items():
        named = defined.get(project)
        if named is not None:
            keys[project] = {metric.name: metric.direction for metric in named}
        else:
            keys[project] = dict.fromkeys(sorted(directed or every))
    return keys


def sums(experiments: Sequence[Experiment]) -> Sums:
    """Sum up every metric of every experiment."""
    return {(e.project, e.experiment): sum_up(e.runs, e.metrics or [""]) for e in experiments}


def experiment_rows(
    experiments: Sequence[Experiment], summed: Sums, keys: Keys, lineage: Lineage
) -> Iterator[Row]:
    """Yield the rows of the table `experiments`.

    Args:
        experiments: Ordered by project and config digest.
        summed: Their metrics, summed up.
        keys: Key metrics of each project.
        lineage: How they relate.
    """
    for experiment in experiments:
        key = keys.get(experiment.project, {})
        place = experiment.project, experiment.experiment
        depth = lineage.graph.depth.get(experiment.experiment)
        first = lineage.first.get(place)
        for metric, (found, _) in summed[place].items():
            yield (
                *place,
                experiment.name,
                metric,
                metric in key,
                *found[:7],
                *map(rounded, found[7:11]),
                LEVEL,
                *map(rounded, found[11:13]),
                found.unit,
                key.get(metric) or found.direction,
                depth,
                first,
                experiment.started,
            )


def contrast_rows(
    experiments: Sequence[Experiment], summed: Sums, keys: Keys, lineage: Lineage
) -> list[Row]:
    """Return the rows of the table `contrasts`; values of different units are not compared.

    Args:
        experiments: Ordered by project and config digest.
        summed: Their metrics, summed up.
        keys: Key metrics of each project.
        lineage: How they relate.
    """
    by_place = {(e.project, e.experiment): e for e in experiments}
    families: dict[tuple[str, str], list[_Compared]] = {}
    for place, child in by_place.items():
        parent = by_place.get((child.project, lineage.first.get(place, "")))
        if parent is None:
            continue
        ours, theirs = summed[place], summed[parent.project, parent.experiment]
        for metric in keys.get(child.project, {}):
            found = _compare(ours.get(metric), theirs.get(metric))
            if found is not None:
                compared = _Compared(child, parent, *found)
                families.setdefault((child.project, metric), []).append(compared)
    return [
        row
        for (project, metric), family in sorted(families.items(), key=lambda item: item[0])
        for row in _family_rows(metric, family, keys[project][metric])
    ]


def _compare(
    ours: Sum | None, theirs: Sum | None
) -> tuple[Replicates, Replicates, Contrast] | None:
    """Compare a metric of two experiments, where both have it in one unit."""
    if ours is None or theirs is None or ours.replicates.unit != theirs.replicates.unit:
        return None
    if ours.replicates.mean is None or theirs.replicates.mean is None:
        return None
    found = contrast(ours.values, theirs.values)
    return None if found is None else (ours.replicates, theirs.replicates, found)


class _Compared(NamedTuple):
    """Two experiments, a metric of both, and the difference."""

    child: Experiment
    parent: Experiment
    ours: Replicates
    theirs: Replicates
    found: Contrast


def _family_rows(metric: str, family: Sequence[_Compared], direction: str | None) -> Iterator[Row]:
    """Yield the contrasts of one project and metric, adjusted together."""
    tested = [one.found.p for one in family if one.found.p is not None]
    adjusted = iter(holm(tested))
    for child, parent, ours, theirs, found in family:
        p_holm = next(adjusted) if found.p is not None else None
        said = direction or (ours.direction if ours.direction == theirs.direction else None)
        yield (
            child.project,
            child.experiment,
            parent.experiment,
            child.name,
            parent.name,
            metric,
            *found[:3],
            *map(rounded, found[3:6]),
            LEVEL,
            rounded(found.df),
            rounded(found.p),
            rounded(p_holm),
            len(tested),
            finding(found, p_holm, said),
            ours.unit,
            said,
        )
