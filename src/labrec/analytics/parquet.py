"""Writing tables: schemas from the contract, equal rows to equal bytes, whole or not at all.

Text that many rows share (a run id, a digest) is held once and referred to; in the file it is plain
text, so that every reader of Parquet sees the types of the contract.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from labrec.analytics.tables import VERSION, Kind, Table
from labrec.errors import InvalidError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from labrec.analytics.tables import Column

ROW_GROUP: Final = 65_536  # rows; a reader that wants one run skips all other groups

TYPES: Final[dict[Kind, pa.DataType]] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "time": pa.timestamp("us", tz="UTC"),
    "texts": pa.list_(pa.string()),
}
"""Arrow type of each kind of column."""

SHARED: Final = ("project", "run_id", "record_digest")
"""Columns that every row of a record repeats."""

_SHARED_TYPE = pa.dictionary(pa.int32(), pa.string())

WRITING: Final[dict[str, Any]] = {
    "compression": "zstd",
    "compression_level": 1,
    "dictionary_pagesize_limit": 16 << 20,  # bytes: more than the digests of one row group
    "store_schema": False,  # a dictionary is how it is held here, not what it is
}
"""How every table is written."""


def column_array(column: Column, values: Sequence[Any]) -> pa.Array:
    """Return the values of a column as Arrow holds them.

    Raises:
        InvalidError: A value is of another kind, or missing where none may be.
    """
    try:
        array = pa.array(values, TYPES[column.kind])
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise InvalidError(f"{column.name} is no {column.kind}: {error}") from error
    if array.null_count and not column.optional:
        raise InvalidError(f"{column.name} is missing")
    return array


def rows_table(columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> pa.Table:
    """Return rows as an Arrow table.

    Raises:
        InvalidError: A value is not what its column takes.
    """
    turned = list(zip(*rows, strict=True)) or [()] * len(columns)
    arrays = [column_array(c, values) for c, values in zip(columns, turned, strict=True)]
    return pa.table(arrays, schema=plain_schema(columns))


def columns_table(table: Table, given: Mapping[str, Sequence[Any] | pa.Array]) -> pa.Table:
    """Return the rows of a table from its columns, each as Arrow or as Python holds it.

    Raises:
        InvalidError: A value is not what its column takes.
    """
    arrays = [
        values if isinstance(values, pa.Array | pa.ChunkedArray) else column_array(column, values)
        for column, values in ((column, given[column.name]) for column in table.columns)
    ]
    return pa.table(arrays, names=[column.name for column in table.columns])


def spread(table: Table, name: str, values: Sequence[Any], owners: Any) -> pa.Array:
    """Return a column of a table that repeats values: row ``i`` is ``values[owners[i]]``.

    Raises:
        InvalidError: A value is not what the column takes.
    """
    (column,) = (column for column in table.columns if column.name == name)
    return column_array(column, values).take(pa.array(owners))


def plain_schema(columns: Sequence[Column]) -> pa.Schema:
    """Return the Arrow schema of columns."""
    return pa.schema([pa.field(c.name, TYPES[c.kind], nullable=c.optional) for c in columns])


def held_schema(table: Table, *, repeats: bool = False) -> pa.Schema:
    """Return the Arrow schema by which rows of a table are held when they are written.

    Args:
        table: The table.
        repeats: Whether all of its text repeats much, and not `SHARED` columns alone.
    """
    return pa.schema(
        [
            pa.field(
                c.name,
                _SHARED_TYPE if c.name in SHARED or (repeats and c.kind == "text")
                else TYPES[c.kind],
                c.optional,
            )
            for c in table.columns
        ]
    )  # fmt: skip


def held(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return rows as a schema of `held_schema` holds them, each column in one piece.

    Equal rows are written as equal bytes then, wherever they came from.
    """
    rows = rows.combine_chunks()  # the writer pays for each chunk
    arrays = [
        compact(rows[field.name]) if field.type == _SHARED_TYPE else rows[field.name]
        for field in schema
    ]
    return pa.table(arrays, schema=schema)


