"""What a run measured and what its machine did, panel under panel over one time axis."""

from __future__ import annotations

import itertools
import math
import statistics
from typing import TYPE_CHECKING, Final, NamedTuple

from labrec.record.text import printable
from labrec.record.wording import arrow, better, counted, duration, listed, number
from labrec.site.charts.axis import Range, labels, shown, ticks
from labrec.site.charts.curves import thinned
from labrec.site.charts.drawing import Markup, place, polyline, tag, text
from labrec.site.charts.figure import Figure, as_csv, for_script
from labrec.site.charts.specifications.timeline import (
    ALONE,
    BAND,
    FOOT,
    MARK,
    POINT,
    REACH,
    SPAN,
    TITLE,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_POINTS: Final = 64
"""Points of a track that are drawn; a longer one is thinned to the extremes of each stretch."""

MOST_TRACKS: Final = 6
"""Tracks of one figure: as many looks as there are."""

GAP: Final = 3.0
"""Times the usual distance of two points beyond which a line is broken."""

_MOST_MARKS = 20
_FEW = 4  # points below which there is no usual distance
_DRAWN = 5  # significant digits of a value that a script draws
_WIDTH, _LEFT, _RIGHT, _TOP, _PANEL, _FOOT = 720, 64, 712, 6, 84, 40

Point = tuple[float, float]


class Track(NamedTuple):
    """One quantity over time.

    Attributes:
        name: What it is called; record text.
        points: (seconds since the start, value) in order of time; values may be NaN or infinite.
        unit: Its unit, None = none.
        direction: ``maximize``, ``minimize`` or None.
        sampled: Whether it was read at regular times, so that a long silence is a gap.
    """

    name: str
    points: Sequence[Point]
    unit: str | None = None
    direction: str | None = None
    sampled: bool = False


class Span(NamedTuple):
    """A stretch of time in which something was the case.

    Attributes:
        start: Its beginning, in seconds since the start.
        end: Its end.
        what: What was the case.
    """

    start: float
    end: float
    what: str


class Mark(NamedTuple):
    """A moment at which something happened.

    Attributes:
        time: When, in seconds since the start.
        what: What; record text.
    """

    time: float
    what: str


class _Panel(NamedTuple):
    """A track as it is drawn."""

    track: Track
    title: str
    points: list[Point]
    up: Range


def timeline(
    tracks: Sequence[Track],
    spans: Sequence[Span] = (),
    marks: Sequence[Mark] = (),
    sentence: str = "",
    name: str = "timeline",
) -> Figure:
    """Return the figure of up to `MOST_TRACKS` tracks.

    Args:
        tracks: At least one, from the top to the bottom; each has a point.
        spans: Stretches of time that are shaded in all panels.
        marks: Moments that are marked in all panels, the first twenty of them.
        sentence: What is to be said before the figure's own words.
        name: Id of the figure in its page.

    Raises:
        ValueError: There are more tracks than looks, or none.
    """
    if not 0 < len(tracks) <= MOST_TRACKS:
        raise ValueError(f"a timeline holds 1 to {MOST_TRACKS} tracks, not {len(tracks)}")
    marks = [mark for mark in marks if math.isfinite(mark.time)][:_MOST_MARKS]
    panels = [_panel(track) for track in tracks]
    across = _across(panels, spans, marks)
    scale, unit = _unit(across.high - across.low)
    title = f"{listed([printable(track.name) for track in tracks])} over time"
    return Figure(
        name=name,
        kind="timeline",
        title=title,
        sentence=" ".join(filter(None, [sentence, *map(_said, panels), _marked(marks)])),
        drawing=Markup(_draw(panels, spans, marks, across, (scale, unit), title)),
        payload=for_script(_payload(panels, spans, marks, across, (scale, unit))),
        csv=as_csv(
            ("what", "time_s", "value"),
            ((track.name, at, value) for track in tracks for at, value in track.points),
        ),
    )


def _panel(track: Track) -> _Panel:
    whole = list(track.points)
    finite = [value for _, value in whole if math.isfinite(value)]
    unit = f" ({printable(track.unit)})" if track.unit else ""
    way = f", {better(track.direction)} {arrow(track.direction)}" if track.direction else ""
    points = with_gaps(whole) if track.sampled else whole
    return _Panel(
        track, f"{printable(track.name)}{unit}{way}", thinned(points, MOST_POINTS), shown(finite, 0)
    )


def with_gaps(points: Sequence[Point]) -> list[Point]:
    """Return points with a NaN in each silence longer than `GAP` times the usual distance.

    Args:
        points: (time, value) in order of time.
    """
    if len(points) < _FEW:
        return list(points)
    steps = [after[0] - before[0] for before, after in itertools.pairwise(points)]
    usual = statistics.median(steps)
    found = [points[0]]
    for step, point in zip(steps, points[1:], strict=True):
        if usual > 0 and step > GAP * usual:
            found.append((point[0] - step / 2, math.nan))
        found.append(point)
    return found


def _across(panels: Sequence[_Panel], spans: Sequence[Span], marks: Sequence[Mark]) -> Range:
    times = [at for panel in panels for at, _ in panel.points]
    times += [at for span in spans for at in (span.start, span.end)]
    times += [mark.time for mark in marks]
    low, high = min(0.0, *times), max(times)
    return Range(low, high) if high > low else Range(low, low + 1)


def _unit(length: float) -> tuple[float, str]:
    """Return by what seconds are divided, and what they are then."""
    for seconds, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if length >= 3 * seconds:
            return float(seconds), unit
    return 1.0, "s"


def _said(panel: _Panel) -> str:
    values = [value for _, value in panel.track.points if math.isfinite(value)]
    what = printable(panel.track.name)
    unit = f" {printable(panel.track.unit)}" if panel.track.unit else ""
    if not values:
        return f"{what} has no finite value."
    told = f"{what}: {number(min(values))} to {number(max(values))}{unit}"
    gaps = len(with_gaps(panel.track.points)) - len(panel.track.points)
    if panel.track.sampled and gaps:
        told += f", with {counted(gaps, 'gap')}"
    odd = len(panel.track.points) - len(values)
    if odd:
        told += f", {counted(odd, 'value')} not finite"
    return f"{told}."


def _marked(marks: Sequence[Mark]) -> str:
    if not marks:
        return ""
    told = [f"{printable(mark.what)} ({duration(mark.time)} after the start)" for mark in marks]
    return f"Dashed lines: {listed(told)}."


# --- what a script draws ----------------------------------------------------------------------


def _payload(
    panels: Sequence[_Panel],
    spans: Sequence[Span],
    marks: Sequence[Mark],
    across: Range,
    time: tuple[float, str],
) -> dict[str, object]:
    scale, unit = time
    count = len(panels)
    bases = [(count - 1 - at) * BAND for at in range(count)]
    marked = [tick for panel, base in zip(panels, bases, strict=True)
              for tick in _ticks(panel.up, base)]  # fmt: skip
    names = [panel.track.name for panel in panels]
    rows: list[list[float | None]] = []
    for look, panel in enumerate(panels, start=1):
        rows += [[look, _round(at / scale), *rest] for at, rest in _rows(panel.points)]
    for look, panel in enumerate(panels, start=count + 1):
        names.append(panel.title)
        rows.append([look, 0, 0, TITLE])
    for span in spans:
        names.append(span.what)
        rows.append([len(names), _round(span.start / scale), _round(span.end / scale), SPAN])
    for mark in marks:
        names.append(mark.what)
        rows.append([len(names), _round(mark.time / scale), 0, MARK])
    return {
        "texts": {
            "x": f"time since start ({unit})",
            "height": 84 * count,
            # twice: the rows with the names of panels come after those of the panels
            "bases": bases * 2,
            "lows": [panel.up.low for panel in panels],
            "highs": [panel.up.high for panel in panels],
            "ticks": [tick for tick, _ in marked],
            "labels": {str(tick): label for tick, label in marked},
        },
        "range": [0, BAND * count],
        "ends": [across.low / scale, across.high / scale],
        "names": [printable(name) for name in names],
        "points": rows,
    }


def _ticks(up: Range, base: int) -> list[tuple[int, str]]:
    marks = ticks(up, 3)
    return [
        (round(base + up.at(value, FOOT, FOOT + REACH)), label)
        for value, label in zip(marks, labels(marks), strict=True)
    ]


def _rows(points: Sequence[Point]) -> Iterator[tuple[float, tuple[float | None, int]]]:
    """Yield time, and value with kind; a point that no line reaches is drawn as a dot."""
    for at, (when, value) in enumerate(points):
        around = [points[near][1] for near in (at - 1, at + 1) if 0 <= near < len(points)]
        alone = math.isfinite(value) and not any(map(math.isfinite, around))
        drawn = float(f"{value:.{_DRAWN}g}") if math.isfinite(value) else None
        yield when, (drawn, ALONE if alone else POINT)


def _round(value: float) -> float:
    return float(f"{value:.{_DRAWN}g}")


# --- the drawing ------------------------------------------------------------------------------


def _draw(
    panels: Sequence[_Panel],
    spans: Sequence[Span],
    marks: Sequence[Mark],
    across: Range,
    time: tuple[float, str],
    title: str,
) -> str:
    bottom = _TOP + _PANEL * len(panels)
    moments = "".join(
        f"M{place(across.at(mark.time, _LEFT, _RIGHT))},{_TOP}V{bottom}" for mark in marks
    )
    return tag(
        "svg",
        *(_shade(span, across, bottom) for span in spans),
        *(_one(panel, at, across) for at, panel in enumerate(panels)),
        tag("path", d=moments, class_="lr-moment") if moments else "",
        _below(across, bottom, *time),
        viewBox=f"0 0 {_WIDTH} {bottom + _FOOT}",
        class_="lr-drawing lr-wide",
        role="img",
        aria_label=title,
    )


def _shade(span: Span, across: Range, bottom: int) -> str:
    start, end = (across.at(at, _LEFT, _RIGHT) for at in (span.start, span.end))
    return tag(
        "rect", x=start, y=_TOP, width=max(1.0, end - start), height=bottom - _TOP, class_="lr-span"
    )


def _one(panel: _Panel, at: int, across: Range) -> str:
    top = _TOP + _PANEL * at
    # as in the other drawing: foot, reach and room for the name, in shares of the panel
    low = top + _PANEL * (1 - FOOT / BAND)
    high = low - _PANEL * REACH / BAND
    marks = ticks(panel.up, 3)
    heights = [panel.up.at(value, low, high) for value in marks]
    grid = "".join(f"M{_LEFT},{place(y)}H{_RIGHT}" for y in heights)
    told = [
        tag("text", text(label), x=_LEFT - 8, y=y + 4)
        for y, label in zip(heights, labels(marks), strict=True)
    ]
    return tag(
        "g",
        tag("path", d=grid, class_="lr-grid"),
        tag("g", *told, class_="lr-end", aria_hidden="true"),
        tag("text", text(panel.title), x=_LEFT, y=top + 12, class_="lr-axis-title"),
        *_lines(panel, across, (low, high)),
        class_=f"lr-look-{at + 1}",
    )


def _lines(panel: _Panel, across: Range, ends: tuple[float, float]) -> Iterator[str]:
    run: list[tuple[float, float]] = []
    for when, value in [*panel.points, (0.0, math.nan)]:
        if math.isfinite(value):
            run.append((across.at(when, _LEFT, _RIGHT), panel.up.at(value, *ends)))
            continue
        if len(run) == 1:
            yield tag("circle", cx=run[0][0], cy=run[0][1], r=2.5, class_="lr-dot")
        elif run:
            yield tag("path", d=polyline(run), class_="lr-line")
        run = []


def _below(across: Range, bottom: int, scale: float, unit: str) -> str:
    span = Range(across.low / scale, across.high / scale)
    marks = ticks(span, 6)
    places = [span.at(value, _LEFT, _RIGHT) for value in marks]
    line = f"M{_LEFT},{bottom}H{_RIGHT}" + "".join(f"M{place(x)},{bottom}v4" for x in places)
    told = [
        tag("text", text(label), x=x, y=bottom + 16)
        for x, label in zip(places, labels(marks), strict=True)
    ]
    name = f"time since start ({unit})"
    return tag(
        "g",
        tag("path", d=line, class_="lr-axis", aria_hidden="true"),
        tag("g", *told, class_="lr-middle", aria_hidden="true"),
        tag("text", name, x=_RIGHT, y=bottom + 33, class_="lr-axis-title lr-end"),
    )
