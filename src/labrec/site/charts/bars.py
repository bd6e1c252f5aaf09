"""Bars: effects with their intervals, and contributions that add up, one row each. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.record.text import printable
from labrec.site import urls
from labrec.site.charts.axis import Range, labels, shown, ticks
from labrec.site.charts.drawing import Markup, place, tag, text
from labrec.site.charts.figure import Figure, for_script

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_BARS: Final = 40
"""Rows of one figure; the listing beside it has all."""

SILENT, BETTER, WORSE, OPEN, TOTAL, LEVEL = range(6)
"""Looks of a row: no value, two that say which way, one that leaves it open, a sum; a level."""

_LOOKS: Final = {BETTER: "lr-better", WORSE: "lr-worse", OPEN: "lr-open", TOTAL: "lr-total"}
_SIGNS: Final = {BETTER: "▲ ", WORSE: "▼ ", OPEN: "~ ", TOTAL: "", SILENT: ""}
_WIDTH, _LEFT, _RIGHT, _TOP = 560, 8, 552, 8
_ROW, _BAR = 40, 11  # height of a row, and of the bar below its words
_WORDS, _MIDDLE = 13, 25  # from the top of a row: the line of its words, the middle of its bar
_BELOW = 44  # of a script's drawing: its axis
_LONGEST = 74  # characters of a row's words; a script cuts them at the width of the page


class Bar(NamedTuple):
    """One row.

    Attributes:
        name: What it is of; record text is allowed.
        said: Its value in words.
        start: Where the bar begins.
        end: Where it ends; None = there is no value.
        low: Lower end of its interval; None = no interval.
        high: Upper end.
        look: One of the looks of this module.
        href: Where it leads: an address of `labrec.site.urls`, from the page; empty = nowhere.
    """

    name: str
    said: str
    start: float
    end: float | None
    low: float | None = None
    high: float | None = None
    look: int = OPEN
    href: str = ""


class Held(NamedTuple):
    """A value that bars are held against: an upright line.

    Attributes:
        value: Where it stands.
        name: What it is.
    """

    value: float
    name: str


class About(NamedTuple):
    """What a figure of bars is about.

    Attributes:
        title: Its title; record text is allowed.
        axis: What the level axis shows, with its unit.
        sentence: What it shows, in words.
        levels: Values that bars are held against.
    """

    title: str
    axis: str
    sentence: str
    levels: tuple[Held, ...] = ()


def bars(rows: Sequence[Bar], about: About, name: str, csv: bytes) -> Figure:
    """Return a figure of rows, each a bar with its interval, under its words.

    Args:
        rows: In the order in which they are shown, the first `MOST_BARS` of them.
        about: What they are about.
        name: Id of the figure in its page.
        csv: Its data.

    Raises:
        UnsafeError: A row leads where no page of the site is.
    """
    rows = [row._replace(name=printable(row.name), said=printable(row.said)) for row in rows]
    for row in rows:
        if row.href:
            urls.check(row.href.lstrip("./"))
    drawn = rows[:MOST_BARS]
    sentence = about.sentence
    if len(rows) > len(drawn):
        sentence += f" The first {len(drawn)} of {len(rows):,} are drawn."
    across = _span(drawn, about.levels)
    return Figure(
        name=name,
        kind="bars",
        title=about.title,
        sentence=sentence,
        drawing=Markup(_draw(drawn, about, across)),
        payload=for_script(_payload(drawn, about, across)),
        csv=csv,
        keys=(),
    )


def _span(rows: Sequence[Bar], levels: Sequence[Held]) -> Range:
    """Return what the level axis shows: 0, every bar and level, and the intervals."""
    values = [0.0, *(level.value for level in levels)]
    bars_ = [value for row in rows if row.end is not None for value in (row.start, row.end)]
    ends = [end for row in rows for end in (row.low, row.high) if end is not None]
    kept = [value for value in (*values, *bars_) if math.isfinite(value)]
    wide = shown([*kept, *(end for end in ends if math.isfinite(end))])
    room = (max(kept) - min(kept)) * 0.06 or 0.5
    return Range(min(wide.low, min(kept) - room), max(wide.high, max(kept) + room))


def _payload(rows: Sequence[Bar], about: About, across: Range) -> dict[str, Any]:
    found: list[list[Any]] = []
    for at, row in enumerate(rows):
        start, end, low, high = (
            None if value is None or math.isnan(value) else across.clip(value)
            for value in (row.start, row.end, row.low, row.high)
        )
        look = SILENT if end is None else row.look
        found.append([at, row.name, row.said, start, end, low, high, look, row.href, _words(row)])
    for level in about.levels:
        at_ = across.clip(level.value)
        found.append([None, printable(level.name), "", at_, None, None, None, LEVEL])
    return {
        "texts": {"x": printable(about.axis)},
        "range": [0, 1],
        "ends": list(across),
        "height": _ROW * len(rows) + _BELOW,
        "points": found,
    }


def _words(row: Bar) -> str:
    look = SILENT if row.end is None else row.look
    return f"{_SIGNS[look]}{row.name}: {row.said}"


# --- the drawing ------------------------------------------------------------------------------


def _draw(rows: Sequence[Bar], about: About, across: Range) -> str:
    bottom = _TOP + _ROW * len(rows)
    zero = place(across.at(0.0, _LEFT, _RIGHT))
    lines = [tag("path", d=f"M{zero},{_TOP}V{bottom}", class_="lr-zero")]
    for level in about.levels:
        x = place(across.at(level.value, _LEFT, _RIGHT))
        lines.append(
            tag("path", tag("title", text(level.name)), d=f"M{x},{_TOP}V{bottom}", class_="lr-held")
        )
    return tag(
        "svg",
        _axis(across, bottom),
        *lines,
        *(_row(row, _TOP + _ROW * at, across) for at, row in enumerate(rows)),
        tag("text", text(about.axis), x=_RIGHT, y=bottom + 36, class_="lr-axis-title lr-end"),
        viewBox=f"0 0 {_WIDTH} {bottom + 42}",
        class_="lr-drawing",
        role="group",
        aria_label=f"{about.title}. {about.sentence}",
    )


def _axis(across: Range, bottom: float) -> str:
    marks = ticks(across)
    places = [across.at(value, _LEFT, _RIGHT) for value in marks]
    grid = "".join(f"M{place(x)},{_TOP}V{place(bottom)}" for x in places)
    texts = [
        tag("text", text(label), x=min(max(x, _LEFT + 8), _RIGHT - 8), y=bottom + 18)
        for x, label in zip(places, labels(marks), strict=True)
    ]
    return tag(
        "g",
        tag("path", d=grid, class_="lr-grid"),
        tag("g", *texts, class_="lr-middle"),
        aria_hidden="true",
    )


def _row(row: Bar, top: float, across: Range) -> str:
    words = _words(row)
    shown_ = words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"
    parts = [
        tag("title", text(words)),
        tag("text", text(shown_), x=_LEFT, y=top + _WORDS, class_="lr-row"),
    ]
    if row.end is not None and not math.isnan(row.end):
        start, end = (across.at(value, _LEFT, _RIGHT) for value in (row.start, row.end))
        parts.append(
            tag("rect", x=min(start, end), y=top + _MIDDLE - _BAR / 2,
                width=max(abs(end - start), 1.0), height=_BAR,
                class_=_LOOKS.get(row.look, "lr-open"))
        )  # fmt: skip
    if row.low is not None and row.high is not None:
        low, high = (place(across.at(value, _LEFT, _RIGHT)) for value in (row.low, row.high))
        y = place(top + _MIDDLE)
        cap = place(top + _MIDDLE - 4)
        d = f"M{low},{y}H{high}M{low},{cap}v8M{high},{cap}v8"
        parts.append(tag("path", d=d, class_="lr-whisker"))
    if row.href:
        return tag("a", *parts, href=row.href, aria_label=words)
    return tag("g", *parts)
