"""The catalogue of a lab: its dataset versions and its metrics, as their pages and the search ask.

○ No IO but the tables. Nothing is estimated: what is counted and found is the tables'.
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from labrec.site.rows_catalogue import Dataset, Definition, Reliability, Unfound, Use

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from labrec.site.collect import Project, Site
    from labrec.site.rows import Experiment as Row

_Row = TypeVar("_Row")
_About = TypeVar("_About", Definition, Unfound, Reliability)
_Key = tuple[str, str]
"""Project and name of a metric."""


# --- datasets ---------------------------------------------------------------------------------


class Data(NamedTuple):
    """What the tables say of a lab's data.

    Attributes:
        held: The dataset versions, each below what it was made from.
        uses: Who used which of them.
        lacking: What runs name that the lab does not hold, or that several versions are called.
        together: Versions that runs used together and that can be compared, pair by pair.
    """

    held: tuple[Dataset, ...]
    uses: tuple[Use, ...]
    lacking: tuple[Use, ...]
    together: tuple[tuple[Dataset, Dataset], ...]


def data(site: Site) -> Data:
    """Return what the tables say of a lab's data."""
    return site.kept("catalogue of datasets", lambda: _data(site))


def _data(site: Site) -> Data:
    held = _by_lineage(_every(site.all_rows(Dataset)))
    uses = _every(site.all_rows(Use))
    return Data(
        tuple(held),
        tuple(use for use in uses if use.held and use.digest is not None),
        tuple(use for use in uses if not use.held or use.digest is None),
        tuple(_together(site.projects, held)),
    )


def _by_lineage(rows: Sequence[Dataset]) -> list[Dataset]:
    """Return each version below the one that it was made from."""
    known = {row.digest for row in rows}
    below: dict[str | None, list[Dataset]] = {}
    for row in rows:
        below.setdefault(row.parent if row.parent in known else None, []).append(row)
    waiting = below.get(None, [])[::-1]
    found: dict[str, Dataset] = {}
    while waiting:  # a chain may be longer than a stack is deep
        row = waiting.pop()
        found[row.digest] = row
        waiting.extend(below.get(row.digest, [])[::-1])
    return [*found.values(), *(row for row in rows if row.digest not in found)]


def _together(
    projects: Iterable[Project], held: Sequence[Dataset]
) -> Iterator[tuple[Dataset, Dataset]]:
    by_digest = {row.digest: row for row in held}
    named = {(row.project, row.dataset, row.version): row for row in held}
    sets: set[tuple[str, tuple[str, ...]]] = set()
    for project in projects:
        sets.update((project.name, run.datasets) for run in project.runs if run.counts)
    pairs: dict[tuple[str, str], tuple[Dataset, Dataset]] = {}
    for name, called in sorted(sets):
        found: dict[str, Dataset] = {}
        for text in called:
            dataset, _, which = text.rpartition("@")
            row = named.get((name, dataset, which)) or by_digest.get(which)
            if row is not None:
                found[row.digest] = row
        for one, other in combinations(found.values(), 2):
            if one.unit == other.unit:
                first, second = sorted((one.digest, other.digest))
                pairs.setdefault((first, second), (one, other))
    yield from pairs.values()


# --- metrics ----------------------------------------------------------------------------------


class Best(NamedTuple):
    """The experiment with the best mean of a metric.

    Attributes:
        name: What it is called.
        href: Where it is shown.
        mean: Its mean.
    """

    name: str
    href: str
    mean: float


class Reason(NamedTuple):
    """Why complete runs have no value of a metric.

    Attributes:
        reason: Why.
        count_runs: How many runs.
        run_id: The latest of them.
    """

    reason: str
    count_runs: int
    run_id: str


