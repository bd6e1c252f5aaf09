"""How far two things go together: Cramér’s V and the correlation ratio. ○ No IO."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from labrec.analytics.stats.moments import ROUNDING, finite

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence


def cramers_v(first: Sequence[Hashable], second: Sequence[Hashable]) -> float | None:
    """Return Cramér's V of two classifications of the same things (Cramér 1946, p. 282).

    V = √(χ² / (n·(min(r, c) - 1))), 0 where they are independent, 1 where the one with fewer
    classes follows from the other. Not corrected for chance: with few things it is large.

    Assumes nothing of the classes but that both classify the same things.

    Example:
        Of six things 2, 1 and 1, 2 fall into the four pairs of classes: V = (2·2 - 1·1)/√(3·3·3·3)
        = 1/3.

        >>> round(cramers_v("aaabbb", "xxyxyy"), 4)
        0.3333
        >>> cramers_v("aaabbb", "xxxyyy")
        1.0

    Args:
        first: Class of each thing.
        second: Its class in the other classification.

    Returns:
        V, or None where one of them has a single class: then nothing can go together.

    Raises:
        ValueError: The lengths differ.
    """
    counts: dict[tuple[Hashable, Hashable], int] = {}
    rows: dict[Hashable, int] = {}
    columns: dict[Hashable, int] = {}
    for pair in zip(first, second, strict=True):
        counts[pair] = counts.get(pair, 0) + 1
        rows[pair[0]] = rows.get(pair[0], 0) + 1
        columns[pair[1]] = columns.get(pair[1], 0) + 1
    least = min(len(rows), len(columns)) - 1
    if least < 1:
        return None
    # χ²/n = Σ nᵢⱼ²/(nᵢ·nⱼ) - 1, which needs the pairs that occur alone
    phi = math.fsum(n * n / (rows[a] * columns[b]) for (a, b), n in counts.items()) - 1
    return math.sqrt(min(1.0, max(0.0, phi / least)))


def correlation_ratio(groups: Sequence[Hashable], values: Sequence[float]) -> float | None:
    """Return the correlation ratio η = √(SS between / SS total) (Pearson 1905; Fisher 1925).

    0 where all groups have one mean, 1 where nothing varies within groups.

    Assumes nothing of how the values are distributed: it describes those that there are.

    Example:
        The group means are 1.5 and 3.5 about 2.5: √(4·1/5) = 0.89443.

        >>> round(correlation_ratio("aabb", [1, 2, 3, 4]), 5)
        0.89443

    Args:
        groups: Group of each value.
        values: Finite.

    Returns:
        η, or None where there is one group, or no value differs.

    Raises:
        ValueError: The lengths differ, there is no value, or one is NaN or infinite.
    """
    found = finite(values)
    centred = [value - found[0] for value in found]
    size = max(map(abs, centred))
    parts: dict[Hashable, list[float]] = {}
    for group, value in zip(groups, centred, strict=True):
        parts.setdefault(group, []).append(value / size if size else 0.0)
    if len(parts) < 2 or size <= ROUNDING * max(map(abs, found)):  # noqa: PLR2004 - one says nothing
        return None
    every = [value for part in parts.values() for value in part]
    mean = math.fsum(every) / len(every)
    total = math.fsum((value - mean) ** 2 for value in every)
    between = math.fsum(len(p) * (math.fsum(p) / len(p) - mean) ** 2 for p in parts.values())
    return math.sqrt(min(1.0, between / total))
