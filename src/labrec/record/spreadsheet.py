"""What a spreadsheet would take for a formula in a CSV file, and run. Standard library only."""

from __future__ import annotations

import csv
import io
from typing import Final

from labrec.errors import InvalidError, UnsafeError

STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
"""How a formula begins; a number may begin so too."""


def refuse_formulas(data: bytes) -> None:
    """Refuse a CSV file in which something is a formula.

    Args:
        data: The file, as somebody stored it.

    Raises:
        InvalidError: It is no CSV in UTF-8.
        UnsafeError: A cell begins as a formula does and is no number.
    """
    try:
        for row in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")):
            for cell in row:
                if cell.startswith(STARTS) and not _is_number(cell):
                    raise UnsafeError(f"a cell is a formula for a spreadsheet: {cell!a:.60}")
    except (csv.Error, UnicodeDecodeError) as error:
        raise InvalidError(f"data that is no CSV in UTF-8: {error}") from error


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return cell == cell.strip()
