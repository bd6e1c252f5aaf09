"""Designs for the tests of attribution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labrec.analytics.attribution.design import Cell, Design

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def design(
    factors: str,
    values: Iterable[float | Sequence[float]],
    seeds: Sequence[str | None] | None = None,
    cells: Iterable[int] | None = None,
    direction: str | None = "maximize",
) -> Design:
    """Return a design of cells in standard order, or of those named.

    Args:
        factors: One letter each.
        values: Of each cell: one value, or its replicates.
        seeds: Of the replicates of every cell; None = unknown.
        cells: Their bitmasks, where not all are there.
        direction: Of the metric.
    """
    listed = [(value,) if isinstance(value, int | float) else tuple(value) for value in values]
    masks = list(range(len(listed)) if cells is None else cells)
    return Design(
        tuple(factors),
        tuple(
            Cell(on, tuple(map(float, many)), tuple(seeds or (None,) * len(many)))
            for on, many in zip(masks, listed, strict=True)
        ),
        "accuracy",
        "%",
        direction,
    )
