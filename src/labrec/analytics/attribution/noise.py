"""How much the cells of a design scatter, and what that means for an effect. ○ Pure.

Replicates of a cell say how far its mean can be trusted. Four ways, by what the replicates share:

- **blocks**: the replicates of different cells carry the same seeds. What a seed does to all cells
  is no noise of their differences: model value = cell + seed + residual (two-way, without
  interaction; Fisher 1935), with (cells - 1)(seeds - 1) degrees of freedom where every cell has
  every seed once. Cells that lack some of the seeds are adjusted (intrablock analysis; Yates 1940),
  and effects that compare cells which no chain of shared seeds connects have no error.
- **pooled**: replicates that share nothing. Residual variance within cells, pooled.
- **welch**: the same where the cells scatter differently (Levene's test below 0.01): each cell's
  own variance, degrees of freedom of Welch and Satterthwaite (Satterthwaite 1946).
- **per seed**: blocks whose cells scatter differently: the effect of each seed for itself, and
  Student's t of these.

Whether cells of blocks scatter alike is asked at `P_POOL`, not at `P_LEVENE`. What a test for
pooling does not see shortens the interval, so that it has to be a liberal one (Bancroft 1964;
Bancroft and Han 1983 advise levels about 0.25), and *per seed* assumes nothing: at worst it is
longer than it had to be.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labrec.analytics.attribution.design import Cell

Floats = NDArray[np.float64]

Scatter = Literal["tested", "equal", "unequal"]
"""Whether the cells of a design scatter alike: as Levene's test says, or as it is known."""

P_LEVENE: Final = 0.01
"""p of equal variances below which they are not pooled, of replicates that share nothing."""

P_POOL: Final = 0.25
"""The same of replicates that share their seeds."""

WHOLE_FROM: Final = 3
"""Seeds that all cells must have for those to stand alone, where cells lack some others."""

_ROUNDING: Final = 1e-13  # of the largest value: what is left of no spread at all
_TOLERANCE: Final = 1e-9
_LARGEST: Final = 5_000_000  # cells times seeds
_WHOLE = "the cells scatter differently: only the seeds that every cell has once are used"
_TOO_FEW_WHOLE = (
    "the cells scatter differently, and not every cell has every seed: no interval from fewer than "
    f"{WHOLE_FROM} seeds that all of them have"
)
_LEVENE_FROM: Final = 3  # values of a cell: of two the deviations from the median are always equal


class Values(NamedTuple):
    """Values of a design in a row.

    Attributes:
        value: Each value.
        cell: Place of its cell.
        seed: Number of its seed.
        cells: How many cells there are.
        seeds: How many seeds there are; 0 where cells share none, or where some are not known.
    """

    value: Floats
    cell: NDArray[np.int64]
    seed: NDArray[np.int64]
    cells: int
    seeds: int


class Error(NamedTuple):
    """How sure an effect is.

    Attributes:
        variance: Of its estimate, above 0.
        df: Degrees of freedom of that.
        method: Name of the way it was made.
    """

    variance: float
    df: float
    method: str


