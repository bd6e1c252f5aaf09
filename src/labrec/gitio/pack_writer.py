"""Writing a pack with its index: temporary names, fsync, rename, fsync of the folder.

Entries are whole objects, never deltas: that keeps writing one record at a few hundred
microseconds and makes an entry independent of where it stands. Git's own ``gc`` makes the deltas.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from typing import TYPE_CHECKING, BinaryIO, Protocol

from labrec.errors import StorageError
from labrec.gitio.durable import make_folder, remove, sync_folder, write_all, write_new
from labrec.gitio.hashing import PIECE, HashThread, Ring
from labrec.gitio.objects import object_id
from labrec.gitio.pack import IDX_MAGIC

if TYPE_CHECKING:
    from pathlib import Path

_TYPES = {"commit": 1, "tree": 2, "blob": 3, "tag": 4}
_CHUNK = 1 << 20
_BUFFER = 1 << 20
_BLOCK, _BLOCK_HEAD = 0xFFFF, 5  # bytes of a stored block and of what precedes it
_SAMPLE = 1 << 16
_LEVEL_SMALL = 6
_SMALL = 1 << 16
_TINY, _TINY_BITS, _TINY_MEMORY = 1 << 12, 12, 6  # bytes; window (log2) and memLevel of zlib
_WIDE_OFFSET = 0x80000000
# Not tmp_…: git gc --prune=now removes those at once, also while they are being written.
TEMPORARY = "labrec_tmp_"
KEEP_MARK = "labrec "


class PackWriter:
    """One pack being written; :meth:`finish` makes it visible and durable, :meth:`abort` drops it.

    Args:
        folder: ``objects/pack`` of the common git directory; made if missing.
        token: The writer's mark (:mod:`labrec.store.locks`): whose files these are.
        count: How many objects will be added.
    """

    def __init__(self, folder: Path, token: str, count: int) -> None:
        make_folder(folder)
        self.folder = folder
        self.token = token
        self._count = count
        self._temporary = folder / f"{TEMPORARY}{token}_{os.urandom(4).hex()}"
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._fd = os.open(self._temporary, flags, 0o444)
        self._hash = hashlib.sha1(usedforsecurity=False)
        self._buffer = bytearray()
        self._offset = 0
        self._finished = False
        self.name = ""  # once it has one
        self._rows: list[tuple[bytes, int, int]] = []
        self._put(struct.pack(">4sLL", b"PACK", 2, count))

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._offset

    def add(self, kind: str, data: bytes, sha: str | None = None) -> str:
        """Add an object held in memory and return its name (``sha``, where it is known)."""
        sha = sha or object_id(kind, data)
        packed = _deflated(data)
        entry = _entry_head(_TYPES[kind], len(data)) + packed
        self._rows.append((bytes.fromhex(sha), self._offset, zlib.crc32(entry)))
        self._put(entry)
        return sha

    def add_stream(self, file: BinaryIO, size: int) -> str:
        """Add a blob from a file in bounded memory and return git's name of it.

        Args:
            file: Read from its current position, to its end.
            size: How many bytes it will give.

        Raises:
            StorageError: The file gave more or fewer bytes than ``size``: it changed meanwhile.
        """
        digest = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
        level = _stream_level(file, size)
        deflater: _Deflater = zlib.compressobj(level) if level else Stored()
        head = _entry_head(_TYPES["blob"], size)
        self._put(head)
        self._flush()
        start, crc, left = self._offset - len(head), zlib.crc32(head), size
        ring = Ring(PIECE)
        with HashThread() as hashes:
            while count := file.readinto(buffer := ring.next()):  # type: ignore[attr-defined]
                left -= count
                hashes.update(digest, buffer[:count])
                crc = self._write_through(deflater.compress(buffer[:count]), crc, hashes)
            crc = self._write_through(deflater.flush(), crc, hashes)
        if left:
            raise StorageError(
                "a file changed while it was being stored",
                hint="Record it when its writer has finished.",
                paths=[getattr(file, "name", "")],
            )
        self._rows.append((digest.digest(), start, crc))
        return digest.hexdigest()

    def _write_through(self, data: bytes | memoryview, crc: int, hashes: HashThread) -> int:
        """Write large data past the buffer and return the entry's crc32 so far."""
        if data:
            self._offset += len(data)
            hashes.update(self._hash, data)
            write_all(self._fd, data)
        return zlib.crc32(data, crc)

    def add_stored(self, name: bytes, entry: bytes) -> None:
        """Add an entry as another pack stores it (no delta), by its 20-byte name."""
        self._rows.append((name, self._offset, zlib.crc32(entry)))
        self._put(entry)

    def copy_stored(self, name: bytes, fd: int, start: int, length: int) -> int:
        """Add a stored entry straight from another pack's descriptor and return its crc32."""
        at, crc = self._offset, 0
        while length:
            part = os.pread(fd, min(_CHUNK, length), start)
            if not part:
                raise StorageError("a pack ended while it was copied", hint="Run git fsck.")
            crc = zlib.crc32(part, crc)
            self._put(part)
            start += len(part)
            length -= len(part)
        self._rows.append((name, at, crc))
        return crc

    def finish(self) -> str:
        """Make the pack durable and visible and return its name (``pack-<40 hex>``).

        Beside it stands a ``.keep``, so that no git command drops the pack before a ref reaches
        what is in it; :func:`release` takes it away.

        Raises:
            OSError: The disk is full or failing; call :meth:`abort`.
        """
        if len(self._rows) != self._count:
            raise ValueError(f"{self._count} objects announced, {len(self._rows)} added")
        self._flush()
        trailer = self._hash.digest()
        write_all(self._fd, trailer)
        os.fsync(self._fd)
        os.close(self._fd)
        self._fd = -1
        # Not git's choice of a name, the checksum alone: two writers of the same bytes must not
        # share a pack that one of them may drop.
        self.name = _pack_name(trailer, os.urandom(8))
        # Without the suffix .idx, by which git would take it for an index.
        index = self._temporary.with_name(self._temporary.name + "_index")
        write_new(index, format_index(self._rows, trailer))
        os.chmod(index, 0o444)  # packs are read-only, as git's are
        # Complete from the first moment, or it would not say whose it is.
        keep = self._temporary.with_name(self._temporary.name + "_keep")
        write_new(keep, f"{KEEP_MARK}{self.token}\n".encode(), sync=False)
        os.rename(keep, self.folder / f"{self.name}.keep")
        os.rename(self._temporary, self.folder / f"{self.name}.pack")
        # The index comes last: a pack is visible once its index is.
        os.rename(index, self.folder / f"{self.name}.idx")
        sync_folder(self.folder)
        self._finished = True
        return self.name

    def abort(self) -> None:
        """Remove what was written; nothing after :meth:`finish` has returned."""
        if self._finished:
            return
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        remove(self._temporary)
        for part in ("_index", "_keep"):
            remove(self._temporary.with_name(self._temporary.name + part))
        if self.name:
            drop(self.folder, self.name)

    def _put(self, data: bytes) -> None:
        self._offset += len(data)
        self._buffer += data
        if len(self._buffer) >= _BUFFER:
            self._flush()

    def _flush(self) -> None:
        self._hash.update(self._buffer)
        write_all(self._fd, self._buffer)
        self._buffer = bytearray()


