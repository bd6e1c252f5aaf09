"""Above the budget: permutations of the factors, in pairs, and what they say. ○ Pure.

A permutation switches the factors on one after the other; a factor's change, averaged over all
permutations, is its Shapley value. A pair is a permutation and its reverse: where a factor comes
early in one it comes late in the other, so that the mean of the two scatters less (antithetic
sampling: Hammersley and Morton 1956; for Shapley values Mitchell, Cooper, Frank and Holmes 2022,
section 3). Pairs are drawn independently, so the error of the estimate follows from their spread.
"""

from __future__ import annotations

import hashlib
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

PERMUTATIONS: Final = 20
"""Permutations of a plan: ten pairs."""


class Pair(NamedTuple):
    """A permutation and its reverse, as weights.

    Attributes:
        changes: For each factor, by its place: the weights of the cells in its mean change, +1/2
            and -1/2 for each of the two permutations.
    """

    changes: tuple[dict[int, float], ...]


def orders(factors: Sequence[str], count: int = PERMUTATIONS) -> tuple[tuple[int, ...], ...]:
    """Return the permutations of a plan: of the same factors always the same, more after fewer.

    Antithetic pairs (Hammersley & Morton 1956; Mitchell et al. 2022, section 3). Assumes that a
    digest of the names is as good as chance.

    Example:
        Each second one is the one before it, reversed; more begin with the same.

        >>> found = orders(["a", "b", "c", "d"], 4)
        >>> found[1] == found[0][::-1], found[3] == found[2][::-1], sorted(found[0])
        (True, True, [0, 1, 2, 3])
        >>> orders(["a", "b", "c", "d"], 6)[:4] == found
        True

    Args:
        factors: Names of the factors, in the order that the places refer to.
        count: How many; one more where it is odd.
    """
    own = Random(hashlib.sha256("\n".join(factors).encode()).digest())  # noqa: S311 - no secret
    drawn: list[tuple[int, ...]] = []
    while len(drawn) < count:
        order = own.sample(range(len(factors)), len(factors))
        drawn += [tuple(order), tuple(reversed(order))]
    return tuple(drawn)


def passed(order: Sequence[int]) -> list[int]:
    """Return the cells that a permutation passes, from all off to all on."""
    return list(accumulate(order, lambda on, place: on | 1 << place, initial=0))


def plan(given: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """Return the cells that permutations pass, ascending: those to run.

    Args:
        given: The permutations.
    """
    return tuple(sorted({on for order in given for on in passed(order)}))


def measured_pairs(given: Sequence[Sequence[int]], cells: AbstractSet[int]) -> list[Pair]:
    """Return the pairs all of whose cells were measured.

    Pairs as in Mitchell et al. (2022). Assumes that what was measured does not hang on what came
    out.

    Example:
        Of two factors: a changes from none, and beside b.

        >>> (pair,) = measured_pairs([(0, 1), (1, 0)], {0, 1, 2, 3})
        >>> pair.changes[0]
        {1: 0.5, 0: -0.5, 3: 0.5, 2: -0.5}
        >>> measured_pairs([(0, 1), (1, 0)], {0, 1, 3})
        []

    Args:
        given: The permutations; each two that follow one another are a pair.
        cells: The measured cells.
    """
    return [
        _pair((one, other))
        for one, other in zip(given[::2], given[1::2], strict=False)
        if cells >= {*passed(one), *passed(other)}
    ]


def _pair(both: Sequence[Sequence[int]]) -> Pair:
    changes: list[dict[int, float]] = [{} for _ in both[0]]
    for order in both:
        before = 0
        for place in order:
            weight = changes[place]
            weight[before | 1 << place] = weight.get(before | 1 << place, 0.0) + 0.5
            weight[before] = weight.get(before, 0.0) - 0.5
            before |= 1 << place
    return Pair(tuple(changes))


def change(pair: Pair, place: int, means: Mapping[int, float]) -> float:
    """Return a factor's mean change over a pair.

    The mean of two marginal changes (Mitchell et al. 2022). Assumes nothing.

    Example:
        (3 - 1)/2 + (8 - 2)/2.

        >>> (pair,) = measured_pairs([(0, 1), (1, 0)], {0, 1, 2, 3})
        >>> change(pair, 0, {0: 1.0, 1: 3.0, 2: 2.0, 3: 8.0})
        4.0

    Args:
        pair: The pair.
        place: The factor.
        means: Mean of each cell.
    """
    return sum(weight * means[on] for on, weight in pair.changes[place].items())


def mean_weights(pairs: Sequence[Pair], place: int) -> dict[int, float]:
    """Return the weights of the cells in a factor's mean change over pairs.

    The mean over pairs (Mitchell et al. 2022). Assumes nothing.

    Example:
        The first of three factors in one pair: it comes first, and last.

        >>> pairs = measured_pairs([(0, 1, 2), (2, 1, 0)], set(range(8)))
        >>> mean_weights(pairs, 0)
        {1: 0.5, 0: -0.5, 7: 0.5, 6: -0.5}
    """
    found: dict[int, float] = {}
    for pair in pairs:
        for on, weight in pair.changes[place].items():
            found[on] = found.get(on, 0.0) + weight / len(pairs)
    return found