class Noise(NamedTuple):
    """What the replicates of a design say.

    Attributes:
        means: Mean of each cell, adjusted for blocks where cells lack some seeds.
        counts: Values of each cell.
        sds: Standard deviation of each cell; NaN below two values.
        blocks: Seeds that are blocks, 0 = none.
        variance: Pooled residual variance; None without replicates; 0 where nothing varies.
        df: Its degrees of freedom.
        p_levene: p of equal variances; None where it cannot be tested.
        method: blocks, pooled, welch, per seed, or none.
        note: Why there are no intervals, or what is special; may be empty.
        by_seed: Values by seed and cell, for the effect of each seed.
        coupling: With blocks that are not complete: what an error gets added.
        part: With blocks that are not complete: for each cell the number of the part of the design
            that shared seeds connect.
    """

    means: Floats
    counts: NDArray[np.int64]
    sds: Floats
    blocks: int = 0
    variance: float | None = None
    df: int = 0
    p_levene: float | None = None
    method: str = "none"
    note: str = ""
    by_seed: Floats | None = None
    coupling: tuple[Floats, Floats] | None = None
    part: NDArray[np.int64] | None = None

    def connected(self, weights: Floats) -> bool:
        """Say whether a weighted sum compares cells within parts that shared seeds connect."""
        if self.part is None:
            return True
        left = np.bincount(self.part, weights)
        return bool(np.abs(left).max() <= _TOLERANCE * np.abs(weights).max())

    def error(self, weights: Floats) -> Error | None:
        """Return how sure a weighted sum of the means is; None where nothing says.

        σ²·Σw²/n, on the degrees of freedom of σ²; with each cell's own variance those of
        Satterthwaite (1946), by seeds Student's (1908). Assumes what its method does.

        Example:
            With the variance 0.125 on 3 degrees of freedom and two values a cell: 0.125·4·0.25/2.

            >>> from labrec.analytics.attribution.design import Cell
            >>> values = [(1.0, 2.0), (3.0, 4.0), (2.0, 4.0), (6.0, 7.0)]
            >>> cells = [Cell(on, found, ("1", "2")) for on, found in enumerate(values)]
            >>> found = noise(cells).error(np.array([-0.5, 0.5, -0.5, 0.5]))
            >>> round(found.variance, 9), found.df, found.method
            (0.0625, 3, 'blocks')

        Args:
            weights: One for each cell; they add up to 0, so that block effects cancel.
        """
        if self.method == "per seed" and self.by_seed is not None:
            effects = self.by_seed @ weights
            return _error(float(effects.var(ddof=1)) / self.blocks, self.blocks - 1, self.method)
        if self.method == "welch":
            return self._welch(weights)
        if not self.variance or not self.connected(weights):
            return None
        spread = float((weights**2 / self.counts).sum())
        if self.coupling is not None:
            incidence, inverse = self.coupling
            uneven = (weights / self.counts) @ incidence
            spread += float(uneven @ inverse @ uneven)
        return _error(self.variance * spread, self.df, self.method)

    def _welch(self, weights: Floats) -> Error | None:
        used = weights != 0
        counts = self.counts[used]
        if counts.min() < 2:  # noqa: PLR2004 - a single value has no variance
            return None
        parts = weights[used] ** 2 * self.sds[used] ** 2 / counts
        variance = float(parts.sum())
        if variance == 0:
            return None
        shares = parts / variance
        return _error(variance, 1 / float((shares**2 / (counts - 1)).sum()), self.method)


def _error(variance: float, df: float, method: str) -> Error | None:
    return Error(variance, df, method) if 0 < variance < math.inf and df > 0 else None


def noise(cells: Sequence[Cell], scatter: Scatter = "tested") -> Noise:
    """Return what the replicates of cells say.

    Fisher 1935 and Yates 1940 for blocks, Satterthwaite 1946 where cells scatter differently, as
    Brown & Forsythe (1974) test it. Assumes normal noise, independent but for what seeds do to all
    cells alike.

    Example:
        The second seed adds 1, 1, 2 and 1, in the mean 1.25: of these differences 3·0.25² + 0.75²
        is left, half of it residual squares, on 3·1 degrees of freedom.

        >>> from labrec.analytics.attribution.design import Cell
        >>> values = [(1.0, 2.0), (3.0, 4.0), (2.0, 4.0), (6.0, 7.0)]
        >>> cells = tuple(Cell(on, found, ("1", "2")) for on, found in enumerate(values))
        >>> found = noise(cells)
        >>> found.means.tolist(), found.blocks, found.df, round(found.variance, 9)
        ([1.5, 3.5, 3.0, 6.5], 2, 3, 0.125)

    Args:
        cells: The measured cells, each with one value or more.
        scatter: Whether cells scatter alike: as Levene's test says, or as it is known.
    """
    values = _values(cells)
    found = _summed(values)
    if len(values.value) == values.cells:
        return found._replace(note="one value in each cell: nothing says how much they scatter")
    if values.seeds:
        return _blocked(found, values, scatter)
    return _independent(found, values, scatter)


