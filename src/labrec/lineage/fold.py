"""The fold of notes: what all that was said about something comes to. ○ No IO.

Notes on one subject are ordered by what their authors had seen (`after`), and by nothing else: not
by time, not by who committed first. The order is transitive: a note has seen whatever the notes
that it saw had seen, so that naming the last ones is enough. What the fold gives is a function of
the *set* of notes. It is therefore commutative, associative and idempotent, and two clones that
hold the same notes see the same lab (state-based replication: Shapiro, Preguiça, Baquero and
Zawirski, "Conflict-free replicated data types", 2011; the sets are its observed-remove sets).

- *Tags* and *links* are added and removed. An add survives a remove that had not seen it. What the
  record itself says has been seen by every note on it.
- *Reparent*, *outcome*, *rename*, *decide*, *verdict* and *supersede* have one value: that of the
  maximal notes, those that no other note of the kind had seen. Where these disagree there is a
  *conflict*, and readers use the original.
- A note that was itself retracted, or whose place another note took, is not *heard*; its part in
  the order stays. Whatever is retracted by a heard note is retracted, whatever else was said.
- An `unlink` never takes away the link that a run started with: see `Folded.hypotheses`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from labrec.lineage.graph import graph
from labrec.record.heard import HeardNote, Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

__all__ = ["Changes", "Fold", "Folded", "HeardNote", "Subject", "Value", "fold"]

Key = tuple[str, str, str]
"""Project, kind and digest of a subject (its id where it has no digest)."""

Target = tuple[str, str, str | None]
"""What a link leads to: kind, name, and digest where it has one."""

Linked = tuple[str, str, Literal["start", "later"]]
"""That a run bears on a hypothesis: its slug, digest of the registration, when it was linked."""


class Value(NamedTuple):
    """What the notes of a kind with one value come to.

    Attributes:
        notes: The maximal ones, in order; those that the others had seen are left out.
        conflict: Whether these disagree.
    """

    notes: tuple[HeardNote, ...]
    conflict: bool

    @property
    def body(self) -> dict[str, Any] | None:
        """What they agree on; None in a conflict."""
        return None if self.conflict else self.notes[0].body


class Changes(NamedTuple):
    """What notes add to a set and take from it.

    Attributes:
        added: Elements with an add that no remove had seen, sorted.
        removed: Elements with a remove, and not among ``added``, sorted.
    """

    added: tuple[Any, ...] = ()
    removed: tuple[Any, ...] = ()

    def apply(self, original: Iterable[Any]) -> list[Any]:
        """Return the original's elements that stay, in their order, then those that came."""
        kept = [one for one in original if one not in self.removed]
        return kept + [one for one in self.added if one not in kept]


