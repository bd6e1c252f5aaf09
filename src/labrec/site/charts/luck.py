"""The luck band of a chart of progress: how far the best of so many tries gets by luck alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from labrec.record.wording import counted, number, percent
from labrec.site.charts.drawing import place, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labrec.site.charts.axis import Range


class Stretch(NamedTuple):
    """What luck explains from one best so far until the next.

    Attributes:
        start: Place of the experiment that it begins at, from 0.
        base: Mean of the baseline.
        luck: What the best of so many tries reaches by luck on average.
        far: What it reaches were the noise at the upper end of its interval.
    """

    start: int
    base: float
    luck: float
    far: float


class Band(NamedTuple):
    """What luck explains over a chart.

    Attributes:
        stretches: In order of their places; the last one lasts to the end.
        tries: Looks that could have found the best so far.
        gain: What the best of so many gains by luck on average, > 0, in the metric's unit.
        low: The same at the lower end of the noise.
        high: At its upper end.
        level: Level of that interval.
        baseline: What the best is compared with.
    """

    stretches: tuple[Stretch, ...]
    tries: int
    gain: float
    low: float | None
    high: float | None
    level: float
    baseline: str

    def at(self, step: int) -> Stretch | None:
        """Return the stretch that a place from 0 on lies in; None before the first."""
        found = None
        for one in self.stretches:
            if one.start > step:
                break
            found = one
        return found

    def said(self, unit: str) -> str:
        """Return what the band means, as a sentence after others.

        Args:
            unit: Unit of the metric, with a space before it; empty for none.
        """
        interval = ""
        if self.low is not None and self.high is not None:
            ends = f"{number(self.low, 2)} to {number(self.high, 2)}"
            interval = f" ({percent(self.level)} interval {ends})"
        tries = counted(self.tries, "try", "tries")
        return (
            f" The band is what luck alone explains: the best of {tries} is expected to gain "
            f"{number(self.gain, 2)}{unit} on {self.baseline} by chance{interval}."
        )


def drawn(
    band: Band, start: int, count: int, axes: tuple[Range, Range], ends: tuple[float, ...]
) -> str:
    """Return the band as a drawing.

    Args:
        band: The band.
        start: Place of the first experiment that is drawn, from 0.
        count: How many are drawn.
        axes: The level axis, whose places count from 1, and the upright one.
        ends: Left, right, bottom and top of the plot.
    """
    across, up = axes
    left, right, bottom, top = ends
    parts, line = [], ""
    last = start + count
    for at, one in enumerate(band.stretches):
        until = band.stretches[at + 1].start if at + 1 < len(band.stretches) else last
        if until <= start:
            continue
        x1 = across.at(max(one.start, start) + 1, left, right)
        x2 = across.at(until + 1 if until < last else last, left, right)
        y1, y2 = (up.at(value, bottom, top) for value in (one.base, one.far))
        parts.append(
            tag("rect", x=x1, y=min(y1, y2), width=max(1.0, x2 - x1), height=abs(y2 - y1),
                class_="lr-luck")
        )  # fmt: skip
        y = up.at(one.luck, bottom, top)
        line += f"M{place(x1)},{place(y)}H{place(x2)}"
    return "".join(parts) + (tag("path", d=line, class_="lr-luck-line") if line else "")


def payload(band: Band | None, step: int, up: Range) -> tuple[float | None, ...]:
    """Return base, luck and far of a place from 0 on as a script draws them."""
    found = band.at(step) if band is not None else None
    if found is None:
        return None, None, None
    return up.clip(found.base), up.clip(found.luck), up.clip(found.far)


def values(band: Band | None, steps: Sequence[object]) -> list[float | None]:
    """Return what luck alone would reach at each step; None where nothing is known."""
    if band is None:
        return [None] * len(steps)
    found = [band.at(step) for step in range(len(steps))]
    return [one.luck if one is not None else None for one in found]
