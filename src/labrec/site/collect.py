"""Gather: the lab's tables as frozen view models. A table that is not there is an empty one.

Everything a page shows comes from here or from the record itself; pages read no file.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import polars as pl

from labrec.analytics import tables
from labrec.errors import InvalidError
from labrec.site import rows
from labrec.site.experiments import Experiments
from labrec.site.reports.library import Library

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from labrec.citation import Lab
    from labrec.site.records import RecordSource
    from labrec.site.rows import (
        Contrast,
        Edge,
        Experiment,
        FeatureChange,
        Hypothesis,
        Metric,
        Note,
        Problem,
        Run,
    )

_Row = TypeVar("_Row", bound=NamedTuple)
_Value = TypeVar("_Value")


class KeyMetric(NamedTuple):
    """A metric that the project is about.

    Attributes:
        name: Its name.
        unit: Its unit, None = none.
        direction: ``maximize`` or ``minimize``; None = neither is better.
    """

    name: str
    unit: str | None
    direction: str | None


@dataclass(frozen=True)
class Project:
    """One project as its pages see it.

    Attributes:
        name: Its name, safe as a folder.
        runs: Its runs by id, which is the order of their start.
        experiments: A row a metric of each experiment.
        contrasts: Each experiment against its parent, on key metrics.
        metrics: A row a metric of each run.
        changes: Features that differ from the parent's.
        edges: How its runs relate.
        notes: What was said later.
        mark: Stands for everything above: another one where a value is another.
        run_marks: Likewise for the rows about one record, by its digest.
        experiment_marks: Likewise for the rows of one experiment, by its key.
    """

    name: str
    runs: tuple[Run, ...] = ()
    experiments: tuple[Experiment, ...] = ()
    contrasts: tuple[Contrast, ...] = ()
    metrics: tuple[Metric, ...] = ()
    changes: tuple[FeatureChange, ...] = ()
    edges: tuple[Edge, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()
    notes: tuple[Note, ...] = ()
    mark: int = 0
    run_marks: Mapping[str, int] = field(default_factory=dict)
    experiment_marks: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """Digest of all that the tables say of it: what its own pages are made from."""
        return hashlib.sha256(f"{self.name} {self.mark}".encode()).hexdigest()

    @cached_property
    def known(self) -> Experiments:
        """Its experiments with their runs, in the order of their lineage; brought together once."""
        return Experiments.of(self)

    @cached_property
    def key_metrics(self) -> tuple[KeyMetric, ...]:
        """Its key metrics, by name."""
        found = {
            row.metric: KeyMetric(row.metric, row.unit, row.direction)
            for row in self.experiments
            if row.key and row.metric
        }
        return tuple(found[name] for name in sorted(found))

    @cached_property
    def registered(self) -> frozenset[str]:
        """Names of its hypotheses that somebody registered."""
        return frozenset(row.hypothesis for row in self.hypotheses)

    @cached_property
    def run(self) -> Mapping[str, Run]:
        """Its runs by id; of a fork the one whose record is counted, else the first."""
        found: dict[str, Run] = {}
        for run in self.runs:
            if run.run_id not in found or run.counts:
                found[run.run_id] = run
        return found

    @cached_property
    def standing_of(self) -> Mapping[str, str]:
        """How each record of a run stands, by its digest."""
        return {run.record_digest: run.standing for run in self.runs}

    @cached_property
    def runs_of(self) -> Mapping[str, tuple[Run, ...]]:
        """The runs of each experiment."""
        return _grouped(self.runs, lambda run: run.experiment)

    @cached_property
    def metrics_of(self) -> Mapping[str, tuple[Metric, ...]]:
        """The metrics of each run, by its record's digest."""
        return _grouped(self.metrics, lambda row: row.record_digest)

    @cached_property
    def edges_of(self) -> Mapping[str, tuple[Edge, ...]]:
        """The edges of each run, by its record's digest."""
        return _grouped(self.edges, lambda row: row.record_digest)

    @cached_property
    def notes_of(self) -> Mapping[str, tuple[Note, ...]]:
        """What was said about each run, and about that, by its record's digest."""
        return _grouped(self.notes, lambda row: row.record_digest)

    @cached_property
    def changes_of(self) -> Mapping[str, tuple[FeatureChange, ...]]:
        """The changed features of each run, by its record's digest."""
        return _grouped(self.changes, lambda row: row.record_digest)

    @cached_property
    def experiment_rows(self) -> Mapping[str, tuple[Experiment, ...]]:
        """The rows of each experiment."""
        return _grouped(self.experiments, lambda row: row.experiment)

    @cached_property
    def contrasts_of(self) -> Mapping[str, tuple[Contrast, ...]]:
        """The contrasts of each experiment."""
        return _grouped(self.contrasts, lambda row: row.experiment)

    @cached_property
    def name_of(self) -> Mapping[str, str]:
        """What each experiment is called."""
        return {row.experiment: row.name for row in self.experiments}


