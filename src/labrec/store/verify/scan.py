"""Re-hash every object of a pack, each once, and every loose object.

A pack's index only says where entries begin; everything else is proven: both checksums, that each
entry ends where the next begins, that every object hashes to the name it is listed under. Deltas
are resolved from their base downwards, as `git index-pack` does, so nothing is inflated twice and
no more than one chain of bases is in memory.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from array import array
from typing import TYPE_CHECKING, BinaryIO, Protocol

from labrec.errors import IntegrityError, LimitError
from labrec.gitio.pack import DELTA_LIMIT, Pack, apply_delta

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator
    from pathlib import Path

COMMIT, TREE, BLOB, TAG = 1, 2, 3, 4
KINDS = {COMMIT: b"commit", TREE: b"tree", BLOB: b"blob", TAG: b"tag"}
_NUMBERS = {name: number for number, name in KINDS.items()}
_OFFSET_DELTA, _REF_DELTA = 6, 7
_TRAILER = 20

STREAMED = 4 << 20
"""Blobs larger than this many bytes are hashed piece by piece."""

_CHUNK = 1 << 20
_SIZE_DIGITS = 19


class Sink(Protocol):
    """Who takes the objects as they are proven."""

    def take(self, kind: int, name: bytes, data: bytes) -> None:
        """Take an object whose bytes hash to its 20-byte name."""

    def take_large(self, name: bytes, pieces: Iterator[bytes]) -> None:
        """Take a large blob; the pieces must be used up, and raise when they are not its own."""

    def broken(self, kind: str, path: str, message: str) -> None:
        """Hear of damage: ``damaged`` or ``forged``."""


class PackScan:
    """One pass over one pack.

    Args:
        pack: The pack.
        sink: Who takes its objects.
    """

    def __init__(self, pack: Pack, sink: Sink) -> None:
        self.pack = pack
        self.sink = sink
        self.seen = 0

    def run(self) -> None:
        """Prove the pack, its index and every object in it.

        Raises:
            PackGoneError: Git repacked meanwhile; look again.
        """
        try:
            self.pack.verify()
            names, offsets = self._entries()
            self._chart(names, offsets)
        except (IntegrityError, LimitError) as error:
            self.sink.broken("damaged", self.pack.path, error.message)
            return
        for row, base in enumerate(self._base):
            if base < 0:
                self._family(row)
        if self.seen < len(names):
            self.sink.broken(
                "damaged", self.pack.path, f"{len(names) - self.seen} deltas lead to no base"
            )

    def _entries(self) -> tuple[list[bytes], array[int]]:
        """Return names and offsets in the order of the pack."""
        rows = []
        previous = b""
        for sha, offset, _ in self.pack.entries():
            name = bytes.fromhex(sha)
            if name <= previous:
                raise IntegrityError(f"the index of {self.pack.path} is not in order")
            previous = name
            rows.append((offset, name))
        rows.sort()
        names = [name for _, name in rows]
        offsets = array("q", [offset for offset, _ in rows])
        offsets.append(self.pack.size - _TRAILER)
        return names, offsets

    def _chart(self, names: list[bytes], offsets: array[int]) -> None:
        """Read every entry's head and note which entries are deltas of which."""
        count = len(names)
        row_of = {offset: row for row, offset in enumerate(offsets[:count])}
        self._names, self._starts = names, offsets
        self._type, self._size = array("b", bytes(count)), array("q", bytes(8 * count))
        self._data = array("q", bytes(8 * count))
        # Children of a base as linked lists in two arrays: a dict of lists costs ten times more.
        self._base = array("q", [-1]) * count
        self._child, self._sibling = array("q", [-1]) * count, array("q", [-1]) * count
        by_name: dict[bytes, int] | None = None
        for row in range(count):
            head = self.pack.header(offsets[row])
            self._type[row], self._size[row], self._data[row] = (
                head.type,
                head.size,
                head.data_offset,
            )
            if head.type == _OFFSET_DELTA:
                base = row_of.get(head.base_offset, -1)
            elif head.type == _REF_DELTA:
                by_name = by_name or {name: place for place, name in enumerate(names)}
                base = by_name.get(bytes.fromhex(head.base_sha), -1)
            else:
                continue
            if base < 0:
                raise IntegrityError(f"a delta at {offsets[row]} has no base in its pack")
            self._base[row] = base
            self._sibling[row] = self._child[base]
            self._child[base] = row

    def _family(self, root: int) -> None:
        """Prove an entry that is no delta and everything made from it."""
        kind = self._type[root]
        if self._child[root] < 0 and kind == BLOB and self._size[root] > STREAMED:
            self._large(root)
            return
        data = self._inflate(root)
        if data is None or not self._prove(root, kind, data):
            self._abandon(root)
            return
        stack = [(self._child[root], data)]
        while stack:
            row, base = stack.pop()
            if row < 0:
                continue
            stack.append((self._sibling[row], base))
            delta = self._inflate(row)
            if delta is None:
                self._abandon(row)
                continue
            try:
                data = apply_delta(base, delta, self.pack.path)
            except (IntegrityError, LimitError) as error:
                self._damaged(row, error.message)
                self._abandon(row)
                continue
            if not self._prove(row, kind, data):
                self._abandon(row)
            elif self._child[row] >= 0:
                stack.append((self._child[row], data))

    def _abandon(self, root: int) -> None:
        """Count what cannot be rebuilt any more, so that it is reported once and not again."""
        stack = [self._child[root]]
        while stack:
            row = stack.pop()
            if row >= 0:
                self.seen += 1
                stack += [self._sibling[row], self._child[row]]

    def _prove(self, row: int, kind: int, data: bytes) -> bool:
        digest = hashlib.sha1(b"%s %d\0" % (KINDS[kind], len(data)), usedforsecurity=False)
        digest.update(data)
        self.seen += 1
        name = self._names[row]
        if digest.digest() != name:
            self.sink.broken("forged", self._place(row), "its bytes hash to another name")
            return False
        self.sink.take(kind, name, data)
        return True

    def _inflate(self, row: int) -> bytes | None:
        """Return an entry's inflated bytes; None, and a word to the sink, when it is damaged."""
        start, end, size = self._data[row], self._starts[row + 1], self._size[row]
        if size > DELTA_LIMIT:
            self.seen += 1
            self.sink.broken("too-large", self._place(row), f"{size} bytes do not fit in memory")
            return None
        inflater = zlib.decompressobj()
        try:
            stored = os.pread(self.pack.fd(), end - start, start)
            data = inflater.decompress(stored, size + 1)
        except (zlib.error, ValueError) as error:
            self._damaged(row, str(error))
            return None
        if len(data) != size or not inflater.eof or inflater.unused_data:
            self._damaged(row, "the entry is not as long as it says")
            return None
        return data

    def _damaged(self, row: int, message: str) -> None:
        self.seen += 1
        self.sink.broken("damaged", self._place(row), message)

    def _large(self, row: int) -> None:
        self.seen += 1
        stream = self.pack.stream(self.pack.header(self._starts[row]), self._names[row].hex())
        with stream:
            try:
                self.sink.take_large(self._names[row], _pieces(stream))
            except IntegrityError as error:
                self.sink.broken("damaged", self._place(row), error.message)

    def _place(self, row: int) -> str:
        return f"{self._names[row].hex()} in {self.pack.path}"


