"""Which records count: what notes and second records take out of statistics. ○ No IO.

What notes say is what `labrec.lineage.fold` hears. Two kinds of them take a record out: `retract`
and `supersede`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from labrec.lineage.relations import Replacement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from labrec.lineage.fold import Fold, Folded

__all__ = ["Replacement", "Standing", "Standings", "standings"]

Standing = Literal["counts", "forked", "superseded", "retracted"]


class Standings(NamedTuple):
    """What counts.

    Attributes:
        of: Standing by (project, record digest); those that are missing count.
        replacements: Which record took the place of which, in order.
    """

    of: Mapping[tuple[str, str], Standing]
    replacements: Sequence[Replacement]


def standings(records: Iterable[tuple[str, str, str]], said: Fold) -> Standings:
    """Find out which records count.

    Two records of one run count only once all but one of them are superseded. A retraction wins
    over everything else. Notes that disagree about what takes a record's place agree that
    something does: it is superseded, and each of them is a replacement.

    Args:
        records: (project, run id, record digest) of every record.
        said: What all notes come to.
    """
    replacements: list[Replacement] = []
    retracted: set[tuple[str, str]] = set()
    for (project, kind, digest), folded in said.subjects.items():
        if kind == "run":
            replacements += _replacements(project, digest, folded)
            if folded.retracted:
                retracted.add((project, digest))
    superseded = {(found.project, found.old) for found in replacements}
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
    return Standings(standing, sorted(replacements))


def _replacements(project: str, digest: str, folded: Folded) -> Iterator[Replacement]:
    """Yield what takes a record's place: another record, as the maximal notes have it."""
    value = folded.values.get("supersede")
    for note in value.notes if value is not None else ():
        by = note.body["by"]
        if by["kind"] == "run" and by["digest"] != digest:
            yield Replacement(project, by["digest"], digest, note.digest)
