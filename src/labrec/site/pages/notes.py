"""What was said about a run after it was recorded, in the order in which a page shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from labrec.lineage.note_words import title

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from labrec.site.rows import Note


class Said(NamedTuple):
    """A note as a page shows it.

    Attributes:
        title: What it is called.
        text: What it says; empty where its kind says it all.
        why: Its reason, or empty.
        author: Who says so.
        time: When.
        note_id: Its id.
        depth: 0 for one on the run, 1 for one on such a note, and so on; at most 3.
        heard: Whether no heard note retracts or replaces it.
        conflict: Whether it disagrees with another one.
    """

    title: str
    text: str
    why: str
    author: str
    time: datetime
    note_id: str
    depth: int
    heard: bool
    conflict: bool


_DEEPEST = 3


def said(notes: Iterable[Note]) -> list[Said]:
    """Return the notes about a run, each with the notes on it behind it.

    Retractions come first, then conflicts, then the rest by time of id; what is not heard is last.

    Args:
        notes: All notes that speak about its record, itself or through others.
    """
    below: dict[str, list[Note]] = {}
    for note in notes:
        on = note.subject if note.subject_kind == "note" else ""
        below.setdefault(on, []).append(note)
    found: list[Said] = []
    rest = [(note, 0) for note in reversed(_in_order(below.get("", ())))]
    while rest:
        note, depth = rest.pop()
        found.append(
            Said(
                title(note.kind), note.text, note.reason, note.author, note.time, note.note_id,
                min(depth, _DEEPEST), note.heard, note.conflict,
            )
        )  # fmt: skip
        children = below.pop(note.note_id, ())  # once: two records of one note id are two rows
        rest += [(child, depth + 1) for child in reversed(_in_order(children))]
    return found


def _in_order(notes: Sequence[Note]) -> list[Note]:
    return sorted(
        notes,
        key=lambda note: (not note.heard, note.kind != "retract", not note.conflict, note.note_id),
    )
