"""Other tables beside a table: their columns joined to its rows, as the map says."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from labrec.errors import LabrecError
from labrec.exchange.cells import CellError, text
from labrec.exchange.kin import AmbiguousError, Keys
from labrec.exchange.map_reader import MapReader
from labrec.exchange.mistakes import Mistake, shown
from labrec.exchange.table import ENCODINGS, Form, Row, Table, read_table

if TYPE_CHECKING:
    from pathlib import Path

_KINDS = ("csv", "tsv", "jsonl", "parquet")
_QUOTES = ('"', "none")


def read_form(given: Any, place: str, mistakes: list[Mistake]) -> Form:
    """Read the ``format`` of a map.

    Args:
        given: What the map says; None where it says nothing.
        place: Where it stands.
        mistakes: Takes what is wrong.
    """
    reader = MapReader(Table("", (), [], []), mistakes)
    told = reader.mapping(given, place)
    reader.known(told, place, ("kind", "delimiter", "quote", "encoding"))
    delimiter = reader.text(told.get("delimiter"), f"{place}.delimiter") or ""
    if "delimiter" in told and (len(delimiter) != 1 or delimiter in '"\r\n'):
        reader.wrong(f"{place}.delimiter", "is not one character that cells do not begin with")
        delimiter = ""
    return Form(
        reader.choice(told, "kind", place, _KINDS) or "",
        delimiter,
        reader.choice(told, "quote", place, _QUOTES) != "none",
        reader.choice(told, "encoding", place, ENCODINGS) or "utf-8",
    )


def join(table: Table, given: Any, folder: Path, mistakes: list[Mistake]) -> Table:
    """Return a table with the columns of others, each called ``<name>.<column>``.

    Args:
        table: The table.
        given: The ``join`` of a map: of each name the file, the columns and how they are compared.
        folder: Where the table's file is; the others are there, or below.
        mistakes: Takes what is wrong with the map.

    Returns:
        The table itself where the map says nothing, or something wrong.
    """
    reader = MapReader(table, mistakes)
    for name, one in reader.mapping(given, "join").items():
        place = f"join.{name}"
        told = reader.mapping(one, place)
        reader.known(told, place, ("file", "on", "match", "format"))
        other = _other(reader, told, place, folder)
        match = reader.choice(told, "match", place, ("exact", "prefix"))
        on = reader.mapping(told.get("on"), f"{place}.on")
        if len(on) != 1:
            reader.wrong(f"{place}.on", "is one pair: a column here, and its column there")
        elif other is not None:
            here = reader.column(next(iter(on)), f"{place}.on")
            there = MapReader(other, mistakes).column(next(iter(on.values())), f"{place}.on")
            if here is not None and there is not None:
                table = _joined(table, here, other, there, name, match == "prefix")
    return table


def _other(reader: MapReader, told: dict[str, Any], place: str, folder: Path) -> Table | None:
    name = reader.text(told.get("file"), f"{place}.file")
    form = read_form(told.get("format"), f"{place}.format", reader.mistakes)
    path = PurePosixPath(name or "")
    if name is None or path.is_absolute() or ".." in path.parts or not path.name:
        if not isinstance(told.get("file"), (int, float, list, dict)):
            reader.wrong(f"{place}.file", "names no file beside the table or below it")
        return None
    try:
        other = read_table(folder / path, form)
    except LabrecError as error:
        reader.wrong(f"{place}.file", error.message)
        return None
    for mistake in other.mistakes:
        reader.wrong(f"{place}.file", mistake.told(other.name))
    return other


def _joined(table: Table, here: int, other: Table, there: int, name: str, prefix: bool) -> Table:
    """Return the rows of a table, each with the row of the other one that its key means."""
    mistakes = list(table.mistakes)
    rows: dict[str, Row | None] = {}
    for row in other.rows:
        key = _key(row.values[there])
        if key is not None:
            rows[key] = None if key in rows else row  # twice: nobody can tell which is meant
    keys = Keys(rows)
    nothing = (None,) * len(other.columns)
    joined = []
    for row in table.rows:
        called = _key(row.values[here])
        try:
            key = None if called is None else keys.find(called, prefix=prefix)
        except AmbiguousError as error:
            mistakes.append(Mistake(f"join.{name}", str(error), row.line))
            continue
        found = rows[key] if key is not None else None
        if key is not None and found is None:
            what = f"several rows of {other.name} are named {shown(key)}"
            mistakes.append(Mistake(f"join.{name}", what, row.line))
            continue
        joined.append(Row(row.line, row.values + (nothing if found is None else found.values)))
    columns = table.columns + tuple(f"{name}.{column}" for column in other.columns)
    return Table(table.name, columns, joined, mistakes)


def _key(cell: Any) -> str | None:
    try:
        return None if cell is None else text(cell)
    except CellError:
        return None
