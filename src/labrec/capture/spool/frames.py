"""The bytes of a journal: framed documents, and regions of points that check themselves.

``docs/spool.md`` is the specification of this layout. Everything is little-endian and lies on a
32-byte grid, so that a point never straddles a cache line, a sector or a page.
"""

from __future__ import annotations

import json
import struct
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

from labrec.errors import InvalidError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from mmap import mmap

MAGIC = b"LRSF"
VERSION = 1
GRID = 32  # bytes; header size, slot size and alignment of every frame
OPTIONAL = 1  # flag: a reader that does not know the type skips the frame
REGION = 2  # flag: the payload is slots with a checksum each; it may be cut or sparse
MAX_PAYLOAD = 1 << 30  # bytes; a longer frame is damage

# magic, version, type, flags, sequence, payload length, CRC32 of the payload (0 in a region),
# CRC32 of the 28 bytes before
HEADER = struct.Struct("<4sBBHQQII")
_HEAD = struct.Struct("<4sBBHQQI")
_CRC = struct.Struct("<I")

# One point: step, seconds (monotonic clock), value, metric number; then the CRC32 of these.
POINT = struct.Struct("<qddI")
SLOT = struct.Struct("<28sI")

_CHUNK = 1 << 20
_PAGE = 1 << 12
_ZEROS = memoryview(bytes(_CHUNK))
_EMPTY_POINT = bytes(POINT.size)


class Kind(IntEnum):
    """What a frame holds. Numbers are for ever; 128 and above are optional by convention."""

    START = 1
    JOIN = 2
    POINTS = 3
    METRIC = 4
    SECTION = 5
    OBJECT = 6
    ARTIFACT = 7
    REMARK = 8
    CHANNELS = 9
    SAMPLE = 10
    END = 11
    CALL = 12
    CELL = 13


class Frame(NamedTuple):
    """One frame found in a journal.

    Attributes:
        kind: Frame type; a plain int where this version does not know it.
        flags: ``OPTIONAL``, ``REGION``.
        sequence: Position among the frames of its journal, from 0.
        start: Offset of the payload.
        length: Payload bytes that are there (a region at the end may be cut).
    """

    kind: int
    flags: int
    sequence: int
    start: int
    length: int


class Damage(NamedTuple):
    """Bytes between two good frames that are no frame.

    Attributes:
        start: Offset of the first such byte.
        length: How many.
    """

    start: int
    length: int


def pack(kind: int, sequence: int, payload: bytes, flags: int = 0) -> bytes:
    """Return a whole frame, padded to the grid."""
    head = _HEAD.pack(MAGIC, VERSION, kind, flags, sequence, len(payload), crc32(payload))
    return b"".join((head, _CRC.pack(crc32(head)), payload, bytes(-len(payload) % GRID)))


def pack_region(kind: int, sequence: int, length: int) -> bytes:
    """Return the header of a region of ``length`` bytes, a multiple of the grid."""
    head = _HEAD.pack(MAGIC, VERSION, kind, REGION, sequence, length, 0)
    return head + _CRC.pack(crc32(head))


def pack_slot(step: int, seconds: float, value: float, metric: int) -> bytes:
    """Return one point as its 32 bytes.

    Raises:
        struct.error: The step is not a signed 64-bit integer or the value no number.
        OverflowError: The value is an integer beyond the range of a float.
    """
    point = POINT.pack(step, seconds, value, metric)
    return SLOT.pack(point, crc32(point))


def to_json(document: dict[str, Any]) -> bytes:
    """Return a frame's document as ASCII JSON, which also carries lone surrogates."""
    return json.dumps(document, separators=(",", ":"), default=repr).encode("ascii")


def from_json(payload: bytes) -> dict[str, Any]:
    """Read a frame's document.

    Raises:
        InvalidError: The payload is not a JSON object.
    """
    try:
        document = json.loads(str(payload, "utf-8"))
    except (ValueError, RecursionError) as error:
        raise InvalidError("a frame of the spool does not hold JSON") from error
    if not isinstance(document, dict):
        raise InvalidError("a frame of the spool does not hold a JSON object")
    return document


