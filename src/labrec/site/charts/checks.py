"""Checks: which items of a list each of several things meets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.record.text import printable
from labrec.site import urls
from labrec.site.charts.drawing import Markup, place, tag, text
from labrec.site.charts.figure import Figure, as_csv, for_script

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labrec.site.charts.rungs import Told

MOST_ROWS: Final = 60
"""Things that one figure draws; its CSV has all."""

_WIDTH, _LEFT, _RIGHT, _TOP = 440, 8, 432, 24
_ROW, _MARK = 40, 27
_LONGEST = 60
_SIDE = 9.0  # half the side of a cell


class Checked(NamedTuple):
    """One thing.

    Attributes:
        name: What it is called; record text is allowed.
        met: Of each item whether it is met.
        href: Where it leads, relative to the page.
    """

    name: str
    met: tuple[bool, ...]
    href: str = ""


def checks(rows: Sequence[Checked], items: Sequence[str], said: Told) -> Figure:
    """Return the figure of a list.

    Args:
        rows: The things, from the top.
        items: What the items are called, in order.
        said: Its words.
    """
    rows = [one._replace(name=printable(one.name) or "(no name)") for one in rows]
    drawn, axis = rows[:MOST_ROWS], printable(said.axis)
    return Figure(
        name=said.name,
        kind="checks",
        title=said.title,
        sentence=said.sentence,
        drawing=Markup(_draw(drawn, items, (axis, f"{said.title}. {said.sentence}"))),
        payload=for_script(_payload(drawn, items, axis)),
        csv=as_csv(("name", *items), ((one.name, *map(int, one.met)) for one in rows)),
    )


def _payload(rows: Sequence[Checked], items: Sequence[str], axis: str) -> dict[str, Any]:
    return {
        "texts": {"x": axis, "height": _ROW * max(1, len(rows))},
        "range": [0, len(rows)],
        "ends": [0.5, len(items) + 0.5],
        "points": [
            [row, one.name, number, item, "met" if met else "not met", int(met), one.href]
            for row, one in enumerate(rows)
            for number, (item, met) in enumerate(zip(items, one.met, strict=True), start=1)
        ],
    }


def _draw(rows: Sequence[Checked], items: Sequence[str], words: tuple[str, str]) -> str:
    axis, told = words
    bottom = _TOP + _ROW * max(1, len(rows))
    width = (_RIGHT - _LEFT) / len(items)
    places = [_LEFT + width * (at + 0.5) for at in range(len(items))]
    numbers = [
        tag("text", str(at), x=x, y=bottom + 13) for at, x in enumerate(places, start=1)
    ]  # fmt: skip
    marks = []
    for row, one in enumerate(rows):
        top = _TOP + _ROW * row
        name = one.name if len(one.name) <= _LONGEST else one.name[: _LONGEST - 1] + "…"
        cells = [
            _cell(x, top + _MARK, f"{item}: {'met' if met else 'not met'}", met=met)
            for x, item, met in zip(places, items, one.met, strict=True)
        ]
        label = tag("text", text(name), x=_LEFT, y=top + 13, class_="lr-rung")
        if one.href:
            label = tag("a", label, href=urls.relative(one.href), aria_label=one.name)
        marks += [label, *cells]
    return tag(
        "svg",
        tag("text", text(axis), x=0, y=13, class_="lr-axis-title"),
        *marks,
        tag("g", *numbers, class_="lr-middle", aria_hidden="true"),
        viewBox=f"0 0 {_WIDTH} {bottom + 20}",
        class_="lr-drawing",
        role="group",
        aria_label=told,
    )


def _cell(x: float, y: float, said: str, *, met: bool) -> str:
    title = tag("title", text(said))
    box = tag(
        "rect", x=x - _SIDE * 2, y=y - _SIDE, width=_SIDE * 4, height=_SIDE * 2, rx=3,
        class_="lr-met" if met else "lr-unmet",
    )  # fmt: skip
    if met:
        d = f"M{place(x - 4)},{place(y)}l3,3.5l5.5,-7"
    else:
        d = f"M{place(x - 3.5)},{place(y - 3.5)}l7,7m0,-7l-7,7"
    return tag("g", title, box, tag("path", d=d, class_="lr-tick" if met else "lr-cross"))
