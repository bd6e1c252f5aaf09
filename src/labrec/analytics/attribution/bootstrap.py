"""Bootstrap intervals of effects, where there are enough replicates for them. ○ Pure.

Percentile intervals (Efron 1979) of effects whose cells are resampled, each for itself, or by
seeds where these are blocks. From few values a bootstrap pretends: with 3 a cell its 95 % intervals
cover in 85 of 100 cases, so it waits for 20.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labrec.analytics.attribution.design import Design
    from labrec.analytics.attribution.noise import Noise

Floats = NDArray[np.float64]

FROM: Final = 20
"""Values that every cell must have."""

RESAMPLES: Final = 2000
"""Resamples of a design: the ends of a 95 % interval are sure to a twentieth of its length."""

_MOST = 50_000_000  # values drawn: a second and 400 MB


def intervals(
    design: Design, known: Noise, effects: Sequence[Floats], *, least: int = FROM
) -> list[tuple[float, float]] | None:
    """Return the percentile interval of each effect; None where cells have too few values.

    The generator is seeded by the values, so that one design always gives one answer.

    Percentiles of Efron (1979). Assumes that values are independent within cells, or seeds where
    these are blocks, and that there are enough of them to stand for their distribution.

    Example:
        Off, forty values of 0; on, twenty of 0 and twenty of 2. A resampled mean is a twentieth of
        how often a coin falls heads in forty throws: 14 to 26 times in the middle 95 %.

        >>> from labrec.analytics.attribution.design import Cell, Design
        >>> from labrec.analytics.attribution.noise import noise
        >>> unknown = (None,) * 40
        >>> cells = Cell(0, (0.0,) * 40, unknown), Cell(1, (0.0, 2.0) * 20, unknown)
        >>> design, weights = Design(("a",), cells, "score"), np.array([-1.0, 1.0])
        >>> ((low, high),) = intervals(design, noise(cells), [weights])
        >>> round(low, 9), round(high, 9)
        (0.7, 1.3)

    Args:
        design: It.
        known: What its replicates say.
        effects: Weights of the measured cells in each.
        least: Values that every cell must have.
    """
    counts = known.counts
    if not effects or counts.min() < least or counts.sum() * RESAMPLES > _MOST:
        return None
    if known.blocks and known.by_seed is None:  # cells lack some of the seeds
        return None
    means = _resampled(design, known)
    spread = means @ np.array(effects).T
    tail = (1 - design.level) / 2
    low, high = np.quantile(spread, [tail, 1 - tail], axis=0)
    return list(zip(low.tolist(), high.tolist(), strict=True))


def _resampled(design: Design, known: Noise) -> Floats:
    """Return the means of the cells in each resample."""
    text = repr([(cell.on, cell.values) for cell in design.cells])
    digest = hashlib.sha256(text.encode()).digest()
    own = np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))
    if known.by_seed is not None:
        seeds = known.blocks
        drawn = own.multinomial(seeds, np.full(seeds, 1 / seeds), size=RESAMPLES)
        found: Floats = drawn @ known.by_seed / seeds
        return found
    columns = []
    for cell in design.cells:
        values = np.array(cell.values)
        drawn = own.integers(len(values), size=(RESAMPLES, len(values)))
        columns.append(values[drawn].mean(axis=1))
    return np.array(columns).T
