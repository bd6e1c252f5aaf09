"""Regular fractions: designs of 2**(k-p) cells, and which effects they cannot tell apart. ○ Pure.

A fraction is regular where the exclusive or of three cells is a cell again (an affine subspace over
the field of two elements; Finney 1945). Then products of signs are constant over it for 2**p sets
of factors, its *words*; effects whose sets differ by a word have the same signs in every cell, up
to one sign for all: they are **aliases** (Box, Hunter and Hunter 2005, chapter 6).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from labrec.analytics.attribution.games import signed_sums

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = NDArray[np.float64]

MOST_WORDS = 4096
"""Words of the smallest fraction that is told apart from any set of cells."""


class Fraction(NamedTuple):
    """A regular fraction, or all cells.

    Attributes:
        words: Sets of factors, as bitmasks, whose product of signs is constant; ascending, 0 first.
        signs: That constant, +1 or -1, of each word.
        places: For each measured cell its number as a cell of the full factorial in `k - p` factors
            that it is equivalent to.
    """

    words: tuple[int, ...]
    signs: tuple[int, ...]
    places: tuple[int, ...]

    @property
    def resolution(self) -> int:
        """Factors in its shortest word but for none; 0 = all cells are there."""
        return min((word.bit_count() for word in self.words if word), default=0)

    def aliases(self, effect: int) -> list[tuple[int, int]]:
        """Return the sets that an effect cannot be told from, with their signs, itself left out.

        Args:
            effect: Its set of factors, as a bitmask.
        """
        found = [
            (effect ^ word, sign) for word, sign in zip(self.words, self.signs, strict=True) if word
        ]
        return sorted(found, key=lambda item: (item[0].bit_count(), item[0]))

    def first_of_chain(self, effect: int) -> int:
        """Return the smallest set, the lowest among equals, among an effect and its aliases."""
        return min((effect ^ word for word in self.words), key=lambda on: (on.bit_count(), on))

    def contrasts(self, values: Floats) -> Floats:
        """Return all contrasts of the fraction but the mean, in the scale mean + minus mean -.

        By Yates's algorithm (1937). Assumes nothing: which effects each of them holds, `aliases`
        says.

        Example:
            (3 + 8)/2 - (1 + 2)/2, (2 + 8)/2 - (1 + 3)/2, and of both (1 + 8)/2 - (3 + 2)/2.

            >>> fraction(range(4), 2).contrasts(np.array([1.0, 3.0, 2.0, 8.0])).tolist()
            [4.0, 3.0, 2.0]

        Args:
            values: One for each measured cell.
        """
        table = np.empty(len(self.places))
        table[list(self.places)] = values
        return signed_sums(table)[1:] * (2.0 / len(table))

    def shares(self, weights: Floats) -> Floats:
        """Return how an effect is made of the contrasts: it is their sum times these.

        Since the signs of contrasts are orthogonal (Yates 1937). Assumes nothing.

        Example:
            What the first of two factors does beside the other one is its main effect and their
            interaction.

            >>> fraction(range(4), 2).shares(np.array([0.0, 0.0, -1.0, 1.0])).tolist()
            [1.0, 0.0, 1.0]

        Args:
            weights: Of the measured cells; they add up to 0.
        """
        return self.contrasts(weights) * (len(self.places) / 4.0)


def fraction(cells: Sequence[int], k: int) -> Fraction | None:
    """Return the regular fraction that cells are, or None.

    None too where two factors, or a factor and the mean, cannot be told apart (a word of one or two
    factors): there is nothing to say about a factor then.

    Finney 1945; Box, Hunter & Hunter 2005, chapter 6. Assumes nothing: which effects are the same
    is exact.

    Example:
        Half of the eight cells of three factors, those with an odd number on: the product of all
        three signs is always +, so that a cannot be told from b×c.

        >>> found = fraction([0b001, 0b010, 0b100, 0b111], 3)
        >>> found.words, found.signs, found.resolution, found.aliases(0b001)
        ((0, 7), (1, 1), 3, [(6, 1)])
        >>> fraction([0b000, 0b001, 0b010], 3) is None
        True

    Args:
        cells: Bitmasks of the measured cells, each once.
        k: Factors of the design.
    """
    count = len(cells)
    if count < 2 or count & (count - 1):  # noqa: PLR2004 - a power of two, two cells at least
        return None
    dropped = k - (count.bit_length() - 1)
    if dropped == 0:
        return Fraction((0,), (1,), tuple(cells))
    if dropped < 0 or 1 << dropped > MOST_WORDS:
        return None
    basis = _basis([on ^ cells[0] for on in cells])
    if 1 << len(basis) != count:
        return None
    words = _words(basis, k)
    signs = tuple(_sign(word, cells[0]) for word in words)
    pivots = [vector.bit_length() - 1 for vector in basis]
    places = tuple(
        sum(((on ^ cells[0]) >> pivot & 1) << place for place, pivot in enumerate(pivots))
        for on in cells
    )
    found = Fraction(words, signs, places)
    return None if found.resolution in (1, 2) else found


def _basis(vectors: Sequence[int]) -> list[int]:
    """Return a reduced basis of what bit vectors span: each pivot is in one vector alone."""
    basis: list[int] = []
    for given in vectors:
        vector = given
        for known in basis:
            vector = min(vector, vector ^ known)
        if not vector:
            continue
        pivot = 1 << (vector.bit_length() - 1)
        basis = [known ^ vector if known & pivot else known for known in basis] + [vector]
    return sorted(basis)


def _words(basis: Sequence[int], k: int) -> tuple[int, ...]:
    """Return all sets that meet every vector of a reduced basis in an even number of places."""
    pivots = {vector.bit_length() - 1 for vector in basis}
    words = [0]
    for place in range(k):
        if place in pivots:
            continue
        word = 1 << place
        for vector in basis:
            if vector >> place & 1:
                word |= 1 << (vector.bit_length() - 1)
        words += [known ^ word for known in words]
    return tuple(sorted(words))


def _sign(word: int, on: int) -> int:
    return -1 if (word & ~on).bit_count() & 1 else 1
