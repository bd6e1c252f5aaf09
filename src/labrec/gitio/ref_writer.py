"""Moving a ref: git's lock protocol, compare-and-swap, durable (git-update-ref(1)).

The lock file appears complete: it is a link to a file whose content is already durable, so a
dead lock of ours is recognised by what it holds.
"""

from __future__ import annotations

import contextlib
import errno
import os
import random
import re
import time
from typing import TYPE_CHECKING

from labrec.errors import BusyError, StorageError, UnsafeError
from labrec.gitio.durable import make_folder, remove, sync_folder, write_new
from labrec.gitio.refs import check_ref_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from labrec.gitio.repository import GitRepository

PREPARED = re.compile(r"\..+\.lock\.\d+-[0-9a-f]+\.lock")
"""Names of files that are about to be linked to a ref's lock."""

_TRIES = 50
_PAUSE = 0.02  # seconds between two looks at a foreign lock, at most
_NO_LINK = (errno.EPERM, errno.ENOTSUP, errno.EXDEV, errno.EMLINK, errno.ENOSYS, errno.EACCES)


def compare_and_swap(
    repository: GitRepository,
    ref: str,
    old: str | None,
    new: str,
    *,
    wait: float = 30.0,
    is_dead: Callable[[Path], bool] = lambda _: False,
) -> bool:
    """Set a ref to ``new`` if it is at ``old``, durable when this returns.

    Args:
        repository: Whose ref it is.
        ref: Its full name.
        old: The commit it must be at; None = it must not exist.
        new: The commit it shall be at; everything it reaches is durable already.
        wait: Seconds to wait for somebody else's lock on the ref.
        is_dead: Says of a lock file that its owner, one of us, is dead.

    Returns:
        Whether the ref was at ``old``; if not, nothing was changed.

    Raises:
        BusyError: Somebody held the ref's lock all the time.
        UnsafeError: ``ref`` is no full ref name.
        StorageError: A folder stands where the ref's file should be.
        OSError: The disk is full or failing.
    """
    if not check_ref_name(ref):
        raise UnsafeError(f"{ref!r} is no full ref name", paths=[ref])
    path = repository.ref_path(ref)
    lock = path.with_name(path.name + ".lock")
    _take(lock, f"{new}\n".encode(), wait, is_dead)
    moved = False
    try:
        if repository.read_ref(ref) != old:
            return False
        _rename(lock, path)
        moved = True
    finally:
        if not moved:
            remove(lock)
    try:
        sync_folder(path.parent)
    except FileNotFoundError:  # git pack-refs was quicker: the ref is in packed-refs by now
        sync_folder(repository.common_dir)
    return True


def refuse_checked_out(repository: GitRepository, ref: str) -> None:
    """Refuse to move a branch under a worktree: its next commit would undo what was added.

    Raises:
        UnsafeError: A worktree has the branch checked out.
    """
    if ref in repository.checked_out():
        raise UnsafeError(
            f"{ref} is checked out in a worktree, where moving it would undo files",
            hint="Use git merge in that worktree.",
            paths=[ref],
        )


def _take(lock: Path, content: bytes, wait: float, is_dead: Callable[[Path], bool]) -> None:
    """Create the lock file with its content, durable, waiting for whoever holds it."""
    prepared = lock.with_name(f".{lock.name}.{os.getpid()}-{os.urandom(4).hex()}.lock")
    _prepare(prepared, content)
    end = time.monotonic() + wait
    try:
        while True:
            try:
                os.link(prepared, lock)
            except FileExistsError:
                pass
            except OSError as error:
                if error.errno not in _NO_LINK:
                    raise
                if _take_plainly(lock, content):  # a file system without hard links
                    return
            else:
                return
            if is_dead(lock):
                remove(lock)
            elif time.monotonic() >= end:
                raise BusyError(
                    f"{lock} is held by another git command",
                    hint="If no git command runs any more, remove that file and try again.",
                    paths=[lock],
                )
            else:
                time.sleep(random.uniform(_PAUSE / 10, _PAUSE))  # noqa: S311 - jitter
    finally:
        remove(prepared)


def _prepare(prepared: Path, content: bytes) -> None:
    """Write a file into a ref's folder, which git pack-refs removes whenever it is empty."""
    for _ in range(_TRIES):
        with contextlib.suppress(FileNotFoundError):
            make_folder(prepared.parent)
            write_new(prepared, content)
            return
    raise BusyError(
        f"{prepared.parent} is removed again and again",
        hint="Try again when git has finished packing refs.",
        paths=[prepared.parent],
    )


def _take_plainly(lock: Path, content: bytes) -> bool:
    try:
        write_new(lock, content)
    except FileExistsError:
        return False
    return True


def _rename(lock: Path, path: Path) -> None:
    try:
        os.rename(lock, path)
    except IsADirectoryError as error:
        # Git leaves empty folders of deleted refs behind.
        for folder, _, _ in os.walk(path, topdown=False):
            try:
                os.rmdir(folder)
            except OSError:
                raise StorageError(
                    f"{path} is a folder of other refs", hint="Delete them first.", paths=[path]
                ) from error
        os.rename(lock, path)
