"""A figure: one chart with everything a page needs to show it, and its data as CSV."""

from __future__ import annotations

import csv
import io
import json
import math
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.record.spreadsheet import STARTS
from labrec.record.text import one_line
from labrec.site.charts.drawing import Markup

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SCRIPT: Final = {
    "<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029",
}  # fmt: skip


class Figure(NamedTuple):
    """One chart of a page. ``figure`` of ``templates/figures.html`` shows it.

    Attributes:
        name: Its id in the page: ``[a-z0-9-]+``, unique there.
        kind: Which of our specifications draws it.
        title: What it is about; record text is allowed.
        sentence: What it shows, for those who do not see it; record text is allowed.
        drawing: Our SVG, as markup.
        payload: Its data as JSON that may stand in a ``<script>``.
        csv: Its data, exact, as UTF-8 CSV with a header.
        keys: What the lines or marks are, as ``(number of its look, text)``.
    """

    name: str
    kind: str
    title: str
    sentence: str
    drawing: Markup
    payload: Markup
    csv: bytes
    keys: tuple[tuple[int, str], ...] = ()


def for_script(value: Any) -> Markup:
    """Return JSON that may stand in a ``<script>`` element and is still the same JSON.

    ``<``, ``>``, ``&`` and the two line separators of JavaScript appear as escapes.

    Args:
        value: Plain values; NaN and infinities appear as null.
    """
    try:
        text = _json(value)
    except ValueError:  # rare: most data is finite, and looking at each value costs as much again
        text = _json(finite(value))
    for char, escaped in _SCRIPT.items():
        text = text.replace(char, escaped)
    return Markup(text)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def finite(value: Any) -> Any:
    """Return the value with None for each number that JSON cannot hold."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


def as_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return a table as CSV (RFC 4180, UTF-8): numbers exact, nothing where there is no value.

    Text that a spreadsheet would take for a formula is preceded by an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_cell(name) for name in header])
    writer.writerows(
        # whole numbers and nothing are what the writer makes of them
        [value if value is None or type(value) is int else _cell(value) for value in row]
        for row in rows
    )
    return out.getvalue().encode("utf-8", "replace")


def rows_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return rows of a table as `as_csv` does: lists joined by ``; ``, moments as ISO 8601."""
    return as_csv(header, ([_plain(value) for value in row] for row in rows))


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return "; ".join(map(str, value))
    return value.isoformat() if isinstance(value, datetime) else value


def _cell(value: object) -> object:
    if isinstance(value, float):
        if math.isfinite(value):
            return value  # written as `repr` writes it
        return {"inf": "Infinity", "-inf": "-Infinity"}.get(str(value), "NaN")
    if isinstance(value, str):
        line = value if value.isprintable() else one_line(value)
        return f"'{line}" if line.startswith(STARTS) else line
    return "" if value is None else value
