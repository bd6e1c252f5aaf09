"""What a lab has of a source already, and the notes that put new records in the old ones' place.

Of all records with one origin key one counts: the one that the latest import made. The others are
superseded by notes. When a map goes back to what it was, the note that superseded the old record is
retracted.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from labrec.errors import IntegrityError, InvalidError
from labrec.record.codec import decode, encode
from labrec.record.digest import Digest
from labrec.record.ids import new_run_id
from labrec.record.layout import RECORDS, note_path, parse_path
from labrec.store.additions import Addition

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from labrec.exchange.records import Written
    from labrec.store.summaries import RunSummary
    from labrec.store.view import View

Document = dict[str, Any]

WHY = "imported again: the table or its map says something else"
WHY_BACK = "imported again: the table and its map say what they said before"


class StoredNote(NamedTuple):
    """A note in the lab.

    Attributes:
        digest: Digest of its bytes.
        document: What it says.
    """

    digest: Digest
    document: Document


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
        self._notes: dict[str, list[StoredNote]] | None = None

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

    def _about(self, subject: str) -> list[StoredNote]:
        """Return the notes on a run or note, by its id."""
        if self._notes is None:
            self._notes = {}
            for note in _notes(self._view):
                self._notes.setdefault(str(note.document["subject"]["id"]), []).append(note)
        return self._notes.get(subject, [])

    def _superseding(self, run_id: str) -> Iterator[StoredNote]:
        """Yield the notes that supersede a run and are not retracted."""
        for note in self._about(run_id):
            if note.document["kind"] == "supersede" and not any(
                one.document["kind"] == "retract" for one in self._about(_id(note))
            ):
                yield note

    def _supersede(self, row: RunSummary, written: Written, digest: Digest) -> Addition:
        subject = {
            "kind": "run", "id": row.run_id, "digest": str(Digest.of(self._view.read(row.path)))
        }  # fmt: skip
        by = {"kind": "run", "id": written.run_id, "digest": str(digest)}
        return self._note(row.project, "supersede", subject, {"by": by}, WHY)

    def _retract(self, note: StoredNote) -> Addition:
        subject = {"kind": "note", "id": _id(note), "digest": str(note.digest)}
        return self._note(note.document["project"], "retract", subject, {}, WHY_BACK)

    def _note(
        self, project: str, kind: str, subject: Document, body: Document, reason: str
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
            "subject": subject,
            "after": sorted(str(note.digest) for note in self._about(subject["id"])),
            "body": body,
        }
        data = encode(document)
        return Addition(note_path(project, note_id, Digest.of(data)), data)


def _id(note: StoredNote) -> str:
    return str(note.document["note_id"])


def _notes(view: View) -> Iterator[StoredNote]:
    """Yield the notes of a lab; those that cannot be read are for ``labrec verify``."""
    for project in view.projects():
        for path, entry in view.files(f"{RECORDS}/{project}/notes"):
            if parse_path(path).kind != "note":
                continue
            try:
                data = view.read_entry(path, entry.sha)
                document = decode(data)
            except (InvalidError, IntegrityError):
                continue
            if _is_note(document):
                yield StoredNote(Digest.of(data), document)


def _is_note(document: Any, keys: Collection[str] = ("note_id", "project", "kind")) -> bool:
    return (
        isinstance(document, dict)
        and all(isinstance(document.get(key), str) for key in keys)
        and isinstance(document.get("subject"), dict)
        and isinstance(document["subject"].get("id"), str)
    )
