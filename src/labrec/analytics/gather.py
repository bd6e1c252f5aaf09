"""From the kept days of a view, and from what speaks about them, to `Seen`."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from labrec.analytics import known
from labrec.analytics.calls import NONE
from labrec.analytics.noted import noted
from labrec.analytics.problem import Problem
from labrec.analytics.run import Link, Measured, Registered, Run
from labrec.analytics.seen import Seen
from labrec.analytics.settle import settle
from labrec.errors import LabrecError
from labrec.lineage.fold import fold
from labrec.lineage.standing import standings
from labrec.lineage.used import File, Version
from labrec.record import layout
from labrec.record.digest import Digest
from labrec.store.notes import notes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from labrec.analytics.shard import Shard
    from labrec.lineage.fold import Fold
    from labrec.store.view import View

WIDE = ("facts", "conditions", "channels", "calls", "used")
"""Columns that are large and seldom asked for: they stay packed until they are."""

_OWN = ("run_id", "digest", "started", "duration_s", "output", "path")
# What a shard calls the fields of a `Run` that differ in name.
_CALLED = {
    "digest": "record_digest", "machine": "machine_id", "output": "series_digest",
}  # fmt: skip
# No columns of a shard's runs.
_LATER = {"project", "standing", "metrics", "renamed_from", "recorded_parents", "place"}


class Kept(NamedTuple):
    """What stays in memory of one day.

    Attributes:
        project: The project.
        day: ``YYYY/MM/DD``.
        tree: Git tree id of the day's folder.
        runs: The shard's runs.
        metrics: The shard's metrics.
        files: Place, name, role and sha256 of the shard's artifacts; empty ones are left out, which
            are all alike.
    """

    project: str
    day: str
    tree: str
    runs: pa.Table
    metrics: pa.Table
    files: pa.Table


def kept_of(shard: Shard) -> Kept:
    """Return what stays in memory of a day's shard."""
    import pyarrow.compute as pc  # brings in all kernels: not needed by who only counts runs

    files = shard.rows["artifacts"]
    if files.num_rows:
        files = files.filter(pc.greater(files["size"], 0))
    files = files.select(["place", "name", "role", "sha256"])
    return Kept(*shard[:3], shard.rows["runs"], shard.rows["metrics"], files)


def gather(view: View, kept: Sequence[Kept]) -> Seen:
    """Return all runs of a view as its notes leave them.

    Args:
        view: The view.
        kept: Its days, ordered by project and day.
    """
    notes = notes_of(view)
    problems = [Problem(*found) for found in notes.problems]
    said = fold(notes.notes)
    columns = _columns(kept)
    keys = list(zip(*(columns[name] for name in ("project", "run_id", "digest")), strict=True))
    found = standings(keys, said)
    # By position, in the order of the fields: by name would take longer than all the rest.
    runs = list(map(Run._make, zip(*(columns[name] for name in Run._fields), strict=True)))
    # Without notes and forks, as in most labs, records are what they are.
    runs = [_noted(run, said, found.of) for run in runs] if said.subjects or found.of else runs
    registered = list(_registrations(view, problems))
    earlier = known.read(view, _basis(view))
    lab = _Lab(view, kept)
    runs, defined, more = settle(view, kept, runs, said, lab.points)
    seen = Seen(runs, lab, registered, found.replacements, said, earlier)
    seen.define(defined)
    seen.problems += problems + more
    return seen


def _noted(run: Run, said: Fold, standing: Mapping[tuple[str, str], str]) -> Run:
    """Return a run as the notes leave it, and the other records of it."""
    found = standing.get((run.project, run.digest))
    if found is not None:
        run = run._replace(standing=found)
    folded = said.subjects.get((run.project, "run", run.digest))
    return run if folded is None else noted(run, folded)


