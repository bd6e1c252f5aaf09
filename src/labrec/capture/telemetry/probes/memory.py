"""Memory of the whole system: ``/proc/meminfo`` and ``/proc/vmstat``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from labrec.capture.telemetry.probe import NAN, Channel, Rates, Source

if TYPE_CHECKING:
    from labrec.capture.telemetry.probe import World

EXPECTED = ("memory.available", "memory.swap_used", "memory.major_faults")
DEADLINE_S = 0.0

_KIB = 1024
_FIELDS = re.compile(rb"^(MemAvailable|SwapTotal|SwapFree):\s+(\d+) kB", re.MULTILINE)
_FAULTS = re.compile(rb"^pgmajfault (\d+)", re.MULTILINE)


class Memory:
    """What is left, and how hard the system has to work for it."""

    def __init__(self, world: World) -> None:
        self._info = Source(world.tree, "/proc/meminfo")
        self._rates = Rates()
        try:
            self._vmstat: Source | None = Source(world.tree, "/proc/vmstat")
        except OSError:
            self._vmstat = None
        meminfo = "/proc/meminfo"
        self.channels = (
            Channel("memory.available", "B", meminfo, "MemAvailable: the kernel's estimate"),
            Channel("memory.swap_used", "B", meminfo, "SwapTotal - SwapFree"),
            Channel("memory.major_faults", "1/s", "/proc/vmstat", "pages read from disk"),
        )

    def read(self, now: float) -> list[float]:
        """Take one sample."""
        found = {name: int(number) * _KIB for name, number in _FIELDS.findall(self._info.read())}
        faults = NAN
        if self._vmstat is not None and (match := _FAULTS.search(self._vmstat.read())):
            faults = self._rates(now, (int(match[1]),))[0]
        swap = found[b"SwapTotal"] - found[b"SwapFree"] if b"SwapTotal" in found else NAN
        return [found[b"MemAvailable"], swap, faults]


def open_probe(world: World) -> Memory:
    """Open the probe."""
    probe = Memory(world)
    probe.read(NAN)
    return probe
