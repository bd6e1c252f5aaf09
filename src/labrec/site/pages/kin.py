"""How a run relates to the others of its project, and what it is compared with. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from labrec.record.wording import counted
from labrec.site import urls

if TYPE_CHECKING:
    from collections.abc import Iterable

    from labrec.site.collect import Project, Site
    from labrec.site.rows import Edge, Metric, Run

SHOWN: Final = 8
"""Runs of one relation that a page links to; the rest is counted."""

Side = Literal["better", "worse", "same", "unordered", ""]


class Link(NamedTuple):
    """Another run or experiment.

    Attributes:
        title: What it is called; record text.
        url: Its page; empty where there is none.
        note: What is to be said of it.
    """

    title: str
    url: str = ""
    note: str = ""


class Relation(NamedTuple):
    """Runs that one run relates to in one way.

    Attributes:
        name: The way, as a heading.
        links: At most `SHOWN` of them.
        more: How many others there are.
    """

    name: str
    links: tuple[Link, ...]
    more: int = 0


class Baseline(NamedTuple):
    """What the metrics of a run are set against.

    Attributes:
        title: What it is called; record text.
        url: Its page.
        what: What its values are: ``its only run``, ``the mean of 3 runs``.
        values: Value of each metric.
    """

    title: str
    url: str
    what: str
    values: tuple[tuple[str, float], ...]


class Kin(NamedTuple):
    """The relations of one run.

    Attributes:
        relations: Those it has, parents first.
        baseline: What it is compared with; None where it derives from nothing that is known.
        reproduced_by: How many other runs say that they repeat it.
        beside: The parent's run that it is shown beside: the one it names, else of the parent's
            runs the one with its seeds, else the first.
        before: The run that it derives from.
        after: The first run that derives from its experiment.
    """

    relations: tuple[Relation, ...]
    baseline: Baseline | None
    reproduced_by: int
    beside: Run | None
    before: Link | None
    after: Link | None


def family_of(site: Site, project: Project) -> Family:
    """Return the relations within one project, brought together once."""
    return site.kept(f"family of {project.name}", lambda: Family(project))


class Family:
    """The relations within one project.

    Args:
        project: The project.
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        self.runs = list(project.run.values())
        self._urls = {run.run_id: urls.run(project.name, run.run_id) for run in self.runs}
        self._links: dict[str, Link] = {}
        self._means: dict[str, Baseline | None] = {}
        self._derived: dict[str, Relation] = {}
        self._by_seeds: dict[tuple[str | None, str | None], Run] = {}
        for run in self.runs:
            self._by_seeds.setdefault((run.experiment, run.seeds), run)
        self._children: dict[str, list[str]] = {}
        self._by_run: dict[str, dict[str, list[str]]] = {}
        for edge in project.edges:
            if edge.kind == "parent" and edge.parent is not None:
                self._children.setdefault(edge.parent, []).append(edge.run_id)
            if edge.parent_run is not None:
                named = self._by_run.setdefault(edge.parent_run, {})
                named.setdefault(edge.kind, []).append(edge.run_id)

    def url(self, run: Run) -> str:
        """Return the page of a run."""
        return self._urls[run.run_id]

    def kin(self, run: Run) -> Kin:
        """Return the relations of a run."""
        edges = self.project.edges_of.get(run.record_digest, ())
        of_experiment = self.project.runs_of.get(run.experiment, ())
        kinds = {edge.kind for edge in edges}
        found = [self._named(kind, edges) for kind in _TO if kind in kinds]
        if len(of_experiment) > 1:
            others = [one.run_id for one in of_experiment if one.run_id != run.run_id]
            found.append(self._many("Replicates", others))
        if run.experiment in self._children:
            found.append(self._derived_from(run.experiment))
        named = self._by_run.get(run.run_id, {})
        found += [self._many(name, named[kind]) for kind, name in _FROM.items() if kind in named]
        beside = self.beside(run)
        return Kin(
            tuple(relation for relation in found if relation.links),
            self.baseline(edges),
            len(set(named.get("reproduces", ())) - {run.run_id}),
            beside,
            Link(beside.name, self.url(beside)) if beside is not None else None,
            self._child(run),
        )

    def beside(self, run: Run) -> Run | None:
        """Return the run of its first known parent that a run is shown beside; None without one."""
        for edge in self.project.edges_of.get(run.record_digest, ()):
            if edge.kind != "parent" or edge.dangling:
                continue
            named = self.project.run.get(edge.parent_run or "")
            if named is None:
                same = self._by_seeds.get((edge.parent, run.seeds))
                named = same or self._first(edge.parent)
            if named is not None and named.run_id != run.run_id:
                return self.project.run[named.run_id]
        return None

    def baseline(self, edges: Iterable[Edge]) -> Baseline | None:
        """Return what a run with these edges is compared with: the first parent that is known."""
        for edge in edges:
            if edge.kind != "parent" or edge.dangling:
                continue
            run = self.project.run.get(edge.parent_run or "")
            if run is not None:
                metrics = self.project.metrics_of.get(run.record_digest, ())
                values = tuple((row.metric, row.last) for row in metrics)
                return Baseline(run.name, self.url(run), "one run", values)
            means = self._mean(edge.parent or "")
            if means is not None:
                return means
        return None

    def _mean(self, experiment: str) -> Baseline | None:
        if experiment not in self._means:  # one for all that derive from it
            self._means[experiment] = self._mean_of(experiment)
        return self._means[experiment]

    def _mean_of(self, experiment: str) -> Baseline | None:
        rows = self.project.experiment_rows.get(experiment, ())
        first = self._first(experiment)
        if not rows or first is None:
            return None
        means = [(row.metric, row.mean) for row in rows if row.mean is not None]
        most = max(row.n for row in rows)
        what = "its only run" if most == 1 else f"the mean of {counted(most, 'run')}"
        return Baseline(rows[0].name, self.url(first), what, tuple(means))

    def _named(self, kind: str, edges: Iterable[Edge]) -> Relation:
        # Once each, however many files one run made that the other one was given.
        links = [*dict.fromkeys(self._target(edge) for edge in edges if edge.kind == kind)]
        return Relation(_TO[kind], tuple(links[:SHOWN]), max(0, len(links) - SHOWN))

    def _target(self, edge: Edge) -> Link:
        run = self.project.run.get(edge.parent_run or "")
        if run is not None:
            return Link(run.name, self.url(run))
        first = self._first(edge.parent)
        if first is None or edge.dangling:
            called = edge.called or edge.parent_run or edge.parent or ""
            return Link(called, note="not in this lab" if edge.dangling else _ELSEWHERE)
        count = len(self.project.runs_of[first.experiment])
        note = f"experiment of {counted(count, 'run')}" if count > 1 else ""
        return Link(self.project.name_of.get(first.experiment, first.name), self.url(first), note)

    def _many(self, name: str, run_ids: Iterable[str]) -> Relation:
        runs = self.project.run
        found = [run for one in dict.fromkeys(run_ids) if (run := runs.get(one)) is not None]
        links = tuple(map(self._link, found[:SHOWN]))
        return Relation(name, links, max(0, len(found) - SHOWN))

    def _derived_from(self, experiment: str) -> Relation:
        found = self._derived.get(experiment)  # one for all of its runs
        if found is None:
            found = self._many("Derived from it", self._children[experiment])
            self._derived[experiment] = found
        return found

    def _link(self, run: Run) -> Link:
        link = self._links.get(run.run_id)  # one for all of its relatives
        if link is None:
            link = self._links[run.run_id] = Link(run.name, self.url(run), _ended(run))
        return link

    def _first(self, experiment: str | None) -> Run | None:
        return next(iter(self.project.runs_of.get(experiment or "", ())), None)

    def _child(self, run: Run) -> Link | None:
        for one in self._children.get(run.experiment, ()):
            child = self.project.run.get(one)
            if child is not None and one != run.run_id:
                return Link(child.name, self.url(child))
        return None


