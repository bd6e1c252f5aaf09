"""Making a spool survive a power cut: once at its start and end, and every second between."""

from __future__ import annotations

import contextlib
import fcntl
import os
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
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
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
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
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
        fd = os.open(path / (SAMPLER + JOURNAL_SUFFIX), os.O_RDONLY | os.O_CLOEXEC)
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
