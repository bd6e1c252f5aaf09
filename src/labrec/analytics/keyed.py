"""Rows that an earlier analysis made, found again by the digest of what they are made from.

○ No IO. All rows are columns: what did not change is never looked at one by one.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

KEY: Final = "key"
"""Name of the first column: what the rows of a thing are found by."""


_BATCH = 2048  # things whose rows are in memory as Python values at a time


class Keyed(NamedTuple):
    """The rows of several things, one thing behind the other.

    Attributes:
        rows: The rows; equal keys stand together.
        counts: Of each thing how many rows it has, 1 or more.
        made: Of each thing whether its rows were made now.
    """

    rows: pa.Table
    counts: Any
    made: Any

    @property
    def owners(self) -> Any:
        """Of each row the place of its thing."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    @property
    def starts(self) -> Any:
        """Of each thing the place of its first row, and the number of all rows at the end."""
        return np.concatenate([[0], np.cumsum(self.counts)])

    def column(self, name: str) -> list[Any]:
        """Return a column as Python values."""
        return values(self.rows[name])

    def without(self, places: Iterable[int]) -> pa.Table:
        """Return all rows but those of the things at some places."""
        left_out = sorted(places)
        if not left_out:
            return self.rows
        return self.rows.filter(pa.array(~np.isin(self.owners, left_out)))

    def numbers(self, name: str) -> Any:
        """Return a column of numbers; NaN where one is missing."""
        return self.rows[name].combine_chunks().to_numpy(zero_copy_only=False)


def keyed(
    keys: Sequence[str],
    known: pa.Table | None,
    schema: pa.Schema,
    make: Callable[[int], Iterable[Sequence[Any]]],
    ahead: Callable[[Sequence[int]], None] = lambda _: None,
) -> Keyed:
    """Return the rows of things, those that are known already as they were.

    Args:
        keys: Of each thing the digest of all that its rows depend on; no two are equal.
        known: What was made before, equal keys together; None for nothing.
        schema: Of the rows; its first column is `KEY`.
        make: Makes the rows of the thing at a place, without the key; one or more.
        ahead: Told the places of all things whose rows will be made.
    """
    if known is None:
        known = schema.empty_table()
    known = known.combine_chunks()
    places, starts, counts = _found(keys, known)
    new = np.flatnonzero(places < 0)
    parts = [known]
    ahead(new.tolist())
    for batch in (new[at : at + _BATCH].tolist() for at in range(0, len(new), _BATCH)):
        made = [[(keys[at], *row) for row in make(at)] for at in batch]
        lengths = np.array([len(rows) for rows in made])
        counts[batch] = lengths
        starts[batch] = sum(part.num_rows for part in parts) + np.cumsum(lengths) - lengths
        columns = zip(*(row for rows in made for row in rows), strict=True)
        arrays = [pa.array(column, f.type) for f, column in zip(schema, columns, strict=True)]
        parts.append(pa.table(arrays, schema=schema))
    known = pa.concat_tables(parts).combine_chunks()
    total = int(counts.sum())
    ends = np.cumsum(counts)
    order = np.arange(total) + np.repeat(starts - (ends - counts), counts)
    if total != known.num_rows or not np.array_equal(order, np.arange(total)):
        known = known.take(pa.array(order))
    return Keyed(known, counts, places < 0)


def _found(keys: Sequence[str], known: pa.Table) -> tuple[Any, Any, Any]:
    """Return of each key its place among the known ones or -1, its first row, and how many."""
    wanted = pa.array(keys, pa.string())
    if not known.num_rows:
        none = np.zeros(len(keys), np.int64)
        return none - 1, none, none.copy()
    runs = pc.run_end_encode(known[KEY].chunk(0))
    ends = runs.run_ends.to_numpy().astype(np.int64)
    counts = np.diff(ends, prepend=0)
    places = pc.index_in(wanted, value_set=runs.values).fill_null(-1)
    places = places.to_numpy().astype(np.int64)
    there = places >= 0
    starts = np.where(there, (ends - counts)[places], 0)
    return places, starts, np.where(there, counts[places], 0)


def groups(columns: Sequence[pa.Array | pa.ChunkedArray]) -> tuple[Any, Any]:
    """Say which rows are equal in some columns.

    Args:
        columns: Of one length each, one or more; what is missing is equal, too.

    Returns:
        The place of the first row of each group, by the values of the columns in order, and of each
        row the number of its group.
    """
    codes = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        found = pc.dictionary_encode(column, null_encoding="encode")
        if isinstance(found, pa.ChunkedArray):
            found = found.unify_dictionaries().combine_chunks()
        ranks = np.empty(len(found.dictionary), np.int64)
        ranks[pc.sort_indices(found.dictionary).to_numpy()] = np.arange(len(ranks))
        codes = codes * len(ranks) + ranks[found.indices.to_numpy()]
        codes = np.unique(codes, return_inverse=True)[1]  # small again: no product overflows
    return np.unique(codes, return_index=True)[1], codes


def grouped(columns: Sequence[Sequence[str] | pa.Array | pa.ChunkedArray]) -> list[list[int]]:
    """Return the places of rows that are equal in some columns, ascending, by these columns.

    Args:
        columns: Of one length each, one or more.
    """
    arrays = [
        one if isinstance(one, pa.Array | pa.ChunkedArray) else pa.array(one, pa.string())
        for one in columns
    ]
    codes = groups(arrays)[1]
    order = np.argsort(codes, kind="stable").tolist()
    ends = np.cumsum(np.bincount(codes)).tolist()
    return [order[start:end] for start, end in pairwise((0, *ends))]


def values(column: pa.ChunkedArray) -> list[Any]:
    """Return a column as Python values, as `to_pylist` does, several times as fast for text."""
    if not pa.types.is_string(column.type):
        found: list[Any] = column.to_pylist()
        return found
    told: list[Any] = column.to_numpy().tolist()
    return told
