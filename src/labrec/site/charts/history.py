"""History: values as they came, and what was said and decided meanwhile. Pure."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.record.text import printable
from labrec.site import urls
from labrec.site.charts.axis import Range, shown
from labrec.site.charts.curves import frame
from labrec.site.charts.drawing import Markup, place, tag, text
from labrec.site.charts.figure import Figure, for_script

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_POINTS: Final = 600
"""Runs of one figure; of more, the newest."""

NONE, TREATMENT, BASELINE, ASIDE, EVENT, TICK = range(6)
"""Looks of a mark: without a value, an arm each, one that decides nothing, an event, a tick."""

_WIDTH, _HEIGHT = 640, 300
_LEFT, _RIGHT, _TOP, _BOTTOM, _STRIP = 62, 628, 46, 236, 252
_STEPS = (
    1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 10_800, 21_600, 43_200, 86_400,
    172_800, 604_800, 1_209_600, 2_592_000, 7_776_000, 31_536_000,
)  # fmt: skip  # seconds between two ticks
_TICKS = 4
_FEW = 3  # signs that are told one by one
_MINUTE, _DAY = 60, 86_400
_NEAR = 0.03  # share of the axis within which signs would stand on one another
_MS = 1000.0


class Came(NamedTuple):
    """A run when it came.

    Attributes:
        time: When it started.
        value: Its value; None or not finite = it has none.
        look: One of the looks of this module.
        name: What it is called.
        said: Its part in words.
        href: Where it is shown, from the page: an address of `labrec.site.urls`; empty = nowhere.
    """

    time: datetime
    value: float | None
    look: int
    name: str
    said: str
    href: str = ""


class Event(NamedTuple):
    """Something that was said or decided.

    Attributes:
        time: When.
        sign: A letter or two that stand for it, beside the line.
        name: What it was.
    """

    time: datetime
    sign: str
    name: str


def history(
    runs: Sequence[Came],
    events: Sequence[Event],
    about: tuple[str, str, str],
    name: str,
    csv: bytes,
) -> Figure:
    """Return the figure of runs and events over time.

    Args:
        runs: In order of time; the newest `MOST_POINTS` are drawn.
        events: In order of time.
        about: Title, what the upright axis shows with its unit, sentence.
        name: Id of the figure in its page.
        csv: Its data.

    Raises:
        UnsafeError: A run leads where no page of the site is.
    """
    title, axis, sentence = about
    runs = [
        run._replace(name=printable(run.name), said=printable(run.said))
        for run in runs[-MOST_POINTS:]
    ]
    for run in runs:
        if run.href:
            urls.check(run.href.lstrip("./"))
    across = _across([*(run.time for run in runs), *(event.time for event in events)])
    up = shown([run.value for run in runs if _has(run)])  # type: ignore[misc]  # it has one
    points: list[list[Any]] = [_point(run, up) for run in runs]
    signs = _signs(events, across)
    points += [
        [_ms(event.time), None, EVENT, sign, printable(event.name)]
        for event, sign in zip(events, signs, strict=True)
    ]
    points += [[at, None, TICK, said] for at, said in moments(across)]
    data = {
        "texts": {"y": printable(axis)},
        "range": [up.low, up.high],
        "ends": [across.low, across.high],
        "points": points,
    }
    drawing = _draw(runs, events, (across, up), (axis, f"{title}. {sentence}"))
    return Figure(name, "history", title, sentence, Markup(drawing), for_script(data), csv)


def _has(run: Came) -> bool:
    return run.value is not None and math.isfinite(run.value)


def _ms(time: datetime) -> float:
    return time.timestamp() * _MS


def _across(times: Sequence[datetime]) -> Range:
    found = [_ms(time) for time in times] or [0.0]
    low, high = min(found), max(found)
    room = (high - low) * 0.04 or 60 * _MS
    return Range(low - room, high + room)


def _signs(events: Sequence[Event], across: Range) -> list[str]:
    """Return what stands above each event's line; of those close together, all above the first."""
    signs: list[list[str]] = []
    for at, event in enumerate(events):
        share = (_ms(event.time) - _ms(events[at - 1].time)) / (across.high - across.low)
        signs.append([])
        first = next((back for back in range(at, -1, -1) if signs[back]), at)
        (signs[first] if at and share < _NEAR else signs[at]).append(event.sign)
    return [",".join(here) if len(here) < _FEW else f"{here[0]}–{here[-1]}" for here in signs]