class Metric(NamedTuple):
    """A metric of a project.

    Attributes:
        project: The project.
        name: The metric.
        key: Whether it is a key metric.
        versions: Its definitions, by version.
        units: Its units: by the definition that counts, else as runs say; more than one where
            they do not agree.
        directions: Likewise which way is better.
        n: Complete runs with a value.
        n_missing: Complete runs without one, of experiments that have the metric.
        best: The experiment with the best mean; None where none is better.
        reasons: Why runs have no value by the definition.
        sentences: How well repeated runs agree on it.
        has_page: Whether its project has one: not where no run is recorded.
    """

    project: str
    name: str
    key: bool = False
    versions: tuple[Definition, ...] = ()
    units: tuple[str, ...] = ()
    directions: tuple[str, ...] = ()
    n: int = 0
    n_missing: int = 0
    best: Best | None = None
    reasons: tuple[Reason, ...] = ()
    sentences: tuple[str, ...] = ()
    has_page: bool = False

    @property
    def definition(self) -> Definition | None:
        """The definition that counts."""
        return next((one for one in self.versions if one.state == "counts"), None)

    @property
    def state(self) -> str:
        """``defined``, ``several`` side by side, or ``not defined``."""
        if self.definition is not None:
            return "defined"
        return "several" if self.versions else "not defined"

    @property
    def unit(self) -> str | None:
        """Its unit; None where none is known or several are."""
        return self.units[0] if len(self.units) == 1 else None

    @property
    def direction(self) -> str | None:
        """Which way is better; None where that is not known or not agreed on."""
        return self.directions[0] if len(self.directions) == 1 else None


def metrics(site: Site) -> tuple[Metric, ...]:
    """Return every metric that runs report or somebody defined: by project, key metrics first."""
    return site.kept("catalogue of metrics", lambda: _metrics(site))


def _metrics(site: Site) -> tuple[Metric, ...]:
    defined = _by_metric(_every(site.all_rows(Definition)))
    missing = _by_metric(_every(site.all_rows(Unfound)))
    reliable = _by_metric(_every(site.all_rows(Reliability)))
    having = Counter[_Key]()
    summed: dict[_Key, list[Row]] = {}
    for project in site.projects:
        for value in project.metrics:
            having[value.project, value.metric] += value.counts
        for row in project.experiments:
            if row.metric:
                summed.setdefault((row.project, row.metric), []).append(row)
    found = [
        _metric(
            Metric(
                *key,
                versions=tuple(defined.get(key, ())),
                n=having[key],
                sentences=tuple(row.sentence for row in reliable.get(key, ())),
                has_page=key[0] in site.project,
            ),
            summed.get(key, []),
            missing.get(key, []),
        )
        for key in {**having, **summed, **defined}
    ]
    ways = {(one.project, one.name): one.direction for one in found}
    best = {key: one for project in site.projects for key, one in _best(project, ways)}
    known = (one._replace(best=best.get((one.project, one.name))) for one in found)
    return tuple(sorted(known, key=lambda one: (one.project, not one.key, one.name)))


def _metric(blank: Metric, rows: Sequence[Row], missing: Sequence[Unfound]) -> Metric:
    definition = blank.definition
    units = {row.unit for row in rows if row.unit is not None}
    ways = {row.direction for row in rows if row.direction is not None}
    if definition is not None:
        units = {definition.unit} if definition.unit is not None else units
        ways = {definition.direction} if definition.direction is not None else ways
    reasons: dict[str, list[str]] = {}
    for one in missing:
        reasons.setdefault(one.reason, []).append(one.run_id)
    without = sum(row.n_missing for row in rows)
    return blank._replace(
        key=any(row.key for row in rows),
        units=tuple(sorted(units)),
        directions=tuple(sorted(ways)),
        n=blank.n if definition is None else definition.n_runs,
        n_missing=without if definition is None else definition.n_missing,
        reasons=tuple(
            Reason(reason, len(runs), max(runs))
            for reason, runs in sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0]))
        ),
    )


def _best(project: Project, ways: Mapping[_Key, str | None]) -> Iterable[tuple[_Key, Best]]:
    """Return the best experiment of each metric of a project, the first of equals."""
    found: dict[_Key, Best] = {}
    for one in project.known.all:
        for name, row in one.measures.items():
            key = project.name, name
            way, before = ways.get(key), found.get(key)
            if way is None or row.mean is None:
                continue
            sign = -1 if way == "minimize" else 1
            if before is None or sign * row.mean > sign * before.mean:
                found[key] = Best(one.name, one.href, row.mean)
    return found.items()


def _every(by_project: Mapping[str, Sequence[_Row]]) -> list[_Row]:
    return [row for _, rows in sorted(by_project.items()) for row in rows]


def _by_metric(rows: Iterable[_About]) -> dict[_Key, list[_About]]:
    found: dict[_Key, list[_About]] = {}
    for row in rows:
        found.setdefault((row.project, row.metric), []).append(row)
    return found
