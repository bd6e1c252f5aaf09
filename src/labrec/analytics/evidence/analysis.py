"""Every hypothesis of a lab judged, families together. ○ No IO."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from labrec.analytics.evidence.claims import Claim, claims
from labrec.analytics.evidence.judge import Case, Grounds, judge
from labrec.analytics.evidence.scale import datasets_of, scales
from labrec.analytics.evidence.sentence import Told, sentence
from labrec.analytics.evidence.units import Project, units
from labrec.analytics.evidence.verdict import (
    LEAST_ALPHA,
    MOST_ALPHA,
    Adjusted,
    Result,
    Ruling,
    Trial,
    adjusted,
    lab_level,
    rule,
    without_withdrawn,
)
from labrec.analytics.relations import related
from labrec.analytics.stats.power import Needed, n_needed
from labrec.lineage.relations import relate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from labrec.analytics.run import Run
    from labrec.analytics.seen import Seen
    from labrec.lineage.fold import Value
    from labrec.lineage.relations import Lineage

POWER = 0.8
"""Power of the plan that an inconclusive verdict names."""

_DECISIONS = ("supported", "refuted", "inconclusive")
_TEXT = 4000  # characters of a note that are shown


class Said(NamedTuple):
    """What notes say of a hypothesis.

    Attributes:
        then: The verdict that a note has kept; *conflict* where several disagree; or None.
        notes: Digests of these notes.
        text: Their words, or None.
        decided: What a decide note says, or None.
        by: Whose decision that is, or None.
        reason: Why they decided so, or None.
    """

    then: str | None
    notes: tuple[str, ...]
    text: str | None
    decided: str | None
    by: str | None
    reason: str | None

    @property
    def overrides(self) -> str | None:
        """The verdict that a decision puts in the rule's place, or None."""
        return self.decided if self.decided in _DECISIONS else None


class Judged(NamedTuple):
    """A hypothesis and its verdict.

    Attributes:
        case: What it rests on.
        p: Its p values within the family.
        ruling: What the rule says.
        beside: The same with the runs that were withdrawn; None where there are none.
        lab: The same at the level of the whole lab.
        needed: Runs it would take, and for which difference beyond delta; None where unknown.
        said: What notes say.
        sentence: The verdict in words.
    """

    case: Case
    p: Adjusted
    ruling: Ruling
    beside: Ruling | None
    lab: Ruling
    needed: tuple[Needed, float] | None
    said: Said
    sentence: str


def judged(seen: Seen) -> list[Judged]:
    """Judge every registration of a lab, in the order in which they were registered.

    The registration that a run links decides, never a draft and never a later version.
    """
    every = claims(seen.registrations)
    if not every:
        return []  # as in many labs: then no run is looked at
    grounds = _grounds(seen, every)
    cases = []
    for claim in every:
        there = grounds[claim.project]
        linked = there.linked.get(claim.digest, ())
        cases.append(judge(claim, units(claim, there.project, linked), there))
    families: dict[tuple[str, str, str], list[Case]] = defaultdict(list)
    for case in cases:
        for shared in case.claim.shares:
            families[shared].append(case)
    names = {one.experiment: one.name for one in seen.experiments}
    return [_judged(case, _family(case, families), names, seen) for case in cases]


def _family(case: Case, families: Mapping[tuple[str, str, str], Sequence[Case]]) -> list[Case]:
    """Return every claim with which one shares its error rate, each once."""
    found = {one.claim.digest: one for shared in case.claim.shares for one in families[shared]}
    return list(found.values())


def _judged(case: Case, family: Sequence[Case], names: Mapping[str, str], seen: Seen) -> Judged:
    claim = case.claim
    peers = [(one.claim, one.trial) for one in family if _shares(one, claim)]
    p = adjusted(claim, case.trial, peers)
    strict = claim._replace(alpha=lab_level(claim))
    ruling, lab = (
        _rule(case, claim, case.trial, p),
        _rule(case, strict, case.trial, _alone(case.trial)),
    )
    beside = None
    if case.beside is not None:
        beside = _rule(case, claim, case.beside, adjusted(claim, case.beside, peers))
        ruling = without_withdrawn(ruling, beside)
        with_them = _rule(case, strict, case.beside, _alone(case.beside))
        lab = without_withdrawn(lab, with_them)
    look = case.shown
    needed = _needed(look.results[look.lead], look.alpha) if look is not None else None
    said = _said(seen, claim)
    told = Told(ruling, p, names, needed, said.overrides, said.by, lab)
    return Judged(case, p, ruling, beside, lab, needed, said, sentence(case, told))


def _rule(case: Case, claim: Claim, trial: Trial, p: Adjusted) -> Ruling:
    """Apply the rule, where the metrics still mean what they meant when the claim was made."""
    if case.redefined and case.linked:
        why = f"{', '.join(case.redefined)}: defined otherwise since the claim was registered"
        return Ruling("inconclusive", "", why, final=False)
    return rule(claim, trial, p, case.score, linked=case.linked)


def _alone(trial: Trial) -> Adjusted:
    return Adjusted(trial.support, trial.refute, 1)


