"""The code manifest: what the files of a run were, byte for byte, as one document.

Both writers below give what ``record.codec.encode`` and ``record.digest.Digest.of_value`` would
give, at a tenth of the time for thousands of files; a test holds them to it.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, NamedTuple

from labrec.record.paths import stored_path

if TYPE_CHECKING:
    from collections.abc import Sequence

SCHEMA = "labrec.code-manifest/1.0"

# Paths that are stored as they are, beyond doubt; all others go through `stored_path`.
_PLAIN = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]*/)*[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")
_DOUBTFUL = re.compile(r"(?:^|/)(?:con|prn|aux|nul|com|lpt|git~)|\.(?:/|$)", re.IGNORECASE)


class Entry(NamedTuple):
    """One line of the manifest.

    Attributes:
        path: As records store paths.
        mode: ``100644``, ``100755``, ``120000`` (a link; its bytes are the target) or ``160000`` (a
            submodule; its bytes are the commit id).
        sha256: 64 hex digits of the bytes.
        size: Length in bytes.
        display: The path for people, where ``path`` is encoded.
    """

    path: str
    mode: str
    sha256: str
    size: int
    display: str | None = None


def make_entry(path: str, mode: str, sha256: str, size: int) -> Entry:
    """Return the line of one file.

    Args:
        path: Relative path of this system; undecodable bytes as surrogate escapes.
        mode: Git's mode as octal text.
        sha256: 64 hex digits.
        size: Bytes.

    Raises:
        UnsafeError: The path cannot stand in a record.
    """
    if _PLAIN.fullmatch(path) and not _DOUBTFUL.search(path):
        return Entry(path, mode, sha256, size)
    stored = stored_path(path)
    return Entry(stored["path"], mode, sha256, size, stored.get("display"))


def write(entries: Sequence[Entry]) -> bytes:
    """Return the manifest document in the bytes of our writer.

    Args:
        entries: The lines, sorted by path.
    """
    lines = [
        "    {\n"
        + (f'      "display": {_text(entry.display)},\n' if entry.display is not None else "")
        + f'      "mode": "{entry.mode}",\n      "path": {_text(entry.path)},\n'
        f'      "sha256": "{entry.sha256}",\n      "size": {entry.size}\n    }}'
        for entry in entries
    ]
    files = "[\n" + ",\n".join(lines) + "\n  ]" if lines else "[]"
    return f'{{\n  "files": {files},\n  "schema": "{SCHEMA}"\n}}\n'.encode()


def digest(entries: Sequence[Entry]) -> str:
    """Return the code digest: sha256 over RFC 8785 of the list of entries.

    ``display`` is outside: it is for people.

    Args:
        entries: The lines, sorted by path.
    """
    lines = [
        f'{{"mode":"{entry.mode}","path":{_text(entry.path)},'
        f'"sha256":"{entry.sha256}","size":{entry.size}}}'
        for entry in entries
    ]
    return "sha256:" + hashlib.sha256(f"[{','.join(lines)}]".encode()).hexdigest()


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