def footer_metadata(table: Table, metadata: Mapping[str, str]) -> dict[str, str]:
    """Return what the footer of a file says, by name."""
    said = {"labrec.contract": str(VERSION), "labrec.table": table.name, **metadata}
    return dict(sorted(said.items()))


class NewFile:
    """A file that is complete, or will be, and has its name only once it is published.

    Args:
        path: Where it goes.
        writer: Process id of the analysis that it belongs to.
        rows: How many rows it has.
        size: Its length in bytes.
    """

    def __init__(self, path: Path, writer: int, rows: int = 0, size: int = 0) -> None:
        self.path = path
        self.rows = rows
        self.size = size
        self._temporary = path.with_name(f".{path.name}.{writer}.tmp")

    def publish(self) -> None:
        """Give the file its name, in the place of what had it."""
        try:
            self._temporary.replace(self.path)
        except OSError as error:
            raise unwritable(self.path, error) from error

    def discard(self) -> None:
        """Remove what has no name yet."""
        self._temporary.unlink(missing_ok=True)


class TableFile(NewFile):
    """One Parquet file that is being written; a context manager.

    Leaving it without `finish` and `publish` removes what was written.

    Args:
        path: Where the file goes.
        table: What it holds.
        metadata: What its footer says besides the version of the contract.
        writer: Process id of the analysis that it belongs to; None = this one's.
    """

    def __init__(
        self,
        path: Path,
        table: Table,
        metadata: Mapping[str, str],
        writer: int | None = None,
    ) -> None:
        super().__init__(path, writer if writer is not None else os.getpid())
        self._waiting: list[pa.Table] = []
        self._count = 0
        self._schema = held_schema(table)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._writer = pq.ParquetWriter(self._temporary, self._schema, **WRITING)
        self._writer.add_key_value_metadata(footer_metadata(table, metadata))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()

    def add(self, rows: pa.Table) -> None:
        """Take rows in the order of the table's key; they are written in groups of one size."""
        if not rows.num_rows:
            return
        self._waiting.append(rows)
        self._count += rows.num_rows
        while self._count >= ROW_GROUP:
            self._write(ROW_GROUP)

    def finish(self) -> None:
        """Write what is left. `publish` gives the file its name."""
        if self._count:
            self._write(self._count)
        try:
            self._writer.close()
            self.size = self._temporary.stat().st_size
        except OSError as error:
            raise unwritable(self.path, error) from error

    def discard(self) -> None:
        """Remove what has no name yet."""
        if self._writer.is_open:
            self._writer.close()
        super().discard()

    def _write(self, count: int) -> None:
        rows = pa.concat_tables(self._waiting).combine_chunks()  # the writer pays for each chunk
        group, rest = rows.slice(0, count), rows.slice(count)
        self._waiting, self._count = [rest] if rest.num_rows else [], rest.num_rows
        try:
            self._writer.write_table(held(group, self._schema), row_group_size=count)
        except OSError as error:
            raise unwritable(self.path, error) from error
        self.rows += group.num_rows


def compact(array: pa.ChunkedArray) -> pa.Array:
    """Return a column with one dictionary: the names that its rows use, each once, as they come.

    Equal rows give equal bytes only so. And where a name stands twice in a dictionary, Parquet's
    writer leaves memory that nobody set in the file (seen with Arrow 26).
    """
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    whole = array.unify_dictionaries().combine_chunks()
    used = pc.unique(whole.indices.drop_null())
    names = whole.dictionary.take(used).dictionary_encode()
    moved = np.zeros(len(whole.dictionary), np.int32)
    moved[used.to_numpy()] = names.indices.to_numpy()
    places = pa.array(moved).take(whole.indices)
    return pa.DictionaryArray.from_arrays(places, names.dictionary)


def shared_column(names: pa.Array, places: pa.Array) -> pa.Array:
    """Return a column that repeats names: row ``i`` is ``names[places[i]]``."""
    return pa.DictionaryArray.from_arrays(places, names)


def unwritable(path: Path, error: OSError) -> StorageError:
    """Return the failure of a file that could not be written."""
    return StorageError(
        f"{path} cannot be written: {error.strerror or error}",
        hint="Check the free space and the permissions, then run `labrec analyze` again.",
        paths=[path],
        kept="the tables that were there",
    )
