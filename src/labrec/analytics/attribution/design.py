"""Designs, their cells, and the effects that are made of them: the values of attribution. ○ Pure.

A cell is named by a bitmask: bit i is set where factor i (its place in `Design.factors`) is on. So
the cell with all factors off is 0 and, of k factors, the one with all on is 2**k - 1.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from labrec.errors import InvalidError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LEVEL: Final = 0.95
"""Level of the intervals of a design that asks for no other."""

BUDGET: Final = 64
"""Cells up to which all are asked for; above, those that permutations of the factors pass."""

MOST_FACTORS: Final = 64
"""Factors that a design may have; of more than 16 only permutations can be measured."""

P_FIT: Final = 0.05
"""p of a model's fit below which the cells contradict it."""

Kind = Literal[
    "leave-one-out", "add-one", "main", "interaction", "shapley", "shapley-interaction", "banzhaf"
]
"""What an effect says; docs/methods/attribution.md has the formulas."""

Source = Literal["run", "declared", "found"]
"""Measured within one run · declared in ``project.yaml`` · found in the records: exploratory."""


class Cell(NamedTuple):
    """What was measured with some factors on and the others off.

    Attributes:
        on: Bitmask of the factors that were on.
        values: One for each replicate, finite.
        seeds: Seeds of each replicate as canonical JSON, or whatever else it shares with the
            replicates of other cells that carry the same text (the run, for cells measured within
            runs); None = unknown.
        records: Digest of the record that each replicate comes from; empty = not known.
    """

    on: int
    values: tuple[float, ...]
    seeds: tuple[str | None, ...]
    records: tuple[str, ...] = ()


class Design(NamedTuple):
    """Measured cells of some on/off factors.

    Attributes:
        factors: Their names, each once; bit i of a cell is the i-th.
        cells: Each configuration once, with at least one value, by ascending mask.
        metric: Name of what was measured.
        unit: Its unit, or None.
        direction: maximize, minimize, or None.
        level: Level of the intervals, between 0 and 1.
        orders: The permutations that its cells were chosen by: places of the factors in the order
            in which they are switched on; each two that follow one another are a pair, the second
            the first reversed. Empty = those of `permutations.orders`.
    """

    factors: tuple[str, ...]
    cells: tuple[Cell, ...]
    metric: str
    unit: str | None = None
    direction: str | None = None
    level: float = LEVEL
    orders: tuple[tuple[int, ...], ...] = ()


class Origin(NamedTuple):
    """Where a design comes from, for its rows and sentences.

    Attributes:
        project: Its project.
        source: Where it was found.
        name: The run's id, the name in ``project.yaml``, or the root experiment's digest.
        n_experiments: Experiments that its cells were measured in.
        n_machines: Machines among its runs; all unknown ones count as one.
        n_missing: Runs of its cells that ended without a finite value.
        registration: Digest of the registration that announced it, or None: post hoc.
    """

    project: str
    source: Source
    name: str
    n_experiments: int
    n_machines: int
    n_missing: int = 0
    registration: str | None = None


class Effect(NamedTuple):
    """One effect of a design: an estimate and how sure it is.

    Attributes:
        kind: What it says.
        factors: Places of its factors, ascending.
        estimate: In the metric's unit, on minus off; None where the cells do not determine it.
        se: Its standard error; None where nothing says.
        low: Lower end of its interval at the design's level; None where there is none.
        high: Upper end.
        low_simultaneous: Lower end of the interval that holds for all effects of its family at
            once.
        high_simultaneous: Upper end.
        low_bootstrap: Lower end of the bootstrap percentile interval, from 20 values a cell on.
        high_bootstrap: Upper end.
        df: Degrees of freedom of t; None for Lenth's method and without interval.
        p: Two-sided p of no effect; None without interval.
        p_holm: The same, adjusted by Holm over its family.
        family: How many effects are adjusted together: those of its kind in the design that have
            a p, main effects and interactions as one kind.
        n_cells: Cells that its estimate uses.
        n_values: Values in them.
        method: How its interval was made: ``blocks``, ``pooled``, ``welch``, ``per seed``
            (`noise`), ``lenth``, ``permutation pairs``, or ``none``.
        model: What the estimate assumes: ``saturated`` nothing, ``order d`` that interactions of
            more than d factors are zero, ``aliased`` that those in `aliases` are,
            ``permutations`` that the sampled ones are typical.
        identifiable: Whether the measured cells determine it under its model.
        aliases: In a fractional design: effects that it cannot be told from, signed, such as
            ``-B×C``; the shortest come first.
        needed: Where it is not identifiable: the fewest cells to run for it, interactions taken as
            zero for main effects and Banzhaf values, nothing assumed for the others.
        note: What a reader must know besides; may be empty.
        p_fit: Under a model of some order: p of the cells being as far from it as they are; None
            where nothing tests it.
    """

    kind: Kind
    factors: tuple[int, ...]
    estimate: float | None
    se: float | None = None
    low: float | None = None
    high: float | None = None
    low_simultaneous: float | None = None
    high_simultaneous: float | None = None
    low_bootstrap: float | None = None
    high_bootstrap: float | None = None
    df: float | None = None
    p: float | None = None
    p_holm: float | None = None
    family: int = 1
    n_cells: int = 0
    n_values: int = 0
    method: str = "none"
    model: str = "saturated"
    identifiable: bool = True
    aliases: tuple[str, ...] = ()
    needed: tuple[int, ...] = ()
    note: str = ""
    p_fit: float | None = None

    @property
    def contradicted(self) -> bool:
        """Whether the cells contradict its model: p_fit below 0.05."""
        return self.p_fit is not None and self.p_fit < P_FIT