class TableFile(NamedTuple):
    """A table on disk.

    Attributes:
        table: What the contract says of it.
        files: Its Parquet files, in order of their names; none where it was not made.
        size: Their length together, in bytes.
        row_count: How many rows they hold together.
    """

    table: tables.Table
    files: tuple[Path, ...]
    size: int
    row_count: int


class _SeriesCache:
    """The series of the day that was asked for last, by record digest."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._frames: dict[Any, pl.DataFrame] = {}

    def points(self, folder: Path, run: Run) -> dict[str, tuple[rows.Point, ...]]:
        from labrec.record.ids import id_date

        year, month, day = id_date(run.run_id)
        path = folder / "series" / run.project / f"{year:04}-{month:02}-{day:02}.parquet"
        if path != self._path:
            self._path, self._frames = path, {}
            if path.is_file():
                frame = _read(path, [*rows.Point._fields, "record_digest"])
                parts = frame.partition_by("record_digest", as_dict=True, include_key=False)
                self._frames = {key[0]: part for key, part in parts.items()}
        found = self._frames.get(run.record_digest)
        if found is None:
            return {}
        return _grouped((rows.Point(*row) for row in found.iter_rows()), lambda row: row.metric)


@dataclass(frozen=True)
class Site:
    """What the whole site is made from.

    Attributes:
        lab: What the lab says about itself, for citing it.
        view_id: Which view of the lab it shows. Home, Data and Cite show it, no other page does.
        projects: The projects, by name.
        problems: Documents that could not be used.
        folder: Where the tables lie.
        records: Where the bytes of records and objects come from.
        description: One sentence about the lab.
        library: What it holds for its reports.
    """

    lab: Lab
    view_id: str
    projects: tuple[Project, ...]
    problems: tuple[Problem, ...]
    folder: Path
    records: RecordSource
    description: str = ""
    library: Library = field(default_factory=Library)
    _series: _SeriesCache = field(default_factory=_SeriesCache, compare=False)
    _rows: dict[type, Mapping[str, Any]] = field(default_factory=dict, compare=False)
    _kept: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def title(self) -> str:
        """What the lab is called."""
        return self.lab.title

    @property
    def url(self) -> str:
        """Address that the site is published at, ends in ``/``; empty = not known."""
        return self.lab.url

    @cached_property
    def project(self) -> Mapping[str, Project]:
        """The projects by name."""
        return {project.name: project for project in self.projects}

    @cached_property
    def tables(self) -> tuple[TableFile, ...]:
        """The tables on disk, in the order of the contract."""
        return tuple(_table_file(self.folder, table) for table in tables.TABLES.values())

    def having(self, library: Library) -> Site:
        """Return the site with what the lab holds for its reports, and what is wrong with that."""
        refused = (rows.Problem(one.path, one.problem) for one in library.refused)
        return replace(self, library=library, problems=(*self.problems, *refused), _kept={})

    def kept(self, name: str, make: Callable[[], _Value]) -> _Value:
        """Return what several pages need, made once.

        Args:
            name: What it is.
            make: Makes it.
        """
        if name not in self._kept:
            self._kept[name] = make()
        value: _Value = self._kept[name]
        return value

    def rows_of(self, model: type[_Row], project: str) -> tuple[_Row, ...]:
        """Return the rows of a table about a project, in the order of the table.

        Args:
            model: A class of rows that says which table it is of: a ``NamedTuple`` whose fields
                are columns of ``model.TABLE``, in their order (``labrec.site.rows``).
            project: Its name.

        Raises:
            InvalidError: The table is not as the contract says: another version wrote it.
        """
        return self.all_rows(model).get(project, ())

    def all_rows(self, model: type[_Row]) -> Mapping[str, tuple[_Row, ...]]:
        """Return the rows of a table by project; read once, when a page asks for them.

        Raises:
            InvalidError: The table is not as the contract says: another version wrote it.
        """
        found = self._rows.get(model)
        if found is None:
            table: tables.Table = model.TABLE  # type: ignore[attr-defined]  # as `rows` asks
            found = _grouped(_rows(_frame(self.folder, table, model), table, model), _project_of)
            self._rows[model] = found
        return found

    def series(self, run: Run) -> Mapping[str, tuple[rows.Point, ...]]:
        """Return the points of a run by metric, each in order of step and time.

        Runs of one day share a file: ask for them one after the other.
        """
        return self._series.points(self.folder, run)


def load(
    folder: Path,
    records: RecordSource,
    lab: Lab,
    *,
    view_id: str = "",
    description: str = "",
) -> Site:
    """Read the tables of a folder.

    Args:
        folder: ``build/labrec/tables`` of a lab.
        records: Where the bytes of records come from.
        lab: What the lab says about itself.
        view_id: The view that the tables were made from.
        description: One sentence about the lab.

    Raises:
        InvalidError: A table is not as the contract says: another version wrote it.
    """
    found = projects(folder)
    problems = _rows(_frame(folder, tables.PROBLEMS, rows.Problem), tables.PROBLEMS, rows.Problem)
    return Site(lab, view_id, found, tuple(problems), folder, records, description)


def projects(folder: Path) -> tuple[Project, ...]:
    """Read what the tables of a folder say of each project, by name.

    Args:
        folder: ``build/labrec/tables`` of a lab.

    Raises:
        InvalidError: A table is not as the contract says: another version wrote it.
    """
    per_project: dict[str, dict[str, Any]] = defaultdict(dict)
    marks = _Marks()
    for name, (table, model) in _BY_PROJECT.items():
        frame = _frame(folder, table, model)
        marks.add(frame, "experiment" if name == "experiments" else "record_digest")
        for project, found in _grouped(_rows(frame, table, model), _project_of).items():
            per_project[project][name] = found
    return tuple(
        Project(
            name,
            **given,
            mark=marks.whole(name),
            run_marks=marks.of("record_digest", name),
            experiment_marks=marks.of("experiment", name),
        )
        for name, given in sorted(per_project.items())
    )


_BY_PROJECT: dict[str, tuple[tables.Table, type[Any]]] = {
    "runs": (tables.RUNS, rows.Run),
    "experiments": (tables.EXPERIMENTS, rows.Experiment),
    "contrasts": (tables.CONTRASTS, rows.Contrast),
    "metrics": (tables.METRICS, rows.Metric),
    "changes": (tables.FEATURE_CHANGES, rows.FeatureChange),
    "edges": (tables.EDGES, rows.Edge),
    "notes": (tables.NOTES, rows.Note),
    "hypotheses": (tables.HYPOTHESES, rows.Hypothesis),
}


class _Marks:
    """Numbers that stand for rows: whether any changed costs a hundredth of looking at them.

    64 bits of each row, added up. The same rows give the same number within one version of polars,
    which belongs to the key of every page; of two states of a lab one in 2^64 looks like the other.
    """

    def __init__(self) -> None:
        self._whole: dict[str, int] = defaultdict(int)
        self._about: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._tables = 0

    def add(self, frame: pl.DataFrame, about: str) -> None:
        """Add the rows of a table, each to its project, and to what it is about by that column."""
        self._tables += 1  # equal rows of two tables are two things
        if frame.is_empty():
            return
        keys = [name for name in ("project", about) if name in frame.columns]
        hashed = frame.select(*keys, frame.hash_rows(self._tables).alias("mark"))
        for project, *which, mark in hashed.group_by(keys).agg(pl.col("mark").sum()).iter_rows():
            self._whole[project] = (self._whole[project] + mark) % 2**64
            if which:
                found = self._about[about, project]
                found[which[0]] = (found[which[0]] + mark) % 2**64

    def whole(self, project: str) -> int:
        return self._whole[project]

    def of(self, about: str, project: str) -> dict[str, int]:
        return dict(self._about[about, project])


def _project_of(row: Any) -> str:
    return str(row.project)


def _grouped(found: Iterable[Any], key: Any) -> dict[Any, tuple[Any, ...]]:
    groups: dict[Any, list[Any]] = {}
    for row in found:
        groups.setdefault(key(row), []).append(row)
    return {name: tuple(group) for name, group in groups.items()}


def _frame(folder: Path, table: tables.Table, model: type[Any]) -> pl.DataFrame:
    path = folder / f"{table.name}.parquet"
    return _read(path, list(model._fields)) if path.is_file() else pl.DataFrame()


def _rows(frame: pl.DataFrame, table: tables.Table, model: type[_Row]) -> list[_Row]:
    texts = {column.name for column in table.columns if column.kind == "texts"}
    # column by column: of a hundred thousand rows each is made once, and never looked at
    columns = [
        [tuple(value or ()) for value in column.to_list()]
        if column.name in texts
        else column.to_list()
        for column in frame
    ]
    return list(map(model._make, zip(*columns, strict=True)))


def _read(path: Path, columns: list[str]) -> pl.DataFrame:
    with reading(path):
        return pl.read_parquet(path, columns=columns, use_statistics=False)


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Say of a table that cannot be read what to do.

    Raises:
        InvalidError: What the block read is not the table of the contract.
    """
    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InvalidError(
            f"{path.name} is not the table that this version reads: {error}",
            hint="Run `labrec analyze` again.",
            paths=[path],
        ) from error


def _table_file(folder: Path, table: tables.Table) -> TableFile:
    if table.partitioned:
        files = tuple(sorted((folder / table.name).glob("*/*.parquet")))
    else:
        files = tuple(path for path in [folder / f"{table.name}.parquet"] if path.is_file())
    count = pl.scan_parquet(list(files)).select(pl.len()).collect().item() if files else 0
    return TableFile(table, files, sum(path.stat().st_size for path in files), count)
