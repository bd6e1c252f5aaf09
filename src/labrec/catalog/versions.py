"""Immutable documents that amend one another: their order, and which of them count. ○ No IO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence


class Amending(Protocol):
    """A document that may amend another."""

    @property
    def digest(self) -> str:
        """Digest of its bytes, ``sha256:…``."""

    @property
    def amends(self) -> str | None:
        """Digest of the document that this one replaces."""


_T = TypeVar("_T", bound=Amending)


def current(versions: Sequence[_T]) -> list[_T]:
    """Return those that no other one amends: one, or several that were made side by side."""
    amended = {one.amends for one in versions}
    return [one for one in versions if one.digest not in amended]


def numbers(versions: Sequence[_T]) -> dict[str, int]:
    """Return the place of each in its line, by digest: 1 for one that amends none of them.

    No digest can amend itself in a circle.
    """
    by_digest = {one.digest: one for one in versions}
    found: dict[str, int] = {}
    for one in versions:
        way = [one]
        while (below := by_digest.get(way[-1].amends or "")) and below.digest not in found:
            way.append(below)
        for each in reversed(way):
            found[each.digest] = found.get(each.amends or "", 0) + 1
    return found
