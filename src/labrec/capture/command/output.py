"""Logs of what a command printed: bounded files, and ranges of files it wrote itself."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING, NamedTuple

from labrec.capture.command.streams import above_standard

if TYPE_CHECKING:
    from pathlib import Path

_CHUNK = 1 << 20


class Log(NamedTuple):
    """What was kept of one output stream.

    Attributes:
        stream: ``stdout``, ``stderr``, or ``output`` where both went to the same place.
        path: The file in the log directory.
        bytes: How many bytes the stream carried, as far as was seen.
        truncated: Whether the file holds less than that.
        reason: Why it does; empty when it does not.
    """

    stream: str
    path: Path
    bytes: int
    truncated: bool
    reason: str


class LogFile:
    """A log of at most ``limit`` bytes: the first half of the stream and the last half.

    No method raises: a full disk ends the log and never the stream. The last half is a ring in the
    file itself, so that a recorder that is killed leaves everything it held on disk.

    Args:
        stream: Name of the stream.
        path: File to create.
        limit: Bytes to keep, >= 2.
    """

    def __init__(self, stream: str, path: Path, limit: int) -> None:
        self.stream = stream
        self.path = path
        self.problem = ""
        self.seen = 0
        self._head = limit // 2
        self._ring = limit - self._head
        self._descriptor = -1
        try:
            self._descriptor = above_standard(
                os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            )
        except OSError as error:
            self._fail(error)

    def write(self, data: bytes | memoryview) -> None:
        """Take the next bytes of the stream."""
        position, self.seen = self.seen, self.seen + len(data)
        if self._descriptor < 0:
            return
        try:
            self._place(memoryview(data), position)
        except OSError as error:
            self._fail(error)

    def skip(self, count: int) -> None:
        """Count bytes of the stream that would not be kept anyway."""
        self.seen += count

    def _place(self, data: memoryview, position: int) -> None:
        while data:
            if position < self._head:
                offset, room = position, self._head - position
            else:
                skipped = (len(data) - self._ring) // self._ring * self._ring
                if skipped > 0:  # would be overwritten by what follows in the same chunk
                    data, position = data[skipped:], position + skipped
                into = (position - self._head) % self._ring
                offset, room = self._head + into, self._ring - into
            written = os.pwrite(self._descriptor, data[:room], offset)
            data, position = data[written:], position + written

    def _fail(self, error: OSError) -> None:
        self.problem = f"{self.stream} log: {error.strerror or error}"
        self.forget()

    def forget(self) -> None:
        """Close the file without finishing it: for a process that only inherited it."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def close(self) -> Log:
        """Put the two halves in order and return what is kept."""
        reason = self.problem
        if self._descriptor >= 0:
            left_out = self.seen - self._head - self._ring
            try:
                if left_out > 0:
                    self._unroll(left_out)
                    reason = f"{left_out} bytes in the middle left out"
            except OSError as error:
                self._fail(error)
                reason = self.problem
            self.forget()
        return Log(self.stream, self.path, self.seen, bool(reason), reason)

    def _unroll(self, left_out: int) -> None:
        """Write head, a marker, and the ring from its oldest byte, to a new file."""
        oldest = self._head + (self.seen - self._head) % self._ring
        end = self._head + self._ring
        marker = f"\n[labrec: {left_out} bytes left out]\n".encode()
        new = self.path.with_name(self.path.name + ".new")
        target = above_standard(
            os.open(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        )
        try:
            copy_range(self._descriptor, target, 0, self._head)
            os.write(target, marker)
            copy_range(self._descriptor, target, oldest, end)
            copy_range(self._descriptor, target, self._head, oldest)
            os.rename(new, self.path)
        finally:
            os.close(target)


def copy_range(source: int, target: int, start: int, end: int) -> int:
    """Append bytes ``start`` to ``end`` of a file to another and return how many there were."""
    done = start
    while done < end:
        try:
            copied = os.sendfile(target, source, done, min(_CHUNK, end - done))
        except OSError:
            data = os.pread(source, min(_CHUNK, end - done), done)
            copied = os.write(target, data)
        if copied == 0:
            break
        done += copied
    return done - start


class FileRange:
    """The part that a command adds to a regular file which is its output.

    The file itself is passed through untouched. The command shares our open file description, so
    where it stopped writing is read from the offset; with ``O_APPEND`` it is the end of the file.

    Args:
        stream: Name of the stream.
        descriptor: The inherited descriptor.
    """

    def __init__(self, stream: str, descriptor: int) -> None:
        self.stream = stream
        self._descriptor = descriptor
        flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
        self._append = bool(flags & os.O_APPEND)
        self._start = self._position()

    def _position(self) -> int:
        if self._append:
            return os.fstat(self._descriptor).st_size
        return os.lseek(self._descriptor, 0, os.SEEK_CUR)

    def close(self, path: Path, limit: int) -> Log:
        """Copy the new range to ``path`` and return what is kept. Never raises."""
        try:
            return self._copy(path, limit)
        except OSError as error:
            reason = f"{self.stream} file: {error.strerror or error}"
            return Log(self.stream, path, 0, True, reason)

    def _copy(self, path: Path, limit: int) -> Log:
        size = os.fstat(self._descriptor).st_size
        start, end = self._start, min(self._position(), size)
        shrunk = end < start
        if shrunk:  # truncated and written anew: all there is came after our start
            start, end = 0, max(end, size)
        log = LogFile(self.stream, path, limit)
        # Write-only descriptors cannot be read; the kernel's own link reaches the same file even
        # where its name is gone.
        source = above_standard(
            os.open(f"/proc/self/fd/{self._descriptor}", os.O_RDONLY | os.O_CLOEXEC)
        )
        tail = max(start + limit // 2, end - limit + limit // 2)
        try:
            _append(log, source, start, min(start + limit // 2, end))
            if tail < end:
                log.skip(tail - start - log.seen)
                _append(log, source, tail, end)
        finally:
            os.close(source)
        kept = log.close()
        if shrunk and not kept.truncated:
            kept = kept._replace(truncated=True, reason="the file was truncated meanwhile")
        return kept


def _append(log: LogFile, source: int, start: int, end: int) -> None:
    while start < end and (data := os.pread(source, min(_CHUNK, end - start), start)):
        log.write(data)
        start += len(data)
