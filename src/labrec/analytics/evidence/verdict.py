"""The verdict on a hypothesis: the registered rule, applied to what the arms hold. ○ No IO.

A look is taken when both arms hold its number of runs, and at no other time. The chance that a
hypothesis without any effect is called *supported* is at most α: look i spends α·2^-i of it (one
look alone spends α), and where whoever started the treatments could choose their baseline with its
results in view, that is divided among the candidates. All of it is Bonferroni's inequality, so that
no independence is assumed. The p value of a hypothesis is the smallest p of its looks, each
multiplied by the inverse of its share; it is adjusted by Holm within the family.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from labrec.analytics.evidence.arms import Arms, Sample, arms, sample
from labrec.analytics.evidence.claims import TESTS
from labrec.analytics.evidence.design import Compared, compare
from labrec.analytics.evidence.missing import Missing, missing, worst_case
from labrec.analytics.stats.multiple import holm, look_level, sequence_level

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from labrec.analytics.evidence.claims import Claim, Target
    from labrec.analytics.evidence.units import Units

Verdict = Literal["proposed", "testing", "supported", "refuted", "inconclusive", "suggestive"]

_LEAST = 1e-300  # of a share of alpha: below, doubles end
_ENOUGH = 500  # values that agree: more are no rarer than any alpha
_SUREST = 1 - 1e-12  # of a level: above, t quantiles end

THRESHOLD: Final = 0.0
"""T: the evidence score E of a supported hypothesis is above it."""

MOST_ALPHA: Final = 0.5
"""From this one-sided error rate on nothing is decided: there is no interval for it."""

OPEN: Final = "the interval holds delta"
"""Why a verdict is inconclusive that more runs could make another one."""

LEAST_ALPHA: Final = 1e-12
"""Below this one nothing is planned."""


class Result(NamedTuple):
    """One primary metric at one look.

    Attributes:
        target: The metric.
        treatment: Its treatment arm.
        baseline: Its baseline arm.
        compared: Their difference.
        missing: What is missing of them.
        support_seen: p of a difference that is not above delta; None where none can be had.
        refute_seen: p of a difference that is not below delta.
        support: The largest of `support_seen`, the same with the worst value that was seen in
            the place of each missing treatment, and the best in that of each missing baseline run,
            and the same where equal outputs of different seeds each count.
        refute: Likewise against the claim, with best and worst the other way round.
        sure: Whether the difference is deterministic and beyond the declared resolution: then p
            says how often values agree so by chance.
    """

    target: Target
    treatment: Sample
    baseline: Sample
    compared: Compared
    missing: Missing
    support_seen: float | None
    refute_seen: float | None
    support: float | None
    refute: float | None
    sure: bool


class Look(NamedTuple):
    """One look.

    Attributes:
        number: Its place, from 1.
        n: Places in each arm.
        full: Places that are taken in both; the look is reached when they are all.
        alpha: Its share of the error rate.
        arms: The runs.
        results: By primary metric, in the registered order.
        support: p for the whole claim, divided by the look's share of the error rate; may exceed 1.
        refute: Likewise, against it.
        lead: Place among the results of the one that decides for the claim.
    """

    number: int
    n: int
    full: int
    alpha: float
    arms: Arms
    results: tuple[Result, ...]
    support: float
    refute: float
    lead: int

    @property
    def reached(self) -> bool:
        """Whether every place of both arms is taken."""
        return self.full >= self.n

    @property
    def matters(self) -> bool:
        """Whether what is missing forbids a verdict."""
        return any(result.missing.matters for result in self.results)


class Trial(NamedTuple):
    """The looks of a claim at its runs.

    Attributes:
        reached: The looks that were reached.
        next: The first that was not; None after the last one.
    """

    reached: tuple[Look, ...]
    next: Look | None

    @property
    def support(self) -> float:
        """The p value of the claim over its looks, 0 to 1; 1 before the first."""
        return min([1.0, *(look.support for look in self.reached)])

    @property
    def refute(self) -> float:
        """The p value against the claim."""
        return min([1.0, *(look.refute for look in self.reached)])

    @property
    def shown(self) -> Look | None:
        """The look to be shown: where the claim's p is smallest, else the last, else the next."""
        if not self.reached:
            return self.next
        best = min(self.reached, key=lambda look: min(look.support, look.refute))
        return best if min(best.support, best.refute) < 1 else self.reached[-1]