def _basis(view: View) -> str:
    """Return a digest of every document of a lab that is no record, and of no object."""
    digest = hashlib.sha256()
    for project in view.projects():
        for name, entry in view.directory(f"{layout.RECORDS}/{project}").items():
            if name != "runs":
                digest.update(f"{project}/{name} {entry.sha}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


class _Lab:
    """A view as the source of what only some analyses ask for."""

    def __init__(self, view: View, kept: Sequence[Kept]) -> None:
        self._view = view
        self._wide = {name: [one.runs[name].combine_chunks() for one in kept] for name in WIDE}
        self._files = [one.files for one in kept]
        self._ends: list[int] = []
        total = 0
        for one in kept:
            total += one.runs.num_rows
            self._ends.append(total)

    def definition(self, project: str) -> tuple[str, Mapping[str, object]]:
        return layout.project_path(project), self._view.project_definition(project)

    def wide(self, place: int, column: str) -> str:
        from bisect import bisect_right  # seldom asked for

        day = bisect_right(self._ends, place)
        start = self._ends[day - 1] if day else 0
        return str(self._wide[column][day][place - start].as_py())

    def asked(self) -> Iterator[int]:
        import pyarrow.compute as pc  # seldom asked for

        for day, texts in enumerate(self._wide["calls"]):
            start = self._ends[day - 1] if day else 0
            told = pc.not_equal(texts, NONE).to_numpy(zero_copy_only=False).nonzero()[0]
            yield from (start + int(place) for place in told)

    def used(self) -> Iterator[tuple[int, str]]:
        import pyarrow.compute as pc

        for day, texts in enumerate(self._wide["used"]):
            start = self._ends[day - 1] if day else 0
            told = pc.not_equal(texts, "[]").to_numpy(zero_copy_only=False).nonzero()[0]
            yield from ((start + int(place), texts[place].as_py()) for place in told)

    def versions(self) -> Iterator[Version]:
        for project in self._view.projects():
            for path, _ in self._view.files(f"{layout.RECORDS}/{project}/datasets"):
                found = layout.parse_path(path)
                if found.kind == "dataset":
                    yield Version(project, found.id, found.version, found.digest)

    def files(self) -> Iterator[File]:
        import pyarrow as pa
        import pyarrow.compute as pc  # seldom asked for

        given = [
            chunk
            for table in self._files
            for chunk in table["sha256"].filter(pc.equal(table["role"], "input")).chunks
        ]
        wanted = pc.unique(pa.chunked_array(given, pa.string()))
        if not len(wanted):
            return
        for day, table in enumerate(self._files):
            start = self._ends[day - 1] if day else 0
            shared = table.filter(pc.is_in(table["sha256"], value_set=wanted))
            columns = (shared[name].to_pylist() for name in ("place", "name", "role", "sha256"))
            for place, name, role, sha256 in zip(*columns, strict=True):
                yield File(start + place, name, role == "input", sha256)

    def points(self, output: str) -> Mapping[str, Sequence[float]]:
        from labrec.analytics.points import values  # parses: only where points are asked for

        return values(self._view, Digest.parse(output))


# -- runs ------------------------------------------------------------------------------------


def _columns(kept: Sequence[Kept]) -> dict[str, list[Any]]:
    """Return the fields of every run as its record alone has them, each as a column."""
    metrics = _metrics(kept)
    columns: dict[str, list[Any]] = {
        "project": [one.project for one in kept for _ in range(one.runs.num_rows)],
        "metrics": metrics,
        "place": list(range(len(metrics))),
    }
    same = _Same()
    for name in Run._fields:
        if name in _LATER:
            columns.setdefault(name, [Run._field_defaults.get(name)] * len(metrics))
        else:
            column = [one.runs[_CALLED.get(name, name)] for one in kept]
            columns[name] = [value for part in column for value in same.of(name, part)]
    # A series without points is no output that two runs could have in common.
    columns["output"] = [
        output if measured else None
        for output, measured in zip(columns["output"], metrics, strict=True)
    ]
    return columns


def _links(text: str) -> tuple[Link, ...]:
    return tuple(Link(*link) for link in json.loads(text))


class _Same:
    """Values that many runs share, held once."""

    def __init__(self) -> None:
        self._values: dict[Any, Any] = {}
        self._made: dict[Any, Any] = {}

    def of(self, name: str, column: pa.ChunkedArray) -> list[Any]:
        """Return the values of a field of `Run`."""
        if name == "links":
            return self._all(column.to_pylist(), _links)
        if name in {"tags", "datasets"}:
            return self._all(map(tuple, column.to_pylist()), None)
        return column.to_pylist() if name in _OWN else self.values(column)

    def values(self, column: pa.ChunkedArray) -> list[Any]:
        """Return the values of a column."""
        keep = self._values.setdefault
        return [keep(value, value) for value in column.to_pylist()]

    def _all(self, values: Iterable[Any], make: Callable[[Any], Any] | None) -> list[Any]:
        made, found = self._made, []
        for value in values:
            if value not in made:
                made[value] = make(value) if make is not None else value
            found.append(made[value])
        return found


def _metrics(kept: Sequence[Kept]) -> list[dict[str, Measured]]:
    """Return the metrics of each run."""
    found: list[dict[str, Measured]] = [{} for one in kept for _ in range(one.runs.num_rows)]
    same, before = _Same(), 0
    for one in kept:
        numbers = [one.metrics[name].to_pylist() for name in ("place", "last")]
        texts = [same.values(one.metrics[name]) for name in ("metric", "unit", "direction")]
        for place, last, metric, unit, direction in zip(*numbers, *texts, strict=True):
            found[before + place][metric] = Measured(last, unit, direction)
        before += one.runs.num_rows
    return found


# -- documents that speak about others -------------------------------------------------------


def _registrations(view: View, problems: list[Problem]) -> Iterator[Registered]:
    """Yield the registrations that follow their schema; the others are problems."""
    from labrec.record.codec import decode
    from labrec.record.reader import read_document  # brings validation in: only where there are any
    from labrec.record.registration import Registration

    for project in view.projects():
        for path, entry in view.files(f"{layout.RECORDS}/{project}/hypotheses"):
            if layout.parse_path(path).kind == "draft":
                continue
            try:
                data = view.read_entry(path, entry.sha)
                found = read_document(path, data)
            except LabrecError as error:
                problems.append(Problem(path, f"{error.name}: {error.message}"))
                continue
            if not isinstance(found, Registration):
                raise TypeError(path)  # each kind has its own folder
            amends = str(found.amends) if found.amends is not None else None
            digest = str(Digest.of(data))
            yield Registered(found.project, found.slug, digest, amends, path, decode(data))
