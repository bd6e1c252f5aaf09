"""What a primary metric meant when a claim was registered, and whether it does still. ○ No IO.

A registration names its metrics. A definition that is made when results are known could take the
best point of a run where the last one disappoints, so that a metric which means something else now
decides nothing for claims that are older.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labrec.analytics.evidence.claims import milliseconds
from labrec.catalog.definition import Aggregation, MetricDefinition, Origin
from labrec.catalog.versions import current

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from labrec.analytics.evidence.claims import Claim
    from labrec.catalog.metrics import DefinedMetric

_LOGGED: tuple[Any, Any] = (Aggregation(), None), Origin()  # a metric that nothing defines


def in_force(found: DefinedMetric | None, ms: int) -> MetricDefinition | None:
    """Return the definition of a metric that counted at a time; None where none did.

    Args:
        found: All versions, or None.
        ms: When, in milliseconds since 1970.
    """
    if found is None:
        return None
    there = [one for one in found.versions if one.time and milliseconds(one.time) <= ms]
    counting = current(there)
    return counting[0] if len(counting) == 1 else None


def redefined(claim: Claim, defined: Mapping[str, DefinedMetric]) -> tuple[str, ...]:
    """Return the primary metrics whose values mean something else than when the claim was made.

    Of a computed metric every metric of the project is asked for: it may be computed from any.

    Args:
        claim: The registration.
        defined: The defined metrics of its project, by name.
    """
    found = []
    for target in claim.targets:
        metric = defined.get(target.name)
        names: Iterable[str] = [target.name]
        if metric is not None and any(one.is_computed for one in metric.versions):
            names = defined
        if any(_changed(defined.get(name), claim.registered_ms) for name in names):
            found.append(target.name)
    return tuple(found)


def resolutions(claim: Claim, defined: Mapping[str, DefinedMetric]) -> dict[str, float | None]:
    """Return of each primary metric the resolution that was declared before the claim."""
    then = {target.name: in_force(defined.get(target.name), claim.registered_ms)
            for target in claim.targets}  # fmt: skip
    return {name: None if one is None else one.resolution for name, one in then.items()}


def _changed(metric: DefinedMetric | None, ms: int) -> bool:
    if metric is None:
        return False
    return _meaning(in_force(metric, ms)) != _meaning(metric.definition)


def _meaning(one: MetricDefinition | None) -> tuple[Any, Any]:
    if one is None:
        return _LOGGED
    # which point is the best depends on which way is better
    best = one.direction if one.aggregation.kind == "best" else None
    return (one.aggregation, best), one.origin
