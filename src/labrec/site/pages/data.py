"""The data page: every table to take away, with its dictionary, and what could not be used."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from labrec._version import __version__
from labrec.analytics import tables
from labrec.site import citing, datapackage, urls
from labrec.site.collect import reading
from labrec.site.manifest import digest_of
from labrec.site.page import Crumb, Draft, Page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from labrec.site.collect import Site, TableFile

MAX_PARQUET: Final = 50_000_000
"""Largest table that is published, in bytes of Parquet, all its parts together."""

MAX_CSV: Final = 8_000_000
"""Most bytes of CSV of all tables together; those that come first in the contract go first."""

MOST_PROBLEMS: Final = 500
"""Problems that the page lists; the table has all."""

_CELL = 8  # bytes of CSV that a cell takes at least, on average: larger tables are not tried
_FORMULA = r"^[=+\-@\t\r]"  # what a spreadsheet would take for something to run
_DICTIONARY = "tables.json"
_KINDS = {
    "text": "text", "integer": "int64", "number": "float64", "boolean": "boolean",
    "time": "UTC, µs", "texts": "list of text",
}  # fmt: skip


def pages(site: Site) -> Iterator[Draft]:
    """Yield the one data page."""
    facts = [(one.table.name, one.size, one.row_count) for one in site.tables]
    inputs = digest_of([site.lab, citing.lab(site), site.view_id, facts, site.problems])
    yield Draft(urls.DATA, "data", inputs, lambda: _page(site))


def _page(site: Site) -> Page:
    files: dict[str, bytes | Path] = {_DICTIONARY: dictionary(site.view_id)}
    shown, published = [], []
    room = MAX_CSV
    for one in site.tables:
        own = _files(one, room)
        room -= sum(len(data) for data in own.values() if isinstance(data, bytes))
        files |= own
        published.append((one.table, own))
        shown.append(_shown(one, own))
    files[datapackage.NAME] = datapackage.package(
        site.lab, citing.lab(site), site.view_id, published
    )
    return Page(
        url=urls.DATA,
        kind="data",
        title="Data",
        crumbs=(Crumb("Home", urls.HOME), Crumb("Data", "")),
        context={
            "view_id": site.view_id,
            "tool": f"labrec {__version__}",
            "contract": tables.VERSION,
            "dictionary": _DICTIONARY,
            "package": datapackage.NAME,
            "tables": shown,
            "problems": site.problems[:MOST_PROBLEMS],
            "problem_count": len(site.problems),
            "run_count": sum(len(project.run) for project in site.projects),
            "limits": {"parquet": MAX_PARQUET, "csv": MAX_CSV},
        },
        files=files,
    )


def dictionary(view_id: str) -> bytes:
    """Return what every table and column means, as JSON.

    Args:
        view_id: The view that the tables were made from.
    """
    document = {
        "contract": tables.VERSION,
        "view": view_id,
        "tables": [
            {
                "name": table.name,
                "row": table.row,
                "key": table.key,
                "partitioned": table.partitioned,
                "columns": [column._asdict() for column in table.columns],
            }
            for table in tables.TABLES.values()
        ],
    }
    return (json.dumps(document, indent=1) + "\n").encode()


def _files(one: TableFile, room: int) -> dict[str, bytes | Path]:
    """Return what is published of a table, by its name beside the page.

    Args:
        one: The table.
        room: Most bytes of CSV.
    """
    if not one.files or one.size > MAX_PARQUET:
        return {}
    name = one.table.name
    if one.table.partitioned:
        return {f"{name}/{path.parent.name}/{path.name}": path for path in one.files}
    files: dict[str, bytes | Path] = {f"{name}.parquet": one.files[0]}
    if one.row_count * len(one.table.columns) * _CELL > room:
        return files
    text = as_csv(one.files[0], one.table, room)
    if text is not None:
        files[f"{name}.csv"] = text
    return files


def as_csv(path: Path, table: tables.Table, room: int) -> bytes | None:
    """Return a table as CSV: numbers exact, times in UTC, lists joined by ``; ``.

    Text that a spreadsheet would take for a formula is preceded by an apostrophe.

    Args:
        path: Its Parquet file.
        table: What the contract says of it.
        room: Most bytes that it may have; None is returned where it would have more.

    Raises:
        InvalidError: It is not the table of the contract.
    """
    columns = []
    for column in table.columns:
        value = pl.col(column.name)
        if column.kind == "texts":
            value = value.list.join("; ")
        if column.kind in {"text", "texts"}:
            is_formula = value.str.contains(_FORMULA)
            value = pl.when(is_formula).then(pl.concat_str(pl.lit("'"), value)).otherwise(value)
        columns.append(value.alias(column.name))
    with reading(path):
        frame = pl.read_parquet(path)
        if _least(frame) > room:
            return None
        text = frame.select(columns).write_csv(datetime_format="%Y-%m-%dT%H:%M:%S%.3fZ").encode()
    return text if len(text) <= room else None


def _least(frame: pl.DataFrame) -> int:
    """Return how many bytes of CSV a table has at least: its texts, and a separator a cell."""
    texts = frame.select(pl.col(pl.String).str.len_bytes().sum())
    return frame.height * frame.width + sum(filter(None, texts.row(0))) if texts.width else 0


def _shown(one: TableFile, own: dict[str, bytes | Path]) -> dict[str, Any]:
    table = one.table
    return {
        "name": table.name,
        "row": table.row,
        "rows": one.row_count,
        "size": one.size,
        "files": [
            {"name": name, "size": len(data) if isinstance(data, bytes) else data.stat().st_size}
            for name, data in own.items()
        ],
        "too_large": one.size > MAX_PARQUET,
        "partitioned": table.partitioned,
        "key": ", ".join(table.key),
        "columns": [
            {
                "name": column.name,
                "kind": _KINDS[column.kind],
                "unit": "that of the metric" if column.unit == "metric" else column.unit,
                "optional": column.optional,
                "meaning": column.meaning,
            }
            for column in table.columns
        ],
    }
