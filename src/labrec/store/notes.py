"""The notes of a view, read once and kept by day.

As with the summaries of runs, what a day's notes say is kept under ``labrec/cache`` in a file that
is named by the tree id of the day's directory: it is never out of date, and can be deleted. Where a
project has no notes nothing is read. A note that is damaged, invalid or of a newer schema is a
problem of the view, and stops nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from labrec.errors import LabrecError
from labrec.record.heard import HeardNote, Subject, hear
from labrec.record.layout import RECORDS
from labrec.store import proven

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from labrec.store.view import View

_VERSION = "labrec.notes/1"
_CACHE_FOLDER = "notes"
_FEW = 8  # notes that are read as fast as a file of the cache


class UnusedNote(NamedTuple):
    """A note that cannot be used.

    Attributes:
        path: Its path in the lab.
        why: What is wrong with it.
    """

    path: str
    why: str


class Notes(NamedTuple):
    """The notes of a view. True when all could be used.

    Attributes:
        notes: Those that could, by project and time of id.
        problems: The others, likewise.
    """

    notes: tuple[HeardNote, ...]
    problems: tuple[UnusedNote, ...]

    def __bool__(self) -> bool:
        return not self.problems


def notes_of(view: View, project: str | None = None) -> Notes:
    """Return the notes of a view.

    Args:
        view: What to read.
        project: Only this project's; None for all.
    """
    folder = view.cache / _CACHE_FOLDER if view.cache is not None else None
    notes: list[HeardNote] = []
    problems: list[UnusedNote] = []
    for name in [project] if project is not None else view.projects():
        for day, sha in view.days(name, "notes"):
            found = _day(view, folder, (name, day, sha))
            notes += found.notes
            problems += found.problems
    return Notes(tuple(notes), tuple(problems))


def _day(view: View, folder: Path | None, where: tuple[str, str, str]) -> Notes:
    project, day, sha = where
    # Equal directories of two projects would share a tree id: the project is part of the name.
    path = proven.place(folder, _VERSION, project, day, sha) if folder is not None else None
    cached = _read(path) if path is not None else None
    if cached is not None:
        return Notes(tuple(cached), ())
    problems: list[UnusedNote] = []
    notes = list(_heard(view, f"{RECORDS}/{project}/notes/{day}", problems))
    notes.sort(key=lambda note: (note.note_id, note.digest))
    if path is not None and not problems and len(notes) >= _FEW:
        proven.write(path, [json.dumps(notes, ensure_ascii=False, separators=(",", ":")).encode()])
    return Notes(tuple(notes), tuple(problems))


def _heard(view: View, folder: str, problems: list[UnusedNote]) -> Iterator[HeardNote]:
    for path, entry in view.files(folder):
        try:
            yield hear(path, view.read_entry(path, entry.sha))
        except LabrecError as error:
            problems.append(UnusedNote(path, f"{error.name}: {error.message}"))


def _read(path: Path) -> list[HeardNote] | None:
    body = proven.read(path)
    if body is None:
        return None
    try:
        # Our own bytes, proven above: the plain parser is enough.
        notes = [HeardNote(*row) for row in json.loads(bytes(body))]
        return [
            note._replace(subject=Subject(*note.subject), after=tuple(note.after)) for note in notes
        ]
    except (ValueError, TypeError):
        return None
