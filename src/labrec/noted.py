"""The runs of a lab as the notes on them leave them, for those who read without tables.

Everything is a function of the view. Where a lab has no notes this costs a look at its projects.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.lineage.fold import NOTHING, fold
from labrec.lineage.relations import Related, relate
from labrec.lineage.standing import standings
from labrec.record.codec import decode
from labrec.record.digest import PREFIX, SHORT
from labrec.store import find
from labrec.store.notes import notes_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from labrec.lineage.fold import Fold, Folded, HeardNote
    from labrec.lineage.relations import Lineage
    from labrec.lineage.standing import Standing
    from labrec.store.notes import UnusedNote
    from labrec.store.summaries import RunSummary
    from labrec.store.view import RunEntry, View

_PARENT: Final = ("name", "run_id", "config_digest")


class Noted(NamedTuple):
    """A run of a list, and what was said about it later.

    Attributes:
        row: Its summary, with the name, tags and parents that notes leave it.
        recorded: Its summary as its record has it; the same one where notes change nothing.
        said: What the notes on its record come to.
        standing: Whether it counts.
    """

    row: RunSummary
    recorded: RunSummary
    said: Folded
    standing: Standing

    @property
    def experiment(self) -> str:
        """Its config digest; the run itself where its record has none."""
        return self.row.config_digest or self.row.run_id

    def to_json(self) -> dict[str, Any]:
        """Return the run as an object with stable keys."""
        renamed = self.recorded.name if self.recorded.name != self.row.name else None
        return self.row.to_json() | {
            "renamed_from": renamed,
            "standing": self.standing,
            "notes": len(self.said.notes),
            "conflicts": sorted(self.said.conflicts),
        }


class NotedRuns(NamedTuple):
    """The runs of a lab.

    Attributes:
        runs: Oldest first.
        problems: Notes that cannot be used.
    """

    runs: list[Noted]
    problems: tuple[UnusedNote, ...]


def noted_runs(view: View, project: str | None = None, more: Sequence[HeardNote] = ()) -> NotedRuns:
    """Return a summary of every run in a view as notes leave it, oldest first.

    Args:
        view: What to read.
        project: Only this project's runs; None for all.
        more: Notes that are taken as if the view held them.
    """
    from labrec.store.summaries import summaries  # reads every record once

    rows = summaries(view, project)
    notes = notes_of(view, project)
    said = fold([*notes.notes, *more])
    if not said.subjects and not _forked(rows):  # as in most labs
        return NotedRuns([Noted(row, row, NOTHING, "counts") for row in rows], notes.problems)
    folded = _by_short(said)
    full = {key: digest for key, (digest, _) in folded.items()}
    # Summaries know the beginning of a digest; what a note speaks about is known in full.
    keys = [
        (row.project, row.run_id, full.get((row.project, row.digest), row.digest)) for row in rows
    ]
    standing = standings(keys, said).of
    runs = [
        _noted(row, folded, standing.get((row.project, digest), "counts"))
        for row, (_, _, digest) in zip(rows, keys, strict=True)
    ]
    return NotedRuns(runs, notes.problems)


def find_run(view: View, text: str) -> RunEntry:
    """Find one run by id, prefix of an id, citation, or name: the one shown before the recorded.

    Raises:
        NotFoundError: Nothing fits; the hint names what is near.
        UsageError: Several runs fit; the message lists them.
    """
    return find.find_run(view, text, lambda: dict(_renamed(view)))


def find_replicates(view: View, text: str) -> list[RunEntry]:
    """Find a run, or, by a name that fits several, all runs of the experiment that they are of.

    Raises:
        NotFoundError: Nothing fits; the hint names what is near.
        UsageError: Runs of different experiments fit; the message lists them.
    """
    return find.find_replicates(view, text, lambda: dict(_renamed(view)))


def lineage_of(view: View, runs: Iterable[Noted]) -> Lineage:
    """Return how runs relate, by the parents that notes leave them.

    Args:
        view: Where their records are.
        runs: The runs; those that cannot be read are left out.
    """
    found = [
        Related(
            one.row.project, one.row.run_id, one.row.digest, one.recorded.name, one.experiment,
            one.standing == "counts", json.dumps(_parents(view, one)), None, None, None,
            _reparented(one.said),
        )
        for one in runs
        if one.row.status != "unreadable"
    ]  # fmt: skip
    return relate(sorted(found, key=lambda run: (run.project, run.run_id, run.digest)), ())


class Said(NamedTuple):
    """What was said about one run.

    Attributes:
        folded: What the notes on its record come to.
        standing: Whether it counts.
        everything: What all notes of its project come to.
        problems: Notes of its project that cannot be used.
    """

    folded: Folded
    standing: Standing
    everything: Fold
    problems: tuple[UnusedNote, ...]


def said_of(view: View, entry: RunEntry) -> Said:
    """Return what was said about one run.

    Args:
        view: The lab.
        entry: Where its record is.
    """
    notes = notes_of(view, entry.project)
    said = fold(notes.notes)
    folded = _by_short(said)
    full = {key: digest for key, (digest, _) in folded.items()}
    keys = [
        (one.project, one.run_id, full.get((one.project, one.digest_short), one.digest_short))
        for one in find.runs_by_id(view, entry.run_id, entry.project)
    ]
    key = entry.project, entry.digest_short
    digest = full.get(key, entry.digest_short)
    standing = standings(keys, said).of.get((entry.project, digest), "counts")
    return Said(folded.get(key, ("", NOTHING))[1], standing, said, notes.problems)


class Told(NamedTuple):
    """A note in a list.

    Attributes:
        note: The note.
        depth: 0 for one on the subject, 1 for one on such a note, and so on.
        heard: Whether no heard note retracts or replaces it.
        conflict: Whether it disagrees with another one that neither author had seen.
    """

    note: HeardNote
    depth: int
    heard: bool
    conflict: bool

    def to_json(self) -> dict[str, Any]:
        """Return the note as an object with stable keys."""
        note = self.note._asdict() | {"subject": self.note.subject._asdict()}
        return note | {"after": list(self.note.after), "heard": self.heard,
                       "conflict": self.conflict}  # fmt: skip


def told(said: Fold, folded: Folded) -> Iterator[Told]:
    """Yield the notes on a subject, each with the notes on it behind it.

    Retractions come first, then conflicts, then the rest in order.

    Args:
        said: What all notes of the project come to.
        folded: What those on the subject come to.
    """
    rest = [*reversed(_listed(folded, 0))]
    while rest:
        one = rest.pop()
        yield one
        below = said.on(one.note.project, "note", one.note.digest)
        rest += reversed(_listed(below, one.depth + 1))


def _listed(folded: Folded, depth: int) -> list[Told]:
    disagree = {note.digest for value in folded.conflicts.values() for note in value.notes}
    found = [Told(note, depth, True, note.digest in disagree) for note in folded.notes]
    found.sort(key=lambda one: (one.note.kind != "retract", not one.conflict))
    return found + [Told(note, depth, False, False) for note in folded.unheard]


def _by_short(said: Fold) -> dict[tuple[str, str], tuple[str, Folded]]:
    """Return what was said about runs, by project and the digest that file names hold."""
    return {
        (project, digest.removeprefix(PREFIX)[:SHORT]): (digest, folded)
        for (project, kind, digest), folded in said.subjects.items()
        if kind == "run"
    }


def _forked(rows: Sequence[RunSummary]) -> bool:
    """Say whether two records may be of one run; rows are ordered by run id."""
    return any(one.run_id == other.run_id for one, other in pairwise(rows))


def _noted(
    row: RunSummary, folded: Mapping[tuple[str, str], tuple[str, Folded]], standing: Standing
) -> Noted:
    _, said = folded.get((row.project, row.digest), ("", NOTHING))
    if said is NOTHING or row.status == "unreadable":
        return Noted(row, row, said, standing)
    parents = row.parents
    if _reparented(said):
        parents = [{name: parent[name] for name in _PARENT} for parent in said.parents(())]
    shown = row._replace(name=said.name(row.name), tags=said.tags.apply(row.tags), parents=parents)
    return Noted(shown, row, said, standing)


def _reparented(said: Folded) -> bool:
    value = said.values.get("reparent")
    return value is not None and not value.conflict


def _renamed(view: View) -> Iterator[tuple[tuple[str, str], str]]:
    notes = notes_of(view).notes
    if any(note.kind == "rename" for note in notes):
        for key, (_, folded) in _by_short(fold(notes)).items():
            value = folded.values.get("rename")
            if value is not None and not value.conflict:
                yield key, folded.name("")


def _parents(view: View, one: Noted) -> Sequence[Mapping[str, Any]]:
    """Return a run's parents; how a mere name was found stands in the record alone."""
    if _reparented(one.said):
        return one.said.parents(())
    row = one.recorded
    if all(parent["run_id"] or parent["config_digest"] for parent in row.parents):
        return [parent | {"by": None} for parent in row.parents]
    document = decode(view.read_entry(row.path, row.sha))
    lineage = document.get("lineage") if isinstance(document, dict) else None
    parents = lineage.get("parents") if isinstance(lineage, dict) else None
    return [
        {name: parent.get(name) for name in (*_PARENT, "by")}
        for parent in (parents if isinstance(parents, list) else [])
        if isinstance(parent, dict)
    ]
