"""Designs within a run: what its counterfactual calls measured. ○ Pure.

Replicates of a call are its seeds, and a seed that is common to all cells is a block: their scatter
is that of measuring, not of training. So each run, and each call, is a design of its own.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Final, NamedTuple

from labrec.analytics.attribution.design import Cell, Design, Origin
from labrec.analytics.attribution.rows import Placed
from labrec.record.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from labrec.analytics.calls import Call, LiveCell
    from labrec.analytics.run import Run

MOST_METRICS: Final = 20
"""Metrics of one call that are attributed; those of classes (``per_class.cat``) come last."""

MOST_DESIGNS: Final = 200
"""Designs within the runs of a project, of the newest runs first."""

_NAME = 60  # characters of a run's name


class Live(NamedTuple):
    """The designs within a project's runs.

    Attributes:
        designs: They.
        left_out: What is not among them, a sentence each.
    """

    designs: list[Placed]
    left_out: list[str]


def live(asked: Sequence[tuple[Run, list[Call]]], directions: Mapping[str, str | None]) -> Live:
    """Return the designs within runs.

    Args:
        asked: The runs of a project that asked, and their calls, in the order of their ids.
        directions: Of the project's key metrics.
    """
    designs: list[Placed] = []
    spoilt = older = 0
    more: list[int] = []  # of each call, its metrics beyond those that are attributed
    for run, calls in reversed(asked):
        if not run.counts:
            continue
        for number, call in enumerate(calls, 1):
            if call.restored in {"differs", "failed"}:
                spoilt += 1
                continue
            name = _name(run, call, number if len(calls) > 1 else 0)
            names = _metrics(call, directions)
            if len(names) > MOST_METRICS:
                more.append(len(names) - MOST_METRICS)
            found = list(_placed(run, call, name, names[:MOST_METRICS], directions))
            if len(designs) + len(found) > MOST_DESIGNS:
                older += len(found)
            else:
                designs += found
    left_out = []
    if spoilt:
        left_out.append(
            f"{counted(spoilt, 'call')} after which the object was not what it had been"
        )
    if more:
        left_out.append(f"{counted(sum(more), 'metric')} of {counted(len(more), 'call')}")
    if older:
        left_out.append(f"{counted(older, 'design')} within older runs")
    return Live(designs, left_out)


def _name(run: Run, call: Call, number: int) -> str:
    parts = [run.recorded_name[:_NAME], run.run_id]
    parts += [f"step {call.step}"] if call.step is not None else []
    parts += [call.at] if call.at is not None else []
    parts += [f"call {number}"] if number else []
    return ", ".join([" ".join(parts[:2]), *parts[2:]])


def _metrics(call: Call, directions: Mapping[str, str | None]) -> list[str]:
    """Return the metrics of a call: plain ones first, the project's key metrics among them."""
    names = {metric for cell in call.cells for metric in cell.values}
    return sorted(names, key=lambda metric: ("." in metric, metric not in directions, metric))


def _placed(
    run: Run, call: Call, name: str, metrics: Sequence[str], directions: Mapping[str, str | None]
) -> Iterator[Placed]:
    for metric in metrics:
        valued = [cell for cell in call.cells if math.isfinite(cell.values.get(metric, math.nan))]
        own = run.metrics.get(metric)
        direction = directions.get(metric) or (own.direction if own is not None else None)
        cells = _cells(run, valued, metric)
        if len(cells) > 1:
            unit = own.unit if own is not None else None
            origin = Origin(run.project, "run", name, 1, 1, len(call.cells) - len(valued))
            design = Design(call.factors, cells, metric, unit, direction, orders=call.orders)
            yield Placed(origin, design)


def _cells(run: Run, measured: Sequence[LiveCell], metric: str) -> tuple[Cell, ...]:
    by_mask: dict[int, dict[int, LiveCell]] = {}
    for cell in measured:
        by_mask.setdefault(cell.on, {}).setdefault(cell.replicate, cell)
    return tuple(
        Cell(
            on,
            tuple(cell.values[metric] for cell in found.values()),
            tuple(_block(cell) for cell in found.values()),
            (run.digest,) * len(found),
        )
        for on, found in sorted(by_mask.items())
    )


def _block(cell: LiveCell) -> str:
    """Return what a measurement shares with those of other cells: replicate and seed."""
    if cell.seed is None:
        return json.dumps({"replicate": cell.replicate})
    return json.dumps({"seed": cell.seed})
