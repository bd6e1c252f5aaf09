"""Which packs labrec wrote, and uniting them where there are many."""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import TYPE_CHECKING

from labrec.gitio import consolidate as packs_of_ours
from labrec.gitio.durable import replace_file, write_all
from labrec.store.locks import Intent, store_lock

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

REGISTER = "packs"
_LOCK = "consolidate.lock"


def register(state: Path, names: Iterable[str]) -> None:
    """Note that these packs (``pack-<40 hex>``) are ours. Hold the store lock.

    A pack whose note is lost (it is not made durable, and a full disk may refuse it) is git's to
    unite: nothing else depends on the register.
    """
    text = "".join(f"{name}\n" for name in names)
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    with contextlib.suppress(OSError):
        fd = os.open(state / REGISTER, flags, 0o666)
        try:
            write_all(fd, text.encode())
        finally:
            os.close(fd)


def registered(state: Path) -> list[str]:
    """Return the names in the register, oldest first; some of the packs may be gone."""
    try:
        text = (state / REGISTER).read_text("ascii", "replace")
    except FileNotFoundError:
        return []
    length = len("pack-") + 40
    return [line for line in text.split("\n") if len(line) == length and line.startswith("pack-")]


def consolidate(state: Path, folder: Path, wait: float) -> bool:
    """Unite our small packs if there are 32 of them or more.

    Safe to kill at any point: until the united pack is durable nothing is removed, and what
    remains after that is removed by the next one.

    Args:
        state: The clone's ``labrec`` folder.
        folder: ``objects/pack``.
        wait: Seconds to wait for the store lock.

    Returns:
        Whether packs were united.

    Raises:
        BusyError: The store lock was held all the time.
        IntegrityError: A pack is damaged; nothing was removed.
        OSError: The disk is full or failing; nothing was removed.
    """
    names = registered(state)
    if len(names) < packs_of_ours.MANY:
        return False
    fd = os.open(state / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False  # somebody else is at it
        try:
            return _consolidate(state, folder, wait)
        finally:
            fcntl.flock(fd, fcntl.LOCK_UN)
    finally:
        os.close(fd)


def _consolidate(state: Path, folder: Path, wait: float) -> bool:
    chosen = packs_of_ours.choose(packs_of_ours.candidates(folder, registered(state)))
    intent = Intent.begin(state)
    try:
        united = packs_of_ours.unite(folder, chosen, intent.token) if chosen else None
        with store_lock(state, wait):
            if united is not None:
                # Registered first: should this be the last thing that happens, both are ours.
                register(state, [united])
                packs_of_ours.remove_united(folder, chosen, united, intent.token)
            present = {entry.name for entry in os.scandir(folder)}
            kept = [name for name in dict.fromkeys(registered(state)) if f"{name}.pack" in present]
            replace_file(state / REGISTER, "".join(f"{n}\n" for n in kept).encode(), sync=False)
    finally:
        intent.end()
    return united is not None