_ELSEWHERE: Final = "in another project"
_TO: Final = {
    "parent": "Derives from",
    "continues": "Continues",
    "reproduces": "Repeats",
    "fulfils": "Carries out the plan",
    "supersedes": "Takes the place of",
    "artifact": "Was given files of",
}
_FROM: Final = {
    "continues": "Continued by",
    "reproduces": "Repeated by",
    "fulfils": "Carried out by",
    "supersedes": "Replaced by",
    "artifact": "Its files were given to",
}


def _ended(run: Run) -> str:
    return "" if run.status == "complete" else run.status


class Compared(NamedTuple):
    """A metric of a run beside its baseline's.

    Attributes:
        row: The metric.
        key: Whether the project is about it.
        base: The baseline's value; None = it has none.
        delta: The run's last value minus the baseline's, raw; None = there is none.
        side: Which way that is, by the metric's direction; empty without a difference.
    """

    row: Metric
    key: bool
    base: float | None
    delta: float | None
    side: Side


def compare(metrics: Iterable[Metric], baseline: Baseline | None, keys: set[str]) -> list[Compared]:
    """Set the metrics of a run against its baseline: key metrics first, then by name.

    Nothing is concluded: whether a difference is more than chance is for the project's page.
    """
    values = dict(baseline.values) if baseline is not None else {}
    found = []
    for row in metrics:
        base = values.get(row.metric)
        delta, side = compare_values(base, row.last, row.direction)
        found.append(Compared(row, row.metric in keys, base, delta, side))
    return sorted(found, key=lambda one: (not one.key, one.row.metric))


def compare_values(
    old: float | None, new: float | None, direction: str | None
) -> tuple[float | None, Side]:
    """Return how a value differs from another, and which way that is.

    Args:
        old: The value that it is compared with; None = there is none.
        new: The value; None = there is none.
        direction: ``maximize``, ``minimize``; None = neither is better.

    Returns:
        Their difference, None where there is no finite one, and its side.
    """
    delta = None if old is None or new is None else new - old
    if delta is not None and not math.isfinite(delta):
        delta = None
    return delta, _side(delta, direction)


def _side(delta: float | None, direction: str | None) -> Side:
    if delta is None:
        return ""
    if delta == 0:
        return "same"
    if direction is None:
        return "unordered"
    return "better" if (delta > 0) == (direction == "maximize") else "worse"
