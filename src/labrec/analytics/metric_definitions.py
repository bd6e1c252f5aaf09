"""The tables about what metrics mean. ○ No IO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from labrec.analytics.extract import text_of
from labrec.analytics.tables import METRIC_DEFINITIONS, METRICS_MISSING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from labrec.analytics.seen import Seen
    from labrec.analytics.tables import Table
    from labrec.catalog.definition import MetricDefinition, Origin
    from labrec.catalog.metrics import DefinedMetric

Row = tuple[Any, ...]

TABLES: Final[tuple[Table, ...]] = (METRIC_DEFINITIONS, METRICS_MISSING)


def rows(seen: Seen) -> Iterator[tuple[Table, Iterable[Row]]]:
    """Yield the tables of definitions and of what they find no value of."""
    if not seen.definitions:
        return
    yield METRIC_DEFINITIONS, definition_rows(seen)
    yield METRICS_MISSING, missing_rows(seen)


def definition_rows(seen: Seen) -> Iterator[Row]:
    """Yield every definition of every project, with how many runs it is about."""
    counted = _counted(seen)
    for project, metrics in sorted(seen.definitions.items()):
        for name, metric in sorted(metrics.items()):
            for one in metric.versions:
                used = counted.get((project, name), (0, 0, 0, 0))
                state = _state(metric, one)
                yield _row(one, state, used if state == "counts" else (0, 0, 0, 0))


def missing_rows(seen: Seen) -> Iterator[Row]:
    """Yield what a complete run has no value of, with the reason."""
    for run in seen.runs:
        for name, reason in sorted(seen.missing.get(run.place, {}).items()):
            definition = seen.metric(run.project, name)
            if run.status == "complete" and definition is not None:
                yield run.project, run.run_id, name, reason, definition.digest, run.digest


def _counted(seen: Seen) -> dict[tuple[str, str], tuple[int, int, int, int]]:
    """Return of each metric with a definition that counts: with a value, without, and others."""
    found: dict[tuple[str, str], tuple[int, int, int, int]] = {}
    names = {
        project: {name for name, one in metrics.items() if one.definition is not None}
        for project, metrics in seen.definitions.items()
    }
    for run in seen.runs:
        missing = seen.missing.get(run.place, {}) if run.status == "complete" else {}
        for name in names.get(run.project, ()):
            other = seen.disagreed.get(run.place, {}).get(name, (False, False))
            more = name in run.metrics, name in missing, *other
            if any(more):
                have = found.get((run.project, name), (0, 0, 0, 0))
                one, two, three, four = (a + b for a, b in zip(have, more, strict=True))
                found[run.project, name] = one, two, three, four
    return found


def _state(metric: DefinedMetric, one: MetricDefinition) -> str:
    if one not in metric.current:
        return "amended"
    return "counts" if metric.definition is not None else "several"


def _row(one: MetricDefinition, state: str, used: tuple[int, int, int, int]) -> Row:
    origin = one.origin
    package = f"{origin.package} {origin.version}" if origin.kind == "entry_point" else None
    return (
        one.project,
        one.name,
        one.digest,
        one.number,
        state,
        one.unit,
        one.direction,
        one.resolution,
        one.margin,
        one.aggregation.kind,
        one.aggregation.percent,
        origin.kind,
        _computed_from(origin),
        package,
        origin.digest or None,
        one.description,
        list(one.amends),
        *used,
        one.path,
    )


def _computed_from(origin: Origin) -> str | None:
    if origin.kind == "composite":
        parts = [part._asdict() for part in origin.parts]
        return text_of({"form": origin.form, "parts": parts})
    return origin.expression or origin.entry_point or None
