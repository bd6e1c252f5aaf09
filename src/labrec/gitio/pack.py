"""Reading packs: index v2, entries, deltas, streams (gitformat-pack(5)).

A large index is mapped, a small one loaded; a pack is read by position. Nothing here trusts a pack:
whoever asks for an object gets bytes that hash to its name, or an error
(:mod:`labrec.gitio.database`).
"""

from __future__ import annotations

import hashlib
import io
import mmap
import os
import struct
import zlib
from typing import TYPE_CHECKING, NamedTuple

from labrec.errors import IntegrityError, LimitError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

IDX_MAGIC = b"\xfftOc\x00\x00\x00\x02"
_KIND_OF_TYPE = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}
_OFFSET_DELTA, _REF_DELTA = 6, 7
_FANOUT_END = 8 + 256 * 4
_ONE, _TWO = struct.Struct(">L"), struct.Struct(">LL")
_LOADED = 1 << 15  # bytes of an index that is read as it is: a map of it costs more
_CHUNK = 1 << 16  # bytes: small enough for the allocator to use its memory again
_HEADER_READ = 32
_AHEAD = 4096  # bytes read with a head: most entries are there with one call
# A delta needs base and result in memory; git itself stops making deltas at this size.
DELTA_LIMIT = 512 << 20


class PackGoneError(Exception):
    """A pack listed a moment ago is no longer there (git repacked): look again."""


class EntryHeader(NamedTuple):
    """The head of one pack entry: its type number, inflated size and where its data begins."""

    type: int
    size: int
    data_offset: int
    base_offset: int  # of an offset delta, else 0
    base_sha: str  # of a ref delta, else ""


def _read_index(path: str) -> mmap.mmap | bytes:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise PackGoneError(path) from error
    try:
        size = os.fstat(fd).st_size
        if size < _FANOUT_END + 40:
            raise _broken(path, "the index is too short")
        if size <= _LOADED:
            return os.read(fd, size)
        return mmap.mmap(fd, 0, access=mmap.ACCESS_READ)
    finally:
        os.close(fd)


def _checked_index(index: mmap.mmap | bytes, path: str) -> int:
    """Return how many objects an index lists."""
    if index[:8] != IDX_MAGIC:
        raise IntegrityError(
            f"{path} is not a version 2 pack index",
            hint="Run git repack -ad to write current indexes.",
            paths=[path],
        )
    count = int.from_bytes(index[_FANOUT_END - 4 : _FANOUT_END])
    if len(index) < _FANOUT_END + count * 28 + 40:
        raise _broken(path, "the index is too short")
    return count


