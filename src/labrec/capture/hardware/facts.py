"""Facts about a machine: a value with its unit, or ``unavailable(reason)``, and never a guess.

``Tree`` reads ``/proc`` and ``/sys`` below a root, so that tests read another machine's files.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Fact = dict[str, Any]

# What the operating system calls the everyday causes, in words a record can carry: the message of
# an OSError would carry the path and the locale.
_CAUSES = {
    errno.ENOENT: "not provided by this system",
    errno.ENOTDIR: "not provided by this system",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ENODEV: "no such device",
    errno.ENODATA: "no data",
    errno.EINVAL: "not supported",
    errno.EOPNOTSUPP: "not supported",
    errno.EIO: "input/output error",
    errno.ELOOP: "a link in place of a file",
}

_LIMIT = 1 << 20  # no file of /proc or /sys that is read here comes near 1 MiB


def value(content: Any, unit: str | None = None) -> Fact:
    """Return a known fact, with its unit where it has one."""
    return {"value": content} if unit is None else {"value": content, "unit": unit}


def unavailable(reason: str) -> Fact:
    """Return a fact that could not be read, and why."""
    return {"unavailable": reason}


def cause(error: BaseException) -> str:
    """Say in a few words why a reader failed; the same words in every locale."""
    if isinstance(error, OSError) and error.errno is not None:
        return _CAUSES.get(error.errno, errno.errorcode.get(error.errno, "input/output error"))
    if isinstance(error, ValueError | KeyError | IndexError):
        return "in a form that is not understood"
    return type(error).__name__


def fact(read: Callable[[], Any], unit: str | None = None) -> Fact:
    """Call a reader and return what it says, or ``unavailable`` with why it could not.

    Args:
        read: Returns the value; None or an empty text count as nothing to say.
        unit: Unit of the value.
    """
    try:
        content = read()
    except Exception as error:  # noqa: BLE001 - whatever a reader meets, the run goes on
        return unavailable(cause(error))
    if content is None or content == "":
        return unavailable("not provided by this system")
    return value(content, unit)


class Tree:
    """Small text files below a root directory, ``/`` on a real machine.

    Args:
        root: Directory that stands for ``/``.
    """

    __slots__ = ("root",)

    def __init__(self, root: str = "/") -> None:
        self.root = root.rstrip("/")

    def path(self, name: str) -> str:
        """Return where an absolute path lies below the root."""
        return self.root + name

    def text(self, name: str) -> str:
        """Return a file's text, stripped; bytes that are not UTF-8 are replaced.

        Raises:
            OSError: It cannot be read.
        """
        descriptor = os.open(self.root + name, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            parts = []
            size = 0
            while size < _LIMIT and (part := os.read(descriptor, 65536)):
                parts.append(part)
                size += len(part)
        finally:
            os.close(descriptor)
        return b"".join(parts).decode("utf-8", "replace").strip("\0 \t\r\n")

    def number(self, name: str) -> int:
        """Return the integer a file holds.

        Raises:
            OSError: It cannot be read.
            ValueError: It holds no integer.
        """
        return int(self.text(name))

    def optional(self, name: str) -> str | None:
        """Return a file's text, or None where it cannot be read."""
        try:
            return self.text(name)
        except OSError:
            return None

    def names(self, name: str) -> list[str]:
        """Return the sorted names in a directory; empty where it cannot be read."""
        try:
            return sorted(os.listdir(self.root + name))
        except OSError:
            return []

    def exists(self, name: str) -> bool:
        """Say whether a path exists."""
        return os.path.exists(self.root + name)

    def link(self, name: str) -> str:
        """Return the target of a symbolic link.

        Raises:
            OSError: It is none.
        """
        return os.readlink(self.root + name)
