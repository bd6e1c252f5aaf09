"""From a design to its effects: estimates, errors, intervals, and what is missing. ○ Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from labrec.analytics.attribution import bootstrap, permutations, unreplicated
from labrec.analytics.attribution.design import BUDGET, Attribution, Effect, checked, members
from labrec.analytics.attribution.frame import Frame, rounded_sum
from labrec.analytics.attribution.models import missing_main
from labrec.analytics.stats.lenth import LEAST
from labrec.analytics.stats.moments import not_zero, t_below, t_quantile
from labrec.analytics.stats.multiple import holm

if TYPE_CHECKING:
    from collections.abc import Iterable

    from labrec.analytics.attribution.design import Design, Kind
    from labrec.analytics.attribution.frame import Way

Floats = NDArray[np.float64]

MOST_ALIASES: Final = 8
"""Aliases of an effect that are named, the shortest first."""

_CONFOUNDED = "it compares cells that share no seeds, directly or through others: no interval"
_CONTRADICTED = "the cells contradict the model: there are interactions that it takes as zero"
_BOTH_ENDS = "all-on and all-off are shared by the permutations: without replicates their noise is "


def attribute(design: Design) -> Attribution:
    """Return all effects of a design, each with how sure it is.

    - Complete designs and regular fractions are judged by their replicates (`noise`), or without
      any by Lenth's method, from 7 contrasts on.
    - Above the budget, where the cells of two permutation pairs or more were measured, Shapley
      values are the mean over pairs.
    - Otherwise each effect is taken under the highest order of model that determines it.

    p values are adjusted by Holm (1979) over the effects of a kind. The intervals that hold for all
    of them at once are those of Holm's first step, at level 1 - α/m (Bonferroni): the later steps
    have no intervals but "not 0" (Guilbaud 2008); with Lenth's method they are simulated.

    The effects are those of Shapley (1953), Banzhaf (1965), Grabisch & Roubens (1999) and Yates
    (1937). Assumes normal noise, independent but for the seeds that cells share; of an incomplete
    design, what `Effect.model` says.

    Example:
        Two factors, two seeds that all cells share. The means are 1.5, 3.5, 3 and 6.5: a adds 2
        alone and 3.5 beside b, its Shapley value is 2.75. Less cells and seeds the squares add up
        to 0.375 on 3 degrees of freedom, so that the error is √(4·0.25·0.125/2) = 0.25, and the
        interval 2.75 ± 3.1824·0.25.

        >>> from labrec.analytics.attribution.design import Cell, Design
        >>> values = [(1.0, 2.0), (3.0, 4.0), (2.0, 4.0), (6.0, 7.0)]
        >>> cells = tuple(Cell(on, found, ("1", "2")) for on, found in enumerate(values))
        >>> effect = attribute(Design(("a", "b"), cells, "score")).effect("shapley", 0)
        >>> effect.estimate, round(effect.se, 9), effect.df, effect.method
        (2.75, 0.25, 3, 'blocks')
        >>> round(effect.low, 4), round(effect.high, 4)
        (1.9544, 3.5456)

    Raises:
        InvalidError: The design's parts do not fit together.
    """
    design = checked(design)
    if not design.cells:
        return _nothing(design)
    frame = Frame(design)
    found: list[Effect] = []
    ways: list[Floats | None] = []
    for kind, factors in frame.listed():
        effect, weights = _effect(frame, kind, factors)
        found.append(effect)
        ways.append(weights)
    found = _bootstrapped(frame, found, ways)
    if _without_replicates(frame):
        found = _lenth(frame, found, ways)
    found = _adjusted(found, design.level)
    known = frame.noise
    return Attribution(
        tuple(found),
        frame.shape,
        frame.missing(),
        frame.missing_main(),
        known.blocks,
        None if known.variance is None else math.sqrt(known.variance),
        known.df,
        known.p_levene,
        _gap(frame, found),
        known.note,
        tuple(known.means.tolist()),
        frame.fraction.resolution if frame.fraction is not None else 0,
    )


def _nothing(design: Design) -> Attribution:
    """Return what is to be run for a design without cells."""
    k = len(design.factors)
    plan = permutations.plan(design.orders or permutations.orders(design.factors))
    everything = tuple(range(1 << k)) if 1 << k <= BUDGET else plan
    kinds: tuple[Kind, ...] = ("main", "shapley")
    return Attribution(
        tuple(
            Effect(kind, (place,), None, identifiable=False, needed=needed)
            for kind, wanted in zip(kinds, (None, everything), strict=True)
            for place in range(k)
            for needed in [wanted or (0, 1 << place)]
        ),
        "incomplete",
        everything,
        missing_main((), k),
        note="no cell was measured",
    )


def _effect(frame: Frame, kind: Kind, factors: tuple[int, ...]) -> tuple[Effect, Floats | None]:
    """Return an effect, with the weights of the cells in it where they determine it."""
    if kind == "shapley" and frame.shape == "permutations":
        return sampled(frame, factors[0])
    way = frame.way(kind, factors)
    if way is None:
        needed = frame.needed(kind, factors)
        return Effect(kind, factors, None, identifiable=False, needed=needed), None
    used = way.weights != 0
    effect = Effect(
        kind,
        factors,
        frame.value(way.weights),
        n_cells=int(used.sum()),
        n_values=int(frame.noise.counts[used].sum()),
        model=way.model,
        identifiable=way.identifiable,
        aliases=_aliases(frame, kind, factors),
        p_fit=_p_fit(frame, way),
    )
    if effect.contradicted:
        effect = effect._replace(note=_CONTRADICTED)
    error = frame.noise.error(way.weights)
    if error is None:
        if not frame.noise.connected(way.weights):
            effect = effect._replace(note=_CONFOUNDED)
        return effect, way.weights
    tested = _tested(effect, error.variance, error.df, frame.design.level)
    return tested._replace(method=error.method), way.weights


def _p_fit(frame: Frame, way: Way) -> float | None:
    known = way.model.startswith("order ")
    return frame.p_fit(int(way.model.removeprefix("order "))) if known else None


def sampled(frame: Frame, place: int) -> tuple[Effect, None]:
    """Return a Shapley value as the mean over permutation pairs.

    Its variance is that between pairs over their number, on pairs - 1 degrees of freedom, plus
    that of the cells' replicates: part of the noise is in both, so that the interval is rather too
    wide; cells that all permutations share do not scatter between pairs.

    Antithetic pairs are those of Mitchell et al. (2022, section 3), the degrees of freedom
    Satterthwaite's (1946). Assumes that pairs were drawn independently, and enough of them for
    their mean to be normal.

    Example:
        Seven factors: a is worth 3, and 6 more once b and c are on. Of the first pair it comes
        before both, then after both: (3 + 9)/2. Of the second it stands between them both times: 3.
        The mean is 4.5, with the error √(4.5/2) on 1 degree of freedom.

        >>> from labrec.analytics.attribution.design import Cell, Design
        >>> one, other = (0, 1, 2, 3, 4, 5, 6), (1, 0, 2, 3, 4, 5, 6)
        >>> orders = one, one[::-1], other, other[::-1]
        >>> worth = {on: 3.0 * (on & 1) + 6.0 * (on & 7 == 7) for on in permutations.plan(orders)}
        >>> cells = tuple(Cell(on, (value,), (None,)) for on, value in worth.items())
        >>> design = Design(tuple("abcdefg"), cells, "score", orders=orders)
        >>> effect, _ = sampled(Frame(design), 0)
        >>> effect.estimate, effect.se, effect.df, effect.method
        (4.5, 1.5, 1.0, 'permutation pairs')
    """
    pairs, known = frame.pairs, frame.noise
    means = dict(zip(frame.cells, known.means.tolist(), strict=True))
    changes = [permutations.change(pair, place, means) for pair in pairs]
    weights = frame.spread(permutations.mean_weights(pairs, place))
    used = weights != 0
    estimate = rounded_sum(np.array(changes) / len(pairs))
    effect = Effect(
        "shapley",
        (place,),
        estimate,
        n_cells=int(used.sum()),
        n_values=int(known.counts[used].sum()),
        method="permutation pairs",
        model="permutations",
    )
    parts = [(float(np.var(changes, ddof=1)) / len(pairs), len(pairs) - 1.0)]
    error = known.error(weights)
    if error is not None:
        parts.append((error.variance, error.df))
    else:
        effect = effect._replace(note=_BOTH_ENDS + "not in the interval")
    variance = sum(part for part, _ in parts)
    if variance <= 0:
        return effect._replace(method="none", note="the same in every pair"), None
    df = variance**2 / sum(part**2 / freedom for part, freedom in parts)
    return _tested(effect, variance, df, frame.design.level), None


def _tested(effect: Effect, variance: float, df: float, level: float) -> Effect:
    """Return an effect with its t interval and test (Student 1908)."""
    if effect.estimate is None:
        return effect
    se = math.sqrt(variance)
    half = t_quantile(df, level) * se
    return effect._replace(
        se=se,
        low=effect.estimate - half,
        high=effect.estimate + half,
        df=df,
        p=not_zero(2 * t_below(df, -abs(effect.estimate) / se)),
    )


def _aliases(frame: Frame, kind: Kind, factors: tuple[int, ...]) -> tuple[str, ...]:
    known = frame.fraction
    if known is None or frame.complete or kind not in ("main", "interaction", "banzhaf"):
        return ()
    effect = sum(1 << place for place in factors)
    return tuple(
        ("-" if sign < 0 else "") + "×".join(members(other, frame.design.factors))
        for other, sign in known.aliases(effect)[:MOST_ALIASES]
    )


def _without_replicates(frame: Frame) -> bool:
    return frame.fraction is not None and int(frame.noise.counts.max()) == 1


def _lenth(frame: Frame, found: list[Effect], ways: list[Floats | None]) -> list[Effect]:
    """Judge the effects of a factorial without replicates."""
    known = frame.fraction
    error = None if known is None else unreplicated.pseudo_error(known, frame.noise.means)
    if known is None or error is None:
        note = f"without replicates, and fewer than {LEAST} contrasts that vary: no interval"
        return [effect._replace(note=note) for effect in found]
    for places in _families(found).values():
        judged = [(place, weights) for place in places if (weights := ways[place]) is not None]
        results = unreplicated.judge(
            known, error, [weights for _, weights in judged], frame.noise.means, frame.design.level
        )
        for (place, _), result in zip(judged, results, strict=True):
            estimate = found[place].estimate or 0.0
            found[place] = found[place]._replace(
                se=result.se,
                low=estimate - result.half,
                high=estimate + result.half,
                low_simultaneous=estimate - result.half_all,
                high_simultaneous=estimate + result.half_all,
                p=result.p,
                method="lenth",
            )
    return found


def _bootstrapped(frame: Frame, found: list[Effect], ways: list[Floats | None]) -> list[Effect]:
    """Add bootstrap intervals where every cell has enough values."""
    places = [place for place, weights in enumerate(ways) if weights is not None]
    weights = [way for way in ways if way is not None]
    ends = bootstrap.intervals(frame.design, frame.noise, weights)
    for place, (low, high) in zip(places, ends or (), strict=ends is not None):
        found[place] = found[place]._replace(low_bootstrap=low, high_bootstrap=high)
    return found


def _families(found: Iterable[Effect]) -> dict[str, list[int]]:
    """Return the places of the effects that are adjusted together."""
    families: dict[str, list[int]] = {}
    for place, effect in enumerate(found):
        if effect.estimate is not None:
            kind = "main" if effect.kind == "interaction" else effect.kind
            families.setdefault(kind, []).append(place)
    return families


def _adjusted(found: list[Effect], level: float) -> list[Effect]:
    """Adjust p over each family, and give the intervals that hold for all of it at once."""
    for places in _families(found).values():
        tested = [(place, p) for place in places if (p := found[place].p) is not None]
        adjusted = holm([p for _, p in tested])
        for (place, _), p_holm in zip(tested, adjusted, strict=True):
            effect = found[place]._replace(p_holm=p_holm, family=len(tested))
            if effect.df is not None and effect.se is not None and effect.estimate is not None:
                half = t_quantile(effect.df, 1 - (1 - level) / len(tested)) * effect.se
                effect = effect._replace(
                    low_simultaneous=effect.estimate - half,
                    high_simultaneous=effect.estimate + half,
                )
            found[place] = effect
    return found


def _gap(frame: Frame, found: Iterable[Effect]) -> float | None:
    """Return what the Shapley values lack or exceed of all on minus all off; 0 by their law."""
    on, off = frame.mean((1 << frame.k) - 1), frame.mean(0)
    shapley = [effect.estimate for effect in found if effect.kind == "shapley"]
    known = [value for value in shapley if value is not None]
    if on is None or off is None or len(known) < len(shapley):
        return None
    return rounded_sum(np.array([*known, -on, off]))
