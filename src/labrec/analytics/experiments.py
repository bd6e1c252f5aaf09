"""The tables about many runs: experiments and contrasts. ○ No IO."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from labrec.analytics import contrast_rows
from labrec.analytics.keyed import groups
from labrec.analytics.parquet import columns_table, spread
from labrec.analytics.replicates import LEVEL, Replicates
from labrec.analytics.summaries import STATISTICS
from labrec.analytics.tables import CONTRASTS, EXPERIMENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from labrec.analytics.definition import KeyMetric
    from labrec.analytics.relations import Lineage
    from labrec.analytics.replicates import Sum
    from labrec.analytics.run import Run
    from labrec.analytics.seen import Seen
    from labrec.analytics.summaries import Summaries
    from labrec.analytics.tables import Table

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
    runs: Sequence[Run]
    key: str

    @property
    def metrics(self) -> list[str]:
        """The metrics of its runs that count and ended, by name."""
        return sorted({name for run in self.runs if run.counts for name in run.metrics})


class Known(NamedTuple):
    """What was found of experiments and of pairs of them.

    Attributes:
        basis: Digest of what says how records are read: definitions and notes.
        sums: Metrics of experiments, summed up (see `summaries.SCHEMA`); None for nothing.
        contrasts: Differences between them (see `contrast_rows.SCHEMA`); None for nothing.
    """

    basis: str
    sums: pa.Table | None = None
    contrasts: pa.Table | None = None


Sums = Mapping[tuple[str, str], Mapping[str, "Sum"]]
"""Of every experiment, by project and config digest, its metrics; "" where it has none."""

Keys = dict[str, dict[str, str | None]]
"""Of each project its key metrics, with the direction that its definition gives them."""


def rows(seen: Seen) -> Iterator[tuple[Table, pa.Table]]:
    """Yield the tables of experiments and contrasts."""
    yield EXPERIMENTS, experiment_rows(seen.summed, seen.keys, seen.lineage)
    yield CONTRASTS, contrast_rows.rows(seen.compared, seen.keys)


def key_metrics_of(summed: Summaries, defined: Mapping[str, Sequence[KeyMetric] | None]) -> Keys:
    """Return the key metrics of each project.

    Where its definition names none they are all metrics that a run gives a direction, else all.

    Args:
        summed: Every metric of every experiment.
        defined: What the projects' definitions name; None for nothing.
    """
    projects = [one.project for one in summed.experiments]
    columns = summed.keyed.column("metric"), summed.keyed.column("directed")
    logged: dict[str, dict[str, bool]] = {project: {} for project in projects}
    said = {*zip([projects[at] for at in summed.keyed.owners.tolist()], *columns, strict=True)}
    for project, metric, directed in said:
        if directed is not None:
            logged[project][metric] = directed or logged[project].get(metric, False)
    keys: Keys = {}
    for project, every in logged.items():
        named = defined.get(project)
        if named is not None:
            keys[project] = {metric.name: metric.direction for metric in named}
        else:
            chosen = [metric for metric, directed in every.items() if directed] or every
            keys[project] = dict.fromkeys(sorted(chosen))
    return keys


def said_of(digest: str, standing: str) -> str:
    """Return what a key has of a run: the digest of its record, and its standing."""
    return f"{digest}\n{standing}"


def key_of(project: str, records: Iterable[str], basis: str) -> str:
    """Return a digest of everything that the statistics of an experiment depend on.

    Args:
        project: Its project.
        records: What `said_of` says of each of its runs, in order.
        basis: See `Known`.
    """
    said = "\n".join((basis, project, *records))
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def experiment_rows(summed: Summaries, keys: Keys, lineage: Lineage) -> pa.Table:
    """Return the rows of the table `experiments`.

    Args:
        summed: Every metric of every experiment.
        keys: Key metrics of each project.
        lineage: How the experiments relate.
    """
    found = summed.keyed.rows.filter(summed.keyed.rows["counts"])
    owners = summed.keyed.owners[summed.keyed.numbers("counts")]
    every = summed.experiments
    depth, first = lineage.graph.depth, lineage.first
    columns: dict[str, Sequence[Any]] = {
        "project": [one.project for one in every],
        "experiment": [one.experiment for one in every],
        "name": [one.name for one in every],
        "depth": [depth.get(one.experiment) for one in every],
        "parent": [first.get((one.project, one.experiment)) for one in every],
        "started": [one.started for one in every],
    }
    given = {name: found[name] for name in ("metric", *Replicates._fields)}
    given |= {name: found[f"written_{name}"] for name in STATISTICS}
    given |= {name: spread(EXPERIMENTS, name, values, owners) for name, values in columns.items()}
    places, alike = groups([given["project"], found["metric"]])
    firsts = [given[name].take(pa.array(places)).to_pylist() for name in ("project", "metric")]
    told = [(metric, keys.get(project, {})) for project, metric in zip(*firsts, strict=True)]
    key = pa.array([metric in mine for metric, mine in told], pa.bool_())
    direction = pa.array([mine.get(metric) or None for metric, mine in told], pa.string())
    return columns_table(
        EXPERIMENTS,
        given
        | {
            "key": key.take(pa.array(alike)),
            "level": pa.repeat(LEVEL, found.num_rows),
            "direction": pc.coalesce(direction.take(pa.array(alike)), found["direction"]),
        },
    )
