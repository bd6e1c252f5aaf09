"""Temperatures: the hottest sensor of each chip below ``/sys/class/hwmon``, or thermal zones."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from labrec.capture.telemetry.probe import NAN, Channel, Source

if TYPE_CHECKING:
    from labrec.capture.hardware.facts import Tree
    from labrec.capture.telemetry.probe import World

EXPECTED = ("temperature",)
DEADLINE_S = 2.0  # sensors behind slow buses and firmware calls

_MOST = 12  # chips
_MILLI = 1000


class Temperature:
    """The hottest reading of each chip."""

    def __init__(self, world: World) -> None:
        chips = _hwmon(world.tree) or _zones(world.tree)
        if not chips:
            raise FileNotFoundError(2, "no sensor", "/sys/class/hwmon")
        self._chips = list(chips.values())[:_MOST]
        self.channels = tuple(
            Channel(f"temperature.{name}", "°C", sources[0].name.split("/")[3], "hottest sensor")
            for name, sources in list(chips.items())[:_MOST]
        )

    def read(self, now: float) -> list[float]:  # noqa: ARG002 - the same for every probe
        """Take one sample."""
        return [max(_degrees(sources), default=NAN) for sources in self._chips]


def _degrees(sources: list[Source]) -> list[float]:
    found = []
    for source in sources:
        with contextlib.suppress(OSError, ValueError):  # a sensor may be asleep
            found.append(source.number() / _MILLI)
    return found


def _hwmon(tree: Tree) -> dict[str, list[Source]]:
    chips: dict[str, list[Source]] = {}
    place = "/sys/class/hwmon"
    for entry in tree.names(place):
        inputs = [n for n in tree.names(f"{place}/{entry}") if re.fullmatch(r"temp\d+_input", n)]
        sources = _open(tree, [f"{place}/{entry}/{name}" for name in inputs])
        if sources:
            _add(chips, tree.optional(f"{place}/{entry}/name") or entry, sources)
    return chips


def _zones(tree: Tree) -> dict[str, list[Source]]:
    chips: dict[str, list[Source]] = {}
    place = "/sys/class/thermal"
    for entry in tree.names(place):
        if entry.startswith("thermal_zone"):
            sources = _open(tree, [f"{place}/{entry}/temp"])
            if sources:
                _add(chips, tree.optional(f"{place}/{entry}/type") or entry, sources)
    return chips


def _add(chips: dict[str, list[Source]], name: str, sources: list[Source]) -> None:
    clean = re.sub(r"[^A-Za-z0-9_-]+", "_", name)
    label, number = clean, 1
    while label in chips:
        number += 1
        label = f"{clean}_{number}"
    chips[label] = sources


def _open(tree: Tree, names: list[str]) -> list[Source]:
    sources = []
    for name in names:
        try:
            source = Source(tree, name)
            source.number()
        except (OSError, ValueError):
            continue
        sources.append(source)
    return sources


def open_probe(world: World) -> Temperature:
    """Open the probe."""
    return Temperature(world)