class Folded(NamedTuple):
    """What the notes on one subject come to.

    Attributes:
        notes: The heard ones; one comes after those that its author had seen, else by id.
        unheard: Those that were retracted or replaced, likewise.
        values: By kind, where any heard note is of it.
        tags: What they change in the tags.
        links: What they change in the links, each a `Target`.
    """

    notes: tuple[HeardNote, ...] = ()
    unheard: tuple[HeardNote, ...] = ()
    values: Mapping[str, Value] = {}
    tags: Changes = Changes()
    links: Changes = Changes()

    def of_kind(self, kind: str) -> tuple[HeardNote, ...]:
        """Return the heard notes of a kind, in order."""
        return tuple(note for note in self.notes if note.kind == kind)

    @property
    def retracted(self) -> bool:
        """Whether the subject counts no more."""
        return any(note.kind == "retract" for note in self.notes)

    @property
    def conflicts(self) -> dict[str, Value]:
        """The kinds whose notes disagree."""
        return {kind: value for kind, value in self.values.items() if value.conflict}

    @property
    def last(self) -> tuple[str, ...]:
        """Digests of the notes that no other one had seen: what a new note comes `after`."""
        every = (*self.notes, *self.unheard)
        seen = {digest for note in every for digest in note.after}
        return tuple(sorted(note.digest for note in every if note.digest not in seen))

    def name(self, original: str) -> str:
        """Return what a run is called."""
        return str(self._agreed("rename", "name", original))

    def outcome(self, original: str | None) -> str | None:
        """Return what a run found."""
        found = self._agreed("outcome", "outcome", original)
        return None if found is None else str(found)

    def parents(self, original: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return the parents of a run, as the lineage section holds them."""
        found = self._agreed("reparent", "parents", original)
        return [
            {name: parent.get(name) for name in ("by", "name", "run_id", "config_digest")}
            for parent in found
        ]

    def hypotheses(self, original: Iterable[Linked]) -> list[Linked]:
        """Return the hypotheses that a run is linked to.

        What was linked at the start stays, whatever notes say: a result that could be unlinked
        could be chosen. What notes link is linked *later*.

        Args:
            original: As its record has them.
        """
        kept: list[Linked] = [
            (slug, digest, linked)
            for slug, digest, linked in original
            if linked == "start" or ("hypothesis", slug, digest) not in self.links.removed
        ]
        there = {(slug, digest) for slug, digest, _ in kept}
        return kept + [
            (slug, str(digest), "later")
            for to, slug, digest in self.links.added
            if to == "hypothesis" and (slug, digest) not in there
        ]

    def _agreed(self, kind: str, field: str, original: Any) -> Any:
        value = self.values.get(kind)
        body = value.body if value is not None else None
        return original if body is None else body[field]


NOTHING: Final = Folded()
"""What no notes come to."""


class Fold(NamedTuple):
    """What all notes of a lab come to.

    Attributes:
        subjects: By project, kind and digest (or id) of what they speak about.
    """

    subjects: Mapping[Key, Folded]

    def on(self, project: str, kind: str, digest: str) -> Folded:
        """Return what was said about something; `NOTHING` where nothing was.

        Args:
            project: Its project.
            kind: run, experiment, hypothesis, note, object or report.
            digest: Of its bytes; the config digest of an experiment.
        """
        return self.subjects.get((project, kind, digest), NOTHING)


def fold(notes: Iterable[HeardNote]) -> Fold:
    """Fold notes, in time linear in them and in what they name.

    Args:
        notes: Any notes, in any order; one that is there twice counts once.
    """
    every = {note.digest: note for note in notes}
    silent = _silent(every)
    grouped: dict[Key, list[HeardNote]] = {}
    for note in every.values():
        grouped.setdefault(key_of(note), []).append(note)
    return Fold({key: _folded(group, silent) for key, group in sorted(grouped.items())})


def key_of(note: HeardNote) -> Key:
    """Return under which key a note's subject is folded."""
    kind, own, digest = note.subject
    return note.project, kind, digest or own


def _silent(every: Mapping[str, HeardNote]) -> set[str]:
    """Return the digests of the notes that a heard note retracts or replaces."""
    against = [
        (str(note.subject.digest), note.digest)
        for note in every.values()
        if note.subject.kind == "note" and (note.kind == "retract" or _replaces(note))
    ]
    against = [
        (subject, digest)
        for subject, digest in against
        if subject in every and every[subject].project == every[digest].project
    ]
    if not against:
        return set()
    above = graph(every, against)
    silent: set[str] = set()
    # From the notes that nobody speaks against down: a digest cannot name a later document, so
    # that there are no cycles but among notes that lie.
    for digest in above.order:
        if any(other not in silent for other in above.parents[digest]):
            silent.add(digest)
    return silent


def _replaces(note: HeardNote) -> bool:
    return note.kind == "supersede" and note.body["by"]["kind"] == "note"


# --- the notes on one subject -----------------------------------------------------------------


def _folded(group: Sequence[HeardNote], silent: Collection[str]) -> Folded:
    order, seen = _in_order(group)
    heard = tuple(note for note in order if note.digest not in silent)
    values = {}
    for kind in sorted({note.kind for note in heard} & _VALUES.keys()):
        values[kind] = _value(kind, [note for note in heard if note.kind == kind], order, seen)
    return Folded(
        heard,
        tuple(note for note in order if note.digest in silent),
        values,
        _changes(heard, _tagged, order, seen),
        _changes(heard, _linked, order, seen),
    )


Seen = dict[str, tuple[str, ...]]
"""Of each note the notes on the same subject that it names as seen."""


def _in_order(group: Sequence[HeardNote]) -> tuple[list[HeardNote], Seen]:
    """Return notes on one subject with those that they saw before them, and what they saw."""
    if len(group) == 1:
        return list(group), {group[0].digest: ()}
    named = {f"{note.note_id}\n{note.digest}": note for note in group}
    names = {note.digest: name for name, note in named.items()}
    edges = [
        (name, names[digest])
        for name, note in named.items()
        for digest in sorted(note.after)
        if digest in names
    ]
    found = graph(named, edges)
    if found.cycles:  # only notes that lie: on a cycle nobody saw anybody
        cyclic = found.cyclic
        found = graph(named, [edge for edge in edges if edge not in cyclic])
    seen = {
        named[name].digest: tuple(named[other].digest for other in above)
        for name, above in found.parents.items()
    }
    return [named[name] for name in found.order], seen


def _seen_by(chosen: Collection[str], order: Sequence[HeardNote], seen: Seen) -> set[str]:
    """Return the notes that the authors of the chosen ones had seen, at first or second hand."""
    found: set[str] = set()
    for note in reversed(order):
        if note.digest in chosen or note.digest in found:
            found.update(seen[note.digest])
    return found


def _value(kind: str, chosen: Sequence[HeardNote], order: Sequence[HeardNote], seen: Seen) -> Value:
    """Return the maximal notes of one kind, and whether they disagree."""
    before = _seen_by({note.digest for note in chosen}, order, seen) if len(chosen) > 1 else ()
    maximal = tuple(note for note in chosen if note.digest not in before)
    said = {_VALUES[kind](note.body) for note in maximal}
    return Value(maximal, len(said) > 1)


def _changes(
    heard: Sequence[HeardNote],
    elements: Callable[[HeardNote], Iterator[tuple[Any, bool]]],
    order: Sequence[HeardNote],
    seen: Seen,
) -> Changes:
    """Return what notes add to a set and take from it.

    Args:
        heard: The notes that count.
        elements: Yields what a note adds (true) and removes (false).
        order: All notes on the subject.
        seen: What each of them saw.
    """
    adds: dict[Any, set[str]] = {}
    removes: dict[Any, set[str]] = {}
    for note in heard:
        for element, added in elements(note):
            (adds if added else removes).setdefault(element, set()).add(note.digest)
    if not adds and not removes:
        return Changes()
    came = set(adds)
    for element in adds.keys() & removes.keys():
        if adds[element] <= _seen_by(removes[element], order, seen):
            came.discard(element)
    return Changes(
        tuple(sorted(came, key=_text_key)), tuple(sorted(removes.keys() - came, key=_text_key))
    )


def _text_key(element: Any) -> tuple[str, ...]:
    parts = element if isinstance(element, tuple) else (element,)
    return tuple(part or "" for part in parts)


def _tagged(note: HeardNote) -> Iterator[tuple[str, bool]]:
    if note.kind == "tag":
        yield from ((tag, True) for tag in note.body.get("add", ()))
        yield from ((tag, False) for tag in note.body.get("remove", ()))


def _linked(note: HeardNote) -> Iterator[tuple[Target, bool]]:
    if note.kind in {"link", "unlink"}:
        body = note.body
        yield (body["to"], body["target"], body.get("digest")), note.kind == "link"


def _parents(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what finds each parent: how it was called besides makes no difference."""
    keys = ("run_id", "config_digest", "name")
    return tuple(next(parent[key] for key in keys if parent.get(key)) for parent in body["parents"])


# What two notes of a kind with one value agree on where it is equal.
_VALUES: Final[dict[str, Callable[[Mapping[str, Any]], object]]] = {
    "reparent": _parents,
    "outcome": lambda body: body["outcome"],
    "rename": lambda body: body["name"],
    "decide": lambda body: body["decision"],
    "verdict": lambda body: (body["decision"], body["registration"], body["confirmatory"]),
    "supersede": lambda body: body["by"]["digest"],
}
