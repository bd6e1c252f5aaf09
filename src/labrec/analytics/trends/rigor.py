"""Rigor: what a hypothesis still lacks before others should rely on its verdict. ○ No IO.

A list of eight, each of equal weight. The list has a version: a hypothesis is scored by the list of
its day, and a score says which.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.analytics.evidence.analysis import POWER, judged
from labrec.analytics.plain import cut
from labrec.analytics.replicates import rounded
from labrec.analytics.stats.power import one_sample_power, t_power
from labrec.analytics.trends.reproducibility import reruns
from labrec.record.wording import counted, listed, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from labrec.analytics.evidence.analysis import Judged
    from labrec.analytics.evidence.verdict import Look, Result
    from labrec.analytics.seen import Seen

LIST: Final = "rigor/1"
"""Version of the list; it changes when an item is added, leaves, or is judged otherwise."""

REPLICATES: Final = 3
"""Fewest independent values in each arm."""

_MOST_ALPHA = 0.5  # a one-sided test at such a level has no power to speak of


class Item(NamedTuple):
    """One thing that a hypothesis should have.

    Attributes:
        name: What it is; the column of the table `rigor`.
        met: Whether it has it.
        lacks: What is missing, as part of a sentence; empty where it is met.
    """

    name: str
    met: bool
    lacks: str


class Context(NamedTuple):
    """What the list asks beyond the hypothesis itself.

    Attributes:
        claims: Current claims of each project.
        agreeing: (run id, metric) of which an independent rerun agreed.
        rerun: Run ids that somebody repeated.
    """

    claims: Mapping[str, int]
    agreeing: frozenset[tuple[str, str]]
    rerun: frozenset[str]


def rows(seen: Seen) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of the table `rigor`."""
    every = seen.once(judged)
    if not every:
        return
    found = seen.once(reruns)
    context = Context(
        Counter(one.case.claim.project for one in every if one.case.claim.current),
        frozenset(
            (row.original, row.metric)
            for _, row in found
            if row.independent and row.verdict == "agree"
        ),
        frozenset(row.original for _, row in found),
    )
    ordered = sorted(every, key=lambda one: _key(one)[:3])
    for one in ordered:
        items = checked(one, context)
        met = sum(item.met for item in items)
        yield (
            *_key(one), LIST, *(item.met for item in items), met, len(items),
            rounded(met / len(items)), rounded(_power(one)), [item.lacks for item in items
            if not item.met], sentence(one, items),
        )  # fmt: skip


def _key(one: Judged) -> tuple[str, str, str, bool]:
    claim = one.case.claim
    return claim.project, claim.slug, claim.digest, claim.current


def checked(one: Judged, context: Context) -> list[Item]:
    """Return the eight items of the list for a hypothesis.

    1. *preregistered*: runs linked it when they started.
    2. *baseline*: it is compared with one that was measured anew, not chosen by its result.
    3. *replicates*: three independent values in each arm.
    4. *interval*: the difference has one.
    5. *multiplicity*: it is its project's only claim, or names its family, or its verdict holds at
       the level over the whole lab.
    6. *power*: the registered number of runs finds a difference of δ, by the noise that was seen,
       four times out of five.
    7. *capture*: nothing was deducted for what capture misses.
    8. *rerun*: an independent rerun of one of its runs agreed.

    The list is labrec's own, each item of equal weight; power is that of `stats.power` (Cohen
    1988). Assumes that what is not known is not there.

    Args:
        one: The hypothesis.
        context: What is known of the others and of reruns.
    """
    look = one.case.shown
    result = look.results[look.lead] if look is not None else None
    bound = any(member.kind == "confirmatory" for member in one.case.units.treatments)
    return [
        Item("preregistered", bound, "" if bound else "no run linked it when it started"),
        _item("baseline", _baseline(look, result)),
        _item("replicates", _replicates(result)),
        _item("interval", _interval(result)),
        _item("multiplicity", _multiplicity(one, context)),
        _item("power", _power_lacks(one)),
        _item("capture", _capture(one)),
        _item("rerun", _rerun(look, result, context)),
    ]


