"""A listing: a table of a page that a reader can sort, filter and page through. Pure.

Without JavaScript it is a plain table of its first rows. Of a long one the rows stand a second time
as compact JSON, column by column, which ``listing.js`` shows page by page. ``listing`` of
``templates/listing.html`` shows it.

Where there may be ten thousand rows, that JSON lies in *parts* beside the page, which the script
loads when a reader comes near. A part ends after a row whose digest says so, not after so many: one
row more, wherever it comes, makes one part another one, and the others are neither computed nor
written again.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, NamedTuple, TypeVar, get_args
from zlib import crc32

from labrec.record.wording import number
from labrec.site import urls
from labrec.site.charts.figure import for_script
from labrec.site.columnar import packed
from labrec.site.page import Later, inputs_of
from labrec.site.shards import part
from labrec.site.stamp import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from labrec.site.charts.drawing import Markup

FIRST: Final = 200
"""Rows that stand in the page itself, and on one page of a long listing."""

PART: Final = 256
"""Rows of a part of a long listing, on average."""

PARTS: Final = "rows/"
"""Folder beside a page that its parts lie in."""

_MOST_PART = 4 * PART

Mark = Literal[
    "", "better", "worse", "unclear", "unreplicated", "complete", "failed", "interrupted",
    "planned", "missing", "odd", "aside",
]  # fmt: skip
"""How a cell looks: a colour, and before its text a sign that ``site.css`` puts there."""

MARKS: Final[tuple[Mark, ...]] = get_args(Mark)
_NUMBERS: Final = {mark: number for number, mark in enumerate(MARKS)}

_LONGEST = 120  # characters of one cell


class Column(NamedTuple):
    """One column.

    Attributes:
        title: What its head says; record text is allowed.
        kind: ``text``, ``number`` (right-aligned, filtered by a range), ``time`` (likewise, by
            days) or ``choice`` (few values, offered as a filter).
        note: A second line of the head, such as a unit and direction.
        measure: What a range counts in where the cells say it otherwise, such as ``s``.
        hidden: Whether a reader with JavaScript sees it only after asking for it.
    """

    title: str
    kind: Literal["text", "number", "time", "choice"] = "text"
    note: str = ""
    measure: str = ""
    hidden: bool = False


class Cell(NamedTuple):
    """One cell.

    Attributes:
        text: What it shows.
        sort: What it is sorted by; None = after all others.
        href: Where it leads, an address of `labrec.site.urls`, or ``#anchor``. Empty = nowhere.
        mark: How it looks.
        anchor: Id of its row in the page, ``[a-z0-9-]+``; of the row's first cell only.
    """

    text: str
    sort: float | str | None
    href: str = ""
    mark: Mark = ""
    anchor: str = ""


_Thing = TypeVar("_Thing")


class Lines(NamedTuple, Generic[_Thing]):
    """Rows of a listing that are made where they are shown: of a long one most are there already.

    Attributes:
        of: What each row is about, in the order in which rows first appear.
        cells: Makes the cells of a row, one a column.
        inputs: Exactly what they are made from, as plain values; the first one is a text that says
            which row it is and stays.
        shared: What the cells of all rows are made from beside that, as plain values.
    """

    of: Sequence[_Thing]
    cells: Callable[[_Thing], Sequence[Cell]]
    inputs: Callable[[_Thing], tuple[Any, ...]]
    shared: tuple[Any, ...] = ()


class Listing(NamedTuple):
    """A table of a page.

    Attributes:
        name: Its id in the page, ``[a-z0-9-]+``, unique there.
        caption: What its rows are.
        columns: Its columns.
        rows: Its first `FIRST` rows, a cell a column.
        total: How many rows it has.
        payload: All rows for ``listing.js`` where there are more than `FIRST`, or the names of
            the parts that have them; else empty.
        data: Where it lies as CSV, from the page; empty = nowhere.
        table: Name of the table on the Data page that has its rows; empty = it has a file of its
            own, or all rows stand in the page.
        files: Its parts by their place from the page: files of the page.
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: int
    payload: Markup | str = ""
    data: str = ""
    table: str = ""
    files: Mapping[str, Later] = {}


