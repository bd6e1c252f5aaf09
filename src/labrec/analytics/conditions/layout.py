"""Which cells of blocks and levels are compared, and what counts as one observation. ○ No IO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Places = NDArray[np.intp]

Counted = Literal["block", "machine", "run", "pair of runs"]
"""What one observation of a test is."""

MOST_LEVELS: Final = 20
"""Levels that are compared together; of more, those with the most runs."""

NOT_SHARED: Final = "no two levels share a block"
"""Why nothing can be compared where all runs differ in more than the condition."""

_REPLICATED = 2


class Runs(NamedTuple):
    """The runs of a comparison, one entry each; every array has the same length.

    Attributes:
        place: Place of the run among the project's.
        level: Level, 0, 1, ….
        block: Block, 0, 1, ….
        machine: Machine, -1 where it is not known.
        seeds: Its seeds, -1 where there are none.
        value: The metric; finite.
    """

    place: Places
    level: Places
    block: Places
    machine: Places
    seeds: Places
    value: Floats

    def where(self, chosen: Any) -> Runs:
        """Return some of the runs."""
        return Runs(*(array[chosen] for array in self))


class Layout(NamedTuple):
    """What is compared.

    Attributes:
        counted: What one observation is.
        levels: Levels that are compared, in order.
        table: Means by block and level, every cell filled, where blocks are counted; else empty.
        groups: Observations of each level, whatever is counted.
        blocks: How many blocks.
        runs: The runs in them.
        machines: Fewest known machines of a level; 0 where a level has none that is known.
    """

    counted: Counted
    levels: tuple[int, ...]
    table: Floats
    groups: list[list[float]]
    blocks: int
    runs: Runs
    machines: int


def layout(runs: Runs, *, of_machines: bool) -> Layout | str:
    """Return what can be compared, or why nothing can.

    Of all levels and blocks a complete table is taken, at least two levels in two blocks, with as
    many cells as leaving out the least covered level time and again finds. Where no two levels
    share two blocks, one block, with two runs or more of each level. Where the condition is part of
    the machine and each level has two known machines that were in every block, the machine is the
    observation: the mean over its blocks. Runs of one machine cannot speak for a model.

    Where there is a single block, and each of its levels ran with the same seeds, seeds are pairs.

    Blocks are those of Fisher (1935); which cells make the table is labrec's own rule. Assumes that
    runs of one machine are no replicates of its model.

    Example:
        Two levels in three blocks, one run in each cell.

        >>> import numpy as np
        >>> block, nobody = np.array([0, 0, 1, 1, 2, 2]), np.full(6, -1)
        >>> values = np.array([1.0, 3.0, 2.0, 5.0, 4.0, 6.0])
        >>> runs = Runs(np.arange(6), np.array([0, 1] * 3), block, nobody, nobody, values)
        >>> found = layout(runs, of_machines=False)
        >>> found.counted, found.levels, found.table.tolist()
        ('block', (0, 1), [[1.0, 3.0], [2.0, 5.0], [4.0, 6.0]])
        >>> layout(runs._replace(block=np.arange(6)), of_machines=False)
        'no two levels share a block'

    Args:
        runs: What was measured.
        of_machines: Whether the condition is part of the machine.
    """
    runs = _largest(runs)
    chosen = _complete(runs) or _single(runs)
    if isinstance(chosen, str):
        return chosen
    levels, blocks = chosen
    inside = runs.where(np.isin(runs.level, levels) & np.isin(runs.block, blocks))
    fewest = _machines(inside, levels)
    if of_machines and fewest >= _REPLICATED:
        found = _by_machine(inside, levels, blocks)
        if found is not None:
            return found._replace(machines=_machines(found.runs, levels))
    if len(blocks) > 1:
        return _by_block(inside, levels, "block", fewest)
    if _same_seeds(inside, levels):
        paired = inside._replace(block=inside.seeds)
        return _by_block(paired, levels, "pair of runs", fewest)._replace(blocks=1)
    groups = [inside.value[inside.level == level].tolist() for level in levels]
    if min(map(len, groups)) < _REPLICATED:
        return "one block, and a level with a single independent run"
    return Layout("run", tuple(levels), np.empty((0, 0)), groups, 1, inside, fewest)


def cells(runs: Runs, columns: Places) -> tuple[Places, Places, Floats]:
    """Return the cells of blocks and columns that hold runs, and the mean of each.

    Means by definition. Assumes that every value is finite.

    Example:
        Block 0 holds 1 and 3 of one machine, 4 of another.

        >>> import numpy as np
        >>> nobody, at = np.full(3, -1), np.arange(3)
        >>> runs = Runs(at, nobody, np.zeros(3, int), nobody, nobody, np.array([1.0, 3.0, 4.0]))
        >>> block, machine, means = cells(runs, np.array([0, 0, 1]))
        >>> block.tolist(), machine.tolist(), means.round(9).tolist()
        ([0, 0], [0, 1], [2.0, 4.0])

    Args:
        runs: What was measured.
        columns: What tells the runs of a block apart, such as their levels; >= 0.
    """
    width = int(columns.max()) + 1
    cell, which, counts = np.unique(
        runs.block * width + columns, return_inverse=True, return_counts=True
    )
    scale = float(np.abs(runs.value).max()) or 1.0  # so that no sum overflows
    means = np.bincount(which, runs.value / scale) / counts * scale
    return cell // width, cell % width, means


# --- which ------------------------------------------------------------------------------------


def _largest(runs: Runs) -> Runs:
    """Return the runs of the levels that have most of them, and of blocks with two levels."""
    counts = np.bincount(runs.level)
    if len(counts) > MOST_LEVELS:
        kept = np.sort(np.argsort(-counts, kind="stable")[:MOST_LEVELS])
        runs = runs.where(np.isin(runs.level, kept))
    return runs


def _complete(runs: Runs) -> tuple[list[int], Places] | None:
    """Return levels and blocks of a complete table; None where no two levels share two blocks."""
    names, rows = np.unique(runs.block, return_inverse=True)
    has = np.zeros((len(names), int(runs.level.max()) + 1), dtype=bool)
    has[rows, runs.level] = True
    kept = np.flatnonzero(has.any(axis=0)).tolist()
    best: tuple[int, list[int]] = 0, []
    while len(kept) > 1:
        inside = has[:, kept]
        complete = int(inside.all(axis=1).sum())
        if complete > 1 and complete * len(kept) > best[0]:
            best = complete * len(kept), list(kept)
        shared = inside[inside.sum(axis=1) > 1].sum(axis=0)
        kept.pop(len(kept) - 1 - int(np.argmin(shared[::-1])))
    levels = best[1] or _best_pair(has)
    if not levels:
        return None
    return levels, names[has[:, levels].all(axis=1)]


def _best_pair(has: NDArray[np.bool_]) -> list[int]:
    """Return the two levels that share most blocks, if two or more."""
    numbers = has.astype(np.int64)
    shared = np.triu(numbers.T @ numbers, 1)
    first, second = np.unravel_index(int(shared.argmax()), shared.shape)
    return [int(first), int(second)] if shared[first, second] > 1 else []


def _single(runs: Runs) -> tuple[list[int], Places] | str:
    """Return the one block with most levels of two runs or more, or why there is none."""
    width = int(runs.level.max()) + 1
    cell, counts = np.unique(runs.block * width + runs.level, return_counts=True)
    block, level = cell // width, cell % width
    if not (np.bincount(block) > 1).any():
        return NOT_SHARED
    enough = counts >= _REPLICATED
    if not enough.any() or int(np.bincount(block[enough]).max()) < _REPLICATED:
        return "one block, and fewer than two independent runs of each level"
    weights = np.bincount(block[enough]) + np.bincount(block[enough], counts[enough]) / 1e9
    chosen = int(weights.argmax())
    return sorted(level[enough & (block == chosen)].tolist()), np.array([chosen])


# --- what is counted --------------------------------------------------------------------------


def _by_block(runs: Runs, levels: list[int], counted: Counted, machines: int) -> Layout:
    block, level, means = cells(runs, runs.level)
    _, rows = np.unique(block, return_inverse=True)
    table = np.empty((int(rows.max()) + 1, len(levels)))
    table[rows, np.searchsorted(levels, level)] = means
    groups = [column.tolist() for column in table.T]
    return Layout(counted, tuple(levels), table, groups, len(table), runs, machines)


def _by_machine(runs: Runs, levels: list[int], blocks: Places) -> Layout | None:
    """Return means of the machines that were in every block; None where a level has too few."""
    known = runs.where(runs.machine >= 0)
    _, machine, means = cells(known, known.machine)
    counts = np.bincount(machine)
    whole = np.flatnonzero(counts == len(blocks))
    level_of = np.full(len(counts), -1)
    level_of[known.machine] = known.level
    groups = [
        [float(np.mean(means[machine == one])) for one in whole[level_of[whole] == level]]
        for level in levels
    ]
    if min(map(len, groups)) < _REPLICATED:
        return None
    inside = known.where(np.isin(known.machine, whole))
    empty = np.empty((0, 0))
    return Layout("machine", tuple(levels), empty, groups, len(blocks), inside, 0)


def _machines(runs: Runs, levels: Sequence[int]) -> int:
    """Return the fewest machines of a level; those that are not known count as none."""
    known = runs.machine >= 0
    return min(len(np.unique(runs.machine[known & (runs.level == level)])) for level in levels)


def _same_seeds(runs: Runs, levels: Sequence[int]) -> bool:
    """Say whether every level ran with the same two or more seeds."""
    found = {tuple(np.unique(runs.seeds[runs.level == level]).tolist()) for level in levels}
    (first, *others) = found
    return not others and len(first) >= _REPLICATED and -1 not in first
