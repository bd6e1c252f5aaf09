"""A design seen as a whole: its shape, its means, and how each effect follows from them. ○ Pure."""

from __future__ import annotations

import math
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from labrec.analytics.attribution import games, permutations
from labrec.analytics.attribution.design import BUDGET, mask
from labrec.analytics.attribution.fractions import fraction
from labrec.analytics.attribution.models import Model, missing_main, signs_of
from labrec.analytics.attribution.noise import P_LEVENE, noise
from labrec.analytics.stats.moments import not_zero

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from labrec.analytics.attribution.design import Design, Kind

Floats = NDArray[np.float64]

ALL_CONTRASTS: Final = 10
"""Factors up to which all 2**k contrasts are effects; above, those of two factors."""

MOST_PAIRS: Final = 16
"""Factors up to which pairs are looked at in a design that is not complete."""

_ALL_IN_PART: Final = 6  # factors up to which an incomplete design is asked for long interactions
_ROUNDING: Final = 1e-12
_EXACTLY: Final = 4096  # parts up to which sums are correctly rounded


class Way(NamedTuple):
    """How an effect follows from the measured cells.

    Attributes:
        weights: One for each measured cell; they add up to 0.
        model: What is assumed (`design.Effect.model`).
        identifiable: Whether the cells determine it under that.
    """

    weights: Floats
    model: str
    identifiable: bool = True


