"""Pressure stall information: ``/proc/pressure`` (Linux 4.20 and later)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from labrec.capture.telemetry.probe import NAN, Channel, Rates, Source

if TYPE_CHECKING:
    from labrec.capture.telemetry.probe import World

EXPECTED = ("pressure.cpu", "pressure.memory", "pressure.memory_full", "pressure.io",
            "pressure.io_full")  # fmt: skip
DEADLINE_S = 0.0

_TOTAL = re.compile(rb"^(some|full) .*total=(\d+)", re.MULTILINE)
_PER_CENT = 1e4  # microseconds a second to per cent


class Pressure:
    """Share of time in which some, or all, tasks waited for a resource."""

    def __init__(self, world: World) -> None:
        self._sources = [
            Source(world.tree, f"/proc/pressure/{name}") for name in ("cpu", "memory", "io")
        ]
        self._rates = Rates()
        some = "share of time in which some task waited"
        full = "share of time in which all tasks waited"
        self.channels = (
            Channel("pressure.cpu", "%", "/proc/pressure/cpu", some),
            Channel("pressure.memory", "%", "/proc/pressure/memory", some),
            Channel("pressure.memory_full", "%", "/proc/pressure/memory", full),
            Channel("pressure.io", "%", "/proc/pressure/io", some),
            Channel("pressure.io_full", "%", "/proc/pressure/io", full),
        )

    def read(self, now: float) -> list[float]:
        """Take one sample."""
        totals: list[float] = []
        for index, source in enumerate(self._sources):
            found = dict(_TOTAL.findall(source.read()))
            totals.append(int(found[b"some"]))
            if index:  # "full" of the processor is not defined for the whole system
                totals.append(int(found[b"full"]))
        return [rate / _PER_CENT for rate in self._rates(now, totals)]


def open_probe(world: World) -> Pressure:
    """Open the probe."""
    probe = Pressure(world)
    probe.read(NAN)  # where it is switched off the files are there and reading them fails
    return probe
