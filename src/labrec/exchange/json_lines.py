"""Reading JSON lines: one object a line, nested objects as columns with dotted names."""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any

from labrec.exchange.mistakes import Mistake, shown
from labrec.exchange.table import MAX_COLUMNS, Row, Table, check_columns, check_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

MAX_LINE = 4 << 20
"""Longest line that is read, in bytes."""

_MAX_DEPTH = 8  # levels of nested objects whose members are columns
_MAX_DIGITS = 4000

Flat = dict[str, Any]


class _RefusedError(ValueError):
    """What a line holds that no row can; the text is for the user."""


def read_json_lines(file: IO[bytes], path: Path) -> Table:
    """Read a file of JSON lines.

    Args:
        file: The open file, at its beginning.
        path: Where it is, for messages.

    Raises:
        LimitError: It has too many rows or columns.
    """
    mistakes: list[Mistake] = []
    return table_of(path, _lines(file, mistakes), mistakes)


def table_of(path: Path, rows: Iterable[tuple[int, Flat]], mistakes: list[Mistake]) -> Table:
    """Make a table of objects.

    Args:
        path: Where they come from, for messages.
        rows: Line and object of each.
        mistakes: Takes the objects that have a name twice; others may be in it.

    Raises:
        LimitError: There are too many rows or columns.
    """
    flat: list[tuple[int, Flat]] = []
    columns: dict[str, None] = {}
    for line, found in rows:
        try:
            members = dict(_flatten(found))
        except _RefusedError as error:
            mistakes.append(Mistake("", str(error), line))
            continue
        flat.append((line, members))
        columns |= dict.fromkeys(members)
        if len(columns) > MAX_COLUMNS:
            check_columns(tuple(columns), path)
        if len(flat) % 1000 == 0:
            check_rows([Row(0, ())] * len(flat), path)
    names = tuple(columns)
    made = [Row(line, tuple(map(found.get, names))) for line, found in flat]
    check_rows(made, path)
    return Table(path.name, names, made, mistakes)


def _lines(file: IO[bytes], mistakes: list[Mistake]) -> Iterator[tuple[int, Flat]]:
    number = 0
    while data := file.readline(MAX_LINE + 1):
        number += 1
        if len(data) > MAX_LINE:
            mistakes.append(Mistake("", f"a line of more than {MAX_LINE} bytes", number))
            while data and not data.endswith(b"\n"):
                data = file.readline(MAX_LINE)
            continue
        if number == 1:
            data = data.removeprefix(b"\xef\xbb\xbf")
        if not data.strip():
            continue
        try:
            yield number, _decode(data)
        except ValueError as error:
            mistakes.append(Mistake("", str(error), number))


def _decode(data: bytes) -> Flat:
    try:
        found = _DECODER.decode(data.decode().rstrip("\r\n"))
    except UnicodeDecodeError as error:
        raise _RefusedError(f"not UTF-8 at byte {error.start + 1}") from None
    except RecursionError:
        raise _RefusedError("nested too deeply") from None
    except json.JSONDecodeError as error:
        raise _RefusedError(f"not JSON at column {error.colno}: {error.msg}") from None
    if not isinstance(found, dict):
        raise _RefusedError(f"a {type(found).__name__}; each line is one object")
    return found


def _object(pairs: list[tuple[str, Any]]) -> Flat:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _RefusedError(f"{shown(twice)} stands twice in one object")
    return found


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS:  # int() of a million digits would take its time
        raise _RefusedError(f"an integer of {len(text)} digits")
    return int(text)


def _float(text: str) -> float:
    found = float(text)
    if found - found != 0.0:
        raise _RefusedError(f"{shown(text)} is beyond the range of a double")
    return found


# NaN and the infinities are no JSON, and what Python's own writer makes of them.
_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_float)


def _flatten(found: Flat, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield each member by its dotted name, objects too; an empty text is no value."""
    seen: set[str] = set()
    for name, value in found.items():
        path = prefix + name
        if path in seen:
            raise _RefusedError(f"{shown(path)} stands twice")
        seen.add(path)
        yield path, None if value == "" else value
        if isinstance(value, dict) and depth < _MAX_DEPTH:
            for inner, below in _flatten(value, f"{path}.", depth + 1):
                if inner in found:  # "a.b" beside {"a": {"b": …}}
                    raise _RefusedError(f"{shown(inner)} stands twice")
                yield inner, below
