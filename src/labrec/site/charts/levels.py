"""Levels: what each block, machine or run had under each level of a condition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.record.text import printable
from labrec.record.wording import number
from labrec.site.charts.axis import Range
from labrec.site.charts.drawing import Markup, polyline, tag, text
from labrec.site.charts.figure import Figure, as_csv, for_script
from labrec.site.charts.rungs import ROW, Rung, at_place, level_axis, span_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labrec.site.charts.rungs import Kind, Told

_WIDTH, _LEFT, _TOP = 440, 8, 24
_MARK = 28
_LONGEST = 60
_LINES: Final = 100  # observations whose way over the levels is drawn

Observed = tuple[int, float]
"""Number of an observation and its value."""


class Level(NamedTuple):
    """A level of a condition.

    Attributes:
        name: What it is called; record text is allowed.
        observed: Its observations.
    """

    name: str
    observed: Sequence[Observed]


def levels(rows: Sequence[Level], said: Told, *, linked: bool, log: bool) -> Figure:
    """Return the figure of observations by level.

    Args:
        rows: The levels, in order.
        said: Its words.
        linked: Whether observations of one number belong together, and are joined by a line.
        log: Whether it has a scale of ratios; all values are above 0 then.
    """
    rows = [one._replace(name=printable(one.name) or "(no name)") for one in rows]
    values = [Rung("", value) for one in rows for _, value in one.observed]
    across = _ends(span_of("boxes", values), values, log=log)
    axis = printable(said.axis)
    return Figure(
        name=said.name,
        kind="levels-ratio" if log else "levels",
        title=said.title,
        sentence=said.sentence,
        drawing=Markup(_draw(rows, across, (axis, f"{said.title}. {said.sentence}"),
                             ways=_ways(rows) if linked else {}, log=log)),
        payload=for_script(_payload(rows, across, axis, linked=linked)),
        csv=as_csv(
            ("level", "observation", "value"),
            ((one.name, which, value) for one in rows for which, value in one.observed),
        ),
    )  # fmt: skip


def _ends(across: Range, values: Sequence[Rung], *, log: bool) -> Range:
    """Return the ends of the axis; on a scale of ratios they stay above 0."""
    if not log:
        return across
    found = [one.value for one in values if one.value is not None]
    return Range(min(found) / 1.15, max(found) * 1.15)


def _payload(rows: Sequence[Level], across: Range, axis: str, *, linked: bool) -> dict[str, Any]:
    return {
        "texts": {"x": axis, "height": ROW * max(1, len(rows))},
        "range": [0, len(rows)],
        "ends": [across.low, across.high],
        "points": [
            [
                at, one.name, across.clip(value), which,
                which if linked and which <= _LINES else None, number(value), int(first == 0),
            ]
            for at, one in enumerate(rows)
            for first, (which, value) in enumerate(one.observed)
        ],
    }  # fmt: skip


def _ways(rows: Sequence[Level]) -> dict[int, list[tuple[int, float]]]:
    """Return the places of the observations that are joined, by their number."""
    found: dict[int, list[tuple[int, float]]] = {}
    for at, one in enumerate(rows):
        for which, value in one.observed:
            if which <= _LINES:
                found.setdefault(which, []).append((at, value))
    return found


def _draw(
    rows: Sequence[Level],
    across: Range,
    words: tuple[str, str],
    *,
    ways: dict[int, list[tuple[int, float]]],
    log: bool,
) -> str:
    axis, told = words
    kind: Kind = "ratios" if log else "boxes"
    bottom = _TOP + ROW * max(1, len(rows))
    lines = [
        polyline([(at_place(kind, across, v), float(_TOP + ROW * at + _MARK)) for at, v in way])
        for way in ways.values()
        if len(way) > 1
    ]
    marks = []
    for at, one in enumerate(rows):
        top = _TOP + ROW * at
        name = one.name if len(one.name) <= _LONGEST else one.name[: _LONGEST - 1] + "…"
        dots = [
            tag(
                "circle", tag("title", text(f"{one.name}, {which}: {number(value)}")),
                cx=at_place(kind, across, value), cy=top + _MARK, r=3.5, class_="lr-unit-dot",
            )
            for which, value in one.observed
        ]  # fmt: skip
        marks += [tag("text", text(name), x=_LEFT, y=top + 13, class_="lr-rung"), *dots]
    return tag(
        "svg",
        tag("text", text(axis), x=0, y=13, class_="lr-axis-title"),
        level_axis(kind, across, bottom),
        tag("path", d="".join(lines), class_="lr-way") if lines else "",
        *marks,
        viewBox=f"0 0 {_WIDTH} {bottom + 26}",
        class_="lr-drawing",
        role="img",
        aria_label=told,
    )
