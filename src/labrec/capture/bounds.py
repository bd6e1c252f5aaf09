"""What fits into a record: texts, counts and sizes brought within the format, with a reason.

Recording never loses a run for a value: what is too large or not expressible is cut or replaced
here, and each cut leaves a line in the ``capture`` section.
"""

from __future__ import annotations

import json
import math
from typing import Any

from labrec.capture.captured import event

MAX_TREE = 64 << 10  # bytes of the features, and of their diff, as JSON
MAX_DEPTH = 48  # levels of nesting inside a section; the whole document may have 64
MAX_TEXT = 8 << 10  # characters of one text
MAX_ARGV = 32 << 10  # characters of the command line
MAX_METRICS = 300
MAX_ARTIFACTS = 300
MAX_EVENTS = 200
_NOTICE = 200  # bytes, about what stands in place of a branch
_EXACT = 2**53 - 1


def storable(value: Any, depth: int = 0) -> Any:
    """Return a JSON value that the format holds.

    Texts lose NUL and lone surrogates, numbers that JSON has not are tagged, and what is nested
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
    return value.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def num(value: float) -> float | dict[str, str]:
    """Return a number as records hold it: NaN and the infinities are tagged."""
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return {"$float": "NaN"}
    return {"$float": "Infinity" if value > 0 else "-Infinity"}


def tree(value: dict[str, Any], what: str, events: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a tree of at most ``MAX_TREE`` bytes: its largest branches give way first.

    Args:
        value: Free-form JSON object.
        what: Its name, for the line in ``events``.
        events: Takes a line for each branch that gave way.
    """
    kept = storable(value)
    sizes = {key: len(json.dumps(part)) + len(key) for key, part in kept.items()}
    total = sum(sizes.values())
    for key in sorted(sizes, key=lambda name: (-sizes[name], name)):
        if total <= MAX_TREE:
            break
        total -= sizes[key]
        kind = type(kept[key]).__name__
        if sizes[key] <= _NOTICE:
            del kept[key]
        else:
            kept[key] = {"$repr": f"{sizes[key]} bytes, too large for a record", "type": kind}
            total += _NOTICE
        events.append(event("truncated", f"{what}.{key[:100]}", "too large for a record"))
    return dict(kept)


def short(value: str | None, what: str, events: list[dict[str, Any]]) -> str | None:
    """Return a text of at most ``MAX_TEXT`` characters."""
    if value is None or len(value) <= MAX_TEXT:
        return None if value is None else text(value)
    events.append(event("truncated", what, f"longer than {MAX_TEXT} characters"))
    return text(value[:MAX_TEXT])


def command_line(argv: list[str], events: list[dict[str, Any]]) -> list[str]:
    """Return a command line of at most ``MAX_ARGV`` characters."""
    kept: list[str] = []
    room = MAX_ARGV
    for argument in argv:
        room -= len(argument) + 8
        if room < 0:
            why = f"the command line is longer than {MAX_ARGV} characters"
            events.append(event("truncated", "command line", why, len(argv) - len(kept)))
            break
        kept.append(text(argument))
    return kept


def merged(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return capture lines in order, equal ones counted together, at most ``MAX_EVENTS``."""
    counts: dict[tuple[str, str, str], int] = {}
    for line in events:
        key = (str(line["kind"]), text(str(line["what"]))[:1000], text(str(line["why"]))[:1000])
        counts[key] = counts.get(key, 0) + int(line.get("count", 1))
    keys = sorted(counts)
    kept = [event(*key, counts[key]) for key in keys[:MAX_EVENTS]]
    if len(keys) > MAX_EVENTS:
        rest = sum(counts[key] for key in keys[MAX_EVENTS:])
        kept.append(event("truncated", "capture", f"more than {MAX_EVENTS} lines", rest))
    return kept
