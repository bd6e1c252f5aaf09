"""Rungs: values one below the other, each with an interval and a band that it is held against.

Three kinds of figures share the drawing: ``forest``, differences around 0; ``ratios``, multiples
around 1 on a scale of ratios; ``boxes``, where values lie.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from labrec.record.text import printable
from labrec.record.wording import counted
from labrec.site import urls
from labrec.site.charts.axis import Range, labels, shown, ticks
from labrec.site.charts.drawing import Markup, place, tag, text
from labrec.site.charts.figure import Figure, as_csv, for_script

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_RUNGS: Final = 40
"""Rungs that one figure draws; its CSV has all."""

PLAIN, CLEAR, OPEN = 1, 2, 3
"""Looks of a value: told, told and more than chance, not told."""

ROW: Final = 40
"""Height of a rung: its name above, its value below."""

_WIDTH, _LEFT, _RIGHT, _TOP = 440, 8, 432, 24
_LONGEST = 60  # characters of a name in a drawing
_MARK = 29  # from the top of a rung to its value
_DWARFED = 0.02  # share of the range that the rest must fill not to be dwarfed
_FEW = 2  # ticks that say too little of a scale
_WIDE = 4.0  # factor between the ends of an axis from which on its ticks are 1, 2, 5, 10, …

Kind = Literal["forest", "ratios", "boxes"]


class Rung(NamedTuple):
    """One value.

    Attributes:
        name: What it is of; record text is allowed.
        value: The value; None = not known.
        low: Lower end of its interval; None = no interval.
        high: Upper end.
        band: Ends of what it is held against; None = nothing.
        told: The same in words, such as ``0.12 (0.05 to 0.19)``.
        look: `PLAIN`, `CLEAR` or `OPEN`.
        note: What else the pointer shows, such as a verdict.
        href: Where it leads, relative to the page; an address of `labrec.site.urls`.
    """

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    band: tuple[float, float] | None = None
    told: str = ""
    look: int = PLAIN
    note: str = ""
    href: str = ""


class Told(NamedTuple):
    """What a figure says in words.

    Attributes:
        name: Its id in the page.
        title: What it is about; record text is allowed.
        sentence: What it shows; record text is allowed.
        axis: What its axis shows, with unit and direction.
    """

    name: str
    title: str
    sentence: str
    axis: str


def rungs(kind: Kind, rows: Sequence[Rung], said: Told) -> Figure:
    """Return the figure of values one below the other.

    Args:
        kind: Which scale and marks it has.
        rows: From the top.
        said: Its words.
    """
    rows = [
        one._replace(
            name=printable(one.name) or "(no name)",
            told=printable(one.told),
            note=printable(one.note),
        )
        for one in rows
    ]
    drawn = rows[:MOST_RUNGS]
    across = span_of(kind, drawn)
    sentence = said.sentence
    if len(rows) > len(drawn):
        sentence += f" The first {len(drawn)} of {counted(len(rows), 'row')} are drawn."
    axis = printable(said.axis)
    return Figure(
        name=said.name,
        kind=kind,
        title=said.title,
        sentence=sentence,
        drawing=Markup(_draw(kind, drawn, across, (axis, f"{said.title}. {sentence}"))),
        payload=for_script(_payload(drawn, across, axis)),
        csv=as_csv(
            ("name", "value", "low", "high", "band_low", "band_high", "note"),
            (
                (one.name, one.value, one.low, one.high, *(one.band or (None, None)), one.note)
                for one in rows
            ),
        ),
    )


def _payload(rows: Sequence[Rung], across: Range, axis: str) -> dict[str, Any]:
    return {
        "texts": {"x": axis, "height": ROW * max(1, len(rows))},
        "range": [0, len(rows)],
        "ends": [across.low, across.high],
        "points": [
            [
                at, one.name, *(_within(across, v) for v in (one.value, one.low, one.high)),
                *(_within(across, v) for v in one.band or (None, None)), one.look, one.told,
                one.note, one.href,
            ]
            for at, one in enumerate(rows)
        ],
    }  # fmt: skip


def _within(across: Range, value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else across.clip(value)


def span_of(kind: Kind, rows: Sequence[Rung]) -> Range:
    """Return what the axis shows: every value, interval and band, and the value of no difference.

    Args:
        kind: On the scale of ratios only what is above 0 is shown.
        rows: What is drawn.
    """
    values = [v for one in rows for v in (one.value, one.low, one.high, *(one.band or ()))]
    found = [value for value in values if value is not None and math.isfinite(value)]
    if kind != "ratios":
        # a band is what differences are held against: it never stays outside
        return shown(found + [0.0] * (kind == "forest" or not found), _DWARFED * (kind == "boxes"))
    logged = [math.log(value) for value in [*found, 1.0] if value > 0]
    ends = shown(logged, _DWARFED)
    return Range(math.exp(ends.low), math.exp(ends.high))


# --- the drawing ------------------------------------------------------------------------------


def _draw(kind: Kind, rows: Sequence[Rung], across: Range, words: tuple[str, str]) -> str:
    axis, told = words
    bottom = _TOP + ROW * max(1, len(rows))
    parts = [
        _rung(kind, one, _TOP + ROW * at, across) for at, one in enumerate(rows)
    ]  # fmt: skip
    reference = {"forest": 0.0, "ratios": 1.0}.get(kind)
    line = ""
    if reference is not None and across.holds(reference):
        x = at_place(kind, across, reference)
        line = tag("line", x1=x, x2=x, y1=float(_TOP), y2=float(bottom), class_="lr-reference")
    return tag(
        "svg",
        tag("text", text(axis), x=0, y=13, class_="lr-axis-title"),
        "".join(_band(kind, one, _TOP + ROW * at, across) for at, one in enumerate(rows)),
        level_axis(kind, across, bottom),
        line,
        *parts,
        viewBox=f"0 0 {_WIDTH} {bottom + 26}",
        class_="lr-drawing",
        role="img" if not any(one.href for one in rows) else "group",
        aria_label=told,
    )


def at_place(kind: Kind, across: Range, value: float) -> float:
    """Return where a value stands on the level axis."""
    if kind != "ratios":
        return across.at(value, _LEFT, _RIGHT)
    logged = Range(math.log(across.low), math.log(across.high))
    return logged.at(math.log(across.clip(value)), _LEFT, _RIGHT)


def level_axis(kind: Kind, across: Range, bottom: float) -> str:
    """Return the line, ticks and labels of the level axis of a drawing of rungs."""
    marks = ratio_ticks(across) if kind == "ratios" else ticks(across, 4)
    places = [at_place(kind, across, value) for value in marks]
    line = f"M{_LEFT},{place(bottom)}H{_RIGHT}" + "".join(
        [f"M{place(x)},{place(bottom)}v4" for x in places]
    )
    texts = [
        tag("text", text(label), x=x, y=bottom + 17)
        for x, label in zip(places, labels(marks), strict=True)
        if _LEFT + 8 < x < _RIGHT - 8  # a label at the very end would be cut
    ]
    return tag(
        "g",
        tag("path", d=line, class_="lr-axis"),
        tag("g", *texts, class_="lr-middle"),
        aria_hidden="true",
    )


def ratio_ticks(across: Range) -> list[float]:
    """Return the ticks of a scale of ratios: 1, 2 and 5 times powers of ten, or round values.

    Args:
        across: Its ends, above 0.
    """
    if across.high / across.low < _WIDE:
        return ticks(across, 4)
    first, last = math.floor(math.log10(across.low)), math.ceil(math.log10(across.high))
    steps = (1, 2, 5) if last - first < 4 else (1,)  # noqa: PLR2004 - decades that stay readable
    found = [step * 10.0**power for power in range(first, last + 1) for step in steps]
    inside = [value for value in found if across.holds(value)]
    return inside if len(inside) > _FEW else ticks(across, 4)


def _band(kind: Kind, one: Rung, top: float, across: Range) -> str:
    if one.band is None:
        return ""
    low, high = (at_place(kind, across, end) for end in one.band)
    y, height = (top, float(ROW)) if kind != "boxes" else (top + _MARK - 7, 14.0)
    inside = tag(
        "rect", x=low, y=y, width=max(0.5, high - low), height=height,
        class_="lr-band" if kind != "boxes" else "lr-box-band",
    )  # fmt: skip
    if kind == "boxes":
        return inside
    ends = [
        f"M{place(x)},{place(y)}v{place(height)}"
        for x, end in ((low, one.band[0]), (high, one.band[1]))
        if across.holds(end)
    ]
    return inside + (tag("path", d="".join(ends), class_="lr-band-end") if ends else "")


def _rung(kind: Kind, one: Rung, top: float, across: Range) -> str:
    y = top + _MARK
    said = ": ".join(filter(None, (one.name, ", ".join(filter(None, (one.told, one.note))))))
    name = one.name if len(one.name) <= _LONGEST else one.name[: _LONGEST - 1] + "…"
    parts = [
        tag("title", text(said)),
        tag("text", text(name), x=float(_LEFT), y=top + 13, class_="lr-rung"),
    ]
    if one.low is not None and one.high is not None:
        low, high = (at_place(kind, across, end) for end in (one.low, one.high))
        parts.append(tag("line", x1=low, x2=high, y1=y, y2=y, class_="lr-interval"))
    if one.value is None or math.isnan(one.value):
        parts.append(tag("text", "no value", x=float(_LEFT), y=y + 4, class_="lr-none"))
    else:
        parts.append(_value(kind, at_place(kind, across, one.value), y, one.look))
    if one.href:
        return tag("a", *parts, href=urls.relative(one.href), aria_label=said)
    return tag("g", *parts)


def _value(kind: Kind, x: float, y: float, look: int) -> str:
    if kind == "boxes":
        d = f"M{place(x)},{place(y - 9)}v18"
        return tag("path", d=d, class_="lr-median")
    if look == CLEAR:
        d = f"M{place(x)},{place(y - 5.5)}l5.5,5.5l-5.5,5.5l-5.5,-5.5Z"
        return tag("path", d=d, class_="lr-new-best")
    return tag("circle", cx=x, cy=y, r=4, class_="lr-mean" if look == PLAIN else "lr-open")
