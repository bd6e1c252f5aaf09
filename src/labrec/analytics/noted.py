"""Runs as the notes on them leave them, and the notes themselves as a table. ○ No IO."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from labrec.analytics.run import Link
from labrec.analytics.tables import NOTES
from labrec.lineage.note_words import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from labrec.analytics.run import Run
    from labrec.analytics.runs import Runs
    from labrec.analytics.seen import Seen
    from labrec.analytics.tables import Table
    from labrec.lineage.fold import Fold, Folded, HeardNote

TABLES: Final[tuple[Table, ...]] = (NOTES,)


def rows(seen: Seen) -> Iterator[tuple[Table, Iterable[Sequence[Any]]]]:
    """Yield the table of notes."""
    yield NOTES, _rows(seen)


def noted(run: Run, folded: Folded) -> Run:
    """Return a run as the notes on it leave it; its standing is for `labrec.lineage.standing`.

    Args:
        run: What its record says.
        folded: What the notes on that record come to.
    """
    name = folded.name(run.name)
    parents, recorded = run.parents, None
    value = folded.values.get("reparent")
    if value is not None and not value.conflict:
        parents, recorded = json.dumps(folded.parents(())), run.parents
    return run._replace(
        name=name,
        renamed_from=run.name if name != run.name else None,
        parents=parents,
        recorded_parents=recorded,
        tags=tuple(folded.tags.apply(run.tags)),
        links=_links(run, folded),
    )


def _links(run: Run, folded: Folded) -> tuple[Link, ...]:
    """Return the links of a run; what its record says of one stays with it."""
    recorded = {link[:3]: link for link in run.links}
    return tuple(recorded.get(link, Link(*link)) for link in folded.hypotheses(recorded))


def columns(runs: Runs, said: Fold) -> dict[str, list[Any]]:
    """Return the columns of the table `runs` that notes and other records decide.

    Args:
        runs: Those of the table, in its order, as notes leave them.
        said: What all notes come to.
    """
    standing = runs.column("standing")
    if not said.subjects:  # as in most labs: names and tags are those of the records
        none = [None] * len(runs)
        return {
            "renamed_from": none, "standing": standing, "notes": [0] * len(runs),
            "conflicts": [()] * len(runs),
        }  # fmt: skip
    found = _folded(runs, said)
    return {
        "name": runs.column("name"),
        "renamed_from": runs.column("renamed_from"),
        "tags": runs.column("tags"),
        "standing": standing,
        "notes": [len(folded.notes) if folded is not None else 0 for folded in found],
        "conflicts": [sorted(folded.conflicts) if folded is not None else [] for folded in found],
    }


def _folded(runs: Runs, said: Fold) -> list[Folded | None]:
    """Return what the notes on each run come to, or None without any."""
    keys = zip(runs.column("project"), runs.column("digest"), strict=True)
    return [said.subjects.get((project, "run", digest)) for project, digest in keys]


def outcomes(runs: Runs, recorded: Sequence[str | None], said: Fold) -> Iterator[str | None]:
    """Yield what each run found.

    Args:
        runs: The runs.
        recorded: What their records say.
        said: What all notes come to.
    """
    for folded, original in zip(_folded(runs, said), recorded, strict=True):
        yield original if folded is None else folded.outcome(original)


def _rows(seen: Seen) -> Iterator[tuple[Any, ...]]:
    heard: set[str] = set()
    disagree: set[str] = set()
    for folded in seen.said.subjects.values():
        heard.update(note.digest for note in folded.notes)
        for value in folded.conflicts.values():
            disagree.update(note.digest for note in value.notes)
    records = _records(seen.notes)
    for note in seen.notes:
        yield (
            note.project,
            note.note_id,
            note.kind,
            *note.subject,
            note.digest in heard,
            note.digest in disagree,
            datetime.fromisoformat(note.time),
            note.author,
            note.reason,
            words(note.kind, note.body),
            json.dumps(note.body, ensure_ascii=False, sort_keys=True),
            note.path,
            note.digest,
            records[note.digest],
        )


def _records(notes: Sequence[HeardNote]) -> dict[str, str | None]:
    """Return the record that each note speaks about, if only through other notes."""
    by_digest = {note.digest: note for note in notes}
    found: dict[str, str | None] = {}
    for note in notes:
        at, way = note, [note.digest]
        # A digest names no later document: the way down to a record has an end.
        while at.subject.kind == "note" and at.digest not in found:
            below = by_digest.get(str(at.subject.digest))
            if below is None:
                break
            at = below
            way.append(at.digest)
        own = at.subject.digest if at.subject.kind == "run" else None
        found.update(dict.fromkeys(way, found.get(at.digest, own)))
    return found