def _pieces(stream: io.RawIOBase) -> Iterator[bytes]:
    while piece := stream.read(_CHUNK):
        yield piece


def scan_loose(sha: str, path: Path, sink: Sink) -> None:
    """Prove one loose object file.

    Args:
        sha: The name it stands under, 40 hex digits.
        path: The file.
        sink: Who takes the object.
    """
    place = f"{sha} in {path}"
    try:
        with path.open("rb") as file:
            _scan_loose(sha, file, sink)
    except FileNotFoundError:
        return  # git packed it meanwhile; packs are read after loose objects
    except _ForgedError:
        sink.broken("forged", place, "its bytes hash to another name")
    except (IntegrityError, LimitError) as error:
        sink.broken("damaged", place, error.message)


class _ForgedError(IntegrityError):
    """A well-formed object under a name that is not its own."""


def _scan_loose(sha: str, file: BinaryIO, sink: Sink) -> None:
    pieces = _inflated(file)
    head, _, first = next(pieces, b"").partition(b"\0")
    word, _, digits = head.partition(b" ")
    kind = _NUMBERS.get(word)
    if kind is None or not digits.isdigit() or len(digits) > _SIZE_DIGITS:
        raise IntegrityError("the loose object has no readable header")
    size = int(digits)
    proven = _proven(head, size, _chain(first, pieces), sha)
    name = bytes.fromhex(sha)
    if kind == BLOB and size > STREAMED:
        sink.take_large(name, proven)
        return
    if size > DELTA_LIMIT:
        raise LimitError(f"{size} bytes do not fit in memory")
    data = b"".join(proven)
    sink.take(kind, name, data)


def _inflated(file: BinaryIO) -> Iterator[bytes]:
    """Yield the inflated bytes of a file that holds one zlib stream and nothing else."""
    inflater = zlib.decompressobj()
    pending = b""
    try:
        while not inflater.eof:
            pending = pending or file.read(_CHUNK)
            if not pending:
                raise IntegrityError("the loose object ends early")
            piece = inflater.decompress(pending, _CHUNK)
            pending = inflater.unconsumed_tail
            if piece:
                yield piece
    except zlib.error as error:
        raise IntegrityError(f"the loose object is damaged: {error}") from error
    if inflater.unused_data or file.read(1):
        raise IntegrityError("the loose object is followed by other bytes")


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def _proven(head: bytes, size: int, pieces: Iterator[bytes], sha: str) -> Iterator[bytes]:
    """Pass an object's bytes on and raise at their end when they are not those of its name."""
    digest = hashlib.sha1(head + b"\0", usedforsecurity=False)
    length = 0
    for piece in pieces:
        digest.update(piece)
        length += len(piece)
        if length > size:
            break
        yield piece
    if length != size:
        raise IntegrityError("the loose object is not as long as it says")
    if digest.hexdigest() != sha:
        raise _ForgedError("its bytes hash to another name")
