"""The probes at work: opened, read under their deadlines, and given up with a reason.

What cannot hang is read in the main thread. Everything else has a thread of its own, which the
sampler waits for only briefly: a reading that comes late counts at the next tick, and one that
passes its deadline ends the probe. A thread that hangs is left behind; nothing joins it.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from labrec.capture.hardware.facts import cause
from labrec.capture.telemetry.probe import NAN, Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from labrec.capture.telemetry.probe import Channel, Probe, ProbeModule, World

PATIENCE_S = 0.02
"""How long a tick waits for slow probes that have not answered yet, seconds."""

FAILURES = 3
"""Readings in a row that may fail before a probe is given up."""


class Seat:
    """One probe on the roster.

    Attributes:
        name: Key in ``PROBES``.
        channels: What it measures; empty until it is open.
        reason: Why it is given up; None while it works.
    """

    def __init__(self, name: str, module: ProbeModule, world: World) -> None:
        self.name = name
        self.channels: tuple[Channel, ...] = ()
        self.reason: str | None = None
        self.expected = module.EXPECTED
        self._module = module
        self._world = world
        self._probe: Probe | None = None
        self._failures = 0

    def _open(self) -> None:
        try:
            probe = self._module.open_probe(self._world)
        except Exception as error:  # noqa: BLE001 - whatever a sensor raises, the others go on
            self.reason = cause(error)
            return
        self.channels = tuple(probe.channels)
        self._probe = probe

    def _sample(self, now: float) -> Sequence[float]:
        if self._probe is None:
            return ()
        try:
            values = self._probe.read(now)
            if len(values) != len(self.channels):
                values = ()
        except Exception as error:  # noqa: BLE001
            self._failures += 1
            if self._failures >= FAILURES:
                self.reason = cause(error)
            return ()
        self._failures = 0
        return values


class FastSeat(Seat):
    """A probe that is read in the main thread."""

    def __init__(self, name: str, module: ProbeModule, world: World) -> None:
        super().__init__(name, module, world)
        self._pace = Pace()
        self._open()

    def ask(self, now: float, *, last: bool = False) -> None:
        """Nothing to prepare."""

    def take(self, now: float, *, last: bool = False) -> Sequence[float]:
        """Read the probe, unless its last reading was so costly that it must wait."""
        if self.reason is not None or not (last or self._pace.due(now)):
            return ()
        before = time.thread_time()
        values = self._sample(now)
        self._pace.paid(now, time.thread_time() - before)
        return values


class SlowSeat(Seat):
    """A probe with a thread of its own and a deadline."""

    def __init__(self, name: str, module: ProbeModule, world: World) -> None:
        super().__init__(name, module, world)
        self._deadline = module.DEADLINE_S
        self._asked_at = time.monotonic()
        self._busy = True  # opening is its first task
        self._wanted = threading.Event()
        self._done = threading.Event()
        self._values: Sequence[float] = ()
        threading.Thread(target=self._work, name=f"probe-{name}", daemon=True).start()

    def _work(self) -> None:
        self._open()
        self._done.set()
        while self.reason is None:
            self._wanted.wait()
            self._wanted.clear()
            self._values = self._sample(time.monotonic())
            self._done.set()

    def ask(self, now: float, *, last: bool = False) -> None:
        """Ask for a sample, unless the one before is still under way."""
        if not self._busy and self.reason is None and not last:
            self._busy, self._asked_at = True, now
            self._done.clear()
            self._wanted.set()

    def take(self, now: float, *, last: bool = False) -> Sequence[float]:
        """Return the sample that was asked for, if it is there."""
        left = 0.0 if last else now + PATIENCE_S - time.monotonic()
        if not self._busy:
            return ()
        if self._done.is_set() or self._done.wait(max(0.0, left)):
            self._busy = False
            values, self._values = self._values, ()
            return values
        if now - self._asked_at > self._deadline and self.reason is None:
            self.reason = f"no answer in {self._deadline:g} s"
        return ()


class Roster:
    """All probes, as one table of channels.

    Args:
        modules: The probes by name.
        world: What they look at.
    """

    def __init__(self, modules: Mapping[str, ProbeModule], world: World) -> None:
        self.seats: list[FastSeat | SlowSeat] = [
            (SlowSeat if module.DEADLINE_S else FastSeat)(name, module, world)
            for name, module in modules.items()
        ]
        self._columns: list[tuple[FastSeat | SlowSeat, int]] = []
        self.channels: list[Channel] = []

    def changed(self) -> bool:
        """Lay the table out again where a probe was opened since; say whether one was."""
        new = [
            seat
            for seat in self.seats
            if seat.channels and all(seat is not known for known, _ in self._columns)
        ]
        for seat in new:
            self._columns.append((seat, len(seat.channels)))
            self.channels += seat.channels
        return bool(new)

    def sample(self, now: float, *, last: bool = False) -> list[float]:
        """Take one sample of everything, in the order of ``channels``.

        Args:
            now: ``time.monotonic()``, seconds.
            last: Wait for nothing.
        """
        for seat in self.seats:
            seat.ask(now, last=last)
        taken = {id(seat): seat.take(now, last=last) for seat in self.seats}
        row: list[float] = []
        for seat, width in self._columns:
            values = taken[id(seat)]
            row += values if len(values) == width else [NAN] * width
        return row

    def unavailable(self) -> dict[str, dict[str, str]]:
        """Return the channels that have no samples from now on, and why."""
        found: dict[str, dict[str, str]] = {}
        for seat in self.seats:
            if seat.reason is not None:
                names = [channel.name for channel in seat.channels] or seat.expected
                found |= {name: {"unavailable": seat.reason} for name in names}
        return found

    def given_up(self, told: set[str], say: Callable[[str, str], None]) -> None:
        """Say once of each probe that worked and was given up, and why."""
        for seat in self.seats:
            if seat.reason is not None and seat.channels and seat.name not in told:
                told.add(seat.name)
                say(seat.name, seat.reason)