class Pack:
    """One ``.pack`` with its ``.idx``, opened when first needed."""

    def __init__(self, path: Path | str) -> None:
        """Name a pack by the path of its ``.pack`` file; nothing is opened yet."""
        self.path = os.fspath(path)
        self.name = os.path.basename(self.path)[: -len(".pack")]
        self._index: mmap.mmap | bytes | None = None
        self._fd = -1
        self.size = 0
        self.count = 0

    def close(self) -> None:
        """Release the files."""
        self.rest()
        self._index = None

    def rest(self) -> None:
        """Release the files until the next read; an index that was loaded stays."""
        if isinstance(self._index, mmap.mmap):
            self._index.close()
            self._index = None
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    # -- index

    def _idx(self) -> mmap.mmap | bytes:
        if self._index is None:
            path = self.path[: -len(".pack")] + ".idx"
            index = _read_index(path)
            try:
                self.count = _checked_index(index, path)
            except IntegrityError:
                if isinstance(index, mmap.mmap):
                    index.close()
                raise
            self._index = index
        return self._index

    def find(self, name: bytes) -> int:
        """Return the offset of the object with this 20-byte name, or -1.

        Raises:
            PackGoneError: The index is no longer there.
        """
        index = self._index or self._idx()
        first = name[0]
        if first:
            low, high = _TWO.unpack_from(index, 4 + first * 4)
        else:
            low, high = 0, _ONE.unpack_from(index, 8)[0]
        while low < high:
            middle = (low + high) >> 1
            start = _FANOUT_END + middle * 20
            here = index[start : start + 20]
            if here < name:
                low = middle + 1
            elif here > name:
                high = middle
            else:
                return self._offset(index, middle)
        return -1

    def _offset(self, index: mmap.mmap | bytes, row: int) -> int:
        at = _FANOUT_END + self.count * 24 + row * 4
        offset = int.from_bytes(index[at : at + 4])
        if offset & 0x80000000:
            at = _FANOUT_END + self.count * 28 + (offset & 0x7FFFFFFF) * 8
            if at + 8 > len(index) - 40:
                raise _broken(self.path, "the index points outside itself")
            offset = int.from_bytes(index[at : at + 8])
        return offset

    def names_with_prefix(self, prefix: str) -> Iterator[str]:
        """Yield the names in this pack that begin with ``prefix`` (at least 2 hex digits)."""
        for sha, _, _ in self.entries():
            if sha.startswith(prefix):
                yield sha

    def entries(self) -> Iterator[tuple[str, int, int]]:
        """Yield ``(sha, offset, crc32 of the stored entry)`` in name order.

        Raises:
            PackGoneError: The index is no longer there.
        """
        index = self._idx()
        crcs = _FANOUT_END + self.count * 20
        for row in range(self.count):
            start = _FANOUT_END + row * 20
            crc = int.from_bytes(index[crcs + row * 4 : crcs + row * 4 + 4])
            yield index[start : start + 20].hex(), self._offset(index, row), crc

    # -- pack

    def fd(self) -> int:
        """Return a descriptor of the pack, opened and checked on first use.

        Raises:
            PackGoneError: The pack is no longer there.
            IntegrityError: The file is no pack, or not the one its index describes.
        """
        if self._fd < 0:
            self._idx()
            try:
                self._fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError as error:
                raise PackGoneError(self.path) from error
            self.size = os.fstat(self._fd).st_size
            head = os.pread(self._fd, 12, 0)
            if head[:4] != b"PACK" or head[4:8] not in (b"\0\0\0\2", b"\0\0\0\3"):
                raise _broken(self.path, "the file is no pack")
            if struct.unpack(">L", head[8:12])[0] != self.count:
                raise _broken(self.path, "pack and index disagree on the number of objects")
        return self._fd

    def header(self, offset: int) -> EntryHeader:
        """Read the head of the entry at ``offset``.

        Raises:
            IntegrityError: There is no entry.
        """
        return self._header(os.pread(self.fd(), _HEADER_READ + 20, offset), offset)

    def entry(self, offset: int) -> tuple[EntryHeader, bytes]:
        """Read the head of the entry at ``offset``, and the first of what it stores.

        Raises:
            IntegrityError: There is no entry.
        """
        data = os.pread(self.fd(), _AHEAD, offset)
        header = self._header(data, offset)
        return header, data[header.data_offset - offset :]

    def _header(self, data: bytes, offset: int) -> EntryHeader:
        try:
            byte, at = data[0], 1
            kind, size, shift = (byte >> 4) & 7, byte & 15, 4
            while byte & 0x80:
                byte = data[at]
                size |= (byte & 0x7F) << shift
                shift += 7
                at += 1
            base_offset, base_sha = 0, ""
            if kind == _OFFSET_DELTA:
                byte = data[at]
                back = byte & 0x7F
                at += 1
                while byte & 0x80:
                    byte = data[at]
                    back = ((back + 1) << 7) | (byte & 0x7F)
                    at += 1
                base_offset = offset - back
            elif kind == _REF_DELTA:
                base_sha = data[at : at + 20].hex()
                at += 20
        except IndexError:
            raise _broken(self.path, f"no entry at {offset}") from None
        known = kind in _KIND_OF_TYPE or kind in (_OFFSET_DELTA, _REF_DELTA)
        if not known or base_offset < 0 or (kind == _OFFSET_DELTA and base_offset < 12):  # noqa: PLR2004
            raise _broken(self.path, f"no entry at {offset}")
        return EntryHeader(kind, size, offset + at, base_offset, base_sha)

    def inflate(self, header: EntryHeader, stored: bytes = b"") -> bytes:
        """Return the inflated data of an entry.

        Args:
            header: Its head.
            stored: The first of its stored bytes, where they were read already.

        Raises:
            IntegrityError: The stored bytes are damaged.
            LimitError: The entry is too large to hold in memory.
        """
        if header.size > DELTA_LIMIT:
            raise LimitError(
                f"an object of {header.size} bytes in {self.path} does not fit in memory",
                hint="Read it as a stream.",
                paths=[self.path],
            )
        inflater = zlib.decompressobj()
        # Stored bytes are rarely longer than inflated ones: nearly always one read.
        guess = min(_CHUNK, header.size + 64)
        parts, position = [], header.data_offset
        length = 0
        try:
            while not inflater.eof:
                stored = stored or os.pread(self.fd(), guess, position)
                if not stored:
                    raise _broken(self.path, "the pack ends inside an object")
                position += len(stored)
                part, stored = inflater.decompress(stored, header.size - length + 1), b""
                length += len(part)
                parts.append(part)
                if length > header.size or inflater.unconsumed_tail:
                    break
        except zlib.error as error:
            raise _broken(self.path, f"damaged data at {header.data_offset}") from error
        if length != header.size or not inflater.eof:
            raise _broken(self.path, f"damaged data at {header.data_offset}")
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def stream(self, header: EntryHeader, sha: str) -> EntryStream:
        """Return a stream over an entry that is no delta; it checks its name at the end."""
        fd = os.dup(self.fd())
        return EntryStream(fd, header.data_offset, (_KIND_OF_TYPE[header.type], header.size), sha)

    def verify(self) -> None:
        """Re-hash the pack and its index against the checksums they carry.

        Raises:
            IntegrityError: A checksum does not match.
            PackGoneError: The pack is no longer there.
        """
        fd = self.fd()
        digest = hashlib.sha1(usedforsecurity=False)
        position, end = 0, self.size - 20
        while position < end:
            data = os.pread(fd, min(_CHUNK * 4, end - position), position)
            if not data:
                break
            digest.update(data)
            position += len(data)
        trailer = os.pread(fd, 20, end) if end > 0 else b""
        if digest.digest() != trailer:
            raise _broken(self.path, "the pack's checksum does not match its bytes")
        index = self._idx()
        name = self.path[: -len(".pack")] + ".idx"
        if hashlib.sha1(index[:-20], usedforsecurity=False).digest() != index[-20:]:
            raise _broken(name, "the index's checksum does not match its bytes")
        if index[-40:-20] != trailer:
            raise _broken(name, "the index belongs to another pack")


