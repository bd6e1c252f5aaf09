"""A figure: one chart with everything a page needs to show it, and its data as CSV."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.record.spreadsheet import STARTS
from labrec.record.text import one_line
from labrec.site.charts.drawing import Markup

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_SCRIPT: Final = {
    "<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029",
}  # fmt: skip

_QUOTED: Final = ',"\r\n'
_HAS_QUOTED: Final = re.compile(f"[{_QUOTED}]")

MOST_INSIDE: Final = 60_000
"""Characters of a payload that stands in its page; a longer one lies beside it."""


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
        source: Script beside the page that hands the payload over, where it is not in the page.
        files: That script, by its place: a file of the page.
    """

    name: str
    kind: str
    title: str
    sentence: str
    drawing: Markup
    payload: Markup
    csv: bytes
    keys: tuple[tuple[int, str], ...] = ()
    source: str = ""
    files: Mapping[str, bytes] = {}


def apart(figure: Figure) -> Figure:
    """Return a figure whose payload lies beside the page, where it is long.

    ``charts.js`` loads it, and draws it, once a reader points at the figure.
    """
    if len(figure.payload) <= MOST_INSIDE:
        return figure
    digest = hashlib.sha256(figure.payload.encode("utf-8", "replace")).hexdigest()
    name = f"{figure.name}-{digest[:16]}"
    source = f"{name}.js"
    files = {source: handed_over(name, figure.payload)}
    return figure._replace(payload=Markup(), source=source, files=files)


def handed_over(name: str, payload: str) -> bytes:
    """Return a script that hands a value over to ``part`` of ``columns.js``.

    Args:
        name: What it is asked for by: of ours, ``[a-z0-9-]+``.
        payload: JSON that may stand in a script.
    """
    text = f'(self.labrecParts=self.labrecParts||[]).push(["{name}",{payload}]);\n'
    return text.encode("utf-8", "replace")


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
    return columns_csv(header, list(zip(*rows, strict=True)))


def columns_csv(header: Sequence[str], columns: Sequence[Sequence[object]]) -> bytes:
    """Return a table as `as_csv` does, given column by column, each with a value a row.

    Args:
        header: Names of the columns.
        columns: Their values; none at all where there are no rows.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_cells(header))
    if len(columns) > 1:  # of a single one an empty cell is quoted
        lines = map(",".join, zip(*map(_texts, columns), strict=True))
        out.writelines(f"{line}\r\n" for line in lines)
    else:
        writer.writerows(zip(*map(_cells, columns), strict=True))
    return out.getvalue().encode("utf-8", "replace")


def _texts(column: Sequence[object]) -> Iterable[str]:
    """Return the cells of a column as they are written, in a third of the writer's time."""
    cells = _cells(column)
    kinds = set(map(type, cells)) - {type(None)}
    if kinds <= {int, float}:
        return ["" if cell is None else str(cell) for cell in cells]
    if kinds == {str}:
        texts: list[str] = [cell or "" for cell in cells]  # type: ignore[misc]  # texts and None
        whole = "".join(texts)
        return map(_quoted, texts) if any(char in whole for char in _QUOTED) else texts
    return ["" if cell is None else _quoted(str(cell)) for cell in cells]


def _quoted(text: str) -> str:
    if not _HAS_QUOTED.search(text):
        return text
    return '"' + text.replace('"', '""') + '"'


def _cells(column: Sequence[object]) -> Sequence[object]:
    """Return the cells of a column; of most columns its values, which the writer can write."""
    kinds = set(map(type, column)) - {int, type(None)}
    if not kinds:
        return column
    if kinds == {float} and all(map(math.isfinite, filter(None, column))):  # type: ignore[arg-type]
        return column
    if kinds == {str} and _is_plain(list(filter(None, column))):  # type: ignore[arg-type]
        return column
    return [value if value is None or type(value) is int else _cell(value) for value in column]


def _is_plain(texts: list[str]) -> bool:
    """Tell whether texts stand in a cell as they are."""
    return "".join(texts).isprintable() and {text[0] for text in texts}.isdisjoint(STARTS)


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
