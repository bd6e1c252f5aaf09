"""Front: two metrics of every experiment, and those that no other one beats on both."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.record.text import printable
from labrec.record.wording import arrow, better
from labrec.site import urls
from labrec.site.charts.axis import Range, shown, ticks
from labrec.site.charts.curves import below, frame
from labrec.site.charts.drawing import Markup, place, polyline, tag, text
from labrec.site.charts.figure import Figure, as_csv, for_script

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

ON_FRONT, FRONT, OPEN, BEATEN = 1, 2, 3, 4
"""Looks: surely on the front, on it by its means, perhaps on it, beaten."""

MOST_BEATEN: Final = 2000
"""Beaten experiments that are drawn; the CSV has all."""

_WIDTH, _HEIGHT = 860, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 846, 30, 340
_CROWD = 300  # beaten experiments that are marks of their own
_DWARFED = 0.05  # share of the range that the rest must fill not to be dwarfed
_ROOM = 0.05  # share of the range that stays free around all marks

Interval = tuple[float | None, float | None]


class Spot(NamedTuple):
    """An experiment.

    Attributes:
        name: What it is called.
        x: Mean of the first metric.
        y: Mean of the second one.
        look: `ON_FRONT`, `FRONT`, `OPEN` or `BEATEN`.
        x_ends: Interval of the first mean.
        y_ends: Interval of the second one.
        told: Both in words.
        note: Its verdict.
        href: Where it leads, relative to the page.
    """

    name: str
    x: float
    y: float
    look: int
    x_ends: Interval = (None, None)
    y_ends: Interval = (None, None)
    told: str = ""
    note: str = ""
    href: str = ""


class Metric(NamedTuple):
    """What an axis shows.

    Attributes:
        name: The metric.
        unit: Its unit, None = none.
        direction: ``maximize`` or ``minimize``.
    """

    name: str
    unit: str | None
    direction: str | None

    @property
    def title(self) -> str:
        """The title of its axis, with unit and direction."""
        unit = f" ({self.unit})" if self.unit else ""
        way = better(self.direction)
        return printable(f"{self.name}{unit}") + (f", {way} {arrow(self.direction)}" if way else "")


def front(
    spots: Sequence[Spot], metrics: tuple[Metric, Metric], words: tuple[str, str], *, step: bool
) -> Figure:
    """Return the figure of two metrics against one another.

    Args:
        spots: The experiments.
        metrics: That of the level axis, that of the upright one.
        words: Id of the figure in its page, and its sentence.
        step: Whether the front of these two metrics is drawn as a line of steps: not where further
            metrics have a say.
    """
    spots = [
        one._replace(
            name=printable(one.name) or "(no name)",
            told=printable(one.told),
            note=printable(one.note),
        )
        for one in spots
    ]
    beaten = [one for one in spots if one.look == BEATEN][:MOST_BEATEN]
    drawn = beaten + [one for one in spots if one.look != BEATEN]
    ends = _span(drawn, 0), _span(drawn, 1)
    line = steps(drawn, metrics) if step else []
    name, sentence = words
    title = f"{metrics[1].name} against {metrics[0].name}"
    return Figure(
        name=name,
        kind="front",
        title=title,
        sentence=sentence,
        drawing=Markup(_draw(drawn, line, (metrics, ends), f"{title}. {sentence}")),
        payload=for_script(_payload(drawn, line, (metrics, ends))),
        csv=as_csv(
            ("experiment", "x", "x_low", "x_high", "y", "y_low", "y_high", "verdict"),
            ((one.name, one.x, *one.x_ends, one.y, *one.y_ends, one.note) for one in spots),
        ),
    )


def steps(spots: Iterable[Spot], metrics: tuple[Metric, Metric]) -> list[tuple[float, float]]:
    """Return the corners of the line that parts what was reached from what was not.

    Args:
        spots: The experiments; those on the front by their means make the line.
        metrics: Which way is better: the line turns towards what is worse.
    """
    found = sorted({(one.x, one.y) for one in spots if one.look in {ON_FRONT, FRONT}})
    corners: list[tuple[float, float]] = []
    for x, y in found:
        if corners:
            before = corners[-1]
            turn = (x, before[1]) if metrics[0].direction == "minimize" else (before[0], y)
            corners.append(turn)
        corners.append((x, y))
    return corners


def _span(spots: Sequence[Spot], axis: int) -> Range:
    most: list[float] = []
    for one in spots:
        ends = (one.x, *one.x_ends) if axis == 0 else (one.y, *one.y_ends)
        most += [v for v in ends if v is not None and math.isfinite(v)]
    front_ = [
        (one.x, one.y)[axis] for one in spots if one.look != BEATEN
    ]  # the front is never outside
    inner, must = shown(most, _DWARFED), shown(front_ or most[:1], 0)
    low, high = min(inner.low, must.low), max(inner.high, must.high)
    return Range(low - (high - low) * _ROOM / 2, high + (high - low) * _ROOM / 2)


def _payload(
    spots: Sequence[Spot],
    line: Sequence[tuple[float, float]],
    where: tuple[tuple[Metric, Metric], tuple[Range, Range]],
) -> dict[str, Any]:
    (level, upright), (across, up) = where
    corners = [[None, x, None, None, y, None, None, 0, "", "", at, ""]
               for at, (x, y) in enumerate(line)]  # fmt: skip
    return {
        "texts": {"x": level.title, "y": upright.title},
        "range": [up.low, up.high],
        "ends": [across.low, across.high],
        "points": corners + [
            [
                one.name, across.clip(one.x), *(_clip(across, v) for v in one.x_ends),
                up.clip(one.y), *(_clip(up, v) for v in one.y_ends), one.look, one.told, one.note,
                None, one.href,
            ]
            for one in spots
        ],
    }  # fmt: skip


def _clip(span: Range, value: float | None) -> float | None:
    return None if value is None else span.clip(value)


# --- the drawing ------------------------------------------------------------------------------


def _draw(
    spots: Sequence[Spot],
    line: Sequence[tuple[float, float]],
    where: tuple[tuple[Metric, Metric], tuple[Range, Range]],
    told: str,
) -> str:
    (level, upright), (across, up) = where
    corners = [(across.at(x, _LEFT, _RIGHT), up.at(y, _BOTTOM, _TOP)) for x, y in line]
    return tag(
        "svg",
        tag("text", text(upright.title), x=0, y=14, class_="lr-axis-title"),
        frame(up, _TOP, _BOTTOM, _LEFT, _RIGHT),
        below(across, (_LEFT, _RIGHT), _BOTTOM, ticks),
        tag("text", text(level.title), x=_RIGHT, y=_HEIGHT - 6, class_="lr-axis-title lr-end"),
        tag("path", d=polyline(corners), class_="lr-best") if len(corners) > 1 else "",
        *_spots(spots, across, up),
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        class_="lr-drawing lr-wide",
        role="group",
        aria_label=told,
    )


def _spots(spots: Sequence[Spot], across: Range, up: Range) -> Iterator[str]:
    """Yield the marks; beaten ones that are a crowd are one path, each where it would be alone."""
    beaten = [one for one in spots if one.look == BEATEN]
    if len(beaten) > _CROWD:
        at = [(across.at(one.x, _LEFT, _RIGHT), up.at(one.y, _BOTTOM, _TOP)) for one in beaten]
        data = "".join(f"M{place(x)},{place(y)}h0" for x, y in at)
        yield tag("path", d=data, class_="lr-dots lr-beaten")
        spots = [one for one in spots if one.look != BEATEN]
    yield from (_spot(one, across, up) for one in spots)


def _spot(one: Spot, across: Range, up: Range) -> str:
    x, y = across.at(one.x, _LEFT, _RIGHT), up.at(one.y, _BOTTOM, _TOP)
    said = f"{one.name}: {one.told}" + (f", {one.note}" if one.note else "")
    parts = [tag("title", text(said))]
    if one.look != BEATEN:
        if None not in one.x_ends:
            low, high = (across.at(float(v or 0), _LEFT, _RIGHT) for v in one.x_ends)
            parts.append(tag("line", x1=low, x2=high, y1=y, y2=y, class_="lr-interval"))
        if None not in one.y_ends:
            low, high = (up.at(float(v or 0), _BOTTOM, _TOP) for v in one.y_ends)
            parts.append(tag("line", x1=x, x2=x, y1=low, y2=high, class_="lr-interval"))
    parts.append(_mark(x, y, one.look))
    if one.href:
        return tag("a", *parts, href=urls.relative(one.href), aria_label=said)
    return tag("g", *parts)


def _mark(x: float, y: float, look: int) -> str:
    if look == ON_FRONT:
        d = f"M{place(x)},{place(y - 6.5)}l6.5,6.5l-6.5,6.5l-6.5,-6.5Z"
        return tag("path", d=d, class_="lr-new-best")
    if look == FRONT:
        return tag("circle", cx=x, cy=y, r=5, class_="lr-on-front")
    if look == OPEN:
        return tag("circle", cx=x, cy=y, r=4.5, class_="lr-maybe")
    return tag("circle", cx=x, cy=y, r=2.5, class_="lr-beaten")
