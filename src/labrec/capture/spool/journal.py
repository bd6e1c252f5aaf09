"""One journal, written by one process: frames appended, points mapped into reserved space.

Space is reserved before it is used, so a full disk is an error of a system call that is answered
here, and never a SIGBUS in the observed program. What finds no room is kept in memory up to a
bound and written when there is room again; beyond the bound points are counted as lost.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import mmap
import os
import sys
import threading
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from labrec.capture import descriptors
from labrec.capture.spool.frames import GRID, Kind, pack, pack_region

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FIRST_BLOCK = 64 << 10  # bytes of the first region of points; each next one doubles
LARGEST_BLOCK = 8 << 20
MEMORY_BLOCK = 128 << 10  # bytes; 4,096 points
MEMORY_LIMIT = 8 << 20  # bytes kept while the disk is full: 262,144 points
PENDING_LIMIT = 4 << 20  # bytes of other frames kept while the disk is full
RESERVE = 16 << 10  # bytes that only the last frame may use: a full disk can still close a run
_STEP = 64 << 10
_PAGE = mmap.ALLOCATIONGRANULARITY
_UNTRACKED: dict[str, Any] = {"trackfd": False} if sys.version_info >= (3, 13) else {}
_kept_for_ever: list[mmap.mmap] = []
_POPULATE_WRITE = 23  # madvise(2) MADV_POPULATE_WRITE, Linux 5.14: faults in, or says why not


class Block(NamedTuple):
    """Room for points: where they go, and who gets which place.

    Attributes:
        buffer: The slots; ``pack_into`` beyond its end raises ``struct.error``, which is how a
            full block is noticed without asking.
        take: Returns the offset of the next free slot; atomic under the interpreter's lock.
    """

    buffer: memoryview
    take: Callable[[], int]

    @property
    def used(self) -> int:
        """Bytes handed out; only for a block that nobody takes from any more."""
        return min(self.take(), len(self.buffer))


FULL = Block(memoryview(bytearray(0)), count(0, GRID).__next__)


class Journal:
    """The journal of this process. Every method may be called from any thread.

    Args:
        path: A new file.

    Raises:
        OSError: It cannot be created.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lost = 0  # points that found no room, neither on disk nor in memory
        self.dropped = 0  # other frames that found no room
        self._lock = threading.RLock()  # re-entrant: a signal handler may log, too
        self._pending: list[tuple[int, bytes, int]] = []
        self._pending_bytes = 0
        self._memory: list[Block] = []
        self._current: Block | None = None  # the block in memory that is being filled
        self._sequence = self._tail = self._capacity = 0
        self._block_size = FIRST_BLOCK
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._identity = descriptors.identity(self._fd)
        self._maps: list[mmap.mmap] = []
        with contextlib.suppress(OSError):  # says that the writer lives; not every system can
            fcntl.flock(self._fd, fcntl.LOCK_EX)

    @property
    def frames(self) -> int:
        """How many frames have been written."""
        return self._sequence

    def append(self, kind: int, payload: bytes, flags: int = 0, *, last: bool = False) -> None:
        """Append one frame; a frame that finds no room waits in memory.

        Args:
            kind: Frame type.
            payload: Its bytes.
            flags: ``OPTIONAL`` or 0.
            last: The closing frame, which may use the room kept for it.
        """
        with self._lock:
            try:
                if not last:
                    self._flush_pending()
                self._write(kind, payload, flags, last=last)
            except OSError:
                if self._pending_bytes + len(payload) > PENDING_LIMIT:
                    self.dropped += 1
                    return
                self._pending.append((kind, payload, flags))
                self._pending_bytes += len(payload)

    def block(self) -> Block:
        """Return room for more points: on disk, or in memory where the disk has none."""
        with self._lock:
            self._retire()
            try:
                self._flush_pending()
                self._flush_memory()
                return self._map_block()
            except (OSError, ValueError):
                memory = bytearray(MEMORY_BLOCK)
                self._current = Block(memoryview(memory), count(0, GRID).__next__)
                return self._current

    def flush(self, *, last: bool = False) -> None:
        """Write everything that waits in memory.

        Args:
            last: What waits is the closing frame, which may use the room kept for it.

        Raises:
            OSError: There is still no room.
        """
        with self._lock:
            self._retire()
            self._flush_memory()
            self._flush_pending(last=last)

    def give_up(self) -> None:
        """Drop what waits in memory and count it: the program ends and there is no room."""
        with self._lock:
            self._retire()
            self.lost += sum(block.used for block in self._memory) // GRID
            self.dropped += len(self._pending)
            self._memory.clear()
            self._pending.clear()
            self._pending_bytes = 0

    def sync(self) -> None:
        """Make everything written so far survive a power cut.

        Raises:
            OSError: The disk says it did not.
        """
        os.fdatasync(self._descriptor())

    def close(self) -> None:
        """Close the file; blocks that were handed out stay usable until they are dropped."""
        with self._lock:
            self.abandon()

    def abandon(self) -> None:
        """Let go of the file in a forked child, where the lock may be held by nobody any more."""
        self._let_go_of_maps()
        descriptors.close_still(self._fd, self._identity)
        self._fd = -1

    def _descriptor(self) -> int:
        # Never write to a number without asking whose file it is.
        if descriptors.is_still(self._fd, self._identity):
            return self._fd
        fd = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        if not descriptors.is_still(fd, self._identity):
            os.close(fd)
            raise OSError(errno.ESTALE, "the journal was replaced", os.fspath(self.path))
        self._fd = fd
        return fd

    def _let_go_of_maps(self) -> None:
        """Drop maps of blocks that are full.

        Until Python 3.13 a map keeps a descriptor of its own, whose number it does not tell, and
        closes that number when it goes. Where one of them is the program's by now, the maps stay.
        """
        if not self._maps:
            return
        open_now = descriptors.count_of(self._identity)
        if open_now is not None and open_now < len(self._maps) + (self._fd >= 0):
            _kept_for_ever.extend(self._maps)
        self._maps.clear()

    def _reserve(self, size: int, *, last: bool = False) -> int:
        """Return where ``size`` bytes may be written, from now on taken."""
        need = self._tail + size + (0 if last else RESERVE)
        if need > self._capacity:
            grow = -(-(need - self._capacity) // _STEP) * _STEP
            allocate(self._descriptor(), self._capacity, grow)
            self._capacity += grow
        at = self._tail
        self._tail += size
        return at

    def _write(self, kind: int, payload: bytes, flags: int, *, last: bool = False) -> None:
        size = GRID + len(payload) + -len(payload) % GRID
        at = self._reserve(size, last=last)
        sequence = self._sequence
        self._sequence += 1
        write_at(self._descriptor(), pack(kind, sequence, payload, flags), at)

    def _flush_pending(self, *, last: bool = False) -> None:
        while self._pending:
            kind, payload, flags = self._pending[0]
            self._write(kind, payload, flags, last=last)
            del self._pending[0]
            self._pending_bytes -= len(payload)

    def _flush_memory(self) -> None:
        while self._memory:
            block = self._memory[0]
            used = block.used
            if used:
                at = self._reserve(GRID + used)
                header = pack_region(Kind.POINTS, self._sequence, used)
                self._sequence += 1
                write_at(self._descriptor(), header + bytes(block.buffer[:used]), at)
            del self._memory[0]

    def _retire(self) -> None:
        block, self._current = self._current, None
        if block is None:
            return
        if sum(len(kept.buffer) for kept in self._memory) + len(block.buffer) <= MEMORY_LIMIT:
            self._memory.append(block)
        else:
            self.lost += block.used // GRID

    def _map_block(self) -> Block:
        self._let_go_of_maps()
        for size in dict.fromkeys((self._block_size, FIRST_BLOCK)):
            try:
                at = self._reserve(size)
                break
            except OSError:
                if size == FIRST_BLOCK:
                    raise
        base = at // _PAGE * _PAGE
        mapped = mmap.mmap(self._descriptor(), at + size - base, offset=base, **_UNTRACKED)
        try:
            mapped.madvise(_POPULATE_WRITE)
        except OSError as error:
            if error.errno != errno.EINVAL:  # an older kernel; the space is reserved all the same
                mapped.close()
                self._tail = at if self._tail == at + size else self._tail
                raise
        header = pack_region(Kind.POINTS, self._sequence, size - GRID)
        self._sequence += 1
        write_at(self._descriptor(), header, at)
        self._block_size = min(size * 2, LARGEST_BLOCK)
        if not _UNTRACKED:
            self._maps.append(mapped)
        buffer = memoryview(mapped)[at + GRID - base :]
        return Block(buffer, count(0, GRID).__next__)


def allocate(fd: int, offset: int, length: int) -> None:
    """Reserve blocks of a file, by writing zeros where the system cannot otherwise.

    Raises:
        OSError: There is no room.
    """
    reserve = getattr(os, "posix_fallocate", None)  # not on macOS
    if reserve is not None:
        try:
            reserve(fd, offset, length)
        except OSError as error:
            if error.errno not in {errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS}:
                raise
        else:
            return
    write_at(fd, bytes(length), offset)


def write_at(fd: int, data: bytes, offset: int) -> None:
    """Write all of ``data`` at an offset.

    Raises:
        OSError: Not all of it could be written.
    """
    view = memoryview(data)
    while view:
        written = os.pwrite(fd, view, offset)
        if written <= 0:
            raise OSError(errno.EIO, "nothing was written")
        view = view[written:]
        offset += written
