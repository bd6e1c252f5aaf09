"""From the kept days of a view, and from what speaks about them, to `Seen`."""

from __future__ import annotations

import hashlib
from itertools import accumulate
from typing import TYPE_CHECKING

from labrec.analytics import known
from labrec.analytics.calls import NONE
from labrec.analytics.kept_runs import KeptRuns, together
from labrec.analytics.noted import noted
from labrec.analytics.problem import Problem
from labrec.analytics.run import Registered
from labrec.analytics.seen import Seen
from labrec.analytics.settle import settle
from labrec.errors import LabrecError
from labrec.lineage.fold import fold
from labrec.lineage.standing import Standings, standings
from labrec.lineage.used import File, Version
from labrec.record import layout
from labrec.record.digest import Digest
from labrec.store.notes import notes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from labrec.analytics.kept_runs import Kept
    from labrec.analytics.run import Run
    from labrec.catalog.datasets import DatasetVersion
    from labrec.lineage.fold import Fold
    from labrec.store.view import View

WIDE = ("facts", "conditions", "channels", "calls", "used")
"""Columns that are large and seldom asked for: they stay packed until they are."""


def gather(view: View, kept: Sequence[Kept]) -> Seen:
    """Return all runs of a view as its notes leave them.

    Args:
        view: The view.
        kept: Its days, ordered by project and day.
    """
    notes = notes_of(view)
    problems = [Problem(*found) for found in notes.problems]
    said = fold(notes.notes)
    runs = KeptRuns(kept)
    found = _standings(runs, said)
    # Without notes and forks, as in most labs, records are what they are.
    if said.subjects or found.of:
        _tell(runs, said, found.of)
    registered = list(_registrations(view, problems))
    earlier = known.read(view, _basis(view))
    lab = _Lab(view, kept)
    settled, defined, more = settle(view, kept, runs, said, lab.points)
    seen = Seen(settled, lab, registered, found.replacements, said, earlier)
    seen.define(defined)
    seen.problems += problems + more
    return seen


def _standings(runs: KeptRuns, said: Fold) -> Standings:
    """Return which records count; without notes and second records of a run all of them do."""
    if not said.subjects and runs.differ("run_id"):
        return Standings({}, [])
    keys = zip(*map(runs.column, ("project", "run_id", "digest")), strict=True)
    return standings(keys, said)


def _tell(runs: KeptRuns, said: Fold, standing: Mapping[tuple[str, str], str]) -> None:
    """Leave the runs as the notes leave them, and the other records of them."""
    keys = zip(*map(runs.column, ("project", "digest")), strict=True)
    for place, (project, digest) in enumerate(keys):
        if (project, "run", digest) in said.subjects or (project, digest) in standing:
            runs.change(_noted(runs[place], said, standing))


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
        self._kept = kept
        self._wide: dict[str, pa.ChunkedArray] = {}
        self._files = [one.files for one in kept]
        self._starts = [0, *accumulate(one.runs.num_rows for one in kept)]

    def definition(self, project: str) -> tuple[str, Mapping[str, object]]:
        return layout.project_path(project), self._view.project_definition(project)

    def wide(self, place: int, column: str) -> str:
        return str(self._texts(column)[place].as_py())

    def asked(self) -> Iterator[int]:
        for place, _ in self._told("calls", NONE):
            yield place

    def used(self) -> Iterator[tuple[int, str]]:
        yield from self._told("used", "[]")

    def _texts(self, column: str) -> pa.ChunkedArray:
        if column not in self._wide:
            self._wide[column] = together([one.runs[column] for one in self._kept])
        return self._wide[column]

    def _told(self, column: str, nothing: str) -> Iterator[tuple[int, str]]:
        """Yield the place of each run that says something in a column, and what."""
        import pyarrow.compute as pc

        texts = self._texts(column)
        told = pc.not_equal(texts, nothing).to_numpy().nonzero()[0]
        yield from zip(told.tolist(), texts.take(told).to_pylist(), strict=True)

    def versions(self) -> Iterator[Version]:
        for project in self._view.projects():
            for path, _ in self._view.files(f"{layout.RECORDS}/{project}/datasets"):
                found = layout.parse_path(path)
                if found.kind == "dataset":
                    yield Version(project, found.id, found.version, found.digest)

    def datasets(self, problem: Callable[[str, str], None]) -> Iterator[DatasetVersion]:
        from labrec.catalog.datasets import datasets  # only where their table is made

        for project in self._view.projects():
            yield from datasets(self._view, project, problem)

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
            start = self._starts[day]
            shared = table.filter(pc.is_in(table["sha256"], value_set=wanted))
            columns = (shared[name].to_pylist() for name in ("place", "name", "role", "sha256"))
            for place, name, role, sha256 in zip(*columns, strict=True):
                yield File(start + place, name, role == "input", sha256)

    def points(self, output: str) -> Mapping[str, Sequence[float]]:
        from labrec.analytics.points import values  # parses: only where points are asked for

        return values(self._view, Digest.parse(output))


# -- documents that speak about others -------------------------------------------------------


def _registrations(view: View, problems: list[Problem]) -> Iterator[Registered]:
    """Yield the registrations that follow their schema; the others are problems."""
    for project in view.projects():
        for path, entry in view.files(f"{layout.RECORDS}/{project}/hypotheses"):
            if layout.parse_path(path).kind == "draft":
                continue
            try:
                yield _registration(path, view.read_entry(path, entry.sha))
            except LabrecError as error:
                problems.append(Problem(path, f"{error.name}: {error.message}"))


def _registration(path: str, data: bytes) -> Registered:
    """Return a registration.

    Raises:
        LabrecError: It does not follow its schema.
    """
    from labrec.record.codec import decode
    from labrec.record.reader import read_document  # brings validation in: only where there are any
    from labrec.record.registration import Registration

    found = read_document(path, data)
    if not isinstance(found, Registration):
        raise TypeError(path)  # each kind has its own folder
    amends = str(found.amends) if found.amends is not None else None
    digest = str(Digest.of(data))
    return Registered(found.project, found.slug, digest, amends, path, decode(data))
