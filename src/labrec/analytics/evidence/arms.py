"""The arms of a comparison: which runs take its places, and the values they bring. ○ No IO.

The treatment arm holds the first n treatments by run id, whichever experiments they are of; the
baseline arm holds, of each experiment that they are compared with, as many of its first fresh runs
as treatments are compared with it. In a *paired* claim a place is a pair of runs with equal seeds,
and seeds take places in the order in which either arm first ran them: whoever sees the results of
one arm cannot choose which of its seeds the other one runs. So both arms have the registered size,
whatever was found.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from labrec.analytics.stats.moments import mean_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from labrec.analytics.evidence.units import Member, Units
    from labrec.analytics.run import Run


class Arms(NamedTuple):
    """The runs of both arms.

    Attributes:
        treatments: By run id.
        baselines: Likewise; those of several experiments together.
        candidates: How many baselines there were to choose from when the last treatment to start
            as the first of its experiment did so.
        selected: Whether results count that were known when the claim was registered.
    """

    treatments: tuple[Member, ...]
    baselines: tuple[Member, ...]
    candidates: int = 1
    selected: bool = False

    @property
    def full(self) -> int:
        """Places that are taken in both arms."""
        return min(len(self.treatments), len(self.baselines))


def arms(units: Units, n: int, *, paired: bool, withdrawn: bool) -> Arms:
    """Fill the first n places of each arm, as far as there are runs.

    Seeds that were run already take no second place: whoever could repeat them at will could stop
    gathering values once these please.

    The rule is labrec's own; for the candidates among which a baseline could be chosen it counts by
    Bonferroni's inequality. Assumes that ids are in the order in which runs began, and that who
    started a run did not know its result.

    Example:
        Of three treatments the second has seeds that were run already, so that the first and the
        third take the two places; of the baseline as many runs as are compared with it.

        >>> from labrec.analytics.evidence.units import Member, Units
        >>> from labrec.analytics.run import Run
        >>> def ran(part, experiment, *seeds):
        ...     ids = [f"{experiment} {at}" for at in range(len(seeds))]
        ...     runs = [Run(i, i, experiment=experiment, seeds=s) for i, s in zip(ids, seeds)]
        ...     against = "base" if part == "treatment" else None
        ...     return tuple(Member(run, part, "confirmatory", "", against) for run in runs)
        >>> new = ran("treatment", "new", "1", "1", "2")
        >>> units = Units(new, {"base": ran("baseline", "base", "1", "2", "3")}, {}, (), (), ())
        >>> found = arms(units, 2, paired=False, withdrawn=False)
        >>> [member.run.run_id for member in found.treatments]
        ['new 0', 'new 2']
        >>> [member.run.run_id for member in found.baselines], found.full, found.candidates
        (['base 0', 'base 1'], 2, 1)

    Args:
        units: The runs of the hypothesis.
        n: Places in each arm.
        paired: Whether a treatment needs a partner with its seeds; each pair is one place.
        withdrawn: Whether what notes took out has its place here.
    """
    every = _once(units.treatments, paired=paired, withdrawn=withdrawn)
    treatments = every[:n]
    wanted = Counter(str(member.baseline) for member in treatments)
    if paired:
        treatments = []
    baselines: list[Member] = []
    selected = False
    for place in sorted(wanted):
        there = _once(units.baselines[place], paired=False, withdrawn=withdrawn)
        if not there:
            there = [m for m in units.known[place] if m.run.counts]
            selected = selected or bool(there)
        if paired:
            mine = [m for m in every if m.baseline == place]
            seeds = _first_seeds([*mine, *there], wanted[place])
            treatments += [m for m in mine if m.run.seeds in seeds]
            baselines += [m for m in there if m.run.seeds in seeds]
        else:
            baselines += there[: wanted[place]]
    treatments.sort(key=lambda member: (member.run.run_id, member.run.digest))
    return Arms(tuple(treatments), tuple(baselines), _candidates(units, treatments), selected)


def _once(members: Iterable[Member], *, paired: bool, withdrawn: bool) -> list[Member]:
    """Return those that may take a place: of equal seeds the first alone."""
    taken: set[tuple[str | None, str]] = set()
    kept = []
    for member in members:
        seeds = member.run.seeds
        if member.withdrawn and not withdrawn:
            continue
        if seeds is None and paired:
            continue  # nothing says with which run to pair it
        if seeds is not None:
            place = member.baseline if paired else member.run.experiment
            if (place, seeds) in taken:
                continue
            taken.add((place, seeds))
        kept.append(member)
    return kept


def _first_seeds(members: Iterable[Member], n: int) -> set[str]:
    """Return the first n seeds that any of these runs had."""
    ordered = sorted(members, key=lambda member: member.run.run_id)
    return set(list(dict.fromkeys(m.run.seeds for m in ordered if m.run.seeds is not None))[:n])


def _candidates(units: Units, treatments: Sequence[Member]) -> int:
    """Return how many experiments could have been chosen as the baseline, at least 1.

    Each of them compared with treatments that are measured afterwards gives one test; the chance
    that any of m tests errs is at most m times that of one (Bonferroni's inequality).
    """
    if not units.choices or not treatments:
        return 1
    begun: dict[str, str] = {}
    for member in treatments:
        begun.setdefault(member.run.experiment, member.run.run_id)
    last = max(begun.values())
    seen = {place for place, run_id in units.choices if run_id < last and place not in begun}
    return len(seen | {str(member.baseline) for member in treatments})


class Value(NamedTuple):
    """One independent value of an arm.

    Attributes:
        experiment: Of its runs.
        seeds: Their seeds, or None.
        value: The mean of what they measured.
        baseline: Experiment that a treatment is compared with; of a baseline itself, its own.
        runs: Digests of their records.
    """

    experiment: str
    seeds: str | None
    value: float
    baseline: str
    runs: tuple[str, ...]


class Lost(NamedTuple):
    """A place of an arm that has no value.

    Attributes:
        experiment: Of the run that has it.
        seeds: Its seeds, or None.
        baseline: As of a `Value`.
    """

    experiment: str
    seeds: str | None
    baseline: str


class Sample(NamedTuple):
    """A metric over the runs of one arm.

    Attributes:
        values: Independent values, by the first of their runs.
        lost: The places without a value, by run id.
        n_runs: Runs in the arm.
        n_failed: Of these, failed.
        n_interrupted: Of these, interrupted.
        n_absent: Complete, without a value (or with two records that disagree).
        n_not_finite: Complete, with NaN or an infinity.
        n_identical: Complete with a value that says no more than another one.
        units: The units of the values.
        machines: Machines of the runs with a value; unknown ones count as one.
    """

    values: tuple[Value, ...]
    lost: tuple[Lost, ...]
    n_runs: int
    n_failed: int
    n_interrupted: int
    n_absent: int
    n_not_finite: int
    n_identical: int
    units: frozenset[str | None]
    machines: frozenset[str | None]

    @property
    def n(self) -> int:
        """How many independent values there are."""
        return len(self.values)

    @property
    def n_missing(self) -> int:
        """Runs that have a place and no value."""
        return self.n_failed + self.n_interrupted + self.n_absent + self.n_not_finite


def sample(members: Sequence[Member], metric: str, *, apart: bool = False) -> Sample:
    """Take the values of a metric from one arm.

    Only a complete run has a value. Runs of one experiment that share their seeds, or whose series
    are the same bytes, are one value: their mean; so are runs that say no seeds and all agree to
    the last digit. Repeating what cannot vary is no replicate.

    A mean by its definition; what counts as one value is labrec's own rule. Assumes that runs of
    different seeds are independent.

    Example:
        Two runs of seed 1 are one value, (3 + 5)/2; a failed one is missing.

        >>> from labrec.analytics.evidence.units import Member
        >>> from labrec.analytics.run import Measured, Run
        >>> def member(run_id, seeds, value, status="complete"):
        ...     metrics = {"score": Measured(value)}
        ...     run = Run(run_id, run_id, seeds=seeds, status=status, metrics=metrics)
        ...     return Member(run, "treatment", "confirmatory", "", "base")
        >>> given = [member("a", "1", 3.0), member("b", "1", 5.0), member("c", "2", 7.0)]
        >>> found = sample([*given, member("d", "3", 0.0, "failed")], "score")
        >>> [one.value for one in found.values], found.n_runs, found.n_identical, found.n_missing
        ([4.0, 7.0], 4, 1, 1)

    Args:
        members: The arm, by run id.
        metric: The metric.
        apart: Whether equal series are values of their own where the seeds differ.
    """
    counts: Counter[str] = Counter()
    found: list[tuple[Member, float]] = []
    lost: list[Lost] = []
    for member in members:
        state, value = _state(member.run, metric)
        counts[state] += 1
        if value is not None:
            found.append((member, value))
        else:
            run = member.run
            lost.append(Lost(run.experiment, run.seeds, member.baseline or run.experiment))
    values = _independent(found, apart=apart)
    runs = [member.run for member, _ in found]
    return Sample(
        values, tuple(lost), len(members), counts["failed"], counts["interrupted"],
        counts["absent"], counts["not finite"], len(found) - len(values),
        frozenset(run.metrics[metric].unit for run in runs), frozenset(r.machine for r in runs),
    )  # fmt: skip


def _state(run: Run, metric: str) -> tuple[str, float | None]:
    if run.status != "complete":
        return run.status, None
    found = run.metrics.get(metric)
    if found is None or run.standing == "forked":
        return "absent", None
    return ("value", found.value) if math.isfinite(found.value) else ("not finite", None)


def _independent(found: Sequence[tuple[Member, float]], *, apart: bool) -> tuple[Value, ...]:
    unseeded: dict[str, set[float]] = {}
    for member, value in found:
        if member.run.seeds is None:
            unseeded.setdefault(member.run.experiment, set()).add(value)
    groups: dict[tuple[str, str], list[tuple[Member, float]]] = {}
    outputs: dict[tuple[str, str], tuple[str, str]] = {}
    for member, value in found:
        run = member.run
        if run.seeds is not None:
            key = run.experiment, run.seeds
        elif len(unseeded[run.experiment]) == 1:
            key = run.experiment, ""
        else:
            key = run.experiment, f"run {run.run_id}"
        if run.output is not None and not (apart and run.seeds is not None):
            key = outputs.setdefault((run.experiment, run.output), key)
        groups.setdefault(key, []).append((member, value))
    return tuple(
        Value(
            group[0][0].run.experiment,
            group[0][0].run.seeds,
            mean_of([value for _, value in group]),
            group[0][0].baseline or group[0][0].run.experiment,
            tuple(member.run.digest for member, _ in group),
        )
        for group in groups.values()
    )
