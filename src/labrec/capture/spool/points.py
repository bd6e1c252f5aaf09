"""Metric points: the only part of capture that is called a million times a second.

``MetricLog.log`` is a closure over local names on purpose. It takes a place in the current block,
packs the point and its checksum there, and returns: from then on the point is in the page cache
and outlives the process. Everything rare (a new metric, a full block, an odd value) is an
exception of the fast path, answered by ``_slowly``.
"""

from __future__ import annotations

import struct
import threading
import time
from itertools import count, repeat
from math import isfinite
from operator import index
from typing import TYPE_CHECKING, Any, Protocol
from zlib import crc32

from labrec.capture.spool.frames import POINT, SLOT
from labrec.capture.spool.journal import FULL, Block

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

MAX_METRICS = 10_000
MAX_NAME = 200  # characters
DIRECTIONS = ("maximize", "minimize")
_STEPS = range(-(2**63), 2**63)


class PointSink(Protocol):
    """What a ``MetricLog`` writes to: a spool."""

    def block(self) -> Block:
        """Return room for points."""

    def metric(self, number: int, name: str, unit: str | None, direction: str | None) -> None:
        """Say what a metric number means."""

    def remark(self, kind: str, what: str, why: str, count: int = 1) -> None:
        """Leave a line for the record's ``capture`` section."""


class _Facts:
    """What is known about one metric."""

    __slots__ = ("direction", "number", "unit")

    def __init__(self, number: int) -> None:
        self.number = number
        self.unit: str | None = None
        self.direction: str | None = None


