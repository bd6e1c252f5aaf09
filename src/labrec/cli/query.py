"""``labrec query``: ask the tables in SQL."""

from __future__ import annotations

import csv
import math
import sys
from typing import TYPE_CHECKING, Any

import click

from labrec.cli.analyze import out_option
from labrec.cli.console import safe
from labrec.cli.log import number
from labrec.cli.world import World, at_option, json_option, pass_world
from labrec.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

_SHOWN = 100  # rows of a table for people


@click.command(
    epilog="\b\nExamples:\n  labrec query\n"
    "  labrec query 'SELECT name, mean, low, high FROM experiments WHERE key ORDER BY mean'\n"
    "  labrec query --csv 'SELECT step, value FROM series' > series.csv"
)
@click.argument("sql", required=False)
@click.option("--csv", "as_csv", is_flag=True, help="Answer in CSV, all rows.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most N rows.")
@out_option
@at_option
@json_option
@pass_world
def command(
    world: World, /, sql: str | None, as_csv: bool, limit: int | None, **where: Any
) -> None:
    """Ask the tables that `labrec analyze` makes; they are made first where the lab has changed.

    Without SQL, lists the tables and their columns. A query reads the tables and nothing else.
    """
    if sql is None:
        _list(world)
        return
    if as_csv and world.json:
        raise UsageError("--csv and --json cannot both be", hint="Choose one of them.")
    folder = made_tables(world, **where)
    from labrec.analytics.query import Tables  # brings polars in

    whole = as_csv or world.json or limit is not None
    found = Tables(folder).sql(sql, limit if whole else _SHOWN + 1)
    if world.json:
        world.console.json([plain_row(row) for row in found.iter_rows(named=True)])
    elif as_csv:
        _write_csv(found)
    else:
        rows = [[_cell(value) for value in row] for row in found.iter_rows()]
        world.console.table(_titles(found), rows[: limit or _SHOWN])
        if len(rows) > (limit or _SHOWN):
            world.console.note(f"the first {_SHOWN} rows; --limit N shows more, --csv all of them")


def made_tables(world: World, out: Path | None, at: str | None) -> Path:
    """Return the folder of the lab's tables, made anew where the lab has changed; says so."""
    from labrec.analytics.packages import require
    from labrec.analytics.pipeline import analyze

    require("polars")
    found = analyze(world.lab, out, at)
    if found.made:
        world.console.note("the lab has changed: its tables were made anew")
    if not found:
        count = found.report["problem_count"]
        left_out = "1 document is" if count == 1 else f"{count} documents are"
        world.console.note(f"{left_out} left out; see the table problems")
    return found.folder


def _list(world: World) -> None:
    from labrec.analytics.tables import TABLES

    def text() -> None:
        for table in TABLES.values():
            world.console.say(world.console.styled(table.name, "bold") + f": {table.row}")
            rows = [[f"  {c.name}", c.kind, c.unit, c.meaning] for c in table.columns]
            world.console.table(["  column", "kind", "unit", "meaning"], rows)
            world.console.say()

    world.answer(
        [
            {"name": t.name, "row": t.row, "columns": [column._asdict() for column in t.columns]}
            for t in TABLES.values()
        ],
        text,
    )


def _titles(found: pl.DataFrame) -> list[str]:
    return [
        f">{safe(name)}" if dtype.is_numeric() else safe(name)
        for name, dtype in found.schema.items()
    ]


def _cell(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if hasattr(value, "isoformat"):
        return str(value.isoformat(" ", "milliseconds"))[:23]
    return number(value)


def plain_row(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as JSON can hold it: times as RFC 3339, NaN and the infinities as text."""
    return {name: _value(value) for name, value in row.items()}


def _value(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    if isinstance(value, list):
        return [_value(item) for item in value]
    if isinstance(value, dict):
        return plain_row(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if hasattr(value, "isoformat"):
        return value.isoformat().replace("+00:00", "Z")
    return str(value)


def _write_csv(found: pl.DataFrame) -> None:
    """Write rows as CSV (RFC 4180); on a terminal nothing of them can steer it."""
    shown = safe if sys.stdout.isatty() else str
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([shown(name) for name in found.columns])
    for row in found.iter_rows():
        values = [_value(value) for value in row]
        writer.writerow(
            [
                "" if v is None else shown(";".join(map(str, v)) if isinstance(v, list) else v)
                for v in values
            ]
        )
