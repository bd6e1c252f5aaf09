"""The control group of the observed process, version 1 or 2: use, and time it was held back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from labrec.capture.hardware import cgroup
from labrec.capture.telemetry.probe import NAN, Channel, Rates, Source

if TYPE_CHECKING:
    from labrec.capture.telemetry.probe import World

EXPECTED = ("cgroup.cpu", "cgroup.throttled", "cgroup.memory")
DEADLINE_S = 0.0


class Cgroups:
    """Use of processor and memory by the whole control group."""

    def __init__(self, world: World) -> None:
        group = cgroup.locate(world.tree, world.pid)
        first = group.version == 1
        self._scale = 1e9 if first else 1e6  # version 1 counts nanoseconds, 2 microseconds
        # A file that is missing is a fact of this system: its channel has no samples.
        self._usage = _open(world, group.cpu, "cpuacct.usage" if first else "cpu.stat")
        if self._usage is None and first:
            self._usage = _open(world, f"{cgroup.MOUNT}/cpuacct", "cpuacct.usage")
        self._stat = _open(world, group.cpu, "cpu.stat")
        self._memory = _open(
            world, group.memory, "memory.usage_in_bytes" if first else "memory.current"
        )
        if self._usage is None and self._memory is None:
            raise FileNotFoundError(2, "the root control group has no account", cgroup.MOUNT)
        self._rates = Rates()
        self._total = re.compile(rb"(?:^usage_usec )?(\d+)", re.MULTILINE)
        self._held = re.compile(rb"^throttled_(?:time|usec) (\d+)", re.MULTILINE)
        sensor = f"cgroup v{group.version}"
        self.channels = (
            Channel("cgroup.cpu", "%", sensor, "100 is one processor; the whole group"),
            Channel("cgroup.throttled", "%", sensor, "time held back by the limit, of one second"),
            Channel("cgroup.memory", "B", sensor, "charged to the group, page cache included"),
        )

    def read(self, now: float) -> list[float]:
        """Take one sample."""
        used = self._search(self._usage, self._total)
        held = self._search(self._stat, self._held)
        rates = self._rates(now, (used, held))
        memory = self._memory.number() if self._memory is not None else NAN
        return [100 * rates[0] / self._scale, 100 * rates[1] / self._scale, memory]

    @staticmethod
    def _search(source: Source | None, pattern: re.Pattern[bytes]) -> float:
        found = pattern.search(source.read()) if source is not None else None
        return float(found[1]) if found else NAN


def _open(world: World, folder: str | None, name: str) -> Source | None:
    try:
        return Source(world.tree, f"{folder}/{name}") if folder else None
    except OSError:
        return None


def open_probe(world: World) -> Cgroups:
    """Open the probe."""
    probe = Cgroups(world)
    probe.read(NAN)
    return probe
