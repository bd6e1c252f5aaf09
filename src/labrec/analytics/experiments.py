"""The tables about many runs: experiments and contrasts. ○ No IO."""

from __future__ import annotations

import hashlib
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
        key: Digest of everything that its statistics depend on.
    """

    project: str
    experiment: str
    name: str
    started: datetime | None
    runs: list[Run]
    key: str

    @property
    def metrics(self) -> list[str]:
        """The metrics of its runs that count and ended, by name."""
        return sorted({name for run in self.runs if run.counts for name in run.metrics})


Pair = tuple[str, str, str]
"""Keys of two experiments (see `Experiment.key`), and a metric."""


class Known(NamedTuple):
    """What was found of experiments and of pairs of them.

    Attributes:
        basis: Digest of what says how records are read: definitions and notes.
        sums: By key of an experiment (see `Experiment.key`), its metrics summed up.
        contrasts: Of a pair, the difference; None where none can be taken.
    """

    basis: str
    sums: dict[str, dict[str, Sum]]
    contrasts: dict[Pair, Contrast | None]


Sums = dict[tuple[str, str], dict[str, Sum]]
"""Of every experiment, by project and config digest, its metrics; "" where it has none."""

Keys = dict[str, dict[str, str | None]]
"""Of each project its key metrics, with the direction that its definition gives them."""


def rows(seen: Seen) -> Iterator[tuple[Table, Iterable[Row]]]:
    """Yield the tables of experiments and contrasts."""
    given = seen.experiments, seen.summed, seen.keys, seen.lineage
    yield EXPERIMENTS, experiment_rows(*given)
    yield CONTRASTS, contrast_rows(*given, seen.known.contrasts, seen.found.contrasts)


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


def key_of(runs: Sequence[Run], basis: str) -> str:
    """Return a digest of everything that the statistics of an experiment depend on.

    Args:
        runs: Its runs, in order.
        basis: See `Known`.
    """
    said = [basis, *(text for run in runs for text in (run.project, run.digest, run.standing))]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:32]


def sums(experiments: Sequence[Experiment], known: Known) -> Sums:
    """Sum up every metric of every experiment.

    Args:
        experiments: Of every project.
        known: What an earlier analysis found; trusted.
    """
    return {
        (e.project, e.experiment): known.sums.get(e.key) or sum_up(e.runs, e.metrics or [""])
        for e in experiments
    }


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
    experiments: Sequence[Experiment],
    summed: Sums,
    keys: Keys,
    lineage: Lineage,
    known: Mapping[Pair, Contrast | None],
    found: dict[Pair, Contrast | None],
) -> list[Row]:
    """Return the rows of the table `contrasts`; values of different units are not compared.

    Args:
        experiments: Ordered by project and config digest.
        summed: Their metrics, summed up.
        keys: Key metrics of each project.
        lineage: How they relate.
        known: Differences that an earlier analysis found; trusted.
        found: Takes all differences of this one.
    """
    by_place = {(e.project, e.experiment): e for e in experiments}
    families: dict[tuple[str, str], list[_Compared]] = {}
    for place, child in by_place.items():
        parent = by_place.get((child.project, lineage.first.get(place, "")))
        if parent is None:
            continue
        ours, theirs = summed[place], summed[parent.project, parent.experiment]
        for metric in keys.get(child.project, {}):
            one, other = ours.get(metric), theirs.get(metric)
            if one is None or other is None:
                continue
            pair = child.key, parent.key, metric
            found[pair] = result = known[pair] if pair in known else _compare(one, other)
            if result is not None:
                compared = _Compared(child, parent, one.replicates, other.replicates, result)
                families.setdefault((child.project, metric), []).append(compared)
    return [
        row
        for (project, metric), family in sorted(families.items(), key=lambda item: item[0])
        for row in _family_rows(metric, family, keys[project][metric])
    ]


def _compare(ours: Sum, theirs: Sum) -> Contrast | None:
    """Compare a metric of two experiments, where both have it in one unit."""
    if ours.replicates.unit != theirs.replicates.unit:
        return None
    if ours.replicates.mean is None or theirs.replicates.mean is None:
        return None
    return contrast(ours.values, theirs.values)


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
