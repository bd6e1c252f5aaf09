"""Progress: a metric over the experiments of a project, in order, with the best so far."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.record.text import printable
from labrec.record.wording import arrow, better, counted, estimate, number, percent
from labrec.site import urls
from labrec.site.charts.axis import Range, shown
from labrec.site.charts.curves import below, frame
from labrec.site.charts.drawing import Markup, place, tag, text
from labrec.site.charts.figure import Figure, as_csv, for_script
from labrec.site.charts.luck import drawn as luck_drawn
from labrec.site.charts.luck import payload as luck_payload
from labrec.site.charts.luck import values as luck_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labrec.site.charts.luck import Band

MOST_STEPS: Final = 4000
"""Experiments that one figure draws; of more, the newest."""

_WIDTH, _HEIGHT = 860, 340
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 848, 30, 268
_STRIP = 284  # where experiments without a value stand
_PLACES = "experiment, in order of its first run"
_SILENT, _MEAN, _BEST = 0, 1, 2  # looks: no value, a mean, a mean that is a new best
_ABOVE, _BELOW = 3, 4  # looks in a payload: beyond the drawn range
_DWARFED = 0.02  # share of the range that the rest must fill not to be dwarfed by a first value
_LEAST = 3  # pixels between two marks that can be told apart


class Step(NamedTuple):
    """One experiment on the way.

    Attributes:
        name: What it is called.
        mean: Mean of the metric over its runs; None = no run has a value.
        low: Lower end of the mean's interval; None = no interval.
        high: Upper end.
        n: Runs behind the mean.
        n_failed: Runs that failed or were interrupted.
        href: Where it is shown, relative to the page: an address of `labrec.site.urls`.
    """

    name: str
    mean: float | None
    low: float | None
    high: float | None
    n: int
    n_failed: int
    href: str = ""


class Quantity(NamedTuple):
    """What is measured.

    Attributes:
        metric: Its name.
        unit: Its unit, None = none.
        direction: ``maximize``, ``minimize`` or None.
        level: Level of the intervals, 0 to 1.
        is_ordered: Whether the order of the experiments says something; else none is best so far.
        luck: What luck alone explains; None = not known.
    """

    metric: str
    unit: str | None = None
    direction: str | None = None
    level: float = 0.95
    is_ordered: bool = True
    luck: Band | None = None


def best_so_far(steps: Sequence[Step], direction: str | None) -> list[float | None]:
    """Return the best mean up to each experiment; None before the first, or without a direction."""
    if direction is None:
        return [None] * len(steps)
    pick = min if direction == "minimize" else max
    best: float | None = None
    found = []
    for step in steps:
        if step.mean is not None and math.isfinite(step.mean):
            best = step.mean if best is None else pick(best, step.mean)
        found.append(best)
    return found


def lineage(steps: Sequence[Step], quantity: Quantity, name: str) -> Figure:
    """Return the figure of a metric over experiments in order.

    Args:
        steps: The experiments, in the order of their first runs.
        quantity: What is measured.
        name: Id of the figure in its page.
    """
    steps = [Step(printable(step.name), *step[1:]) for step in steps]
    quantity = quantity._replace(
        metric=printable(quantity.metric),
        unit=printable(quantity.unit or ""),
        luck=quantity.luck if quantity.is_ordered else None,
    )
    best = best_so_far(steps, quantity.direction if quantity.is_ordered else None)
    sentence = _said(steps, best, quantity)
    start = max(0, len(steps) - MOST_STEPS)
    drawn, line = steps[start:], best[start:]
    luck = luck_values(quantity.luck, steps)
    up = _span(drawn, line)
    title = f"{quantity.metric} over the lineage"
    return Figure(
        name=name,
        kind="progress",
        title=title,
        sentence=sentence,
        drawing=Markup(_draw(drawn, line, quantity, (start, up, f"{title}. {sentence}"))),
        payload=for_script(_payload(drawn, line, quantity, (start, up))),
        csv=as_csv(
            ("place", "experiment", "mean", "low", "high", "n", "n_failed", "best_so_far", "luck"),
            (
                (at, step.name, step.mean, step.low, step.high, step.n, step.n_failed, top, by_luck)
                for at, (step, top, by_luck) in enumerate(
                    zip(steps, best, luck, strict=True), start=1
                )
            ),
        ),
    )


def _span(steps: Sequence[Step], best: Sequence[float | None]) -> Range:
    """Return what the upright axis shows: where most experiments are, and the way to the best."""
    most = shown([value for step in steps for value in _values(step)])
    way = [value for value in best if value is not None]
    if not way:
        return most
    whole = shown(way, _DWARFED)
    return Range(min(most.low, whole.low), max(most.high, whole.high))


def _level(start: int, count: int) -> Range:
    """Return what the level axis shows: every place, with room for a whole mark at its ends."""
    room = max(0.5, count * 0.012)
    return Range(start + 1 - room, start + max(1, count) + room)


def _values(step: Step) -> list[float]:
    values = (step.mean, step.low, step.high)
    return [value for value in values if value is not None and math.isfinite(value)]


def _improves(steps: Sequence[Step], best: Sequence[float | None], at: int) -> bool:
    """Say whether an experiment set a new best."""
    return (
        best[at] is not None
        and steps[at].mean == best[at]
        and (at == 0 or best[at - 1] != best[at])
    )


def _axis_title(quantity: Quantity) -> str:
    unit = f" ({quantity.unit})" if quantity.unit else ""
    way = better(quantity.direction)
    return f"{quantity.metric}{unit}" + (f", {way} {arrow(quantity.direction)}" if way else "")


def _said(steps: Sequence[Step], best: Sequence[float | None], quantity: Quantity) -> str:
    told = [step for step in steps if step.mean is not None]
    if not told:
        return f"None of {counted(len(steps), 'experiment')} has a value of {quantity.metric}."
    parts = [f"{counted(len(told), 'experiment')} with a value of {quantity.metric}"]
    silent = len(steps) - len(told)
    if silent:
        parts.append(f", {silent} without")
    unit = f" {quantity.unit}" if quantity.unit else ""
    if best[-1] is not None:
        new = [at for at in range(len(steps)) if _improves(steps, best, at)]
        top = steps[new[-1]]
        value, low, high = estimate(best[-1], top.low, top.high)
        parts.append(
            f". The best mean so far is {value}{unit} ({top.name}, {counted(top.n, 'run')}"
            + (
                f", {percent(quantity.level)} interval {low} to {high}"
                if top.low is not None
                else ", no interval"
            )
            + f"); the first was {number(told[0].mean)}. "
            f"{counted(len(new) - 1, 'experiment')} set a new best after the first"
        )
        parts.append("; the best of many is partly luck.")
        if quantity.luck is not None:
            parts.append(quantity.luck.said(unit))
    elif not quantity.is_ordered:
        parts.append(". Some are undated: their order says nothing, so none is best so far.")
    else:
        parts.append(f". {quantity.metric} has no direction, so none is best.")
    if len(steps) > MOST_STEPS:
        parts.append(f" The newest {MOST_STEPS:,} are drawn.")
    return "".join(parts)


def _payload(
    steps: Sequence[Step],
    best: Sequence[float | None],
    quantity: Quantity,
    where: tuple[int, Range],
) -> dict[str, Any]:
    start, up = where
    whole = _edge(up)
    return {
        "texts": {"x": _PLACES, "y": _axis_title(quantity)},
        "range": [up.low, up.high],
        "ends": list(_level(start, len(steps))),
        "points": [
            [
                start + at + 1,
                step.name,
                None if step.mean is None else whole.clip(step.mean),
                None if step.low is None else up.clip(step.low),
                None if step.high is None else up.clip(step.high),
                None if (top := best[at]) is None else up.clip(top),
                _look_within(up, steps, best, at),
                step.n,
                step.n_failed,
                _exact(step),
                step.href,
                *luck_payload(quantity.luck, start + at, up),
            ]
            for at, step in enumerate(steps)
        ],
    }


def _edge(up: Range) -> Range:
    """Return the range in which a whole mark can be seen."""
    room = (up.high - up.low) * 0.02
    return Range(up.low + room, up.high - room)


def _exact(step: Step) -> str:
    if step.mean is None:
        return "no value"
    value, low, high = estimate(step.mean, step.low, step.high)
    return value if step.low is None else f"{value} ({low} to {high})"


def _look(steps: Sequence[Step], best: Sequence[float | None], at: int) -> int:
    if steps[at].mean is None:
        return _SILENT
    return _BEST if _improves(steps, best, at) else _MEAN


def _look_within(up: Range, steps: Sequence[Step], best: Sequence[float | None], at: int) -> int:
    mean = steps[at].mean
    if mean is not None and not up.holds(mean):
        return _ABOVE if mean > up.high else _BELOW
    return _look(steps, best, at)


# --- the drawing ------------------------------------------------------------------------------


def _draw(
    steps: Sequence[Step],
    best: Sequence[float | None],
    quantity: Quantity,
    where: tuple[int, Range, str],
) -> str:
    start, up, told = where
    across = _level(start, len(steps))
    is_crowded = (_RIGHT - _LEFT) / max(1, len(steps)) < _LEAST
    crowd, marks = _Crowd(), []
    for at, step in enumerate(steps):
        x = across.at(start + at + 1, _LEFT, _RIGHT)
        look = _look(steps, best, at)
        if is_crowded and look != _BEST and (step.mean is None or up.holds(step.mean)):
            crowd.add(step, x, up)
        else:
            marks.append(_mark(step, x, up, look))
    return tag(
        "svg",
        tag("text", text(_axis_title(quantity)), x=0, y=14, class_="lr-axis-title"),
        frame(up, _TOP, _BOTTOM, _LEFT, _RIGHT),
        below(across, (_LEFT, _RIGHT), _STRIP + 12),
        luck_drawn(quantity.luck, start, len(steps), (across, up), (_LEFT, _RIGHT, _BOTTOM, _TOP))
        if quantity.luck is not None
        else "",
        tag("text", _PLACES, x=_RIGHT, y=_HEIGHT - 6, class_="lr-axis-title lr-end"),
        *crowd.drawn(),
        _stairs(best, start, across, up),
        *marks,
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        class_="lr-drawing lr-wide",
        role="group",
        aria_label=told,
    )


class _Crowd:
    """Marks too close to be told apart, pointed at or reached: each kind of them is one path.

    Every one stands where it would on its own. A browser takes seconds for ten thousand elements.
    """

    def __init__(self) -> None:
        self._dots: list[str] = []
        self._silent: list[str] = []
        self._failed: list[str] = []

    def add(self, step: Step, x: float, up: Range) -> None:
        at = place(x)
        if step.mean is not None:
            self._dots.append(f"M{at},{place(up.at(step.mean, _BOTTOM, _TOP))}h0")
        elif not step.n_failed:
            self._silent.append(f"M{at},{_STRIP}h0")
        if step.n_failed:
            self._failed.append(f"M{place(x - 3.5)},{_STRIP - 3.5}l7,7m0,-7l-7,7")

    def drawn(self) -> list[str]:
        kinds = (
            (self._silent, "lr-dots lr-muted"),
            (self._failed, "lr-failed"),
            (self._dots, "lr-dots"),
        )
        return [tag("path", d="".join(data), class_=look) for data, look in kinds if data]


def _stairs(best: Sequence[float | None], start: int, across: Range, up: Range) -> str:
    """Return the best-so-far line: level from one experiment to the next, then a step."""
    data = ""
    last: float | None = None
    for at, value in enumerate(best):
        if value is None or value == last:
            continue
        x, y = across.at(start + at + 1, _LEFT, _RIGHT), up.at(value, _BOTTOM, _TOP)
        data += f"M{place(x)},{place(y)}" if last is None else f"H{place(x)}V{place(y)}"
        last = value
    if not data:
        return ""
    return tag("path", d=f"{data}H{place(across.at(start + len(best), _LEFT, _RIGHT))}",
               class_="lr-best")  # fmt: skip


def _mark(step: Step, x: float, up: Range, look: int) -> str:
    told = f"{step.name}: {_exact(step)}, {counted(step.n, 'run')}"
    if step.n_failed:
        told += f", {step.n_failed} failed or interrupted"
    parts = [tag("title", text(told))]
    if step.n_failed:
        d = f"M{place(x - 3.5)},{_STRIP - 3.5}l7,7m0,-7l-7,7"
        parts.append(tag("path", d=d, class_="lr-failed"))
    elif look == _SILENT:
        parts.append(tag("circle", cx=x, cy=_STRIP, r=3, class_="lr-silent"))
    if look != _SILENT:
        parts += _value(step, x, up, look)
    if step.href:
        return tag("a", *parts, href=urls.check(step.href), aria_label=told)
    return tag("g", *parts)


def _value(step: Step, x: float, up: Range, look: int) -> list[str]:
    mean = step.mean or 0.0
    y = up.at(mean, _BOTTOM, _TOP)
    parts = []
    if step.low is not None and step.high is not None:
        ends = {"y1": up.at(step.low, _BOTTOM, _TOP), "y2": up.at(step.high, _BOTTOM, _TOP)}
        parts.append(tag("line", x1=x, x2=x, class_="lr-interval", **ends))
    if not up.holds(mean):  # beyond the drawn range: an arrowhead at its edge
        turn = 6.0 if mean > up.high else -6.0
        d = f"M{place(x - 4)},{place(y + turn)}h8l-4,{place(-turn)}Z"
        parts.append(tag("path", d=d, class_="lr-beyond"))
    elif look == _BEST:
        d = f"M{place(x)},{place(y - 5.5)}l5.5,5.5l-5.5,5.5l-5.5,-5.5Z"
        parts.append(tag("path", d=d, class_="lr-new-best"))
    else:
        parts.append(tag("circle", cx=x, cy=y, r=3, class_="lr-mean"))
    return parts
