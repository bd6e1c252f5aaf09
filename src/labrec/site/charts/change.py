"""Change: a metric of one configuration over its runs in order, and where it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.record.text import printable
from labrec.record.wording import number
from labrec.site import urls
from labrec.site.charts.axis import Range, shown
from labrec.site.charts.curves import below, frame
from labrec.site.charts.drawing import Markup, place, tag, text
from labrec.site.charts.figure import Figure, as_csv, for_script

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labrec.site.charts.rungs import Told

MOST_RUNS: Final = 1000
"""Runs that one figure draws; of more, the newest."""

_WIDTH, _HEIGHT = 860, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 66, 848, 30, 268
_PLACES = "run, in order of its start"
_DWARFED = 0.05


class At(NamedTuple):
    """A run of the series.

    Attributes:
        name: What it is called.
        value: What it measured; finite.
        when: When it started, in words.
        href: Where it leads, relative to the page.
    """

    name: str
    value: float
    when: str
    href: str = ""


class Stretch(NamedTuple):
    """Runs between two changes.

    Attributes:
        first: Place of its first run, from 0.
        last: Place of its last one.
        mean: Their mean.
        told: What changed at its beginning; empty for the first one.
    """

    first: int
    last: int
    mean: float
    told: str = ""


def change(runs: Sequence[At], stretches: Sequence[Stretch], said: Told) -> Figure:
    """Return the figure of a series over its runs.

    Args:
        runs: In order.
        stretches: Where it changed; one or none where no change is told.
        said: Its words.
    """
    runs = [
        one._replace(name=printable(one.name) or "(no name)", when=printable(one.when))
        for one in runs
    ]
    stretches = [one._replace(told=printable(one.told)) for one in stretches]
    start = max(0, len(runs) - MOST_RUNS)
    up = shown([one.value for one in runs[start:]], _DWARFED)
    inside = [
        one._replace(first=max(one.first, start), told=one.told if one.first >= start else "")
        for one in stretches
        if one.last >= start
    ]
    axis = printable(said.axis)
    sentence = said.sentence
    if start:
        sentence += f" The newest {MOST_RUNS:,} runs are drawn."
    return Figure(
        name=said.name,
        kind="change",
        title=said.title,
        sentence=sentence,
        drawing=Markup(
            _draw(runs[start:], inside, (start, up), (axis, f"{said.title}. {sentence}"))
        ),
        payload=for_script(_payload(runs[start:], inside, (start, up), axis)),
        csv=as_csv(
            ("place", "run", "started", "value"),
            ((at, one.name, one.when, one.value) for at, one in enumerate(runs, start=1)),
        ),
    )  # fmt: skip


def _ends(start: int, count: int) -> Range:
    room = max(0.5, count * 0.012)
    return Range(start + 1 - room, start + max(1, count) + room)


def _payload(
    runs: Sequence[At], stretches: Sequence[Stretch], where: tuple[int, Range], axis: str
) -> dict[str, Any]:
    start, up = where
    ends = _ends(start, len(runs))
    means = [
        [one.first + 0.5, one.last + 1.5, up.clip(one.mean), None, 2 if one.told else 1,
         number(one.mean), one.told, ""]
        for one in stretches
    ]  # fmt: skip
    return {
        "texts": {"x": _PLACES, "y": axis},
        "range": [up.low, up.high],
        "ends": [ends.low, ends.high],
        "points": means + [
            [start + at, None, up.clip(one.value), one.name, 0, number(one.value), one.when,
             one.href]
            for at, one in enumerate(runs, start=1)
        ],
    }  # fmt: skip


# --- the drawing ------------------------------------------------------------------------------


def _draw(
    runs: Sequence[At],
    stretches: Sequence[Stretch],
    where: tuple[int, Range],
    words: tuple[str, str],
) -> str:
    start, up = where
    across = _ends(start, len(runs))
    parts = []
    for one in stretches:
        low, high = (across.at(x, _LEFT, _RIGHT) for x in (one.first + 0.5, one.last + 1.5))
        y = up.at(one.mean, _BOTTOM, _TOP)
        inside = [tag("title", text(one.told or f"mean {number(one.mean)}"))]
        if one.told:
            d = f"M{place(low)},{_TOP}V{_BOTTOM}"
            inside.append(tag("path", d=d, class_="lr-turn"))
        inside.append(tag("line", x1=low, x2=high, y1=y, y2=y, class_="lr-stretch"))
        parts.append(tag("g", *inside))
    dots = [
        _dot(one, across.at(start + at, _LEFT, _RIGHT), up.at(one.value, _BOTTOM, _TOP))
        for at, one in enumerate(runs, start=1)
    ]
    axis, told = words
    return tag(
        "svg",
        tag("text", text(axis), x=0, y=14, class_="lr-axis-title"),
        frame(up, _TOP, _BOTTOM, _LEFT, _RIGHT),
        below(across, (_LEFT, _RIGHT), _BOTTOM),
        tag("text", _PLACES, x=_RIGHT, y=_HEIGHT - 6, class_="lr-axis-title lr-end"),
        *parts,
        *dots,
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        class_="lr-drawing lr-wide",
        role="group",
        aria_label=told,
    )


def _dot(one: At, x: float, y: float) -> str:
    said = f"{one.name}: {number(one.value)}, {one.when}"
    parts = [tag("title", text(said)), tag("circle", cx=x, cy=y, r=2.8, class_="lr-mean")]
    if one.href:
        return tag("a", *parts, href=urls.relative(one.href), aria_label=said)
    return tag("g", *parts)
