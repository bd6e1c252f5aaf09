"""What a lab has of a source already, and the notes that put new records in the old ones' place.

Of all records with one origin key one counts: the one that the latest import made. The others are
superseded by notes. When a map goes back to what it was, the note that superseded the old record is
retracted.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from labrec.lineage.fold import fold
from labrec.record.codec import encode
from labrec.record.digest import Digest
from labrec.record.heard import Subject
from labrec.record.ids import new_run_id
from labrec.record.layout import note_path
from labrec.store.additions import Addition
from labrec.store.notes import notes_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from labrec.exchange.records import Written
    from labrec.lineage.fold import Fold, Folded
    from labrec.record.heard import HeardNote
    from labrec.store.summaries import RunSummary
    from labrec.store.view import View

Document = dict[str, Any]

WHY = "imported again: the table or its map says something else"
WHY_BACK = "imported again: the table and its map say what they said before"


class Origins:
    """The runs and notes of a lab that come from one source.

    Args:
        view: The lab.
        source: The source.
        author: Whom new notes name.
    """

    def __init__(self, view: View, source: str, author: Document) -> None:
        self._view = view
        self._author = author
        self._source = source
        self._rows: dict[str, list[RunSummary]] | None = None
        self._said: Fold | None = None
        self._on_runs: dict[str, list[Folded]] = {}

    def known(self, projects: Iterable[str]) -> dict[str, str]:
        """Return the runs of some projects: the path of each by its id. Reads no record."""
        return {entry.run_id: entry.path for name in projects for entry in self._view.runs(name)}

    def notes_for(self, written: Written, known: str | None) -> list[Addition]:
        """Return the notes that make a record the one that counts for its origin key.

        Args:
            written: The record.
            known: Path of the record that the lab has under its id; None where it has none.

        Raises:
            IntegrityError: A record or note of the lab is damaged.
        """
        rows = self._by_key().get(written.key, ())
        others = [row for row in rows if row.run_id != written.run_id]
        if not others:
            return []
        digest = written.digest if known is None else Digest.of(self._view.read(known))
        made = [self._retract(note) for note in self._superseding(written.run_id)]
        made += [
            self._supersede(row, written, digest)
            for row in others
            if not any(self._superseding(row.run_id))
        ]
        return made

    def _by_key(self) -> dict[str, list[RunSummary]]:
        if self._rows is None:
            from labrec.store.summaries import summaries  # reads every record once

            self._rows = {}
            for row in summaries(self._view):
                if row.origin is not None and row.origin["source"] == self._source:
                    self._rows.setdefault(str(row.origin["key"]), []).append(row)
        return self._rows

    # -- notes -----------------------------------------------------------------------------

    def _notes(self) -> Fold:
        """Return what the lab's notes come to; those that cannot be used are for `verify`."""
        if self._said is None:
            self._said = fold(notes_of(self._view).notes)
            for (_, kind, _), folded in self._said.subjects.items():
                if kind == "run" and folded.notes:
                    self._on_runs.setdefault(folded.notes[0].subject.id, []).append(folded)
        return self._said

    def _superseding(self, run_id: str) -> Iterator[HeardNote]:
        """Yield the heard notes that supersede a run."""
        self._notes()
        for folded in self._on_runs.get(run_id, ()):
            yield from folded.of_kind("supersede")

    def _supersede(self, row: RunSummary, written: Written, digest: Digest) -> Addition:
        subject = Subject("run", row.run_id, str(Digest.of(self._view.read(row.path))))
        by = {"kind": "run", "id": written.run_id, "digest": str(digest)}
        return self._note(row.project, "supersede", subject, {"by": by}, WHY)

    def _retract(self, note: HeardNote) -> Addition:
        subject = Subject("note", note.note_id, note.digest)
        return self._note(note.project, "retract", subject, {}, WHY_BACK)

    def _note(
        self, project: str, kind: str, subject: Subject, body: Document, reason: str
    ) -> Addition:
        note_id = new_run_id()
        document = {
            "schema": "labrec.note/1.0",
            "note_id": note_id,
            "project": project,
            "kind": kind,
            "author": self._author,
            "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "reason": reason,
            "subject": subject._asdict(),
            "after": list(self._notes().on(project, subject.kind, str(subject.digest)).last),
            "body": body,
        }
        data = encode(document)
        return Addition(note_path(project, note_id, Digest.of(data)), data)
