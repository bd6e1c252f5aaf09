"""The table whose rows are the notes themselves. ○ Pure."""

from __future__ import annotations

from typing import Final

from labrec.analytics.tables.contract import Column, Table

NOTES: Final = Table(
    "notes",
    "a note: something said later about a run or another document",
    (
        Column("project", "text", "Project of the note."),
        Column("note_id", "text", "The note."),
        Column("kind", "text", "What it does: comment, tag, reparent, retract …"),
        Column("subject_kind", "text", "run, experiment, hypothesis, note, object or report."),
        Column("subject", "text", "What it speaks about: id, slug or digest."),
        Column(
            "subject_digest",
            "text",
            "Digest of that document; missing for an experiment.",
            optional=True,
        ),
        Column("heard", "boolean", "Whether no heard note retracts or replaces it."),
        Column(
            "conflict",
            "boolean",
            "Whether it disagrees with another note that neither author had seen.",
        ),
        Column("time", "time", "When it was written; nothing is ordered by it."),
        Column("author", "text", "Who says so."),
        Column("reason", "text", "Why; empty where none is given."),
        Column("text", "text", "What it says, in words; empty where its kind says it all."),
        Column("body", "text", "What it says, as JSON, by kind."),
        Column("path", "text", "Where it lies in the lab."),
        Column("note_digest", "text", "Digest of its bytes, sha256:…."),
        Column(
            "record_digest",
            "text",
            "The record it speaks about, itself or through the notes that it is about; missing "
            "where that is none.",
            optional=True,
        ),
    ),
    ("project", "note_id", "note_digest"),
)
