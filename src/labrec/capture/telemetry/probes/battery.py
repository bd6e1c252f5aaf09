"""The battery: ``/sys/class/power_supply``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labrec.capture.telemetry.probe import NAN, Channel

if TYPE_CHECKING:
    from labrec.capture.telemetry.probe import World

EXPECTED = ("battery.charge", "battery.power")
DEADLINE_S = 2.0  # asks the firmware

_MICRO = 1e-6


class Battery:
    """Charge and power of the first battery; power is positive while it is being emptied."""

    def __init__(self, world: World) -> None:
        self._tree = world.tree
        place = "/sys/class/power_supply"
        found = [
            name
            for name in world.tree.names(place)
            if world.tree.optional(f"{place}/{name}/type") == "Battery"
            and world.tree.optional(f"{place}/{name}/scope") != "Device"  # a mouse, a headset
        ]
        if not found:
            raise FileNotFoundError(2, "no battery", place)
        self._place = f"{place}/{found[0]}"
        self.channels = (
            Channel("battery.charge", "%", "power_supply", "capacity"),
            Channel("battery.power", "W", "power_supply", "power_now, or current times voltage"),
        )

    def read(self, now: float) -> list[float]:  # noqa: ARG002 - the same for every probe
        """Take one sample."""
        power = self._number("power_now") * _MICRO
        if power != power:  # noqa: PLR0124 - NaN: many batteries know only current and voltage
            power = self._number("current_now") * _MICRO * self._number("voltage_now") * _MICRO
        status = self._tree.optional(f"{self._place}/status")
        sign = 1.0 if status == "Discharging" else -1.0
        return [self._number("capacity"), sign * abs(power) if power else 0.0]

    def _number(self, name: str) -> float:
        try:
            return float(self._tree.number(f"{self._place}/{name}"))
        except (OSError, ValueError):
            return NAN


def open_probe(world: World) -> Battery:
    """Open the probe."""
    return Battery(world)