def _values(cells: Sequence[Cell]) -> Values:
    """Return the values of cells in a row, their seeds numbered by first appearance."""
    holders: dict[str | None, set[int]] = {}
    for cell in cells:
        for seed in cell.seeds:
            holders.setdefault(seed, set()).add(cell.on)
    shared = None not in holders and any(len(held) > 1 for held in holders.values())
    number = {seed: place for place, seed in enumerate(holders)}
    return Values(
        np.array([value for cell in cells for value in cell.values], dtype=np.float64),
        np.array([place for place, cell in enumerate(cells) for _ in cell.values]),
        np.array([number[seed] for cell in cells for seed in cell.seeds]),
        len(cells),
        len(number) if shared else 0,
    )


def _summed(values: Values) -> Noise:
    """Return mean, number and standard deviation of each cell."""
    counts = np.bincount(values.cell, minlength=values.cells)
    means = np.bincount(values.cell, values.value, values.cells) / counts
    squares = np.bincount(values.cell, (values.value - means[values.cell]) ** 2, values.cells)
    with np.errstate(divide="ignore", invalid="ignore"):
        sds = np.sqrt(squares / (counts - 1))
    return Noise(means, counts, sds)


def _independent(found: Noise, values: Values, scatter: Scatter) -> Noise:
    residuals = values.value - found.means[values.cell]
    found = _pooled(found, residuals, values, len(values.value) - values.cells, "pooled")
    p = _levene(residuals, values, found)
    found = found._replace(p_levene=p)
    return found._replace(method="welch") if _unequal(found, scatter) else found


def _blocked(found: Noise, values: Values, scatter: Scatter) -> Noise:
    if values.cells * values.seeds > _LARGEST:
        return found._replace(note="too many seeds that only some cells share: no interval")
    table = np.zeros((values.cells, values.seeds))
    np.add.at(table, (values.cell, values.seed), 1.0)
    if (table == 1).all():
        return _complete_blocks(found, values, scatter)
    return _incomplete_blocks(found, values, table, scatter)


def _complete_blocks(
    found: Noise, values: Values, scatter: Scatter, below: float = P_POOL
) -> Noise:
    """Every cell has every seed once: no adjustment is needed."""
    by_seed = np.zeros((values.seeds, values.cells))
    by_seed[values.seed, values.cell] = values.value
    seed_means = by_seed.mean(axis=1)
    residuals = values.value - found.means[values.cell] - seed_means[values.seed] + by_seed.mean()
    found = found._replace(blocks=values.seeds, by_seed=by_seed)
    df = (values.cells - 1) * (values.seeds - 1)
    found = _pooled(found, residuals, values, df, "blocks")
    # Taken from the median of its cells a seed does not carry the scatter of the loud ones to the
    # quiet ones, as with the mean, where the test would hardly see it.
    centred = by_seed - found.means
    centred -= np.median(centred, axis=1, keepdims=True)
    p = _levene(centred[values.seed, values.cell], values, found)
    found = found._replace(p_levene=p)
    return found._replace(method="per seed") if _unequal(found, scatter, below) else found


def _incomplete_blocks(found: Noise, values: Values, table: Floats, scatter: Scatter) -> Noise:
    """Adjust the cells for the seeds they have (Yates 1940): least squares, cells eliminated."""
    part = _parts(table)
    counts, means = found.counts, found.means
    seed_totals = np.bincount(values.seed, values.value, values.seeds)
    information = np.diag(table.sum(axis=0)) - table.T @ (table / counts[:, None])
    inverse = np.linalg.pinv(information, hermitian=True).astype(np.float64)
    effects = inverse @ (seed_totals - table.T @ means)
    adjusted = means - (table @ effects) / counts
    residuals = values.value - adjusted[values.cell] - effects[values.seed]
    found = found._replace(
        means=adjusted,
        blocks=values.seeds,
        coupling=(table, inverse),
        part=part,
        note="not every cell has every seed: means are adjusted for the seeds they have",
    )
    df = len(values.value) - values.cells - values.seeds + int(part.max()) + 1
    found = _pooled(found, residuals, values, df, "blocks")
    whole = _whole_seeds(values, table)
    if whole is not None:
        # What is left out must be worth it.
        below = P_POOL if 2 * len(whole.value) >= len(values.value) else P_LEVENE
        of_whole = _complete_blocks(_summed(whole), whole, scatter, below)
        if of_whole.method == "per seed":
            return of_whole._replace(note=_WHOLE)
        return found._replace(p_levene=of_whole.p_levene)
    found = found._replace(p_levene=_levene(residuals, values, found))
    if _unequal(found, scatter):
        return found._replace(variance=None, method="none", note=_TOO_FEW_WHOLE)
    return found