def _shares(case: Case, claim: Claim) -> bool:
    """Say whether a claim has a part in the error rate of another one of its family.

    In a named family every claim does that is current; a version of a slug once a run was linked
    to it at its start, since whoever amends may have seen how it went.
    """
    if case.trial.reached or case.units.treatments:
        return True
    return (
        case.claim.family is not None and case.claim.family == claim.family and (case.claim.current)
    )


def _needed(found: Result, alpha: float) -> tuple[Needed, float] | None:
    """Return the runs it would take to find delta more than claimed, or the difference seen."""
    estimate, compared = found.compared.estimate, found.compared
    if estimate is None or not estimate.error or compared.method == "random effects":
        return None
    effect = found.target.delta or abs(estimate.value)
    if compared.method == "paired":
        sd = estimate.error * math.sqrt(compared.n_treatment)
    else:
        sd = estimate.error / math.hypot(
            1 / math.sqrt(compared.n_treatment), 1 / math.sqrt(compared.n_baseline)
        )
    if not effect or not math.isfinite(sd) or not LEAST_ALPHA < alpha < MOST_ALPHA:
        return None
    design: Any = "one-sample" if compared.method == "paired" else "two-sample"
    try:
        plan = n_needed(effect, sd, power=POWER, alpha=alpha, sides=1, design=design)
    except ValueError:  # the effect is so much larger than the spread that no double holds it
        return None
    return None if plan is None else (plan, effect)


# --- what notes say -----------------------------------------------------------------------------


def _said(seen: Seen, claim: Claim) -> Said:
    folded = seen.said.on(claim.project, "hypothesis", claim.digest)
    verdict, decide = folded.values.get("verdict"), folded.values.get("decide")
    then, text = _agreed(verdict, "decision"), None
    if verdict is not None:
        words = [str(note.body.get("text") or "") for note in verdict.notes]
        text = " / ".join(word[:_TEXT] for word in words if word) or None
    decided = _agreed(decide, "decision")
    by = reason = None
    if decide is not None:
        by = ", ".join(sorted({note.author for note in decide.notes}))
        reasons = dict.fromkeys(note.reason[:_TEXT] for note in decide.notes if note.reason)
        reason = " / ".join(reasons) or None
    notes = tuple(note.digest for note in verdict.notes) if verdict is not None else ()
    return Said(then, notes, text, decided, by, reason)


def _agreed(value: Value | None, field: str) -> str | None:
    if value is None:
        return None
    body = value.body
    return "conflict" if body is None else str(body[field])[:_TEXT]


# --- what everything is judged on ---------------------------------------------------------------


def _grounds(seen: Seen, every: Sequence[Claim]) -> dict[str, Grounds]:
    """Return the grounds of each project that has a registration."""
    runs: dict[str, list[Run]] = {claim.project: [] for claim in every}
    for run in seen.runs:
        if run.project in runs:
            runs[run.project].append(run)
    lineage = _recorded(seen)
    parents = _parents(lineage, runs)
    found = {}
    best = {claim.project for claim in every if claim.baseline == "best"}
    for name, mine in runs.items():
        notes = [note for note in seen.notes if note.project == name] if name in best else []
        first = {e: above for (project, e), above in lineage.first.items() if project == name}
        project = Project(mine, parents, first, notes)
        linked: dict[str, list[Run]] = defaultdict(list)
        for run in project.runs:
            for digest in sorted({link.registration for link in run.links}):
                linked[digest].append(run)
        experiments = [one for one in seen.experiments if one.project == name]
        metrics = frozenset(
            target.name for claim in every if claim.project == name for target in claim.targets
        )
        found[name] = Grounds(
            project, linked, scales(experiments, seen.summed, metrics),
            {one.experiment: datasets_of(one) for one in experiments},
            seen.definitions.get(name, {}), seen.points,
        )  # fmt: skip
    return found


def _recorded(seen: Seen) -> Lineage:
    """Return how runs relate by their records alone: notes come when results are known."""
    if not any(run.reparented for run in seen.runs):
        return seen.lineage
    return relate(
        [
            related(run)._replace(parents=run.recorded_parents or run.parents, reparented=False)
            for run in seen.runs
        ],
        (),
    )


def _parents(lineage: Lineage, runs: Mapping[str, Sequence[Run]]) -> dict[str, str]:
    """Return the experiment of the first parent of every run that links a hypothesis."""
    linked = {run.digest: run for mine in runs.values() for run in mine if run.links}
    above: dict[str, dict[tuple[str | None, str | None], str]] = defaultdict(dict)
    for relation in lineage.relations:
        if relation.digest in linked and relation.kind == "parent" and not relation.dangling:
            key = relation.called, relation.parent_run
            above[relation.digest].setdefault(key, str(relation.parent))
    found = {}
    for digest, there in above.items():
        run = linked[digest]
        for parent in json.loads(run.recorded_parents or run.parents):
            place = there.get((parent["name"], parent["run_id"]))
            if place is not None:
                found[digest] = place
                break
    return found
