"""Everything that the tables say about one hypothesis, brought together. ○ No IO."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from labrec.site.rows_hypotheses import Bearing, Primary, Registration, Unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from labrec.site.collect import Project, Site
    from labrec.site.rows import Note

_OBJECTIONS = frozenset({"comment", "object", "retract"})
"""Kinds of notes on a run that its hypotheses tell too."""

_Row = TypeVar("_Row", Primary, Unit, Bearing)


class Ran(NamedTuple):
    """A run that bears on a hypothesis.

    Attributes:
        row: Its place there.
        name: What it is called.
        started: When it started; None = not known.
        value: Its value of the leading metric; None = it has none.
    """

    row: Bearing
    name: str
    started: datetime | None
    value: float | None

    @property
    def has_place(self) -> bool:
        """Whether it is one of the runs that decide."""
        return self.row.place is not None and not self.row.withdrawn


class Dossier(NamedTuple):
    """One hypothesis.

    Attributes:
        project: Its project.
        slug: Its name.
        row: The registration that decides; the first of several that stand side by side.
        registrations: All of them, in their order.
        primaries: The primary metrics of `row`, the leading one first.
        units: Its units, confirmatory ones first.
        runs: Its runs by time.
        notes: What was said about it.
        run_notes: What was said about its runs, with the run's name.
        family: Other claims of its family, with their verdicts.
        every_unit: The units of all registrations.
        every_run: The runs of all registrations.
    """

    project: str
    slug: str
    row: Registration
    registrations: tuple[Registration, ...]
    primaries: tuple[Primary, ...] = ()
    units: tuple[Unit, ...] = ()
    runs: tuple[Ran, ...] = ()
    notes: tuple[Note, ...] = ()
    run_notes: tuple[tuple[str, Note], ...] = ()
    family: tuple[Registration, ...] = ()
    every_unit: tuple[Unit, ...] = ()
    every_run: tuple[Bearing, ...] = ()


def dossiers(site: Site, project: Project) -> Iterator[Dossier]:
    """Yield the hypotheses of a project by name; each table is read once."""
    name = project.name
    registrations = _by_slug(site.rows_of(Registration, name))
    if not registrations:
        return
    primaries = _by_slug(site.rows_of(Primary, name))
    units = _by_slug(site.rows_of(Unit, name))
    bearings = _by_slug(site.rows_of(Bearing, name))
    current = [row for rows in registrations.values() for row in rows if row.current]
    notes = _notes(project.notes)
    for slug, rows in sorted(registrations.items()):
        ordered = tuple(sorted(rows, key=lambda row: row.order))
        row = next((one for one in ordered if one.current), ordered[-1])
        mine = _of(bearings.get(slug, ()), row)
        runs = sorted((_ran(one, row.metric, project) for one in mine), key=_when)
        yield Dossier(
            name, slug, row, ordered,
            tuple(sorted(_of(primaries.get(slug, ()), row), key=lambda one: not one.leads)),
            tuple(sorted(_of(units.get(slug, ()), row), key=lambda one: one.kind)),
            tuple(runs),
            tuple(notes.get(slug, ())),
            tuple(_about_runs(runs, project)),
            tuple(
                one for one in current
                if row.family is not None and one.family == row.family and one.hypothesis != slug
            ),
            tuple(units.get(slug, ())), tuple(bearings.get(slug, ())),
        )  # fmt: skip


def _by_slug(rows: Iterable[Any]) -> Mapping[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.hypothesis].append(row)
    return found


def _of(rows: Sequence[_Row], row: Registration) -> list[_Row]:
    return [one for one in rows if one.registration == row.registration]


def _ran(row: Bearing, metric: str, project: Project) -> Ran:
    run = project.run.get(row.run_id)
    value = next(
        (one.value for one in project.metrics_of.get(row.record_digest, ())
         if one.metric == metric),
        None,
    )  # fmt: skip
    if run is None:
        return Ran(row, row.run_id, None, value)
    return Ran(row, run.name, run.started, value)


def _when(run: Ran) -> tuple[str, str]:
    return run.started.isoformat() if run.started is not None else "", run.row.run_id


def _notes(notes: Iterable[Note]) -> Mapping[str, list[Note]]:
    """Return the notes about each hypothesis, and the notes on these, by its name."""
    found: dict[str, list[Note]] = defaultdict(list)
    on: dict[str, list[Note]] = defaultdict(list)
    for note in notes:
        if note.subject_kind == "hypothesis":
            found[note.subject].append(note)
        elif note.subject_kind == "note":
            on[note.subject].append(note)
    for told in found.values():
        for note in told:  # it grows by the notes on its notes, each once
            told.extend(on.pop(note.note_id, ()))
    return found


def _about_runs(runs: Sequence[Ran], project: Project) -> Iterator[tuple[str, Note]]:
    for run in runs:
        for note in project.notes_of.get(run.row.record_digest, ()):
            if note.kind in _OBJECTIONS and note.heard and note.subject_kind == "run":
                yield run.name, note
