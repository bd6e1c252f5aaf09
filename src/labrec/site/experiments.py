"""The experiments of a project as its pages show them: what the tables say, brought together.

○ No IO. Nothing is estimated here: means, intervals and findings are the tables'.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

from labrec.lineage.graph import graph
from labrec.site import urls

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labrec.lineage.graph import Graph
    from labrec.site.collect import KeyMetric, Project
    from labrec.site.rows import Contrast, FeatureChange, Run
    from labrec.site.rows import Experiment as Row

_TIME: Final = 13  # characters of a run id that say when it started
_UNDATED: Final = "00000000-0000"

STATUSES: Final = ("complete", "failed", "interrupted", "planned")
"""How a run can have ended, in the order in which pages name them."""


@dataclass(frozen=True)
class Experiment:
    """One experiment: everything that its pages say about it.

    Attributes:
        key: Its config digest.
        project: Its project.
        name: What it is called.
        runs: Its runs by id.
        measures: What its runs measured, by metric.
        contrasts: It against the experiments that it derives from, by metric.
        parents: Experiments of the project that it derives from, first one first.
        outside: What its parents are called that are not in the project, and whether they are in
            the lab.
        changes: What differs from its first parent.
    """

    key: str
    project: str
    name: str
    runs: tuple[Run, ...]
    measures: Mapping[str, Row]
    contrasts: Mapping[str, tuple[Contrast, ...]] = field(default_factory=dict)
    parents: tuple[str, ...] = ()
    outside: tuple[tuple[str, bool], ...] = ()
    changes: tuple[FeatureChange, ...] = ()

    @cached_property
    def anchor(self) -> str:
        """Id of its row on the page of its project."""
        return urls.experiment_anchor(self.key)

    @cached_property
    def href(self) -> str:
        """Where it is shown: its run, or its row where it has several."""
        if len(self.runs) == 1:
            return urls.run(self.project, self.runs[0].run_id)
        return urls.experiment(self.project, self.key)

    @cached_property
    def statuses(self) -> Mapping[str, int]:
        """How many of its runs ended how."""
        counts = Counter(run.status for run in self.runs)
        return {name: counts[name] for name in STATUSES if counts[name]}

    @property
    def status(self) -> str:
        """How its runs ended where all ended alike, or ``mixed``."""
        return next(iter(self.statuses)) if len(self.statuses) == 1 else "mixed"

    @cached_property
    def is_placed(self) -> bool:
        """Whether it is known where it stands in the order: not where all runs are undated."""
        places = map(place, self.runs)
        return any(start != _UNDATED or order < math.inf for start, order, _ in places)

    @property
    def intent(self) -> str:
        """What it was made to find out, as its first run that tells says."""
        return next((run.intent for run in self.runs if run.intent), "")

    @property
    def n_failed(self) -> int:
        """Runs that failed or were interrupted."""
        return self.statuses.get("failed", 0) + self.statuses.get("interrupted", 0)

    def mean(self, metric: str) -> float | None:
        """Return its mean of a metric; None where it has none."""
        row = self.measures.get(metric)
        return row.mean if row is not None else None

    def contrast(self, metric: str) -> Contrast | None:
        """Return how it compares on a metric with the first parent that it is compared with."""
        found = self.contrasts.get(metric, ())
        order = {parent: at for at, parent in enumerate(self.parents)}
        return min(found, key=lambda row: order.get(row.parent, len(order)), default=None)


@dataclass(frozen=True)
class Experiments:
    """The experiments of a project in the order of their lineage.

    Attributes:
        project: The project.
        all: Parents before children, otherwise in the order of their first runs.
        graph: How they derive from one another.
    """

    project: Project
    all: tuple[Experiment, ...]
    graph: Graph

    @classmethod
    def of(cls, project: Project) -> Experiments:
        """Bring together what the tables say of a project's experiments."""
        names = _names(project)
        keys = sorted(project.runs_of, key=lambda key: min(map(place, project.runs_of[key])))
        parents, outside = _relations(project, set(keys))
        found = {
            key: Experiment(
                key,
                project.name,
                names.get(key) or runs[0].name,
                runs,
                {row.metric: row for row in project.experiment_rows.get(key, ()) if row.metric},
                _by_metric(project, key),
                tuple(parents.get(key, {})),
                tuple(outside.get(key, {}).items()),
                _changes(project, runs, next(iter(parents.get(key, {})), None)),
            )
            for key, runs in project.runs_of.items()
        }
        edges = [(child, parent) for child, above in parents.items() for parent in above]
        return cls(project, tuple(found[key] for key in _order(keys, edges)), graph(keys, edges))

    @cached_property
    def by_key(self) -> Mapping[str, Experiment]:
        """The experiments by config digest."""
        return {experiment.key: experiment for experiment in self.all}

    def mark_of(self, one: Experiment) -> tuple[int, ...]:
        """Return what stands for all that the tables say of an experiment and its runs.

        Not for how it compares with others, which all contrasts of its metric have a say in.
        """
        project = self.project
        marks = [project.run_marks.get(run.record_digest, 0) for run in one.runs]
        return (project.experiment_marks.get(one.key, 0), *marks)

    @cached_property
    def key_metrics(self) -> tuple[KeyMetric, ...]:
        """The project's key metrics, the telling ones first.

        Those come first that most contrasts are about, and of these the ones that tell most
        experiments apart: a memory use that hardly varies is not what a project was made for.
        """
        about = Counter(row.metric for row in self.project.contrasts)
        means = {row.metric: set[float | None]() for row in self.project.experiments}
        for row in self.project.experiments:
            means[row.metric].add(row.mean)
        return tuple(
            sorted(
                self.project.key_metrics,
                key=lambda metric: (-about[metric.name], -len(means[metric.name])),
            )
        )

    def best(self, metric: KeyMetric) -> Experiment | None:
        """Return the experiment with the best mean; None where none has one or neither is best."""
        measured = [(one.mean(metric.name), one) for one in self.all]
        known = [(mean, one) for mean, one in measured if mean is not None]
        if metric.direction is None or not known:
            return None
        pick = min if metric.direction == "minimize" else max
        return pick(known, key=lambda pair: pair[0])[1]

    def kept_chain(self, metric: KeyMetric) -> tuple[str, ...]:
        """Return the experiments from a root to the best one, by first parents."""
        best = self.best(metric)
        chain: dict[str, None] = {}
        key = best.key if best is not None else None
        while key is not None and key not in chain:  # a cycle ends where it closes
            chain[key] = None
            key = next(iter(self.by_key[key].parents), None)
        return tuple(reversed(chain))


