"""Columns of values as compact JSON, for the scripts of the site. Pure.

Ten thousand rows repeat themselves: a status, a project, the two ends of an address. What repeats
is written once; ``vector`` of ``columns.js`` reads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_FEW: Final = 4  # times that a value stands in a column on average before it is written once


def packed(values: Sequence[Any]) -> Any:
    """Return a column as a JSON value.

    Args:
        values: Its values, row by row: texts, numbers, None.

    Returns:
        ``{"all": value}`` where all are one, ``{"of": values, "at": numbers}`` where few repeat,
        ``{"pre": text, "rest": texts, "post": text}`` where all begin and end alike, else the list.
    """
    distinct = list(dict.fromkeys(values))
    if len(distinct) == 1:
        return {"all": distinct[0]}
    if len(distinct) * _FEW <= len(values):
        place = {value: at for at, value in enumerate(distinct)}
        return {"of": distinct, "at": [place[value] for value in values]}
    if all(isinstance(value, str) for value in distinct):
        return _without_ends(list(values))
    return list(values)


def _without_ends(texts: list[str]) -> Any:
    pre = _beginning(texts)
    rest = [text[len(pre) :] for text in texts]
    post = _beginning([text[::-1] for text in rest])[::-1]
    if len(pre) + len(post) < _FEW:
        return texts
    return {"pre": pre, "rest": [text[: len(text) - len(post)] for text in rest], "post": post}


def _beginning(texts: list[str]) -> str:
    """Return what all texts begin with: what the first and the last in order do."""
    first, last = min(texts), max(texts)
    same = next((at for at, char in enumerate(first) if last[at : at + 1] != char), len(first))
    return first[:same]
