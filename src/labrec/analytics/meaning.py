"""What the definitions of a project make of the metrics that its runs logged. ○ No IO."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from labrec.analytics.run import Measured
from labrec.catalog.computed import Plan, plan
from labrec.catalog.expression import Missing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from labrec.catalog.definition import MetricDefinition


class Logged(NamedTuple):
    """A metric of a run as its record sums it up.

    Attributes:
        last: Its last value; this and the others may be NaN or infinite.
        mean: Mean of its points.
        min: The smallest.
        max: The largest.
        points: How many points it has.
        unit: Its unit, or None.
        direction: maximize, minimize, or None.
        found_by: Digest of the definition by which the run says it was found, or None.
    """

    last: float
    mean: float
    min: float
    max: float
    points: int
    unit: str | None = None
    direction: str | None = None
    found_by: str | None = None


class Settled(NamedTuple):
    """The metrics of a run as definitions leave them.

    Attributes:
        metrics: By name; what has no value is left out.
        missing: Why a metric has no value, by name: those that a definition aggregates or computes.
    """

    metrics: dict[str, Measured]
    missing: dict[str, str]


class Meaning(NamedTuple):
    """What the definitions of one project say.

    Attributes:
        definitions: Those that count, by metric.
        plan: How the computed metrics are computed.
    """

    definitions: Mapping[str, MetricDefinition]
    plan: Plan

    @classmethod
    def of(cls, definitions: Mapping[str, MetricDefinition]) -> Meaning:
        """Return what definitions say, by metric."""
        return cls(definitions, plan(definitions.values()))

    def settle(
        self,
        logged: Mapping[str, Logged],
        tail: Callable[[str, float], float | Missing],
        evaluated: Mapping[str, float | Missing],
    ) -> Settled:
        """Return the metrics of a run.

        Unit and direction are those of the definition where it gives any. Where a function of a
        package gives the values, those count that name the definition, logged or evaluated; of one
        that was merely logged nothing says that it is the function's.

        Args:
            logged: What its record says.
            tail: Returns the mean of the last points of a metric, given their share in percent.
            evaluated: What evaluations that name the counting definition say, by metric.
        """
        metrics: dict[str, Measured] = {}
        missing: dict[str, str] = {}

        def take(name: str, value: float | Missing, unit: str | None, way: str | None) -> None:
            if isinstance(value, Missing):
                missing[name] = value.reason
            else:
                metrics[name] = Measured(value, unit, way)

        for name, found in logged.items():
            definition = self.definitions.get(name)
            if definition is None:
                metrics[name] = Measured(found.last, found.unit, found.direction)
            elif definition.origin.kind == "scalar":
                way = definition.direction or found.direction
                value = _aggregated(definition, found, tail)
                take(name, value, _unit(definition, found.unit), way)
        for name, definition in self.definitions.items():
            if definition.origin.kind == "entry_point":
                value = _found(definition, logged.get(name), tail, evaluated.get(name))
                take(name, value, _unit(definition), definition.direction)
        known = {name: one.value for name, one in metrics.items()}
        for name, value in self.plan.values(known).items():
            definition = self.definitions[name]
            take(name, value, _unit(definition), definition.direction)
        return Settled(metrics, missing)


def _unit(definition: MetricDefinition, logged: str | None = None) -> str | None:
    """Return the unit of a metric: that of its definition, where it gives one; ``1`` is none."""
    return None if definition.unit == "1" else definition.unit or logged


def _found(
    definition: MetricDefinition,
    found: Logged | None,
    tail: Callable[[str, float], float | Missing],
    evaluated: float | Missing | None,
) -> float | Missing:
    """Return what a function gave: what was logged or evaluated by the definition."""
    own = found is not None and found.found_by == definition.digest
    if found is not None and own:
        value = _aggregated(definition, found, tail)
        if evaluated is None or evaluated == value:
            return value
        return Missing("what the run logged and its evaluations disagree")
    if evaluated is None:
        return Missing("neither the run nor an evaluation names the definition that counts")
    return evaluated


def _aggregated(
    definition: MetricDefinition, found: Logged, tail: Callable[[str, float], float | Missing]
) -> float | Missing:
    kind = definition.aggregation.kind
    if kind == "tail_mean" and definition.aggregation.percent is not None:
        if found.points == 1:
            return found.last
        return tail(definition.name, definition.aggregation.percent)
    if kind == "best":
        return found.max if definition.direction == "maximize" else found.min
    return {"mean": found.mean, "min": found.min, "max": found.max}.get(kind, found.last)


def tail_mean(values: Sequence[float], percent: float) -> float | Missing:
    """Return the mean of the last points: at least one, and as many as the share says, rounded up.

    By its definition. Assumes that values stand in the order of their steps.

    Example:
        A tenth of eleven points are two: (3 + 5)/2.

        >>> tail_mean([9.0] * 9 + [3.0, 5.0], 10)
        4.0

    Args:
        values: In the order of their steps; may hold NaN and infinities, which the mean then has.
        percent: Share of the points, above 0, at most 100.
    """
    if not values:
        return Missing("the lab holds no points of it")
    # a share such as 10 % of 30 must not become 4 points by the rounding of a product
    count = max(1, math.ceil(round(len(values) * percent / 100, 9)))
    last = values[-count:]
    if not all(map(math.isfinite, last)):
        return math.fsum(last) if math.inf not in last or -math.inf not in last else math.nan
    return math.fsum(value / count for value in last)