class Frame:
    """A checked design with what follows from its cells alone.

    Attributes:
        design: It.
        k: How many factors it has.
        cells: Bitmasks of the measured cells, ascending.
        noise: What its replicates say.
        fraction: The regular fraction that its cells are, all of them included, or None.
        pairs: Measured permutation pairs, where it is no factorial and above the budget.
    """

    def __init__(self, design: Design) -> None:
        """Take a design.

        Args:
            design: Checked (`design.checked`), with one cell at least.
        """
        self.design = design
        self.k = len(design.factors)
        self.cells = tuple(cell.on for cell in design.cells)
        self.noise = noise(design.cells)
        self.fraction = fraction(self.cells, self.k)
        self.orders = design.orders or permutations.orders(design.factors)
        self.pairs = (
            permutations.measured_pairs(self.orders, set(self.cells))
            if self.fraction is None and 1 << self.k > BUDGET
            else []
        )
        self._place = {on: place for place, on in enumerate(self.cells)}
        self._p_fits: dict[int, float | None] = {}

    @property
    def complete(self) -> bool:
        """Whether all cells were measured."""
        return len(self.cells) == 1 << self.k

    @property
    def shape(self) -> str:
        """Return complete, fraction, permutations or incomplete."""
        if self.complete:
            return "complete"
        if self.fraction is not None:
            return "fraction"
        return "permutations" if len(self.pairs) > 1 else "incomplete"

    @cached_property
    def _model(self) -> Model:
        return Model(self.cells, self.noise.counts.tolist(), self.k)

    def p_fit(self, order: int) -> float | None:
        """Return p of cells being as far from a model as they are, if the model holds.

        Lack of fit against the replicates' variance (Fisher 1922; Draper and Smith 1998, section
        2.1). None where nothing tests it: no cells to spare, or no common variance of replicates.
        Assumes normal noise of one variance.

        Example:
            The means 1.5, 3.5, 3 and 6.5 are 1.5 from adding up, 2·1.5²/4 = 1.125 in squares; the
            residual variance is 0.125 on 3 degrees of freedom: F = 9, as t = 3.

            >>> from labrec.analytics.attribution.design import Cell, Design
            >>> values = [(1.0, 2.0), (3.0, 4.0), (2.0, 4.0), (6.0, 7.0)]
            >>> cells = tuple(Cell(on, found, ("1", "2")) for on, found in enumerate(values))
            >>> frame = Frame(Design(("a", "b"), cells, "score"))
            >>> round(frame.p_fit(1), 4)
            0.0577
        """
        if order not in self._p_fits:
            self._p_fits[order] = self._tested_fit(order)
        return self._p_fits[order]

    def _tested_fit(self, order: int) -> float | None:
        known = self.noise
        if known.method not in {"pooled", "blocks", "per seed"} or known.part is not None:
            return None
        if known.p_levene is not None and known.p_levene < P_LEVENE:
            return None
        squares, spare = self._model.misfit(order, known.means)
        if spare < 1 or not known.variance:
            return None
        from scipy.special import fdtrc  # a third of a second: only where there are replicates

        return not_zero(float(fdtrc(spare, known.df, squares / spare / known.variance)))

    def listed(self) -> Iterator[tuple[Kind, tuple[int, ...]]]:
        """Yield the effects that are asked for: kind and factors."""
        single: tuple[Kind, ...] = ("leave-one-out", "add-one", "main")
        for kind in single:
            yield from ((kind, (place,)) for place in range(self.k))
        yield from (("interaction", term) for term in self._interactions())
        yield from (("shapley", (place,)) for place in range(self.k))
        if self.complete or self.k <= MOST_PAIRS:
            yield from (("shapley-interaction", pair) for pair in combinations(range(self.k), 2))
        yield from (("banzhaf", (place,)) for place in range(self.k))

    def _interactions(self) -> Iterator[tuple[int, ...]]:
        if self.fraction is not None and not self.complete:
            yield from self._chains()
            return
        if not self.complete and self.k > MOST_PAIRS:
            return
        most = self.k if self.complete else 2
        if self.k > ALL_CONTRASTS:
            most = 2
        for size in range(2, most + 1):
            yield from combinations(range(self.k), size)
        if not self.complete and self.k <= _ALL_IN_PART:
            for size in range(3, self.k + 1):
                for term in combinations(range(self.k), size):
                    if self._model.estimate("interaction", term) is not None:
                        yield term

    def _chains(self) -> Iterator[tuple[int, ...]]:
        """Yield the first of each chain of aliases that holds neither the mean nor a factor."""
        known = self.fraction
        if known is None:
            return
        wanted = len(self.cells) - 1
        seen = {0} | {known.first_of_chain(1 << place) for place in range(self.k)}
        for size in range(2, self.k + 1):
            for term in combinations(range(self.k), size):
                if len(seen) > wanted:
                    return
                first = known.first_of_chain(mask(term))
                if first not in seen:
                    seen.add(first)
                    yield tuple(place for place in range(self.k) if first >> place & 1)

    def way(self, kind: Kind, factors: tuple[int, ...]) -> Way | None:
        """Return how an effect follows from the cells; None where they do not determine it.

        By weights of complete tables (`games.weights`), else by least squares (Bose 1944). Assumes
        what `Way.model` says.

        Example:
            Without the cell of both, the second factor's main effect is what it adds alone, if the
            two do nothing together.

            >>> from labrec.analytics.attribution.design import Cell, Design
            >>> cells = tuple(Cell(on, (0.0,), (None,)) for on in (0b00, 0b01, 0b10))
            >>> way = Frame(Design(("a", "b"), cells, "score")).way("main", (1,))
            >>> way.weights.round(9).tolist(), way.model
            ([-1.0, 0.0, 1.0], 'order 1')
        """
        if self.complete:
            return Way(games.weights(kind, factors, self.k), "saturated")
        if kind in ("leave-one-out", "add-one"):
            on, off = self.compared(kind, factors[0])
            if {on, off} <= self._place.keys():
                return Way(self.spread({on: 1.0, off: -1.0}), "saturated")
        found = self._model.estimate(kind, factors)
        if self.fraction is not None and kind in ("main", "interaction", "banzhaf"):
            signs = signs_of(self.cells, [factors])[:, 0] * (2 / len(self.cells))
            model = "aliased" if found is None else f"order {found.order}"
            return Way(signs, model, found is not None)
        return None if found is None else Way(found.weights, f"order {found.order}")

    def compared(self, kind: Kind, place: int) -> tuple[int, int]:
        """Return the two cells of a leave-one-out or add-one effect: on, off."""
        bit, full = 1 << place, (1 << self.k) - 1
        return (full, full ^ bit) if kind == "leave-one-out" else (bit, 0)

    def spread(self, weights: dict[int, float]) -> Floats:
        """Return weights by bitmask as weights of the measured cells.

        By definition; assumes that every cell with a weight was measured.

        Example:
            >>> from labrec.analytics.attribution.design import Cell, Design
            >>> cells = tuple(Cell(on, (0.0,), (None,)) for on in (0b00, 0b01, 0b11))
            >>> Frame(Design(("a", "b"), cells, "score")).spread({0b11: 1.0, 0b01: -1.0}).tolist()
            [0.0, -1.0, 1.0]
        """
        found = np.zeros(len(self.cells))
        for on, weight in weights.items():
            found[self._place[on]] += weight
        return found

    def value(self, weights: Floats) -> float:
        """Return a weighted sum of the means; 0 where subtracting rounded values leaves no more.

        By its definition; assumes that the weights are those of the measured cells, in their order.

        Example:
            6.5 - 3 of the means 1.5, 3.5, 3 and 6.5.

            >>> from labrec.analytics.attribution.design import Cell, Design
            >>> values = [(1.0, 2.0), (3.0, 4.0), (2.0, 4.0), (6.0, 7.0)]
            >>> cells = tuple(Cell(on, found, ("1", "2")) for on, found in enumerate(values))
            >>> frame = Frame(Design(("a", "b"), cells, "score"))
            >>> frame.value(np.array([0.0, 0.0, -1.0, 1.0]))
            3.5
        """
        return rounded_sum(weights * self.noise.means)

    def mean(self, on: int) -> float | None:
        """Return the mean of a cell, None where it was not measured.

        By definition, or adjusted for seeds that it lacks (Yates 1940). Assumes what `noise` does.

        Example:
            >>> from labrec.analytics.attribution.design import Cell, Design
            >>> values = [(1.0, 2.0), (3.0, 4.0), (2.0, 4.0), (6.0, 7.0)]
            >>> cells = tuple(Cell(on, found, ("1", "2")) for on, found in enumerate(values))
            >>> frame = Frame(Design(("a", "b"), cells, "score"))
            >>> frame.mean(0b11), frame.mean(0b00)
            (6.5, 1.5)
        """
        return float(self.noise.means[self._place[on]]) if on in self._place else None

    def missing(self) -> tuple[int, ...]:
        """Return the cells to run for Shapley values: all, or those of the permutations."""
        if 1 << self.k <= BUDGET:
            return tuple(on for on in range(1 << self.k) if on not in self._place)
        if self.complete:
            return ()
        return tuple(on for on in permutations.plan(self.orders) if on not in self._place)

    def missing_main(self) -> tuple[int, ...]:
        """Return the fewest cells to run for all main effects, interactions taken as zero."""
        return () if self.fraction is not None else missing_main(self.cells, self.k)

    def needed(self, kind: Kind, factors: Sequence[int]) -> tuple[int, ...]:
        """Return the fewest cells to run for an effect that nothing determines."""
        if kind in ("leave-one-out", "add-one"):
            return tuple(
                sorted(on for on in self.compared(kind, factors[0]) if on not in self._place)
            )
        if kind in ("main", "banzhaf"):
            return (self.cells[0] ^ 1 << factors[0],)  # beside a measured cell, one switch away
        return self.missing()


def rounded_sum(parts: Floats) -> float:
    """Return a sum, 0 where it is no more than rounding leaves of its largest part.

    Correctly rounded, so that it is the same on every processor; of very many parts by halves.

    By definition, rounded once (Shewchuk 1997); what is below 1e-12 of the largest part counts as
    0. Assumes finite parts.

    Example:
        >>> rounded_sum(np.array([0.1, 0.2, -0.3])), rounded_sum(np.array([1.0, 2.0]))
        (0.0, 3.0)
    """
    total = math.fsum(parts.tolist()) if len(parts) <= _EXACTLY else float(parts.sum())
    return 0.0 if abs(total) <= _ROUNDING * float(np.abs(parts).max(initial=0.0)) else total
