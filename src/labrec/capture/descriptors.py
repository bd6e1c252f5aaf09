"""Descriptors of ours in a program that may close every number and give it to a file of its own.

Daemons do that. A number alone therefore says nothing: what is kept open in the observed process
is known by its device and inode, and is asked for before it is used or closed.
"""

from __future__ import annotations

import os

Identity = tuple[int, int]
"""Device and inode of an open file."""


def identity(descriptor: int) -> Identity:
    """Return which file a descriptor leads to.

    Raises:
        OSError: It leads to none.
    """
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino


def is_still(descriptor: int, expected: Identity) -> bool:
    """Say whether a descriptor leads to the file it was opened for."""
    try:
        return descriptor >= 0 and identity(descriptor) == expected
    except OSError:
        return False


def close_still(descriptor: int, expected: Identity) -> None:
    """Close a descriptor unless it is somebody else's by now."""
    if is_still(descriptor, expected):
        os.close(descriptor)


def count_of(expected: Identity) -> int | None:
    """Return how many descriptors of this process lead to a file; None where that is not told."""
    try:
        names = os.listdir("/dev/fd")
    except OSError:
        return None
    return sum(name.isdigit() and is_still(int(name), expected) for name in names)
