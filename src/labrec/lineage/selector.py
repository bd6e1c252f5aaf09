r"""Selectors: which places of a feature tree are meant. ○ No IO.

A selector is keys joined by dots, as a nuisance path is. ``*`` stands for any one key and ``**``
for any number of keys, none included; ``*`` inside a key stands for any characters of it. A
selector means the places that it names and all that lies below them: ``optimizer`` means
``optimizer.lr`` too, and ``**.lr`` every ``lr``, however deep. A dot, backslash or ``*`` that
belongs to a key is written ``\.``, ``\\`` or ``\*``.

Nothing of a selector is a regular expression or is run as code, and matching takes no longer than
the selector and the path are long.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from labrec.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LONGEST: Final = 1000
"""Characters of a selector."""

_PART = re.compile(r"(?:\\.|[^.\\])+", re.DOTALL)
_PIECE = re.compile(r"\\(.)|(\*)|([^\\*]+)", re.DOTALL)
_ANY: Final = None  # stands for ** among the keys
_STAR: Final = ""  # stands for * among the pieces of a key

Key = tuple[str, ...]
"""Pieces of a key as it is written, with `_STAR` for each ``*``."""


class Selector(NamedTuple):
    """A selector that was read.

    Attributes:
        text: As it was written.
        keys: Its keys, None for ``**``.
    """

    text: str
    keys: tuple[Key | None, ...]

    def means(self, path: Sequence[str]) -> bool:
        """Say whether a place is meant, or lies below one that is.

        Args:
            path: Keys from the root.
        """
        # Each set holds how many keys of the selector can have been used by now.
        reached = self._free({0})
        for key in path:
            if len(self.keys) in reached:
                return True
            step = set()
            for at in reached:
                wanted = self.keys[at]
                if wanted is _ANY:
                    step.add(at)
                elif _fits(wanted, key):
                    step.add(at + 1)
            reached = self._free(step)
        return len(self.keys) in reached

    def _free(self, reached: set[int]) -> set[int]:
        """Return where one can be without using another key: ``**`` may stand for none."""
        found = set(reached)
        for at in reached:
            end = at
            while end < len(self.keys) and self.keys[end] is _ANY:
                end += 1
                found.add(end)
        return found


def parse(text: str) -> Selector:
    """Read a selector; an empty one means the whole tree.

    Raises:
        UsageError: It is none.
    """
    hint = "Write keys joined by dots, such as optimizer.lr, *.lr or **.lr."
    if len(text) > LONGEST:
        raise UsageError(f"a selector has at most {LONGEST} characters", hint=hint)
    if not text:
        return Selector(text, ())
    parts = _PART.findall(text)
    if ".".join(parts) != text:
        raise UsageError(f"{text!a:.80} is no selector", hint=hint)
    return Selector(text, tuple(_ANY if part == "**" else _key(part) for part in parts))


def any_means(selectors: Iterable[Selector], path: Sequence[str]) -> bool:
    """Say whether any of some selectors means a place; without any, all places are meant."""
    found = list(selectors)
    return not found or any(one.means(path) for one in found)


def _key(part: str) -> Key:
    pieces: list[str] = []
    literal = ""
    for escaped, star, plain in _PIECE.findall(part):
        if star:
            pieces += [literal, _STAR] if literal else [_STAR]
            literal = ""
        else:
            literal += escaped or plain
    return (*pieces, literal) if literal else tuple(pieces)


def _fits(pieces: Key, key: str) -> bool:
    """Say whether a key is as written: the first fit of each piece is as good as any later one."""
    if _STAR not in pieces:
        return key == "".join(pieces)
    head = pieces[0]
    tail = pieces[-1]
    if len(key) < len(head) + len(tail) or not key.startswith(head) or not key.endswith(tail):
        return False
    at, end = len(head), len(key) - len(tail)
    for piece in pieces[1:-1]:
        found = key.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True
