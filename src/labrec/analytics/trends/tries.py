"""The variants that were tried of one thing, in the order in which they were. ○ No IO.

*Of one thing* means: in one project, on the same datasets, judged by the same metric in the same
unit. Nothing else can be the best of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from labrec.analytics.replicates import distinct
from labrec.analytics.stats.spread import PooledSd, pooled_sd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labrec.analytics.run import Run
    from labrec.analytics.seen import Experiment, Seen

_SMALLEST, _LARGEST = 1e-300, 1e300  # noises that arithmetic can be done with

Place = tuple[float, float, str]
"""Start, place where it was imported from, run id: what runs are ordered by."""


class Variant(NamedTuple):
    """An experiment as one of many tries.

    Attributes:
        experiment: Its config digest.
        name: Its name.
        place: Where it stands: that of its first run.
        value: Mean over its runs that count; None where none of them has one.
        sd: Their standard deviation; None below two.
        n: How many they are.
        tried: Runs that gave a value, retracted ones among them.
        machines: Machines that the n runs were on, those that are known.
        root: The experiment at the top of its first parents, or None.
    """

    experiment: str
    name: str
    place: Place
    value: float | None
    sd: float | None
    n: int
    tried: int
    machines: frozenset[str]
    root: str | None


@dataclass(frozen=True)
class Tries:
    """All variants of one thing.

    Attributes:
        project: The project.
        metric: The metric.
        datasets: What they used, joined by commas; empty for none.
        unit: Unit of the metric, or None.
        direction: maximize or minimize; None where nobody says.
        ordered: Whether it is known of all of them when they were run.
        variants: In order.
    """

    project: str
    metric: str
    datasets: str
    unit: str | None
    direction: str | None
    ordered: bool
    variants: list[Variant]

    @cached_property
    def noise(self) -> PooledSd | None:
        """Standard deviation within experiments, pooled; None where none was repeated."""
        found = pooled_sd((one.n, one.sd) for one in self.variants if one.sd is not None)
        if found is None or not (found.sd == 0 or _SMALLEST < found.sd < _LARGEST):
            return None  # beyond them nothing can be computed with it
        return found

    @property
    def sign(self) -> int:
        """1 where more is better, else -1."""
        return 1 if self.direction == "maximize" else -1


def place_of(run: Run) -> Place:
    """Return what runs are ordered by: their start, then their place where they came from."""
    start = run.started.timestamp() if run.started is not None else -math.inf
    order = math.inf if run.origin_order is None else run.origin_order
    return start, order, run.run_id


def is_placed(run: Run) -> bool:
    """Say whether it is known where a run stands in the order."""
    return run.started is not None or run.origin_order is not None


def datasets_of(runs: Sequence[Run]) -> str:
    """Return the datasets of an experiment, whose runs all used the same."""
    return ", ".join(sorted(runs[0].datasets))


def tries(seen: Seen) -> list[Tries]:
    """Return what was tried, ordered by project, metric, datasets and unit; key metrics alone."""
    found: dict[tuple[str, str, str, str], list[tuple[Variant, str | None, bool]]] = {}
    for experiment in seen.experiments:
        complete = [run for run in experiment.runs if run.status == "complete"]
        if not complete:
            continue
        datasets, ordered = datasets_of(experiment.runs), all(map(is_placed, complete))
        place = min(map(place_of, complete))
        counting = distinct(complete)
        for metric, given in seen.keys.get(experiment.project, {}).items():
            tried = _tried(complete, metric)
            if not tried:
                continue
            unit, direction = _said(experiment, metric)
            variant = _variant(seen, experiment, metric, place, tried, counting)
            key = experiment.project, metric, datasets, unit or ""
            found.setdefault(key, []).append((variant, given or direction, ordered))
    return [_tries(key, found[key]) for key in sorted(found)]


def _variant(
    seen: Seen, experiment: Experiment, metric: str, place: Place, tried: int, counting: list[Run]
) -> Variant:
    summed = seen.summed[experiment.project, experiment.experiment].get(metric)
    replicates = summed.replicates if summed is not None else None
    return Variant(
        experiment.experiment,
        experiment.name,
        place,
        replicates.mean if replicates is not None else None,
        replicates.sd if replicates is not None else None,
        replicates.n if replicates is not None else 0,
        tried,
        frozenset(run.machine for run in counting if metric in run.metrics and run.machine),
        seen.lineage.graph.root.get(experiment.experiment),
    )


def _tried(complete: Sequence[Run], metric: str) -> int:
    """Count the complete runs that gave a value; retracted ones, too: they were looked at.

    Two records of one run, and two runs with identical outputs, are one try; a record whose place
    another one took is none.
    """
    ids, outputs = set(), set()
    for run in complete:
        if run.standing == "superseded":
            continue
        if metric not in run.metrics or not math.isfinite(run.metrics[metric].value):
            continue
        if run.output is not None and run.output in outputs:
            continue
        outputs.add(run.output)
        ids.add(run.run_id)
    return len(ids)


def _said(experiment: Experiment, metric: str) -> tuple[str | None, str | None]:
    """Return unit and direction of a metric, as the first run that has it says."""
    found = next(run.metrics[metric] for run in experiment.runs if metric in run.metrics)
    return found.unit, found.direction


def _tries(key: tuple[str, str, str, str], found: list[tuple[Variant, str | None, bool]]) -> Tries:
    project, metric, datasets, unit = key
    directions = {direction for _, direction, _ in found}
    return Tries(
        project,
        metric,
        datasets,
        unit or None,
        directions.pop() if len(directions) == 1 else None,
        all(ordered for _, _, ordered in found),
        sorted((variant for variant, _, _ in found), key=lambda one: (one.place, one.experiment)),
    )
