"""Telemetry of a run as one object: samples put into bins, and the summary of each channel."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any

from labrec.capture.assembly import bounds
from labrec.capture.assembly.compressed import CompressedFile, number, quoted
from labrec.capture.captured import event
from labrec.capture.plan import BRIEF
from labrec.capture.spool.durability import SAMPLER
from labrec.capture.spool.frames import Frame, Kind, from_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from labrec.capture.captured import Event, NewObject
    from labrec.capture.spool.reader import JournalReader, SpoolReader

HEADER = "channel,time,min,mean,max,count\n"
MAX_BINS = 2_000
MAX_CHANNELS = 500
_FLOAT = 8  # bytes
_EXACT = 1 << 53  # integers below are the same number as the float
_FACTS = ("unit", "sensor", "method", "interval_s")

Fact = dict[str, Any]


class _Bin:
    """What one channel did in one stretch of time."""

    __slots__ = ("count", "high", "low", "total")

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.low = math.inf
        self.high = -math.inf

    def add(self, value: float) -> None:
        self.count += 1
        self.total += value
        self.low = min(self.low, value)
        self.high = max(self.high, value)


class _Channel:
    """One channel over the whole run: its facts, its bins, its last value."""

    __slots__ = ("bins", "facts", "last")

    def __init__(self, facts: Fact) -> None:
        self.facts = facts
        self.bins: dict[float, _Bin] = {}  # by time since start of the bin
        self.last = math.nan

    def summary(self, duration: float) -> Fact:
        """Return the channel as the telemetry section shows it."""
        facts = {key: self.facts.get(key) for key in _FACTS}
        bins = self.bins.values()
        count = sum(part.count for part in bins)
        if not count:
            return {"unavailable": "no sample was taken"}
        interval = facts["interval_s"]
        covered = count * interval / duration if interval and duration > 0 else 1.0
        summary = {
            **{key: fact for key, fact in facts.items() if fact is not None},
            "coverage": min(1.0, round(covered, 4)),
            "count": count,
            "min": _rounded(min(part.low for part in bins)),
            "mean": _rounded(math.fsum(part.total for part in bins) / count),
            "max": _rounded(max(part.high for part in bins)),
        }
        if interval is None:  # a total; of what was sampled the last value is in the table
            summary["last"] = _rounded(self.last)
        return summary


def _rounded(value: float) -> float:
    """Round to six significant digits: no sensor has more, and a record holds many."""
    rounded = float(f"{value:.6g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < _EXACT else rounded


def telemetry(
    reader: SpoolReader, ended: float | None, folder: Path, events: list[Event]
) -> tuple[dict[str, Any] | None, NewObject | None]:
    """Return the telemetry section of a run and its object; None each where there is nothing.

    At most ``MAX_BINS`` bins of equal width a channel, each at the time of its beginning; up to
    that many samples stay as they are. Of a brief run the sampler's part is left out, for whether
    there is any is chance.

    Args:
        reader: The spool.
        ended: Monotonic clock at the end of the run, seconds; None = not known.
        folder: Where a large object goes.
        events: Takes a line for what has no room.

    Raises:
        OSError: The object cannot be written there.
        InvalidError: A frame holds no JSON.
    """
    started = float(reader.start["monotonic"])
    told: dict[str, Any] = {}
    journals = without_chance(reader)
    for journal in journals:
        for document in journal.documents(Kind.SECTION):
            if document.get("name") == "telemetry":
                told = document.get("document") or {}
    channels, last = _gather(journals, started)
    if not channels and not told:
        return None, None
    duration = (ended if ended is not None else last) - started
    summaries: dict[str, Fact] = dict(told.get("channels") or {})
    summaries |= {name: channel.summary(duration) for name, channel in channels.items()}
    names = sorted(summaries)
    count = bounds.fitting([summaries[name] for name in names], bounds.FOR_TELEMETRY)
    if count < len(names):
        why = "too many for a record; all of them are in the samples"
        events.append(event("truncated", "channel summaries", why, len(names) - count))
    stored = _write(channels, folder)
    section = {
        "minor": 0,
        "object": stored.ref if stored else None,
        "channels": {bounds.text(name): summaries[name] for name in names[:count]},
        "overhead": told.get("overhead"),
    }
    return section, stored


def without_chance(reader: SpoolReader) -> list[JournalReader]:
    """Return the journals of a spool; of a brief run without the sampler's."""
    brief = any(document.get("name") == BRIEF for document in reader.documents(Kind.SECTION))
    return [each for each in reader.journals if not (brief and each.writer == SAMPLER)]


def _gather(journals: Sequence[JournalReader], started: float) -> tuple[dict[str, _Channel], float]:
    times = [at for journal in journals for at, _, _ in _samples(journal)]
    if not times:
        return {}, started
    first, last = min(times), max(times)
    width = (last - first) / MAX_BINS if len(times) > MAX_BINS else 0.0
    channels: dict[str, _Channel] = {}
    for journal in journals:
        for at, declared, values in _samples(journal):
            begin = at
            if width:
                begin = first + min(MAX_BINS - 1, int((at - first) / width)) * width
            for facts, value in zip(declared, values, strict=False):
                if math.isfinite(value):
                    channel = channels.get(facts["name"])
                    if channel is None:
                        if len(channels) >= MAX_CHANNELS:
                            continue
                        channel = channels[facts["name"]] = _Channel(facts)
                    channel.bins.setdefault(begin - started, _Bin()).add(value)
                    channel.last = value
    return channels, last


def _samples(journal: JournalReader) -> Iterator[tuple[float, list[Fact], tuple[float, ...]]]:
    """Yield each sample with the channels it is about."""
    declared: list[Fact] = []
    for frame in journal.frames():
        if not isinstance(frame, Frame):
            continue
        if frame.kind == Kind.CHANNELS:
            told = from_json(journal.payload(frame)).get("channels")
            declared = [fact for fact in told or [] if isinstance(fact.get("name"), str)]
        elif frame.kind == Kind.SAMPLE and frame.length and frame.length % _FLOAT == 0:
            at, *values = struct.unpack(f"<{frame.length // _FLOAT}d", journal.payload(frame))
            if math.isfinite(at):
                yield at, declared, tuple(values)


def _write(channels: dict[str, _Channel], folder: Path) -> NewObject | None:
    if not channels:
        return None
    with CompressedFile(folder) as out:
        out.write(HEADER)
        for name, channel in sorted(channels.items()):
            label = quoted(name)
            rows = [
                f"{label},{at:.6f},{number(part.low)},{number(part.total / part.count)},"
                f"{number(part.high)},{part.count}\n"
                for at, part in sorted(channel.bins.items())
            ]
            out.write("".join(rows))
        return out.finish()