class EntryStream(io.RawIOBase):
    """A non-delta object inflated in bounded memory; the last read checks its name."""

    def __init__(self, fd: int, position: int, what: tuple[str, int], sha: str) -> None:
        """Stream from ``position`` of ``fd`` (owned from now on) an object ``(kind, size)``."""
        super().__init__()
        self._fd = fd
        self._position = position
        self.kind, self.size = what
        self._sha = sha
        self._left = self.size
        self._inflater = zlib.decompressobj()
        self._pending = b""
        head = f"{self.kind} {self.size}\0".encode()
        self._digest = hashlib.sha1(head, usedforsecurity=False)

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill ``buffer`` with the next bytes; 0 at the end.

        Raises:
            IntegrityError: The stored bytes are damaged or not the object asked for.
        """
        want = len(buffer)
        if want == 0:
            return 0
        data = b""
        try:
            while not data and not self._inflater.eof:
                if not self._pending:
                    self._pending = os.pread(self._fd, _CHUNK, self._position)
                    self._position += len(self._pending)
                    if not self._pending:
                        break
                data = self._inflater.decompress(self._pending, want)
                self._pending = self._inflater.unconsumed_tail
        except zlib.error as error:
            raise IntegrityError(f"object {self._sha} is damaged", paths=[self._sha]) from error
        self._digest.update(data)
        self._left -= len(data)
        ended = not data or self._left <= 0
        if ended and (self._left or self._digest.hexdigest() != self._sha):
            raise IntegrityError(f"object {self._sha} is damaged", paths=[self._sha])
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Release the descriptor."""
        if not self.closed:
            os.close(self._fd)
        super().close()


def apply_delta(base: bytes, delta: bytes, path: str) -> bytes:
    """Rebuild an object from its base and a delta.

    Raises:
        IntegrityError: The delta does not fit its base.
        LimitError: The result would not fit in memory.
    """
    try:
        expected, at = _varint(delta, 0)
        size, at = _varint(delta, at)
        if size > DELTA_LIMIT:
            raise LimitError(f"a delta in {path} makes {size} bytes", paths=[path])
        if expected != len(base):
            raise _broken(path, "a delta does not fit its base")
        result = b"".join(_delta_parts(base, delta, at, path))
    except IndexError:
        raise _broken(path, "a delta ends early") from None
    if len(result) != size:
        raise _broken(path, "a delta does not make what it says")
    return result


def _delta_parts(base: bytes, delta: bytes, at: int, path: str) -> list[bytes]:
    parts: list[bytes] = []
    end = len(delta)
    while at < end:
        command = delta[at]
        at += 1
        if command & 0x80:  # copy from the base: which bytes of offset and length follow, by bit
            offset = length = 0
            for bit in range(4):
                if command >> bit & 1:
                    offset |= delta[at] << (8 * bit)
                    at += 1
            for bit in range(3):
                if command >> (4 + bit) & 1:
                    length |= delta[at] << (8 * bit)
                    at += 1
            parts.append(base[offset : offset + (length or 0x10000)])
        elif command:  # new bytes
            parts.append(delta[at : at + command])
            at += command
        else:
            raise _broken(path, "a delta holds an unknown instruction")
    return parts


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, at


def _broken(path: str, what: str) -> IntegrityError:
    return IntegrityError(
        f"{path}: {what}",
        hint="Fetch the repository again from another copy, or run git fsck.",
        paths=[path],
    )
