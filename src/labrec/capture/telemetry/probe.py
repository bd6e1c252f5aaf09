"""What a probe is: a sensor that is opened once and read at every tick."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labrec.capture.hardware.facts import Tree

NAN = math.nan
_CLOSE_S = 0.02

SHARE = 0.001
"""Share of one processor that a costly reading may take; it is read so seldom as that needs."""

COSTLY_S = 0.001
"""Processor time of a reading from which on it is costly, such as a walk over many processes."""


class Channel(NamedTuple):
    """One quantity over time.

    Attributes:
        name: Such as ``cpu.busy``.
        unit: Such as ``%``, ``B``, ``B/s``, ``W``; ``1`` for a count.
        sensor: Where the number is read.
        method: How it becomes the value, one clause.
    """

    name: str
    unit: str
    sensor: str
    method: str


class World(NamedTuple):
    """What probes look at.

    Attributes:
        tree: Where ``/proc`` and ``/sys`` are.
        pid: Root of the process tree that is observed.
    """

    tree: Tree
    pid: int


class Probe(Protocol):
    """A sensor that was opened.

    Attributes:
        channels: What it measures.
    """

    @property
    def channels(self) -> Sequence[Channel]:
        """What it measures, in the order of the values."""

    def read(self, now: float) -> Sequence[float]:
        """Take one sample.

        Args:
            now: ``time.monotonic()``, seconds.

        Returns:
            One value a channel; NaN where there is none this time, as for a rate's first sample.

        Raises:
            Exception: Nothing could be measured; the sampler tries again and then gives it up.
        """


class ProbeModule(Protocol):
    """A module that knows one kind of sensor; listed in ``probes.PROBES``."""

    @property
    def EXPECTED(self) -> tuple[str, ...]:  # noqa: N802 - a module's constant
        """Channels that are said to be unavailable where the probe cannot be opened."""

    @property
    def DEADLINE_S(self) -> float:  # noqa: N802 - a module's constant
        """Longest a reading may take, s; 0 for what cannot hang and runs in the main thread."""

    def open_probe(self, world: World) -> Probe:
        """Open the sensor.

        Raises:
            OSError: The system does not provide it, or not to this user.
            ValueError: It is in a form that is not understood.
        """


class Source:
    """A file of ``/proc`` or ``/sys`` that is kept open and read again and again.

    Args:
        tree: Where it is.
        name: Its absolute path.

    Raises:
        OSError: It cannot be opened.
    """

    __slots__ = ("_fd", "name")

    def __init__(self, tree: Tree, name: str) -> None:
        self.name = name
        self._fd = os.open(tree.path(name), os.O_RDONLY | os.O_CLOEXEC)

    def read(self) -> bytes:
        """Return what the file says now.

        Raises:
            OSError: It cannot be read.
        """
        part = os.pread(self._fd, 65536, 0)
        whole = part
        while part:  # the kernel hands out a page at a time
            part = os.pread(self._fd, 65536, len(whole))
            whole += part
        return whole

    def number(self) -> int:
        """Return the integer the file holds now.

        Raises:
            OSError: It cannot be read.
            ValueError: It holds none.
        """
        return int(os.pread(self._fd, 64, 0))


class Pace:
    """Spaces a costly reading out, so that it stays below ``SHARE`` of one processor.

    One slow reading alone, such as the first of a driver that wakes up, makes no gap: costly is
    what was costly twice in a row.
    """

    __slots__ = ("_before", "_due")

    def __init__(self) -> None:
        self._due = -math.inf
        self._before = 0.0

    def due(self, now: float) -> bool:
        """Say whether the reading may be taken again.

        Args:
            now: ``time.monotonic()``, seconds.
        """
        return now >= self._due

    def paid(self, now: float, cost_s: float) -> None:
        """Note that the reading was taken.

        Args:
            now: ``time.monotonic()`` of the reading, seconds.
            cost_s: Processor time that it took, seconds.
        """
        cost = min(cost_s, self._before)
        self._before = cost_s
        self._due = now + cost / SHARE if cost > COSTLY_S else now


class Rates:
    """Turns counters into rates per second, from one tick to the next."""

    __slots__ = ("_before", "_then")

    def __init__(self) -> None:
        self._before: Sequence[float] = ()
        self._then = NAN

    def __call__(self, now: float, counters: Sequence[float]) -> list[float]:
        """Return the rate of each counter since the last call; NaN at first and after a reset.

        Two calls within 20 ms are taken for one: the kernel's counters step by 10 ms.

        Args:
            now: ``time.monotonic()``, seconds; NaN only looks at the counters.
            counters: The counters, always as many.
        """
        before, then = self._before, self._then
        seconds = now - then
        if seconds < _CLOSE_S:
            return [NAN] * len(counters)
        self._before, self._then = counters, now
        if len(before) != len(counters) or math.isnan(seconds):
            return [NAN] * len(counters)
        return [
            (new - old) / seconds if new >= old else NAN
            for new, old in zip(counters, before, strict=True)
        ]
