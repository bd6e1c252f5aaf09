"""Energy of processor packages and memory: RAPL counters, where they may really be read.

Since Linux 5.10 they are for root alone (CVE-2020-8694); nothing is estimated in their place.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from labrec.capture.telemetry.probe import NAN, Channel, Source

if TYPE_CHECKING:
    from labrec.capture.telemetry.probe import World

EXPECTED = ("power.package", "energy.package")
DEADLINE_S = 1.0

_MICRO = 1e-6


class Domain:
    """One counter of microjoules, which starts again at its range."""

    def __init__(self, source: Source, span: int) -> None:
        self._source = source
        self._span = span
        self._before = source.number()
        self.joules = 0.0

    def advance(self) -> float:
        """Return the energy since the last call, joules."""
        counter = self._source.number()
        spent = counter - self._before
        if spent < 0:
            spent += self._span
        self._before = counter
        self.joules += spent * _MICRO
        return spent * _MICRO


class Rapl:
    """Power and energy of each domain."""

    def __init__(self, world: World) -> None:
        place = "/sys/class/powercap"
        self._domains: list[Domain] = []
        self._then = NAN
        channels: list[Channel] = []
        for entry in world.tree.names(place):
            if not re.fullmatch(r"intel-rapl(:\d+){1,2}", entry):
                continue
            name = world.tree.optional(f"{place}/{entry}/name") or entry
            if ":" in entry.partition(":")[2]:  # a part of a package: say which
                name = f"{name}-{entry.split(':')[1]}"
            span = world.tree.number(f"{place}/{entry}/max_energy_range_uj")
            self._domains.append(Domain(Source(world.tree, f"{place}/{entry}/energy_uj"), span))
            label = name.removesuffix("-0")
            channels += [
                Channel(f"power.{label}", "W", "RAPL", "mean between two samples"),
                Channel(f"energy.{label}", "J", "RAPL", "since the first sample"),
            ]
        if not channels:
            raise FileNotFoundError(2, "no energy counter", place)
        self.channels = tuple(channels)

    def read(self, now: float) -> list[float]:
        """Take one sample."""
        seconds = now - self._then
        self._then = now
        values = []
        for domain in self._domains:
            spent = domain.advance()
            values += [spent / seconds if seconds > 0 else NAN, domain.joules]
        return values


def open_probe(world: World) -> Rapl:
    """Open the probe."""
    return Rapl(world)