class _Deflater(Protocol):
    def compress(self, data: memoryview, /) -> bytes | memoryview: ...
    def flush(self) -> bytes | memoryview: ...


class Stored:
    """A zlib stream of stored blocks (RFC 1950, RFC 1951 section 3.2.4), without a copy to spare.

    What zlib makes at level 0 too, at three times the price.
    """

    def __init__(self) -> None:
        self._ring = Ring(PIECE + _BLOCK_HEAD * (PIECE // _BLOCK + 1) + 2)
        self._check = 1
        self._head = b"\x78\x01"

    def compress(self, data: memoryview, /) -> memoryview:
        """Return the next blocks; ``data`` is at most 1 MiB."""
        out = self._ring.next()
        self._check = zlib.adler32(data, self._check)
        at = len(self._head)
        out[:at] = self._head
        self._head = b""
        for start in range(0, len(data), _BLOCK):
            length = min(_BLOCK, len(data) - start)
            out[at : at + _BLOCK_HEAD] = struct.pack("<BHH", 0, length, length ^ 0xFFFF)
            at += _BLOCK_HEAD
            out[at : at + length] = data[start : start + length]
            at += length
        return out[:at]

    def flush(self) -> bytes:
        """Return the last block, which is empty, and the check sum."""
        return self._head + b"\x01\x00\x00\xff\xff" + struct.pack(">L", self._check)


def release(folder: Path, name: str, token: str) -> None:
    """Take away the ``.keep`` of a pack if it is the one this writer put there."""
    keep = folder / f"{name}.keep"
    if keep_token(keep) == token:
        remove(keep)


def drop(folder: Path, name: str) -> None:
    """Remove a pack, index first, so that nobody finds an index without its pack."""
    for suffix in (".idx", ".rev", ".pack", ".keep"):
        remove(folder / (name + suffix))


def keep_token(keep: Path) -> str | None:
    """Return the token in a ``.keep`` that labrec wrote, or None for anybody else's.

    The token is empty where a power cut took the content of the file, which is not made durable:
    that the pack is ours is then told by its name.
    """
    try:
        text = keep.read_text("utf-8", "replace")
        if not text and _is_ours(keep):
            return ""
    except OSError:
        return None
    return text[len(KEEP_MARK) :].strip() if text.startswith(KEEP_MARK) else None


def _pack_name(trailer: bytes, salt: bytes) -> str:
    """Return a name that is new, and tells of a pack with this checksum that labrec wrote it."""
    proof = hashlib.sha1(b"labrec" + trailer + salt, usedforsecurity=False)
    return f"pack-{salt.hex()}{proof.hexdigest()[16:]}"


def _is_ours(keep: Path) -> bool:
    with keep.with_suffix(".pack").open("rb") as file:
        file.seek(-20, os.SEEK_END)
        trailer = file.read(20)
    try:
        salt = bytes.fromhex(keep.name[len("pack-") :][:16])
    except ValueError:
        return False
    return keep.stem == _pack_name(trailer, salt)


def format_index(rows: list[tuple[bytes, int, int]], trailer: bytes) -> bytes:
    """Write a version 2 index.

    Args:
        rows: ``(20-byte name, offset, crc32 of the stored entry)`` of each object; sorted here.
        trailer: The pack's checksum.
    """
    rows.sort()
    counts = [0] * 256
    for name, _, _ in rows:
        counts[name[0]] += 1
    fanout, total = [], 0
    for count in counts:
        total += count
        fanout.append(total)
    narrow: list[int] = []
    wide: list[int] = []
    for _, offset, _ in rows:
        if offset >= _WIDE_OFFSET:
            narrow.append(_WIDE_OFFSET | len(wide))
            wide.append(offset)
        else:
            narrow.append(offset)
    body = b"".join(
        [
            IDX_MAGIC,
            struct.pack(">256L", *fanout),
            b"".join(name for name, _, _ in rows),
            struct.pack(f">{len(rows)}L", *(crc for _, _, crc in rows)),
            struct.pack(f">{len(rows)}L", *narrow),
            struct.pack(f">{len(wide)}Q", *wide),
            trailer,
        ]
    )
    return body + hashlib.sha1(body, usedforsecurity=False).digest()


def _entry_head(kind: int, size: int) -> bytes:
    byte = kind << 4 | size & 15
    size >>= 4
    head = bytearray()
    while size:
        head.append(byte | 0x80)
        byte = size & 0x7F
        size >>= 7
    head.append(byte)
    return bytes(head)


def _deflated(data: bytes) -> bytes:
    if len(data) <= _TINY:  # nearly all trees: less memory to clear than a window of 32 KiB
        deflater = zlib.compressobj(_LEVEL_SMALL, zlib.DEFLATED, _TINY_BITS, _TINY_MEMORY)
        return deflater.compress(data) + deflater.flush()
    return zlib.compress(data, _level(data))


def _level(data: bytes) -> int:
    if len(data) <= _SMALL:
        return _LEVEL_SMALL
    return 1 if _shrinks(data[:_SAMPLE]) or _shrinks(data[-_SAMPLE:]) else 0


def _stream_level(file: BinaryIO, size: int) -> int:
    """Try the beginning, middle and end of a file: what does not shrink there is stored as is."""
    start = file.tell()
    samples = []
    for place in (0, size // 2, max(0, size - _SAMPLE)):
        file.seek(start + place)
        samples.append(file.read(_SAMPLE))
    file.seek(start)
    return 1 if any(_shrinks(sample) for sample in samples) else 0


def _shrinks(sample: bytes) -> bool:
    return len(zlib.compress(sample, 1)) < 0.9 * len(sample)
