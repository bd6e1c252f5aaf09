"""Network of the whole system: ``/proc/net/dev``, without the loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labrec.capture.telemetry.probe import NAN, Channel, Rates, Source

if TYPE_CHECKING:
    from labrec.capture.telemetry.probe import World

EXPECTED = ("network.received", "network.sent")
DEADLINE_S = 0.0


class Network:
    """Bytes on the physical interfaces; on all but the loopback where none is physical."""

    def __init__(self, world: World) -> None:
        self._dev = Source(world.tree, "/proc/net/dev")
        place = "/sys/class/net"
        self._physical = {
            name.encode()
            for name in world.tree.names(place)
            if world.tree.exists(f"{place}/{name}/device")
        }
        self._rates = Rates()
        which = "physical interfaces" if self._physical else "all interfaces but the loopback"
        self.channels = (
            Channel("network.received", "B/s", "/proc/net/dev", which),
            Channel("network.sent", "B/s", "/proc/net/dev", which),
        )

    def read(self, now: float) -> list[float]:
        """Take one sample."""
        received = sent = 0
        for line in self._dev.read().splitlines()[2:]:
            label, _, rest = line.partition(b":")
            name = label.strip()
            if name in self._physical if self._physical else name != b"lo":
                fields = rest.split()
                received += int(fields[0])
                sent += int(fields[8])
        return self._rates(now, (received, sent))


def open_probe(world: World) -> Network:
    """Open the probe."""
    probe = Network(world)
    probe.read(NAN)
    return probe
