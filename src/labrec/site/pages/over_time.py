"""Telemetry and metrics of a run on one time axis, with what the machine held back meanwhile.

Samples come from the stored table, of which only the few channels that are drawn are parsed: a
table of a long run holds a hundred thousand lines, and a site ten thousand runs.
"""

from __future__ import annotations

import math
import re
import zlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.errors import LabrecError
from labrec.record.wording import duration, listed
from labrec.site.charts import Figure, Mark, Span, Track, timeline

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from labrec.reader import RunReader
    from labrec.site.pages.kin import Compared
    from labrec.site.pages.matrix import Call
    from labrec.site.rows import Point

MOST_METRICS: Final = 2
"""Metrics that stand above the telemetry: key metrics first."""

MOST_CHANNELS: Final = 4
"""Channels that are drawn."""

MOST_COPIED: Final = 8 * 1024
"""Largest table of samples that is published beside the page, in bytes."""

COPY: Final = "telemetry.csv.gz"
"""Its name there."""

_PACKED, _UNPACKED = 2_000_000, 24_000_000  # bytes of a table that is looked at
_PLAIN = re.compile(r"[A-Za-z0-9_.]+", re.ASCII)
_LEAST = 2  # samples that make a line
_SPANS = 40  # stretches of one kind that are shaded
# What people look for first; of each line of this list the first channel that there is.
_WANTED = (
    (r"process\.cpu", r"cpu\.busy"),
    (r"gpu\d+\.utilisation",),
    (r"process\.memory", r"memory\.available"),
    (r"gpu\d+\.memory_used",),
    (r"gpu\d+\.temperature", r"temperature\..*"),
    (r"gpu\d+\.power", r"power\.package", r"battery\.power"),
    (r"cpu\.frequency", r"gpu\d+\.clock"),
    (r"process\.read",),
)


class OverTime(NamedTuple):
    """The figure of a run, and its samples as they are stored.

    Attributes:
        figure: The figure; None where nothing was sampled twice.
        copy: The bytes of the stored table, where it is short enough to be published; else empty.
    """

    figure: Figure | None = None
    copy: bytes = b""


class _Sample(NamedTuple):
    """A bin of a channel: its beginning, mean and largest value."""

    time: float
    mean: float
    top: float


def over_time(
    reader: RunReader,
    metrics: Sequence[Compared],
    series: Mapping[str, Sequence[Point]],
    calls: Sequence[Call],
) -> OverTime:
    """Return the figure of a run.

    Args:
        reader: The run.
        metrics: Its metrics, key metrics first.
        series: Their points.
        calls: Its counterfactual calls: they are marked where their step says when they were.
    """
    stored = _stored(reader)
    table = _unpacked(stored)
    summaries = reader.telemetry()
    found = [_track(name, summaries[name], table) for name in _wanted(summaries)]
    channels = [one for one in found if len(one.points) >= _LEAST][:MOST_CHANNELS]
    if not channels:
        return OverTime()
    above = [
        Track(one.row.metric, _points(series, one.row.metric), one.row.unit, one.row.direction)
        for one in metrics
    ]
    above = [one for one in above if len({at for at, _ in one.points}) >= _LEAST][:MOST_METRICS]
    spans, said = _throttled(summaries, table)
    figure = timeline([*above, *channels], spans, _marks(calls, series), said)
    return OverTime(figure, stored if len(stored) <= MOST_COPIED else b"")


def _points(series: Mapping[str, Sequence[Point]], metric: str) -> list[tuple[float, float]]:
    return sorted(
        ((point.time, point.value) for point in series.get(metric, ())
         if math.isfinite(point.time)),
        key=lambda point: point[0],
    )  # fmt: skip


def _track(name: str, summary: Mapping[str, Any], table: bytes) -> Track:
    unit = str(summary.get("unit") or "1")
    scale, told = _SCALES.get(unit, (1.0, unit))
    points = [(one.time, one.mean / scale) for one in _samples(table, name)]
    return Track(name, points, None if told == "1" else told, sampled=True)


_SCALES = {"B": (1e6, "MB"), "B/s": (1e6, "MB/s")}  # as people say it


def _wanted(summaries: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the channels that are drawn if they have samples, in their order."""
    there = [
        name
        for name, one in summaries.items()
        # what stayed at zero has nothing to show
        if one.get("count", 0) >= _LEAST and (one.get("min"), one.get("max")) != (0, 0)
    ]
    found = []
    for patterns in _WANTED:
        fits = (n for pattern in patterns for n in sorted(there) if re.fullmatch(pattern, n))
        name = next(fits, None)
        if name is not None:
            found.append(name)
    return found


def _throttled(summaries: Mapping[str, Mapping[str, Any]], table: bytes) -> tuple[list[Span], str]:
    """Return when the run was held back, and a sentence about that."""
    names = sorted(name for name in summaries if name.endswith(".throttled"))
    read = [name for name in names if "unavailable" not in summaries[name]]
    if not read:
        return [], "Whether it was throttled could not be read."
    spans: list[Span] = []
    told = []
    for name in read:
        found = list(_held_back(_samples(table, name), f"throttled: {name[: -len('.throttled')]}"))
        if found:
            spans += found[:_SPANS]
            took = duration(sum(span.end - span.start for span in found))
            told.append(f"throttled for {took} ({name}), shaded")
    return spans, f"It was {listed(told)}." if told else f"No throttling was seen ({listed(read)})."


def _held_back(samples: Iterator[_Sample], what: str) -> Iterator[Span]:
    """Yield when a channel is above zero; a sample tells of the time before it."""
    start: float | None = None
    before = 0.0
    for one in samples:
        if one.top > 0:
            start = before if start is None else start
        elif start is not None:
            yield Span(start, before, what)
            start = None
        before = one.time
    if start is not None:
        yield Span(start, before, what)


def _marks(calls: Sequence[Call], series: Mapping[str, Sequence[Point]]) -> list[Mark]:
    """Return when counterfactual cells were measured, where a point has the step of the call."""
    times: dict[int, float] = {}
    for points in series.values():
        for point in points:
            times.setdefault(point.step, point.time)
    return [
        Mark(times[call.step], f"counterfactual cells, step {call.step}")
        for call in calls
        if call.step is not None and call.step in times
    ]


# --- the stored table -------------------------------------------------------------------------


def _stored(reader: RunReader) -> bytes:
    ref = reader.section("telemetry").get("object")
    if not isinstance(ref, dict):
        return b""
    try:
        return reader.read_object(ref["sha256"], limit=_PACKED)
    except (LabrecError, KeyError):
        return b""  # the channels' summaries stand in the record all the same


def _unpacked(data: bytes) -> bytes:
    if not data:
        return b""
    unpacking = zlib.decompressobj(wbits=31)  # gzip
    try:
        table = unpacking.decompress(data, _UNPACKED)
    except zlib.error:
        return b""
    return table if unpacking.eof else b""


def _samples(table: bytes, name: str) -> Iterator[_Sample]:
    """Yield the bins of a channel: its lines stand together."""
    if not _PLAIN.fullmatch(name):
        return
    label = f"\n{name},".encode()
    at = table.find(label)
    while at >= 0:
        end = table.find(b"\n", at + 1)
        if end < 0:
            return
        fields = table[at + len(label) : end].split(b",")
        try:
            when, _, mean, top, _ = map(float, fields)
        except ValueError:
            return  # no table of ours
        if math.isfinite(when):
            yield _Sample(when, mean, top)
        at = end if table.startswith(label, end) else -1
