"""All points of a run as one object: sorted, written as gzip CSV, and summed up.

The layout is fixed by ``docs/format.md``: ``metric,step,time,value``, sorted by metric, then step,
then time. Ten million points need no more memory than one: what is gathered is spilled, sorted,
to a temporary file, and merged.
"""

from __future__ import annotations

import heapq
import math
import tempfile
from array import array
from itertools import chain, islice
from operator import itemgetter, le
from typing import IO, TYPE_CHECKING, Any, NamedTuple, Self

from labrec.capture.assembly import bounds
from labrec.capture.assembly.compressed import CompressedFile, number, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from labrec.capture.captured import NewObject

HEADER = "metric,step,time,value\n"
SPILL = 500_000  # points gathered before they are sorted and put aside
_ROWS = 16_384


class Summary(NamedTuple):
    """What a record says about one series.

    Attributes:
        last: Value of the last point by step, then time.
        mean: Exact sum divided by count (``math.fsum``); NaN where a value is NaN.
        min: Smallest value that is not NaN; NaN where all are.
        max: Largest, likewise.
        points: How many points there are.
    """

    last: float
    mean: float
    min: float
    max: float
    points: int

    def best(self, direction: str | None) -> float | None:
        """Return the best value, or None where nobody said which direction is better."""
        return {"maximize": self.max, "minimize": self.min}.get(direction or "")

    def stored(self, direction: str | None) -> dict[str, Any]:
        """Return it as the metrics section holds it, without unit and direction."""
        best = self.best(direction)
        return {
            "last": bounds.num(self.last),
            "best": None if best is None else bounds.num(best),
            "mean": bounds.num(self.mean),
            "min": bounds.num(self.min),
            "max": bounds.num(self.max),
            "count": self.points,
        }


class Column:
    """The points of one metric: gathered in memory, put aside sorted."""

    __slots__ = ("runs", "steps", "times", "values")

    def __init__(self) -> None:
        self.steps = array("q")
        self.times = array("d")
        self.values = array("d")
        self.runs: list[tuple[int, int]] = []  # (offset in the spill file, points)

    def sort(self) -> None:
        """Order by step, then time, then the order in which they came."""
        steps, times = self.steps, self.times
        if _rising(steps) and _rising(times):
            return
        order = sorted(range(len(steps)), key=lambda place: (steps[place], times[place]))
        self.steps = array("q", map(steps.__getitem__, order))
        self.times = array("d", map(times.__getitem__, order))
        self.values = array("d", map(self.values.__getitem__, order))


