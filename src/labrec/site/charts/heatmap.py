"""A heatmap of pairs: how factors act together, with every number in its cell. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from labrec.record.text import printable
from labrec.site.charts.drawing import Markup, tag, text
from labrec.site.charts.figure import Figure, for_script

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_FACTORS: Final = 16
"""Factors of one heatmap."""

STEPS: Final = 4
"""Depths of colour on each side of 0."""

_CELL, _HIGH, _SIDE, _HEAD = 92, 42, 112, 24
_SHORT = 16  # characters of a factor's name in a drawing
_DEEP = 1e-9


class Pair(NamedTuple):
    """A cell: two factors, or one with itself.

    Attributes:
        row: Place of the one factor.
        column: Place of the other one; the same = what the factor is worth itself.
        value: The number; None = not determined.
        shown: The number as it stands in the cell, with its sign.
        said: All of it in words.
    """

    row: int
    column: int
    value: float | None
    shown: str
    said: str


def depth(value: float | None, largest: float) -> int:
    """Return how deep the colour of a value is, from -`STEPS` to `STEPS`; 0 = none.

    Args:
        value: The number; None or NaN = none.
        largest: The largest magnitude of the figure, >= 0.
    """
    if value is None or not math.isfinite(value) or value == 0 or largest <= 0:
        return 0
    step = max(1, math.ceil(STEPS * min(1.0, abs(value) / largest) - _DEEP))
    return step if value > 0 else -step


def heatmap(
    factors: Sequence[str],
    pairs: Sequence[Pair],
    about: tuple[str, str],
    name: str,
    csv: bytes,
) -> Figure:
    """Return a heatmap of the lower triangle of pairs, and what each factor is worth beside it.

    Args:
        factors: Their names, at most `MOST_FACTORS`.
        pairs: Cells with ``row >= column``.
        about: Title and sentence.
        name: Id of the figure in its page.
        csv: Its data.

    Raises:
        ValueError: There are more factors than a figure holds.
    """
    if len(factors) > MOST_FACTORS:
        raise ValueError(f"a heatmap holds {MOST_FACTORS} factors, not {len(factors)}")
    pairs = [
        pair._replace(shown=printable(pair.shown), said=printable(pair.said)) for pair in pairs
    ]  # fmt: skip
    names = _told_apart([printable(factor) for factor in factors])
    title, sentence = about
    beside = [abs(pair.value) for pair in pairs if pair.row != pair.column and pair.value]
    largest = max((value for value in beside if math.isfinite(value)), default=0.0)
    depths = [0 if pair.row == pair.column else depth(pair.value, largest) for pair in pairs]
    points = [
        [names[pair.row], names[pair.column], pair.shown, pair.said, deep, pair.row == pair.column]
        for pair, deep in zip(pairs, depths, strict=True)
    ]
    cells = [_cell(pair, deep) for pair, deep in zip(pairs, depths, strict=True)]
    width, height = _SIDE + _CELL * len(names) + 2, _HEAD + _HIGH * len(names) + 2
    drawing = tag(
        "svg",
        *_labels(names),
        *cells,
        viewBox=f"0 0 {width} {height}",
        width=width,
        class_="lr-drawing lr-natural",
        role="group",
        aria_label=f"{title}. {sentence}",
    )
    data = {
        "texts": {}, "range": [0, 1], "ends": [0, 1], "points": points,
        "height": _HIGH * len(names) + _HEAD + 8,
    }  # fmt: skip
    return Figure(name, "heatmap", title, sentence, Markup(drawing), for_script(data), csv)


def _told_apart(names: Sequence[str]) -> list[str]:
    """Return the names, two that are equal with their places behind."""
    return [
        name if names.count(name) == 1 else f"{name} ({at})" for at, name in enumerate(names, 1)
    ]


def _labels(names: Sequence[str]) -> list[str]:
    found = []
    for at, name in enumerate(names):
        short = name if len(name) <= _SHORT else name[: _SHORT - 1] + "…"
        x, y = _SIDE + _CELL * (at + 0.5), _HEAD + _HIGH * (at + 0.5) + 4
        whole = tag("title", text(name))
        found.append(tag("text", whole, text(short), x=_SIDE - 8, y=y, class_="lr-row lr-end"))
        found.append(tag("text", whole, text(short), x=x, y=_HEAD - 8, class_="lr-row lr-middle"))
    return found


def _cell(pair: Pair, deep: int) -> str:
    own = pair.row == pair.column
    x, y = _SIDE + _CELL * pair.column, _HEAD + _HIGH * pair.row
    look = "lr-own" if own else f"lr-{'plus' if deep > 0 else 'minus'}-{abs(deep)}"
    if not own and not deep:
        look = "lr-even"
    return tag(
        "g",
        tag("title", text(pair.said)),
        tag("rect", x=x + 1, y=y + 1, width=_CELL - 2, height=_HIGH - 2, class_=f"lr-cell {look}"),
        tag("text", text(pair.shown), x=x + _CELL / 2, y=y + _HIGH / 2 + 4,
            class_="lr-row lr-middle"),
    )  # fmt: skip
