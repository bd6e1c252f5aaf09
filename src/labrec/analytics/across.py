"""The tables that need all runs at once: what notes say, lineage, statistics over many runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from labrec.analytics import tables
from labrec.analytics.changes import Pair, changes
from labrec.analytics.definition import KeyMetric, key_metrics
from labrec.analytics.experiments import (
    Experiment,
    contrast_rows,
    experiment_rows,
    key_metrics_of,
    sums,
)
from labrec.analytics.parquet import column_array, rows_table, shared_column
from labrec.analytics.relations import Related, relate
from labrec.analytics.replicates import Measured, Run
from labrec.analytics.shard import CACHE, Problem
from labrec.analytics.standing import RunNote, standings
from labrec.errors import LabrecError
from labrec.record import layout
from labrec.record.digest import Digest
from labrec.store import proven

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from labrec.analytics.relations import Lineage
    from labrec.analytics.tables import Table
    from labrec.record.note import Note
    from labrec.store.view import View

_CHANGES = "labrec.changes/1"
_HEARD = ("supersede", "retract")


class Kept(NamedTuple):
    """What stays in memory of one day.

    Attributes:
        project: The project.
        day: ``YYYY/MM/DD``.
        tree: Git tree id of the day's folder.
        runs: The shard's runs.
        metrics: The shard's metrics.
    """

    project: str
    day: str
    tree: str
    runs: pa.Table
    metrics: pa.Table


class Across:
    """All runs of a view.

    Args:
        view: The view.
        kept: Its days, ordered by project and day.

    Attributes:
        problems: Notes and definitions that could not be used.
    """

    def __init__(self, view: View, kept: Sequence[Kept]) -> None:
        self.problems: list[Problem] = []
        self._view = view
        self._projects = list(dict.fromkeys(one.project for one in kept))
        self._runs = _runs(kept)
        # The trees are the larger part of a day, and held once from here on.
        self._kept = [one._replace(runs=one.runs.drop_columns(["parents", "tree"])) for one in kept]
        keys = [(run.project, run.run_id, run.digest) for run in self._runs]
        self._standings = standings(keys, self._notes())
        self._standing = [
            self._standings.of.get((project, digest), "counts") for project, _, digest in keys
        ]
        self._counts = [standing == "counts" for standing in self._standing]

    def tables(self) -> Iterator[tuple[Table, pa.Table]]:
        """Yield the tables and their rows."""
        lineage = relate(
            [run.related(counts) for run, counts in zip(self._runs, self._counts, strict=True)],
            self._standings.replacements,
        )
        experiments = self._experiments()
        keys = key_metrics_of(experiments, self._defined())
        summed = sums(experiments)
        yield tables.RUNS, self._runs_table()
        yield tables.METRICS, self._metrics_table()
        for table, rows in (
            (tables.EDGES, _edge_rows(lineage)),
            (tables.EXPERIMENTS, experiment_rows(experiments, summed, keys, lineage)),
            (tables.CONTRASTS, contrast_rows(experiments, summed, keys, lineage)),
            (tables.FEATURE_CHANGES, self._changes(lineage)),
        ):
            yield table, rows_table(table.columns, rows)

    # -- documents that speak about others -----------------------------------------------

    def _notes(self) -> Iterator[RunNote]:
        """Yield the notes that change what counts."""
        for project in self._view.projects():
            for path, entry in self._view.files(f"{layout.RECORDS}/{project}/notes"):
                try:
                    data = self._view.read_entry(path, entry.sha)
                    note = _read_note(path, data)
                except LabrecError as error:
                    self.problems.append(Problem(path, f"{error.name}: {error.message}"))
                    continue
                if note.kind in _HEARD and note.subject.kind in {"run", "note"}:
                    by = getattr(note.body, "by", None)
                    yield RunNote(
                        str(Digest.of(data)), project, note.kind, str(note.subject.digest),
                        str(by.digest) if by is not None and by.kind == "run" else None,
                    )  # fmt: skip

    def _defined(self) -> dict[str, tuple[KeyMetric, ...] | None]:
        """Return the key metrics that each project's definition names."""
        found = {}
        for project in self._projects:
            try:
                found[project] = key_metrics(self._view.project_definition(project), project)
            except LabrecError as error:
                path = layout.project_path(project)
                self.problems.append(Problem(path, f"{error.name}: {error.message}"))
        return found

    # -- tables --------------------------------------------------------------------------

    def _runs_table(self) -> pa.Table:
        rows = _together([one.runs for one in self._kept])
        columns = {
            "project": [run.project for run in self._runs],
            "standing": self._standing,
        }
        return _table(tables.RUNS, rows, columns)

    def _metrics_table(self) -> pa.Table:
        rows = _together([one.metrics for one in self._kept])
        places = pa.array(_places(self._kept), pa.int32())
        complete = [
            run.status == "complete" and counts
            for run, counts in zip(self._runs, self._counts, strict=True)
        ]
        columns = {
            "project": shared_column(pa.array([run.project for run in self._runs]), places),
            "run_id": shared_column(pa.array([run.run_id for run in self._runs]), places),
            "record_digest": shared_column(pa.array([run.digest for run in self._runs]), places),
            "counts": pa.array(complete, pa.bool_()).take(places),
        }
        return _table(tables.METRICS, rows, columns)

    def _experiments(self) -> list[Experiment]:
        """Return the experiments, ordered by project and config digest."""
        metrics = _metrics(self._kept, len(self._runs))
        grouped: dict[tuple[str, str], list[int]] = {}
        for place, run in enumerate(self._runs):
            grouped.setdefault((run.project, run.experiment), []).append(place)
        return [
            Experiment(
                project,
                experiment,
                self._runs[places[0]].name,
                min(
                    (
                        at
                        for at in (self._runs[place].started for place in places)
                        if at is not None
                    ),
                    default=None,
                ),
                [self._runs[place].run(self._counts[place], metrics[place]) for place in places],
            )
            for (project, experiment), places in sorted(grouped.items())
        ]

    def _changes(self, lineage: Lineage) -> Iterable[Sequence[Any]]:
        """Return the rows of the table `feature_changes`."""
        first: dict[str, str] = {}
        trees: dict[str, str] = {}
        for run in self._runs:
            first.setdefault(run.experiment, run.tree)
            trees[run.digest] = run.tree
        asked = sorted(
            {
                (r.project, r.run_id, r.digest, r.parent)
                for r in lineage.relations
                if r.kind == "parent" and r.parent in first and r.parent != r.experiment
            }
        )
        pairs = [Pair(*one, trees[one[2]], first[str(one[3])]) for one in asked]
        cache = self._view.cache
        path = proven.place(cache / CACHE, _CHANGES) if cache is not None else None
        body = proven.read(path) if path is not None else None
        known = json.loads(body.tobytes()) if body is not None else {}
        found = changes(pairs, known)
        if path is not None and found.found.keys() != known.keys():
            proven.write(path, [json.dumps(found.found, ensure_ascii=False).encode()])
        return found.rows