def _whole_seeds(values: Values, table: Floats) -> Values | None:
    """Return the values of the seeds that every cell has once; None where these are too few."""
    whole = np.flatnonzero((table == 1).all(axis=0))
    if len(whole) < WHOLE_FROM:
        return None
    kept = np.isin(values.seed, whole)
    seed = np.searchsorted(whole, values.seed[kept])
    return Values(values.value[kept], values.cell[kept], seed, values.cells, len(whole))


def _unequal(found: Noise, scatter: Scatter, below: float = P_LEVENE) -> bool:
    """Say whether the cells are taken to scatter differently."""
    if scatter != "tested":
        return scatter == "unequal" and found.method != "none"
    return found.p_levene is not None and found.p_levene < below


def _pooled(found: Noise, residuals: Floats, values: Values, df: int, method: str) -> Noise:
    if df < 1:
        return found._replace(note="too few replicates share their seeds to say how much they vary")
    largest = float(np.abs(values.value).max())
    if float(np.abs(residuals).max()) <= _ROUNDING * largest * 10:
        alone = " but by what their seeds do to all cells alike" * (method == "blocks")
        return found._replace(
            variance=0.0,
            df=df,
            note=f"deterministic: replicates do not differ{alone}, so there is nothing to judge by",
        )
    return found._replace(variance=float((residuals**2).sum()) / df, df=df, method=method)


def _parts(table: Floats) -> NDArray[np.int64]:
    """Return for each cell the number of the part that shared seeds connect it with.

    Args:
        table: How often each cell (row) has each seed (column).
    """
    part = np.full(len(table), -1, dtype=np.int64)
    for number in range(len(table)):
        left = np.flatnonzero(part < 0)
        if not len(left):
            break
        front = np.zeros(len(table), dtype=bool)
        front[left[0]] = True
        while front.any():
            part[front] = number
            front = table[:, table[front].any(axis=0)].any(axis=1) & (part < 0)
    return part


def _levene(residuals: Floats, values: Values, found: Noise) -> float | None:
    """Return p of equal variances of the cells (Levene 1960; Brown and Forsythe 1974).

    By distances from the cell's median. The smallest of each cell is left out (Hines and Hines
    2000): of an odd number of values it is always 0, of an even one it comes twice, and with three
    values a cell the test would never reject. None where no two cells have three values: of two,
    both distances are equal.
    """
    counts = np.bincount(values.cell, minlength=values.cells)
    tested = np.flatnonzero(counts >= _LEVENE_FROM)
    if len(tested) < 2 or not found.variance:  # noqa: PLR2004 - two variances to compare
        return None
    by_cell = np.split(residuals[np.argsort(values.cell, kind="stable")], np.cumsum(counts)[:-1])
    groups = [by_cell[cell] for cell in tested]
    distances = [np.sort(np.abs(group - np.median(group)))[1:] for group in groups]
    total, cells = sum(map(len, distances)), len(distances)
    grand = math.fsum(float(group.sum()) for group in distances) / total
    between = math.fsum(len(group) * (float(group.mean()) - grand) ** 2 for group in distances)
    within = math.fsum(float(((group - group.mean()) ** 2).sum()) for group in distances)
    if within <= 0:
        return None
    from scipy.special import fdtrc  # a third of a second: only where there are replicates

    f = (between / (cells - 1)) / (within / (total - cells))
    return float(fdtrc(cells - 1, total - cells, f))