class Attribution(NamedTuple):
    """All effects of a design.

    Attributes:
        effects: By kind, then order, then place of the factors.
        shape: ``complete``, ``fraction``, ``permutations`` (the cells of a sampling plan) or
            ``incomplete``.
        missing: Cells to run for exact Shapley values, or, above the budget, for the sampling
            plan; ascending, empty where none is missing.
        missing_main: Fewest cells to run for all main effects, interactions assumed zero.
        blocks: Seeds that are blocks; 0 where replicates share none.
        residual_sd: Pooled residual standard deviation; None without replicates.
        residual_df: Its degrees of freedom.
        p_levene: p of equal variances (Brown and Forsythe); None below 3 values a cell.
        gap: Sum of the Shapley values minus all on plus all off: 0 up to rounding; None where one
            of them is not known.
        note: What a reader must know of the whole design; may be empty.
        means: Mean of each measured cell, in their order, that effects are made of: adjusted where
            cells lack some of the seeds.
        resolution: Of a fraction: factors of its shortest word; else 0.
    """

    effects: tuple[Effect, ...]
    shape: str
    missing: tuple[int, ...]
    missing_main: tuple[int, ...]
    blocks: int = 0
    residual_sd: float | None = None
    residual_df: int = 0
    p_levene: float | None = None
    gap: float | None = None
    note: str = ""
    means: tuple[float, ...] = ()
    resolution: int = 0

    def effect(self, kind: Kind, *factors: int) -> Effect:
        """Return one effect.

        Args:
            kind: Its kind.
            factors: Places of its factors, ascending.

        Raises:
            KeyError: There is none.
        """
        for effect in self.effects:
            if effect.kind == kind and effect.factors == factors:
                return effect
        raise KeyError((kind, factors))


def checked(design: Design) -> Design:
    """Return a design whose parts fit together, cells by ascending mask.

    Raises:
        InvalidError: It has no factors or too many, two of one name, a cell twice, a cell of other
            factors, a cell without a value, a value that is not finite, a permutation that is
            none, or a level outside 0 to 1.
    """
    _check_frame(design)
    limit = 1 << len(design.factors)
    seen: set[int] = set()
    for cell in design.cells:
        if not 0 <= cell.on < limit or cell.on in seen:
            raise InvalidError(
                f"cell {cell.on:#b} of the design of {design.metric!a:.80} is given twice, or has "
                "factors that the design has not",
                hint="Give each combination of the design's factors once.",
            )
        seen.add(cell.on)
        _check_values(design, cell)
    return design._replace(cells=tuple(sorted(design.cells, key=lambda cell: cell.on)))


def _check_frame(design: Design) -> None:
    count = len(design.factors)
    if not 1 <= count <= MOST_FACTORS or len(set(design.factors)) != count:
        raise InvalidError(
            f"a design needs 1 to {MOST_FACTORS} factors of different names, not {count}",
            hint="Declare fewer factors, or take some of them together.",
        )
    if not 0 < design.level < 1:
        raise InvalidError(
            f"the level of a design must be between 0 and 1, not {design.level!r}",
            hint="Give 0.95 for intervals that cover in 95 of 100 cases.",
        )
    if any(sorted(order) != list(range(count)) for order in design.orders):
        raise InvalidError(
            "a permutation of a design must name each of its factors once",
            hint="Give the places of the factors, from 0, in the order of switching them on.",
        )


def _check_values(design: Design, cell: Cell) -> None:
    lengths = {len(cell.values), len(cell.seeds)} | ({len(cell.records)} if cell.records else set())
    if not cell.values or len(lengths) != 1 or not all(map(math.isfinite, cell.values)):
        raise InvalidError(
            f"cell {cell.on:#b} of the design of {design.metric!a:.80} needs finite values, and a "
            "seed (or None) for each",
            hint="Leave out the replicates without a finite value, and count them as missing.",
        )


def members(on: int, factors: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the factors that are on in a cell.

    Args:
        on: Its bitmask.
        factors: The design's factors.
    """
    return tuple(name for place, name in enumerate(factors) if on >> place & 1)


def mask(places: Iterable[int]) -> int:
    """Return the bitmask of factors by their places."""
    return sum({1 << place for place in places})
