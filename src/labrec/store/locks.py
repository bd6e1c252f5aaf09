"""Who may write now, and whose leftovers are whose.

One ``flock`` on ``labrec/store.lock`` orders the writers of a clone. Each writer also holds an
*intent*: a small file under ``labrec/intents/`` whose own flock proves that it is alive and whose
name marks everything it writes. What bears the mark of a dead intent is ours and is cleared away;
a lock that bears none is git's and is waited for, never taken.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import random
import time
from typing import TYPE_CHECKING

from labrec.errors import BusyError
from labrec.gitio.durable import make_folder, remove
from labrec.gitio.pack_writer import TEMPORARY, keep_token
from labrec.gitio.ref_writer import PREPARED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCK = "store.lock"
INTENTS = "intents"
_STALE = 3600.0  # seconds after which a small file that is still being written is nobody's
_PAUSE = (0.0005, 0.008)  # seconds between two tries: shorter than one commit takes


@contextlib.contextmanager
def store_lock(state: Path, wait: float) -> Iterator[None]:
    """Hold the lock that orders the writers of a clone.

    Args:
        state: The clone's ``labrec`` folder in the common git directory.
        wait: Seconds to wait before giving up.

    Raises:
        BusyError: Another writer held it all the time; the message names it.
        OSError: The lock file cannot be made.
    """
    make_folder(state)
    path = state / LOCK
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        _acquire(fd, path, wait)
        try:
            # For the message of whoever waits in vain; the flock is the lock, not these bytes.
            with contextlib.suppress(OSError):
                os.pwrite(fd, f"{os.getpid()}\n".encode().ljust(16), 0)
            yield
        finally:
            # Said aloud, since a child forked meanwhile shares the descriptor.
            fcntl.flock(fd, fcntl.LOCK_UN)
    finally:
        os.close(fd)


def _acquire(fd: int, path: Path, wait: float) -> None:
    end = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES, errno.EINTR):
                raise
        else:
            return
        if time.monotonic() >= end:
            holder = os.pread(fd, 16, 0).decode("ascii", "replace").strip()
            raise BusyError(
                f"{path} is held by another labrec"
                + (f" (process {holder})" if holder.isdigit() else ""),
                hint="Wait for it to finish, or raise store.lock_wait in labrec.toml.",
                paths=[path],
            )
        time.sleep(random.uniform(*_PAUSE))  # noqa: S311 - jitter


class Intent:
    """A writer's mark, alive while its file is flocked.

    Use :meth:`begin`; close it with :meth:`end` when nothing of the writer is left to clear away.

    Attributes:
        token: What the names of the writer's temporary files hold.
    """

    def __init__(self, path: Path, fd: int, token: str) -> None:
        self._path = path
        self._fd = fd
        self.token = token

    @classmethod
    def begin(cls, state: Path) -> Intent:
        """Put up a mark.

        Raises:
            OSError: The file cannot be made.
        """
        folder = state / INTENTS
        make_folder(folder)
        while True:
            token = f"{os.getpid()}-{os.urandom(4).hex()}"
            path = folder / token
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
            with contextlib.suppress(OSError):
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if path.exists():  # nobody took it for dead before it was locked
                    return cls(path, fd, token)
            os.close(fd)

    def moving(self, commit: str) -> None:
        """Say which commit a ref is about to be moved to: its lock file will hold that name."""
        path = self._path.with_name(f"{self.token}.{commit}")
        os.rename(self._path, path)
        self._path = path

    def end(self) -> None:
        """Take the mark down."""
        remove(self._path)
        with contextlib.suppress(OSError):
            fcntl.flock(self._fd, fcntl.LOCK_UN)
        os.close(self._fd)


class Leftovers:
    """What dead writers of this clone left behind. Look while holding the store lock.

    Args:
        state: The clone's ``labrec`` folder.

    Attributes:
        dead: The files of dead intents.
        commits: The commits that dead writers were moving a ref to.
    """

    def __init__(self, state: Path) -> None:
        self._folder = state / INTENTS
        self.dead = [path for path in _files(self._folder) if not _is_alive(path)]
        self.commits = {path.name.partition(".")[2] for path in self.dead} - {""}

    def __bool__(self) -> bool:
        return bool(self.dead)

    def is_dead_lock(self, lock: Path) -> bool:
        """Whether a ref's lock file is one that a dead writer of ours left behind."""
        try:
            return lock.read_text("ascii", "replace").strip() in self.commits
        except OSError:
            return False

    def clear(self, packs: Path, refs: Path) -> list[str]:
        """Remove what dead writers left and return the names of what was removed.

        Args:
            packs: ``objects/pack``.
            refs: The folder of all refs.
        """
        gone: list[str] = []
        marked = [p for p in _files(packs) if p.name.startswith(TEMPORARY) or p.suffix == ".keep"]
        # A writer puts up its mark before its first file: who is alive is asked after listing.
        alive = {p.name.partition(".")[0] for p in _files(self._folder) if _is_alive(p)}
        for path in marked:
            if path.name.startswith(TEMPORARY):
                token: str | None = path.name[len(TEMPORARY) :].partition("_")[0]
            else:
                token = keep_token(path)
            if token is not None and token not in alive and remove(path):
                gone.append(path.name)
        # On whatever ref: a dead `labrec land` must not block the user's branch. Only whoever holds
        # the store lock prepares locks: those that are there are stale.
        locks = [
            p for p in refs.rglob("*.lock") if PREPARED.fullmatch(p.name) or self.is_dead_lock(p)
        ]
        gone += [lock.name for lock in locks if remove(lock)]
        for path in self.dead:
            _is_alive(path, remove_dead=True)
        return gone


def clear_temporaries(state: Path) -> list[str]:
    """Remove the state's small files that a writer was replacing when it died.

    Args:
        state: The clone's ``labrec`` folder in the common git directory.

    Returns:
        Their names. Younger ones stay: somebody may be writing them.

    Raises:
        OSError: They cannot be removed.
    """
    old = time.time() - _STALE
    found = []
    for folder in (state, state / "cache"):
        for path in folder.glob("*.tmp"):
            with contextlib.suppress(FileNotFoundError):
                if path.lstat().st_mtime < old:
                    path.unlink()
                    found.append(path.name)
    return found


def _files(folder: Path) -> list[Path]:
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
    return [folder / name for name in names]


def _is_alive(path: Path, *, remove_dead: bool = False) -> bool:
    """Whether the owner of an intent lives; a dead one's file is removed while it is locked."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return True  # it ended between the listing and now, or is not ours to judge
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if remove_dead:
            remove(path)
        fcntl.flock(fd, fcntl.LOCK_UN)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(fd)
