"""How a terminal shows what was said about something: one line a note."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labrec.cli.console import safe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from labrec.cli.world import World
    from labrec.lineage.fold import Folded
    from labrec.noted import Told
    from labrec.record.heard import HeardNote

_LONG = 100  # characters of what a note says on one line
_DAY = 10  # characters of a time stamp
_TITLES = {"object": "objection", "retract": "retracted", "supersede": "superseded"}


def say_notes(world: World, notes: Iterable[Told]) -> None:
    """Print notes, one line each; what is not heard says so."""
    console = world.console
    for one in notes:
        title = _TITLES.get(one.note.kind, one.note.kind)
        marks = " (conflict)" if one.conflict else "" if one.heard else " (not heard)"
        style = "dim" if not one.heard else "red" if one.note.kind == "retract" else "bold"
        why = f"because: {one.note.reason}" if one.note.reason else ""
        said = "  ".join(_cut(part) for part in (what(one.note), why) if part)
        who = f"{one.note.author}, {one.note.time[:_DAY]}"
        indent = "  " * (one.depth + 1)
        console.say(
            f"{indent}{console.styled(title + marks, style)}  {safe(said)}"
            f"{'  ' if said else ''}({safe(who)}; note:{one.note.note_id})"
        )


def what(note: HeardNote) -> str:
    """Return what a note says, as plain text; empty where its kind says it all."""
    return _WHAT[note.kind](note.body) if note.kind in _WHAT else ""


def parent_text(parent: Mapping[str, Any]) -> str:
    """Return how a parent is called."""
    keys = ("name", "run_id", "config_digest")
    return " ".join(str(parent[key]) for key in keys if parent.get(key))


def conflict_lines(folded: Folded) -> Iterator[str]:
    """Yield a sentence for each thing that notes disagree about."""
    for kind, value in folded.conflicts.items():
        said = " or ".join(f'"{_cut(what(note))}"' for note in value.notes)
        yield (
            f"conflict: {len(value.notes)} notes of kind {kind} disagree ({said}); "
            "the record counts until a note decides"
        )


def _link(body: Mapping[str, Any]) -> str:
    return f"{body['to']} {body['target']} {body.get('digest') or ''}".rstrip()


_WHAT: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "comment": lambda body: str(body["text"]),
    "object": lambda body: str(body["text"]),
    "tag": lambda body: " ".join(
        [f"+{tag}" for tag in body.get("add", ())] + [f"-{tag}" for tag in body.get("remove", ())]
    ),
    "outcome": lambda body: str(body["outcome"]),
    "decide": lambda body: str(body["decision"]),
    "verdict": lambda body: str(body["decision"]),
    "rename": lambda body: str(body["name"]),
    "reparent": lambda body: ", ".join(map(parent_text, body["parents"])) or "no parents",
    "link": _link,
    "unlink": _link,
    "supersede": lambda body: f"by {body['by']['kind']} {body['by']['id']}",
    "redact": lambda body: ", ".join(body["objects"]),
    "evaluate": lambda body: ", ".join(body["values"]),
}


def _cut(text: str) -> str:
    return text if len(text) <= _LONG else text[: _LONG - 1] + "…"
