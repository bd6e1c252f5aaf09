"""Reading the index: which files are tracked, how they looked when staged (gitformat-index(5))."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, NamedTuple

from labrec.errors import IntegrityError

if TYPE_CHECKING:
    from pathlib import Path

_ENTRY = struct.Struct(">LLLLLLLLLL20sH")
_NEED_GIT = (b"link", b"sdir")  # a split or a sparse index: git itself puts it together
_ASSUME_VALID, _EXTENDED = 0x8000, 0x4000
_SKIP_WORKTREE, _INTENT_TO_ADD = 0x4000, 0x2000


class IndexEntry(NamedTuple):
    """One tracked file.

    Attributes:
        path: Relative to the worktree, ``/`` between parts, other bytes as surrogate escapes.
        mode: Git's mode.
        sha: The blob staged for it; of a submodule its commit.
        stage: 0, or 1 to 3 in an unfinished merge.
        flags: Git's flags of the entry, the extended ones in the upper half.
        stat: ``(mtime_s, mtime_ns, size modulo 2**32, inode modulo 2**32)`` when it was staged.
    """

    path: str
    mode: int
    sha: str
    stage: int
    flags: int
    stat: tuple[int, int, int, int]

    @property
    def is_checked_out(self) -> bool:
        """Whether the file should be in the worktree (a sparse checkout leaves some out)."""
        return not self.flags >> 16 & _SKIP_WORKTREE


class Index(NamedTuple):
    """The index as read.

    Attributes:
        entries: The tracked files, in stored order.
        tree: The tree that equals the whole index, or ``""`` where the index does not say.
        mtime_ns: When the index was written.
    """

    entries: list[IndexEntry]
    tree: str
    mtime_ns: int


def read_index(path: Path) -> Index | None:
    """Read an index file.

    Returns:
        The index (empty where there is no file), or None where only git can put it together: a
        split or a sparse index.

    Raises:
        IntegrityError: The file is no index.
    """
    try:
        with path.open("rb") as file:
            data = file.read()
            mtime = os.fstat(file.fileno()).st_mtime_ns
    except FileNotFoundError:
        return Index([], "", 0)
    if len(data) < 12 + 20 or data[:4] != b"DIRC":
        raise _broken(path)
    version, count = struct.unpack_from(">LL", data, 4)
    if version not in (2, 3, 4):
        return None
    try:
        entries, at = _entries(data, version, count)
        tree = ""
        while at + 8 <= len(data) - 20:
            name = data[at : at + 4]
            (size,) = struct.unpack_from(">L", data, at + 4)
            if name in _NEED_GIT:
                return None
            if name == b"TREE":
                tree = _cached_tree(data[at + 8 : at + 8 + size])
            at += 8 + size
    except (struct.error, ValueError, IndexError) as error:
        raise _broken(path) from error
    return Index(entries, tree, mtime)


def _entries(data: bytes, version: int, count: int) -> tuple[list[IndexEntry], int]:
    entries: list[IndexEntry] = []
    at, previous = 12, b""
    for _ in range(count):
        start = at
        row = _ENTRY.unpack_from(data, at)
        flags = row[11]
        at += _ENTRY.size
        extended = 0
        if flags & _EXTENDED:
            (extended,) = struct.unpack_from(">H", data, at)
            at += 2
        if version == 4:  # noqa: PLR2004 - names are stored as what changes after the last one
            strip, at = _offset_varint(data, at)
            end = data.index(b"\0", at)
            name = previous[: len(previous) - strip] + data[at:end]
            at = end + 1
        else:
            end = data.index(b"\0", at)
            name = data[at:end]
            at = start + ((end - start + 8) & ~7)
        previous = name
        entries.append(
            IndexEntry(
                name.decode("utf-8", "surrogateescape"),
                row[6],
                row[10].hex(),
                flags >> 12 & 3,
                flags | extended << 16,
                (row[2], row[3], row[9], row[5]),
            )
        )
    return entries, at


def _offset_varint(data: bytes, at: int) -> tuple[int, int]:
    byte = data[at]
    value = byte & 0x7F
    at += 1
    while byte & 0x80:
        byte = data[at]
        value = ((value + 1) << 7) | (byte & 0x7F)
        at += 1
    return value, at


def _cached_tree(data: bytes) -> str:
    """Return the root of the cache tree where it is valid: the whole index equals that tree."""
    path, _, rest = data.partition(b"\0")
    counts, _, rest = rest.partition(b"\n")
    valid = path == b"" and counts and int(counts.split(b" ")[0]) >= 0
    return rest[:20].hex() if valid else ""


def _broken(path: Path) -> IntegrityError:
    return IntegrityError(
        f"{path} is no index that git would read",
        hint="git status says what is wrong with it.",
        paths=[path],
    )
