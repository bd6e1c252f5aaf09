"""Luck: what the best of many tries would reach by chance, for every best so far. ○ No IO."""

from __future__ import annotations

import math
from itertools import pairwise, repeat
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import numpy as np

from labrec.analytics.replicates import rounded
from labrec.analytics.stats.maxima import (
    BOUND,
    chance_of_gain,
    expected_maximum,
    lead_of_chance,
    repeats_to_bound,
    repeats_to_show,
    shrunken_best,
)
from labrec.analytics.stats.spread import sd_interval
from labrec.analytics.trends.luck_words import sentence
from labrec.analytics.trends.tries import tries

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from labrec.analytics.seen import Seen
    from labrec.analytics.stats.spread import PooledSd
    from labrec.analytics.trends.tries import Tries, Variant

ALPHA: Final = 0.05
"""Error rate of *beyond luck*, over all best so far of one thing."""

MOST_LEAD: Final = 1e100
"""Standard deviations of a lead beyond which it is no larger: some noises are hardly any."""

_WEAK = 4  # degrees of freedom: with fewer the noise is hardly known

Verdict = Literal["beyond luck", "cannot be told", "deterministic"]


class Luck(NamedTuple):
    """A best so far; the columns of the table `luck` before its sentence.

    Attributes:
        project: The project.
        metric: The metric.
        datasets: What all of the tries used.
        experiment: The best so far.
        name: Its name.
        step: Its number among the best so far, from 1.
        current: Whether nothing was better since.
        baseline: The experiment it is compared with.
        baseline_name: Its name.
        variants: Experiments tried since the baseline until one was better, the best among them.
        tries: Looks at a value that could have become the best; see `_looks`.
        values: How many values each of them was the mean of.
        retracted: Of the variants, those all of whose runs were retracted.
        n: Runs of the best.
        n_baseline: Runs of the baseline.
        n_machines: Known machines that either was on.
        value: Mean of the best.
        baseline_value: Mean of the baseline.
        gain: By how much the best is better, > 0.
        low: Lower limit of the gain that allows for all tries, and for the noise at its upper end;
            None without noise.
        level: Of that limit.
        sd: Noise: standard deviation within experiments; None where none was repeated.
        df: Its degrees of freedom.
        sd_low: Lower end of its interval.
        sd_high: Upper end.
        sd_level: Level of that interval.
        luck: What the best of so many tries gains by chance.
        luck_low: The same at the lower end of the noise.
        luck_high: The same at its upper end.
        luck_p: How often chance alone gains as much.
        luck_p_upper: The same were the noise at the upper end of its interval.
        p_adjusted: The larger of both, at least that of every later best so far.
        family: How many those are.
        shrunken: The value of the best, less what luck gave it.
        shrunken_gain: That against the baseline; above 0 is better.
        repeats_to_bound: Repeats of best and baseline, each, that would bound the noise enough.
        repeats_to_show: Repeats of each that would show the shrunken gain by themselves.
        verdict: beyond luck, cannot be told, or deterministic.
        weak: Whether the noise has fewer than 4 degrees of freedom.
        unit: Unit of the metric.
        direction: Which way is better.
    """

    project: str
    metric: str
    datasets: str
    experiment: str
    name: str
    step: int
    current: bool
    baseline: str
    baseline_name: str
    variants: int
    tries: int
    values: int
    retracted: int
    n: int
    n_baseline: int
    n_machines: int
    value: float
    baseline_value: float
    gain: float
    low: float | None
    level: float
    sd: float | None
    df: int
    sd_low: float | None
    sd_high: float | None
    sd_level: float
    luck: float | None
    luck_low: float | None
    luck_high: float | None
    luck_p: float | None
    luck_p_upper: float | None
    p_adjusted: float | None
    family: int
    shrunken: float | None
    shrunken_gain: float | None
    repeats_to_bound: int | None
    repeats_to_show: int | None
    verdict: Verdict
    weak: bool
    unit: str | None
    direction: str | None


