"""What attribution costs: exact Shapley values of 16 factors, and all effects with intervals."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.figure import Figure
from labrec.analytics.attribution.attribute import attribute
from labrec.analytics.attribution.design import Cell, Design
from labrec.analytics.attribution.games import shapley

if TYPE_CHECKING:
    from collections.abc import Callable

FACTORS = 16
REPEATS = 15
BAR = 0.2  # s


def measure() -> list[Figure]:
    """Measure both; the beside of the first is the least that any way must do."""
    rng = np.random.default_rng(0)
    table = rng.normal(size=1 << FACTORS)
    found = seconds(lambda: shapley(table))
    once = seconds(lambda: [float((table * table).sum()) for _ in range(FACTORS)])
    six, ten = (_design(rng, factors, 3) for factors in (6, 10))
    return [
        Figure(
            f"exact Shapley values of {FACTORS} factors from {1 << FACTORS:,} cells",
            found[1], "s", f"<= {BAR} s", found[1] <= BAR,
            f"reading the table once for each factor: {once[1]:.2g} s", (found[0], found[2]),
        ),
        _all("all effects of 6 factors, 64 cells with 3 seeds", seconds(lambda: attribute(six), 5)),
        _all(
            "all effects of 10 factors, 1,024 cells with 3 seeds",
            seconds(lambda: attribute(ten), 3),
        ),
    ]  # fmt: skip


def _all(what: str, taken: tuple[float, float, float]) -> Figure:
    return Figure(f"{what}, with intervals", taken[1], "s", spread=(taken[0], taken[2]))


def seconds(function: Callable[[], object], repeats: int = REPEATS) -> tuple[float, float, float]:
    """Return the shortest, median and longest time of repeats, the first call left out."""
    function()
    taken = []
    for _ in range(repeats):
        began = time.perf_counter()
        function()
        taken.append(time.perf_counter() - began)
    taken.sort()
    return taken[0], taken[len(taken) // 2], taken[-1]


def _design(rng: np.random.Generator, factors: int, seeds: int) -> Design:
    values = rng.normal(size=(1 << factors, seeds)) + rng.normal(size=seeds)
    carried = tuple(map(str, range(seeds)))
    return Design(
        tuple(f"f{number}" for number in range(factors)),
        tuple(Cell(on, tuple(row.tolist()), carried) for on, row in enumerate(values)),
        "score",
    )
