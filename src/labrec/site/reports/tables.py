"""``table("name", …)``: rows of any table of the contract, chosen by what its columns hold."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from labrec.analytics import tables as contract
from labrec.record.wording import number
from labrec.site import urls
from labrec.site.charts.figure import as_csv
from labrec.site.reports.article import Cell, Rows
from labrec.site.reports.known import said
from labrec.site.reports.parser import Mistake
from labrec.site.reports.vocabulary import text_of
from labrec.site.stamp import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from labrec.analytics.tables import Column, Table
    from labrec.site.reports.known import Known
    from labrec.site.reports.parser import Reference, Value

FIRST: Final = 50
"""Rows that are shown where a report does not say how many."""

MOST: Final = 200
"""Most rows that can be shown; the CSV beside a table has all."""

_OPTIONS: Final = ("columns", "sort", "limit", "title")
_COLUMNS = 8  # that are shown where a report does not say which
_LONGEST = 160  # characters of a cell
_DIGESTS = ("digest", "sha256", "registration", "design", "experiment", "condition")
_SHORT = 19  # characters of a digest that are shown: sha256: and twelve digits


def make(known: Known, reference: Reference) -> Rows:
    """Return the rows that a reference asks for.

    Raises:
        Mistake: There is no such table or column, or no row fits.
    """
    if len(reference.given) != 1 or not isinstance(reference.given[0], str) or reference.steps:
        raise Mistake('table takes the name of a table: table("experiments", …)')
    table = _table(reference.given[0])
    options = {key: value for key, value in reference.named.items() if key in _OPTIONS}
    filters = {key: value for key, value in reference.named.items() if key not in _OPTIONS}
    rows = _fitting(known, table, filters)
    rows = _sorted(rows, table, text_of(options.get("sort"), "sort"))
    known.use_rows(rows)
    columns = _columns(table, options.get("columns"), filters)
    return Rows(
        text_of(options.get("title"), "title") or table.name.replace("_", " ").capitalize(),
        tuple((_title(c), _unit(c, rows), c.kind in {"number", "integer"}) for c in columns),
        tuple(
            tuple(_cell(row, column) for column in columns)
            for row in rows[: _limit(options.get("limit"))]
        ),
        len(rows),
        as_csv(
            [column.name for column in table.columns],
            ([_plain(getattr(row, column.name)) for column in table.columns] for row in rows),
        ),
    )


def _table(name: str) -> Table:
    table = contract.TABLES.get(name)
    names = [
        one.name for one in contract.TABLES.values()
        if not one.partitioned and any(column.name == "project" for column in one.columns)
    ]  # fmt: skip
    if table is None or name not in names:
        raise Mistake(f"there is no table {said(name)} for reports; there are {', '.join(names)}")
    return table


# --- rows -------------------------------------------------------------------------------------


def _fitting(known: Known, table: Table, filters: Mapping[str, Value]) -> list[Any]:
    names = {column.name: column for column in table.columns}
    unknown = sorted(set(filters) - set(names))
    if unknown:
        raise Mistake(
            f"table {table.name} has no column {said(unknown[0])}; it has {', '.join(names)}, and "
            f"takes {', '.join(_OPTIONS)} besides"
        )
    wanted = {key: _wanted(known, names[key], value) for key, value in filters.items()}
    if "hypothesis" in wanted and "registration" in names and "registration" not in wanted:
        # a hypothesis that was amended has rows of each registration: the one that counts is meant
        wanted["registration"] = known.hypothesis(str(wanted["hypothesis"])).registration
    rows = [
        row for row in known.rows(table)
        if all(_fits(getattr(row, key), value) for key, value in wanted.items())
    ]  # fmt: skip
    if not rows:
        asked = ", ".join(f"{key}={value!r}" for key, value in filters.items())
        where = f" with {asked}" if asked else ""
        raise Mistake(f"table {table.name} has no row{where} in project {known.project.name}")
    return rows


def _wanted(known: Known, column: Column, value: Value) -> Value:
    """Return what a column must hold: names that people use become the digests that it has."""
    if isinstance(value, tuple):
        raise Mistake(f"{column.name} is compared with one value, not a list")
    kinds: dict[str, type | tuple[type, ...]] = {
        "boolean": bool, "integer": int, "number": (int, float), "text": str, "texts": str,
        "time": str,
    }  # fmt: skip
    fits = isinstance(value, kinds[column.kind])
    if not fits or (isinstance(value, bool) and column.kind != "boolean"):
        raise Mistake(f"column {column.name} holds {column.kind}, and {value!r} is none")
    if isinstance(value, str):
        if column.name in {"experiment", "parent"}:
            return known.experiment(value).key
        if column.name == "design":
            return known.design(value)
        if column.name == "run_id":
            return known.run(value).run_id
    return value


def _fits(value: Any, wanted: Value) -> bool:
    if isinstance(value, list | tuple):
        return wanted in value
    if isinstance(value, datetime):
        return isinstance(wanted, str) and value.isoformat().startswith(wanted)
    return bool(value == wanted)


def _sorted(rows: list[Any], table: Table, sort: str | None) -> list[Any]:
    if sort is None:
        return rows
    name = sort.removeprefix("-")
    if all(column.name != name for column in table.columns):
        raise Mistake(f"table {table.name} has no column {said(name)} to sort by")

    def is_missing(row: Any) -> bool:
        value = getattr(row, name)
        return value is None or (isinstance(value, float) and math.isnan(value))

    known = [row for row in rows if not is_missing(row)]
    known.sort(key=lambda row: getattr(row, name), reverse=sort.startswith("-"))
    return known + [row for row in rows if is_missing(row)]


def _limit(value: Value | None) -> int:
    if value is None:
        return FIRST
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST:
        raise Mistake(f"limit is a whole number from 1 to {MOST}")
    return value


# --- columns and cells ------------------------------------------------------------------------


def _columns(table: Table, value: Value | None, filters: Mapping[str, Value]) -> Sequence[Column]:
    if value is None:
        told = {"project", "record_digest", "path", *filters}
        if any(column.name == "name" for column in table.columns):
            told |= {"experiment", "run_id"}
        plain = [
            column for column in table.columns
            if column.name not in told and not column.name.endswith(_DIGESTS)
        ]  # fmt: skip
        return plain[:_COLUMNS]
    if not isinstance(value, tuple) or not value:
        raise Mistake('columns is a list of names: columns=["name", "mean"]')
    names = {column.name: column for column in table.columns}
    unknown = [name for name in value if name not in names]
    if unknown:
        raise Mistake(
            f"table {table.name} has no column {said(unknown[0])}; it has {', '.join(names)}"
        )
    if len(set(value)) != len(value):
        raise Mistake("columns names one column twice")
    return [names[name] for name in value]


def _title(column: Column) -> str:
    return column.name.replace("_", " ")


def _unit(column: Column, rows: Sequence[Any]) -> str:
    """Return the unit of a column: that of the metric, where all rows are of one."""
    if column.unit != "metric":
        return column.unit
    units = {getattr(row, "unit", None) for row in rows}
    one = next(iter(units)) if len(units) == 1 else None
    return str(one or "unit of the metric")


def _cell(row: Any, column: Column) -> Cell:
    value = getattr(row, column.name)
    if value is None or value in ("", [], ()):
        return Cell("—", mark="missing")
    if isinstance(value, bool):
        return Cell("yes" if value else "no")
    if isinstance(value, int | float):
        return Cell(number(value), mark="" if math.isfinite(value) else "odd")
    if isinstance(value, datetime):
        return Cell(f"{value:%Y-%m-%d %H:%M}")
    if isinstance(value, list | tuple):
        return Cell(shown("; ".join(map(str, value)), _LONGEST))
    text = str(value)
    if text.startswith("sha256:"):
        text = f"{text[:_SHORT]}…"
    return Cell(shown(text, _LONGEST), _href(row, column))


def _href(row: Any, column: Column) -> str:
    if column.name in {"run_id", "name"} and getattr(row, "run_id", None):
        return urls.run(row.project, row.run_id)
    if column.name in {"experiment", "name"} and getattr(row, "experiment", None):
        return urls.experiment(row.project, row.experiment)
    return ""


def _plain(value: Any) -> object:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S}Z"
    if isinstance(value, list | tuple):
        return "; ".join(map(str, value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return value
