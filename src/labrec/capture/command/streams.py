"""The standard streams as the command will see them, and what is done to each.

A descriptor that was inherited never has the close-on-exec flag, and everything this process opens
has it. So inheriting is the default, and a descriptor 0–2 *with* the flag is a placeholder of ours.
"""

from __future__ import annotations

import fcntl
import os
import stat
from enum import Enum
from typing import NamedTuple

OUTPUTS = {1: "stdout", 2: "stderr"}


class Kind(Enum):
    """What a descriptor leads to, as far as logging is concerned."""

    CLOSED = "closed"
    TERMINAL = "terminal"
    FILE = "file"
    OTHER = "other"


class Stream(NamedTuple):
    """One standard descriptor.

    Attributes:
        descriptor: 0, 1 or 2.
        kind: What it leads to.
        target: Equal for two descriptors that lead to the same place.
    """

    descriptor: int
    kind: Kind
    target: tuple[int, ...]


class Route(NamedTuple):
    """Output descriptors that are logged together, since they lead to the same place.

    Attributes:
        name: ``stdout``, ``stderr`` or ``output`` for both.
        descriptors: 1, 2 or both.
        kind: What they lead to.
    """

    name: str
    descriptors: tuple[int, ...]
    kind: Kind


def hold_standard() -> None:
    """Put a placeholder on each closed descriptor 0–2, so that no file of ours lands there.

    Call it before the process opens anything. The placeholders close by themselves when the command
    is executed, which then finds the descriptors closed, as it would have without us.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest free number is this one: the ones below are open by now.
            os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)


def standard_streams() -> tuple[Stream, Stream, Stream]:
    """Return what descriptors 0, 1 and 2 lead to."""
    return _stream(0), _stream(1), _stream(2)


def _stream(descriptor: int) -> Stream:
    try:
        flags = fcntl.fcntl(descriptor, fcntl.F_GETFD)
        status = os.fstat(descriptor)
    except OSError:
        return Stream(descriptor, Kind.CLOSED, ())
    if flags & fcntl.FD_CLOEXEC:
        return Stream(descriptor, Kind.CLOSED, ())
    if stat.S_ISREG(status.st_mode):
        return Stream(descriptor, Kind.FILE, (status.st_dev, status.st_ino))
    if stat.S_ISCHR(status.st_mode):
        kind = Kind.TERMINAL if os.isatty(descriptor) else Kind.OTHER
        return Stream(descriptor, kind, (status.st_rdev,))
    return Stream(descriptor, Kind.OTHER, (status.st_dev, status.st_ino))


def routes(streams: tuple[Stream, Stream, Stream]) -> list[Route]:
    """Group the outputs by where they lead, so that their common order is kept in one log."""
    out, err = streams[1], streams[2]
    if out.kind is err.kind and out.target == err.target and out.kind is not Kind.CLOSED:
        return [Route("output", (1, 2), out.kind)]
    return [
        Route(OUTPUTS[stream.descriptor], (stream.descriptor,), stream.kind)
        for stream in (out, err)
        if stream.kind is not Kind.CLOSED
    ]


def above_standard(descriptor: int) -> int:
    """Move a descriptor of ours out of 0–2 and return its number."""
    if descriptor > 2:  # noqa: PLR2004 - the three standard descriptors
        return descriptor
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)
    os.close(descriptor)
    return moved