class MetricLog:
    """Writes points into a sink, from any thread; never raises and never blocks on the disk.

    Attributes:
        log: ``log(name, value, step=None, *, unit=None, direction=None)``: record one point.
            ``step=None`` counts from 0 for each metric.

    Args:
        sink: Where the points go.
    """

    __slots__ = ("_facts", "_lock", "_numbers", "_open", "_sink", "_steps", "_swap", "log")

    def __init__(self, sink: PointSink) -> None:
        self._sink = sink
        self._facts: dict[str, _Facts] = {}
        self._numbers: dict[str, int] = {}
        self._steps: dict[str, Callable[[], int]] = {}
        self._lock = threading.RLock()
        self._open = True
        self.log, self._swap = self._fast_path()

    def _fast_path(self) -> tuple[Callable[..., None], Callable[[Block | None], Block]]:
        numbers, steps, slowly = self._numbers, self._steps, self._slowly
        pack, place, checksum, now = POINT.pack, SLOT.pack_into, crc32, time.monotonic
        block = FULL

        def log(
            name: str,
            value: Any,
            step: int | None = None,
            *,
            unit: str | None = None,
            direction: str | None = None,
        ) -> None:
            try:
                if unit is not None or direction is not None:
                    slowly(name, value, step, unit, direction)
                    return
                if step is None:
                    step = steps[name]()
                point = pack(step, now(), value, numbers[name])
                # One read of `block`: its two halves must belong together in every thread.
                buffer, take = block
                place(buffer, take(), point, checksum(point))
            except Exception:  # noqa: BLE001 - capture never raises into the observed program
                slowly(name, value, step, unit, direction)

        def swap(new: Block | None) -> Block:
            nonlocal block
            if new is not None:
                block = new
            return block

        return log, swap

    def log_all(self, values: Mapping[str, Any], step: int | None = None) -> None:
        """Record one point of each of several metrics at one step.

        Args:
            values: Value by metric name.
            step: The step of all of them; None counts for each metric.
        """
        log = self.log
        try:
            for name, value in values.items():
                log(name, value, step)
        except Exception as error:  # noqa: BLE001 - what is no mapping is the caller's
            why = f"a value of type {type(values).__name__} is read as no mapping"
            self._sink.remark("lost", "metrics", f"{why} ({type(error).__name__})")

    def log_series(
        self,
        name: str,
        values: Iterable[Any],
        steps: Iterable[int] | None = None,
        times: Iterable[float] | None = None,
    ) -> None:
        """Record many points of one metric at once.

        Args:
            name: The metric.
            values: One value a point.
            steps: One step a point; None counts.
            times: Seconds on ``time.monotonic()``'s clock, one a point; None = now.
        """
        try:
            self._write_series(name, values, steps, times)
        except Exception as error:  # noqa: BLE001 - iterables and times are the caller's code
            why = f"stopped by {type(error).__name__}"
            self._sink.remark("lost", f"rest of a series of metric {name}", why)

    def _write_series(
        self,
        name: str,
        values: Iterable[Any],
        steps: Iterable[int] | None,
        times: Iterable[float] | None,
    ) -> None:
        number = self._number(name, None, None) if self._open and isinstance(name, str) else None
        when = repeat(time.monotonic()) if times is None else map(_finite, times)
        if number is None:  # each point is told as lost
            for value, seconds in zip(values, when, strict=False):
                self._write(name, value, None, (None, None), seconds)
            return
        where = iter(self._steps[name], None) if steps is None else steps
        pack, place, checksum = POINT.pack, SLOT.pack_into, crc32
        block = self._swap(None)
        for value, step, seconds in zip(values, where, when, strict=False):
            try:
                point = pack(step, seconds, value, number)
                place(block.buffer, block.take(), point, checksum(point))
            except Exception:  # noqa: BLE001 - a full block, or an odd value
                self._write(name, value, step, (None, None), seconds)
                block = self._swap(None)

    def restart(self) -> None:
        """Forget block, lock and numbers: in a forked child, which writes its own journal."""
        self._lock = threading.RLock()
        self._numbers.clear()
        self._swap(FULL)

    def close(self) -> None:
        """Take no more points."""
        with self._lock:
            self._open = False
            self._numbers.clear()
            self._swap(FULL)

    def _slowly(
        self, name: Any, value: Any, step: Any, unit: str | None, direction: str | None
    ) -> None:
        try:
            self._write(name, value, step, (unit, direction), None)
        except Exception as error:  # noqa: BLE001 - as above
            self._sink.remark("lost", "metric point", f"recorder fault: {type(error).__name__}")

    def _write(
        self,
        name: Any,
        value: Any,
        step: Any,
        told: tuple[str | None, str | None],
        seconds: float | None,
    ) -> None:
        if not self._open:
            self._sink.remark("lost", "metric point", "logged after the run had ended")
            return
        if not isinstance(name, str):
            name = str(name)
        number = self._number(name, *told)
        if number is None:
            return
        at = time.monotonic() if seconds is None else seconds
        where = self._step(name, step)
        try:
            point = POINT.pack(where, at, float(value), number)
        except Exception:  # noqa: BLE001 - __float__ is the caller's code
            why = f"a value of type {type(value).__name__} is no number"
            self._sink.remark("unmappable", f"metric {name}", why)
            return
        self._place(point)

    def _place(self, point: bytes) -> None:
        checksum = crc32(point)
        block = self._swap(None)
        while True:
            try:
                SLOT.pack_into(block.buffer, block.take(), point, checksum)
            except struct.error:
                with self._lock:
                    current = self._swap(None)
                    if current is block:  # nobody else has opened the next one meanwhile
                        current = self._swap(self._sink.block())
                    block = current
            else:
                return

    def _number(self, name: str, unit: str | None, direction: str | None) -> int | None:
        facts = self._facts.get(name)
        known = self._numbers.get(name)
        if known is not None and facts is not None:
            told = (unit or facts.unit, direction or facts.direction)
            if told == (facts.unit, facts.direction):
                return known
        with self._lock:
            return self._declare(name, unit, direction)

    def _declare(self, name: str, unit: str | None, direction: str | None) -> int | None:
        facts = self._facts.get(name)
        if facts is None:
            if len(self._facts) >= MAX_METRICS or not 0 < len(name) <= MAX_NAME:
                why = f"more than {MAX_METRICS} metrics, or a name over {MAX_NAME} characters"
                self._sink.remark("lost", "metric points", why)
                return None
            facts = self._facts[name] = _Facts(len(self._facts) + 1)
            self._steps[name] = count().__next__
        if direction is not None and direction not in DIRECTIONS:
            why = "its direction is neither maximize nor minimize"
            self._sink.remark("unmappable", f"metric {name}", why)
            direction = None
        facts.unit = str(unit) if unit else facts.unit
        facts.direction = direction or facts.direction
        self._sink.metric(facts.number, name, facts.unit, facts.direction)
        self._numbers[name] = facts.number
        return facts.number

    def _step(self, name: str, step: Any) -> int:
        if step is not None:
            try:
                number = int(step) if isinstance(step, float) else index(step)
                if number == step and number in _STEPS:
                    return number
            except Exception:  # noqa: BLE001, S110 - the caller's type; told below
                pass
            why = "a step is no 64-bit integer; counted instead"
            self._sink.remark("unmappable", f"metric {name}", why)
        return self._steps[name]()


def _finite(seconds: Any) -> float:
    number = float(seconds)
    if not isfinite(number):
        raise ValueError("a time is no finite number")
    return number
