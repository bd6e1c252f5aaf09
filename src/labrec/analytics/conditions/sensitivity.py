"""Tests beside the primary one: on ranks, blocks kept or ignored. They never decide. ○ No IO."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from labrec.analytics.stats.ranks import (
    PERMUTED,
    brunner_munzel,
    friedman,
    kruskal_wallis,
    wilcoxon,
)
from labrec.analytics.stats.sizes import cliffs_delta

if TYPE_CHECKING:
    from labrec.analytics.conditions.comparison import Compared
    from labrec.analytics.conditions.layout import Layout

_TWO = 2
_MOST_PERMUTED = 200


class Sensitivity(NamedTuple):
    """What other tests say.

    Attributes:
        rank_test: Wilcoxon or Friedman; None where no blocks are counted.
        rank_p: Its p.
        kruskal_p: Kruskal–Wallis, blocks ignored.
        brunner_munzel_p: Brunner–Munzel of the pair that differs most, blocks ignored; None for
            more than two levels.
        brunner_munzel_form: ``t`` or ``permutation``.
        brunner_munzel_least: The smallest p that the permutations can give.
        cliffs_delta: Of the last level against the first, -1 to 1.
    """

    rank_test: str | None
    rank_p: float | None
    kruskal_p: float | None
    brunner_munzel_p: float | None
    brunner_munzel_form: str | None
    brunner_munzel_least: float | None
    cliffs_delta: float


def sensitivity(layout: Layout, compared: Compared, seed: int) -> Sensitivity:
    """Return what tests on ranks say of the observations that were compared.

    Wilcoxon 1945; Friedman 1937; Kruskal & Wallis 1952; Brunner & Munzel 2000; Cliff 1993. Assumes
    independent blocks, or where blocks are ignored independent values, which they are not: none of
    it decides.

    Example:
        3, 5, 6 against 1, 2, 4: all three pairs are larger, 2/2³. Of nine pairs the last level wins
        8 and loses 1.

        >>> import numpy as np
        >>> from labrec.analytics.conditions.comparison import compare
        >>> from labrec.analytics.conditions.layout import Runs, layout
        >>> block, nobody = np.array([0, 0, 1, 1, 2, 2]), np.full(6, -1)
        >>> values = np.array([1.0, 3.0, 2.0, 5.0, 4.0, 6.0])
        >>> runs = Runs(np.arange(6), np.array([0, 1] * 3), block, nobody, nobody, values)
        >>> plain = layout(runs, of_machines=False)
        >>> found = sensitivity(plain, compare(plain), seed=1)
        >>> found.rank_test, round(found.rank_p, 9), round(found.cliffs_delta, 4)
        ('Wilcoxon', 0.25, 0.7778)
        >>> round(found.kruskal_p, 4), found.brunner_munzel_form
        (0.1266, 'permutation')

    Args:
        layout: What was compared.
        compared: What came out.
        seed: Of random permutations, where there are too many for all.
    """
    groups = layout.groups
    first, last = groups[compared.first], groups[compared.last]
    blocked = layout.table.size > 0
    two = len(groups) == _TWO
    rank_test = rank_p = None
    if blocked:
        rank_test = "Wilcoxon" if two else "Friedman"
        rank_p = wilcoxon(last, first).p if two else friedman(layout.table.tolist()).p
    few = min(map(len, groups)) < PERMUTED
    # where a few values face very many, permuting them all would take minutes
    superior = (
        brunner_munzel(first, last, seed=seed).test
        if two and not (few and len(first) + len(last) > _MOST_PERMUTED)
        else None
    )
    permuted = few or (superior is not None and superior.df is None)
    return Sensitivity(
        rank_test,
        rank_p,
        kruskal_wallis(groups).p,
        superior.p if superior is not None else None,
        ("permutation" if permuted else "t") if superior is not None and superior.p else None,
        superior.least_p if superior is not None else None,
        cliffs_delta(last, first),
    )
