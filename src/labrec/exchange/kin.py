"""Which rows are the parents of which: by their keys, whole or as prefixes. ○ No IO."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.exchange.mistakes import Mistake, shown
from labrec.lineage.graph import graph

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from labrec.exchange.outlines import Outline

SHORTEST: Final = 4
"""Fewest characters that are taken for the beginning of a key."""

_LONGEST = 200  # no id is longer, and every beginning is looked up
_LISTED = 5


class AmbiguousError(Exception):
    """A text is the beginning of several keys, or several keys begin it; the text lists them."""


class Keys:
    """Keys that can be looked up whole and by their beginning.

    Args:
        keys: The keys.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = frozenset(keys)
        self._sorted: list[str] = []

    def find(self, text: str, *, prefix: bool) -> str | None:
        """Return the key that a text means, or None.

        Args:
            text: A key; with ``prefix`` also its beginning, or a text that begins with it.
            prefix: Whether `SHORTEST` characters or more in common will do, where the text is
                letters and digits alone, as ids are.

        Raises:
            AmbiguousError: It means several.
        """
        if text in self._keys:
            return text
        if not (prefix and text.isalnum() and len(text) <= _LONGEST):
            return None
        self._sorted = self._sorted or sorted(self._keys)
        found = [text[:size] for size in range(SHORTEST, len(text)) if text[:size] in self._keys]
        at = bisect_left(self._sorted, text)
        while len(text) >= SHORTEST and self._sorted[at : at + 1]:
            if not self._sorted[at].startswith(text):
                break
            found.append(self._sorted[at])
            at += 1
            if len(found) > _LISTED:
                break
        if len(found) > 1:
            raise AmbiguousError(f"{shown(text)} may mean {', '.join(map(shown, found))}")
        return found[0] if found else None


class Parent(NamedTuple):
    """A parent as a row calls it.

    Attributes:
        called: What the row calls it.
        key: Key of the row that is meant; None for a dangling parent.
    """

    called: str
    key: str | None


class Kin(NamedTuple):
    """How the rows of a table are related.

    Attributes:
        parents: The parents of each row, by its key.
        order: All keys, parents before their children.
    """

    parents: Mapping[str, tuple[Parent, ...]]
    order: tuple[str, ...]


def kin_of(outlines: Sequence[Outline], mistakes: list[Mistake]) -> Kin:
    """Find the parents of every row.

    Args:
        outlines: The rows; a key that two of them have is a mistake.
        mistakes: Takes what is wrong. Rows with mistakes have no place in the order.
    """
    first: dict[str, Outline] = {}
    for outline in outlines:
        known = first.setdefault(outline.key, outline)
        if known is not outline:
            what = f"{shown(outline.key)} also names the row on line {known.line}"
            mistakes.append(Mistake("key", what, outline.line))
    keys = Keys(first)
    parents = {key: tuple(_parents(outline, keys, mistakes)) for key, outline in first.items()}
    edges = [
        (key, parent.key) for key, found in parents.items() for parent in found
        if parent.key is not None
    ]  # fmt: skip
    found = graph(first, edges)
    for cycle in found.cycles:
        way = " → ".join(shown(key) for key in cycle[:_LISTED])
        mistakes += [
            Mistake("parents", f"the parents lead back to the row itself: {way}", first[key].line)
            for key in cycle
        ]
    return Kin(parents, found.order)


def _parents(outline: Outline, keys: Keys, mistakes: list[Mistake]) -> Iterable[Parent]:
    seen: set[Any] = set()
    for called, prefix in outline.parents:
        try:
            key = keys.find(called, prefix=prefix)
        except AmbiguousError as error:
            mistakes.append(Mistake("parents", str(error), outline.line))
            continue
        if (key or called) not in seen:
            seen.add(key or called)
            yield Parent(called, key)