def try_out(
    claim: Claim,
    found: Units,
    *,
    withdrawn: bool,
    resolution: Mapping[str, float | None],
) -> Trial:
    """Take every look that the runs allow.

    Levels of looks and candidates are by Bonferroni's inequality (Bonferroni 1936). Assumes what
    the registered test does.

    Example:
        One look at three of each: 3, 4, 5 against 1, 2, 3. t = 2/√(2/3) = 2.4495 on 4 degrees of
        freedom has the one-sided p 0.0352.

        >>> from labrec.analytics.evidence.claims import Claim, Target
        >>> from labrec.analytics.evidence.units import Member, Units
        >>> from labrec.analytics.run import Measured, Run
        >>> claim = Claim(
        ...     "p", "better", "digest", None, "…", 0, (Target("score", "maximize", 0.0),),
        ...     "parent", None, 3, (3,), "welch", 0.05, "all", None, {}, 1
        ... )
        >>> def ran(part, experiment, values):
        ...     ids = [f"{experiment} {at}" for at in range(len(values))]
        ...     runs = [
        ...         Run(ids[at], ids[at], experiment=experiment, metrics={"score": Measured(value)})
        ...         for at, value in enumerate(values)
        ...     ]
        ...     against = "base" if part == "treatment" else None
        ...     return tuple(Member(run, part, "confirmatory", "", against) for run in runs)
        >>> new, base = ran("treatment", "new", [3, 4, 5]), ran("baseline", "base", [1, 2, 3])
        >>> found = Units(new, {"base": base}, {}, (), (), ())
        >>> trial = try_out(claim, found, withdrawn=False, resolution={})
        >>> len(trial.reached), trial.next, round(trial.support, 4), round(trial.refute, 4)
        (1, None, 0.0352, 0.9648)

    Args:
        claim: The claim.
        found: Its runs.
        withdrawn: Whether what notes took out has its place.
        resolution: By metric the smallest difference that it can show, where that is declared.
    """
    reached: list[Look] = []
    for number, n in enumerate(claim.looks, 1):
        look = _look(claim, found, number, (n, withdrawn), resolution)
        if not look.reached:
            return Trial(tuple(reached), look)
        reached.append(look)
    return Trial(tuple(reached), None)


def _look(
    claim: Claim,
    found: Units,
    number: int,
    which: tuple[int, bool],
    resolution: Mapping[str, float | None],
) -> Look:
    n, withdrawn = which
    there = arms(found, n, paired=claim.test == "paired", withdrawn=withdrawn)
    share = 2 * look_level(0.5, number) if len(claim.looks) > 1 else 1.0
    share = max(share / there.candidates, _LEAST)
    alpha = max(claim.alpha * share, _LEAST)
    results = tuple(
        result(there, target, claim.test, alpha, resolution.get(target.name))
        for target in claim.targets
    )
    support, refute = _whole(claim, results)
    own = [1.0 if one.support is None else one.support for one in results]
    pick = max if claim.decision == "all" else min
    lead = own.index(pick(own))
    return Look(
        number, n, min(there.full, n), alpha, there, results, support / share, refute / share, lead
    )