def place(run: Run) -> tuple[str, float, str]:
    """Return what runs are ordered by: their start, then their place where they came from.

    A run id begins with the time of the start, in milliseconds; that of an undated run with zeros.
    """
    order = math.inf if run.origin_order is None else run.origin_order
    return run.run_id[:_TIME], order, run.run_id


@lru_cache(maxsize=4096)  # ten thousand runs have few
def seeds_of(seeds: str | None) -> str:
    """Return the seeds of a run in a line; the only one without its name."""
    try:
        found = json.loads(seeds or "{}")
    except ValueError:
        return seeds or ""
    if not isinstance(found, dict):
        return str(found)
    if len(found) == 1:
        return str(next(iter(found.values())))
    return ", ".join(f"{name}={value}" for name, value in sorted(found.items()))


def _names(project: Project) -> dict[str, str]:
    return {row.experiment: row.name for row in project.experiments}


def _relations(
    project: Project, keys: set[str]
) -> tuple[dict[str, dict[str, None]], dict[str, dict[str, bool]]]:
    """Return the parents of each experiment inside the project, and what is outside of it."""
    inside: dict[str, dict[str, None]] = {}
    for row in project.experiments:  # says which parent is the first one
        if row.parent in keys:
            inside.setdefault(row.experiment, {})[row.parent] = None
    outside: dict[str, dict[str, bool]] = {}
    for edge in project.edges:
        if edge.kind != "parent":
            continue
        if not edge.dangling and edge.parent in keys:
            inside.setdefault(edge.experiment, {})[edge.parent] = None
        else:
            called = edge.called or edge.parent_run or edge.parent or "unknown"
            outside.setdefault(edge.experiment, {})[called] = not edge.dangling
    return inside, outside


def _by_metric(project: Project, key: str) -> dict[str, tuple[Contrast, ...]]:
    found: dict[str, list[Contrast]] = {}
    for row in project.contrasts_of.get(key, ()):
        found.setdefault(row.metric, []).append(row)
    return {metric: tuple(group) for metric, group in found.items()}


def _changes(
    project: Project, runs: tuple[Run, ...], parent: str | None
) -> tuple[FeatureChange, ...]:
    """Return what differs from a parent, as the first run that tells says."""
    for run in runs:
        changes = tuple(
            row for row in project.changes_of.get(run.record_digest, ()) if row.parent == parent
        )
        if changes:
            return changes
    return ()


def _order(keys: list[str], edges: list[tuple[str, str]]) -> list[str]:
    """Return parents before children, otherwise in the order given; what a cycle holds last."""
    number = {key: f"{at:09}" for at, key in enumerate(keys)}
    found = graph(number.values(), ((number[a], number[b]) for a, b in edges))
    ordered = [keys[int(name)] for name in found.order]
    done = set(ordered)
    return ordered + [key for key in keys if key not in done]
