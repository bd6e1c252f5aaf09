"""Designs across experiments: of declared factors, or found among those that derive from a root.

○ Pure. Runs belong to one design when everything but its factors is equal: features without the
factors and without nuisance paths, code, program, datasets and inputs. The command line is left
out: factors may be passed on it. Runs of one cell are its replicates.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.analytics.attribution.design import MOST_FACTORS, Cell, Design, Origin
from labrec.analytics.attribution.factors import ABSENT, Setting, declared, leaves
from labrec.analytics.attribution.rows import Placed
from labrec.analytics.runs import expect
from labrec.record.config import join_path, split_path
from labrec.record.digest import Digest
from labrec.record.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from labrec.analytics.attribution.design import Source
    from labrec.analytics.run import Run
    from labrec.analytics.seen import Experiment, Seen

MOST_DESIGNS: Final = 20
"""Designs of a project: those with the most cells, then the most runs."""

MOST_METRICS: Final = 10
"""Key metrics of a project that are attributed."""

MOST_RELATED: Final = 2_000
"""Experiments below one root among which a design is still looked for."""

_FEWEST_FOUND = 2  # factors: with one alone a contrast says the same
_NAME = 60  # characters of a root's name


class Group(NamedTuple):
    """Runs that differ in some factors and in nothing else.

    Attributes:
        project: Their project.
        source: declared, or found.
        name: What the design is called.
        settings: The factors.
        cells: Runs that ended, by bitmask of the factors that were on.
    """

    project: str
    source: Source
    name: str
    settings: tuple[Setting, ...]
    cells: dict[int, list[Run]]


class Across(NamedTuple):
    """The designs across a project's experiments.

    Attributes:
        groups: What they are made of.
        left_out: What is not among them, a sentence each.
    """

    groups: list[Group]
    left_out: list[str]


def across(seen: Seen, project: str, experiments: Sequence[Experiment]) -> Across:
    """Return the designs across the experiments of a project.

    Args:
        seen: All runs.
        project: The project.
        experiments: Its experiments.
    """
    said = seen.defined(project, declared)
    if said is None:
        return Across([], [])
    left_out: list[str] = []
    context = Context()
    if said.settings:
        groups = list(_declared(project, said.settings, experiments, context))
    else:
        groups = list(_found(seen, project, experiments, context, left_out))
    groups.sort(key=lambda group: (-len(group.cells), -_count(group), group.name))
    if len(groups) > MOST_DESIGNS:
        left_out.append(f"{counted(len(groups) - MOST_DESIGNS, 'design')} with fewer cells")
    return Across(groups[:MOST_DESIGNS], left_out)


def placed(group: Group, metric: str, direction: str | None, costs: Sequence[str]) -> Placed | None:
    """Return a design on one metric; None where fewer than two of its cells have a value.

    Args:
        group: Its runs.
        metric: What is attributed.
        direction: maximize, minimize, or None: as the runs say.
        costs: Metrics that are costs.
    """
    valued = {on: _valued(runs, metric) for on, runs in group.cells.items()}
    valued = {on: runs for on, runs in sorted(valued.items()) if runs}
    if len(valued) <= 1:
        return None
    runs = [run for there in valued.values() for run in there]
    ended = sum(len(_once(there)) for there in group.cells.values())
    said = [run.metrics[metric] for run in runs]
    units, ways = {one.unit for one in said}, {one.direction for one in said}
    if len(units) > 1:
        return None  # no sum of them means anything
    origin = Origin(
        group.project, group.source, group.name,
        n_experiments=len({run.experiment for run in runs}),
        n_machines=len({run.machine for run in runs}),
        n_missing=ended - len(runs),
    )  # fmt: skip
    way = direction or (ways.pop() if len(ways) == 1 else None)
    names = tuple(setting.name for setting in group.settings)
    design = Design(
        names,
        tuple(_cell(on, there, _metric(metric)) for on, there in valued.items()),
        metric, units.pop(), way,
    )  # fmt: skip
    return Placed(origin, design, tuple(_costs(design, valued, costs)))


# --- the runs of a cell ---------------------------------------------------------------------


def _valued(runs: Iterable[Run], metric: str) -> list[Run]:
    """Return the complete runs with a finite value, of identical outputs one."""
    return [
        run for run in _once(runs)
        if run.status == "complete" and (found := run.metrics.get(metric)) is not None
        and math.isfinite(found.value)
    ]  # fmt: skip


def _once(runs: Iterable[Run]) -> list[Run]:
    """Return the runs, of identical outputs one."""
    found: dict[str, Run] = {}
    for run in runs:
        found.setdefault(run.output or run.digest, run)
    return list(found.values())


def _cell(on: int, runs: Sequence[Run], value: Callable[[Run], float | None]) -> Cell:
    values = [found for run in runs if (found := value(run)) is not None]
    return Cell(on, tuple(values), tuple(r.seeds for r in runs), tuple(r.digest for r in runs))


def _metric(name: str) -> Callable[[Run], float | None]:
    def value(run: Run) -> float | None:
        found = run.metrics.get(name)
        return found.value if found is not None and math.isfinite(found.value) else None

    return value


def _costs(
    design: Design, valued: Mapping[int, Sequence[Run]], costs: Sequence[str]
) -> Iterator[Design]:
    """Yield the same cells with a cost in the place of the metric, where every run has it."""
    measures: list[tuple[str, str | None, Callable[[Run], float | None]]] = [
        (name, next((r.metrics[name].unit for runs in valued.values() for r in runs
                     if name in r.metrics), None), _metric(name))
        for name in costs if name != design.metric
    ]  # fmt: skip
    measures.append(("duration", "s", lambda run: run.duration_s))
    for name, unit, value in measures:
        if all(value(run) is not None for runs in valued.values() for run in runs):
            cells = tuple(_cell(on, runs, value) for on, runs in valued.items())
            yield Design(design.factors, cells, name, unit, "minimize", design.level)


def _count(group: Group) -> int:
    return sum(map(len, group.cells.values()))


# --- what is equal --------------------------------------------------------------------------


class Context:
    """What runs have in common besides their factors; each different text is parsed once."""

    def __init__(self) -> None:
        self._trees: dict[str, dict[str, str]] = {}
        self._setups: dict[str, dict[str, Any]] = {}
        self._paths: dict[str, frozenset[str]] = {}

    def features(self, run: Run) -> dict[str, str]:
        """Return the features of a run that matter, canonical JSON by dotted path."""
        if run.tree not in self._trees:
            self._trees[run.tree] = dict(leaves(json.loads(run.tree)))
        found = self._trees[run.tree]
        nuisance = self._nuisance(run.setup)
        if not nuisance:
            return found
        below = tuple(f"{path}." for path in nuisance)
        return {
            path: value
            for path, value in found.items()
            if path not in nuisance and not path.startswith(below)
        }

    def rest(self, run: Run) -> tuple[Any, ...]:
        """Return what is equal of runs of one design besides their features."""
        setup = self._setup(run)
        inputs = tuple(setup.get("inputs", ()))
        return run.code_digest, setup.get("entry"), tuple(sorted(run.datasets)), inputs

    def _nuisance(self, setup: str) -> frozenset[str]:
        """Return the nuisance paths of a run, spelled as `leaves` does."""
        if setup not in self._paths:
            told = json.loads(setup).get("nuisance", ())
            self._paths[setup] = frozenset(join_path(split_path(path)) for path in told)
        return self._paths[setup]

    def _setup(self, run: Run) -> dict[str, Any]:
        if run.setup not in self._setups:
            self._setups[run.setup] = json.loads(run.setup)
        return self._setups[run.setup]


def _ended(experiment: Experiment) -> list[Run]:
    return [run for run in experiment.runs if run.counts and run.status != "planned"]


# --- declared -------------------------------------------------------------------------------


def _declared(
    project: str, settings: tuple[Setting, ...], experiments: Sequence[Experiment], context: Context
) -> Iterator[Group]:
    """Yield the groups of runs that differ in declared factors alone."""
    groups: dict[tuple[Any, ...], dict[int, list[Run]]] = {}
    paths = {path for setting in settings for path in setting.paths}
    for experiment in experiments:
        runs = _ended(experiment)
        if not runs:
            continue
        values = context.features(runs[0])  # they share them, or they were no replicates
        states = [setting.state(values) for setting in settings]
        if None in states:
            continue
        on = sum(1 << place for place, state in enumerate(states) if state)
        rest = tuple(sorted((path, value) for path, value in values.items() if path not in paths))
        key = (*context.rest(runs[0]), rest)
        groups.setdefault(key, {}).setdefault(on, []).extend(runs)
    for key, cells in groups.items():
        if len(cells) > 1:
            first = min((run for runs in cells.values() for run in runs), key=lambda r: r.run_id)
            name = f"{first.recorded_name[:_NAME]} {Digest.of_value(_plain(key)).hex[:8]}"
            yield Group(project, "declared", name, settings, cells)


def _plain(key: tuple[Any, ...]) -> Any:
    return [_plain(part) if isinstance(part, tuple) else part for part in key]


# --- found ----------------------------------------------------------------------------------


def _found(
    seen: Seen, project: str, experiments: Sequence[Experiment], context: Context,
    left_out: list[str],
) -> Iterator[Group]:  # fmt: skip
    """Yield the groups that nobody declared: experiments against the root that they derive from.

    A factor is a feature, or some that change together, that has the root's value or one other;
    off is the root's. Experiments in which anything with a third value differs do not belong.
    """
    below: dict[str, list[Experiment]] = {}
    roots = seen.lineage.graph.root
    for experiment in experiments:
        root = roots.get(experiment.experiment)
        if root is not None:
            below.setdefault(root, []).append(experiment)
    for root, related in sorted(below.items()):
        if len(related) <= _FEWEST_FOUND:
            continue
        if len(related) > MOST_RELATED:
            left_out.append(f"what {len(related):,} experiments below one root would say")
            continue
        expect(one.runs for one in related)
        group = _below(project, root, related, context, left_out)
        if group is not None:
            yield group


def _below(
    project: str, root: str, related: Sequence[Experiment], context: Context, left_out: list[str]
) -> Group | None:
    ended = {one.experiment: runs for one in related if (runs := _ended(one))}
    if root not in ended:
        return None  # nothing says what off is
    first = ended[root][0]
    base, rest = context.features(first), context.rest(first)
    changes = {
        name: _changes(base, context.features(runs[0]))
        for name, runs in ended.items()
        if context.rest(runs[0]) == rest
    }
    settings = _settings(base, changes)
    if len(settings) > MOST_FACTORS:
        rest_of = counted(len(settings) - MOST_FACTORS, "factor")
        left_out.append(f"{rest_of} found below {first.name[:_NAME]}")
        settings = settings[:MOST_FACTORS]
    cells: dict[int, list[Run]] = {}
    known = {path for setting in settings for path in setting.paths}
    for name, change in sorted(changes.items()):
        if change.keys() <= known:
            states = [bool(change.keys() & set(setting.paths)) for setting in settings]
            on = sum(1 << place for place, state in enumerate(states) if state)
            cells.setdefault(on, []).extend(ended[name])
    if len(settings) < _FEWEST_FOUND or len(cells) <= _FEWEST_FOUND:
        return None
    name = f"{first.recorded_name[:_NAME]} {root.removeprefix('sha256:')[:8]}"
    return Group(project, "found", name, settings, cells)


def _changes(base: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    return {
        path: other.get(path, ABSENT)
        for path in base.keys() | other.keys()
        if other.get(path, ABSENT) != base.get(path, ABSENT)
    }


def _settings(
    base: Mapping[str, str], changes: Mapping[str, Mapping[str, str]]
) -> tuple[Setting, ...]:
    """Return the factors: those in which most experiments differ first, then by name."""
    values: dict[str, set[str]] = {}
    for change in changes.values():
        for path, value in change.items():
            values.setdefault(path, set()).add(value)
    single = {path for path, found in values.items() if len(found) == 1}
    where: dict[str, list[str]] = {}
    for name, change in changes.items():
        if change.keys() <= single:  # one with a third value of something is no cell
            for path in change:
                where.setdefault(path, []).append(name)
    together: dict[tuple[str, ...], list[str]] = {}
    for path, names in sorted(where.items()):
        together.setdefault(tuple(sorted(names)), []).append(path)
    found = [
        (
            -len(names),
            Setting(
                " & ".join(paths),
                tuple(paths),
                tuple(next(iter(values[path])) for path in paths),
                tuple(base.get(path, ABSENT) for path in paths),
            ),
        )
        for names, paths in together.items()
    ]
    return tuple(setting for _, setting in sorted(found))
