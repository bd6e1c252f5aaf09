"""What makes a write survive a power cut: fsync the file, rename it, fsync its folder.

One place, so that a test can trace the order of these calls.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable.

    Raises:
        OSError: The disk says it did not.
    """
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def sync_file_system(folder: Path) -> None:
    """Make everything on a folder's file system durable: for what other programs wrote (git).

    Raises:
        OSError: The disk says it did not.
    """
    import ctypes  # rare and slow to load: only making labs and landing come here

    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "syncfs"):  # Linux has it, others have no narrower call than this
        os.sync()
        return
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if libc.syncfs(fd):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), os.fspath(folder))
    finally:
        os.close(fd)


def make_folder(folder: Path) -> None:
    """Create a folder and its missing parents, durable from the first one that existed.

    Raises:
        OSError: The folder cannot be made.
    """
    missing = []
    place = folder
    while not place.is_dir():
        missing.append(place)
        place = place.parent
    for new in reversed(missing):
        try:
            os.mkdir(new)
        except FileExistsError:
            if not new.is_dir():
                raise
        sync_folder(new.parent)


def write_new(path: Path, data: bytes, *, sync: bool = True) -> None:
    """Write a new file that must not exist yet.

    Args:
        path: The file; its folder exists.
        data: All its bytes.
        sync: Whether the bytes are durable when this returns (the name needs its folder synced).

    Raises:
        FileExistsError: The file exists.
        OSError: It cannot be written; what was written is removed again.
    """
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        try:
            write_all(fd, data)
            if sync:
                os.fsync(fd)
        finally:
            os.close(fd)
    except OSError:
        remove(path)
        raise


def write_all(fd: int, data: bytes | bytearray | memoryview) -> None:
    """Write all bytes to a descriptor.

    Raises:
        OSError: The disk is full or failing.
    """
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def replace_file(path: Path, data: bytes, *, sync: bool = True) -> None:
    """Write a file under a temporary name and rename it into place.

    Args:
        path: The file; its folder exists.
        data: All its bytes.
        sync: Whether content and name are durable when this returns.

    Raises:
        OSError: It cannot be written; nothing is left behind.
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}-{os.urandom(4).hex()}.tmp")
    write_new(temporary, data, sync=sync)
    try:
        os.rename(temporary, path)
    except OSError:
        remove(temporary)
        raise
    if sync:
        sync_folder(path.parent)


def remove(path: Path | str) -> bool:
    """Remove a file if it is there; say whether it was."""
    try:
        os.unlink(path)
    except OSError:
        return False
    return True
