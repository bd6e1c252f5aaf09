"""What is wrong with a map or with rows: all of it at once, each with its place."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, NamedTuple

from labrec.errors import InvalidError
from labrec.record.text import one_line, printable

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

LISTED = 50
"""Mistakes that an error names; it counts the others."""

_COMPARED = 200  # characters beyond which a name is near to none: comparing takes their square
_SHOWN = 80  # characters of a cell or a name that a message repeats


class Mistake(NamedTuple):
    """One thing that is wrong.

    Attributes:
        where: The key of a map (``metrics.loss.direction``), or what a row was to give.
        what: What is wrong with it, one clause.
        line: Line of the table (row of a Parquet file), from 1; 0 for a map.
    """

    where: str
    what: str
    line: int = 0

    def told(self, name: str) -> str:
        """Say it on one line.

        Args:
            name: The file's name.
        """
        place = f"{name}:{self.line}" if self.line else name
        return ": ".join(part for part in (place, self.where, self.what) if part)


class WrongMapError(InvalidError):
    """A map does not fit its table; ``paths`` has one line for each mistake."""

    def __init__(self, name: str, mistakes: Sequence[Mistake]) -> None:
        super().__init__(
            f"{name} has {count(len(mistakes), 'mistake')}",
            hint="docs/import.md lists what a map may say; --propose prints one to start from.",
            paths=listed(name, mistakes),
            kept="the lab as it was: nothing was imported",
        )
        self.mistakes = tuple(mistakes)


class WrongRowsError(InvalidError):
    """Rows of a table do not give what the map says; ``paths`` has one line for each mistake."""

    def __init__(self, name: str, mistakes: Sequence[Mistake]) -> None:
        lines = len({mistake.line for mistake in mistakes})
        super().__init__(
            f"{count(lines, 'row')} of {name} cannot be imported",
            hint="Correct them or the map; --skip-bad imports the others.",
            paths=listed(name, mistakes),
            kept="the lab as it was: nothing was imported",
        )
        self.mistakes = tuple(mistakes)


def listed(name: str, mistakes: Sequence[Mistake]) -> list[str]:
    """Return a line for each mistake, and one that counts those beyond `LISTED`."""
    lines = [mistake.told(name) for mistake in mistakes[:LISTED]]
    if len(mistakes) > LISTED:
        lines.append(f"and {len(mistakes) - LISTED} more")
    return lines


def near(word: str, words: Collection[str]) -> str:
    """Return what is near a word that is none of these, as the end of a message; else the words.

    Args:
        word: What was written.
        words: What there is.
    """
    words = [one for one in words if len(one) <= _COMPARED]
    word = word[:_COMPARED]
    found = difflib.get_close_matches(word, words, n=3, cutoff=0.6)
    if not found:  # another case, another blank: difflib counts those as far
        plain = {one.casefold().strip(): one for one in words}
        found = difflib.get_close_matches(word.casefold().strip(), plain, n=3, cutoff=0.6)
        found = [plain[one] for one in found]
    if found:
        return f"; near it: {', '.join(map(shown, found))}"
    few = sorted(words)[:12]
    more = ", …" if len(words) > len(few) else ""
    return f"; there are {', '.join(map(shown, few))}{more}" if few else ""


def shown(value: object) -> str:
    """Return a value as a message repeats it: quoted, on one line, not too long."""
    return repr(one_line(printable(str(value)), _SHOWN)) if value != "" else "''"


def count(number: int, what: str) -> str:
    """Return a number with its noun: ``1 row``, ``2 rows``."""
    return f"1 {what}" if number == 1 else f"{number} {what}s"
