"""What fits into a record: texts, counts and sizes brought within the format, with a reason.

Recording never loses a run for a value: what is too large or not expressible is cut or replaced
here, and each cut leaves a line in the ``capture`` section.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from labrec.capture.captured import event
from labrec.record.codec import REFUSED_CHARACTERS, encode

if TYPE_CHECKING:
    from collections.abc import Collection

# Shares of the 256 KiB that a record may have, in bytes as written; the rest is for the sections
# whose size their own capture bounds.
FOR_FEATURES = 40 << 10
FOR_DIFF = 16 << 10
FOR_ARGV = 12 << 10
FOR_METRICS = 40 << 10
FOR_ARTIFACTS = 40 << 10
FOR_TELEMETRY = 40 << 10
FOR_EVENTS = 20 << 10
FOR_TAGS = 6 << 10
FOR_SEEDS = 6 << 10
FOR_FLAGS = 6 << 10
FOR_DATASETS = 12 << 10
FOR_LINKS = 6 << 10
FOR_COUNTERFACTUALS = 6 << 10
MAX_DEPTH = 48  # levels of nesting inside a section; the whole document may have 64
_TREE_DEPTH = 2  # where a tree stands in a record; its digest is taken of what is stored there
MAX_TEXT = 4 << 10  # characters of one text
_MAX_RECORD = (256 - 8) << 10  # bytes; taking secrets out may make it a little longer
_KINDS = (  # gravest first
    "lost",
    "recovered",
    "truncated",
    "unmappable",
    "redacted",
    "unavailable",
    "skipped",
)
_NOTICE = 200  # bytes, about what stands in place of a branch
_NOTICES = 50  # branches that are replaced; further ones are left out
_EXACT = 2**53 - 1
_BREAK = 1 + 2 * 64 + 8  # bytes of a new line, its indentation in the deepest place, and `size`'s 8


def storable(value: Any, depth: int = 0) -> Any:
    """Return a JSON value that the format holds.

    Texts lose NUL, lone surrogates and noncharacters, other numbers are tagged, and what is nested
    deeper than ``MAX_DEPTH`` is replaced.
    """
    if isinstance(value, str):
        return text(value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if abs(value) <= _EXACT else {"$int": str(value)}
    if isinstance(value, float):
        return num(value)
    if depth >= MAX_DEPTH:
        return {"$repr": "nested too deeply", "type": type(value).__name__}
    if isinstance(value, dict):
        return {text(str(key)): storable(part, depth + 1) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [storable(part, depth + 1) for part in value]
    return {"$repr": text(repr(value))[:MAX_TEXT], "type": type(value).__name__}


def text(value: str) -> str:
    """Return a text that the strict reader accepts."""
    if value.isascii() and "\0" not in value:  # nearly always, and for every text of a record
        return value
    return REFUSED_CHARACTERS.sub("\ufffd", value.encode("utf-8", "replace").decode())


def num(value: float) -> float | dict[str, str]:
    """Return a number as records hold it: NaN and the infinities are tagged."""
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return {"$float": "NaN"}
    return {"$float": "Infinity" if value > 0 else "-Infinity"}


def size(value: Any) -> int:
    """Return about how many bytes a value takes in a record, rather more than fewer."""
    written = json.dumps(value, indent=2)
    return len(written) + 8 * (written.count("\n") + 1)


def most(value: Any) -> int:
    """Return a number of bytes that a value and its parts do not exceed, by `size` or as written.

    It costs a tenth of that, and most of what a record holds is far below its limit.
    """
    written = json.dumps(value)
    breaks = written.count(",") + 2 * (written.count("{") + written.count("[")) + 1
    return len(written) + breaks * _BREAK


def fitting(items: Collection[Any], room: int) -> int:
    """Return how many of the first items have room together."""
    if most(list(items)) <= room:
        return len(items)
    count = 0
    for item in items:
        room -= size(item)
        if room < 0:
            break
        count += 1
    return count


def tree(
    value: dict[str, Any], what: str, room: int, events: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return a tree that has room: its largest branches give way first.

    Args:
        value: Free-form JSON object.
        what: Its name, for the line in ``events``.
        room: Bytes in the record.
        events: Takes a line for each branch that gave way.
    """
    kept = storable(value, _TREE_DEPTH)
    if most(kept) <= room:
        return dict(kept)
    sizes = {key: size(part) + len(key) for key, part in kept.items()}
    total = sum(sizes.values())
    for place, key in enumerate(sorted(sizes, key=lambda name: (-sizes[name], name))):
        if total <= room:
            break
        total -= sizes[key]
        kind = type(kept[key]).__name__
        if sizes[key] <= _NOTICE or place >= _NOTICES:
            del kept[key]
        else:
            kept[key] = {"$repr": f"{sizes[key]} bytes, too large for a record", "type": kind}
            total += _NOTICE
        branch = f"{what}.{key[:100]}" if place < _NOTICES else f"further branches of {what}"
        events.append(event("truncated", branch, "too large for a record"))
    return dict(kept)


