"""What a note is to speak about, from what a person types."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from labrec.errors import NotFoundError, UsageError
from labrec.noted import find_run
from labrec.record.digest import Digest
from labrec.record.heard import Subject
from labrec.record.text import one_line, printable
from labrec.sdk.hypotheses import find_hypothesis, find_registration
from labrec.store.find import MIN_PREFIX, runs_by_id
from labrec.store.notes import notes_of

if TYPE_CHECKING:
    from labrec.sdk.hypotheses import Registration
    from labrec.store.view import RunEntry, View

_HEX = re.compile(r"[0-9a-f]+")
_LISTED = 10
_SHOWN = 60  # characters of what was typed that a message repeats


class Found(NamedTuple):
    """Something that a note can speak about.

    Attributes:
        project: Its project.
        subject: It, as notes name it.
        path: Path of its document in the lab; None for an experiment.
    """

    project: str
    subject: Subject
    path: str | None


def find_subject(view: View, text: str) -> Found:
    """Return what a text means: a run, else a note, by id, prefix of an id, citation or name.

    ``note:ID``, ``hypothesis:SLUG``, ``hypothesis:PROJECT/SLUG``, ``report:SLUG`` (its newest
    version), ``report:SLUG@NUMBER`` and ``experiment:RUN`` (the experiment of that run) say which
    kind is meant.

    Raises:
        NotFoundError: Nothing fits.
        UsageError: Several things fit; the message lists them.
        InvalidError: The record of a run is none.
    """
    kind, colon, rest = text.partition(":")
    if colon and kind == "hypothesis":
        project, slash, slug = rest.rpartition("/")
        return _hypothesis(view, slug, project if slash else None)
    if colon and kind == "report":
        return _report(view, rest)
    if colon and kind == "experiment":
        return _experiment(view, rest)
    notes = _notes(view, rest if colon and kind == "note" else text)
    if colon and kind == "note":
        if not notes:
            raise NotFoundError(
                f"no note {one_line(printable(rest), _SHOWN)} in this lab",
                hint="`labrec note list RUN` lists the notes on a run.",
            )
        return _only(text, notes)
    runs = [
        f"{entry.project}/{entry.run_id}" for entry in (runs_by_id(view, text) if notes else ())
    ]
    if notes and runs:
        raise _ambiguous(text, [*runs, *(f"note:{one.subject.id}" for one in notes)])
    return _only(text, notes) if notes else run_subject(view, find_run(view, text))


def run_subject(view: View, entry: RunEntry) -> Found:
    """Return a run as a note's subject."""
    digest = str(Digest.of(view.read_entry(entry.path, entry.sha)))
    return Found(entry.project, Subject("run", entry.run_id, digest), entry.path)


def registration_of(view: View, slug: str, project: str | None = None) -> tuple[str, Registration]:
    """Return the registration of a hypothesis that counts, and its project.

    Raises:
        NotFoundError: There is no hypothesis of that name, or none of it is registered.
        UsageError: It is registered several times side by side, or in several projects.
    """
    found = find_hypothesis(view, slug, project)
    return found.project, find_registration(view, found.project, slug)


def _hypothesis(view: View, slug: str, project: str | None) -> Found:
    where, one = registration_of(view, slug, project)
    return Found(where, Subject("hypothesis", slug, str(one.digest)), one.path)


def _report(view: View, text: str) -> Found:
    from labrec.sdk.reports import find_version  # reads about every report

    one = find_version(view, text)
    return Found(one.project, Subject("report", one.slug, one.digest), one.path)


def _experiment(view: View, text: str) -> Found:
    from labrec.reader import RunReader  # reads the record

    run = RunReader(view, find_run(view, text))
    if run.config_digest is None:
        raise UsageError(f"run {run.run_id} says of no experiment that it is its own")
    return Found(run.project, Subject("experiment", run.config_digest, None), None)


def _notes(view: View, text: str) -> list[Found]:
    """Return the notes whose id begins with at least four hex digits, dashes or none."""
    digits = text.lower().replace("-", "")
    if len(digits) < MIN_PREFIX or not _HEX.fullmatch(digits):
        return []
    return [
        Found(note.project, Subject("note", note.note_id, note.digest), note.path)
        for note in notes_of(view).notes
        if note.note_id.replace("-", "").startswith(digits)
    ]


def _only(text: str, found: list[Found]) -> Found:
    if len(found) > 1:
        raise _ambiguous(text, [f"note:{one.subject.id}" for one in found])
    return found[0]


def _ambiguous(text: str, found: list[str]) -> UsageError:
    more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    return UsageError(
        f"{one_line(printable(text), _SHOWN)} fits {len(found)} things: "
        f"{', '.join(found[:_LISTED])}{more}",
        hint="Give more digits of the id.",
        paths=found[:_LISTED],
    )
