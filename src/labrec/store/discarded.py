"""What was discarded on purpose in this clone: ``labrec/discarded.json`` in the git directory.

The history check asks here before it calls a path that left a loss. The list is local, as all
memory of the history check is (`labrec.store.heads`): it speaks of records that nobody else ever
saw. A list that cannot be read excuses nothing.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from labrec.gitio.durable import replace_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

FILE = "discarded.json"
_SCHEMA = "labrec.discarded/1.0"
_NOTE = re.compile(r"[^\x20-\x7e\xa0-\U0010ffff]")


class Discarded(NamedTuple):
    """One path that left on purpose.

    Attributes:
        path: Its path under ``records/``.
        time: When, UTC.
        reason: Why, in the words of whoever did it; may be empty.
    """

    path: str
    time: str
    reason: str


def read_discarded(state: Path) -> list[Discarded]:
    """Return what was discarded; nothing where the list is missing or cannot be read.

    Args:
        state: The clone's ``labrec`` folder in the common git directory.
    """
    try:
        document = json.loads((state / FILE).read_bytes())
        if document["schema"] != _SCHEMA:
            return []
        rows = [Discarded(row["path"], row["time"], row["reason"]) for row in document["paths"]]
    except (OSError, ValueError, TypeError, KeyError):
        return []
    return [row for row in rows if all(isinstance(text, str) for text in row)]


def remember(state: Path, rows: Iterable[Discarded], is_present: Callable[[str], bool]) -> None:
    """Add to the list, durably; lines of paths that are in the lab (again) are dropped from it.

    Args:
        state: The clone's ``labrec`` folder in the common git directory.
        rows: What is about to be discarded.
        is_present: Whether the lab holds a path that an earlier line names.

    Raises:
        OSError: The file cannot be written.
    """
    new = {row.path: row._replace(reason=_NOTE.sub("?", row.reason)) for row in rows}
    kept = [
        row for row in read_discarded(state) if row.path not in new and not is_present(row.path)
    ]
    lines = [row._asdict() for row in [*kept, *new.values()]]
    document = {"schema": _SCHEMA, "paths": lines}
    replace_file(state / FILE, json.dumps(document, indent=1).encode() + b"\n")
