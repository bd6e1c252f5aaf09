"""Every call of a program that changes a file system, counted, so that it can be struck there.

`watch` puts a function in front of each such call of ``os``, ``open`` and ``fcntl.flock`` in this
process: it is called before and after, and may kill the process, raise, or wait. Native code
is not seen (a memory map's writes, ``git``), which is why programs are also killed at any moment
(``tests/journeys``), and disks are really full and really cut off.
"""

from __future__ import annotations

import builtins
import fcntl
import io
import os
import stat
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

# Those that take room, and those that only give some back or make sure.
_TAKING = ("link", "symlink", "mkdir", "rename", "replace", "posix_fallocate", "ftruncate")
_GIVING = ("unlink", "remove", "rmdir", "chmod", "fchmod", "utime")
_BY_DESCRIPTOR = ("write", "pwrite", "writev", "fsync", "fdatasync", "posix_fallocate", "ftruncate")
_ALL = tuple(dict.fromkeys((*_TAKING, *_GIVING, *_BY_DESCRIPTOR)))
_CREATING = os.O_CREAT | os.O_TRUNC


class Call(NamedTuple):
    """A call that is about to happen, or has happened.

    Attributes:
        number: Counts from 0.
        name: Such as ``rename``; ``open`` only where it creates or empties.
        where: What it is about: a path, or the path of a descriptor.
        done: Whether it has happened.
    """

    number: int
    name: str
    where: str
    done: bool

    @property
    def takes_room(self) -> bool:
        """Whether a full disk could refuse it."""
        return self.name not in (*_GIVING, "flock")


def watch(strike: Callable[[Call], None]) -> None:
    """Call ``strike`` around every call that changes a file system; for the rest of the process.

    One thread at a time: while ``strike`` waits, nothing else is changed.
    """
    lock = threading.RLock()
    counter = iter(range(1 << 40)).__next__
    inside = threading.local()

    def around(name: str, where: object, call: Callable[[], Any]) -> Any:
        if getattr(inside, "busy", False):
            return call()
        with lock:
            inside.busy = True
            try:
                number = next_number()
                told = _name_of(where)
                strike(Call(number, name, told, done=False))
                result = call()
                strike(Call(number, name, told, done=True))
                return result
            finally:
                inside.busy = False

    def next_number() -> int:
        return counter()

    for name in _ALL:
        _replace(os, name, around, name in _BY_DESCRIPTOR)
    _replace(fcntl, "flock", around, True)
    _replace_opening(around)


def _replace(module: Any, name: str, around: Any, by_descriptor: bool) -> None:
    real = getattr(module, name)

    def call(*args: Any, **options: Any) -> Any:
        if by_descriptor and not _of_a_disk(args[0]):
            return real(*args, **options)
        where = args[1] if name in ("rename", "replace", "link", "symlink") else args[0]
        return around(name, where, lambda: real(*args, **options))

    setattr(module, name, call)


def _replace_opening(around: Any) -> None:
    real_os, real_open = os.open, builtins.open

    def os_open(path: Any, flags: int, *args: Any, **options: Any) -> Any:
        if flags & _CREATING:
            return around("open", path, lambda: real_os(path, flags, *args, **options))
        return real_os(path, flags, *args, **options)

    def plain_open(file: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
        if isinstance(file, int) or not set(mode) & set("wax+"):
            return real_open(file, mode, *args, **options)
        return around("open", file, lambda: real_open(file, mode, *args, **options))

    os.open = os_open  # type: ignore[assignment]
    builtins.open = io.open = plain_open  # type: ignore[assignment]


def _of_a_disk(fd: object) -> bool:
    """Whether a descriptor is a file or a folder, not a pipe."""
    try:
        mode = os.fstat(fd if isinstance(fd, int) else fd.fileno()).st_mode  # type: ignore[attr-defined]
    except OSError:
        return False
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)


def _name_of(where: object) -> str:
    if isinstance(where, int):
        try:
            return str(Path(f"/proc/self/fd/{where}").readlink())
        except OSError:
            return str(where)
    if hasattr(where, "fileno"):
        return _name_of(where.fileno())
    return os.fsdecode(where)  # type: ignore[arg-type]


def only_below(folder: str, strike: Callable[[Call], None]) -> Callable[[Call], None]:
    """Pass on the calls below a folder, numbered among themselves."""
    counts = {"next": -1}

    def check(call: Call) -> None:
        if not str(Path(call.where).absolute()).startswith(folder):
            return
        if not call.done:
            counts["next"] += 1
        strike(call._replace(number=counts["next"]))

    return check