class SeriesTable:
    """Gathers points and writes them as one object; a context manager.

    Args:
        started: Monotonic clock at the start of the run, seconds.
    """

    def __init__(self, started: float) -> None:
        self._started = started
        self._columns: dict[str, Column] = {}
        self._gathered = self._aside = 0
        self._spill: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._spill is not None:
            self._spill.close()

    @property
    def points(self) -> int:
        """How many points have been taken."""
        return self._aside + self._gathered

    def gather(self, points: Iterable[tuple[int, float, float, int]], names: dict[int, str]) -> int:
        """Take points of one journal; return how many belong to no declared metric.

        Args:
            points: Step, monotonic seconds, value, metric number.
            names: Metric name by number.
        """
        unknown = 0
        appenders: dict[int, tuple[Callable[[Any], None], ...]] = {}
        for step, at, value, metric in points:
            add = appenders.get(metric)
            if add is None:
                if metric not in names:
                    unknown += 1
                    continue
                column = self._columns.setdefault(names[metric], Column())
                add = (column.steps.append, column.times.append, column.values.append)
                appenders[metric] = add
            add[0](step)
            add[1](at)
            add[2](value)
            self._gathered += 1
            if self._gathered >= SPILL:
                self._put_aside()
                appenders.clear()
        return unknown

    def write(self, folder: Path) -> tuple[NewObject | None, dict[str, Summary]]:
        """Return the object (None without a point) and the summary of each metric.

        Args:
            folder: Where an object goes that is too large for memory.

        Raises:
            OSError: It cannot be written there.
        """
        summaries: dict[str, Summary] = {}
        if not self._columns:
            return None, summaries
        with CompressedFile(folder) as out:
            out.write(HEADER)
            for name in sorted(self._columns):
                summaries[name] = self._write_metric(name, self._columns[name], out)
            return out.finish(), summaries

    def _put_aside(self) -> None:
        if self._spill is None:
            self._spill = tempfile.TemporaryFile(prefix="labrec-series-")  # noqa: SIM115
        for column in self._columns.values():
            if not column.steps:
                continue
            column.sort()
            column.runs.append((self._spill.seek(0, 2), len(column.steps)))
            for part in (column.steps, column.times, column.values):
                part.tofile(self._spill)
            column.steps, column.times, column.values = array("q"), array("d"), array("d")
        self._aside += self._gathered
        self._gathered = 0

    def _write_metric(self, name: str, column: Column, out: CompressedFile) -> Summary:
        column.sort()
        summary = _Running()
        label = quoted(name) + ","
        started = self._started

        def values() -> Iterator[float]:
            for steps, times, numbers in self._ordered(column):
                out.write(_rows(label, steps, [at - started for at in times], numbers))
                summary.see(numbers)
                yield from numbers

        rows = values()
        try:
            total = math.fsum(rows)
        except (OverflowError, ValueError):  # inf - inf, or a sum beyond the largest float
            for _ in rows:  # the rest of the rows still has to be written
                pass
            batches = self._ordered(column)
            parts = (value / summary.count for _, _, part in batches for value in part)
            return summary.done(_fsum(parts))
        return summary.done(total / summary.count)

    def _ordered(self, column: Column) -> Iterator[tuple[array[int], array[float], array[float]]]:
        """Yield the points of a sorted column in order, in batches."""
        runs = [self._run(offset, points) for offset, points in column.runs]
        runs.append(_slices(column.steps, column.times, column.values))
        if len(runs) == 1 or self._follow(column):
            yield from chain.from_iterable(runs)
            return
        merged = heapq.merge(*map(_each, runs), key=itemgetter(0, 1))
        while batch := list(islice(merged, _ROWS)):
            steps, times, values = zip(*batch, strict=True)
            yield array("q", steps), array("d", times), array("d", values)

    def _run(
        self, offset: int, points: int
    ) -> Iterator[tuple[array[int], array[float], array[float]]]:
        spill = self._spill
        for at in range(0, points, _ROWS):
            many = min(_ROWS, points - at)
            batch: tuple[array[Any], ...] = (array("q"), array("d"), array("d"))
            for place, part in enumerate(batch):
                if spill is not None:
                    spill.seek(offset + (place * points + at) * 8)
                    part.fromfile(spill, many)
            yield batch[0], batch[1], batch[2]

    def _follow(self, column: Column) -> bool:
        """Whether each run begins after the one before it ended."""
        edges: list[tuple[int, float]] = []
        for offset, points in column.runs:
            edges.extend(
                (self._item("q", offset, at), self._item("d", offset + points * 8, at))
                for at in (0, points - 1)
            )
        if column.steps:
            edges.append((column.steps[0], column.times[0]))
        return all(map(le, edges, edges[1:]))

    def _item(self, code: str, offset: int, at: int) -> Any:
        part = array(code)
        if self._spill is not None:
            self._spill.seek(offset + at * 8)
            part.fromfile(self._spill, 1)
        return part[0]


class _Running:
    """Everything about a series but its mean, while its rows go by."""

    def __init__(self) -> None:
        self.count = 0
        self._last = self._min = self._max = math.nan

    def see(self, values: array[float]) -> None:
        numbers = [value for value in values if value == value]  # noqa: PLR0124 - not NaN
        if numbers:
            low, high = min(numbers), max(numbers)
            self._min = low if math.isnan(self._min) else min(low, self._min)
            self._max = high if math.isnan(self._max) else max(high, self._max)
        self.count += len(values)
        self._last = values[-1]

    def done(self, mean: float) -> Summary:
        return Summary(self._last, mean, self._min, self._max, self.count)


def _rows(label: str, steps: array[int], times: list[float], values: array[float]) -> str:
    texts: Iterable[str] = map(repr, values)
    if not all(map(math.isfinite, values)):
        texts = map(number, values)
    rows = zip(steps, times, texts, strict=True)
    return "".join([f"{label}{step},{at:.6f},{text}\n" for step, at, text in rows])


def _slices(
    steps: array[int], times: array[float], values: array[float]
) -> Iterator[tuple[array[int], array[float], array[float]]]:
    for at in range(0, len(steps), _ROWS):
        part = slice(at, at + _ROWS)
        yield steps[part], times[part], values[part]


def _each(
    batches: Iterator[tuple[array[int], array[float], array[float]]],
) -> Iterator[tuple[int, float, float]]:
    for batch in batches:
        yield from zip(*batch, strict=True)


def _rising(values: array[Any]) -> bool:
    return all(map(le, values, islice(values, 1, None)))


def _fsum(values: Iterable[float]) -> float:
    try:
        return math.fsum(values)
    except ValueError:  # inf - inf
        return math.nan