def listing(
    name: str,
    caption: str,
    columns: Sequence[Column],
    rows: Sequence[Sequence[Cell]] | Lines[Any],
    data: str = "",
    table: str = "",
) -> Listing:
    """Return a listing.

    Args:
        name: Its id in the page.
        caption: What its rows are.
        columns: Its columns.
        rows: All rows, a cell a column, in the order in which they first appear; or what makes
            them, where there may be very many. Then the page has the listing's files.
        data: Where it lies as CSV, from the page.
        table: Table on the Data page that has its rows, where it has no file of its own.

    Raises:
        UnsafeError: A cell leads where no page of the site is.
        ValueError: A row has not one cell a column.
    """
    payload: Any = ""
    files: dict[str, Later] = {}
    if isinstance(rows, Lines):
        total = len(rows.of)
        first = _checked(name, map(rows.cells, rows.of[:FIRST]), len(columns))
        if total > FIRST:
            files = dict(_parts(name, rows, tuple(columns)))
            names = [path.removeprefix(PARTS).removesuffix(".js") for path in files]
            payload = {"rows": total, "parts": names, "anchors": bool(first[0][0].anchor)}
    else:
        total = len(rows)
        whole = _checked(name, rows, len(columns))
        first = whole[:FIRST]
        if total > FIRST:
            payload = _compact(whole, len(columns))
    return Listing(
        name,
        caption,
        tuple(columns),
        tuple(tuple(cell._replace(text=_cut(cell.text)) for cell in row) for row in first),
        total,
        for_script(payload) if payload else "",
        data,
        table,
        files,
    )


def _checked(name: str, rows: Iterable[Sequence[Cell]], width: int) -> list[Sequence[Cell]]:
    """Return rows that have a cell a column and lead into the site alone."""
    found = list(rows)
    for row in found:
        if len(row) != width:
            raise ValueError(f"a row of {name} has {len(row)} cells for {width} columns")
        for cell in row:
            if cell.href:
                urls.check(cell.href)
    return found


def _parts(
    name: str, rows: Lines[_Thing], columns: tuple[Column, ...]
) -> Iterator[tuple[str, Later]]:
    """Yield the parts of a listing in order, each by its place and what makes it."""
    start = 0
    inputs: list[tuple[Any, ...]] = []
    for at, thing in enumerate(rows.of, 1):
        inputs.append(rows.inputs(thing))
        is_end = not crc32(str(inputs[-1][0]).encode("utf-8", "surrogatepass")) % PART
        if is_end or len(inputs) == _MOST_PART or at == len(rows.of):
            called = f"{name}-{inputs_of(columns, rows.shared, inputs)[:16]}"
            make = partial(_part, called, rows, slice(start, at), len(columns))
            yield f"{PARTS}{called}.js", Later(make)
            start, inputs = at, []


def _part(called: str, rows: Lines[Any], which: slice, width: int) -> bytes:
    return part(called, _compact(_checked(called, map(rows.cells, rows.of[which]), width), width))


def words(value: str | None, href: str = "", mark: Mark = "") -> Cell:
    """Return a cell of text; nothing where there is none."""
    if not value:
        return Cell("", None, href, mark)
    return Cell(value, value.casefold(), href, mark)


def amount(value: float | None, text: str = "", mark: Mark = "", href: str = "") -> Cell:
    """Return a cell of a number: a missing one and one that is not finite are visible as such.

    Args:
        value: The number; None = there is none.
        text: What it shows; empty = the number as `labrec.record.wording.number` writes it.
        mark: How it looks, where it is finite.
        href: Where it leads.
    """
    if value is None:
        return Cell(text or "—", None, href, "missing")
    if not math.isfinite(value):
        return Cell(text or number(value), None, href, "odd")
    return Cell(text or number(value), value, href, mark)


def moment(value: datetime | None) -> Cell:
    """Return a cell of a time in UTC, to the minute."""
    if value is None:
        return Cell("undated", None, "", "missing")
    return Cell(f"{value:%Y-%m-%d %H:%M}", value.timestamp())


def _cut(text: str) -> str:
    if len(text) <= _LONGEST and text.isprintable():
        return text  # nearly always, and a hundred thousand times in a long listing
    return shown(text, _LONGEST)


def _compact(rows: Sequence[Sequence[Cell]], width: int) -> dict[str, Any]:
    """Return the rows as the script reads them: of each column texts, sorts, addresses, marks.

    An empty sort says that the text is sorted by, so that it is not written twice.
    """
    columns = []
    for at in range(width):
        cells = [row[at] for row in rows]
        texts = [_cut(cell.text) for cell in cells]
        columns.append(
            {
                "text": packed(texts),
                "sort": packed(list(map(_sort, cells, texts))),
                "href": packed([cell.href for cell in cells]),
                "mark": packed([_NUMBERS[cell.mark] for cell in cells]),
            }
        )
    return {
        "rows": len(rows),
        "columns": columns,
        "anchor": packed([row[0].anchor for row in rows]),
    }


def _sort(cell: Cell, text: str) -> float | str | None:
    """Return what a cell is sorted by: a number, a text, None, or nothing where its text is it."""
    if isinstance(cell.sort, str):
        return "" if cell.sort == text.casefold() else cell.sort
    return cell.sort
