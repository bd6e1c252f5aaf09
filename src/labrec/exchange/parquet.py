"""Reading Parquet, with pyarrow of the extra ``lab``."""

from __future__ import annotations

from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any

from labrec.errors import InvalidError, LabrecError, LimitError, NotFoundError
from labrec.exchange.json_lines import table_of
from labrec.exchange.table import MAX_BYTES, MAX_ROWS, Table, check_columns

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_UNPACKED = 4 * MAX_BYTES
_BATCH = 4096


def read_parquet(file: IO[bytes], path: Path) -> Table:
    """Read a Parquet file.

    Args:
        file: The open file.
        path: Where it is, for messages.

    Raises:
        NotFoundError: pyarrow is not installed.
        LimitError: It has too many rows or columns, or is too large unpacked.
        InvalidError: It is no Parquet file, or has two columns of one name.
    """
    try:
        from pyarrow import parquet  # 0.1 s, and only with the extra
    except ImportError as error:
        raise NotFoundError(
            "Parquet is read with pyarrow, which is not installed",
            hint="pip install 'labrec[lab]'",
            paths=[path],
        ) from error
    try:
        opened = parquet.ParquetFile(file)
        _check(opened, path)
        return table_of(path, _rows(opened), [])
    except LabrecError:
        raise
    except Exception as error:  # pyarrow raises what it likes on bytes that it did not write
        raise InvalidError(f"{path.name} is no Parquet file that can be read: {error}",
                           paths=[path]) from error  # fmt: skip


def _check(opened: Any, path: Path) -> None:
    names = opened.schema_arrow.names
    check_columns(tuple(names), path)
    if len(set(names)) < len(names):
        raise InvalidError(f"{path.name} has two columns of one name", paths=[path])
    found = opened.metadata
    size = sum(found.row_group(at).total_byte_size for at in range(found.num_row_groups))
    if found.num_rows > MAX_ROWS or size > _UNPACKED:
        raise LimitError(
            f"{path.name} has {found.num_rows} rows and {size} bytes unpacked; at most {MAX_ROWS} "
            f"and {_UNPACKED} are read",
            paths=[path],
        )


def _rows(opened: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 0
    for batch in opened.iter_batches(batch_size=_BATCH):
        for row in batch.to_pylist():
            number += 1
            yield number, {name: _value(value) for name, value in row.items()}


def _value(value: Any) -> Any:
    """Return what JSON calls the value, where pyarrow has a type of its own for it."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {name: _value(inner) for name, inner in value.items()}
    return [_value(inner) for inner in value] if isinstance(value, list) else value
