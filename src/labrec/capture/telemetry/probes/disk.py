"""Disks of the whole system: ``/proc/diskstats``, whole physical devices only."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from labrec.capture.telemetry.probe import NAN, Channel, Rates, Source

if TYPE_CHECKING:
    from labrec.capture.telemetry.probe import World

EXPECTED = ("disk.read", "disk.written", "disk.busy")
DEADLINE_S = 0.0

_SECTOR = 512  # bytes, whatever the device's own sector is (admin-guide/iostats)
_VIRTUAL = re.compile(r"loop|ram|zram|dm-|md\d|nbd|fd\d|sr\d")


class Disk:
    """Transfers to and from the disks, and how busy the busiest of them is."""

    def __init__(self, world: World) -> None:
        self._stats = Source(world.tree, "/proc/diskstats")
        names = [name for name in world.tree.names("/sys/block") if not _VIRTUAL.match(name)]
        if not names:
            raise FileNotFoundError(2, "no disk", "/sys/block")
        self._names = {name.replace("!", "/").encode() for name in names}
        self._rates = Rates()
        stats = "/proc/diskstats"
        self.channels = (
            Channel("disk.read", "B/s", stats, "sum over physical disks"),
            Channel("disk.written", "B/s", stats, "sum over physical disks"),
            Channel("disk.busy", "%", stats, "time with a request under way; the busiest disk"),
        )

    def read(self, now: float) -> list[float]:
        """Take one sample."""
        read = written = 0
        busy: list[float] = []
        for line in self._stats.read().splitlines():
            fields = line.split()
            if fields[2] in self._names:
                read += int(fields[5])
                written += int(fields[9])
                busy.append(int(fields[12]))
        rates = self._rates(now, (read * _SECTOR, written * _SECTOR, *busy))
        busiest = max(rates[2:], default=NAN)
        return [rates[0], rates[1], busiest if math.isnan(busiest) else min(100.0, busiest / 10)]


def open_probe(world: World) -> Disk:
    """Open the probe."""
    probe = Disk(world)
    probe.read(NAN)
    return probe
