"""Parquet tables by the contract, made from a few plain rows: what ``labrec analyze`` would write.

``write(folder, runs=[{"name": "1_base"}], metrics=[…])`` fills every column that a row leaves out.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING, Any

import polars as pl

from labrec.analytics.tables import TABLES, Column, Table
from labrec.record.digest import Digest
from labrec.record.ids import id_date, imported_run_id

if TYPE_CHECKING:
    from pathlib import Path

START = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
TYPES = {
    "text": pl.String(),
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "boolean": pl.Boolean(),
    "time": pl.Datetime("us", "UTC"),
    "texts": pl.List(pl.String()),
}
DEFAULTS: dict[str, Any] = {
    "text": "", "integer": 0, "number": 0.0, "boolean": False, "time": START, "texts": [],
}  # fmt: skip
USUAL = {"status": "complete", "standing": "counts", "tool": "labrec 0", "op": "update"}


def run_id(number: int) -> str:
    """Return the id of the run of a number; later ones started later."""
    start = int(START.timestamp() * 1000)
    return imported_run_id(start + number * 60_000, f"run {number}", {})


def digest(text: str) -> str:
    """Return a digest that a text stands for."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def row(table: Table, given: dict[str, Any]) -> dict[str, Any]:
    """Return a row with every column."""
    unknown = set(given) - {column.name for column in table.columns}
    assert not unknown, unknown
    return {column.name: given.get(column.name, _default(column)) for column in table.columns}


def _default(column: Column) -> Any:
    if column.optional:
        return None
    return USUAL.get(column.name, DEFAULTS[column.kind])


def write(folder: Path, **tables: list[dict[str, Any]]) -> None:
    """Write the tables that are given, and empty ones for the others."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in TABLES.items():
        rows = [row(table, given) for given in tables.get(name, [])]
        schema = {column.name: TYPES[column.kind] for column in table.columns}
        frame = pl.DataFrame(rows, schema=schema, orient="row").sort(table.key)
        if not table.partitioned:
            frame.write_parquet(folder / f"{name}.parquet")
            continue
        days = {"-".join(f"{part:02}" for part in id_date(r)) for r in frame["run_id"]}
        for day in days:
            for (project,), part in frame.partition_by("project", as_dict=True).items():
                of_day = ["-".join(f"{p:02}" for p in id_date(r)) == day for r in part["run_id"]]
                path = folder / name / str(project) / f"{day}.parquet"
                path.parent.mkdir(parents=True, exist_ok=True)
                part.filter(pl.Series(of_day)).write_parquet(path)


def record_digest(data: bytes) -> str:
    """Return the digest of a record's bytes."""
    return str(Digest.of(data))
