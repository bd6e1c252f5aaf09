"""Who owns a spool: the lock that says its run is alive, and the right to touch a dead one."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import time
from typing import TYPE_CHECKING, Self

from labrec.capture.spool.durability import open_regular, sync_file
from labrec.errors import BusyError, StorageError

if TYPE_CHECKING:
    from pathlib import Path

LOCK = "owner.lock"


def hold(path: Path) -> int:
    """Create a lock file and hold it; the descriptor's end, however it comes, gives it up.

    Raises:
        OSError: The file cannot be created or locked.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
    except OSError:
        os.close(fd)
        raise
    return fd


def alive(path: Path) -> bool:
    """Say whether the owner of a spool lives: whether its lock is held."""
    try:
        fd = open_regular(path / LOCK)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: two who ask do not meet
    except BlockingIOError:
        return True
    except OSError:
        return False
    else:
        return False
    finally:
        os.close(fd)


class Claim:
    """The right to recover, commit or remove a dead spool; a context manager.

    Args:
        path: The spool's folder.

    Raises:
        BusyError: Its owner lives, or somebody else is at it.
        StorageError: Its lock cannot be opened.
    """

    def __init__(self, path: Path, wait: float = 1.0) -> None:
        self._fd = _lock_of(path)
        deadline = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() < deadline:
                    time.sleep(0.005)
                    continue
                os.close(self._fd)
                raise BusyError(
                    f"run {path.name} is alive or being recovered by somebody else",
                    hint="Let it end, or try again.",
                    paths=[path],
                ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)


def _lock_of(path: Path) -> int:
    """Open what a claim is held on: the lock, or the folder where something else has its name."""
    try:
        try:
            return open_regular(path / LOCK, os.O_RDWR | os.O_CREAT)
        except OSError:
            if not _is_odd(path / LOCK):
                raise
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise StorageError(
            f"the spool of run {path.name} cannot be claimed: {error.strerror or error}",
            hint="Make its folder writable, then try again.",
            paths=[path],
            kept="the spool",
        ) from error


def _is_odd(path: Path) -> bool:
    try:
        return not stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def remove(path: Path) -> None:
    """Remove a spool for good, durably; to be called after its record is.

    The folder is renamed first, so that a power cut in between leaves no half of a spool.

    Raises:
        StorageError: It cannot be removed.
    """
    gone = path.with_name(f".{path.name}.gone")
    try:
        if gone.exists():
            shutil.rmtree(gone)
        path.rename(gone)
        sync_file(path.parent)
        shutil.rmtree(gone)
    except OSError as error:
        raise StorageError(
            f"a spool cannot be removed: {error.strerror or error}",
            hint="Free space or make the folder writable, then run `labrec recover`.",
            paths=[path],
            kept="the spool",
        ) from error


def clear_away(path: Path) -> None:
    """Remove a spool as far as the disk allows; what is left of it waits for the next recovery.

    For where a failure to remove it is not what counts: its record is in the lab, or it never
    started and the reason is being told.
    """
    try:
        remove(path)
    except StorageError:
        shutil.rmtree(path, ignore_errors=True)
