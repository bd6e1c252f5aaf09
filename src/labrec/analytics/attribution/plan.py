"""How to make the runs that a design lacks, learnt from those that were made. ○ Pure.

A project's own runs show how its program is told its features: by a features file, or by words of
its command line. A way counts only when it makes the command line of every measured run from that
of every other; what cannot be derived so is said, with the features that the run needs.
"""

from __future__ import annotations

import json
from statistics import median_low
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.analytics.attribution.command_line import Blank, Learnt, Made, learn
from labrec.analytics.attribution.design import members
from labrec.analytics.attribution.words import switches

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from labrec.analytics.attribution.design import Cell
    from labrec.analytics.attribution.factors import Setting

MOST_RUNS: Final = 500
"""Runs that a plan lists."""


class PlannedRun(NamedTuple):
    """A run to make.

    Attributes:
        cell: A digit for each factor: 1 = on.
        on: Factors that are on.
        seeds: Its seeds by name; empty where the measured runs have none.
        name: What it is called.
        features: What it is given: the whole tree, tagged.
        cwd: Folder to run in, relative to the code's root; ``.`` for the root itself.
        files: Files to write before it runs, by path from the root.
        command: What to run; empty where it cannot be derived.
        problem: Why it cannot; empty where it can.
    """

    cell: str
    on: tuple[str, ...]
    seeds: dict[str, str]
    name: str
    features: dict[str, Any]
    cwd: str
    files: dict[str, str]
    command: tuple[str, ...]
    problem: str

    def to_json(self) -> dict[str, Any]:
        """Return the run with stable keys."""
        return {**self._asdict(), "on": list(self.on), "command": list(self.command)}


class Plan(NamedTuple):
    """Runs that make a design complete; true when each of them can be run as it is listed.

    Attributes:
        design: Digest of the design.
        name: What the design is called.
        metric: What it measures.
        cells: The cells, a digit a factor, and how many runs each lacks.
        runs: The runs.
        left_out: Runs beyond `MOST_RUNS`.
        advice: What a reader must know before running them, a sentence each.
    """

    design: str
    name: str
    metric: str
    cells: dict[str, int]
    runs: list[PlannedRun]
    left_out: int
    advice: tuple[str, ...]

    def __bool__(self) -> bool:
        return all(run.command for run in self.runs)

    def to_json(self) -> dict[str, Any]:
        """Return the plan with stable keys."""
        return {**self._asdict(), "runs": [run.to_json() for run in self.runs],
                "advice": list(self.advice), "executable": bool(self)}  # fmt: skip


class Asked(NamedTuple):
    """What is planned.

    Attributes:
        project: The project.
        design: Digest of the design.
        name: What it is called.
        metric: What it measures.
        settings: Its factors, in order.
        cells: Its measured cells.
        needed: Cells that it lacks.
        replicates: How many runs each cell is to have; None = as many as the measured ones.
        parent: Run that new ones derive from, or None.
    """

    project: str
    design: str
    name: str
    metric: str
    settings: Sequence[Setting]
    cells: Sequence[Cell]
    needed: Sequence[int]
    replicates: int | None = None
    parent: str | None = None


def plan(asked: Asked, made: Sequence[Made]) -> Plan:
    """Return the runs that a design lacks.

    Args:
        asked: The design.
        made: The runs of its cells, at least one.
    """
    k = len(asked.settings)
    lacking = missing(asked.cells, asked.needed, asked.replicates)
    learnt = learn(made, asked.settings)
    runs = [_planned(asked, learnt, on, seeds) for on, seeds in lacking[:MOST_RUNS]]
    cells: dict[str, int] = {}
    for on, _ in lacking:
        cells[switches(on, k)] = cells.get(switches(on, k), 0) + 1
    return Plan(
        asked.design, asked.name, asked.metric, cells, runs, max(0, len(lacking) - MOST_RUNS),
        _advice(runs, made),
    )  # fmt: skip


def missing(
    cells: Sequence[Cell], needed: Iterable[int], replicates: int | None = None
) -> list[tuple[int, dict[str, str]]]:
    """Return cell and seeds of each run that is lacking, by replicate: blocks are completed.

    Args:
        cells: The measured cells.
        needed: Cells that are not measured.
        replicates: How many runs each cell is to have; None = as many as measured ones have.
    """
    wanted = _wanted(cells, replicates)
    there = {cell.on: list(cell.seeds) for cell in cells}
    there |= {on: [] for on in needed if on not in there}
    found: list[tuple[int, dict[str, str]]] = []
    for text in wanted:
        for on, seeds in sorted(there.items()):
            if text is None:
                if len(seeds) < len(wanted):
                    seeds.append(None)
                    found.append((on, {}))
            elif text not in seeds:
                found.append((on, _seeds(text)))
    return found


def _wanted(cells: Sequence[Cell], replicates: int | None) -> list[str | None]:
    """Return the seeds that every cell is to have; None for each that is not known."""
    usual = replicates or median_low([len(cell.values) for cell in cells])
    counts: dict[str, int] = {}
    for cell in cells:
        for text in {seeds for seeds in cell.seeds if seeds is not None}:
            counts[text] = counts.get(text, 0) + 1
    ranked = sorted(counts, key=lambda text: (-counts[text], _order(text)))
    if not ranked:
        return [None] * usual
    common = [text for text in ranked if 2 * counts[text] >= len(cells)]
    chosen = sorted(common or ranked[:usual], key=_order)
    while len(chosen) < (replicates or 0):
        chosen.append(_next(chosen))
    return list(chosen)


def _seeds(text: str) -> dict[str, str]:
    found = json.loads(text)
    return {str(name): str(value) for name, value in found.items()}


def _order(text: str) -> list[tuple[int, str]]:
    return [(int(value), name) for name, value in sorted(_seeds(text).items())]


def _next(chosen: Sequence[str]) -> str:
    """Return seeds that are not among some: each by name one more than the largest."""
    names = {name: 0 for text in chosen for name in _seeds(text)}
    for text in chosen:
        for name, value in _seeds(text).items():
            names[name] = max(names[name], int(value))
    return json.dumps({name: str(value + 1) for name, value in sorted(names.items())})


def _planned(asked: Asked, learnt: Learnt, on: int, seeds: dict[str, str]) -> PlannedRun:
    k = len(asked.settings)
    names = tuple(setting.name for setting in asked.settings)
    blank = Blank(on, f"cell_{switches(on, k)}", seeds, asked.project, asked.parent)
    line = learnt.line(blank)
    return PlannedRun(
        switches(on, k), members(on, names), seeds, blank.name, line.features,
        line.cwd, line.files, line.command, line.problem,
    )  # fmt: skip


def _advice(runs: Sequence[PlannedRun], made: Sequence[Made]) -> tuple[str, ...]:
    found = []
    if runs and all(one.wrapped and not one.options for one in made):
        found.append(
            "No record says that its metrics came from a file: where the program leaves them in "
            "one, add --metrics FILE."
        )
    overwritten = sorted({
        path for run in runs for path in run.files
        if any(one.source == path for one in made)
    })  # fmt: skip
    found += [f"{path} is written anew, as it was for the measured runs." for path in overwritten]
    return tuple(found)
