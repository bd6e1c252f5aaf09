"""The tables that need all runs at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from labrec.analytics import known, noted, tables
from labrec.analytics.analyses import ANALYSES
from labrec.analytics.changes import Pair, changes
from labrec.analytics.gather import WIDE, gather
from labrec.analytics.kept_runs import together
from labrec.analytics.metric_rows import settled_rows
from labrec.analytics.parquet import column_array, rows_table, shared_column
from labrec.analytics.shard import CACHE
from labrec.store import proven

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from labrec.analytics.kept_runs import Kept
    from labrec.analytics.problem import Problem
    from labrec.analytics.tables import Table
    from labrec.store.view import View

_CHANGES = "labrec.changes/1"


class Across:
    """All runs of a view.

    Args:
        view: The view.
        kept: Its days, ordered by project and day.
    """

    def __init__(self, view: View, kept: Sequence[Kept]) -> None:
        self._view = view
        self._seen = gather(view, kept)
        # The trees are the larger part of a day, and held once from here on.
        packed = ["parents", "tree", "links", "setup", "state", *WIDE]
        self._kept = [one._replace(runs=one.runs.drop_columns(packed)) for one in kept]

    @property
    def problems(self) -> Sequence[Problem]:
        """Documents that could not be used, as far as the tables asked for them."""
        return self._seen.problems

    def tables(self) -> Iterator[tuple[Table, pa.Table]]:
        """Yield the tables and their rows."""
        yield tables.RUNS, self._runs_table()
        yield tables.METRICS, self._metrics_table()
        yield tables.FEATURE_CHANGES, _rows(tables.FEATURE_CHANGES, self._changes())
        for analysis in ANALYSES.values():
            left = dict.fromkeys(analysis.TABLES)
            for table, rows in analysis.rows(self._seen):
                del left[table]
                yield table, _rows(table, rows)
            for table in left:
                yield table, _rows(table, ())

    def keep(self) -> None:
        """Keep what was found of experiments, once `tables.CONTRASTS` are told."""
        known.write(self._view, self._seen.known, self._seen.found)

    def _runs_table(self) -> pa.Table:
        rows = _together([one.runs for one in self._kept])
        runs, said = self._seen.runs, self._seen.said
        columns: dict[str, Any] = noted.columns(runs, said)
        columns["project"] = runs.column("project")
        if said.subjects and rows is not None:
            columns["outcome"] = [*noted.outcomes(runs, rows["outcome"].to_pylist(), said)]
        return _table(tables.RUNS, rows, columns)

    def _metrics_table(self) -> pa.Table:
        rows = _together([one.metrics for one in self._kept])
        if rows is None:
            return _table(tables.METRICS, None, {})
        places = pa.array(_places(self._kept), pa.int32())
        rows, places = settled_rows(self._seen, rows, places)
        column = self._seen.runs.column
        ended = zip(column("status"), column("counts"), strict=True)
        complete = [status == "complete" and counts for status, counts in ended]
        columns = {
            "project": shared_column(pa.array(column("project"), pa.string()), places),
            "run_id": self._of_runs("run_id", places),
            "record_digest": self._of_runs("record_digest", places),
            "counts": pa.array(complete, pa.bool_()).take(places),
        }
        return _table(tables.METRICS, rows, columns)

    def _of_runs(self, name: str, places: pa.Array) -> pa.Array:
        """Return a column of the runs at some places, as their records have it."""
        column = together([one.runs[name] for one in self._kept])
        return shared_column(column.combine_chunks(), places)

    def _changes(self) -> Iterable[Sequence[Any]]:
        """Return the rows of the table `feature_changes`."""
        column = self._seen.runs.column
        trees = column("tree")
        # backwards: of those that are equal the first one stays
        first = dict(zip(reversed(column("experiment")), reversed(trees), strict=True))
        tree_of = dict(zip(column("digest"), trees, strict=True))
        asked = sorted(
            {
                (r.project, r.run_id, r.digest, str(r.parent))
                for r in self._seen.lineage.relations
                if r.kind == "parent" and r.parent in first and r.parent != r.experiment
            }
        )
        pairs = [Pair(*one, tree_of[one[2]], first[one[3]]) for one in asked]
        cache = self._view.cache
        path = proven.place(cache / CACHE, _CHANGES) if cache is not None else None
        body = proven.read(path) if path is not None else None
        compared = json.loads(body.tobytes()) if body is not None else {}
        found = changes(pairs, compared)
        if path is not None and found.found.keys() != compared.keys():
            proven.write(path, [json.dumps(found.found, ensure_ascii=False).encode()])
        return found.rows


def _rows(table: Table, rows: pa.Table | Iterable[Sequence[Any]]) -> pa.Table:
    return rows if isinstance(rows, pa.Table) else rows_table(table.columns, rows)


def _places(kept: Sequence[Kept]) -> Any:
    """Return, of each row of the metrics, the place of its run among all runs."""
    import numpy as np

    parts, before = [np.empty(0, np.int32)], 0
    for one in kept:
        parts.append(one.metrics["place"].to_numpy().astype(np.int32) + before)
        before += one.runs.num_rows
    return np.concatenate(parts, dtype=np.int32)


def _together(parts: Sequence[pa.Table]) -> pa.Table | None:
    return pa.concat_tables(parts) if parts else None


def _table(table: Table, rows: pa.Table | None, columns: dict[str, Any]) -> pa.Table:
    """Return the rows of a table, some of its columns given apart."""
    if rows is None:
        return rows_table(table.columns, [])
    arrays = []
    for column in table.columns:
        given = columns.get(column.name)
        if given is None:
            arrays.append(rows[column.name])
        else:
            arrays.append(column_array(column, given) if isinstance(given, list) else given)
    return pa.table(arrays, names=[column.name for column in table.columns])
