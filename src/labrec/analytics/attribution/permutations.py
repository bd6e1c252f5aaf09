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

    Args:
        pair: The pair.
        place: The factor.
        means: Mean of each cell.
    """
    return sum(weight * means[on] for on, weight in pair.changes[place].items())


def mean_weights(pairs: Sequence[Pair], place: int) -> dict[int, float]:
    """Return the weights of the cells in a factor's mean change over pairs."""
    found: dict[int, float] = {}
    for pair in pairs:
        for on, weight in pair.changes[place].items():
            found[on] = found.get(on, 0.0) + weight / len(pairs)
    return found
