"""What a table is: columns with kind, unit and meaning, and those that many share. ○ Pure."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Kind = Literal["text", "integer", "number", "boolean", "time", "texts"]
"""UTF-8 text · int64 · float64 · boolean · UTC microseconds · list of text."""


class Column(NamedTuple):
    """One column of a table.

    Attributes:
        name: Its name.
        kind: What its values are.
        meaning: What they say, one sentence for the data dictionary.
        unit: Unit of the values; empty for none, ``metric`` for the unit that the row names.
        optional: Whether a value may be missing (null); NaN is a value, never a missing one.
    """

    name: str
    kind: Kind
    meaning: str
    unit: str = ""
    optional: bool = False


class Table(NamedTuple):
    """One table.

    Attributes:
        name: Its name; the file is ``<name>.parquet``, or a folder ``<name>/`` where partitioned.
        row: What one row is.
        columns: Its columns, in order.
        key: Columns that tell rows apart; rows are sorted by them.
        partitioned: Whether it is a folder of files, ``<project>/<YYYY-MM-DD>.parquet``.
    """

    name: str
    row: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partitioned: bool = False


PROJECT: Final = Column("project", "text", "Project of the run.")
RUN: Final = Column("run_id", "text", "The run.")
RECORD: Final = Column(
    "record_digest", "text", "Digest of the record this row comes from, sha256:…."
)
METRIC: Final = Column("metric", "text", "Name of the metric.")
UNIT: Final = Column(
    "unit", "text", "Unit of the metric: by its definition, else as its runs say.", optional=True
)
DIRECTION: Final = Column(
    "direction", "text", "maximize or minimize: which way is better.", optional=True
)
EXPERIMENT: Final = Column(
    "experiment", "text", "Config digest: runs that share it are replicates."
)
