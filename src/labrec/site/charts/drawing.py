"""Write SVG: elements, attributes and text, escaped. Pure, deterministic, fast.

Only the tags and attributes that our drawings use can be written, so nothing that a record says
can become a script, a style or an address.
"""

from __future__ import annotations

import itertools
from html import escape
from typing import Final

from labrec.record.text import printable

_TAGS: Final = frozenset(
    {"a", "circle", "desc", "g", "line", "path", "rect", "svg", "text", "title", "tspan"}
)
_ATTRIBUTES: Final = frozenset(
    {
        "aria-hidden", "aria-label", "aria-labelledby", "class", "cx", "cy", "d",
        "data-above", "data-node", "dominant-baseline", "focusable", "height", "href", "id",
        "preserveAspectRatio", "r", "role", "rx", "tabindex", "text-anchor", "transform",
        "viewBox", "width", "x", "x1", "x2", "xmlns", "y", "y1", "y2",
    }
)  # fmt: skip


class Markup(str):
    """Text that is markup of our own making: a template shows it as it is, and escapes all else.

    Made only by `labrec.site.charts.figure` from what `tag` wrote, by `for_script`, by
    `labrec.site.stamp` from a template, and of fragments of reports, which are proven.
    """

    __slots__ = ()

    def __html__(self) -> str:
        """Return the markup; what Jinja2 asks of text that needs no escaping."""
        return str(self)


def tag(name: str, *content: str, **attributes: object) -> str:
    """Return an element.

    Args:
        name: Its tag.
        content: Elements made by this function, or text made by `text`.
        attributes: Its attributes; ``class_`` is ``class``, other ``_`` are ``-``. None = left out;
            numbers are rounded to a tenth.

    Raises:
        ValueError: The tag or an attribute is none that a drawing may hold.
    """
    if name not in _TAGS:
        raise ValueError(f"a drawing holds no <{name}>")
    parts = [name]
    for key, value in attributes.items():
        if value is None:
            continue
        called = "class" if key == "class_" else key.replace("_", "-")
        if called not in _ATTRIBUTES:
            raise ValueError(f"a drawing holds no attribute {called}")
        parts.append(f'{called}="{_attribute(value)}"')
    opened = " ".join(parts)
    return f"<{opened}>{''.join(content)}</{name}>" if content else f"<{opened}/>"


def text(value: str) -> str:
    """Return text for the inside of an element: escaped, on one line, what is invisible shown."""
    return escape(printable(value))


def place(value: float) -> str:
    """Return a coordinate, rounded to a tenth: ``12``, ``12.5``."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def polyline(points: list[tuple[float, float]]) -> str:
    """Return the data of a path through points: the first, then the way to each other.

    Ways are between rounded places, so that rounding does not add up; they are half as long as the
    places, and ten thousand pages hold them.
    """
    tenths = [(round(10 * x), round(10 * y)) for x, y in points]
    start = tenths[0]
    ways = [
        f"{_tenth(after[0] - before[0])},{_tenth(after[1] - before[1])}"
        for before, after in itertools.pairwise(tenths)
    ]
    return f"M{_tenth(start[0])},{_tenth(start[1])}" + (f"l{' '.join(ways)}" if ways else "")


def _tenth(value: int) -> str:
    """Return tenths as SVG reads them: ``12.5``, ``-.1``, ``0``."""
    whole, rest = divmod(abs(value), 10)
    text = f"{whole or ''}.{rest}" if rest else str(whole)
    return f"-{text}" if value < 0 else text


def _attribute(value: object) -> str:
    if isinstance(value, float):
        return place(value)
    return escape(printable(str(value)), quote=True)
