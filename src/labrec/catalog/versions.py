"""Immutable documents that amend one another: their order, and which of them count. ○ No IO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from labrec.lineage.graph import graph

if TYPE_CHECKING:
    from collections.abc import Sequence


class Amending(Protocol):
    """A document that may amend another."""

    @property
    def digest(self) -> str:
        """Digest of its bytes, ``sha256:…``."""

    @property
    def amends(self) -> tuple[str, ...]:
        """Digests of the documents that this one replaces."""


_T = TypeVar("_T", bound=Amending)


def current(versions: Sequence[_T]) -> list[_T]:
    """Return those that no other one amends: one, or several that were made side by side."""
    amended = {digest for one in versions for digest in one.amends}
    return [one for one in versions if one.digest not in amended]


def numbers(versions: Sequence[_T]) -> dict[str, int]:
    """Return the place of each in its line, by digest: 1 for one that amends none of them.

    No digest can amend itself in a circle.
    """
    known = {one.digest for one in versions}
    edges = [(one.digest, other) for one in versions for other in one.amends if other in known]
    return {digest: depth + 1 for digest, depth in graph(known, edges).depth.items()}
