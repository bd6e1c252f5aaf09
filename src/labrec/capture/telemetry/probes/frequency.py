"""Clock rate of the processors: ``scaling_cur_freq`` of the frequency policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labrec.capture.hardware.processor import CPUS
from labrec.capture.telemetry.probe import Channel, Source

if TYPE_CHECKING:
    from labrec.capture.telemetry.probe import World

EXPECTED = ("cpu.frequency",)
DEADLINE_S = 1.0  # a driver may have to wake the processor up to ask it

_MOST = 8  # policies that are asked
_KILO = 1000


class Frequency:
    """Mean clock rate over some processors, spread evenly."""

    def __init__(self, world: World) -> None:
        place = f"{CPUS}/cpufreq"
        names = [name for name in world.tree.names(place) if name.startswith("policy")]
        names.sort(key=lambda name: int(name[6:]))
        asked = names[:: max(1, -(-len(names) // _MOST))]
        self._sources = [Source(world.tree, f"{place}/{name}/scaling_cur_freq") for name in asked]
        if not self._sources:
            raise FileNotFoundError(2, "no frequency policy", place)
        method = f"mean of {len(asked)} of {len(names)} policies"
        self.channels = (Channel("cpu.frequency", "MHz", "scaling_cur_freq", method),)

    def read(self, now: float) -> list[float]:  # noqa: ARG002 - the same for every probe
        """Take one sample."""
        rates = [source.number() for source in self._sources]
        return [sum(rates) / len(rates) / _KILO]


def open_probe(world: World) -> Frequency:
    """Open the probe."""
    return Frequency(world)