def _item(name: str, lacks: str) -> Item:
    return Item(name, not lacks, lacks)


def _baseline(look: Look | None, result: Result | None) -> str:
    if look is None or result is None or result.compared.n_baseline == 0:
        return "no baseline has a value"
    return "its baseline was measured before the claim only" if look.arms.selected else ""


def _replicates(result: Result | None) -> str:
    fewest = 0
    if result is not None:
        fewest = min(result.compared.n_treatment, result.compared.n_baseline)
    if fewest >= REPLICATES:
        return ""
    return f"only {counted(fewest, 'value')} in an arm where {REPLICATES} are asked"


def _interval(result: Result | None) -> str:
    found = result.compared.estimate if result is not None else None
    return "" if found is not None and found.low is not None else "its difference has no interval"


def _multiplicity(one: Judged, context: Context) -> str:
    claim = one.case.claim
    others = context.claims[claim.project] - 1
    decided = one.ruling.verdict in {"supported", "refuted"}
    if others <= 0 or claim.family is not None:
        return ""
    if decided and one.lab.verdict == one.ruling.verdict:
        return ""
    return (
        f"{counted(others, 'other claim')} of the project and no family: its error rate is its own"
    )


def _capture(one: Judged) -> str:
    units = [unit for unit in one.case.evidence if unit.kind == "confirmatory"]
    if not units:
        return "no run of it was captured"
    names = sorted({name for unit in units for name in unit.confidence.deductions})
    return f"capture misses something: {listed(names)}" if names else ""


def _rerun(look: Look | None, result: Result | None, context: Context) -> str:
    if look is None or result is None:
        return "no run was repeated by anybody"
    ids = {member.run.run_id for member in look.arms.treatments}
    if any((run_id, result.target.name) in context.agreeing for run_id in ids):
        return ""
    if ids & context.rerun:
        return "no rerun that is independent agrees"
    return "no run was repeated on another machine or by somebody else"


def _power_lacks(one: Judged) -> str:
    if one.case.claim.targets[0].delta == 0:
        return "its smallest effect of interest is 0, so that no number of runs has power for it"
    power = _power(one)
    if power is None:
        return "no noise is known yet to tell its power from"
    if power >= POWER:
        return ""
    return f"power {number(power, 2)} for its smallest effect where {POWER} is asked"


def _power(one: Judged) -> float | None:
    """Return the power of the registered design for a difference of δ, by the noise that was seen.

    For a difference of δ against none, at the error rate of the look that is shown: with the
    noncentral t (`stats.power`).
    """
    claim, look = one.case.claim, one.case.shown
    if look is None or not look.arms.treatments:
        return None
    result = look.results[look.lead]
    found, delta = result.compared.estimate, result.target.delta
    if found is None or found.error is None or not delta or not 0 < look.alpha < _MOST_ALPHA:
        return None
    if found.error == 0:
        return 1.0
    if claim.planned_n <= 1:
        return None
    if result.compared.method == "paired":
        sd = found.error * math.sqrt(result.compared.n_treatment)
        return one_sample_power(delta, sd, claim.planned_n, alpha=look.alpha, sides=1)
    n, m = result.compared.n_treatment, result.compared.n_baseline
    sd = found.error / math.hypot(1 / math.sqrt(n), 1 / math.sqrt(m))
    return t_power(delta, sd, claim.planned_n, alpha=look.alpha, sides=1)


def sentence(one: Judged, items: list[Item]) -> str:
    """Return what a hypothesis still lacks, as plain text.

    Args:
        one: The hypothesis.
        items: The list.
    """
    met, claim = sum(item.met for item in items), one.case.claim
    start = f"{cut(claim.project)}: {cut(claim.slug)} has {met} of the {len(items)} of {LIST}"
    lacking = [item.lacks for item in items if not item.met]
    if not lacking:
        return f"{start}: it lacks nothing of the list."
    return f"{start}. It lacks: {'; '.join(lacking)}."
