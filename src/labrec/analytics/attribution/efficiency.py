"""What an effect costs: metric for each parameter, joule or second, by Fieller's theorem. ○ Pure.

Metric and cost are measured in the same replicates of the same cells, so that their effects are
made with the same weights, and their errors may go together.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from labrec.analytics.attribution.design import Effect, checked
from labrec.analytics.attribution.frame import Frame, rounded_sum
from labrec.analytics.attribution.noise import Noise, noise
from labrec.analytics.stats.fieller import Quantity, Ratio, fieller
from labrec.analytics.stats.moments import t_quantile

if TYPE_CHECKING:
    from labrec.analytics.attribution.design import Design, Kind
    from labrec.analytics.attribution.frame import Way
    from labrec.analytics.attribution.noise import Error, Scatter

KINDS: Final[tuple[Kind, ...]] = ("shapley", "main")
"""Effects whose cost is told."""


class Efficiency(NamedTuple):
    """What an effect costs.

    Attributes:
        effect: Kind, factors and estimate of the effect on the metric, its error with it.
        cost: The effect on the cost, in its unit.
        cost_se: Its standard error; 0 where the cost is the same in all replicates; None where
            nothing says.
        cost_low: Lower end of its interval; None without error.
        cost_high: Upper end.
        covariance: Of the two estimates; None without errors.
        df: Degrees of freedom; None without errors.
        ratio: Effect for each unit of cost with its interval; None where the cost's interval
            contains 0, or where there is no interval.
        g: Fieller's g; None without errors.
        low: Lower end of the ratio's interval; None where there is none.
        high: Upper end.
        note: Why something is missing; may be empty.
    """

    effect: Effect
    cost: float
    cost_se: float | None = None
    cost_low: float | None = None
    cost_high: float | None = None
    covariance: float | None = None
    df: float | None = None
    ratio: float | None = None
    g: float | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""


class _Both(NamedTuple):
    """What the replicates say of metric, cost and their sum, in one and the same way."""

    metric: Noise
    cost: Noise
    total: Noise
    scales: tuple[float, float]


def efficiencies(design: Design, cost: Design) -> list[Efficiency]:
    """Return what Shapley values and main effects of a design cost.

    Effects that the cells do not determine, or that permutations sample, are left out.

    The covariance of both effects follows from the variance of their sum, (V(x + y) - V(x) - V(y))
    / 2, each in units of its own scatter.

    The interval is Fieller's (1954). Assumes normal estimates of effect and cost.

    Example:
        By seeds the factor adds 2, 2 and 3, and always costs 50: (7/3 ± 4.3027/3)/50.

        >>> from labrec.analytics.attribution.design import Cell, Design
        >>> def design(off, on):
        ...     cells = Cell(0, off, ("1", "2", "3")), Cell(1, on, ("1", "2", "3"))
        ...     return Design(("a",), cells, "any")
        >>> score = design((1.0, 2.0, 3.0), (3.0, 4.0, 6.0))
        >>> found = efficiencies(score, design((100.0,) * 3, (150.0,) * 3))[0]
        >>> found.effect.kind, found.cost, found.cost_se
        ('shapley', 50.0, 0.0)
        >>> round(found.ratio, 4), round(found.low, 4), round(found.high, 4)
        (0.0467, 0.018, 0.0754)

    Args:
        design: Of the metric.
        cost: Of the cost, positive where it costs more: the same factors, cells and seeds.

    Raises:
        InvalidError: A design's parts do not fit together.
    """
    design, cost = checked(design), checked(cost)
    if not design.cells:
        return []
    frame = Frame(design)
    alike = design.factors == cost.factors and [
        (cell.on, cell.seeds, cell.records) for cell in design.cells
    ] == [(cell.on, cell.seeds, cell.records) for cell in cost.cells]
    if not alike:
        return []
    both = _both(design, cost)
    found = []
    for kind in KINDS:
        if kind == "shapley" and frame.shape == "permutations":
            continue
        for place in range(frame.k):
            way = frame.way(kind, (place,))
            if way is not None and way.identifiable:
                found.append(_efficiency(Effect(kind, (place,), None), way, both, design.level))
    return found


def _both(design: Design, cost: Design) -> _Both:
    tested = noise(design.cells), noise(cost.cells)
    unequal = any(known.method in {"welch", "per seed"} for known in tested)
    scatter: Scatter = "unequal" if unequal else "equal"
    scales = tuple(math.sqrt(known.variance) if known.variance else 1.0 for known in tested)
    cells = [
        one._replace(
            values=tuple(
                x / scales[0] + y / scales[1] for x, y in zip(one.values, other.values, strict=True)
            )
        )
        for one, other in zip(design.cells, cost.cells, strict=True)
    ]
    first, second = noise(design.cells, scatter), noise(cost.cells, scatter)
    return _Both(first, second, noise(cells, scatter), (scales[0], scales[1]))


def _efficiency(effect: Effect, way: Way, both: _Both, level: float) -> Efficiency:
    weights = way.weights
    gain = rounded_sum(weights * both.metric.means)
    effect = effect._replace(estimate=gain, model=way.model)
    price = rounded_sum(weights * both.cost.means)  # what is left of equal costs is no price
    error = both.metric.error(weights)
    if error is None:
        found = Efficiency(effect, price, note="no interval of the effect, so none of the ratio")
        if both.cost.variance == 0 and price:
            return found._replace(cost_se=0.0, ratio=gain / price)
        return found
    effect = effect._replace(se=math.sqrt(error.variance), df=error.df)
    priced = both.cost.error(weights)
    if priced is None and both.cost.variance != 0:
        return Efficiency(effect, price, note="nothing says how much the cost scatters")
    return _with_interval(effect, price, (error, priced), both.total.error(weights), both, level)


def _with_interval(
    effect: Effect,
    price: float,
    errors: tuple[Error, Error | None],
    total: Error | None,
    both: _Both,
    level: float,
) -> Efficiency:
    error, priced = errors
    variance, df, covariance = 0.0, error.df, 0.0
    if priced is not None:
        variance, df = priced.variance, min(error.df, priced.df)
        if total is not None:
            covariance = _covariance(error.variance, variance, total.variance, both.scales)
    half = t_quantile(df, level) * math.sqrt(variance)
    ratio: Ratio = fieller(
        Quantity(effect.estimate or 0.0, error.variance),
        Quantity(price, variance),
        covariance,
        df,
        level=level,
    )
    return Efficiency(
        effect,
        price,
        math.sqrt(variance),
        price - half,
        price + half,
        covariance,
        df,
        ratio.estimate,
        ratio.g if math.isfinite(ratio.g) else None,
        ratio.low,
        ratio.high,
        "" if ratio.estimate is not None else "the interval of the cost contains 0",
    )


def _covariance(first: float, second: float, total: float, scales: tuple[float, float]) -> float:
    """Return the covariance of two estimates from the variance of their scaled sum."""
    one, other = scales
    found = (total - first / one**2 - second / other**2) / 2 * one * other
    most = math.sqrt(first * second)
    return max(-most, min(most, found))