def scan(data: bytes | mmap, end: int | None = None) -> Iterator[Frame | Damage]:
    """Walk the frames of a journal, whatever prefix or wreck of one it is.

    Zero bytes are space that was reserved and never written; they are passed over in silence, and
    so is a torn last frame. Damage is reported only where a good frame follows it.

    Args:
        data: The journal's bytes.
        end: Read no further than this offset.

    Raises:
        InvalidError: A frame's version is newer than this reader's.
    """
    size = len(data) if end is None else min(end, len(data))
    at = 0
    lost = -1
    while at + GRID <= size:
        frame = _frame(data, at, size)
        if frame is None:
            block = data[at : at + GRID]
            if lost < 0 and block.count(0) != GRID:
                lost = at
            at = _next(data, at, size) if lost >= 0 else at + _zeros(data, at, size)
            continue
        if lost >= 0:
            yield Damage(lost, at - lost)
            lost = -1
        yield frame
        whole = HEADER.unpack_from(data, at)[5]
        at += GRID + whole + -whole % GRID


def slots(data: bytes | mmap, frame: Frame) -> Iterator[tuple[int, float, float, int]]:
    """Yield every intact point of a region: step, monotonic seconds, value, metric number."""
    unpack, check = POINT.unpack, crc32
    end = frame.start + _used(data, frame)  # a region is mostly room that was reserved
    for at in range(frame.start, end, _CHUNK):
        stop = min(at + _CHUNK, end)
        chunk = data[at : stop - (stop - at) % GRID]
        for point, crc in SLOT.iter_unpack(chunk):
            if crc == check(point):
                yield unpack(point)


def spoiled(data: bytes | mmap, frame: Frame, intact: int = -1) -> int:
    """Count the points of a region that were written and are not intact.

    Args:
        data: The journal's bytes.
        frame: The region.
        intact: How many points ``slots`` yielded, where known: most regions need no second look.
    """
    if intact * GRID == _used(data, frame):
        return 0
    count = 0
    for at in range(frame.start, frame.start + frame.length, _CHUNK):
        stop = min(at + _CHUNK, frame.start + frame.length)
        chunk = data[at : stop - (stop - at) % GRID]
        for point, crc in SLOT.iter_unpack(chunk):
            if crc != crc32(point) and (crc or point != _EMPTY_POINT):
                count += 1
    return count


def extent(data: bytes | mmap) -> dict[str, int]:
    """Return how far a journal is written: what its writer adds later lies beyond.

    Returns:
        ``end``, offset behind its last frame; ``region``, where its last region's points begin
        (0 = none); ``used``, bytes of that region that hold points.
    """
    end = region = used = 0
    for frame in scan(data):
        if isinstance(frame, Frame):
            end = frame.start + frame.length
            if frame.flags & REGION:
                region, used = frame.start, _used(data, frame)
    return {"end": end, "region": region, "used": used}


def _used(data: bytes | mmap, frame: Frame) -> int:
    stop = frame.start + frame.length
    for step, zeros in ((_CHUNK, _ZEROS), (_PAGE, _ZEROS[:_PAGE])):
        while stop - frame.start >= step and data[stop - step : stop] == zeros:
            stop -= step
    while stop > frame.start:
        chunk = data[max(frame.start, stop - _PAGE) : stop]
        rest = chunk.rstrip(b"\0")
        if rest:
            size = stop - len(chunk) + len(rest) - frame.start
            return min(frame.length, size + -size % GRID)
        stop -= len(chunk)
    return 0


def _frame(data: bytes | mmap, at: int, size: int) -> Frame | None:
    if data[at : at + 4] != MAGIC:
        return None
    magic_to_crc = data[at : at + _HEAD.size]
    _, version, kind, flags, sequence, length, crc, head_crc = HEADER.unpack_from(data, at)
    if crc32(magic_to_crc) != head_crc or length > MAX_PAYLOAD:
        return None
    if version > VERSION:
        raise InvalidError(
            f"the spool has frames of version {version}; this labrec reads up to {VERSION}",
            hint="Recover it with the labrec that wrote it, or a newer one.",
        )
    start = at + GRID
    if flags & REGION:
        return Frame(kind, flags, sequence, start, max(0, min(length, size - start)))
    if start + length > size or crc32(data[start : start + length]) != crc:
        return None
    return Frame(kind, flags, sequence, start, length)


def _next(data: bytes | mmap, at: int, size: int) -> int:
    """Return the next offset on the grid where a frame may begin."""
    found = data.find(MAGIC, at + 1, size)
    while found >= 0 and found % GRID:
        found = data.find(MAGIC, found + 1, size)
    return found if found >= 0 else size


def _zeros(data: bytes | mmap, at: int, size: int) -> int:
    """Return how many zero bytes, in whole grid steps, begin at an offset."""
    step = GRID
    while at + step < size and step < _CHUNK:
        block = data[at : at + step * 2]
        if block.count(0) != len(block):
            break
        step *= 2
    return step
