"""Digests of files by what ``lstat`` says of them, so that an unchanged tree is not read again.

A file counts as unchanged while times, size, inode, device and mode are the same. One that was
touched so shortly before it was hashed that the clock of its file system may not tell a later
change is *racy* (git's word) and always hashed again. The cache proves itself: whatever is damaged
is as if it were not there.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import struct
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_MAGIC = b"labrec stat cache 1\n"
_STATE = struct.Struct("<QQQQQI")
_NEVER = bytes(_STATE.size)  # equals the state of no file
_DIGEST = 32
_MASK = 2**64 - 1
_TICK_NS = 20_000_000  # a kernel that counts time in steps of 10 ms, twice over
_COARSE_NS = 2_000_000_000  # file systems that keep whole seconds (FAT: two)
_SECOND = 1_000_000_000


def state_of(status: os.stat_result) -> bytes:
    """Return all of ``lstat`` that changes when a file does, as 44 bytes."""
    return _STATE.pack(
        status.st_mtime_ns & _MASK,
        status.st_ctime_ns & _MASK,
        status.st_size & _MASK,
        status.st_ino & _MASK,
        status.st_dev & _MASK,
        status.st_mode,
    )


def is_racy(state: bytes, taken_ns: int) -> bool:
    """Say whether a file may have changed after it was hashed without its state showing it.

    Args:
        state: From ``state_of``.
        taken_ns: Wall clock when the state was taken, before the file was hashed, ns.
    """
    mtime, ctime = _STATE.unpack(state)[:2]
    youngest = max(mtime, ctime)
    step = _TICK_NS if mtime % _SECOND or ctime % _SECOND else _COARSE_NS
    return bool(youngest + step >= taken_ns)


def is_regular(state: bytes) -> bool:
    """Say whether a state is that of a regular file."""
    return stat.S_ISREG(_STATE.unpack(state)[5])


class Kept(NamedTuple):
    """What the cache holds.

    Attributes:
        paths: The paths, in order.
        states: Their states, 44 bytes each.
        digests: Their sha256, 32 bytes each.
        note: What was made of exactly these files.
    """

    paths: list[str]
    states: bytes
    digests: bytes
    note: dict[str, Any]

    def digest(self, index: int) -> bytes:
        """Return one path's sha256."""
        return self.digests[index * _DIGEST : (index + 1) * _DIGEST]


def load(file: Path | None) -> Kept | None:
    """Read a cache; None where there is none or it is damaged."""
    if file is None:
        return None
    try:
        data = file.read_bytes()
        proof, body = data[len(_MAGIC) : len(_MAGIC) + _DIGEST], data[len(_MAGIC) + _DIGEST :]
        if not data.startswith(_MAGIC) or hashlib.sha256(body).digest() != proof:
            return None
        size, count, noted = struct.unpack_from("<QQQ", body)
        at = 24
        text = body[at : at + size].decode("utf-8", "surrogateescape")
        at += size
        states = body[at : at + count * _STATE.size]
        at += count * _STATE.size
        digests = body[at : at + count * _DIGEST]
        at += count * _DIGEST
        note = json.loads(body[at : at + noted])
    except (OSError, ValueError, struct.error):
        return None
    return Kept(text.split("\0") if count else [], states, digests, note)


def lookup(kept: Kept | None, paths: Sequence[str], states: Sequence[bytes]) -> list[bytes | None]:
    """Return the sha256 of every path that did not change, and None for the others."""
    if kept is None:
        return [None] * len(paths)
    width = _STATE.size
    if kept.paths == paths:  # the common case needs no table
        return [
            kept.digest(index)
            if kept.states[index * width : (index + 1) * width] == state
            else None
            for index, state in enumerate(states)
        ]
    places = {path: index for index, path in enumerate(kept.paths)}
    found: list[bytes | None] = []
    for path, state in zip(paths, states, strict=True):
        at = places.get(path, -1)
        equal = at >= 0 and kept.states[at * width : (at + 1) * width] == state
        found.append(kept.digest(at) if equal else None)
    return found


def unchanged(kept: Kept | None, paths: Sequence[str], states: Sequence[bytes]) -> bool:
    """Say whether the cache is about exactly these files in this state, so its note holds."""
    return kept is not None and kept.states == b"".join(states) and kept.paths == paths


def save(
    file: Path,
    paths: Sequence[str],
    states: Sequence[bytes],
    digests: Sequence[bytes],
    note: dict[str, Any],
) -> None:
    """Replace the cache; one that cannot be written is no loss.

    Args:
        file: Where it is.
        paths: The paths.
        states: Their states; ``NEVER`` for what must be hashed again.
        digests: Their sha256, 32 bytes each.
        note: What was made of these files.
    """
    text = "\0".join(paths).encode("utf-8", "surrogateescape")
    noted = json.dumps(note).encode()
    body = b"".join(
        (
            struct.pack("<QQQ", len(text), len(paths), len(noted)),
            text, b"".join(states), b"".join(digests), noted,
        )
    )  # fmt: skip
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(_MAGIC + hashlib.sha256(body).digest() + body)
        fresh.replace(file)
    except OSError:
        return


NEVER = _NEVER
"""A state that no file has: what is saved with it is hashed again."""
