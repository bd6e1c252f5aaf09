"""Making all tables of a view: one pass over the days, then what needs all of them at once."""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from labrec.analytics import extract, points, shard, tables
from labrec.analytics.across import Across, Kept
from labrec.analytics.parquet import TableFile, rows_table, shared_column, unwritable
from labrec.analytics.pipeline import DICTIONARY, REPORT, listed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from labrec.analytics.shard import Problem
    from labrec.analytics.tables import Table
    from labrec.store.view import View

_STREAMED = tuple(table for table in extract.OF_RECORDS if table is not tables.METRICS)
"""Tables that are written while the days go by; the others wait for what notes say."""


def build(
    view: View, folder: Path, said: dict[str, Any], before: dict[str, Any] | None
) -> dict[str, Any]:
    """Write every table of a view; return the report.

    Everything is written under temporary names first. The old report goes before the new files get
    their names, so that a folder with tables of two views never has one.

    Args:
        view: What is analysed.
        folder: Where the tables go; it is there.
        said: What `pipeline.identity` says of the view.
        before: The report of the tables that are there, or None.

    Raises:
        StorageError: They cannot be written.
    """
    builder = _Builder(view, folder, said)
    try:
        return builder.build(before)
    finally:
        builder.discard()


class _Builder:
    """The tables of one view while they are being written."""

    def __init__(self, view: View, folder: Path, said: dict[str, Any]) -> None:
        self.view = view
        self.folder = folder
        self.said = said
        self.metadata = {f"labrec.{key}": said[key] for key in ("tool", "settings", "view")}
        self.files: dict[str, TableFile] = {}
        self.sizes: dict[str, int] = {}
        self.counts: dict[str, int] = {}
        self.problems: list[Problem] = []

    def build(self, before: dict[str, Any] | None) -> dict[str, Any]:
        """Write everything, then give it its name; return the report."""
        kept = self._days()
        days, stale = self._series(kept, before)
        across = Across(self.view, kept)
        for table, rows in across.tables():
            self._write(table, rows)
        self.problems = sorted({*self.problems, *across.problems})
        self._write(tables.PROBLEMS, rows_table(tables.PROBLEMS.columns, self.problems))
        self._dictionary()
        self._publish(stale)
        return {
            **self.said,
            "files": dict(sorted(self.sizes.items())),
            "rows": dict(sorted(self.counts.items())),
            "days": days,
            **listed(self.problems),
        }

    def discard(self) -> None:
        """Remove what has no name."""
        for file in self.files.values():
            file.discard()

    def _days(self) -> list[Kept]:
        """Read every day, write the tables that need no more, and keep the rest."""
        kept = []
        writers = {table.name: self._file(table) for table in _STREAMED}
        for project in self.view.projects():
            for day, tree in self.view.days(project):
                one = shard.load(self.view, project, day, tree)
                self.problems += one.problems
                for table in _STREAMED:
                    writers[table.name].add(_whole(table, one.rows[table.name], project, one.rows))
                kept.append(Kept(project, day, tree, one.rows["runs"], one.rows["metrics"]))
        for name, writer in writers.items():
            self._finish(name, writer)
        return kept

    def _series(
        self, kept: Sequence[Kept], before: dict[str, Any] | None
    ) -> tuple[dict[str, dict[str, Any]], set[str]]:
        """Write the points of the days that changed; return all days, and files without a day."""
        known = _known_days(self.folder, self.said, before)
        days: dict[str, dict[str, Any]] = {}
        total = 0
        for one in kept:
            name = f"series/{one.project}/{one.day.replace('/', '-')}.parquet"
            day = known.get(name)
            if day is None or day["tree"] != one.tree:
                day = self._series_day(name, one)
            elif day["size"]:
                self.sizes[name] = day["size"]
            days[name] = day
            total += day["rows"]
        self.counts["series"] = total
        there = {
            path.relative_to(self.folder).as_posix()
            for path in self.folder.glob("series/*/*.parquet")
        }
        return days, there - {name for name, day in days.items() if day["size"]}

    def _series_day(self, name: str, one: Kept) -> dict[str, Any]:
        columns = ("run_id", "record_digest", "path", "series_digest")
        runs = list(zip(*(one.runs[column].to_pylist() for column in columns), strict=True))
        day = points.Day(one.project, one.day, one.tree, runs)
        metadata = {f"labrec.{key}": self.said[key] for key in ("tool", "settings")}
        if all(run[3] is None for run in runs):
            return {"tree": one.tree, "rows": 0, "size": 0}
        path = self.folder / name
        file, problems = points.write_day(self.view, day, path, metadata | {"labrec.day": one.tree})
        self.files[name] = file
        self.problems += problems
        if file.rows:
            self.sizes[name] = file.size
        # Points that could not be read are tried again: what they miss may come later.
        tree = "" if problems else one.tree
        return {"tree": tree, "rows": file.rows, "size": file.size if file.rows else 0}

    def _file(self, table: Table) -> TableFile:
        name = f"{table.name}.parquet"
        self.files[name] = TableFile(self.folder / name, table, self.metadata)
        return self.files[name]

    def _write(self, table: Table, rows: pa.Table) -> None:
        file = self._file(table)
        file.add(rows)
        self._finish(table.name, file)

    def _finish(self, table: str, file: TableFile) -> None:
        file.finish()
        self.sizes[f"{table}.parquet"] = file.size
        self.counts[table] = file.rows

    def _dictionary(self) -> None:
        """Write the data dictionary beside the tables; it is the same for every view."""
        path = self.folder / DICTIONARY
        data = (json.dumps(tables.dictionary(), indent=1) + "\n").encode()
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            temporary.write_bytes(data)
            temporary.replace(path)
        except OSError as error:
            raise unwritable(path, error) from error
        self.sizes[DICTIONARY] = len(data)

    def _publish(self, stale: set[str]) -> None:
        (self.folder / REPORT).unlink(missing_ok=True)
        for name, file in self.files.items():
            if name in self.sizes:
                file.publish()
        for name in stale:
            (self.folder / name).unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                (self.folder / name).parent.rmdir()


def _known_days(
    folder: Path, said: dict[str, Any], before: dict[str, Any] | None
) -> dict[str, dict[str, Any]]:
    """Return the days whose files are there, as an earlier report tells them."""
    same = ("contract", "tool", "settings", "extractor")
    if before is None or any(before.get(key) != said[key] for key in same):
        return {}
    found = {}
    for name, day in before.get("days", {}).items():
        with contextlib.suppress(OSError):
            if not day["size"] or (folder / name).stat().st_size == day["size"]:
                found[name] = day
    return found


def _whole(table: Table, rows: pa.Table, project: str, day: dict[str, pa.Table]) -> pa.Table:
    """Return rows of a shard with the columns that all rows of a record share."""
    places = rows["place"].cast(pa.int32()).combine_chunks()
    names = {
        "project": pa.array([project] * day["runs"].num_rows, pa.string()),
        "run_id": day["runs"]["run_id"].combine_chunks(),
        "record_digest": day["runs"]["record_digest"].combine_chunks(),
    }
    arrays = [
        shared_column(names[c.name], places) if c.name in names else rows[c.name]
        for c in table.columns
    ]
    return pa.table(arrays, names=[column.name for column in table.columns])
