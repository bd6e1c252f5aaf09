"""Is a difference too small to matter? Two one-sided tests. ○ No IO."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from labrec.analytics.stats.moments import fraction

if TYPE_CHECKING:
    from labrec.analytics.stats.estimate import Estimate


class Equivalence(NamedTuple):
    """What two one-sided tests say of a difference.

    Attributes:
        margin: Differences within ± this do not matter.
        p: Of "it is not within", the larger of both one-sided p values; None unless the difference
            has an error.
        low: Lower end of the interval of level 1 - 2α; None as `p`.
        high: Upper end. Equivalence is shown exactly where -margin < low and high < margin.
        equivalent: Whether p < α; for a deterministic difference whether it lies within; None
            where nothing can be said.
    """

    margin: float
    p: float | None
    low: float | None
    high: float | None
    equivalent: bool | None


def tost(difference: Estimate, margin: float, *, alpha: float) -> Equivalence:
    """Test whether a difference lies within ± margin (Schuirmann 1987, two one-sided t tests).

    The margin is chosen before: from a registration or the definition of the metric. A difference
    that is not significant is not thereby equivalent.

    Assumes of the difference what its t test assumes.

    Example:
        Of both one-sided tests that against +1 decides: t = (0.3 - 1) / 0.25 = -2.8, p = 0.0055.
        The interval of level 0.9 is 0.3 ± 1.7247·0.25.

        >>> from labrec.analytics.stats.estimate import estimate
        >>> found = tost(estimate(0.3, 0.25, 20), 1.0, alpha=0.05)
        >>> round(found.p, 7), round(found.low, 4), round(found.high, 4), found.equivalent
        (0.0055285, -0.1312, 0.7312, True)

    Args:
        difference: With its error and degrees of freedom.
        margin: > 0, in the unit of the difference.
        alpha: Level of each one-sided test, between 0 and 1/2.

    Raises:
        ValueError: The margin or alpha is out of its range.
    """
    if not 0 < margin < math.inf:
        raise ValueError(f"a margin of {margin}")
    interval = difference.at(fraction(1 - 2 * alpha, "1 - 2 alpha"))
    below, above = difference.p_below(margin), difference.p_above(-margin)
    if interval is None or below is None or above is None:
        within = abs(difference.value) < margin if difference.state == "deterministic" else None
        return Equivalence(margin, None, None, None, within)
    p = max(below, above)
    return Equivalence(margin, p, *interval, p < alpha)