def result(
    there: Arms, target: Target, test: str, alpha: float, resolution: float | None
) -> Result:
    """Compare the arms on one metric, with the interval of level 1 - 2α.

    The worst cases are Manski's (1989) within the range that was seen. Assumes what the registered
    test does, of the values; nothing of why others are missing.

    Example:
        3, 4, 5 against 1, 2, 3: 2 ± 2.1318·√(2/3), the interval of level 0.9. t = 2/√(2/3) = 2.4495
        has the one-sided p 0.0352.

        >>> from labrec.analytics.evidence.claims import Target
        >>> from labrec.analytics.evidence.units import Member
        >>> from labrec.analytics.run import Measured, Run
        >>> def ran(part, experiment, values):
        ...     ids = [f"{experiment} {at}" for at in range(len(values))]
        ...     runs = [
        ...         Run(ids[at], ids[at], experiment=experiment, metrics={"score": Measured(value)})
        ...         for at, value in enumerate(values)
        ...     ]
        ...     against = "base" if part == "treatment" else None
        ...     return tuple(Member(run, part, "confirmatory", "", against) for run in runs)
        >>> new, base = ran("treatment", "new", [3, 4, 5]), ran("baseline", "base", [1, 2, 3])
        >>> found = result(Arms(new, base), Target("score", "maximize", 0.0), "welch", 0.05, None)
        >>> round(found.compared.estimate.low, 4), round(found.compared.estimate.high, 4)
        (0.2594, 3.7406)
        >>> round(found.support, 4), round(found.refute, 4), found.sure
        (0.0352, 0.9648, False)

    Args:
        there: The arms.
        target: The metric.
        test: The registered test.
        alpha: One-sided error rate, above 0.
        resolution: Smallest difference that the metric can show, where it is declared.
    """
    treatment = sample(there.treatments, target.name)
    baseline = sample(there.baselines, target.name)
    known = test if test in TESTS else "welch"
    level = min(1 - 2 * alpha, _SUREST) if alpha < MOST_ALPHA else MOST_ALPHA
    compared = compare(treatment, baseline, test=known, sign=target.sign, level=level)
    gone = missing(treatment, baseline, target.sign)
    seen = _against(compared, target.delta, resolution)
    worst: list[float | None] = list(seen)
    for place, against in enumerate((True, False)):
        filled = worst_case(treatment, baseline, target.sign, against=against)
        if filled is not None and seen[place] is not None:
            other = compare(*filled, test=known, sign=target.sign, level=level)
            p = _against(other, target.delta, resolution)[place]
            worst[place] = max(1.0 if p is None else p, seen[place] or 0.0)
    if treatment.n_identical or baseline.n_identical:
        worst = _counted_apart(worst, there, target, (known, level), resolution)
    estimate = compared.estimate
    sure = (
        estimate is not None
        and estimate.state == "deterministic"
        and min(seen[0] or 1.0, seen[1] or 1.0) < 1
    )
    return Result(target, treatment, baseline, compared, gone, *seen, worst[0], worst[1], sure)


def _counted_apart(
    found: Sequence[float | None],
    there: Arms,
    target: Target,
    how: tuple[str, float],
    resolution: float | None,
) -> list[float | None]:
    """Return p values that are not below those where equal outputs of different seeds each count.

    Counted once, runs that all fail in the same way would be one failure among many successes;
    counted each, a lucky run that is repeated under other seeds would be many. A verdict holds
    either way.
    """
    arms_ = (sample(arm, target.name, apart=True) for arm in (there.treatments, there.baselines))
    test, level = how
    other = compare(*arms_, test=test, sign=target.sign, level=level)
    return [
        None if p is None else max(p, 0.0 if apart is None else apart)
        for p, apart in zip(found, _against(other, target.delta, resolution), strict=True)
    ]


def _against(
    compared: Compared, delta: float, resolution: float | None
) -> tuple[float | None, float | None]:
    """Return the one-sided p of a difference not above delta, and of one not below it.

    A deterministic difference that is no further from delta than the declared resolution has 1.
    Else the p is that of the permutation test (Fisher 1935), since coarse values may agree by
    chance: no other assignment of the values to the arms is as extreme, of as many as there are.
    """
    estimate = compared.estimate
    if estimate is None:
        return None, None
    if estimate.state != "deterministic":
        return estimate.p_above(delta), estimate.p_below(delta)
    if resolution is None:
        return None, None
    beyond = estimate.value - delta
    n, m = min(compared.n_treatment, _ENOUGH), min(compared.n_baseline, _ENOUGH)
    ways = 2**n if compared.method == "paired" else math.comb(n + m, n)
    rare = 1 / ways
    return rare if beyond > resolution else 1.0, rare if -beyond > resolution else 1.0


def _whole(claim: Claim, results: Sequence[Result]) -> tuple[float, float]:
    """Return the p values for and against the whole claim.

    ``all``: it holds where every metric does, without correction (an intersection-union test:
    Berger 1982), and fails where any does, by Holm. ``any``: the other way round.
    """
    if claim.test not in TESTS or claim.alpha >= MOST_ALPHA:
        return 1.0, 1.0
    if any(one.missing.matters for one in results):
        return 1.0, 1.0
    support = [1.0 if one.support is None else one.support for one in results]
    refute = [1.0 if one.refute is None else one.refute for one in results]
    if claim.decision == "all":
        return max(support), min(holm(refute))
    return min(holm(support)), max(refute)


# --- families ---------------------------------------------------------------------------------


class Adjusted(NamedTuple):
    """The p values of a claim within its family.

    Attributes:
        support: Adjusted by Holm, 0 to 1.
        refute: Likewise, against the claim.
        size: How many claims share the error rate.
    """

    support: float
    refute: float
    size: int


