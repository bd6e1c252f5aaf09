"""A record brought within the format: recording never loses a run for a text that has two lines.

Whoever makes a record passes it through `fit` last. The models refuse what this module mends; it
knows the fields that hold one line, a digest or a word chosen from a few, and that users fill.
"""

from __future__ import annotations

from typing import Any, Final

from labrec.errors import InvalidError, UnsafeError
from labrec.record.digest import Digest
from labrec.record.layout import MAX_NAME
from labrec.record.paths import check_path
from labrec.record.text import CONTROLS, one_line

MAX_LINE: Final = 1000  # characters of a field that is a line

Change = tuple[str, str]

# Words of which the format knows a few only, where they stand, and what takes an unknown one's
# place: what says least.
_STATUSES: Final = frozenset({"complete", "failed", "interrupted", "planned"})
_LEVELS: Final = frozenset({"basic", "standard"})
_ROLES: Final = frozenset({"output", "input", "log", "model", "figure", "other"})
_PLACES: Final = frozenset({"git", "digest-only"})
_DIRECTIONS: Final = frozenset({"maximize", "minimize", None})


def fit(record: dict[str, Any]) -> list[Change]:
    """Mend in place what a user's text may break; return what was changed and why.

    Args:
        record: A Research Record v1 as it was assembled, before its capture section is written.

    Returns:
        ``(what, why)`` for each field that holds another value now.
    """
    changes: list[Change] = []
    identity = record["identity"]
    _line(identity, "name", changes, "run", limit=MAX_NAME)
    _word(identity, "status", _STATUSES, "failed", changes)
    _word(record.get("environment") or {}, "level", _LEVELS, "standard", changes)
    _tags(identity, changes)
    author = identity.get("author")
    if author is not None:
        _line(author, "name", changes, what="author")
        if author["name"] is None:
            identity["author"] = None
    lineage = record.get("lineage") or {}
    _line(lineage, "cell", changes)
    for parent in lineage.get("parents", ()):
        _line(parent, "name", changes, what="parent")
    code = record.get("code") or {}
    for field in ("branch", "remote"):
        _line(code, field, changes)
    _working_directory(record.get("command") or {}, changes)
    for item in (record.get("artifacts") or {}).get("items", ()):
        _line(item, "media_type", changes)
        _word(item, "role", _ROLES, "other", changes, what=f"role of artifact {item['name']}")
        _word(item, "where", _PLACES, "digest-only", changes)
    for name, values in ((record.get("metrics") or {}).get("values") or {}).items():
        what = f"direction of metric {name}"
        _word(values, "direction", _DIRECTIONS, None, changes, what=what)
        definition = values.get("definition")
        if definition is not None and not _is_digest(definition):
            values["definition"] = None
            why = "not sha256 and 64 hex digits"
            changes.append((f"definition of metric {name}"[:MAX_NAME], why))
    for item in (record.get("datasets") or {}).get("items", ()):
        fit_dataset(item, changes)
    return changes


def fit_dataset(item: dict[str, Any], changes: list[Change]) -> None:
    """Mend one line of the datasets section in place.

    Its digest is part of the config digest, so this comes before that is taken.

    Args:
        item: The line.
        changes: Takes ``(what, why)`` for each field that holds another value now.
    """
    _line(item, "name", changes, "unnamed", what="dataset")
    _line(item, "role", changes, "other")
    _line(item, "version", changes)
    digest = item.get("digest")
    if digest is not None and not _is_digest(digest):
        item["digest"] = None
        changes.append((f"digest of dataset {item['name']}", "not sha256 and 64 hex digits"))


def _is_digest(text: object) -> bool:
    try:
        return str(Digest.parse(text)) == text
    except InvalidError:
        return False


def _word(
    part: dict[str, Any],
    field: str,
    words: frozenset[str | None] | frozenset[str],
    instead: str | None,
    changes: list[Change],
    *,
    what: str = "",
) -> None:
    """Make a field one of a few words."""
    word = part.get(field)
    if field in part and not ((word is None or isinstance(word, str)) and word in words):
        part[field] = instead
        changes.append(((what or field)[:MAX_NAME], f"unknown word {word!a:.60}"))


def _line(
    part: dict[Any, Any],
    field: str | int,
    changes: list[Change],
    instead: str | None = None,
    *,
    what: str = "",
    limit: int = MAX_LINE,
) -> None:
    """Make a field one line that is not empty, or what stands instead of one."""
    text = part.get(field)
    if text is None and (instead is None or field not in part):
        return
    if not isinstance(text, str) or not text or len(text) > limit or CONTROLS.search(text):
        part[field] = one_line(str(text or ""), limit) or instead
        shown = f"{what or field} {part[field] or ''}".strip()
        changes.append((shown[:MAX_NAME], "not one short line"))


def _tags(identity: dict[str, Any], changes: list[Change]) -> None:
    holder = dict(enumerate(identity.get("tags", ())))
    before = len(changes)
    for number in holder:
        _line(holder, number, changes, what="tag")
    if len(changes) > before:
        identity["tags"] = sorted({tag for tag in holder.values() if tag is not None})


def _working_directory(command: dict[str, Any], changes: list[Change]) -> None:
    cwd = command.get("cwd")
    if cwd in {None, "."}:
        return
    try:
        check_path(cwd)
    except UnsafeError as error:
        command["cwd"] = None
        changes.append(("working directory", error.message[:MAX_NAME]))
