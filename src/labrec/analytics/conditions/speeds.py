"""Where speed and energy of runs lie on each model of processor and accelerator. ○ No IO."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from labrec.analytics.conditions.definition import asked, role_of
from labrec.analytics.plain import cut, machines
from labrec.analytics.plain import unit as unit_text
from labrec.analytics.replicates import rounded
from labrec.record.wording import better, counted, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labrec.analytics.run import Run
    from labrec.analytics.seen import Seen


class _Place(NamedTuple):
    project: str
    metric: str
    cpu_model: str
    gpu_model: str
    unit: str | None


def speeds(seen: Seen) -> Iterator[dict[str, Any]]:
    """Yield the rows of `hardware_speeds`, by column.

    Metrics are those that `hardware_quality` compares. Each run that counts and is complete is one
    value; experiments are not told apart, so that a row describes and compares nothing. Quartiles
    are between the two values that they fall between (R. J. Hyndman and Y. Fan, Sample Quantiles in
    Statistical Packages, 1996, definition 7).
    """
    wanted = {name: seen.defined(name, asked) or asked({}, name) for name in seen.projects}
    if not any(
        (wanted[project].roles.get(metric) or role_of(unit)) != "quality"
        for project, metric, unit in seen.runs.measured()
    ):
        return  # as in many labs: then no run is looked at
    found: dict[_Place, list[Run]] = {}
    for run in seen.runs:
        if not run.counts or run.status != "complete":
            continue
        roles, keys = wanted[run.project].roles, seen.keys.get(run.project, {})
        for metric, measured in run.metrics.items():
            if metric not in keys and metric not in roles:
                continue
            role = roles.get(metric) or role_of(measured.unit)
            if role != "quality" and math.isfinite(measured.value):
                place = _Place(
                    run.project, metric, run.cpu_model or "", run.gpu_model or "", measured.unit
                )
                found.setdefault(place, []).append(run)
    for place, runs in found.items():
        role = wanted[place.project].roles.get(place.metric) or role_of(place.unit)
        direction = seen.keys.get(place.project, {}).get(place.metric)
        yield _row(place, runs, direction, role)


def _row(place: _Place, runs: list[Run], direction: str | None, role: str) -> dict[str, Any]:
    measured = [run.metrics[place.metric] for run in runs]
    said = {one.direction for one in measured}
    values = np.quantile([one.value for one in measured], [0, 0.25, 0.5, 0.75, 1])
    names = ("min", "q1", "median", "q3", "max")
    row = place._asdict() | {
        "role": role,
        "direction": direction or (said.pop() if len(said) == 1 else None),
        "n": len(runs),
        "n_experiments": len({run.experiment for run in runs}),
        "n_machines": len({run.machine for run in runs} - {None}),
        **{name: rounded(float(value)) for name, value in zip(names, values, strict=True)},
    }
    return row | {"sentence": _sentence(row)}


def _sentence(row: dict[str, Any]) -> str:
    way = better(row["direction"])
    where = cut(row["cpu_model"]) if row["cpu_model"] else "processors that are not known"
    with_ = f" with {cut(row['gpu_model'])}" if row["gpu_model"] else ""
    unit = unit_text(row["unit"])
    values = f"{number(row['median'])}{unit}"
    if row["n"] > 1:
        values = (
            f"median {values}, the middle half {number(row['q1'])} to {number(row['q3'])}{unit}, "
            f"all {number(row['min'])} to {number(row['max'])}{unit}"
        )
    return (
        f"{row['project']}: {cut(row['metric'])}{f' ({way})' if way else ''} on {where}{with_}: "
        f"{values} ({counted(row['n'], 'run')} of {counted(row['n_experiments'], 'experiment')} "
        f"{machines(row['n_machines'])}). Described, not compared: what was run differs too."
    )
