"""Effects of a complete table of cells, as weights of its cells. ○ Pure.

Every effect here is linear in the cells: a vector of 2**k weights, indexed by bitmask. Its error
then follows from the cells' errors, whatever the effect (Var = Σ w²·s²/n).

Sources: Shapley 1953 (the value); Banzhaf 1965; Grabisch and Roubens 1999, eq. 8 (the interaction
index); Box, Hunter and Hunter 2005, chapter 5 (factorial contrasts, in their scale: the mean
with the sign + minus the mean with the sign -).
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from labrec.analytics.attribution.design import Kind

Floats = NDArray[np.float64]


@lru_cache(maxsize=20)
def sizes(k: int) -> NDArray[np.int64]:
    """Return how many factors are on in each of the 2**k cells."""
    counts = np.zeros(1, dtype=np.int64)
    for _ in range(k):
        counts = np.concatenate([counts, counts + 1])
    counts.flags.writeable = False
    return counts


def factor_count(values: Floats) -> int:
    """Return k of a vector of 2**k values."""
    return len(values).bit_length() - 1


def weights(kind: Kind, factors: Sequence[int], k: int) -> Floats:
    """Return the weights of the 2**k cells in an effect.

    Shapley 1953; Banzhaf 1965; Grabisch & Roubens 1999, eq. 8; Box, Hunter & Hunter 2005, chapter
    5. Assumes nothing: they are exact.

    Example:
        Of three factors the first one's change counts 1/3 alone, 1/6 beside each of the others, 1/3
        beside both.

        >>> weights("shapley", [0], 3).round(4).tolist()
        [-0.3333, 0.3333, -0.1667, 0.1667, -0.1667, 0.1667, -0.3333, 0.3333]
        >>> weights("leave-one-out", [0], 2).tolist()
        [0.0, 0.0, -1.0, 1.0]

    Args:
        kind: The effect.
        factors: Places of its factors: one, or for the interactions two and more.
        k: Factors of the design.
    """
    full = (1 << k) - 1
    if kind in ("leave-one-out", "add-one"):
        found = np.zeros(1 << k)
        bit = 1 << factors[0]
        on, off = (full, full ^ bit) if kind == "leave-one-out" else (bit, 0)
        found[on], found[off] = 1.0, -1.0
        return found
    if kind in ("main", "banzhaf", "interaction"):
        return signs(factors, k) * 2.0 ** (1 - k)
    if kind == "shapley":
        return _derivative_weights(factors, k, lambda size: 1 / (k * comb(k - 1, size)))
    return _derivative_weights(factors, k, lambda size: 1 / ((k - 1) * comb(k - 2, size)))


def signs(factors: Sequence[int], k: int) -> Floats:
    """Return the product of the factors' signs in each cell: + where on, - where off.

    The signs of Yates (1937). Assumes nothing.

    Example:
        Of both factors together + where both are off, or on.

        >>> signs([0], 2).tolist(), signs([0, 1], 2).tolist()
        ([-1.0, 1.0, -1.0, 1.0], [1.0, -1.0, -1.0, 1.0])
    """
    found = np.ones((2,) * k)
    for place in factors:
        # the highest bit is the first axis
        found[(slice(None),) * (k - 1 - place) + (0,)] *= -1
    return found.reshape(-1)


def _derivative_weights(factors: Sequence[int], k: int, of_size: Callable[[int], float]) -> Floats:
    """Return weights of Σ p(size of S)·Δ(S) over the cells S without the factors.

    Δ(S) is the difference that switching the factors on makes: f(S+i) - f(S) for one, f(S+i+j) -
    f(S+i) - f(S+j) + f(S) for two. `of_size` is p.
    """
    others = k - len(factors)
    lookup = np.array([of_size(size) for size in range(others + 1)])
    chosen = np.zeros(1 << k, dtype=np.int64)
    for place in factors:
        chosen += np.arange(1 << k) >> place & 1
    found: Floats = signs(factors, k) * lookup[sizes(k) - chosen]
    return found


def shapley(values: Floats) -> Floats:
    """Return the Shapley value of each factor of a complete table.

    Each is the mean, over all orders in which factors can be switched on, of the change that its
    own switching on makes (Shapley 1953). 16 factors take some hundredths of a second.

    Assumes nothing: it is exact, whatever the factors do together.

    Example:
        The game of gloves: one has a left glove, two have a right one, and a pair is worth 1. The
        left one makes it in every order but those that it begins: 2/3.

        >>> gloves = np.array([0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0])
        >>> shapley(gloves).round(4).tolist()
        [0.6667, 0.1667, 0.1667]

    Args:
        values: The table: 2**k values by bitmask; the value of no factor need not be 0.
    """
    k = factor_count(values)
    size = sizes(k - 1)
    weight = np.array([1 / (k * comb(k - 1, count)) for count in range(k)])[size]
    # no BLAS: sums that are the same on every processor, and no threads for so little
    return np.array([(weight * difference(values, place)).sum() for place in range(k)])


def banzhaf(values: Floats) -> Floats:
    """Return the Banzhaf value of each factor: the plain mean of its 2**(k-1) differences.

    In a complete table it is the main effect of the factorial design.

    Source: Banzhaf 1965. Assumes nothing: it is exact.

    Example:
        The game of gloves: of the four sets of the others three have a right glove for the left
        one; each right one is needed beside the left one alone.

        >>> gloves = np.array([0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0])
        >>> banzhaf(gloves).tolist()
        [0.75, 0.25, 0.25]
    """
    k = factor_count(values)
    return np.array([difference(values, place).mean() for place in range(k)])


def difference(values: Floats, place: int) -> Floats:
    """Return what switching a factor on changes, for each of the 2**(k-1) cells without it.

    By its definition; assumes nothing.

    Example:
        The game of gloves: what the left one adds to none, to each of the right ones, and to both.

        >>> gloves = np.array([0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0])
        >>> difference(gloves, 0).tolist()
        [0.0, 1.0, 1.0, 1.0]
    """
    halves = values.reshape(-1, 2, 1 << place)
    return (halves[:, 1] - halves[:, 0]).reshape(-1)


def shapley_interactions(values: Floats) -> dict[tuple[int, int], float]:
    """Return the Shapley interaction index of each pair (Grabisch and Roubens 1999).

    Positive where two factors do more together than apart.

    Assumes nothing: it is exact.

    Example:
        The game of gloves: left and right do 1 more together than apart without the other right
        one, 0 beside it; the right ones 0, and beside the left one -1.

        >>> gloves = np.array([0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0])
        >>> shapley_interactions(gloves)
        {(0, 1): 0.5, (0, 2): 0.5, (1, 2): -0.5}
    """
    k = factor_count(values)
    if k < 2:  # noqa: PLR2004 - a pair
        return {}
    weight = np.array([1 / ((k - 1) * comb(k - 2, count)) for count in range(k - 1)])[sizes(k - 2)]
    return {
        (one, other): float((weight * difference(difference(values, other), one)).sum())
        for one, other in combinations(range(k), 2)
    }


def contrasts(values: Floats) -> Floats:
    """Return all factorial contrasts by bitmask of their factors; the one of none is the mean.

    Each is the mean of the cells with the sign + minus that of the cells with the sign -, by the
    fast Walsh-Hadamard transform (Yates 1937).

    Assumes nothing: they are exact.

    Example:
        The mean is 14/4; then (3 + 8)/2 - (1 + 2)/2, (2 + 8)/2 - (1 + 3)/2, and of both (1 + 8)/2 -
        (3 + 2)/2.

        >>> contrasts(np.array([1.0, 3.0, 2.0, 8.0])).tolist()
        [3.5, 4.0, 3.0, 2.0]
    """
    found = signed_sums(values) * (2.0 / len(values))
    found[0] /= 2
    return found


def signed_sums(values: Floats) -> Floats:
    """Return Σ signs(T)·values for every set T of factors, by its bitmask (Yates 1937).

    Assumes nothing.

    Example:
        1 + 3 + 2 + 8, then -1 + 3 - 2 + 8, -1 - 3 + 2 + 8 and 1 - 3 - 2 + 8.

        >>> signed_sums(np.array([1.0, 3.0, 2.0, 8.0])).tolist()
        [14.0, 8.0, 6.0, 4.0]
    """
    found = np.array(values, dtype=np.float64)
    step = 1
    while step < len(found):
        halves = found.reshape(-1, 2, step)
        low, high = halves[:, 0].copy(), halves[:, 1].copy()
        halves[:, 0], halves[:, 1] = low + high, high - low
        step *= 2
    return found


def dividends(values: Floats) -> Floats:
    """Return the Harsanyi dividend of every set: what it adds beyond its parts (Möbius transform).

    f(S) is the sum of the dividends of all subsets of S; a Shapley value is the sum over the sets
    that hold the factor of dividend/size (Harsanyi 1963).

    Assumes nothing: they are exact.

    Example:
        1; 3 - 1; 2 - 1; and of both 8 - 3 - 2 + 1.

        >>> dividends(np.array([1.0, 3.0, 2.0, 8.0])).tolist()
        [1.0, 2.0, 1.0, 4.0]
    """
    found = np.array(values, dtype=np.float64)
    step = 1
    while step < len(found):
        halves = found.reshape(-1, 2, step)
        halves[:, 1] -= halves[:, 0]
        step *= 2
    return found
