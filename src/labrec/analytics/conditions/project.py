"""One project: its runs, conditions and metrics as arrays. ○ No IO."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from labrec.analytics.conditions.blocks import Key, keys, model_of
from labrec.analytics.conditions.confounding import Circumstances
from labrec.analytics.conditions.definition import Asked, asked, role_of
from labrec.analytics.conditions.layout import Runs
from labrec.analytics.conditions.levels import conditions, levels

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

    from labrec.analytics.conditions.definition import Role
    from labrec.analytics.conditions.layout import Floats, Places
    from labrec.analytics.conditions.levels import Levels
    from labrec.analytics.run import Run
    from labrec.analytics.seen import Seen

_ENDED = frozenset({"complete", "failed", "interrupted"})


class Margin(NamedTuple):
    """The difference that would matter, δ.

    Attributes:
        value: > 0, in the metric's unit.
        origin: definition or registration.
    """

    value: float
    origin: str


class Metric(NamedTuple):
    """A metric of a project's runs.

    Attributes:
        name: Its name.
        role: What it measures.
        units: Units that its runs give it.
        direction: maximize, minimize or None.
        values: Of each run; NaN where there is no finite value, or the run is not complete.
    """

    name: str
    role: Role
    units: tuple[str | None, ...]
    direction: str | None
    values: Floats


class Parted(NamedTuple):
    """A condition that parts the runs of a project.

    Attributes:
        levels: The condition and the level of each run.
        codes: Level of each run; of an amount 0; -1 where it is not known.
        keys: Block of each run.
        blocks: The same as numbers from 0 on.
        aliases: Other conditions that part the runs in the same way.
        signature: What they have in common.
    """

    levels: Levels
    codes: Places
    keys: list[Key]
    blocks: Places
    aliases: tuple[str, ...]
    signature: Hashable


class Project(NamedTuple):
    """A project as the comparisons need it.

    Attributes:
        name: Its name.
        runs: Runs that count and ended.
        complete: Whether each is complete.
        machines: Machine of each, -1 where it is not known.
        seeds: Seeds of each, -1 where there are none.
        outputs: Output of each, -1 where there is none.
        experiments: Experiment of each.
        circumstances: What else they differ in.
        conditions: Those that part the runs, by name.
        metrics: Metrics with a role, by name.
        margins: δ of metrics that have one, by name.
    """

    name: str
    runs: list[Run]
    complete: np.ndarray
    machines: Places
    seeds: Places
    outputs: Places
    experiments: Places
    circumstances: Circumstances
    conditions: list[Parted]
    metrics: list[Metric]
    margins: dict[str, Margin]

    def observed(self, part: Parted, values: Floats) -> tuple[Runs, int]:
        """Return the runs with a known level and a value, identical measurements once.

        Two runs of one block and level whose outputs have one digest say one thing twice.

        Args:
            part: The condition.
            values: Of each run, NaN for none.

        Returns:
            The runs, and how many were left out.
        """
        places = np.flatnonzero((part.codes >= 0) & ~np.isnan(values))
        outputs = self.outputs[places]
        unique = np.where(outputs >= 0, outputs, -1 - np.arange(len(places)))
        cell = np.column_stack([part.codes[places], part.blocks[places], unique])
        _, first = np.unique(cell, axis=0, return_index=True)
        kept = places[np.sort(first)]
        runs = Runs(
            kept, part.codes[kept], part.blocks[kept], self.machines[kept], self.seeds[kept],
            values[kept],
        )  # fmt: skip
        return runs, len(places) - len(kept)


_CONDITIONS = (
    "project", "status", "standing", "cpu_model", "memory_bytes", "tier", "hardware_id", "state",
    "setup", "tree",
)  # fmt: skip


def projects(seen: Seen) -> Iterator[Project]:
    """Yield the projects that have runs under more than one level of a condition."""
    if not _differ(seen):
        return
    grouped: dict[str, list[Run]] = {name: [] for name in seen.projects}
    for run in seen.runs:
        if run.counts and run.status in _ENDED:
            grouped[run.project].append(run)
    for name, runs in grouped.items():
        wanted = seen.defined(name, asked) or asked({}, name)
        parts = _parted(runs, wanted, seen)
        if parts:
            yield _project(name, runs, parts, wanted, seen)


def _differ(seen: Seen) -> bool:
    """Say whether runs of a project may differ in a condition: of equal ones one is looked at."""
    if any(seen.runs.column("gpu_model")):
        return True  # whether a machine without one was asked is a fact of each run
    grouped: dict[str, list[Run]] = {}
    for place in seen.runs.alike(_CONDITIONS):
        run = seen.runs[place]
        if run.counts and run.status in _ENDED:
            grouped.setdefault(run.project, []).append(run)
    return any(
        levels(condition, runs, seen).varies
        for name, runs in grouped.items()
        for condition in conditions((seen.defined(name, asked) or asked({}, name)).paths)
    )


def _parted(runs: list[Run], wanted: Asked, seen: Seen) -> list[Parted]:
    """Return the conditions that vary, each with the block of every run."""
    found = [levels(condition, runs, seen) for condition in conditions(wanted.paths)]
    found = [one for one in found if one.varies]
    signatures = {one.condition.name: _signature(one) for one in found}
    known: dict[Any, tuple[list[Key], Places]] = {}
    parts = []
    for one in found:
        condition = one.condition
        place = condition.path or condition.kind
        if place not in known:
            key = keys(condition, runs, wanted.nuisance)
            known[place] = key, codes(key)
        aliases = tuple(
            name for name, signature in signatures.items()
            if name != condition.name and signature == signatures[condition.name]
        )  # fmt: skip
        parts.append(
            Parted(
                one, np.array(one.codes), *known[place], aliases,
                (place, signatures[condition.name]),
            )
        )  # fmt: skip
    return parts


def _signature(found: Levels) -> Hashable:
    """Return what two conditions share that part the runs in the same way."""
    if not found.labels:
        return tuple(found.amounts), tuple(found.codes)
    first: dict[int, int] = {-1: -1}
    return tuple(first.setdefault(code, len(first)) for code in found.codes)


def _project(name: str, runs: list[Run], parts: list[Parted], wanted: Asked, seen: Seen) -> Project:
    key = seen.keys.get(name, {})
    names = sorted({*key, *wanted.roles})
    return Project(
        name,
        runs,
        np.array([run.status == "complete" for run in runs]),
        codes([run.machine for run in runs], missing=None),
        codes([run.seeds for run in runs], missing=None),
        codes([run.output for run in runs], missing=None),
        codes([run.experiment for run in runs]),
        Circumstances(
            np.array([run.started.timestamp() if run.started else np.nan for run in runs]),
            codes([model_of(run) for run in runs]),
            codes([run.author for run in runs], missing=None),
        ),
        parts,
        [_metric(metric, key.get(metric), wanted.roles.get(metric), runs) for metric in names],
        margins(name, names, seen),
    )


def _metric(name: str, direction: str | None, role: Role | None, runs: Sequence[Run]) -> Metric:
    values = np.full(len(runs), np.nan)
    units: dict[str | None, None] = {}
    directions: dict[str | None, None] = {}
    for place, run in enumerate(runs):
        measured = run.metrics.get(name)
        if measured is None or run.status != "complete" or not math.isfinite(measured.value):
            continue
        values[place] = measured.value
        units[measured.unit] = directions[measured.direction] = None
    said = tuple(units)
    one = next(iter(directions)) if len(directions) == 1 else None
    return Metric(
        name, role or role_of(said[0] if len(said) == 1 else None), said, direction or one, values
    )


def margins(project: str, metrics: Iterable[str], seen: Seen) -> dict[str, Margin]:
    """Return δ of those metrics of a project that have one.

    That of the metric's definition; else, of the registrations that none amends and that name the
    metric, the smallest above 0.

    Args:
        project: Its name.
        metrics: Their names.
        seen: The view.
    """
    own = [one for one in seen.registrations if one.project == project]
    amended = {one.amends for one in own}
    registered: dict[str, list[float]] = {}
    for one in own:
        if one.digest not in amended:
            for metric in one.document["primary_metrics"]:
                registered.setdefault(metric["name"], []).append(float(metric["delta"]))
    found = {}
    for name in metrics:
        definition = seen.metric(project, name)
        deltas = [value for value in registered.get(name, ()) if value > 0]
        if definition is not None and definition.margin is not None:
            found[name] = Margin(definition.margin, "definition")
        elif deltas:
            found[name] = Margin(min(deltas), "registration")
    return found


def codes(values: Iterable[Hashable], *, missing: Hashable = "") -> Places:
    """Return numbers from 0 on in place of values, equal ones for equal values.

    Args:
        values: The values.
        missing: What becomes -1; the default is no value that a block or an id has.
    """
    known: dict[Hashable, int] = {missing: -1}
    return np.array([known.setdefault(value, len(known) - 1) for value in values], dtype=np.intp)
