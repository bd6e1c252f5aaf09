"""AMD GPUs: the files of the ``amdgpu`` driver."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from labrec.capture.telemetry.probe import NAN, Channel, Source

if TYPE_CHECKING:
    from labrec.capture.telemetry.probe import World

EXPECTED = ("gpu.amd",)
DEADLINE_S = 2.0

# Name, unit, file below the device (* = its hwmon folder), factor.
_FILES = (
    ("utilisation", "%", "gpu_busy_percent", 1.0),
    ("memory_used", "B", "mem_info_vram_used", 1.0),
    ("power", "W", "*/power1_average", 1e-6),
    ("temperature", "°C", "*/temp1_input", 1e-3),
    ("clock", "MHz", "*/freq1_input", 1e-6),
)


class AmdGpu:
    """Every card the driver shows."""

    def __init__(self, world: World) -> None:
        self._readers: list[tuple[Source, float]] = []
        channels: list[Channel] = []
        place = "/sys/class/drm"
        cards = [
            f"{place}/{name}/device"
            for name in world.tree.names(place)
            if re.fullmatch(r"card\d+", name)
            and world.tree.optional(f"{place}/{name}/device/vendor") == "0x1002"
        ]
        for index, device in enumerate(cards):
            monitors = world.tree.names(f"{device}/hwmon")
            monitor = f"hwmon/{monitors[0]}" if monitors else "hwmon"
            for name, unit, file, factor in _FILES:
                path = f"{device}/{file.replace('*', monitor)}"
                try:
                    source = Source(world.tree, path)
                except OSError:
                    continue
                self._readers.append((source, factor))
                sensor = path.rpartition("/")[2]
                channels.append(Channel(f"gpu{index}.{name}", unit, sensor, "at the sample"))
        if not channels:
            raise FileNotFoundError(2, "no AMD GPU", place)
        self.channels = tuple(channels)

    def read(self, now: float) -> list[float]:  # noqa: ARG002 - the same for every probe
        """Take one sample."""
        values = []
        for source, factor in self._readers:
            try:
                values.append(source.number() * factor)
            except (OSError, ValueError):  # a card that sleeps answers nothing
                values.append(NAN)
        return values


def open_probe(world: World) -> AmdGpu:
    """Open the probe."""
    return AmdGpu(world)
