"""Asking the tables: by name, or in SQL. Nothing but the tables can be reached."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from labrec.analytics import tables
from labrec.errors import NotFoundError, UsageError
from labrec.record.text import one_line, printable

if TYPE_CHECKING:
    from pathlib import Path

    from labrec.analytics.tables import Kind, Table

_TYPES: Final[dict[Kind, pl.DataType]] = {
    "text": pl.String(),
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "boolean": pl.Boolean(),
    "time": pl.Datetime("us", "UTC"),
    "texts": pl.List(pl.String()),
}

# What reads files. Refused wherever it stands, in a text or a comment too: then no way of writing
# SQL hides it.
_READERS = re.compile(
    r"\b(?:read|scan)_(?:avro|clipboard|csv|database|delta|excel|iceberg|ipc|json|lines|ndjson|ods"
    r"|parquet)\w*",
    re.IGNORECASE,
)
_STATEMENTS = ("select", "with", "(", "values", "show", "explain")
_COMMENT = re.compile(r"\s+|--[^\n]*(?:\n|$)|/\*.*?\*/", re.DOTALL)
_SCAN = "SCAN ["  # how a plan names what it reads
_WHY = 500  # characters of the engine's words that a message repeats


class Tables(Mapping[str, pl.LazyFrame]):
    """The tables of a lab: a mapping from name to `polars.LazyFrame`, read when they are collected.

    Args:
        folder: Where `labrec analyze` wrote them.

    Attributes:
        folder: As given, absolute.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()

    def __repr__(self) -> str:
        return f"<tables of {self.folder}: {', '.join(self)}>"

    def __getitem__(self, name: str) -> pl.LazyFrame:
        """Return a table.

        Raises:
            KeyError: There is none of that name.
            NotFoundError: Its file is not there.
        """
        return self._scan(tables.TABLES[name])

    def __iter__(self) -> Iterator[str]:
        return iter(tables.TABLES)

    def __len__(self) -> int:
        return len(tables.TABLES)

    def sql(self, text: str, limit: int | None = None) -> pl.DataFrame:
        """Return what a query finds.

        Args:
            text: One SELECT in the SQL of polars, over the tables by their names.
            limit: At most so many rows; None for all.

        Raises:
            UsageError: It is none, names what is not there, or would read anything but the tables.
            NotFoundError: A table's file is not there.
        """
        _check(text)
        frames = {name: self[name] for name in self}
        try:
            found = pl.SQLContext(frames=frames, register_globals=False).execute(text)
            if limit is not None:
                found = found.limit(limit)
            self._check_plan(found.explain(optimized=False))
            return found.collect()
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            words = str(error).split("\n\n", 1)[0].partition("; valid columns")[0]
            why = one_line(printable(words), _WHY)
            raise UsageError(f"the query cannot be answered: {why}", hint=_hint(text)) from error

    def rows(self, name: str, where: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return rows of a table, in its order, as dictionaries by column.

        Args:
            name: The table.
            where: Texts that columns must hold, by column.

        Raises:
            KeyError: There is no such table.
            NotFoundError: Its file is not there.
        """
        found = self[name]
        for column, text in where.items():
            found = found.filter(pl.col(column) == pl.lit(text))
        return found.collect().to_dicts()

    def _scan(self, table: Table) -> pl.LazyFrame:
        schema = {column.name: _TYPES[column.kind] for column in table.columns}
        if table.partitioned:
            files = sorted(self.folder.glob(f"{table.name}/*/*.parquet"))
            return pl.scan_parquet(files, glob=False) if files else pl.LazyFrame(schema=schema)
        path = self.folder / f"{table.name}.parquet"
        if not path.is_file():
            raise NotFoundError(
                f"there is no table {table.name} in {self.folder}",
                hint="Run `labrec analyze`.",
                paths=[path],
            )
        return pl.scan_parquet(path, glob=False)

    def _check_plan(self, plan: str) -> None:
        """Refuse a plan that reads a file which is none of the tables'.

        A second fence behind `_READERS`: should a new version of the engine know another way.
        """
        for place in plan.split(_SCAN)[1:]:
            if not place.startswith(f"{self.folder}{os.sep}"):
                raise UsageError(
                    f"a query reads the tables and nothing else, not {printable(place[:200])}",
                    hint="`labrec query` lists the tables.",
                )


def _check(text: str) -> None:
    """Refuse what is no query, and what could read a file.

    Raises:
        UsageError: It is one of these.
    """
    found = _READERS.search(text)
    if found:
        raise UsageError(
            f"{found[0].lower()} is not allowed: a query reads the tables and nothing else",
            hint="`labrec query` lists the tables.",
        )
    start = 0
    while skipped := _COMMENT.match(text, start):
        start = skipped.end()
    if not text[start:].lower().startswith(_STATEMENTS):
        raise UsageError(
            f"{one_line(printable(text), 80)!r} is no query",
            hint="Write SELECT … FROM …; `labrec query` lists the tables and their columns.",
        )


def _hint(text: str) -> str:
    """Return the columns of the tables that a query names, or the tables."""
    words = set(re.findall(r"\w+", text.lower()))
    named = [table for name, table in tables.TABLES.items() if name in words]
    if not named:
        return f"Tables: {', '.join(tables.TABLES)}."
    return " ".join(
        f"Columns of {table.name}: {', '.join(column.name for column in table.columns)}."
        for table in named
    )
