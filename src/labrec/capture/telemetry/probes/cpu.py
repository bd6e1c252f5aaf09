"""Processors of the whole system: ``/proc/stat`` and ``/proc/loadavg``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from labrec.capture.telemetry.probe import NAN, Channel, Rates, Source

if TYPE_CHECKING:
    from labrec.capture.telemetry.probe import World

EXPECTED = ("cpu.busy", "cpu.iowait", "cpu.steal", "cpu.context_switches", "cpu.load")
DEADLINE_S = 0.0

_SWITCHES = re.compile(rb"^ctxt (\d+)", re.MULTILINE)


class Cpu:
    """Shares of processor time since the last sample."""

    def __init__(self, world: World) -> None:
        self._stat = Source(world.tree, "/proc/stat")
        self._load = Source(world.tree, "/proc/loadavg")
        self._rates = Rates()
        share = "share of all processors' time between two samples"
        self.channels = (
            Channel("cpu.busy", "%", "/proc/stat", f"{share}; neither idle nor waiting"),
            Channel("cpu.iowait", "%", "/proc/stat", share),
            Channel("cpu.steal", "%", "/proc/stat", f"{share}; taken by the hypervisor"),
            Channel("cpu.context_switches", "1/s", "/proc/stat", "difference between two samples"),
            Channel("cpu.load", "1", "/proc/loadavg", "one-minute average"),
        )

    def read(self, now: float) -> list[float]:
        """Take one sample."""
        text = self._stat.read()
        first = text[: text.index(b"\n")].split()
        if first[0] != b"cpu":
            raise ValueError(first[0])
        # proc(5): user nice system idle iowait irq softirq steal; guest is part of user.
        ticks = [int(part) for part in first[1:9]]
        ticks += [0] * (8 - len(ticks))
        total, idle, waiting, steal = sum(ticks), ticks[3], ticks[4], ticks[7]
        found = _SWITCHES.search(text)
        rates = self._rates(
            now, (total, total - idle - waiting, waiting, steal, int(found[1]) if found else 0)
        )
        whole = rates[0]
        shares = [100 * rate / whole if whole > 0 else NAN for rate in rates[1:4]]
        load = float(self._load.read().split(b" ", 1)[0])
        return [*shares, rates[4] if found else NAN, load]


def open_probe(world: World) -> Cpu:
    """Open the probe."""
    probe = Cpu(world)
    probe.read(NAN)
    return probe
