"""Making a spool survive a power cut: once at its start and end, and every second between."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JOURNAL_SUFFIX = ".frames"
FILES = "files"  # folder of a spool: content named by its sha256
LOGS = "logs"  # folder of a spool: what a command printed
SAMPLER = "sampler"  # the writer name of the telemetry sampler, which syncs for everybody
INTERVAL = 1.0  # seconds between two syncs: what a power cut may cost


def open_regular(path: str | os.PathLike[str], flags: int = os.O_RDONLY, mode: int = 0o600) -> int:
    """Open a file of a spool, which is never a link, a pipe or a device: none of them is waited on.

    Args:
        path: The file.
        flags: As of ``os.open``.
        mode: Of a file that is created.

    Returns:
        A descriptor, closed in programs that are started.

    Raises:
        OSError: It is not there, cannot be opened, or is no regular file.
    """
    safe = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
    fd = os.open(path, flags | safe, mode)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "not a regular file", os.fspath(path))
    return fd


def sync_file(path: Path) -> None:
    """Fsync a file or a directory.

    Raises:
        OSError: The disk says it did not.
    """
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def sync_spool(path: Path) -> None:
    """Make everything in a spool survive a power cut.

    Raises:
        OSError: The disk says it did not.
    """
    for journal in sorted(path.glob("*" + JOURNAL_SUFFIX)):
        _fdatasync(journal)
    for name in (FILES, LOGS):
        folder = path / name
        if folder.is_dir():
            for file in sorted(folder.iterdir()):
                _fdatasync(file)
            sync_file(folder)
            sync_file(path)


def _fdatasync(path: Path) -> None:
    fd = open_regular(path)
    try:
        os.fdatasync(fd)
    finally:
        os.close(fd)


class Syncer:
    """Syncs what changed in a spool since the last look; call ``tick`` once a second.

    A file is synced while its size or time of change moves, and once more after they stopped:
    the time's resolution is coarser than a write.

    Args:
        path: The spool.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: dict[str, tuple[int, int]] = {}
        self._moving: set[str] = set()

    def tick(self) -> None:
        """Sync what changed; a file that cannot be synced is tried again at the next tick."""
        for path in _files(self._path):
            with contextlib.suppress(OSError):
                self._look(path)

    def _look(self, path: str) -> None:
        status = os.stat(path)
        state = (status.st_mtime_ns, status.st_size)
        changed = self._seen.get(path) != state
        if not changed and path not in self._moving:
            return
        # Folders are synced too: anything but a pipe, on which opening would wait.
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            os.fdatasync(fd)
        finally:
            os.close(fd)
        self._seen[path] = state
        (self._moving.add if changed else self._moving.discard)(path)


def _files(path: Path) -> Iterator[str]:
    """Yield the spool's journals, files and logs, each folder after what is in it."""
    with contextlib.suppress(OSError), os.scandir(path) as entries:
        for entry in entries:
            if entry.name.endswith(JOURNAL_SUFFIX):
                yield entry.path
            elif entry.is_dir(follow_symlinks=False):
                with os.scandir(entry.path) as inner:
                    yield from (file.path for file in inner if file.is_file(follow_symlinks=False))
                yield entry.path
    yield os.fspath(path)


def sampler_alive(path: Path) -> bool:
    """Say whether a telemetry sampler is at work in a spool."""
    try:
        fd = open_regular(path / (SAMPLER + JOURNAL_SUFFIX))
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(fd)


class SyncThread:
    """Ticks a ``Syncer`` from a daemon thread, while no sampler does it from outside.

    Args:
        path: The spool.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="labrec-sync", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        syncer = Syncer(self._path)
        while not self._stop.wait(INTERVAL):
            if not sampler_alive(self._path):
                syncer.tick()

    def stop(self) -> None:
        """End the thread; it finishes a sync under way."""
        self._stop.set()