def _point(run: Came, up: Range) -> list[Any]:
    value = up.clip(run.value) if _has(run) and run.value is not None else None
    look = run.look if value is not None else NONE
    return [_ms(run.time), value, look, run.name, run.said, run.href]


# --- the drawing ------------------------------------------------------------------------------


def _draw(
    runs: Sequence[Came],
    events: Sequence[Event],
    ranges: tuple[Range, Range],
    told: tuple[str, str],
) -> str:
    across, up = ranges
    lines = []
    for event, sign in zip(events, _signs(events, across), strict=True):
        x = across.at(_ms(event.time), _LEFT, _RIGHT)
        lines += [
            tag("path", tag("title", text(event.name)), d=f"M{place(x)},{_TOP - 8}V{_STRIP + 8}",
                class_="lr-held"),
            tag("text", text(sign), x=x, y=_TOP - 12, class_="lr-row lr-middle"),
        ]  # fmt: skip
    return tag(
        "svg",
        tag("text", text(told[0]), x=0, y=13, class_="lr-axis-title"),
        frame(up, _TOP, _BOTTOM, _LEFT, _RIGHT),
        _below(across),
        *lines,
        *(_mark(run, across, up) for run in runs),
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        class_="lr-drawing lr-wide",
        role="group",
        aria_label=told[1],
    )


def moments(across: Range) -> list[tuple[float, str]]:
    """Return where the ticks of a range of time stand, and what they are called, in UTC.

    Args:
        across: Milliseconds since 1970.
    """
    seconds = (across.high - across.low) / _MS
    step = next((step for step in _STEPS if seconds / step <= _TICKS), _STEPS[-1])
    while seconds / step > _TICKS:
        step *= 2
    form = "%Y-%m-%d" if step >= _DAY else "%d %b %H:%M" if step >= _MINUTE else "%H:%M:%S"
    first = math.ceil(across.low / _MS / step)
    last = math.floor(across.high / _MS / step)
    return [
        (at * step * _MS, f"{datetime.fromtimestamp(at * step, UTC):{form}}")
        for at in range(first, last + 1)
    ]


def _below(across: Range) -> str:
    marks = [(across.at(at, _LEFT, _RIGHT), said) for at, said in moments(across)]
    base = _STRIP + 14
    line = f"M{_LEFT},{base}H{_RIGHT}" + "".join(f"M{place(x)},{base}v4" for x, _ in marks)
    texts = [
        tag("text", text(said), x=min(max(x, _LEFT + 24), _RIGHT - 24), y=base + 18)
        for x, said in marks
    ]
    return tag(
        "g",
        tag("path", d=line, class_="lr-axis"),
        tag("g", *texts, class_="lr-middle"),
        aria_hidden="true",
    )


def _mark(run: Came, across: Range, up: Range) -> str:
    x = across.at(_ms(run.time), _LEFT, _RIGHT)
    told = f"{run.name}: {run.said}"
    parts = [tag("title", text(told))]
    if not _has(run) or run.value is None:
        d = f"M{place(x - 3.5)},{_STRIP - 3.5}l7,7m0,-7l-7,7"
        parts.append(tag("path", d=d, class_="lr-failed"))
    else:
        parts.append(_shape(run.look, x, up.at(run.value, _BOTTOM, _TOP)))
    if run.href:
        return tag("a", *parts, href=run.href, aria_label=told)
    return tag("g", *parts)


def _shape(look: int, x: float, y: float) -> str:
    if look == TREATMENT:
        return tag("circle", cx=x, cy=y, r=4.0, class_="lr-treatment")
    if look == BASELINE:
        return tag("rect", x=x - 3.5, y=y - 3.5, width=7.0, height=7.0, class_="lr-baseline")
    return tag("path", d=f"M{place(x)},{place(y - 5)}l5,5l-5,5l-5,-5Z", class_="lr-aside")
