"""What can be sampled and kept on this machine, without starting a run: for ``labrec doctor``.

Probes are opened here as the sampler would open them, slow ones under their deadline. Never called
in an observed process.
"""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
import time
from typing import TYPE_CHECKING, NamedTuple

from labrec.capture.hardware.disk import NETWORK, mount_of
from labrec.capture.hardware.facts import Tree, cause
from labrec.capture.telemetry.probe import World
from labrec.capture.telemetry.probes import PROBES
from labrec.capture.telemetry.roster import Roster

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PATIENCE_S = 6.0
_FICLONE = 0x40049409  # ioctl: share the blocks of another file


class Finding(NamedTuple):
    """One thing that was looked at.

    Attributes:
        thing: What.
        works: Whether it does.
        detail: What was found, or why it does not.
        consequence: What follows for records; empty where nothing does.
    """

    thing: str
    works: bool
    detail: str
    consequence: str = ""


def survey(folder: Path, *, root: str = "/") -> list[Finding]:
    """Look at every sensor and at the disk that live runs are kept on.

    Args:
        folder: An existing folder on the file system of the spools.
        root: Folder that stands for ``/``.
    """
    tree = Tree(root)
    return [*_sensors(tree), _counters(tree), *_storage(tree, folder)]


def _sensors(tree: Tree) -> Iterator[Finding]:
    roster = Roster(PROBES, World(tree, os.getpid()))
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        roster.changed()
        roster.sample(time.monotonic())
        if all(seat.channels or seat.reason for seat in roster.seats):
            break
        time.sleep(0.02)
    for seat in roster.seats:
        if seat.name == "portable" and seat.reason is not None:
            continue  # it stands in for the others, where those do not work
        thing = f"probe {seat.name.replace('_', ' ')}"
        if seat.reason is None and seat.channels:
            names = ", ".join(channel.name for channel in seat.channels)
            yield Finding(thing, works=True, detail=names)
        else:
            lacking = ", ".join(seat.expected)
            yield Finding(
                thing, works=False, detail=seat.reason or "no answer",
                consequence=f"Records say that {lacking} is unavailable.",
            )  # fmt: skip


def _counters(tree: Tree) -> Finding:
    consequence = "Hardware counters cannot be read by this user; records hold none yet."
    try:
        level = tree.number("/proc/sys/kernel/perf_event_paranoid")
    except (OSError, ValueError) as error:
        return Finding("performance counters", works=False, detail=cause(error),
                       consequence=consequence)  # fmt: skip
    works = level <= 2 or os.geteuid() == 0  # noqa: PLR2004 - 2 lets a user measure itself
    return Finding("performance counters", works, f"perf_event_paranoid is {level}",
                   "" if works else consequence)  # fmt: skip


def _storage(tree: Tree, folder: Path) -> Iterator[Finding]:
    try:
        mount = mount_of(tree, os.path.realpath(folder))
    except (OSError, ValueError) as error:
        yield Finding("file system", works=False, detail=cause(error))
    else:
        network = mount.filesystem in NETWORK
        yield Finding(
            "file system", not network, mount.filesystem,
            "Locks may not be seen by other machines: live runs are kept elsewhere."
            if network else "",
        )  # fmt: skip
    try:
        with (
            tempfile.NamedTemporaryFile(dir=folder, prefix=".survey-") as first,
            tempfile.NamedTemporaryFile(dir=folder, prefix=".survey-") as second,
        ):
            first.write(bytes(65536))
            first.flush()
            yield _lock(first.fileno())
            yield _space(second.fileno())
            yield _reflink(first.fileno(), second.fileno())
    except OSError as error:
        yield Finding("writing", works=False, detail=cause(error),
                      consequence="No run can be recorded here.")  # fmt: skip


def _lock(descriptor: int) -> Finding:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return Finding("flock", works=False, detail=cause(error),
                       consequence="No run can be recorded here.")  # fmt: skip
    return Finding("flock", works=True, detail="granted")


def _space(descriptor: int) -> Finding:
    slower = "Space is reserved by writing zeros, which is slower."
    if not hasattr(os, "posix_fallocate"):
        why = "not provided by this system"
        return Finding("fallocate", works=False, detail=why, consequence=slower)
    try:
        os.posix_fallocate(descriptor, 0, 1 << 20)
    except OSError as error:
        return Finding("fallocate", works=False, detail=cause(error), consequence=slower)
    return Finding("fallocate", works=True, detail="reserves space")


def _reflink(source: int, target: int) -> Finding:
    try:
        os.ftruncate(target, 0)
        fcntl.ioctl(target, _FICLONE, source)
    except OSError as error:
        known = error.errno in (errno.EOPNOTSUPP, errno.ENOTTY, errno.EINVAL, errno.EXDEV)
        detail = "the file system cannot share blocks" if known else cause(error)
        return Finding("reflink", works=False, detail=detail,
                       consequence="Artifacts are copied.")  # fmt: skip
    return Finding("reflink", works=True, detail="shares blocks")
