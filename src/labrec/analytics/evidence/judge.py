"""Judging one hypothesis: its units, its score and its looks. ○ No IO."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from labrec.analytics.evidence.arms import Arms, Sample, sample
from labrec.analytics.evidence.confidence import Confidence, agrees, confidence, tail_sd
from labrec.analytics.evidence.defined import redefined, resolutions
from labrec.analytics.evidence.scale import NOTHING, Scale, normalized, spread_ratio
from labrec.analytics.evidence.verdict import Look, Result, Trial, result, try_out
from labrec.analytics.stats.moments import mean_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from labrec.analytics.evidence.claims import Claim, Target
    from labrec.analytics.evidence.scale import Alike
    from labrec.analytics.evidence.units import Kind, Member, Project, Units
    from labrec.analytics.run import Run
    from labrec.catalog.metrics import DefinedMetric


class Grounds(NamedTuple):
    """What the hypotheses of one project are judged on.

    Attributes:
        project: Its runs.
        linked: Of each registration the runs that link it, by run id.
        scales: The spread of metrics within experiments.
        datasets: Of each experiment its datasets, sorted.
        defined: The defined metrics, by name.
        points: Returns the points of a metric of a run.
    """

    project: Project
    linked: Mapping[str, Sequence[Run]]
    scales: Mapping[Alike, Scale]
    datasets: Mapping[str, tuple[str, ...]]
    defined: Mapping[str, DefinedMetric]
    points: Callable[[Run, str], Sequence[float]]


class Unit(NamedTuple):
    """A primary metric of an experiment that bears on a hypothesis.

    Attributes:
        experiment: Its config digest.
        baseline: What it is compared with.
        target: The metric.
        kind: confirmatory or exploratory.
        treatment: Its values.
        against: The values of the baseline.
        mean: Mean of its values, or None.
        mean_baseline: Mean of the baseline's, or None.
        delta: Their difference in the claimed direction, or None.
        scale: Spread of the metric within experiments.
        resolution: Smallest difference that the metric can show, where declared.
        normalized: The difference on that scale, or None.
        ratio: The difference on the spread between experiments, where there is no scale.
        weight: Its weight in E of the experiment.
        reruns: Runs that repeat one of its runs, and how many of them agree.
        confidence: How good the evidence is.
    """

    experiment: str
    baseline: str
    target: Target
    kind: Kind
    treatment: Sample
    against: Sample
    mean: float | None
    mean_baseline: float | None
    delta: float | None
    scale: Scale
    resolution: float | None
    normalized: float | None
    ratio: float | None
    weight: float
    reruns: tuple[int, int]
    confidence: Confidence


class Whole(NamedTuple):
    """An experiment over the primary metrics.

    Attributes:
        experiment: Its config digest.
        kind: confirmatory or exploratory.
        metrics: How many metrics have a normalized difference.
        score: E of the experiment; None without any.
        confidence: Mean confidence of its units.
    """

    experiment: str
    kind: Kind
    metrics: int
    score: float | None
    confidence: float

    @property
    def contribution(self) -> float | None:
        """Its part in E of the hypothesis."""
        return None if self.score is None else self.confidence * self.score


class Case(NamedTuple):
    """A hypothesis with everything that its verdict rests on, before its family is heard.

    Attributes:
        claim: The registration.
        units: Its runs.
        trial: Its looks without withdrawn runs.
        beside: Its looks with them; None where there are none.
        evidence: Its confirmatory units, then the exploratory ones.
        wholes: The same by experiment.
        exploratory: The runs linked later on each primary metric; None where there are none.
        redefined: Primary metrics that were defined otherwise since the claim was registered.
    """

    claim: Claim
    units: Units
    trial: Trial
    beside: Trial | None
    evidence: tuple[Unit, ...]
    wholes: tuple[Whole, ...]
    exploratory: tuple[Result, ...] | None
    redefined: tuple[str, ...] = ()

    @property
    def score(self) -> float | None:
        """E of the hypothesis: Σ confidence × E of its confirmatory experiments."""
        return score_of(self.wholes)

    @property
    def linked(self) -> bool:
        """Whether any run links the claim."""
        return bool(self.units.treatments or self.units.others or self.units.exploratory)

    @property
    def shown(self) -> Look | None:
        """The look that is shown."""
        return self.trial.shown


def score_of(wholes: Sequence[Whole]) -> float | None:
    """Return E of a hypothesis from its experiments; None where none has a score.

    Σ confidence·E over the confirmatory ones; E is of labrec's own making and assumes nothing: it
    is shown and never decides alone.

    Example:
        0.8·1.5 - 0.4·0.5; what is exploratory does not count.

        >>> one = Whole("a", "confirmatory", 1, 1.5, 0.8)
        >>> other = Whole("b", "confirmatory", 1, -0.5, 0.4)
        >>> round(score_of([one, other, Whole("c", "exploratory", 1, 9.0, 1.0)]), 9)
        1.0
    """
    parts = [
        one.contribution
        for one in wholes
        if one.kind == "confirmatory" and one.contribution is not None
    ]
    return sum(parts) if parts else None


def judge(claim: Claim, units: Units, grounds: Grounds) -> Case:
    """Find everything that the verdict on a claim rests on.

    Args:
        claim: The registration.
        units: Its runs.
        grounds: What the hypotheses of its project are judged on.
    """
    resolution = resolutions(claim, grounds.defined)
    trial = try_out(claim, units, withdrawn=False, resolution=resolution)
    gone = any(
        member.withdrawn
        for group in (units.treatments, *units.baselines.values())
        for member in group
    )
    beside = try_out(claim, units, withdrawn=True, resolution=resolution) if gone else None
    evidence: list[Unit] = []
    if trial.shown is not None:
        evidence += _units(claim, trial.shown.arms, "confirmatory", grounds)
    later = _later(units, grounds.project)
    exploratory = None
    if later.treatments:
        evidence += _units(claim, later, "exploratory", grounds)
        exploratory = tuple(
            result(later, target, claim.test, min(claim.alpha, 0.25), None)
            for target in claim.targets
        )
    return Case(
        claim, units, trial, beside, tuple(evidence), tuple(_wholes(evidence)), exploratory,
        redefined(claim, grounds.defined),
    )  # fmt: skip


def _later(units: Units, project: Project) -> Arms:
    """Return the runs linked later with everything that is known of their baselines."""
    treatments = [m for m in units.exploratory if m.part == "treatment" and not m.withdrawn]
    places = sorted({str(member.baseline) for member in treatments})
    return Arms(
        tuple(treatments),
        tuple(
            treatments[0]._replace(run=run, part="baseline", baseline=None)
            for place in places
            for run in project.by_experiment.get(place, ())
            if run.counts and run.status != "planned"
        ),
    )


def _units(claim: Claim, there: Arms, kind: Kind, grounds: Grounds) -> list[Unit]:
    """Return the units of the experiments in the treatment arm, by experiment and metric."""
    grouped: dict[str, list[Member]] = {}
    for member in there.treatments:
        grouped.setdefault(member.run.experiment, []).append(member)
    return [
        _unit(grouped[experiment], there, target, kind, (grounds, claim))
        for experiment in sorted(grouped)
        for target in sorted(claim.targets)
    ]


def _unit(
    members: Sequence[Member],
    there: Arms,
    target: Target,
    kind: Kind,
    more: tuple[Grounds, Claim],
) -> Unit:
    grounds, claim = more
    experiment, place = members[0].run.experiment, str(members[0].baseline)
    ours = sample(members, target.name)
    theirs = sample([m for m in there.baselines if m.run.experiment == place], target.name)
    mean, other = _mean(ours), _mean(theirs)
    delta = None
    if mean is not None and other is not None and len(ours.units | theirs.units) == 1:
        delta = target.sign * (mean - other)
    unit = next(iter(ours.units)) if len(ours.units) == 1 else None
    scale = grounds.scales.get((target.name, grounds.datasets.get(experiment, ()), unit), NOTHING)
    resolution = resolutions(claim, grounds.defined)[target.name]
    runs = [member.run for member in members if member.run.status != "planned"]
    reruns = _reruns(runs, target, grounds, (scale.value, resolution))
    tails = [
        sd
        for run in runs
        if run.status == "complete"
        and (sd := tail_sd(grounds.points(run, target.name))) is not None
    ]
    return Unit(
        experiment, place, target, kind, ours, theirs, mean, other, delta, scale, resolution,
        None if delta is None else normalized(delta, scale, resolution),
        None if delta is None else spread_ratio(delta, scale),
        1 / len(claim.targets), reruns, confidence(runs, ours.n, delta, tails, reruns),
    )  # fmt: skip


def _mean(found: Sample) -> float | None:
    return mean_of([one.value for one in found.values]) if found.values else None


def _reruns(
    runs: Sequence[Run],
    target: Target,
    grounds: Grounds,
    near: tuple[float | None, float | None],
) -> tuple[int, int]:
    """Return how many runs repeat one of these, and how many of them agree."""
    count = agreeing = 0
    for run in runs:
        first = run.metrics.get(target.name)
        for again in grounds.project.reruns.get(run.run_id, ()):
            second = again.metrics.get(target.name)
            if first is None or second is None or again.status != "complete" or not again.counts:
                continue
            count += 1
            agreeing += agrees(first.value, second.value, *near)
    return count, agreeing


def _wholes(units: Sequence[Unit]) -> list[Whole]:
    grouped: dict[tuple[str, Kind], list[Unit]] = {}
    for unit in units:
        grouped.setdefault((unit.experiment, unit.kind), []).append(unit)
    found = []
    for (experiment, kind), group in sorted(grouped.items()):
        parts = [one.weight * one.normalized for one in group if one.normalized is not None]
        trust = mean_of([one.confidence.value for one in group])
        score = sum(parts) if parts else None
        found.append(Whole(experiment, kind, len(parts), score, trust))
    return found
