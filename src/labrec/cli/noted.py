"""How a terminal shows what was said about something: one line a note."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labrec.cli.console import safe
from labrec.lineage.note_words import title, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from labrec.cli.world import World
    from labrec.lineage.fold import Folded
    from labrec.noted import Told

_LONG = 100  # characters of what a note says on one line
_DAY = 10  # characters of a time stamp


def say_notes(world: World, notes: Iterable[Told]) -> None:
    """Print notes, one line each; what is not heard says so."""
    console = world.console
    for one in notes:
        kind, body = one.note.kind, one.note.body
        marks = " on the experiment" if one.note.subject.kind == "experiment" else ""
        marks += " (conflict)" if one.conflict else "" if one.heard else " (not heard)"
        style = "dim" if not one.heard else "red" if kind == "retract" else "bold"
        why = f"because: {one.note.reason}" if one.note.reason else ""
        said = "  ".join(_cut(part) for part in (words(kind, body), why) if part)
        who = f"{one.note.author}, {one.note.time[:_DAY]}"
        indent = "  " * (one.depth + 1)
        console.say(
            f"{indent}{console.styled(title(kind) + marks, style)}  {safe(said)}"
            f"{'  ' if said else ''}({safe(who)}; note:{one.note.note_id})"
        )


def conflict_lines(folded: Folded) -> Iterator[str]:
    """Yield a sentence for each thing that notes disagree about."""
    for kind, value in folded.conflicts.items():
        said = " or ".join(f'"{_cut(words(kind, note.body))}"' for note in value.notes)
        yield (
            f"conflict: {len(value.notes)} notes of kind {kind} disagree ({said}); "
            "the record counts until a note decides"
        )


def _cut(text: str) -> str:
    return text if len(text) <= _LONG else text[: _LONG - 1] + "…"
