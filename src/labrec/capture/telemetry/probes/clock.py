"""What the clocks did: time asleep, and steps of the wall clock."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from labrec.capture.telemetry.probe import Channel

if TYPE_CHECKING:
    from collections.abc import Callable

    from labrec.capture.telemetry.probe import World

EXPECTED = ("clock.suspended", "clock.stepped")
DEADLINE_S = 0.0


class Clock:
    """Differences between three clocks since the sampler started."""

    def __init__(self, boottime: Callable[[], float], wall: Callable[[], float]) -> None:
        self._boottime, self._wall = boottime, wall
        now = time.monotonic()
        self._asleep, self._off = boottime() - now, wall() - now
        self.channels = (
            Channel("clock.suspended", "s", "CLOCK_BOOTTIME", "minus CLOCK_MONOTONIC, since start"),
            Channel("clock.stepped", "s", "CLOCK_REALTIME", "minus CLOCK_BOOTTIME, since start"),
        )

    def read(self, now: float) -> list[float]:
        """Take one sample."""
        asleep = self._boottime() - now - self._asleep
        stepped = self._wall() - now - self._off - asleep
        # The readings do not happen at once; what is below 10 ms may be just that.
        return [round(asleep, 2) + 0.0, round(stepped, 2) + 0.0]


def open_probe(_world: World) -> Clock:
    """Open the probe."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    if clock is None:
        raise FileNotFoundError(2, "no CLOCK_BOOTTIME", "clock_gettime")
    return Clock(lambda: time.clock_gettime(clock), time.time)
