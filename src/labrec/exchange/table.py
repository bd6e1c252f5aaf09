"""Reading a table of CSV, TSV, JSON lines or Parquet; everything in it is hostile.

A table is held in memory: its rows can name one another. A row that cannot be read is a mistake
with its line; a file that is no table at all is an error.
"""

from __future__ import annotations

import csv
import io
import os
import stat
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple

from labrec.errors import InvalidError, LimitError, NotFoundError, StorageError, UsageError
from labrec.exchange.mistakes import Mistake, near, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_BYTES: Final = 512 << 20
"""Largest table that is read, in bytes."""

MAX_ROWS: Final = 250_000
"""Most rows of one table."""

MAX_COLUMNS: Final = 2_000
"""Most columns of one table."""

KINDS: Final = {
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip
"""What a file is by the end of its name."""

ENCODINGS: Final = ("utf-8", "utf-16", "latin-1", "cp1252")

_DELIMITERS = {"csv": ",", "tsv": "\t"}
_UTF16 = (b"\xff\xfe", b"\xfe\xff")

Values = tuple[Any, ...]


class Form(NamedTuple):
    """How a file is written, where its name does not say.

    Attributes:
        kind: ``csv``, ``tsv``, ``jsonl`` or ``parquet``; ``""`` = by the file's name.
        delimiter: One character between two cells; ``""`` = by the kind.
        quote: Whether ``"`` begins a cell that may hold delimiters and line ends.
        encoding: One of `ENCODINGS`.
    """

    kind: str = ""
    delimiter: str = ""
    quote: bool = True
    encoding: str = "utf-8"


class Row(NamedTuple):
    """One row.

    Attributes:
        line: Line it begins on, or row of a Parquet file; from 1.
        values: A value for each column; None where there is none.
    """

    line: int
    values: Values


class Table(NamedTuple):
    """A table as it was read.

    Attributes:
        name: The file's name, without folders.
        columns: Names of the columns.
        rows: Its rows, in order.
        mistakes: Rows that could not be read.
    """

    name: str
    columns: tuple[str, ...]
    rows: list[Row]
    mistakes: list[Mistake]

    def place(self, column: str) -> int | str:
        """Return where a column stands, or what is wrong with its name."""
        if not column:
            return "names no column"
        count = self.columns.count(column)
        if count == 1:
            return self.columns.index(column)
        if count:
            places = [str(at + 1) for at, name in enumerate(self.columns) if name == column]
            return f"column {shown(column)} stands {count} times ({', '.join(places)})"
        names = {name for name in self.columns if name}
        return f"no column {shown(column)}{near(column, names)}"


def read_table(path: Path, form: Form = Form()) -> Table:  # noqa: B008 - it is immutable
    """Read a file.

    Args:
        path: A regular file.
        form: How it is written.

    Raises:
        NotFoundError: There is no such file, or the package that reads it is not installed.
        UsageError: It is no regular file, or nobody says what kind of table it is.
        LimitError: It is larger than `MAX_BYTES`, `MAX_ROWS` or `MAX_COLUMNS`.
        InvalidError: It is no table of that kind, or has no header.
        StorageError: It cannot be read.
    """
    kind = form.kind or KINDS.get(path.suffix.lower(), "")
    if not kind:
        raise UsageError(
            f"{path.name}: its name does not say what kind of table it is",
            hint=f"Names end in {' '.join(KINDS)}; or say it in the map: format: {{kind: csv}}.",
            paths=[path],
        )
    try:
        with open(path, "rb", opener=_open_calmly) as file:
            _check_file(file, path)
            return _read(file, path, kind, form)
    except FileNotFoundError as error:
        raise NotFoundError(f"there is no file {path}", paths=[path]) from error
    except IsADirectoryError as error:
        raise _no_file(path) from error
    except OSError as error:
        raise StorageError(
            f"cannot read {path}: {error.strerror or error}", paths=[path]
        ) from error


def _open_calmly(path: str, flags: int) -> int:
    """Open without waiting: a pipe without a writer would block for ever."""
    return os.open(path, flags | os.O_NONBLOCK)


def _check_file(file: IO[bytes], path: Path) -> None:
    found = os.fstat(file.fileno())
    if not stat.S_ISREG(found.st_mode):
        raise _no_file(path)
    if found.st_size > MAX_BYTES:
        raise LimitError(
            f"{path.name} has {found.st_size} bytes; at most {MAX_BYTES} are read",
            hint="Split it; the rows of one import are one file.",
            paths=[path],
        )


def _no_file(path: Path) -> UsageError:
    return UsageError(f"{path} is no regular file", paths=[path])


def _read(file: IO[bytes], path: Path, kind: str, form: Form) -> Table:
    if kind == "parquet":
        from labrec.exchange.parquet import read_parquet  # needs a package of the extra

        return read_parquet(file, path)
    if file.read(2) in _UTF16 and form.encoding != "utf-16":
        raise InvalidError(
            f"{path.name} is UTF-16", hint="Say so in the map: format: {encoding: utf-16}.",
            paths=[path],
        )  # fmt: skip
    file.seek(0)
    if kind == "jsonl":
        from labrec.exchange.json_lines import read_json_lines  # not for every kind

        return read_json_lines(file, path)
    return _read_delimited(file, path, form._replace(delimiter=form.delimiter or _DELIMITERS[kind]))


# --- CSV and TSV ------------------------------------------------------------------------------


def _read_delimited(file: IO[bytes], path: Path, form: Form) -> Table:
    encoding = "utf-8-sig" if form.encoding == "utf-8" else form.encoding
    # What does not decode stays visible in its cell and is told with its line.
    with io.TextIOWrapper(file, encoding, errors="surrogateescape", newline="") as lines:
        return _from_lines(lines, path, form)


def _from_lines(lines: IO[str], path: Path, form: Form) -> Table:
    mistakes: list[Mistake] = []
    records = _records(lines, form, mistakes)
    header = next(records, None)
    if header is None:
        raise InvalidError(
            f"{path.name} has no header",
            hint="; ".join(mistake.what for mistake in mistakes)
            or "Its first line names the columns.",
            paths=[path],
        )
    columns = tuple(cell or "" for cell in header.values)
    check_columns(columns, path)
    rows: list[Row] = []
    for row in records:
        if len(row.values) != len(columns):
            what = f"{len(row.values)} cells; the header has {len(columns)}"
            mistakes.append(Mistake("", what, row.line))
        else:
            rows.append(row)
            check_rows(rows, path)
    return Table(path.name, columns, rows, mistakes)


def _records(lines: IO[str], form: Form, mistakes: list[Mistake]) -> Iterator[Row]:
    """Yield the lines that are not blank, cells without the blanks around them."""
    reader = csv.reader(
        lines,
        delimiter=form.delimiter,
        quoting=csv.QUOTE_MINIMAL if form.quote else csv.QUOTE_NONE,
        strict=True,
    )
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:  # the next call goes on with the next line
            mistakes.append(Mistake("", _csv_problem(str(error)), line))
            continue
        except UnicodeError as error:
            raise InvalidError(f"not {form.encoding}: {error}") from error
        values = tuple([cell.strip() or None for cell in cells])
        if any(values):
            yield Row(line, values)


def _csv_problem(said: str) -> str:
    if "field limit" in said:
        return f"a cell of more than {csv.field_size_limit()} characters"
    if "unexpected end" in said:
        return 'a quote is opened and never closed; the map can say: format: {quote: "none"}'
    return f"not CSV: {said}"


def check_columns(columns: tuple[str, ...], path: Path) -> None:
    """Refuse a table with too many columns.

    Raises:
        LimitError: There are more than `MAX_COLUMNS`.
    """
    if len(columns) > MAX_COLUMNS:
        raise LimitError(
            f"{path.name} has {len(columns)} columns; at most {MAX_COLUMNS} are read", paths=[path]
        )


def check_rows(rows: list[Row], path: Path) -> None:
    """Refuse a table with too many rows.

    Raises:
        LimitError: There are more than `MAX_ROWS`.
    """
    if len(rows) > MAX_ROWS:
        raise LimitError(
            f"{path.name} has more than {MAX_ROWS} rows",
            hint="Split it; importing the parts one after the other gives the same records.",
            paths=[path],
        )