def adjusted(claim: Claim, trial: Trial, family: Sequence[tuple[Claim, Trial]]) -> Adjusted:
    """Adjust the p values of a claim within its family (Holm 1979).

    Claims of the family without a look yet count with p = 1. The versions of one hypothesis are a
    family where it names none: who amends a claim until it holds has tried several.

    Assumes that each p is valid, and nothing of how the claims hang together.

    Example:
        0.02 beside 0.03: 2·0.02. Beside a claim without a look, which counts as 1, it is the same.

        >>> from labrec.analytics.evidence.claims import Claim, Target
        >>> claim = Claim(
        ...     "p", "better", "digest", None, "…", 0, (Target("score", "maximize", 0.0),),
        ...     "parent", None, 3, (3,), "welch", 0.05, "all", None, {}, 1
        ... )
        >>> other = claim._replace(slug="faster", digest="another")
        >>> look = Look(1, 3, 3, 0.05, Arms((), ()), (), 0.02, 1.0, 0)
        >>> mine, theirs = Trial((look,), None), Trial((look._replace(support=0.03),), None)
        >>> adjusted(claim, mine, [(claim, mine), (other, theirs)])
        Adjusted(support=0.04, refute=1.0, size=2)
        >>> adjusted(claim, mine, [(claim, mine), (other, Trial((), None))]).support
        0.04

    Args:
        claim: The claim.
        trial: What its runs showed; may be another one than in the family.
        family: Every claim that shares its error rate, itself among them.
    """
    others = [other for one, other in family if one.digest != claim.digest]
    support = holm([trial.support, *(other.support for other in others)])[0]
    refute = holm([trial.refute, *(other.refute for other in others)])[0]
    return Adjusted(support, refute, 1 + len(others))


# --- the rule ---------------------------------------------------------------------------------


class Ruling(NamedTuple):
    """What the registered rule says.

    Attributes:
        verdict: The word.
        side: for or against, of *suggestive*; else empty.
        why: What it rests on, or what keeps it from a verdict.
        final: Whether more runs change nothing.
    """

    verdict: Verdict
    side: str
    why: str
    final: bool


def rule(claim: Claim, trial: Trial, p: Adjusted, score: float | None, *, linked: bool) -> Ruling:
    """Apply the registered rule.

    Berger (1982) for several metrics, Holm (1979) for the family; that E must be above `THRESHOLD`,
    too, is labrec's own. Assumes that p is valid and that the rule was registered before there were
    results.

    Example:
        p = 0.02 is below 0.05, and E above 0: supported. p = 0.3 before the second of two looks:
        more runs are awaited.

        >>> from labrec.analytics.evidence.claims import Claim, Target
        >>> claim = Claim(
        ...     "p", "better", "digest", None, "…", 0, (Target("score", "maximize", 0.0),),
        ...     "parent", None, 3, (3,), "welch", 0.05, "all", None, {}, 1
        ... )
        >>> look = Look(1, 3, 3, 0.05, Arms((), ()), (), 0.02, 1.0, 0)
        >>> rule(claim, Trial((look,), None), Adjusted(0.02, 1.0, 1), 1.2, linked=True)
        Ruling(verdict='supported', side='', why='the interval lies above delta', final=True)
        >>> rule(claim, Trial((look,), look), Adjusted(0.3, 1.0, 1), 1.2, linked=True).verdict
        'testing'
        >>> rule(claim, Trial((), look), Adjusted(1.0, 1.0, 1), None, linked=False).verdict
        'proposed'

    Args:
        claim: The claim.
        trial: What its runs showed.
        p: Adjusted within its family.
        score: E, None where no unit has a scale.
        linked: Whether any run links the claim.
    """
    if not linked:
        return Ruling("proposed", "", "no run is linked to it", final=False)
    if claim.test not in TESTS:
        return Ruling("inconclusive", "", "the registered test is not known", final=False)
    if claim.alpha >= MOST_ALPHA:
        return Ruling("inconclusive", "", "an alpha of 0.5 or more decides nothing", final=False)
    decided = _decided(claim, trial, p, score)
    if decided is not None:
        return decided
    if trial.next is not None:
        return Ruling("testing", "", _waits(trial.next), final=False)
    return _undecided(trial.reached[-1], claim, score, p)


