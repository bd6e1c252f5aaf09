"""Which records count: what notes and second records take out of statistics. ○ No IO.

Two kinds of notes are heeded here, `supersede` and `retract`, on runs; a note that was itself
retracted says nothing. `reparent`, `tag`, `rename` and the others do not change the tables yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from labrec.lineage.graph import graph

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Standing = Literal["counts", "forked", "superseded", "retracted"]


class RunNote(NamedTuple):
    """A note that may change what counts.

    Attributes:
        digest: Digest of its bytes.
        project: The project it belongs to.
        kind: supersede or retract.
        subject: Digest of the run or note it speaks about.
        by: Digest of the record that takes the subject's place; None for others.
    """

    digest: str
    project: str
    kind: str
    subject: str
    by: str | None


class Replacement(NamedTuple):
    """A record that takes the place of another one.

    Attributes:
        project: Their project.
        new: Digest of the record that does.
        old: Digest of the one whose place it takes.
        note: Digest of the note that says so.
    """

    project: str
    new: str
    old: str
    note: str


class Standings(NamedTuple):
    """What counts.

    Attributes:
        of: Standing by (project, record digest); those that are missing count.
        replacements: Which record took the place of which, in order.
    """

    of: Mapping[tuple[str, str], Standing]
    replacements: Sequence[Replacement]


def standings(records: Iterable[tuple[str, str, str]], notes: Iterable[RunNote]) -> Standings:
    """Find out which records count.

    Two records of one run count only once all but one of them are superseded. A retraction wins
    over everything else.

    Args:
        records: (project, run id, record digest) of every record.
        notes: In any order; equal sets of notes give equal answers.
    """
    heard = sorted(_heard(list(notes)))
    replacements = [
        Replacement(note.project, note.by, note.subject, note.digest)
        for note in heard
        if note.kind == "supersede" and note.by is not None and note.by != note.subject
    ]
    superseded = {(found.project, found.old) for found in replacements}
    retracted = {(note.project, note.subject) for note in heard if note.kind == "retract"}
    left: dict[tuple[str, str], list[str]] = {}
    standing: dict[tuple[str, str], Standing] = {}
    for project, run_id, digest in records:
        if (project, digest) in superseded:
            standing[project, digest] = "superseded"
        else:
            left.setdefault((project, run_id), []).append(digest)
        if (project, digest) in retracted:
            standing[project, digest] = "retracted"
    for (project, _), digests in left.items():
        if len(digests) > 1:
            for digest in digests:
                standing.setdefault((project, digest), "forked")
    return Standings(standing, replacements)


def _heard(notes: Sequence[RunNote]) -> list[RunNote]:
    """Return the notes that no heard note retracts."""
    by_digest = {note.digest: note for note in notes}
    against = [
        (note.subject, note.digest)
        for note in notes
        if note.kind == "retract"
        and note.subject in by_digest
        and by_digest[note.subject].project == note.project
    ]
    retractors = graph(by_digest, against)
    silent: set[str] = set()
    # From the notes that nobody retracts down: a digest cannot name a later document, so that
    # there are no cycles but in notes that lie.
    for digest in retractors.order:
        if any(above not in silent for above in retractors.parents[digest]):
            silent.add(digest)
    return [note for digest, note in by_digest.items() if digest not in silent]
