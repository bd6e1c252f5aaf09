"""The rows of designs are the same on other processors, whatever decomposition they rest on."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest
from tests.analytics.test_processors import CORES

PROGRAM = """
import numpy as np
from labrec.analytics.attribution import permutations
from labrec.analytics.attribution.design import Cell, Design, Origin
from labrec.analytics.attribution.rows import Placed, rows

rng = np.random.default_rng(0)

def design(names, cells, seeds, known=True):
    shared = 3 * rng.normal(size=seeds)
    carried = tuple(map(str, range(seeds))) if known else (None,) * seeds
    return Design(tuple(names), tuple(
        Cell(on, tuple((rng.normal(size=seeds) + shared + on / 10).tolist()), carried)
        for on in cells), "score")

def lost(whole):
    cell = whole.cells[2]
    short = cell._replace(values=cell.values[:2], seeds=cell.seeds[:2])
    return whole._replace(cells=(*whole.cells[:2], short, *whole.cells[3:]))

found = []
for number in range(4):
    some = sorted(rng.choice(32, 20, replace=False).tolist())
    names = [f"{letter}{number}" for letter in "abcdefgh"]
    found += [
        design("abc", range(8), 3), lost(design("abc", range(8), 3)), design("ab", range(4), 24),
        design("abcd", range(16), 1, False), design("abcde", some, 2),
        design(names, permutations.plan(permutations.orders(names)), 2),
    ]
for table, written in rows(
    Placed(Origin("p", "declared", str(place), 1, 1), one,
           (one._replace(metric="cost", cells=tuple(
               cell._replace(values=tuple(value * value for value in cell.values))
               for cell in one.cells)),))
    for place, one in enumerate(found)
):
    for row in written:
        print(table.name, row)
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="other processor: it is no x86-64")
def test_rows_do_not_depend_on_the_processor():
    one, other = (
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "OPENBLAS_CORETYPE": core, "OPENBLAS_NUM_THREADS": "1"},
            check=True, capture_output=True, text=True,
        ).stdout.splitlines()
        for core in CORES
    )  # fmt: skip
    assert len(one) > 1000
    assert [row for row, again in zip(one, other, strict=True) if row != again] == []
