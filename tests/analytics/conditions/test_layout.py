"""Which cells are compared, and what counts as one observation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrec.analytics.conditions.layout import MOST_LEVELS, NOT_SHARED, Layout, Runs, layout

CELLS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 5), st.integers(0, 2)), min_size=2, max_size=40
)


def runs(cells: list[tuple[int, int, float]], machines: list[int] | None = None) -> Runs:
    """Runs of level, block and value."""
    level, block, value = (np.array(column) for column in zip(*cells, strict=True))
    nothing = np.full(len(level), -1)
    machine = np.array(machines) if machines is not None else nothing
    return Runs(np.arange(len(level)), level, block, machine, nothing, value.astype(float))


def laid_out(cells, machines=None, *, of_machines=False) -> Layout:
    found = layout(runs(cells, machines), of_machines=of_machines)
    assert isinstance(found, Layout)
    return found


def test_the_level_with_the_fewest_blocks_is_left_out_where_that_keeps_more_cells() -> None:
    cells = [(level, block, 0) for level in (0, 1) for block in range(6)] + [(2, 0, 0), (2, 1, 0)]
    assert laid_out(cells).levels == (0, 1)
    assert laid_out([*cells, (2, 2, 0), (2, 3, 0), (2, 4, 0)]).levels == (0, 1, 2)


def test_two_levels_are_found_however_the_others_lie() -> None:
    cells = [(0, 0, 1), (1, 0, 2), (0, 1, 3), (1, 1, 5), (2, 2, 1), (3, 2, 1), (2, 3, 1), (4, 3, 1)]
    found = laid_out(cells)
    assert (found.levels, found.table.tolist()) == ((0, 1), [[1, 2], [3, 5]])


@given(CELLS)
def test_a_table_is_complete_and_holds_the_means_of_its_cells(cells) -> None:
    found = layout(runs(cells), of_machines=False)
    if isinstance(found, str) or not found.table.size:
        return
    assert found.table.shape == (found.blocks, len(found.levels))
    assert found.blocks >= 2
    blocks = sorted(set(found.runs.block.tolist()))
    for row, block in enumerate(blocks):
        for column, level in enumerate(found.levels):
            of = [v for one, other, v in cells if (one, other) == (level, block)]
            assert found.table[row, column] == pytest.approx(np.mean(of))


@given(CELLS, st.randoms())
def test_the_order_of_runs_does_not_matter(cells, random) -> None:
    shuffled = list(cells)
    random.shuffle(shuffled)
    one, other = (layout(runs(each), of_machines=False) for each in (cells, shuffled))
    if isinstance(one, str) or isinstance(other, str):
        assert one == other
        return
    assert one.levels == other.levels
    for group, same in zip(one.groups, other.groups, strict=True):
        assert sorted(group) == pytest.approx(sorted(same))


def test_without_common_blocks_nothing_is_compared() -> None:
    assert layout(runs([(0, 0, 1), (0, 1, 1), (1, 2, 1)]), of_machines=False) == NOT_SHARED


def test_one_block_takes_two_independent_runs_of_each_level() -> None:
    few = [(0, 0, 1), (0, 0, 2), (1, 0, 3)]
    assert "fewer than two independent runs" in layout(runs(few), of_machines=False)
    found = laid_out([*few, (1, 0, 5)])
    assert (found.counted, found.groups, found.blocks) == ("run", [[1, 2], [3, 5]], 1)


def test_machines_are_counted_where_each_level_has_two_that_did_every_block() -> None:
    cells = [
        (level, block, 10 * level + block + m)
        for level in (0, 1)
        for m in (0, 1)
        for block in (0, 1)
    ]
    machines = [2 * level + m for level in (0, 1) for m in (0, 1) for _ in (0, 1)]
    found = laid_out(cells, machines, of_machines=True)
    assert (found.counted, found.groups) == ("machine", [[0.5, 1.5], [10.5, 11.5]])
    assert laid_out(cells, machines).counted == "block"
    missing = laid_out(cells[:-1], machines[:-1], of_machines=True)  # the last did one block alone
    assert (missing.counted, missing.machines) == ("block", 2)
    unknown = laid_out(cells, [*machines[:4], -1, -1, -1, -1], of_machines=True)
    assert (unknown.counted, unknown.machines) == ("block", 0)


def test_of_very_many_levels_those_with_most_runs_are_compared() -> None:
    cells = [(level, block, 0) for level in range(30) for block in range(2)]
    cells += [(level, 0, 0) for level in range(5, 25)]
    assert laid_out(cells).levels == tuple(range(5, 5 + MOST_LEVELS))


def test_huge_values_do_not_overflow() -> None:
    cells = [(level, block, 1.7e308) for level in (0, 1) for block in (0, 1) for _ in range(3)]
    assert laid_out(cells).table.tolist() == [[1.7e308] * 2] * 2
