"""From the kept days of a view, and from what speaks about them, to `Seen`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from labrec.analytics.problem import Problem
from labrec.analytics.run import Link, Measured, Registered, Run
from labrec.analytics.seen import Seen
from labrec.analytics.standing import RunNote, standings
from labrec.errors import LabrecError
from labrec.record import layout
from labrec.record.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa

    from labrec.record.note import Note
    from labrec.record.registration import Registration
    from labrec.store.view import View

    _Model = TypeVar("_Model", Note, Registration)

WIDE = ("facts", "conditions", "channels")
"""Columns that are large and seldom asked for: they stay packed until they are."""

_HEARD = ("supersede", "retract")
_OWN = ("run_id", "record_digest", "started", "duration_s", "series_digest", "path")
# What a shard calls the fields of a `Run` that differ in name.
_CALLED = {
    "digest": "record_digest", "machine": "machine_id", "output": "series_digest",
}  # fmt: skip
_LATER = {"project", "standing", "metrics", "place"}  # no columns of a shard's runs


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


def gather(view: View, kept: Sequence[Kept]) -> Seen:
    """Return all runs of a view as its notes leave them.

    Args:
        view: The view.
        kept: Its days, ordered by project and day.
    """
    problems: list[Problem] = []
    runs = _runs(kept)
    keys = [(run.project, run.run_id, run.digest) for run in runs]
    found = standings(keys, _notes(view, problems))
    runs = [
        run if (standing := found.of.get((run.project, run.digest))) is None
        else run._replace(standing=standing)
        for run in runs
    ]  # fmt: skip
    registered = list(_registrations(view, problems))
    seen = Seen(runs, _Lab(view, kept), registered, found.replacements)
    seen.problems += problems
    return seen


class _Lab:
    """A view as the source of what only some analyses ask for."""

    def __init__(self, view: View, kept: Sequence[Kept]) -> None:
        self._view = view
        self._wide = {name: [one.runs[name].combine_chunks() for one in kept] for name in WIDE}
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

    def points(self, output: str) -> Mapping[str, Sequence[float]]:
        from labrec.analytics.points import values  # parses: only where points are asked for

        return values(self._view, Digest.parse(output))


# -- runs ------------------------------------------------------------------------------------


def _runs(kept: Sequence[Kept]) -> list[Run]:
    names = [name for name in Run._fields if name not in _LATER]
    metrics = _metrics(kept)
    found: list[Run] = []
    same = _Same()
    for one in kept:
        columns: list[list[Any]] = []
        for name in names:
            column = one.runs[_CALLED.get(name, name)]
            if name == "links":
                columns.append(same.made(column, _links))
            elif name in {"tags", "datasets"}:
                columns.append([tuple(value) for value in column.to_pylist()])
            elif _CALLED.get(name, name) in _OWN:
                columns.append(column.to_pylist())
            else:
                columns.append(same.values(column))
        for values in zip(*columns, strict=True):
            measured = metrics[len(found)]
            fields = dict(zip(names, values, strict=True))
            if not measured:  # a series without points is no output that two runs have in common
                fields["output"] = None
            found.append(Run(project=one.project, metrics=measured, place=len(found), **fields))
    return found


def _links(text: str) -> tuple[Link, ...]:
    return tuple(Link(*link) for link in json.loads(text))


class _Same:
    """Values that many runs share, held once."""

    def __init__(self) -> None:
        self._values: dict[Any, Any] = {}
        self._made: dict[str, Any] = {}

    def values(self, column: pa.ChunkedArray) -> list[Any]:
        keep = self._values.setdefault
        return [keep(value, value) for value in column.to_pylist()]

    def made(self, column: pa.ChunkedArray, make: Any) -> list[Any]:
        found = self._made
        for text in set(column.to_pylist()) - found.keys():
            found[text] = make(text)
        return [found[text] for text in column.to_pylist()]


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


def _notes(view: View, problems: list[Problem]) -> Iterator[RunNote]:
    """Yield the notes that change what counts."""
    from labrec.record.note import Note  # brings validation in

    for _, data, note in _documents(view, "notes", Note, problems):
        if note.kind not in _HEARD or note.subject.kind not in {"run", "note"}:
            continue
        by = getattr(note.body, "by", None)
        yield RunNote(
            str(Digest.of(data)), note.project, note.kind, str(note.subject.digest),
            str(by.digest) if by is not None and by.kind == "run" else None,
        )  # fmt: skip


def _registrations(view: View, problems: list[Problem]) -> Iterator[Registered]:
    """Yield the registrations that follow their schema."""
    from labrec.record.codec import decode
    from labrec.record.registration import Registration  # brings validation in

    for path, data, found in _documents(view, "hypotheses", Registration, problems):
        amends = str(found.amends) if found.amends is not None else None
        document = decode(data)
        digest = str(Digest.of(data))
        yield Registered(found.project, found.slug, digest, amends, path, document)


def _documents(
    view: View, folder: str, model: type[_Model], problems: list[Problem]
) -> Iterator[tuple[str, bytes, _Model]]:
    """Yield path, bytes and content of the documents of a kind; the others are problems."""
    from labrec.record.reader import read_document  # brings validation in: only where there are any

    for project in view.projects():
        for path, entry in view.files(f"{layout.RECORDS}/{project}/{folder}"):
            if layout.parse_path(path).kind == "draft":
                continue
            try:
                data = view.read_entry(path, entry.sha)
                document = read_document(path, data)
            except LabrecError as error:
                problems.append(Problem(path, f"{error.name}: {error.message}"))
                continue
            if not isinstance(document, model):
                raise TypeError(path)  # each kind has its own folder
            yield path, data, document
