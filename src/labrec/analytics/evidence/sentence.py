"""The verdict in words: one paragraph that holds everything it rests on. ○ No IO.

Plain text: names from records are on one line, without controls, and cut.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from labrec.analytics.evidence.verdict import OPEN
from labrec.record.text import one_line
from labrec.record.wording import counted, estimate, listed, number, p_value, percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labrec.analytics.evidence.judge import Case
    from labrec.analytics.evidence.verdict import Adjusted, Look, Result, Ruling
    from labrec.analytics.stats.power import Needed

_REDEFINED = (
    " More runs change nothing in that: amend the claim, so that it means the metric as it is "
    "defined now, and run it anew."
)
_NAME = 60  # characters of a name
_WHY = 200  # characters of a reason
_FEW = 4  # degrees of freedom below which nobody can see whether errors are normal

WORDS = {
    "proposed": "Proposed", "testing": "Testing", "supported": "Supported", "refuted": "Refuted",
    "inconclusive": "Inconclusive", "suggestive": "Suggestive",
}  # fmt: skip


class Told(NamedTuple):
    """What a sentence is made from besides the case.

    Attributes:
        ruling: What the rule says.
        p: Adjusted within the family.
        names: Of experiments, by config digest.
        needed: The runs it would take, and for which difference beyond delta; None where unknown.
        decided: The verdict that somebody put in the rule's place, or None.
        by: Who did.
        lab: What the rule says at the level of the whole lab; None = the same.
    """

    ruling: Ruling
    p: Adjusted
    names: Mapping[str, str]
    needed: tuple[Needed, float] | None
    decided: str | None = None
    by: str | None = None
    lab: Ruling | None = None


def sentence(case: Case, told: Told) -> str:
    """Return the verdict with what it rests on; a decision in its place stands before it.

    Args:
        case: The hypothesis.
        told: What the rule says of it.
    """
    if told.decided is not None:
        by = one_line(told.by or "", _NAME)
        return f"Decided by {by}: {told.decided}. By the rule: {_by_rule(case, told)}"
    return _by_rule(case, told)


def _by_rule(case: Case, told: Told) -> str:
    ruling, look = told.ruling, case.shown
    if look is None or not look.arms.treatments:
        return f"{_head(ruling, look)}. {_registered(case)}{_explored(case)}"
    result = look.results[look.lead]
    parts = [
        f"{_head(ruling, look)}: {_difference(result, look, told.names)}",
        _runs(result, look),
        _test(result, case, told.p, look),
    ]
    if not look.reached:
        parts.append("an interim look, from which no verdict follows")
    gone = _missing(result)
    if gone:
        parts.append(gone)
    text = f"{'; '.join(parts)}. {_registered(case)}{_over_the_lab(case, told)}"
    if told.needed is not None and (ruling.verdict, ruling.why) == ("inconclusive", OPEN):
        text += _needed(told.needed, result)
    if case.redefined:
        text += _REDEFINED
    return f"{text}{_explored(case)} Not known: {unknown(case, look, result)}."


def _head(ruling: Ruling, look: Look | None) -> str:
    word = WORDS[ruling.verdict]
    if ruling.verdict == "testing" and look is not None:
        return f"{word} {look.full} of {look.n}" if not look.reached else f"{word} ({ruling.why})"
    if ruling.verdict == "suggestive":
        return f"{word} {ruling.side} ({ruling.why})"
    return f"{word} ({one_line(ruling.why, _WHY)})"


def _difference(result: Result, look: Look, names: Mapping[str, str]) -> str:
    target, found = result.target, result.compared.estimate
    places = sorted({str(member.baseline) for member in look.arms.treatments})
    against = listed([one_line(names.get(place, place[:19]), _NAME) for place in places[:3]])
    if len(places) > 3:  # noqa: PLR2004 - a sentence names a few
        against = f"{len(places)} baselines"
    metric, way = one_line(target.name, _NAME), "lower" if target.sign < 0 else "higher"
    if found is None:
        return f"{metric} ({way} claimed) against {against} allows no estimate"
    value, low, high = estimate(found.value, found.low, found.high)
    unit = _unit(result)
    interval = (
        f"{percent(found.level)} interval {low} to {high}"
        if found.low is not None
        else "no interval"
    )
    bound = f"; claimed: more than {number(target.delta)}{unit}" if target.delta else ""
    return (
        f"{metric} differs by {value}{unit} in the claimed direction, {way} ({interval}{bound}), "
        f"against {against}"
    )


def _unit(result: Result) -> str:
    units = result.treatment.units | result.baseline.units
    unit = next(iter(units)) if len(units) == 1 else None
    return f" {one_line(unit, _NAME)}" if unit and unit != "1" else ""


def _runs(result: Result, look: Look) -> str:
    experiments = len({member.run.experiment for member in look.arms.treatments})
    machines = len(result.treatment.machines | result.baseline.machines)
    return (
        f"n = {result.compared.n_treatment} against {result.compared.n_baseline}, "
        f"{counted(experiments, 'experiment')} on {counted(machines, 'machine')}"
    )


def _test(result: Result, case: Case, p: Adjusted, look: Look) -> str:
    compared, claim = result.compared, case.claim
    found = compared.estimate
    method = {
        "paired": "paired t over common seeds", "welch": "Welch's t",
        "random effects": "random effects with Hartung–Knapp", "none": "no test",
    }[compared.method]  # fmt: skip
    if found is not None and found.df is not None:
        method += f", {number(found.df, 3)} df"
    if result.sure:
        method = "permutation test of values that do not vary"
    family = (
        f"family {one_line(claim.family, _NAME)} of {p.size}"
        if claim.family is not None
        else "no family"
        if p.size == 1
        else f"{p.size} versions of the claim"
    )
    shared = []
    if len(claim.looks) > 1:
        shared.append(f"look {look.number} of {len(claim.looks)}")
    if look.arms.candidates > 1:
        shared.append(f"{look.arms.candidates} possible baselines")
    over = f" over {listed(shared)}" if shared else ""
    return (
        f"{method}, one-sided {p_value(result.support)}, adjusted {p_value(p.support)}{over} "
        f"({family}), alpha {number(claim.alpha)}"
    )


def _missing(result: Result) -> str:
    ours, theirs, gone = result.treatment, result.baseline, result.missing
    if not ours.n_missing and not theirs.n_missing:
        return ""
    text = (
        f"{ours.n_missing} of {ours.n_runs} treatments and {theirs.n_missing} of {theirs.n_runs} "
        "baseline runs have no value"
    )
    if gone.low is not None and gone.high is not None:
        text += f", which leaves {number(gone.low)} to {number(gone.high)} in the worst cases"
    return text


def _registered(case: Case) -> str:
    if case.units.treatments:
        attested = "witnessed" if case.units.witnessed else "self-attested"
        return f"Registered before the runs (preregistered, {attested})."
    if case.units.exploratory:
        return "Registered, but runs were linked only later: exploratory."
    return "Registered (self-attested); no run counts yet."


def _over_the_lab(case: Case, told: Told) -> str:
    """Return what is left of a verdict where it is one of many tries of the lab."""
    lab = told.lab
    if lab is None or told.ruling.verdict not in {"supported", "refuted"}:
        return ""
    if lab.verdict == told.ruling.verdict:
        return ""
    return (
        f" At the level that holds over all claims of the lab, of which this is number "
        f"{case.claim.order}: {lab.verdict}."
    )


def _explored(case: Case) -> str:
    """Return what the runs linked later show of the first metric."""
    if case.exploratory is None:
        return ""
    first = case.exploratory[0]
    found = first.compared.estimate
    if found is None:
        return " Runs linked later allow no estimate."
    value, low, high = estimate(found.value, found.low, found.high)
    interval = f", {percent(found.level)} interval {low} to {high}" if found.low is not None else ""
    return (
        f" Exploratory, deciding nothing: in {counted(first.treatment.n, 'run')} linked later "
        f"{one_line(first.target.name, _NAME)} differs by {value}{_unit(first)} in the claimed "
        f"direction{interval}."
    )


def _needed(needed: tuple[Needed, float], result: Result) -> str:
    plan, effect = needed
    each = "pairs" if result.compared.method == "paired" else "runs in each arm"
    beyond = f"{number(effect)}{_unit(result)}"
    if result.target.delta:
        return f" To find a difference of {beyond} more than claimed takes {plan.n} {each}."
    return f" If the difference is as seen, finding it takes {plan.n} {each}."


def unknown(case: Case, look: Look, result: Result) -> str:
    """Return the strongest thing that is not known, of what could overturn a verdict.

    Args:
        case: The hypothesis.
        look: The look that is shown.
        result: Its leading metric.
    """
    found = result.compared.estimate
    if result.missing.matters:
        return "what the missing runs would have shown"
    if look.arms.selected:
        return "what the baseline gives when it is measured again"
    if case.beside is not None:
        return "whether the withdrawn runs were withdrawn for what they showed"
    if found is None or found.state == "unreplicated":
        return "how much either arm varies"
    if found.state == "deterministic":
        return "whether anything varies that these runs did not vary"
    return _around(case, result, found.df)


def _around(case: Case, result: Result, df: float | None) -> str:
    """Return what is not known around a difference that has an interval."""
    machines = result.treatment.machines | result.baseline.machines
    if None in machines:
        return "on which machines the runs were"
    if len(machines) == 1:
        return "whether it holds on another machine"
    if df is not None and df < _FEW:
        return "whether the errors are normal, with so few runs"
    if case.units.witnessed:
        return "whether the remote has the commits that witness the registration"
    return "whether anybody else saw the registration before the runs"