def rows(seen: Seen) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of the table `luck`."""
    for one in seen.once(tries):
        for found in luck_of(one):
            yield *(rounded(v) if isinstance(v, float) else v for v in found), sentence(found)


def luck_of(one: Tries) -> list[Luck]:
    """Return what luck explains of every best so far.

    The baseline is the experiment that the best derives from in the end, where that is one of the
    variants and came before it; else the first variant. Everything tried since then until something
    was better counts as a try, whoever's child it is, and whether it was kept, thrown away or
    retracted: it could have become the best, and what failed to beat a best was tried, too.

    Nothing is returned where no direction is known. Where it is not known when all of them were
    run, there is no best so far, and the best of all is judged alone.

    Each p is that of Dunnett's test (Dunnett 1955), once more at the upper end of the interval of
    the noise, and adjusted by a closed test over all best so far (Marcus, Peritz & Gabriel 1976).
    Assumes independent normal noise of one standard deviation in all variants, learned from repeats
    within them.

    Example:
        A baseline of 10, run four times with a standard deviation of 0.5 (3 degrees of freedom),
        then tries that gave 9.8 and 9. The luckiest of two gains 0.5·0.56419 = 0.2821 by chance.
        The best leads by 1, twice the noise; two tries against a mean of four lead as far in 15.0 %
        of all cases, and so they do when simulated.

        >>> from labrec.analytics.trends.tries import Tries, Variant
        >>> variants = [
        ...     Variant("e0", "base", (0.0, 0.0, "r0"), 10.0, 0.5, 4, 4, frozenset(), None),
        ...     Variant("e1", "one", (1.0, 0.0, "r4"), 9.8, None, 1, 1, frozenset(), None),
        ...     Variant("e2", "two", (2.0, 0.0, "r5"), 9.0, None, 1, 1, frozenset(), None),
        ... ]
        >>> found = luck_of(Tries("p", "loss", "", None, "minimize", True, variants))[-1]
        >>> found.name, found.baseline_name, found.tries, found.gain
        ('two', 'base', 2, 1.0)
        >>> round(found.luck, 4), round(found.luck_p, 3), found.verdict
        (0.2821, 0.15, 'cannot be told')

    Args:
        one: What was tried.
    """
    if one.direction is None:
        return []
    noise = one.noise
    every = _best_so_far(one) if one.ordered else _best_of_all(one)
    steps = [best for best in every if math.isfinite(_gain(one, best))]  # a double must hold it
    found = [_judged(one, step, best, noise) for step, best in enumerate(steps, 1)]
    return list(map(_decided, found, _adjusted(found), repeat(found)))


class _Best(NamedTuple):
    """A best so far with what it was the best of."""

    best: Variant
    baseline: Variant
    tried: Any  # places of those since the baseline, until something was better


def _gain(one: Tries, found: _Best) -> float:
    return one.sign * ((found.best.value or 0.0) - (found.baseline.value or 0.0))


def _best_so_far(one: Tries) -> Iterator[_Best]:
    values = one.sign * np.where(one.columns.valued, one.columns.value, -one.sign * math.inf)
    before = np.maximum.accumulate(np.concatenate([[-math.inf], values[:-1]]))
    steps = np.flatnonzero(values > before).tolist()
    for at, end in pairwise((*steps, len(values))):
        best = one.variants[at]
        if at == steps[0]:
            continue
        start = one.places.get(best.root or "", at)
        if start >= at or not one.columns.valued[start]:
            start = steps[0]
        yield _Best(best, one.variants[start], np.arange(start + 1, end))


def _best_of_all(one: Tries) -> Iterator[_Best]:
    columns = one.columns
    valued = np.flatnonzero(columns.valued).tolist()
    ordered = [(one.sign * columns.value[at], columns.experiment[at], at) for at in valued]
    if not ordered:
        return
    best = one.variants[max(ordered)[-1]]
    start = one.places.get(best.root or "")
    if start is None or not columns.valued[start] or best.root == best.experiment:
        return
    rest = np.arange(len(one.variants))
    yield _Best(best, one.variants[start], rest[rest != start])


def _looks(one: Tries, tried: Any) -> tuple[int, int]:
    """Return how many looks at a value could have found a best, and how many runs made each.

    With the fewest runs that any variant has, every variant was looked at once, and once more with
    each run that it had beyond them. A mean of more runs scatters less, and looks at one variant
    hang together, so that to take them as independent and as noisy as the first ones never makes
    luck look smaller (Slepian 1962), however it was decided what to repeat.
    """
    n, looks = one.columns.n[tried], one.columns.tried[tried]
    fewest = int(np.where(n > 0, n, looks).min())
    return int((looks - fewest + 1).sum()), fewest


def _judged(one: Tries, step: int, found: _Best, noise: PooledSd | None) -> Luck:
    """Return a best so far with all that does not depend on the other ones."""
    best, baseline, tried = found
    looks, values = _looks(one, tried)
    value, base = best.value or 0.0, baseline.value or 0.0
    blank = Luck(
        one.project, one.metric, one.datasets, best.experiment, best.name, step, False,
        baseline.experiment, baseline.name, len(tried), looks, values,
        int((~one.columns.valued[tried]).sum()), best.n, baseline.n,
        len(best.machines | baseline.machines), value, base, _gain(one, found),
        None, 1 - ALPHA, None, 0, None, None, BOUND, None, None, None, None, None, None, 0,
        None, None, None, None, "cannot be told", True, one.unit, one.direction,
    )  # fmt: skip
    if noise is None:
        return blank
    blank = blank._replace(sd=noise.sd, df=noise.df, weak=noise.df < _WEAK)
    if noise.sd == 0:
        return blank._replace(verdict="deterministic")
    return _shrunk(_measured(blank), one, tried)


def _measured(row: Luck) -> Luck:
    """Return a row with the luck of its tries, where there is noise."""
    sd = row.sd or 0.0
    ends = sd_interval(sd, row.df, level=BOUND) or (sd, sd)
    counts = {"values": row.values, "baseline": row.n_baseline}
    lead, tries_ = min(row.gain / sd, MOST_LEAD), row.tries
    expected = expected_maximum(tries_) / math.sqrt(row.values)
    return row._replace(
        low=row.gain
        - max(
            sd * lead_of_chance(ALPHA, tries_, df=row.df, **counts),
            ends[1] * lead_of_chance(ALPHA, tries_, **counts),
        ),
        sd_low=ends[0],
        sd_high=ends[1],
        luck=expected * sd,
        luck_low=expected * ends[0],
        luck_high=expected * ends[1],
        luck_p=chance_of_gain(lead, tries_, df=row.df, **counts),
        luck_p_upper=chance_of_gain(row.gain / ends[1], tries_, **counts),
        repeats_to_bound=repeats_to_bound(lead, tries_, row.df, alpha=ALPHA, **counts),
    )


def _shrunk(row: Luck, one: Tries, tried: Any) -> Luck:
    """Return a row with what is left of its gain, and how often to repeat to show that."""
    sd = row.sd or 0.0
    values = one.columns.value[tried[one.columns.valued[tried]]]
    found = shrunken_best(values, sd / math.sqrt(row.values), higher=one.sign > 0)
    gain = one.sign * (found.value - row.baseline_value) if found is not None else None
    expected = row.gain - (row.luck or 0.0) if gain is None else gain
    expected = min(expected, sd * MOST_LEAD)
    return row._replace(
        shrunken=found.value if found is not None else None,
        shrunken_gain=gain,
        repeats_to_show=(
            repeats_to_show(expected, sd, row.df, alpha=ALPHA) if expected > 0 else None
        ),
    )


def _adjusted(rows: Sequence[Luck]) -> list[float | None]:
    """Return the p of every best so far, adjusted for all of them.

    That nothing among the first n tries beats the baseline follows from the same of more tries. A
    closed test (Marcus, Peritz & Gabriel 1976, Biometrika 63, 655) of these nested claims may thus
    go backwards from the latest and costs nothing: each p is at least that of every later best.
    Where there are several baselines each has such a chain, and Bonferroni joins them.
    """
    chains = len({row.baseline for row in rows})
    largest: dict[str, float] = {}
    adjusted: list[float | None] = []
    for row in reversed(rows):
        if row.luck_p is None or row.luck_p_upper is None:
            adjusted.append(None)
            continue
        p = max(row.luck_p, row.luck_p_upper, largest.get(row.baseline, 0.0))
        largest[row.baseline] = p
        adjusted.append(min(1.0, chains * p))
    return adjusted[::-1]


def _decided(row: Luck, p: float | None, rows: Sequence[Luck]) -> Luck:
    """Return a row with its verdict."""
    return row._replace(
        p_adjusted=p,
        family=len(rows),
        current=row is rows[-1],
        verdict="beyond luck" if p is not None and p < ALPHA else row.verdict,
    )