class _AnyRun(NamedTuple):
    """What the tables of many runs need of one; the columns of a shard's runs."""

    project: str
    run_id: str
    digest: str
    name: str
    status: str
    experiment: str
    started: Any
    seeds: str | None
    machine: str | None
    output: str | None
    continues: str | None
    reproduces: str | None
    fulfils: str | None
    parents: str
    tree: str

    def related(self, counts: bool) -> Related:
        return Related(
            self.project, self.run_id, self.digest, self.name, self.experiment, counts,
            self.parents, self.continues, self.reproduces, self.fulfils,
        )  # fmt: skip

    def run(self, counts: bool, metrics: dict[str, Measured]) -> Run:
        # A series without points is no output that two runs could have in common.
        output = self.output if metrics else None
        return Run(
            self.run_id, self.digest, self.status, counts, self.seeds, self.machine, output, metrics
        )


_COLUMNS = (
    "run_id", "record_digest", "name", "status", "experiment", "started", "seeds", "machine_id",
    "series_digest", "continues", "reproduces", "fulfils", "parents", "tree",
)  # fmt: skip


_OWN = ("run_id", "record_digest", "started", "series_digest")  # of one run alone, as a rule


def _runs(kept: Sequence[Kept]) -> list[_AnyRun]:
    found: list[_AnyRun] = []
    same = _Same()
    for one in kept:
        columns = [
            one.runs[name].to_pylist() if name in _OWN else same.values(one.runs[name])
            for name in _COLUMNS
        ]
        found += [_AnyRun(one.project, *values) for values in zip(*columns, strict=True)]
    return found


class _Same:
    """Texts that many runs share, held once."""

    def __init__(self) -> None:
        self._texts: dict[Any, Any] = {}

    def values(self, column: pa.ChunkedArray) -> list[Any]:
        keep = self._texts.setdefault
        return [keep(value, value) for value in column.to_pylist()]


def _metrics(kept: Sequence[Kept], count: int) -> list[dict[str, Measured]]:
    """Return the metrics of each run."""
    found: list[dict[str, Measured]] = [{} for _ in range(count)]
    same, before = _Same(), 0
    for one in kept:
        numbers = [one.metrics[name].to_pylist() for name in ("place", "last")]
        texts = [same.values(one.metrics[name]) for name in ("metric", "unit", "direction")]
        for place, last, metric, unit, direction in zip(*numbers, *texts, strict=True):
            found[before + place][metric] = Measured(last, unit, direction)
        before += one.runs.num_rows
    return found


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


def _edge_rows(lineage: Lineage) -> Iterator[tuple[Any, ...]]:
    cyclic = lineage.graph.cyclic
    for relation in lineage.relations:
        on_cycle = relation.kind == "parent" and (relation.experiment, relation.parent) in cyclic
        yield (
            relation.project,
            relation.run_id,
            *relation[3:],
            on_cycle,
            lineage.graph.depth.get(relation.experiment),
            lineage.graph.root.get(relation.experiment),
            relation.digest,
        )


def _read_note(path: str, data: bytes) -> Note:
    """Read a note; its name must prove its bytes.

    Raises:
        InvalidError: It is none.
        IntegrityError: The name promises other bytes.
    """
    from labrec.record.note import Note
    from labrec.record.reader import (
        read_document,
    )  # brings validation in: only where there are notes

    note = read_document(path, data)
    if not isinstance(note, Note):
        raise TypeError(path)  # only notes have a path among the notes
    return note
