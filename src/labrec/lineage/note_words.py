"""Notes in words: what each kind is called and says, as plain text of its author's. ○ No IO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TITLES: Final[dict[str, str]] = {
    "object": "objection", "retract": "retracted", "supersede": "superseded", "decide": "decision",
}  # fmt: skip
"""What a note is called where its kind is no noun."""


def title(kind: str) -> str:
    """Return what a note of a kind is called."""
    return TITLES.get(kind, kind)


def words(kind: str, body: Mapping[str, Any]) -> str:
    """Return what a note says; empty where its kind says it all."""
    return _WORDS[kind](body) if kind in _WORDS else ""


def parent_words(parent: Mapping[str, Any]) -> str:
    """Return how a parent is called."""
    keys = ("name", "run_id", "config_digest")
    return " ".join(str(parent[key]) for key in keys if parent.get(key))


def _link(body: Mapping[str, Any]) -> str:
    return f"{body['to']} {body['target']} {body.get('digest') or ''}".rstrip()


_WORDS: Final[dict[str, Callable[[Mapping[str, Any]], str]]] = {
    "comment": lambda body: str(body["text"]),
    "object": lambda body: str(body["text"]),
    "tag": lambda body: " ".join(
        [f"+{tag}" for tag in body.get("add", ())] + [f"-{tag}" for tag in body.get("remove", ())]
    ),
    "outcome": lambda body: str(body["outcome"]),
    "decide": lambda body: str(body["decision"]),
    "verdict": lambda body: str(body["decision"]),
    "rename": lambda body: str(body["name"]),
    "reparent": lambda body: ", ".join(map(parent_words, body["parents"])) or "no parents",
    "link": _link,
    "unlink": _link,
    "supersede": lambda body: f"by {body['by']['kind']} {body['by']['id']}",
    "redact": lambda body: ", ".join(body["objects"]),
    "evaluate": lambda body: ", ".join(body["values"]),
}
