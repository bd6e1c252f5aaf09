"""The rows of the table `metrics`: what runs logged, with what definitions say in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from labrec.analytics.parquet import TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labrec.analytics.run import Measured, Run
    from labrec.analytics.seen import Seen
    from labrec.catalog.definition import MetricDefinition

_SOURCES: Final = {"entry_point": "evaluated"}
_TEXT, _NUMBER = TYPES["text"], TYPES["number"]
_OWN: Final = ("value", "unit", "direction", "source", "definition")


class _Given(NamedTuple):
    """What definitions say of one metric of one run; the fields are columns of the table."""

    value: float | None
    unit: str | None
    direction: str | None
    source: str
    definition: str


def settled_rows(seen: Seen, logged: pa.Table, places: pa.Array) -> tuple[pa.Table, pa.Array]:
    """Return the rows of all runs, and the place of the run of each, in the table's order.

    A computed or evaluated metric takes the place of one of its name that a run logged.

    Args:
        seen: The runs, as definitions leave them.
        logged: What the records say: the metrics of all shards, one behind the other.
        places: Of each row the place of its run.
    """
    rows = logged.drop_columns(["place", "found_by"]).append_column("value", logged["last"])
    rows = rows.append_column("source", _constant("logged", rows.num_rows))
    rows = rows.append_column("definition", _constant(None, rows.num_rows))
    if not seen.definitions:
        return rows, places
    defined = _where_defined(seen, logged, places)
    at, kept, given, own = [], [True] * rows.num_rows, [], set()
    for row, place, name, found_by in defined:
        run, definition = seen.runs[place], seen.metric(seen.runs[place].project, name)
        if definition is None:
            continue
        is_own = definition.origin.kind == "entry_point" and found_by == definition.digest
        if definition.origin.kind == "scalar" or is_own:
            at.append(row)
            given.append(_given(definition, run.metrics.get(name), "logged"))
            own.add((place, name))
        else:
            kept[row] = False
    for column, values in zip(_OWN, zip(*given, strict=True), strict=False):
        rows = _replaced(rows, column, at, list(values))
    keep = pa.array(kept, pa.bool_())
    rows, places = rows.filter(keep), places.filter(keep)
    added = [one for one in _added(seen) if (one[0], one[1]["metric"]) not in own]
    if added:
        more = pa.Table.from_pylist([row for _, row in added], rows.schema)
        rows = pa.concat_tables([rows, more])
        new = pa.array([place for place, _ in added], pa.int32())
        places = pa.concat_arrays([places, new])
    order = pc.sort_indices(
        pa.table({"place": places, "metric": rows["metric"]}),
        sort_keys=[("place", "ascending"), ("metric", "ascending")],
    )
    return rows.take(order), places.take(order)


def _where_defined(
    seen: Seen, logged: pa.Table, places: pa.Array
) -> Iterator[tuple[int, int, str, str | None]]:
    """Yield row, place of the run, name and own definition of logged metrics that are defined."""
    names = sorted({name for metrics in seen.definitions.values() for name in metrics})
    mask = pc.is_in(logged["metric"].combine_chunks(), pa.array(names, _TEXT))
    rows = pc.indices_nonzero(mask)
    yield from zip(
        rows.to_pylist(),
        places.take(rows).to_pylist(),
        logged["metric"].take(rows).to_pylist(),
        logged["found_by"].take(rows).to_pylist(),
        strict=True,
    )


def _given(definition: MetricDefinition, found: Measured | None, source: str) -> _Given:
    if found is None:
        return _Given(None, definition.unit, definition.direction, source, definition.digest)
    return _Given(found.value, found.unit, found.direction, source, definition.digest)


def _added(seen: Seen) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the place of its run and the row of each metric that was not logged."""
    for place, run in enumerate(seen.runs):
        for name, found, definition in _not_logged(seen, run):
            value = found.value
            same = {"last": value, "best": None, "mean": value, "min": value, "max": value}
            row = {"metric": name, **same, "count": 0}
            source = _SOURCES.get(definition.origin.kind, definition.origin.kind)
            yield place, row | _given(definition, found, source)._asdict()


def _not_logged(seen: Seen, run: Run) -> Iterator[tuple[str, Measured, MetricDefinition]]:
    for name in seen.definitions.get(run.project, ()):
        definition, found = seen.metric(run.project, name), run.metrics.get(name)
        if definition is None or found is None or definition.origin.kind == "scalar":
            continue
        yield name, found, definition


def _constant(value: str | None, length: int) -> pa.Array:
    return pa.nulls(length, _TEXT) if value is None else pa.repeat(pa.scalar(value, _TEXT), length)


def _replaced(rows: pa.Table, column: str, at: list[int], values: list[Any]) -> pa.Table:
    """Return a table with other values at some rows of a column."""
    import numpy as np

    mask = np.zeros(rows.num_rows, bool)
    mask[at] = True
    kind = _NUMBER if column == "value" else _TEXT
    old = rows[column].combine_chunks()
    if pa.types.is_dictionary(old.type):
        old = old.cast(kind)
    new = pc.replace_with_mask(old, pa.array(mask), pa.array(values, kind, from_pandas=False))
    return rows.set_column(rows.schema.get_field_index(column), column, new)
