"""An estimate with its error: interval and tests from it. ○ No IO."""

from __future__ import annotations

import math
from typing import Final, Literal, NamedTuple

from labrec.analytics.stats.moments import fraction, not_zero, t_below, t_quantile

LEVEL: Final = 0.95
"""Level of an interval where the caller says none."""

State = Literal["estimated", "deterministic", "unreplicated"]
"""Whether an error could be taken: *deterministic* is without any spread, *unreplicated* too few
values to show one."""


class Estimate(NamedTuple):
    """A quantity, its standard error, and what follows from them by Student's t.

    Attributes:
        value: The estimate, in the unit of what was measured.
        state: Whether there is an error to judge it by.
        error: Standard error, same unit; 0 if deterministic, None if unreplicated.
        df: Degrees of freedom; None unless estimated.
        level: Level of the interval.
        low: Lower end of the two-sided interval; None unless estimated.
        high: Upper end.
        t: (value - null) / error; None unless estimated.
        p: Two-sided p of the null value; None unless estimated, never 0.
    """

    value: float
    state: State
    error: float | None
    df: float | None
    level: float
    low: float | None
    high: float | None
    t: float | None
    p: float | None

    def at(self, level: float) -> tuple[float, float] | None:
        """Return the two-sided interval of another level; None unless estimated.

        Value ± t quantile · error (Student 1908). Assumes what `estimate` does.

        Example:
            With 10 degrees of freedom the 90 % interval of 2, known to 1, is 2 ± 1.8125.

            >>> low, high = estimate(2.0, 1.0, 10).at(0.9)
            >>> round(low, 4), round(high, 4)
            (0.1875, 3.8125)
        """
        if self.error is None or self.df is None:
            return None
        half = t_quantile(self.df, level) * self.error
        return self.value - half, self.value + half

    def p_above(self, bound: float) -> float | None:
        """Return the one-sided p of "not above bound": small where the value surely is above it.

        P(T <= (bound - value) / error) (Student 1908). Assumes what `estimate` does.

        Example:
            With 1 degree of freedom (Cauchy's distribution) a value one error above the bound:
            1/2 - atan(1)/π = 1/4.

            >>> round(estimate(3.0, 1.0, 1).p_above(2.0), 9)
            0.25
        """
        if self.error is None or self.df is None:
            return None
        return t_below(self.df, (bound - self.value) / self.error)

    def p_below(self, bound: float) -> float | None:
        """Return the one-sided p of "not below bound": small where the value surely is below it.

        P(T <= (value - bound) / error) (Student 1908). Assumes what `estimate` does.

        Example:
            With 1 degree of freedom (Cauchy's distribution) a value one error above the bound:
            1/2 + atan(1)/π = 3/4.

            >>> round(estimate(3.0, 1.0, 1).p_below(2.0), 9)
            0.75
        """
        if self.error is None or self.df is None:
            return None
        return t_below(self.df, (self.value - bound) / self.error)


def estimate(
    value: float, error: float | None, df: float, *, level: float = LEVEL, null: float = 0.0
) -> Estimate:
    """Return an estimate with its t interval and test (Student 1908).

    Assumes that (value - truth) / error follows t with df degrees of freedom.

    Example:
        The sleep data of Student (1908): t = 1.58 / 0.38896 = 4.0621, and 1.58 ± 2.26216·0.38896.

        >>> found = estimate(1.58, 0.38896, 9)
        >>> round(found.low, 4), round(found.high, 4), round(found.t, 4), round(found.p, 5)
        (0.7001, 2.4599, 4.0621, 0.00283)
        >>> estimate(1.58, None, 9).state
        'unreplicated'

    Args:
        value: The estimate; finite.
        error: Its standard error, >= 0; None where too few values were taken to know one.
        df: Degrees of freedom, > 0, math.inf for a known error. Ignored without an error.
        level: Of the interval.
        null: The value that `t` and `p` test.

    Raises:
        ValueError: Something is NaN, infinite or out of its range.
    """
    fraction(level, "level")
    if not math.isfinite(value) or not math.isfinite(null):
        raise ValueError("an estimate must be finite")
    if error is None:
        return Estimate(value, "unreplicated", None, None, level, None, None, None, None)
    if not 0 <= error < math.inf:
        raise ValueError(f"a standard error of {error}")
    if error == 0:
        return Estimate(value, "deterministic", 0.0, None, level, None, None, None, None)
    if not df > 0:
        raise ValueError(f"{df} degrees of freedom")
    t = (value - null) / error
    half = t_quantile(df, level) * error
    p = not_zero(2 * t_below(df, -abs(t)))
    return Estimate(value, "estimated", error, df, level, value - half, value + half, t, p)
