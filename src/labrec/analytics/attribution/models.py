"""Cells that are missing: what the measured ones still determine, and which to run. ○ Pure.

Any function of k on/off factors is a sum over sets T of factors of a(T)·signs(T), where signs is +1
or -1: the product of the signs of the factors in T (Yates 1937). A **model of order d** takes a(T)
to be 0 for sets of more than d factors. An effect is a sum Σ l(T)·a(T); cells determine it where l
is a sum of their rows of signs (estimability: Bose 1944). The higher the order, the less is
assumed; each effect is taken under the highest order that determines it.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labrec.analytics.attribution.design import Kind

Floats = NDArray[np.float64]

MOST_TERMS: Final = 128
"""Terms of the largest model that is tried."""

_TOLERANCE: Final = 1e-9
_ENUMERATED: Final = 14  # factors up to which every cell is a candidate to run next


class Estimate(NamedTuple):
    """How an effect follows from the measured cells.

    Attributes:
        weights: Of the measured cells.
        order: Order of the model that is assumed.
    """

    weights: Floats
    order: int


class Model:
    """All models of some measured cells, highest order first."""

    def __init__(self, cells: Sequence[int], counts: Sequence[int], k: int) -> None:
        """Take the cells.

        Args:
            cells: Bitmasks of the measured cells.
            counts: Values in each: cells with more weigh more.
            k: Factors of the design.
        """
        self._k = k
        self._root = np.sqrt(np.asarray(counts, dtype=np.float64))
        self._fits: list[tuple[int, list[tuple[int, ...]], Floats, Floats]] = []
        for order in range(_highest(k), 0, -1):
            terms = terms_of(k, order)
            rows = signs_of(cells, terms)
            inverse = np.linalg.pinv(rows * self._root[:, None], rcond=1e-10).astype(np.float64)
            self._fits.append((order, terms, rows, inverse))

    def estimate(self, kind: Kind, factors: Sequence[int]) -> Estimate | None:
        """Return how an effect follows under the highest order that determines it, or None.

        An effect that a model takes to be 0 is not determined by it. By least squares, weighted by
        the cells' values (Bose 1944). Assumes the model of that order.

        Example:
            Without the cell of both, the first factor's main effect is what it adds alone; nothing
            says what the two do together.

            >>> model = Model([0b00, 0b01, 0b10], [1, 1, 1], 2)
            >>> found = model.estimate("main", [0])
            >>> found.weights.round(9).tolist(), found.order
            ([-1.0, 1.0, 0.0], 1)
            >>> model.estimate("interaction", [0, 1]) is None
            True
        """
        for order, terms, rows, inverse in self._fits:
            wanted = np.array([coefficient(kind, factors, term) for term in terms])
            if not wanted.any():
                return None
            weights = (wanted @ inverse) * self._root
            if np.abs(weights @ rows - wanted).max() < _TOLERANCE:
                weights[np.abs(weights) < _TOLERANCE] = 0.0  # a cell that is not used
                return Estimate(weights, order)
        return None

    def misfit(self, order: int, means: Floats) -> tuple[float, int]:
        """Return how far cells are from a model: Σ n·(mean - fit)², and its degrees of freedom.

        The squares of lack of fit (Fisher 1922). Assumes that values of all cells weigh the same.

        Example:
            1.5, 3.5, 3 and 6.5 are 6.5 - 3.5 - 3 + 1.5 = 1.5 from adding up, a quarter of it in
            each cell: with two values each 4·2·0.375².

            >>> squares, df = Model(range(4), [2] * 4, 2).misfit(1, np.array([1.5, 3.5, 3.0, 6.5]))
            >>> round(squares, 9), df
            (1.125, 1)

        Args:
            order: Of the model.
            means: Of the measured cells.
        """
        rows, inverse = next(fit[2:] for fit in self._fits if fit[0] == order)
        left = self._root * (means - rows @ (inverse @ (self._root * means)))
        rank = int(np.linalg.matrix_rank(rows, tol=_TOLERANCE * len(rows)))
        return float((left**2).sum()), len(rows) - rank


def _highest(k: int) -> int:
    """Return the highest order below k whose model is small enough; 1 at least."""
    order, terms = 1, 1 + k
    while order + 1 < k and terms + comb(k, order + 1) <= MOST_TERMS:
        order += 1
        terms += comb(k, order)
    return order


@lru_cache(maxsize=32)
def terms_of(k: int, order: int) -> list[tuple[int, ...]]:
    """Return the sets of at most `order` of k factors, small ones first.

    The terms of Yates (1937). Assumes that sets of more factors do nothing.

    Example:
        >>> terms_of(3, 1), len(terms_of(3, 2))
        ([(), (0,), (1,), (2,)], 7)
    """
    return [term for size in range(order + 1) for term in combinations(range(k), size)]


def signs_of(cells: Sequence[int], terms: Sequence[Sequence[int]]) -> Floats:
    """Return a row of signs for each cell: the product of its factors' signs for each term.

    The signs of Yates (1937). Assumes nothing.

    Example:
        With all off, the first on, and both on: the mean, each factor, and both.

        >>> signs_of([0, 1, 3], [(), (0,), (1,), (0, 1)]).tolist()
        [[1.0, -1.0, -1.0, 1.0], [1.0, 1.0, -1.0, -1.0], [1.0, 1.0, 1.0, 1.0]]
    """
    most = max((place for term in terms for place in term), default=-1) + 1
    single = np.array(
        [[1.0 if on >> place & 1 else -1.0 for place in range(most)] for on in cells]
    ).reshape(len(cells), most)
    return np.array([single[:, list(term)].prod(axis=1) for term in terms]).T


def coefficient(kind: Kind, factors: Sequence[int], term: Sequence[int]) -> float:
    """Return l(T): what a term of size 1 contributes to an effect.

    Shapley: switching i on changes signs(T) by 2·signs(T - i), whose mean over the random cell
    before i is the mean of (2u - 1)**(t - 1), u uniform: 1/t for odd t, 0 for even. Likewise for
    the interaction of a pair, 4·1/(t - 1) for even t.

    Derived from Shapley 1953, Grabisch & Roubens 1999 and Yates 1937. Assumes nothing: it is exact.

    Example:
        A term of three factors is shared among them, 2/3 each; one of two factors adds nothing to
        the mean over orders, as it does -1 early and +1 late.

        >>> round(coefficient("shapley", [0], (0, 1, 2)), 4), coefficient("shapley", [0], (0, 1))
        (0.6667, 0.0)
        >>> coefficient("main", [0], (0,)), coefficient("leave-one-out", [0], (0, 1))
        (2.0, 2.0)

    Args:
        kind: The effect.
        factors: Places of its factors.
        term: T, places of its factors.
    """
    size = len(term)
    if kind in ("main", "banzhaf", "interaction"):
        return 2.0 * (tuple(term) == tuple(factors))
    if not set(factors) <= set(term):
        return 0.0
    if kind == "leave-one-out":
        return 2.0
    if kind == "add-one":
        return 2.0 * (-1.0) ** (size - 1)
    if kind == "shapley":
        return 2.0 / size if size % 2 else 0.0
    return 0.0 if size % 2 else 4.0 / (size - 1)


def missing_main(cells: Sequence[int], k: int) -> tuple[int, ...]:
    """Return the fewest cells to run so that all main effects follow, interactions taken as 0.

    Each further cell can raise the rank of the rows of signs by one, and all k + 1 terms are needed
    (from any cell and the main effects the mean follows): so their number is k + 1 - rank, and
    taking any cell that raises the rank gets there (the rows are a matroid; Edmonds 1971). Of those
    the one is taken that adds most, the lowest mask among equals.

    Assumes that factors do nothing together.

    Example:
        With all off, and the first of two factors on, nothing says what the second does; the cell
        with it alone would.

        >>> missing_main([0, 1], 2), missing_main([0, 1, 2], 2)
        ((2,), ())

    Args:
        cells: Bitmasks of the measured cells.
        k: Factors of the design.
    """
    terms = terms_of(k, 1)
    wanted: list[int] = []
    basis = _basis(signs_of(cells, terms))
    candidates = _candidates(cells, k)
    rows = signs_of(candidates, terms)
    while len(basis) < k + 1:
        left = rows - (rows @ basis.T) @ basis
        gain = np.round((left**2).sum(axis=1), 9)
        best = int(np.argmax(gain))
        wanted.append(candidates[best])
        basis = np.vstack([basis, left[best] / np.sqrt((left[best] ** 2).sum())])
    return tuple(sorted(wanted))


def _basis(rows: Floats) -> Floats:
    """Return an orthonormal basis of what rows span."""
    if not len(rows):
        return np.empty((0, rows.shape[1]))
    _, sizes, vectors = np.linalg.svd(rows, full_matrices=False)
    found: Floats = vectors[sizes > _TOLERANCE * max(float(sizes.max()), 1.0)]
    return found


def _candidates(cells: Sequence[int], k: int) -> list[int]:
    """Return cells that may be run next: all of them, or those one switch from where one stands."""
    if k <= _ENUMERATED:
        return list(range(1 << k))
    start = {0, (1 << k) - 1, *cells[:64]}
    return sorted(start | {on ^ 1 << place for on in start for place in range(k)})
