"""Where a map takes a value from: a column, a constant, a text with columns in it. ○ No IO.

A source is compiled once, against the columns of a table, into one function of a row's values.
"""

from __future__ import annotations

import re
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.exchange.cells import CellError, same, text
from labrec.exchange.mistakes import near, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from labrec.exchange.table import Values

    Getter = Callable[[Values], Any]

KINDS: Final = ("column", "value", "text")
"""A source has exactly one of these keys."""

OPTIONS: Final = ("when", "missing", "find", "map", "replace", "otherwise")
"""What may be done with what was found, in this order."""

_FIELD = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")
_MAX_SEARCHED = 4096  # characters of a cell that a regular expression sees


class Source(NamedTuple):
    """One source.

    Attributes:
        place: Where it stands in the map, for messages.
        get: Returns what a row has there, or None; raises `CellError`.
    """

    place: str
    get: Getter


class Condition(NamedTuple):
    """When a source counts: every column has one of the values declared for it."""

    columns: tuple[tuple[int, tuple[Any, ...]], ...]

    def holds(self, values: Values) -> bool:
        """Say whether it counts in a row."""
        return all(
            any(same(values[at], one) if one is not None else values[at] is None for one in wanted)
            for at, wanted in self.columns
        )


def column(at: int) -> Getter:
    """Return what takes the value of a column."""
    return itemgetter(at)


def constant(value: Any) -> Getter:
    """Return what gives the same value for every row."""
    return lambda _: value


def row_number(values: Values) -> Any:
    """Return the line of a row: an outline is made of its values with that behind them."""
    return values[-1]


def template(parts: Sequence[str | int]) -> Getter:
    """Return what joins texts and columns; a row without one of the columns has no value.

    Args:
        parts: Texts, and the places of columns.
    """

    def get(values: Values) -> str | None:
        found = [part if isinstance(part, str) else values[part] for part in parts]
        if any(part is None for part in found):
            return None
        return "".join(map(text, found))

    return get


def split_template(pattern: str) -> list[tuple[bool, str]]:
    """Split ``{column} and text`` into parts: whether each is a column, and its text."""
    parts: list[tuple[bool, str]] = []
    done = 0
    for match in _FIELD.finditer(pattern):
        parts.append((False, pattern[done : match.start()]))
        if match[1] is not None:
            parts.append((True, match[1]))
        else:
            parts.append((False, match[0][0]))
        done = match.end()
    parts.append((False, pattern[done:]))
    return [part for part in parts if part[0] or part[1]]


def conditional(get: Getter, condition: Condition) -> Getter:
    """Return what has a value only in the rows where a condition holds."""
    return lambda values: get(values) if condition.holds(values) else None


def without(get: Getter, declared: Sequence[Any]) -> Getter:
    """Return what takes the declared values for none."""

    def inner(values: Values) -> Any:
        found = get(values)
        return None if any(same(found, one) for one in declared) else found

    return inner


def searched(get: Getter, pattern: re.Pattern[str]) -> Getter:
    """Return what takes the first group of a pattern, or all that it matched; else no value."""
    group = 1 if pattern.groups else 0

    def inner(values: Values) -> Any:
        found = get(values)
        if found is None:
            return None
        match = pattern.search(text(found)[:_MAX_SEARCHED])
        return match[group] or None if match else None

    return inner


def translated(get: Getter, words: Mapping[str, Any], *, strict: bool) -> Getter:
    """Return what puts other words in the place of some.

    Args:
        get: What it is taken from.
        words: What stands for what.
        strict: Whether a word that is not among them is a mistake, or stays as it is.
    """

    def inner(values: Values) -> Any:
        found = get(values)
        if found is None:
            return None
        word = text(found)
        if word in words:
            return words[word]
        if strict:
            raise CellError(f"{shown(word)} is not in its map{near(word, words)}")
        return found

    return inner


def otherwise(get: Getter, other: Getter) -> Getter:
    """Return what takes another source where the first has no value."""

    def inner(values: Values) -> Any:
        found = get(values)
        return other(values) if found is None else found

    return inner


def listed(get: Getter, separator: str) -> Getter:
    """Return what takes several values out of one text.

    Args:
        get: What it is taken from; a list is one already.
        separator: What stands between two; a blank stands for any white space.
    """

    def inner(values: Values) -> Any:
        found = get(values)
        if not isinstance(found, str):
            return found
        parts = found.split(None if separator == " " else separator)
        return [part.strip() for part in parts if part.strip()]

    return inner