def _decided(claim: Claim, trial: Trial, p: Adjusted, score: float | None) -> Ruling | None:
    shown = trial.shown
    if shown is None or not trial.reached:
        return None
    selected = shown.arms.selected
    why = "the baseline had been measured before the claim: a selected baseline"
    if p.support < claim.alpha and score is not None and score > THRESHOLD:
        if selected:
            return Ruling("suggestive", "for", why, final=trial.next is None)
        return Ruling("supported", "", _rests(shown, "above"), final=True)
    if p.refute < claim.alpha:
        if selected:
            return Ruling("suggestive", "against", why, final=trial.next is None)
        return Ruling("refuted", "", _rests(shown, "below"), final=True)
    return None


def _rests(look: Look, side: str) -> str:
    if any(one.sure for one in look.results):
        return f"without spread, the difference is {side} delta by more than the resolution"
    return f"the interval lies {side} delta"


def _waits(look: Look) -> str:
    count, base = len(look.arms.treatments), len(look.arms.baselines)
    return f"{min(count, look.n)} treatments and {base} baseline runs of {look.n} each"


def _undecided(look: Look, claim: Claim, score: float | None, p: Adjusted) -> Ruling:
    if look.matters:
        return Ruling("inconclusive", "", "missing not at random possible", final=True)
    lead = look.results[look.lead]
    estimate = lead.compared.estimate
    if estimate is None:
        return Ruling("inconclusive", "", lead.compared.why, final=True)
    side = "for" if estimate.value > lead.target.delta else "against"
    if estimate.state == "unreplicated":
        return Ruling("suggestive", side, f"unreplicated: {lead.compared.why}", final=True)
    if estimate.state == "deterministic" and lead.support is None:
        why = "nothing varies, and the metric declares no resolution"
        return Ruling("suggestive", side, why, final=True)
    if lead.sure and min(lead.support or 1.0, lead.refute or 1.0) >= look.alpha:
        why = "nothing varies, but so few values may agree by chance"
        return Ruling("suggestive", side, why, final=True)
    if _lost(look, lead):
        gone = lead.treatment.n_missing or lead.baseline.n_missing
        why = "what is missing" if gone else "counting equal outputs once"
        return Ruling("inconclusive", "", f"it rests on {why}", final=True)
    if p.support < claim.alpha and (score is None or score <= THRESHOLD):
        return Ruling("inconclusive", "", "E is not above its threshold", final=True)
    return Ruling("inconclusive", "", OPEN, final=True)


def _lost(look: Look, lead: Result) -> bool:
    """Say whether the values that there are decide, and would not with the worst put in."""
    pairs = (lead.support_seen, lead.support), (lead.refute_seen, lead.refute)
    return any(
        seen is not None and seen < look.alpha and (worst is None or worst >= look.alpha)
        for seen, worst in pairs
    )


def without_withdrawn(ruling: Ruling, beside: Ruling) -> Ruling:
    """Return the ruling without withdrawn runs, as far as it does not rest on their absence.

    A retraction can take a verdict away. It cannot make one: the same runs decided otherwise, and
    whoever retracts has seen their results.

    The rule is labrec's own. Assumes that whoever retracts has seen the results.

    Example:
        >>> gone = Ruling("supported", "", "the interval lies above delta", final=True)
        >>> there = Ruling("inconclusive", "", "the interval holds delta", final=True)
        >>> without_withdrawn(gone, there).verdict, without_withdrawn(there, gone).verdict
        ('inconclusive', 'inconclusive')

    Args:
        ruling: What the rule says without the withdrawn runs.
        beside: What it says with them.
    """
    if ruling.verdict not in {"supported", "refuted"} or ruling.verdict == beside.verdict:
        return ruling
    why = f"{ruling.verdict} only without the runs that were withdrawn; {beside.verdict} with them"
    return Ruling("inconclusive", "", why, final=ruling.final and beside.final)


def lab_level(claim: Claim) -> float:
    """Return the level at which a claim is judged over the whole lab: 6α/(π²j²).

    By Bonferroni's inequality over an endless sequence (Euler 1740 for its sum). Assumes that the
    order of claims does not depend on their results.

    Example:
        The second claim of a lab at 0.05: 6·0.05/(π²·4).

        >>> from labrec.analytics.evidence.claims import Claim, Target
        >>> claim = Claim(
        ...     "p", "better", "digest", None, "…", 0, (Target("score", "maximize", 0.0),),
        ...     "parent", None, 3, (3,), "welch", 0.05, "all", None, {}, 2
        ... )
        >>> round(lab_level(claim), 7)
        0.0075991
    """
    return sequence_level(claim.alpha, claim.order)
