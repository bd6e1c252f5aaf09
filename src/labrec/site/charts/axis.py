"""Axes: which range is shown, where its ticks stand, what they are called. Pure."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Final, NamedTuple

from labrec.record.wording import fixed, number

if TYPE_CHECKING:
    from collections.abc import Sequence

_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)
_FENCE: Final = 3.0  # interquartile ranges beyond a quartile: what is farther squeezes the rest
_FEW = 8  # with fewer values there is no telling what is far
_TINY, _BEYOND = 1e-3, 1e6  # outside, a power of ten reads better


class Range(NamedTuple):
    """The part of an axis that is shown.

    Attributes:
        low: Its lower end.
        high: Its upper end, larger than ``low``.
    """

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Say whether a value lies in it."""
        return self.low <= value <= self.high

    def clip(self, value: float) -> float:
        """Return the value, or the end that it lies beyond."""
        return min(max(value, self.low), self.high)

    def at(self, value: float, start: float, end: float) -> float:
        """Return where a value stands when the range is stretched from start to end."""
        return start + (self.clip(value) - self.low) / (self.high - self.low) * (end - start)


def shown(values: Sequence[float], share: float = 0.25) -> Range:
    """Return the range that an axis shows for finite values.

    A few values far from all others would press the rest into a line: values beyond Tukey's outer
    fences (three interquartile ranges beyond the quartiles; J. W. Tukey, Exploratory Data
    Analysis, 1977) stay outside when the others fill less than a share of the whole range. What
    stays outside is shown at the edge of the chart.

    Args:
        values: Finite numbers; empty gives 0 to 1.
        share: Of the whole range, 0 to 1; 0 = nothing stays outside.
    """
    if not values:
        return Range(0.0, 1.0)
    ordered = sorted(values)
    low, high = ordered[0], ordered[-1]
    if len(ordered) >= _FEW:
        first, third = ordered[len(ordered) // 4], ordered[-1 - len(ordered) // 4]
        reach = _FENCE * (third - first)
        inside = [value for value in ordered if first - reach <= value <= third + reach]
        if reach > 0 and inside[-1] - inside[0] < (high - low) * share:
            low, high = inside[0], inside[-1]
    return _padded(low, high)


def _padded(low: float, high: float) -> Range:
    room = (high - low) * 0.06
    if not math.isfinite(room):  # two values at opposite ends of what a float can hold
        return Range(low, high)
    if room <= abs(high) * 1e-12:
        room = abs(high) * 0.05 or 0.5
    return Range(low - room, high + room)


def ticks(span: Range, about: int = 5) -> list[float]:
    """Return round values inside a range, 1, 2, 2.5 or 5 times a power of ten apart.

    After P. S. Heckbert, "Nice numbers for graph labels", Graphics Gems (1990).

    Args:
        span: The range.
        about: How many to aim for, >= 2.
    """
    rough = (span.high - span.low) / about
    if not math.isfinite(rough) or rough <= 0:
        return [span.low, span.high]
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * min(_NICE, key=lambda nice: abs(math.log(nice * power / rough)))
    first = math.ceil(span.low / step - 1e-9)
    last = math.floor(span.high / step + 1e-9)
    if last - first > 4 * about:  # a range too narrow for the precision of its numbers
        return [span.low, span.high]
    return [index * step for index in range(first, last + 1)]


def whole_ticks(span: Range, about: int = 6) -> list[float]:
    """Return ticks at whole numbers, for steps and places in an order."""
    found = [tick for tick in ticks(span, about) if float(tick).is_integer()]
    return found or [float(math.ceil(span.low))]


def labels(values: Sequence[float]) -> list[str]:
    """Return what ticks are called: all with as many decimals as the closest two of them need."""
    if len(values) < 2:  # noqa: PLR2004 - two have a distance
        return [number(value) for value in values]
    step = min(abs(b - a) for a, b in itertools.pairwise(values))
    largest = max(abs(value) for value in values)
    if step <= 0 or not _TINY <= largest < _BEYOND or step < 1 / _BEYOND:
        return [number(value, 6) for value in values]
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    if not math.isclose(step * 10**decimals, round(step * 10**decimals), rel_tol=1e-6):
        decimals += 1  # 2.5
    return [fixed(value, decimals) for value in values]
