"""The place of every run in a hypothesis, or the reason why it has none. ○ No IO."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from labrec.analytics.evidence.arms import arms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labrec.analytics.evidence.claims import Claim
    from labrec.analytics.evidence.units import Member, Units


class Placed(NamedTuple):
    """A run with its place.

    Attributes:
        member: The run and its part.
        place: From 1 on, in its arm; None where it has none.
        why: Why it counts, or why not.
    """

    member: Member
    place: int | None
    why: str


def places(claim: Claim, found: Units) -> list[Placed]:
    """Return every run that bears on a claim with its place, by run id and digest.

    Args:
        claim: The registration.
        found: Its runs.
    """
    paired = claim.test == "paired"
    there = arms(found, claim.planned_n, paired=paired, withdrawn=False)
    taken: dict[str, int] = {}
    for arm in (there.treatments, there.baselines):
        taken.update({member.run.run_id: place for place, member in enumerate(arm, 1)})
    seeds = _first_of_seeds(found, paired=paired)
    filled = Counter(member.run.experiment for member in there.baselines)
    answer = []
    for member in found.members:
        place = taken.get(member.run.run_id)
        why = member.why
        if place is None and member.kind == "confirmatory" and not member.withdrawn:
            is_baseline = member.part == "baseline"
            most = filled[member.run.experiment] if is_baseline else claim.planned_n
            why = _left_out(claim, member, seeds, most)
        answer.append(Placed(member, place, why))
    return answer


def _first_of_seeds(found: Units, *, paired: bool) -> set[str]:
    """Return the ids of the runs that were the first with their seeds."""
    first: dict[tuple[str, str | None, str | None], str] = {}
    groups: Sequence[Sequence[Member]] = (found.treatments, *found.baselines.values())
    for group in groups:
        for member in group:
            run = member.run
            if not member.withdrawn:
                own = member.baseline if paired and member.part == "treatment" else run.experiment
                first.setdefault((member.part, own, run.seeds), run.run_id)
    return set(first.values())


def _left_out(claim: Claim, member: Member, first: set[str], most: int) -> str:
    run, paired = member.run, claim.test == "paired"
    if run.seeds is None:
        if paired:
            return "It says no seeds, and the registered test pairs runs by them."
    elif run.run_id not in first:
        return "Its seeds were run already: a repeated run takes no second place."
    if paired:
        return f"Its seeds are not among the first {claim.planned_n} that either arm ran."
    if most < claim.planned_n:
        return f"A baseline has as many places as treatments are compared with it: {most} so far."
    return f"All {claim.planned_n} places of its arm were taken before it started."
