"""What the cells of a table stand for: numbers, moments, durations, plain values. ○ No IO.

A cell is whatever a table holds: text where it is CSV or TSV, any value of JSON or Parquet
elsewhere. Everything here takes one and returns a value, or says what is wrong with it.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Final, NamedTuple

from labrec.exchange.mistakes import shown
from labrec.record.codec import REFUSED_CHARACTERS
from labrec.record.ids import LATEST_MS

_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_INTEGER = re.compile(r"[-+]?[0-9]+", re.ASCII)
# As in YAML 1.2: 012 and 1_000 are names, not numbers.
_PLAIN_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)", re.ASCII)
_PLAIN_FLOAT = re.compile(
    r"[-+]?(?:(?:0|[1-9][0-9]*)\.[0-9]*|\.[0-9]+|(?:0|[1-9][0-9]*)(?=[eE]))(?:[eE][-+]?[0-9]+)?",
    re.ASCII,
)
_WORDS = {"nan": math.nan, "inf": math.inf, "infinity": math.inf}
_BOOLEANS = {"true": True, "false": False}
_WRITTEN_BOOLEANS = {"true": True, "True": True, "TRUE": True,
                     "false": False, "False": False, "FALSE": False}  # fmt: skip
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?)"
    r" ?(Z|z|[-+][0-9]{2}:?[0-9]{2})?",
    re.ASCII,
)
_OFFSET = re.compile(r"([-+])([0-9]{2}):([0-9]{2})", re.ASCII)
_MAX_DIGITS = 4000  # what a stored integer may have (docs/format.md, "Values")
_MAX_SECONDS = 1e11  # three thousand years
_LINE = 1000  # characters of a line (docs/format.md)
_EPOCHS: Final = {"epoch": 1.0, "epoch-ms": 1e-3}

SECONDS: Final = {"s": 1.0, "ms": 1e-3, "min": 60.0, "h": 3600.0}
"""Units of a duration, in seconds."""

BYTES: Final = {
    "B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
    "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40,
}  # fmt: skip
"""Units of a size, in bytes."""

TIME_FORMS: Final = ("iso", *_EPOCHS)
TYPES: Final = ("auto", "text", "number", "integer", "boolean")


class CellError(Exception):
    """A cell is not what its place in a record takes; the text says what it is not."""


class Moment(NamedTuple):
    """A moment as records hold it.

    Attributes:
        text: RFC 3339 in UTC.
        ms: Milliseconds since 1970.
    """

    text: str
    ms: int


def text(cell: Any) -> str:
    """Return a cell as text that a record can hold.

    Raises:
        CellError: It is no plain value, or has characters that no record holds.
    """
    if isinstance(cell, str):
        found = cell
    elif isinstance(cell, bool):
        found = "true" if cell else "false"
    elif isinstance(cell, (int, float, Decimal, date)):
        found = str(cell)
    else:
        raise CellError(f"a {type(cell).__name__} is no text")
    if (not found.isascii() or "\x00" in found) and (bad := REFUSED_CHARACTERS.search(found)):
        raise CellError(_refused(bad[0]))
    return found


def line(cell: Any) -> str:
    """Return a cell as one line of at most 1000 characters.

    Raises:
        CellError: It is none.
    """
    found = text(cell)
    if not 0 < len(found) <= _LINE or not (found.isprintable() or _one_line(found)):
        raise CellError(f"{shown(found)} is not one line of 1 to {_LINE} characters")
    return found


def _one_line(found: str) -> bool:
    return not any(ord(c) < 0x20 or 0x7F <= ord(c) <= 0x9F or c in "\u2028\u2029" for c in found)  # noqa: PLR2004 - the controls of Unicode


def _refused(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # noqa: PLR2004 - PEP 383: a byte that did not decode
        return f"byte 0x{code - 0xDC00:02x} is not in the file's encoding"
    return "a NUL" if not code else f"U+{code:04X}, which no record can hold"


def number(cell: Any) -> float:
    """Return a cell as a number; NaN and infinities only where they are written so.

    Raises:
        CellError: It is no number, or one that no double is near to.
    """
    if isinstance(cell, bool) or not isinstance(cell, (str, int, float, Decimal)):
        raise CellError(f"{shown(cell)} is no number")
    if isinstance(cell, str):
        cell = cell.strip()
        if _NUMBER.fullmatch(cell) is None:
            word = _WORDS.get(cell.lstrip("+-").lower())
            if word is None:
                raise CellError(f"{shown(cell)} is no number")
            return -word if cell.startswith("-") else word
        return _finite(float(cell), cell)
    try:
        found = float(cell)
    except OverflowError:
        raise CellError("a number beyond the range of a double") from None
    return found if isinstance(cell, float) else _finite(found, cell)


def _finite(found: float, cell: object) -> float:
    if math.isinf(found) and not (isinstance(cell, Decimal) and cell.is_infinite()):
        raise CellError(f"{shown(cell)} is beyond the range of a double")
    return found


def integer(cell: Any) -> int:
    """Return a cell as an integer of at most 4000 digits.

    Raises:
        CellError: It is none.
    """
    if isinstance(cell, str) and _INTEGER.fullmatch(cell.strip()) and len(cell) <= _MAX_DIGITS:
        return int(cell)
    if isinstance(cell, int) and not isinstance(cell, bool):
        if cell.bit_length() > 13_287:  # noqa: PLR2004 - 10**4000 has one more
            raise CellError(f"an integer of more than {_MAX_DIGITS} digits")
        return cell
    if isinstance(cell, (float, Decimal)) and cell == cell // 1:
        return int(cell)
    raise CellError(f"{shown(cell)} is no integer")


def plain(cell: Any, kind: str = "auto") -> Any:
    """Return a cell as the value of a feature or a fact.

    Args:
        cell: What the table holds.
        kind: One of `TYPES`. ``auto``: text that is a number or a truth value by the rules of YAML
            1.2 is one (so ``012`` and ``yes`` are texts); other values are what they are.

    Raises:
        CellError: It is not of the kind.
    """
    if kind == "text":
        return text(cell)
    if kind == "number":
        return number(cell)
    if kind == "integer":
        return integer(cell)
    if kind == "boolean":
        found = _BOOLEANS.get(text(cell).strip().lower())
        if found is None:
            raise CellError(f"{shown(cell)} is neither true nor false")
        return found
    return _auto(text(cell)) if isinstance(cell, str) else cell


def _auto(cell: str) -> Any:
    if _PLAIN_INTEGER.fullmatch(cell) and len(cell) <= _MAX_DIGITS:
        return int(cell)
    if _PLAIN_FLOAT.fullmatch(cell) and math.isfinite(found := float(cell)):
        return found
    return _WRITTEN_BOOLEANS.get(cell, cell)


def same(cell: Any, declared: Any) -> bool:
    """Say whether a cell is a value that a map declares: numbers as numbers, text as text."""
    if isinstance(declared, bool) or isinstance(cell, bool):
        return str(cell).lower() == str(declared).lower()
    if isinstance(declared, (int, float)):
        try:
            found = number(cell)
        except CellError:
            return False
        return found == declared or (found != found and declared != declared)  # noqa: PLR0124 - NaN
    return isinstance(cell, str) and cell == declared


def moment(cell: Any, form: str = "iso", zone: timezone | None = None) -> Moment:
    """Return a cell as a moment.

    Args:
        cell: A date with a time of day, or seconds or milliseconds since 1970.
        form: One of `TIME_FORMS`.
        zone: Where a time is that names no offset; None refuses it.

    Raises:
        CellError: It is none, is before 1970 or after the year 9999, or does not say where it is.
    """
    if form in _EPOCHS:
        seconds = number(cell) * _EPOCHS[form]
        if not 0 <= seconds * 1000 <= LATEST_MS:  # also not NaN
            raise CellError(f"{shown(cell)} is no time between 1970 and 9999")
        return _moment(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=round(seconds, 6)))
    found = cell if isinstance(cell, datetime) else _parsed(cell)
    if found.tzinfo is None:
        if zone is None:
            raise CellError(f"{shown(cell)} does not say in which time zone; the map can: zone")
        found = found.replace(tzinfo=zone)
    try:
        return _moment(found.astimezone(UTC))
    except (OverflowError, ValueError):
        raise CellError(f"{shown(cell)} is no time between 1970 and 9999") from None


def _parsed(cell: Any) -> datetime:
    match = _MOMENT.fullmatch(cell.strip()) if isinstance(cell, str) else None
    if match is None:
        raise CellError(f"{shown(cell)} is no date with a time of day")
    day, clock, offset = match[1], match[2].replace(",", "."), (match[3] or "").upper()
    head, dot, fraction = clock.partition(".")
    try:
        return datetime.fromisoformat(f"{day}T{head}{dot}{fraction[:6]}{offset}")
    except ValueError as error:
        raise CellError(f"{shown(cell)} is no time: {error}") from None


def _moment(found: datetime) -> Moment:
    since = found - datetime(1970, 1, 1, tzinfo=UTC)
    if since < timedelta(0):
        raise CellError("a time before 1970")
    written = found.isoformat(timespec="microseconds" if found.microsecond else "seconds")
    return Moment(written.removesuffix("+00:00") + "Z", since // timedelta(milliseconds=1))


def duration(cell: Any, unit: str = "s") -> float:
    """Return a cell as a duration in seconds.

    Args:
        cell: A number >= 0.
        unit: Its unit, one of `SECONDS`.

    Raises:
        CellError: It is none.
    """
    seconds = number(cell) * SECONDS[unit]
    if not 0 <= seconds <= _MAX_SECONDS:
        raise CellError(f"{shown(cell)} is no duration")
    return seconds


def offset(name: str) -> timezone | None:
    """Return the time zone of ``UTC`` or ``+01:00``; None for another text."""
    if name in {"UTC", "Z"}:
        return UTC
    match = _OFFSET.fullmatch(name)
    if match is None or int(match[2]) > 23 or int(match[3]) > 59:  # noqa: PLR2004 - a clock
        return None
    size = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(-size if match[1] == "-" else size)
