"""Lenth's method: which contrasts of an unreplicated factorial stand out. ○ No IO.

Without replicates nothing but the contrasts themselves says how much they scatter. Lenth (1989)
takes most of them for noise: from their median he gets the *pseudo standard error*, and measures
each against it. His critical values are rough; these are simulated (Ye and Hamada 2000).

Assumes contrasts of equal variance, uncorrelated and normal, most of them without a true effect:
where many are real, the pseudo standard error is too large and the method finds too little.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from labrec.analytics.stats.multiple import holm

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST: Final = 7
"""Contrasts below which nothing is said: the median of fewer is no measure of noise."""

SIMULATED: Final = 4_000_000
"""Simulated contrasts behind a critical value, of 200,000 experiments at most: of 7 contrasts the
95 % value is sure to about 0.3 %."""

_MANY: Final = 4096  # contrasts from which on the limit of many is used
_LIMIT: Final = 0.99829  # the pseudo standard error of very many contrasts with standard error 1

Floats = NDArray[np.float64]


class Lenth(NamedTuple):
    """Contrasts judged by Lenth's method.

    Attributes:
        pse: Pseudo standard error, in the contrasts' unit; 0 where most of them are 0.
        margin: Half the interval of one contrast (ME); None where `pse` is 0.
        margin_all: Half the interval that holds for all contrasts at once (SME).
        p: Two-sided p of each contrast, in their order; empty where `pse` is 0.
        p_holm: The same, adjusted by Holm.
    """

    pse: float
    margin: float | None
    margin_all: float | None
    p: tuple[float, ...]
    p_holm: tuple[float, ...]


class Reference(NamedTuple):
    """What ratios contrast/PSE do where no contrast has an effect, simulated.

    Attributes:
        contrasts: Simulated contrasts with standard error 1, one experiment a row; empty where
            the limit of many contrasts is used.
        pse: The pseudo standard error of each experiment.
        ratios: All |contrast|/PSE, ascending.
        largest: The largest of each experiment, ascending.
    """

    contrasts: Floats
    pse: Floats
    ratios: Floats
    largest: Floats


def pseudo_error(contrasts: Sequence[float] | Floats) -> float:
    """Return Lenth's pseudo standard error of contrasts (Lenth 1989, eq. 1 and 2).

    s₀ = 1.5·median|c|; the result is 1.5·median of the |c| < 2.5·s₀.

    Assumes that most contrasts have no effect, and that all scatter alike.

    Example:
        The pilot plant of Box, Hunter and Hunter (2005, p. 177): s₀ = 1.5·1.5 = 2.25; 1.5, 1.5, 5,
        0 and 0.5 are below 2.5·2.25 = 5.625, and their median is 1.5: 1.5·1.5 = 2.25.

        >>> pseudo_error([23, -5, 1.5, 1.5, 10, 0, 0.5])
        2.25

    Args:
        contrasts: One or more, finite.
    """
    return float(_pseudo_errors(np.sort(np.abs(np.asarray(contrasts, dtype=float)))[None])[0])


def _pseudo_errors(ascending: Floats) -> Floats:
    """Return the pseudo standard error of each row of ascending absolute contrasts."""
    initial = 1.5 * np.median(ascending, axis=1)
    kept = (ascending < 2.5 * initial[:, None]).sum(axis=1)
    # all zero but for a few: nothing is below 0
    kept = np.maximum(kept, 1)
    rows = np.arange(len(ascending))
    middle = (ascending[rows, (kept - 1) // 2] + ascending[rows, kept // 2]) / 2
    return np.where(initial > 0, 1.5 * middle, 0.0)


@lru_cache(maxsize=4)
def reference(count: int) -> Reference:
    """Return the simulated distribution for a number of contrasts; always the same.

    As Ye and Hamada (2000) simulate it. Assumes independent normal contrasts without effects.

    Example:
        Of 7 contrasts 95 % are below 2.297 pseudo standard errors (Ye and Hamada 2000, table 1).

        >>> known = reference(7)
        >>> len(known.pse), round(float(np.quantile(known.ratios, 0.95)), 1)
        (200000, 2.3)

    Args:
        count: Contrasts, `LEAST` or more.
    """
    if count >= _MANY:
        return Reference(*(np.empty(0),) * 4)
    own = np.random.Generator(np.random.PCG64(count))
    repeats = min(200_000, SIMULATED // count)
    contrasts = own.standard_normal((repeats, count))
    ascending = np.sort(np.abs(contrasts), axis=1)
    pse = _pseudo_errors(ascending)
    ascending /= pse[:, None]
    return Reference(contrasts, pse, np.sort(ascending, axis=None), np.sort(ascending[:, -1]))


def critical(count: int, level: float) -> tuple[float, float]:
    """Return the critical |contrast|/PSE for one contrast, and for the largest of all.

    Simulated as by Ye and Hamada (2000). Assumes independent normal contrasts without effects.

    Example:
        Of 7 contrasts at 0.95 they are 2.297 and 4.867 (Ye and Hamada 2000, tables 1 and 2).

        >>> one, largest = critical(7, 0.95)
        >>> round(one, 1), round(largest, 1)
        (2.3, 4.9)

    Args:
        count: Contrasts, `LEAST` or more.
        level: Between 0 and 1.
    """
    known = reference(count)
    if not len(known.pse):
        return normal(level, count)
    return of_sorted(known.ratios, level), of_sorted(known.largest, level)


def of_sorted(ascending: Floats, level: float) -> float:
    """Return a quantile of ascending values, interpolated (Hyndman and Fan 1996, type 7).

    Assumes that the values ascend.

    Example:
        Half of the way from the first of four to the last: at place 1.5.

        >>> of_sorted(np.array([1.0, 2.0, 4.0, 8.0]), 0.5)
        3.0

    Args:
        ascending: One or more.
        level: Between 0 and 1.
    """
    place = level * (len(ascending) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ascending) - 1)
    low, high = float(ascending[below]), float(ascending[above])
    return low + (place - below) * (high - low)


def normal(level: float, count: int) -> tuple[float, float]:
    """Return the critical values where the contrasts are so many that their scatter is known.

    The quantile of a normal contrast over the limit of the pseudo standard error (Lenth 1989), for
    all of them at once as if they were independent: that errs to the safe side, however they hang
    together (Šidák 1967). Assumes normal contrasts without effects.

    Example:
        1.95996 / 0.99829 = 1.9633 of one; of two at once Φ⁻¹(1/2 + √0.95/2) = 2.23648 over the
        same.

        >>> one, both = normal(0.95, 2)
        >>> round(one, 4), round(both, 4)
        (1.9633, 2.2403)

    Args:
        level: Between 0 and 1.
        count: Ratios that the second value is for (Šidák 1967).
    """
    from scipy.special import ndtri  # a third of a second: only for very many contrasts

    one, every = 0.5 + level / 2, 0.5 + level ** (1 / count) / 2
    return float(ndtri(one)) / _LIMIT, float(ndtri(every)) / _LIMIT


def p_value(ratio: float, count: int, sample: Floats | None = None) -> float:
    """Return the two-sided p of |contrast|/PSE.

    (1 + as large ones) / (1 + simulated ones) (Davison & Hinkley 1997, section 4.2). Assumes what
    the simulation does: independent normal contrasts without effects.

    Example:
        The critical value of 7 contrasts, 2.297 (Ye and Hamada 2000), has p 0.05; of very many, p
        is that of a normal value times 0.99829.

        >>> round(p_value(2.297, 7), 2), round(p_value(1.9633, 5000), 3)
        (0.05, 0.05)
        >>> p_value(3.5, 4, np.array([1.0, 2.0, 3.0, 4.0]))  # (1 + 1) / (1 + 4)
        0.4

    Args:
        ratio: It, at least 0.
        count: Contrasts that the pseudo standard error is from.
        sample: Simulated ratios of this quantity, ascending; None = those of a single contrast.
    """
    sample = reference(count).ratios if sample is None else sample
    if not len(sample):
        return max(math.erfc(ratio * _LIMIT / math.sqrt(2)), 2.2250738585072014e-308)
    above = len(sample) - int(np.searchsorted(sample, ratio, side="left"))
    return (above + 1) / (len(sample) + 1)


def lenth(contrasts: Sequence[float], *, level: float = 0.95) -> Lenth | None:
    """Judge the contrasts of an unreplicated factorial; None below `LEAST` of them.

    Margins and p are simulated (Ye and Hamada 2000); p is adjusted by Holm (1979). Assumes
    contrasts of equal variance, uncorrelated and normal, most of them without a true effect.

    Example:
        The pilot plant of Box, Hunter and Hunter (2005, p. 177): with 2.25 as pseudo standard error
        a contrast must be beyond 2.297·2.25 = 5.17, and the largest of all beyond
        4.867·2.25 = 10.95. The first, 23, is beyond both.

        >>> found = lenth([23, -5, 1.5, 1.5, 10, 0, 0.5])
        >>> found.pse, round(found.margin, 1), round(found.margin_all)
        (2.25, 5.2, 11)
        >>> [p < 0.05 for p in found.p]
        [True, False, False, False, True, False, False]
        >>> lenth([23, -5, 1.5]) is None
        True

    Args:
        contrasts: All of them but the mean, all in one scale.
        level: Of the margins.
    """
    count = len(contrasts)
    if count < LEAST:
        return None
    pse = pseudo_error(contrasts)
    if pse == 0:
        return Lenth(0.0, None, None, (), ())
    one, every = critical(count, level)
    p = [p_value(abs(contrast) / pse, count) for contrast in contrasts]
    return Lenth(pse, one * pse, every * pse, tuple(p), tuple(holm(p)))
