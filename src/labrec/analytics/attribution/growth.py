"""Growing models: is a model that grew out of a host worth its parameters? ○ Pure.

Three measures of a grown model against its host, the smaller model it grew out of:

- **delta**: its quality minus the host's: the paired t test of common seeds, else Welch's.
- **ratio**: its quality for each parameter over the host's, (a₁/p₁)/(a₀/p₀), with Fieller's
  interval; and the same of the quality above chance, as a model that guesses earns nothing.
- **equivalent**: parameters that a host-only model would need for the same quality, read off a
  monotone curve through host-only models of several sizes (isotonic regression: Ayer, Brunk, Ewing,
  Reid and Silverman 1955), between sizes by the logarithm of parameters. Outside of what was
  measured it says no more than "> max" or "< min".
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final, NamedTuple

from labrec.analytics.contrasts import Contrast, contrast
from labrec.analytics.replicates import interval
from labrec.analytics.stats.fieller import Quantity, Ratio, fieller
from labrec.analytics.stats.moments import mean_of, sd_of

Values = Sequence[tuple[str | None, float]]
"""Seeds and value of each run."""

_FEWEST: Final = 2  # sizes that make a curve, values that show a spread


class Sized(NamedTuple):
    """A model of some size.

    Attributes:
        parameters: How many it has; above 0.
        values: Seeds and quality of each of its runs, one or more.
    """

    parameters: float
    values: Values


class Equivalent(NamedTuple):
    """Parameters of a host-only model of the same quality.

    Attributes:
        parameters: How many; where `bound` is not empty, the end of what was measured.
        bound: ``>`` where the quality is above the curve's last, ``<`` where it is below its first.
    """

    parameters: float
    bound: str = ""


class Growth(NamedTuple):
    """A grown model against its host.

    Attributes:
        delta: Quality minus the host's.
        ratio: Quality for each parameter over the host's; None where less is better.
        above_chance: The same of the quality above chance; None without a chance level.
        equivalent: At its mean quality; None without a curve.
        equivalent_low: At the lower end of the interval of its mean; None without one.
        equivalent_high: At the upper end.
    """

    delta: Contrast | None
    ratio: Ratio | None = None
    above_chance: Ratio | None = None
    equivalent: Equivalent | None = None
    equivalent_low: Equivalent | None = None
    equivalent_high: Equivalent | None = None


def growth(
    grown: Sized,
    host: Sized,
    sizes: Sequence[Sized] = (),
    *,
    direction: str | None,
    chance: float | None = None,
) -> Growth:
    """Compare a grown model with its host.

    Student 1908 and Welch 1947 for the delta, Fieller 1954 for ratios, Ayer and others 1955 for the
    curve. Assumes normal means; of the curve, that quality never gets worse with size.

    Example:
        By seeds 0.10, 0.11 and 0.09 better, with half as many parameters more:
        (0.82/1500)/(0.72/1000). Two sizes of hosts reach 0.72 and 0.92; 0.82 is half of the way, on
        the scale of logarithms √(1000·4000).

        >>> def sized(parameters, *values):
        ...     return Sized(parameters, [(str(seed), value) for seed, value in enumerate(values)])
        >>> grown, host = sized(1500, 0.80, 0.83, 0.83), sized(1000, 0.70, 0.72, 0.74)
        >>> found = growth(grown, host, [sized(4000, 0.92)], direction="maximize")
        >>> found.delta.design, round(found.delta.estimate, 9), round(found.ratio.estimate, 4)
        ('paired', 0.1, 0.7593)
        >>> round(found.ratio.low, 4), round(found.ratio.high, 4)
        (0.7336, 0.7874)
        >>> round(found.equivalent.parameters)
        2000

    Args:
        grown: The grown model.
        host: The model it grew out of, alone.
        sizes: Host-only models of other sizes, for the equivalent parameters.
        direction: maximize or minimize; None = ratios and equivalents are not told.
        chance: Quality of a guess, in the metric's unit.
    """
    found = Growth(contrast(grown.values, host.values))
    if direction == "maximize":
        found = found._replace(ratio=_ratio(grown, host, 0.0))
        if chance is not None:
            found = found._replace(above_chance=_ratio(grown, host, chance))
    curve = monotone([host, *sizes], falling=direction == "minimize")
    if direction is None or len(curve) < _FEWEST:
        return found
    falling = direction == "minimize"
    mean, _, low, high = interval([value for _, value in grown.values])
    ends = (high, low) if falling else (low, high)
    return found._replace(
        equivalent=_at(curve, mean, falling=falling),
        equivalent_low=_at(curve, ends[0], falling=falling),
        equivalent_high=_at(curve, ends[1], falling=falling),
    )


# --- quality for each parameter ---------------------------------------------------------------


def _ratio(grown: Sized, host: Sized, chance: float) -> Ratio | None:
    """Return the ratio of quality above chance by parameter, None without replicates.

    With seeds in common both means vary together; otherwise they are independent, and the degrees
    of freedom those of Satterthwaite (1946) for grown - ratio·host.
    """
    size = host.parameters / grown.parameters
    ours, theirs = ([value - chance for _, value in one.values] for one in (grown, host))
    if min(len(ours), len(theirs)) < _FEWEST:
        return None
    paired = contrast(grown.values, host.values)
    together = paired is not None and paired.design == "paired"
    one, other = _quantity(ours), _quantity(theirs)
    if one.variance == 0 and other.variance == 0:
        return None
    covariance, df = 0.0, _freedom(one, other, len(ours), len(theirs))
    if together:
        first, second = _by_seed(grown.values, chance), _by_seed(host.values, chance)
        pairs = [(first[seed], second[seed]) for seed in first]
        one, other = (_quantity([pair[side] for pair in pairs]) for side in (0, 1))
        covariance, df = _covariance(pairs), len(pairs) - 1.0
    return _scaled(fieller(one, other, covariance, df), size)


def _scaled(found: Ratio, size: float) -> Ratio:
    if found.estimate is None or found.low is None or found.high is None:
        return found
    return Ratio(found.estimate * size, found.low * size, found.high * size, found.g)


def _quantity(values: Sequence[float]) -> Quantity:
    return Quantity(mean_of(values), sd_of(values) ** 2 / len(values))


def _freedom(one: Quantity, other: Quantity, n: int, m: int) -> float:
    ratio = one.value / other.value if other.value else 0.0
    parts = one.variance, ratio**2 * other.variance
    if not any(parts):
        return float(min(n, m) - 1)
    return sum(parts) ** 2 / (parts[0] ** 2 / (n - 1) + parts[1] ** 2 / (m - 1))


def _by_seed(values: Values, chance: float) -> dict[str | None, float]:
    by_seed: dict[str | None, list[float]] = {}
    for seed, value in values:
        by_seed.setdefault(seed, []).append(value - chance)
    return {seed: mean_of(many) for seed, many in by_seed.items()}


def _covariance(pairs: Sequence[tuple[float, float]]) -> float:
    """Return the covariance of the means of pairs."""
    n = len(pairs)
    first, second = mean_of([one for one, _ in pairs]), mean_of([other for _, other in pairs])
    products = math.fsum((one - first) * (other - second) for one, other in pairs)
    bound = math.prod(sd_of([pair[side] for pair in pairs]) for side in (0, 1)) / n
    return max(-bound, min(bound, products / (n - 1) / n))


# --- equivalent parameters --------------------------------------------------------------------


def monotone(sizes: Sequence[Sized], *, falling: bool = False) -> list[tuple[float, float]]:
    """Return parameters and fitted quality of models by size, never getting worse with size.

    Least squares under that order, each model weighing by its runs: neighbours that are out of
    order are pooled until none is (Ayer and others 1955).

    Assumes that quality never gets worse with size, and runs that scatter alike.

    Example:
        3 and 2 are out of order: both become 2.5.

        >>> qualities = {1.0: 1.0, 2.0: 3.0, 3.0: 2.0, 4.0: 4.0}
        >>> monotone([Sized(size, [(None, value)]) for size, value in qualities.items()])
        [(1.0, 1.0), (2.0, 2.5), (3.0, 2.5), (4.0, 4.0)]

    Args:
        sizes: Models; those of one size are taken together.
        falling: Whether less is better.
    """
    by_size: dict[float, list[float]] = {}
    for one in sizes:
        by_size.setdefault(one.parameters, []).extend(value for _, value in one.values)
    sign = -1.0 if falling else 1.0
    pools: list[tuple[float, int, int]] = []  # mean, weight, sizes in it
    for _, values in sorted(by_size.items()):
        pools.append((sign * mean_of(values), len(values), 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (low, n, first), (high, m, second) = pools[-2:]
            pools[-2:] = [((low * n + high * m) / (n + m), n + m, first + second)]
    fitted = [sign * mean for mean, _, count in pools for _ in range(count)]
    return list(zip(sorted(by_size), fitted, strict=True))


def _at(
    curve: Sequence[tuple[float, float]], quality: float | None, *, falling: bool
) -> Equivalent | None:
    """Return the fewest parameters at which a curve reaches a quality."""
    if quality is None:
        return None
    sign = -1.0 if falling else 1.0
    heights = [sign * value for _, value in curve]
    wanted = sign * quality
    if wanted > heights[-1]:
        return Equivalent(curve[-1][0], ">")
    if wanted < heights[0]:
        return Equivalent(curve[0][0], "<")
    above = bisect_left(heights, wanted)
    if heights[above] == wanted:
        return Equivalent(curve[above][0])
    share = (wanted - heights[above - 1]) / (heights[above] - heights[above - 1])
    low, high = math.log(curve[above - 1][0]), math.log(curve[above][0])
    return Equivalent(math.exp(low + share * (high - low)))