def short(value: object, what: str, events: list[dict[str, Any]]) -> str | None:
    """Return a text of at most ``MAX_TEXT`` characters; of another value, its text."""
    if value is None:
        return None
    whole = value if isinstance(value, str) else str(value)
    if len(whole) <= MAX_TEXT:
        return text(whole)
    events.append(event("truncated", what, f"longer than {MAX_TEXT} characters"))
    return text(whole[:MAX_TEXT])


def first(items: list[Any], what: str, room: int, events: list[dict[str, Any]]) -> list[Any]:
    """Return the items that have room, the first of them."""
    count = fitting(items, room)
    if count < len(items):
        events.append(event("truncated", what, "too many for a record", len(items) - count))
    return items[:count]


def named(
    parts: dict[str, Any], what: str, room: int, events: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return the members that have room, the first by name."""
    return dict(first(sorted(parts.items()), what, room, events))


def enforce(record: dict[str, Any], events: list[dict[str, Any]]) -> None:
    """Halve, in place, what is listed at greatest length until a record is within its limit.

    Each part has a share, so this is for what the shares leave out: a section whose own capture
    did not bound it. What names the experiment stays as it is.
    """
    if most(record) <= _MAX_RECORD - FOR_EVENTS:
        return
    gone: dict[str, int] = {}
    while len(encode(record, limit=None)) > _MAX_RECORD - FOR_EVENTS:
        holders = [(size(held[key]), name, held, key) for name, held, key in _lists(record)]
        taken, name, held, key = max(holders, key=lambda one: one[:2], default=(0, "", {}, ""))
        if taken < _NOTICE:
            return
        part = held[key]
        keep = len(part) // 2
        gone[name] = gone.get(name, 0) + len(part) - keep
        held[key] = dict(list(part.items())[:keep]) if isinstance(part, dict) else part[:keep]
    for name, count in sorted(gone.items()):
        events.append(event("truncated", name, "too large for a record", count))


def _lists(record: dict[str, Any]) -> list[tuple[str, dict[str, Any], str]]:
    places = (
        ("identity", "tags"), ("determinism", "seeds"), ("determinism", "flags"),
        ("metrics", "values"), ("telemetry", "channels"), ("environment", "packages"),
    )  # fmt: skip
    found = []
    for section, key in places:
        held = record.get(section)
        if isinstance(held, dict) and isinstance(held.get(key), dict | list) and held[key]:
            found.append((f"{section}.{key}", held, key))
    return found


def command_line(argv: list[str], events: list[dict[str, Any]]) -> list[str]:
    """Return as much of a command line as has room."""
    count = fitting(argv, FOR_ARGV)
    if count < len(argv):
        events.append(event("truncated", "command line", "too long", len(argv) - count))
    return [text(argument) for argument in argv[:count]]


def merged(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return capture lines, equal ones counted together, the gravest that have room."""
    counts: dict[tuple[str, str, str], int] = {}
    for line in events:
        key = (str(line["kind"]), _line(line["what"]), _line(line["why"]))
        counts[key] = counts.get(key, 0) + int(line.get("count", 1))
    order = {kind: place for place, kind in enumerate(_KINDS)}
    keys = sorted(counts, key=lambda key: (order.get(key[0], len(order)), key))
    lines = [event(*key, counts[key]) for key in keys]
    count = fitting(lines, FOR_EVENTS)
    if count < len(lines):
        rest = sum(line["count"] for line in lines[count:])
        return [*lines[:count], event("truncated", "capture", "too many lines", rest)]
    return lines


def _line(value: object) -> str:
    return text(str(value))[:300]
