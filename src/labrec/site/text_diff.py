"""What changed between two texts, line by line, in bounded time whatever the texts are. Pure.

Texts are hostile input: a matcher that takes quadratic time for lines that repeat would let one
record stop a build. Of a difference larger than the bound the whole middle is told as replaced,
which is still true, only longer than need be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_EDITS: Final = 400
"""Lines taken out and put in that are looked for, between the first and the last that differ."""

CONTEXT: Final = 3
"""Unchanged lines that are shown around a change."""

Sign = Literal[" ", "-", "+", "@"]


class Line(NamedTuple):
    """One line of a difference.

    Attributes:
        sign: Taken out (``-``), put in (``+``), in both (space), or where a piece begins (``@``).
        text: The line, without its end.
    """

    sign: Sign
    text: str


def lines_of(text: str) -> list[str]:
    """Return the lines of a text without their ends; an end of the last line makes no line."""
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    return lines


def difference(old: Sequence[str], new: Sequence[str]) -> list[Line]:
    """Return the lines that differ, with `CONTEXT` around them, as a unified diff has them.

    Args:
        old: Lines before.
        new: Lines after.

    Returns:
        Nothing where the lines are the same.
    """
    return list(_pieces(_whole(old, new)))


def _whole(old: Sequence[str], new: Sequence[str]) -> list[Line]:
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    room = min(len(old), len(new)) - start
    while end < room and old[-1 - end] == new[-1 - end]:
        end += 1
    before, after = old[start : len(old) - end], new[start : len(new) - end]
    return [
        *(Line(" ", line) for line in old[:start]),
        *_edits(before, after),
        *(Line(" ", line) for line in old[len(old) - end :]),
    ]


def _edits(old: Sequence[str], new: Sequence[str]) -> list[Line]:
    """Return the fewest edits (E. W. Myers, Algorithmica 1 (1986), 251-266, the greedy one)."""
    reached = {1: 0}  # how far the old lines are used up, by old place minus new place
    trail: list[dict[int, int]] = []
    for edits in range(min(len(old) + len(new), MOST_EDITS) + 1):
        trail.append(dict(reached))
        for diagonal in range(-edits, edits + 1, 2):
            start = _from(reached, diagonal, edits)
            x = reached[start] + (start < diagonal)
            while x < len(old) and x - diagonal < len(new) and old[x] == new[x - diagonal]:
                x += 1
            reached[diagonal] = x
            if x >= len(old) and x - diagonal >= len(new):
                return _walked(old, new, trail)
    return [*(Line("-", line) for line in old), *(Line("+", line) for line in new)]


def _from(reached: dict[int, int], diagonal: int, edits: int) -> int:
    """Return the diagonal that one edit leads from: the one above puts a line in."""
    if diagonal == -edits:
        return diagonal + 1
    if diagonal == edits or reached[diagonal - 1] >= reached[diagonal + 1]:
        return diagonal - 1
    return diagonal + 1


def _walked(old: Sequence[str], new: Sequence[str], trail: list[dict[int, int]]) -> list[Line]:
    """Go back the way that was found, from both ends to the beginning."""
    x, y = len(old), len(new)
    lines: list[Line] = []
    for edits in range(len(trail) - 1, -1, -1):
        start = _from(trail[edits], x - y, edits)
        before = trail[edits][start]
        while x > before and y > before - start:
            x, y = x - 1, y - 1
            lines.append(Line(" ", old[x]))
        if edits:
            lines.append(Line("+", new[y - 1]) if start > x - y else Line("-", old[x - 1]))
            x, y = before, before - start
    return lines[::-1]


def _pieces(lines: Sequence[Line]) -> Iterator[Line]:
    """Yield what differs with the lines around it, each piece after the places where it begins."""
    near = [False] * len(lines)
    for at, line in enumerate(lines):
        if line.sign != " ":
            for place in range(max(0, at - CONTEXT), min(len(lines), at + CONTEXT + 1)):
                near[place] = True
    before = after = 0
    inside = False
    for line, shown in zip(lines, near, strict=True):
        if shown and not inside:
            yield Line("@", f"@@ -{before + 1} +{after + 1} @@")
        inside = shown
        if shown:
            yield line
        before += line.sign != "+"
        after += line.sign != "-"
