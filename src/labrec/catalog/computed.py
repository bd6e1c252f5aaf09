"""Metrics that are computed from other metrics of a run, in an order that works. ○ No IO."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from labrec.catalog.expression import Metric, Missing, Node, evaluate, metrics_of, parse
from labrec.errors import InvalidError
from labrec.lineage.graph import graph

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from labrec.catalog.definition import MetricDefinition

Values = dict[str, "float | Missing"]


class Plan(NamedTuple):
    """How the computed metrics of a project are computed.

    Attributes:
        steps: Definitions in an order in which each stands behind what it is computed from, with
            the expression where that is what it has.
        hopeless: Metrics that no run can have, by name, and why.
    """

    steps: tuple[tuple[MetricDefinition, Node | None], ...]
    hopeless: Mapping[str, Missing]

    def values(self, metrics: Mapping[str, float]) -> Values:
        """Return the computed metrics of a run, each a finite number or why there is none.

        A computed metric takes the place of one of its name that the run logged.

        Args:
            metrics: The run's metrics by name; may be NaN or infinite.
        """
        known: dict[str, float | Missing] = {**metrics, **self.hopeless}
        found: Values = dict(self.hopeless)
        for definition, node in self.steps:
            value = evaluate(node, known) if node is not None else composite(definition, known)
            known[definition.name] = found[definition.name] = value
        return found


def plan(definitions: Iterable[MetricDefinition]) -> Plan:
    """Return how to compute the computed metrics among the definitions of one project.

    An expression that cannot be read, and metrics that are computed from themselves, have no value.

    Args:
        definitions: At most one of each name; those that are not computed are passed over.
    """
    computed: dict[str, tuple[MetricDefinition, Node | None]] = {}
    hopeless: dict[str, Missing] = {}
    for definition in definitions:
        if definition.origin.kind == "composite":
            computed[definition.name] = definition, None
        elif definition.origin.kind == "expression":
            try:
                computed[definition.name] = definition, parse(definition.origin.expression)
            except InvalidError as error:
                hopeless[definition.name] = Missing(error.message)
    edges = [
        (name, other)
        for name, (definition, node) in computed.items()
        for other in _reads(definition, node)
        if other in computed
    ]
    order = graph(computed, edges).order
    for name in computed.keys() - set(order):
        hopeless[name] = Missing("what it is computed from leads back in a circle")
    return Plan(tuple(computed[name] for name in order), hopeless)


def composite(
    definition: MetricDefinition, values: Mapping[str, float | Missing]
) -> float | Missing:
    """Take the parts of a composite together: a finite number, or why there is none.

    Of a part whose other direction is better the weighted sum takes the negative, and the geometric
    mean the inverse, so that more (or less, by the composite's direction) is better of all of them.
    With weights w and signs s = ±1: Σ w·s·x, and exp(Σ w·s·ln x / Σ w) (the weighted geometric
    mean; Hardy, Littlewood and Pólya, Inequalities, 1934, 2.2).

    Args:
        definition: Its parts, form and direction.
        values: The metrics by name.
    """
    terms = []
    for part in definition.origin.parts:
        value = evaluate(Metric(part.metric), values)
        if isinstance(value, Missing):
            return value
        signed = part.weight if part.direction == definition.direction else -part.weight
        if definition.origin.form == "geometric_mean":
            if value <= 0:
                return Missing("a geometric mean of a number that is not above 0")
            value = math.log(value)
        terms.append(signed * value)
    try:
        total = math.fsum(terms)
        if definition.origin.form == "geometric_mean":
            total = math.exp(total / math.fsum(part.weight for part in definition.origin.parts))
    except (OverflowError, ValueError):  # infinite terms of both signs have no sum
        total = math.inf
    return total if math.isfinite(total) else Missing("a number that is too large")


def _reads(definition: MetricDefinition, node: Node | None) -> list[str]:
    if node is not None:
        return metrics_of(node)
    return [part.metric for part in definition.origin.parts]
