"""Curves: metrics of a run over its steps."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.record.text import printable
from labrec.record.wording import arrow, better, counted, listed, number
from labrec.site.charts.axis import Range, labels, shown, ticks, whole_ticks
from labrec.site.charts.drawing import Markup, place, polyline, tag, text
from labrec.site.charts.figure import Figure, as_csv, for_script

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

MOST_POINTS: Final = 240
"""Points of a curve that are drawn; a longer one is thinned to the extremes of each stretch."""

MOST_CURVES: Final = 6
"""Curves of one figure: as many looks as can be told apart."""

_SHORT = 5  # points of a curve that says its steps one by one
_PLAIN = 2  # numbers of a point that a line reaches
_DRAWN = 6  # significant digits of a value that a script draws
_DWARFED = 0.02  # share of the range that the rest must fill not to be dwarfed
_WIDTH, _HEIGHT = 440, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 428, 28, 202

Point = tuple[float, float]


class Curve(NamedTuple):
    """One metric of a run.

    Attributes:
        metric: Its name.
        points: (step, value) in order of steps; values may be NaN or infinite.
        unit: Its unit, None = none.
        direction: ``maximize``, ``minimize`` or None.
    """

    metric: str
    points: Sequence[Point]
    unit: str | None = None
    direction: str | None = None


def panels(curves: Iterable[Curve], prefix: str = "curve") -> list[Figure]:
    """Return the figures of a run: metrics of one quantity share one.

    Metrics are one quantity when they have the same unit and direction and the same last word of
    their path: ``train/loss`` and ``val/loss`` are, ``loss`` and ``accuracy`` are not.

    Args:
        curves: The run's metrics, by name.
        prefix: How the ids of the figures begin.
    """
    groups: dict[tuple[object, ...], list[Curve]] = {}
    for curve in curves:
        quantity = curve.metric.rsplit("/", 1)[-1]
        groups.setdefault((quantity, curve.unit, curve.direction), []).append(curve)
    parts = [
        group[start : start + MOST_CURVES]
        for group in groups.values()
        for start in range(0, len(group), MOST_CURVES)
    ]
    return [lines(part, f"{prefix}-{index}") for index, part in enumerate(parts, start=1)]


def lines(curves: Sequence[Curve], name: str) -> Figure:
    """Return the figure of up to `MOST_CURVES` curves of one quantity.

    Args:
        curves: At least one; unit and direction are the first one's.
        name: Id of the figure in its page.

    Raises:
        ValueError: There are more curves than looks.
    """
    if not 0 < len(curves) <= MOST_CURVES:
        raise ValueError(f"a figure holds 1 to {MOST_CURVES} curves, not {len(curves)}")
    curves = [
        curve._replace(metric=printable(curve.metric), unit=printable(curve.unit or ""))
        for curve in curves
    ]
    thin = [thinned(curve.points) for curve in curves]
    title = listed([curve.metric for curve in curves])
    up = span_of(curves)
    sentence = " ".join(_said(curve, len(part)) for curve, part in zip(curves, thin, strict=True))
    beyond = sum(
        math.isfinite(value) and not up.holds(value)
        for curve in curves
        for _, value in curve.points
    )
    if beyond:
        sentence += f" {counted(beyond, 'value lies', 'values lie')} beyond the drawn range."
    data = {
        "texts": {"x": "step", "y": _axis_title(curves[0])},
        "range": [up.low, up.high],
        "ends": list(across(thin)),
        "names": [curve.metric for curve in curves],
        **_points(thin),
    }
    return Figure(
        name=name,
        kind="lines",
        title=title,
        sentence=sentence,
        drawing=Markup(_draw(curves, thin, up, title)),
        payload=for_script(data),
        csv=as_csv(
            ("metric", "step", "value"),
            ((curve.metric, step, value) for curve in curves for step, value in curve.points),
        ),
        keys=tuple((index + 1, curve.metric) for index, curve in enumerate(curves))
        if len(curves) > 1
        else (),
    )


def _points(curves: Sequence[Sequence[Point]]) -> dict[str, list[Any]]:
    """Return the points; those of a curve with steps at equal distances without their steps.

    A page of ten thousand holds them: a step takes as much room as a value.
    """
    rows: list[Any] = []
    even: list[Any] = []
    for look, part in enumerate(curves, start=1):
        found = list(_rows(part))
        steps = {after[0] - before[0] for before, after in itertools.pairwise(found)}
        is_long = len(found) > _SHORT
        if is_long and len(steps) == 1 and not any(len(point) > _PLAIN for point in found):
            even.append([look, found[0][0], steps.pop(), [value for _, value in found]])
        else:
            rows += [[look, *point] for point in found]
    return {"points": rows, "even": even} if even else {"points": rows}


def _rows(points: Sequence[Point]) -> Iterator[tuple[float, ...]]:
    """Yield the points; one that no line reaches is followed by a 1, and drawn as a dot."""
    for at, (step, value) in enumerate(points):
        around = [points[near][1] for near in (at - 1, at + 1) if 0 <= near < len(points)]
        alone = math.isfinite(value) and not any(map(math.isfinite, around))
        drawn = float(f"{value:.{_DRAWN}g}")  # the CSV is exact
        yield (step, drawn, 1) if alone else (step, drawn)


def thinned(points: Sequence[Point], most: int = MOST_POINTS) -> list[Point]:
    """Return at most so many points that still show every peak, gap and end of a curve.

    The curve is cut into equal stretches of points; of each its smallest and its largest value stay
    and, where a stretch holds a value that is not finite, one of these.

    Args:
        points: In order of steps.
        most: At least 6.
    """
    if len(points) <= most:
        return list(points)
    each = 2 if all(math.isfinite(value) for _, value in points) else 3
    stretches = (most - 2) // each
    kept = {0, len(points) - 1}
    for index in range(stretches):
        span = range(index * len(points) // stretches, (index + 1) * len(points) // stretches)
        good = [at for at in span if math.isfinite(points[at][1])]
        if good:
            kept |= {
                min(good, key=lambda at: points[at][1]),
                max(good, key=lambda at: points[at][1]),
            }
        if len(good) < len(span):
            kept.add(next(at for at in span if not math.isfinite(points[at][1])))
    return [points[at] for at in sorted(kept)]


def span_of(curves: Sequence[Curve]) -> Range:
    """Return what the upright axis shows: all of it, but for a value that dwarfs the others."""
    finite = [value for curve in curves for _, value in curve.points if math.isfinite(value)]
    return shown(finite, _DWARFED)


def _axis_title(curve: Curve) -> str:
    unit = f" ({curve.unit})" if curve.unit else ""
    way = f", {better(curve.direction)} {arrow(curve.direction)}" if curve.direction else ""
    return f"{curve.metric.rsplit('/', 1)[-1]}{unit}{way}"


def _said(curve: Curve, drawn: int) -> str:
    values = [value for _, value in curve.points if math.isfinite(value)]
    odd = len(curve.points) - len(values)
    if not values:
        return f"{curve.metric} has {counted(len(curve.points), 'point')}, none of them finite."
    unit = f" {curve.unit}" if curve.unit else ""
    if len(curve.points) == 1:
        return f"{curve.metric}: {number(values[0])}{unit} at step {number(curve.points[0][0])}."
    told = (
        f"{curve.metric} goes from {number(values[0])} to {number(values[-1])}{unit} over "
        f"{counted(len(curve.points), 'point')}, between {number(min(values))} and "
        f"{number(max(values))}."
    )
    if odd:
        told += f" {counted(odd, 'value is', 'values are')} NaN or infinite and left out."
    if drawn < len(curve.points):
        told += f" {drawn} of the points are drawn."
    return told


# --- the drawing ------------------------------------------------------------------------------


def _draw(curves: Sequence[Curve], thin: list[list[Point]], up: Range, title: str) -> str:
    level = across(thin)
    marks = [_curve(part, level, up, look) for look, part in enumerate(thin, start=1)]
    return tag(
        "svg",
        tag("text", text(_axis_title(curves[0])), x=0, y=13, class_="lr-axis-title"),
        frame(up, _TOP, _BOTTOM, _LEFT, _RIGHT),
        below(level, (_LEFT, _RIGHT), _BOTTOM),
        tag("text", "step", x=_RIGHT, y=_HEIGHT - 4, class_="lr-axis-title lr-end"),
        *marks,
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        class_="lr-drawing",
        role="img",
        aria_label=title,
    )


def across(curves: Sequence[Sequence[Point]]) -> Range:
    """Return what the level axis shows: every step, with room around a lone one."""
    steps = [float(step) for points in curves for step, _ in points]
    low, high = (min(steps), max(steps)) if steps else (0.0, 1.0)
    return Range(low, high) if high > low else Range(low - 1, low + 1)


def frame(up: Range, top: float, bottom: float, left: float, right: float) -> str:
    """Return the lines and labels of an upright axis."""
    marks = ticks(up)
    heights = [up.at(value, bottom, top) for value in marks]
    grid = "".join([f"M{left:g},{place(y)}H{right:g}" for y in heights])
    texts = [
        tag("text", text(label), x=left - 8, y=y + 4)
        for y, label in zip(heights, labels(marks), strict=True)
    ]
    return tag(
        "g",
        tag("path", d=grid, class_="lr-grid"),
        tag("g", *texts, class_="lr-end"),
        aria_hidden="true",
    )


def below(
    level: Range,
    ends: tuple[float, float],
    bottom: float,
    marked: Callable[[Range], list[float]] = whole_ticks,
) -> str:
    """Return the line and labels of a level axis, of whole numbers where nothing else is said."""
    marks = marked(level)
    places = [level.at(value, *ends) for value in marks]
    line = f"M{ends[0]:g},{bottom:g}H{ends[1]:g}"
    line += "".join([f"M{place(x)},{bottom:g}v4" for x in places])
    texts = [
        tag("text", text(label), x=x, y=bottom + 17)
        for x, label in zip(places, labels(marks), strict=True)
    ]
    return tag(
        "g",
        tag("path", d=line, class_="lr-axis"),
        tag("g", *texts, class_="lr-middle"),
        aria_hidden="true",
    )


def _curve(points: list[Point], level: Range, up: Range, look: int) -> str:
    parts: list[str] = []
    run: list[tuple[float, float]] = []
    for step, value in [*points, (0.0, math.nan)]:
        if math.isfinite(value):
            run.append((level.at(step, _LEFT, _RIGHT), up.at(value, _BOTTOM, _TOP)))
            continue
        if len(run) == 1:
            parts.append(tag("circle", cx=run[0][0], cy=run[0][1], r=3, class_="lr-dot"))
        elif run:
            parts.append(tag("path", d=polyline(run), class_="lr-line"))
        run = []
    return tag("g", *parts, class_=f"lr-look-{look}") if parts else ""
