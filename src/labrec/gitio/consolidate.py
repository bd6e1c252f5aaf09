"""Uniting our small packs, so that walks stay fast and the user's ``git gc --auto`` stays asleep.

Fifty packs wake that gc; we unite at 32. The smaller half goes, and every larger pack that is no
longer than what goes already: a pack is copied about four times on the way to 100,000 records.
Packs are united byte for byte (ours hold no deltas) and removed only after the united one is
durable and was read back; a reader that loses a pack lists them anew.
"""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from labrec.errors import IntegrityError
from labrec.gitio.pack import Pack, PackGoneError
from labrec.gitio.pack_writer import PackWriter, drop, release

if TYPE_CHECKING:
    from collections.abc import Iterable

MANY = 32
_AT_LEAST = MANY // 2
LARGEST = 256 << 20  # bytes; a pack as large as this stays as it is
_SMALL_ENTRY = 1 << 20


class Candidate(NamedTuple):
    """One of our packs and its size in bytes."""

    name: str
    size: int


def candidates(folder: Path, ours: Iterable[str]) -> list[Candidate]:
    """Return which of our packs could be united, smallest first.

    A pack that carries a ``.keep`` (a writer is not done with it), a bitmap, or that a
    multi-pack-index names is left alone.

    Args:
        folder: ``objects/pack``.
        ours: Names (``pack-<40 hex>``) of the packs that labrec wrote.
    """
    try:
        present = {entry.name for entry in os.scandir(folder)}
    except FileNotFoundError:
        return []
    listed = _multi_pack_index(folder, present)
    found = []
    for name in set(ours):
        if f"{name}.pack" not in present or f"{name}.idx" not in present:
            continue
        if present & {f"{name}.keep", f"{name}.bitmap", f"{name}.promisor"}:
            continue
        if name.encode() in listed:
            continue
        try:
            size = (folder / f"{name}.pack").stat().st_size
        except FileNotFoundError:
            continue
        if size < LARGEST:
            found.append(Candidate(name, size))
    return sorted(found, key=lambda each: (each.size, each.name))


def choose(packs: list[Candidate]) -> list[Candidate]:
    """Return which packs to unite now: none below 32 of them."""
    if len(packs) < MANY:
        return []
    total, chosen = 0, []
    for number, pack in enumerate(packs):
        if number >= _AT_LEAST and pack.size > total:
            break
        total += pack.size
        chosen.append(pack)
    return chosen


def unite(folder: Path, chosen: Iterable[Candidate], token: str) -> str | None:
    """Write one pack with everything that the chosen ones hold.

    Args:
        folder: ``objects/pack``.
        chosen: Our packs, without deltas.
        token: The writer's mark.

    Returns:
        Its name, durable, read back and still kept; None where a pack went away meanwhile (git
        repacked) or holds deltas.

    Raises:
        IntegrityError: A stored entry is damaged; nothing was removed.
        OSError: The disk is full or failing; nothing was removed.
    """
    packs = [Pack(folder / f"{each.name}.pack") for each in chosen]
    try:
        rows = _rows(packs)
        if rows is None:
            return None
        writer = PackWriter(folder, token, len(rows))
        try:
            for name, pack, start, length, crc in rows:
                _copy(writer, name, pack, (start, length, crc))
            united = writer.finish()
        finally:
            writer.abort()
    except PackGoneError:
        return None
    finally:
        for pack in packs:
            pack.close()
    _read_back(folder, united)
    return united


def remove_united(folder: Path, chosen: Iterable[Candidate], united: str, token: str) -> None:
    """Remove the packs that were united and let go of the new one."""
    for each in chosen:
        if each.name != united:
            drop(folder, each.name)
    release(folder, united, token)


def _rows(packs: list[Pack]) -> list[tuple[bytes, Pack, int, int, int]] | None:
    """Return ``(name, pack, start, length, crc)`` of every distinct entry, in pack order."""
    seen: set[bytes] = set()
    rows = []
    for pack in packs:
        entries = sorted((offset, sha, crc) for sha, offset, crc in pack.entries())
        pack.fd()
        ends = [offset for offset, _, _ in entries[1:]] + [pack.size - 20]
        for (offset, sha, crc), end in zip(entries, ends, strict=True):
            if pack.header(offset).type > 4:  # noqa: PLR2004 - a delta: git wrote this pack
                return None
            name = bytes.fromhex(sha)
            if name not in seen:
                seen.add(name)
                rows.append((name, pack, offset, end - offset, crc))
    return rows


def _copy(writer: PackWriter, name: bytes, pack: Pack, entry: tuple[int, int, int]) -> None:
    start, length, crc = entry
    if length <= _SMALL_ENTRY:
        stored = os.pread(pack.fd(), length, start)
        found = zlib.crc32(stored)
        writer.add_stored(name, stored)
    else:
        found = writer.copy_stored(name, pack.fd(), start, length)
    if found != crc:
        raise IntegrityError(
            f"{pack.path} is damaged at {start}",
            hint="labrec verify lists what it held; fetch it from another clone.",
            paths=[pack.path],
        )


def _read_back(folder: Path, name: str) -> None:
    pack = Pack(folder / f"{name}.pack")
    try:
        pack.verify()
    finally:
        pack.close()


def _multi_pack_index(folder: Path, present: set[str]) -> bytes:
    """Return the bytes of every multi-pack-index: the names of its packs stand in them."""
    files = [folder / "multi-pack-index"] if "multi-pack-index" in present else []
    if "multi-pack-index.d" in present:
        files += sorted((folder / "multi-pack-index.d").glob("*.midx"))
    return b"".join(file.read_bytes() for file in files if Path(file).is_file())
