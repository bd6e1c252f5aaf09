"""Making all tables of a view: one pass over the days, then what needs all of them at once."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import re
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa

from labrec.analytics import extract, shard, tables
from labrec.analytics.across import Across
from labrec.analytics.kept_runs import Kept, kept_of
from labrec.analytics.parquet import NewFile, rows_table, shared_column, unwritable
from labrec.analytics.pipeline import DICTIONARY, REPORT, listed, read_report
from labrec.analytics.problem import Problem
from labrec.analytics.row_groups import Earlier, GroupedFile
from labrec.analytics.workers import (
    ENOUGH,
    Crew,
    Done,
    Job,
    Task,
    default_jobs,
    write_points,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from labrec.analytics.shard import Shard
    from labrec.analytics.tables import Table
    from labrec.store.lab import Lab
    from labrec.store.view import View

_STREAMED = tuple(table for table in extract.OF_RECORDS if table is not tables.METRICS)
"""Tables that are written while the days go by; the others wait for what notes say."""

_TOGETHER = 2048  # runs whose days make one group of rows: a reader that wants one skips the others
_AHEAD = 64  # groups of shards, and tables, that wait to be written, a megabyte or a few each

_NAMELESS = re.compile(r"\..+\.(parquet|json)\.[0-9]+\.tmp")


def build(
    lab: Lab, view: View, folder: Path, said: dict[str, Any], jobs: int | None = None
) -> dict[str, Any]:
    """Write every table of a view; return the report.

    Everything is written under temporary names first. The old report goes before the new files get
    their names, so that a folder with tables of two views never has one.

    Args:
        lab: The lab.
        view: What is analysed.
        folder: Where the tables go; it is there.
        said: What `pipeline.identity` says of the view.
        jobs: At most so many processes; None = `workers.default_jobs`.

    Raises:
        StorageError: They cannot be written.
    """
    builder = _Builder(view, folder, said)
    threading.Thread(target=_bring_in, name="imports", daemon=True).start()
    collecting = gc.isenabled()
    gc.disable()  # millions of rows and no cycle among them: looking for some takes a third longer
    try:
        return builder.build(lab, read_report(folder), jobs if jobs is not None else default_jobs())
    finally:
        builder.clear()
        if collecting:
            gc.enable()


def _bring_in() -> None:
    """Import what the tables of all runs need while days are read: a third of a second."""
    with contextlib.suppress(ImportError):  # whoever needs it says so
        import scipy.special  # noqa: F401
    pa.array([])  # where pandas is installed, Arrow looks for its types


class _Builder:
    """The tables of one view while they are being written."""

    def __init__(self, view: View, folder: Path, said: dict[str, Any]) -> None:
        self.view = view
        self.folder = folder
        self.said = said
        self.metadata = {f"labrec.{key}": said[key] for key in ("tool", "settings", "view")}
        self.files: dict[str, NewFile] = {}
        self.sizes: dict[str, int] = {}
        self.counts: dict[str, int] = {}
        self.problems: list[Problem] = []
        self.days: dict[str, dict[str, Any]] = {}  # files with points: tree, rows, size
        metadata = {key: self.metadata[key] for key in ("labrec.tool", "labrec.settings")}
        self.job = Job(view.id, str(folder), metadata, os.getpid())
        self.earlier = Earlier(view, folder)

    def build(self, lab: Lab, before: dict[str, Any] | None, jobs: int) -> dict[str, Any]:
        """Write everything, then give it its name; return the report."""
        tasks = self._tasks(_known_days(self.folder, self.said, before))
        with contextlib.ExitStack() as stack:
            crew = self._crew(lab, tasks, jobs)
            if crew is not None:
                stack.enter_context(crew).make()
            with _Pen({table: self._file(table) for table in _STREAMED}) as pen:
                across = Across(self.view, self._read_days(tasks, pen, crew))
                for table, rows in across.tables():
                    pen.write(table, self._file(table), rows)
                    if table is tables.CONTRASTS:
                        pen.do(across.keep)
            self._points(tasks, crew)
        for table, file in pen.files.items():
            self._finish(table.name, file)
        self.problems = sorted({*self.problems, *across.problems})
        file = self._file(tables.PROBLEMS)
        file.add_whole(rows_table(tables.PROBLEMS.columns, self.problems))
        self._finish(tables.PROBLEMS.name, file)
        self._dictionary()
        self._publish()
        return {
            **self.said,
            "files": dict(sorted(self.sizes.items())),
            "rows": dict(sorted(self.counts.items())),
            "days": dict(sorted(self.days.items())),
            **listed(self.problems),
        }

    def clear(self) -> None:
        """Remove what has no name, and what an analysis that was stopped left behind."""
        for file in self.files.values():
            file.discard()
        for folder in (self.folder, *self.folder.glob("series/*")):
            for path in folder.glob(".*.tmp"):
                if _NAMELESS.fullmatch(path.name):
                    path.unlink(missing_ok=True)

    def _tasks(self, known: dict[str, dict[str, Any]]) -> list[Task]:
        """Return every day of the view, with the file of its points where that is to be written."""
        tasks = []
        for project in self.view.projects():
            for day, tree in self.view.days(project):
                name = f"series/{project}/{day.replace('/', '-')}.parquet"
                there = known.get(name)
                if there is not None and there["tree"] == tree:
                    self.days[name] = there
                tasks.append(Task(project, day, tree, None if name in self.days else name))
        return tasks

    def _crew(self, lab: Lab, tasks: Sequence[Task], jobs: int) -> Crew | None:
        """Return several processes to share what is new, where that is much."""
        new = [
            task for task in tasks
            if task.file is not None or not shard.is_kept(self.view, *task[:3])
        ]  # fmt: skip
        records = 0
        for task in new:
            records += sum(1 for _ in self.view.day_runs(*task[:3]))
            if records >= ENOUGH:
                return Crew(lab, self.view, self.job, new, jobs)
        return None

    def _take(self, done: Done) -> None:
        """Take over the points of a day."""
        if done.size:
            self.files[done.file] = done.new_file(self.folder, self.job.writer)
        self.problems += [Problem(*problem) for problem in done.problems]
        # Points that could not be read are tried again: what they miss may come later.
        tree = "" if done.problems else done.tree
        self.days[done.file] = {"tree": tree, "rows": done.rows, "size": done.size}

    def _read_days(self, tasks: Sequence[Task], pen: _Pen, crew: Crew | None) -> list[Kept]:
        """Read every day, hand on the tables that need no more, and keep the rest."""
        kept = []
        for task in tasks:
            one = shard.load(self.view, task.project, task.day, task.tree)
            self.problems += one.problems
            pen.add(one)
            if task.file is not None and crew is None:
                self._take(write_points(self.view, self.job, one, task.file))
            kept.append(kept_of(one))
        return kept

    def _points(self, tasks: Sequence[Task], crew: Crew | None) -> None:
        """See to it that the points of all days are there."""
        for done in crew.finish() if crew is not None else ():
            self._take(done)
        for task in tasks:  # what others left undone
            if task.file is not None and task.file not in self.days:
                one = shard.load(self.view, task.project, task.day, task.tree)
                self._take(write_points(self.view, self.job, one, task.file))
        self.sizes |= {name: day["size"] for name, day in self.days.items() if day["size"]}
        self.counts["series"] = sum(day["rows"] for day in self.days.values())

    def _file(self, table: Table) -> GroupedFile:
        name = f"{table.name}.parquet"
        repeats = table in _STREAMED
        file = GroupedFile(
            self.folder / name, table, self.metadata, self.job.writer, self.earlier.file(name),
            repeats=repeats,
        )  # fmt: skip
        self.files[name] = file
        return file

    def _finish(self, table: str, file: GroupedFile) -> None:
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

    def _publish(self) -> None:
        (self.folder / REPORT).unlink(missing_ok=True)
        for file in self.files.values():
            file.publish()
        for path in self.folder.glob("series/*/*.parquet"):
            if path.relative_to(self.folder).as_posix() not in self.sizes:
                path.unlink(missing_ok=True)
                with contextlib.suppress(OSError):
                    path.parent.rmdir()
        self.earlier.keep(file for file in self.files.values() if isinstance(file, GroupedFile))


class _Pen:
    """Writes tables in a thread of its own; a context manager, done at its end.

    Days are written together where they are small, and what was written of just these days before
    is taken as it is.

    Args:
        files: The file of each streamed table.

    Attributes:
        files: The file of each table that was written.
    """

    def __init__(self, files: dict[Table, GroupedFile]) -> None:
        self.files = dict(files)
        self._streamed = files
        self._thread = ThreadPoolExecutor(1)
        self._given: deque[Future[None]] = deque()
        self._waiting: list[Shard] = []
        self._runs = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._give()
                self._wait(0)
        finally:
            self._thread.shutdown(cancel_futures=True)

    def add(self, one: Shard) -> None:
        """Take the next day, in the order of the tables."""
        self._waiting.append(one)
        self._runs += one.rows["runs"].num_rows
        if self._runs >= _TOGETHER:
            self._give()

    def write(self, table: Table, file: GroupedFile, rows: pa.Table) -> None:
        """Take all rows of a table that is not streamed."""
        self.files[table] = file
        self._given.append(self._thread.submit(_write_whole, file, rows))
        self._wait(_AHEAD)

    def do(self, work: Callable[[], None]) -> None:
        """Do something else between writing."""
        self._given.append(self._thread.submit(work))

    def _give(self) -> None:
        if self._waiting:
            self._given.append(self._thread.submit(self._write, self._waiting))
        self._waiting, self._runs = [], 0
        self._wait(_AHEAD)

    def _wait(self, left: int) -> None:
        """Wait until so many are left to be written: what waits is in memory."""
        while len(self._given) > left:
            self._given.popleft().result()

    def _write(self, shards: Sequence[Shard]) -> None:
        key = shard.digest(shards)
        new = {t: file for t, file in self._streamed.items() if key is None or not file.take(key)}
        if new:
            rows = shard.joined([one.rows for one in shards], ["runs", *(t.name for t in new)])
            projects = [one.project for one in shards for _ in range(one.rows["runs"].num_rows)]
            for table, file in new.items():
                file.add(_whole(table, projects, rows), key)


def _write_whole(file: GroupedFile, rows: pa.Table) -> None:
    file.add_whole(rows)
    file.finish()  # what waits for a whole group would keep all rows in memory


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


def _whole(table: Table, projects: list[str], day: Mapping[str, pa.Table]) -> pa.Table:
    """Return rows of shards with the columns that all rows of a record share.

    Args:
        table: Which rows.
        projects: The project of each run.
        day: Rows of the shards, one behind the other.
    """
    rows, runs = day[table.name], day["runs"]
    places = rows["place"].cast(pa.int32()).combine_chunks()
    names = {
        "project": pa.array(projects, pa.string()),
        "run_id": runs["run_id"].combine_chunks(),
        "record_digest": runs["record_digest"].combine_chunks(),
    }
    arrays = [
        shared_column(names[c.name], places) if c.name in names else rows[c.name]
        for c in table.columns
    ]
    return pa.table(arrays, names=[column.name for column in table.columns])
