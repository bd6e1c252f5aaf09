"""Which runs bear on a hypothesis, and the place that each of them has in it. ○ No IO.

Nothing here looks at a result, except where the registered baseline is the *best* of what was known
when the claim was registered. Who counts is decided by links, features, parents and ids alone, so
that no choice made after a result is known can move a run into an arm or out of it.

- *Confirmatory* is a run whose record links the registration in its spool's first frame. It is a
  treatment where its features match the selector and it has a baseline other than its own
  experiment. What was linked later is *exploratory*, whoever linked it.
- The baseline is an experiment: by the parents that the *record* names (a `reparent` note is made
  when results are known), by the registered name, or the best one before the registration.
- Of the baseline only *fresh* runs count: linked at their start too, or begun after the claim was
  registered. A baseline that had been measured before could have been chosen for being unlucky.
- A run whose experiment had been run with the same seeds before, without the link, shows what was
  known already. It does not count.
- Runs take their places in the order of their ids, which they get when they start, whether they
  fail or not. The arms are closed once every place is taken: more runs change nothing.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from typing import TYPE_CHECKING, Literal, NamedTuple

from labrec.analytics.evidence.claims import matches, milliseconds
from labrec.lineage.fold import fold
from labrec.lineage.standing import standings
from labrec.record.ids import id_ms

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from labrec.analytics.evidence.claims import Claim
    from labrec.analytics.run import Run
    from labrec.lineage.fold import HeardNote

Part = Literal["treatment", "baseline", "none"]
Kind = Literal["confirmatory", "exploratory", "none"]

WITHDRAWN = ("retracted", "superseded")
"""Standings that take a run out of the verdict, never out of what is shown beside it."""


class Member(NamedTuple):
    """A run and its part in a hypothesis.

    Attributes:
        run: The run.
        part: treatment, baseline, or none.
        kind: confirmatory, exploratory, or none.
        why: Why it counts, or why not; one sentence.
        baseline: Experiment that a treatment is compared with, or None.
        withdrawn: Whether a note took it out.
        bound: Whether it links the claim since its start.
        published: Commit by which a remote had the registration before it started, or None.
    """

    run: Run
    part: Part
    kind: Kind
    why: str
    baseline: str | None = None
    withdrawn: bool = False
    bound: bool = False
    published: str | None = None


class Units(NamedTuple):
    """The runs of a hypothesis.

    Attributes:
        treatments: Confirmatory ones by run id, withdrawn ones among them.
        baselines: Fresh runs by run id of each experiment that they are compared with.
        known: Of the same experiments, the runs that had been known before.
        others: Linked runs that are in neither arm.
        exploratory: Runs linked later.
        choices: Experiments that could have been chosen as the baseline with their results in view,
            each with the id of its first fresh run; empty where the claim left no choice.
    """

    treatments: tuple[Member, ...]
    baselines: Mapping[str, tuple[Member, ...]]
    known: Mapping[str, tuple[Member, ...]]
    others: tuple[Member, ...]
    exploratory: tuple[Member, ...]
    choices: tuple[tuple[str, str], ...]

    @property
    def witnessed(self) -> bool:
        """Whether every treatment names a commit that had published the registration before."""
        return bool(self.treatments) and all(one.published for one in self.treatments)

    @property
    def members(self) -> list[Member]:
        """Every one of them, each run once, by run id and digest."""
        found: dict[tuple[str, str], Member] = {}
        groups = (self.treatments, *self.baselines.values(), *self.known.values(), self.others,
                  self.exploratory)  # fmt: skip
        for group in groups:
            for member in group:
                found.setdefault((member.run.run_id, member.run.digest), member)
        return [found[key] for key in sorted(found)]


class Project:
    """The runs of one project, found by what hypotheses ask for.

    Args:
        runs: All of them, ordered by run id and digest.
        parents: Of each record digest the experiment of its first parent, as the record names it.
        first: Of each experiment its first parent, likewise.
        notes: All of its notes.
    """

    def __init__(
        self,
        runs: Iterable[Run],
        parents: Mapping[str, str],
        first: Mapping[str, str],
        notes: Sequence[HeardNote] = (),
    ) -> None:
        self._notes = notes
        grouped: dict[str, list[Run]] = {}
        for run in runs:
            grouped.setdefault(run.run_id, []).append(run)
        # Of several records of one run the one that counts; else the first, with its standing.
        self.runs = [
            next((run for run in same if run.counts), same[0]) for same in grouped.values()
        ]
        self.by_experiment: dict[str, list[Run]] = {}
        self.named: dict[str, set[str]] = {}
        self.reruns: dict[str, list[Run]] = {}
        self.seeded: dict[tuple[str, str], list[str]] = {}
        for run in self.runs:
            if run.seeds is not None and run.status != "planned":
                self.seeded.setdefault((run.experiment, run.seeds), []).append(run.run_id)
            if run.reproduces is not None:
                self.reruns.setdefault(run.reproduces, []).append(run)
            self.by_experiment.setdefault(run.experiment, []).append(run)
            self.named.setdefault(run.recorded_name, set()).add(run.experiment)
        self.first = {e: above for e, above in first.items() if above in self.by_experiment}
        self._parents = parents
        self._by_id = {run.run_id: run for run in self.runs}
        self._times = [id_ms(run.run_id) for run in self.runs]

    def between(self, ms: int, last: str, also: Collection[str]) -> Iterator[Run]:
        """Yield the runs that began from a time on and before a run, and some that began earlier.

        Args:
            ms: The time, in milliseconds since 1970.
            last: Id of the run before which they began.
            also: Ids of runs whose clocks are not asked.
        """
        for run_id in sorted(also):
            if run_id < last and id_ms(run_id) < ms:
                yield self._by_id[run_id]
        for place in range(bisect_left(self._times, ms), len(self.runs)):
            if self.runs[place].run_id >= last:
                return
            yield self.runs[place]

    def withdrawn_by(self, ms: int) -> set[str]:
        """Return the digests of the records that notes had taken out by a time.

        Args:
            ms: The time, in milliseconds since 1970.
        """
        then = [note for note in self._notes if milliseconds(note.time) <= ms]
        if not then:
            return set()
        records = [(run.project, run.run_id, run.digest) for run in self.runs]
        standing = standings(records, fold(then)).of
        return {digest for (_, digest), state in standing.items() if state in WITHDRAWN}

    def parent(self, run: Run) -> str | None:
        """Return the experiment of a run's first parent, if it is in this project."""
        above = self._parents.get(run.digest)
        return above if above in self.by_experiment else None

    def root(self, run: Run) -> str | None:
        """Return the experiment at the top of a run's first parents; None on a circle."""
        above, seen = self.parent(run), {run.experiment}
        while above is not None and above not in seen:
            seen.add(above)
            higher = self.first.get(above)
            if higher is None:
                return above
            above = higher
        return None


def units(claim: Claim, project: Project, linked: Sequence[Run]) -> Units:
    """Find the runs of a hypothesis and their places in it.

    The rule is labrec's own: no choice that is made once results are known moves a run. Assumes
    that the ids of runs tell when they began.

    Example:
        A claim that was registered at 2 ms. A treatment linked it when it started; a run of the
        baseline from before was known already; one begun later is fresh.

        >>> from labrec.analytics.evidence.claims import Claim, Target
        >>> from labrec.analytics.run import Link, Run
        >>> claim = Claim(
        ...     "p", "better", "digest", None, "…", 2, (Target("score", "maximize", 0.0),),
        ...     "parent", None, 3, (3,), "welch", 0.05, "all", None, {}, 1
        ... )
        >>> def run(ms, experiment, *links):
        ...     run_id = f"00000000-{ms:04x}-7000-8000-000000000000"
        ...     return Run(run_id, f"run {ms}", experiment=experiment, links=links)
        >>> new = run(4, "new", Link("better", "digest", "start"))
        >>> runs = [run(1, "base"), run(3, "base"), new]
        >>> project = Project(runs, {"run 4": "base"}, {"new": "base"})
        >>> found = units(claim, project, [new])
        >>> [member.run.digest for member in found.treatments]
        ['run 4']
        >>> [member.run.digest for member in found.baselines["base"]]
        ['run 3']
        >>> [member.run.digest for member in found.known["base"]]
        ['run 1']

    Args:
        claim: The registration that the runs link to, never a later draft.
        project: Its project.
        linked: The runs of `Project.runs` that link it, ordered by run id.
    """
    at_start = [run for run in linked if _linked(claim, run) == "start"]
    placed = _Placing(claim, project, at_start)
    members = [placed.member(run) for run in at_start]
    treatments = tuple(member for member in members if member.part == "treatment")
    compared = sorted({str(member.baseline) for member in treatments})
    baselines = {place: placed.fresh(place) for place in compared}
    known = {place: placed.known(place) for place in compared}
    mine = {member.run.run_id for group in baselines.values() for member in group}
    return Units(
        treatments,
        baselines,
        known,
        tuple(m for m in members if m.part == "none" and m.run.run_id not in mine),
        tuple(placed.later(run) for run in linked if _linked(claim, run) == "later"),
        placed.choices(treatments),
    )


def _linked(claim: Claim, run: Run) -> str | None:
    """Return how a run links a registration; a link at the start is one, whatever came later."""
    found = {link.linked for link in run.links if link.registration == claim.digest}
    return "start" if "start" in found else "later" if found else None


class _Placing:
    """Gives runs their part in one claim."""

    def __init__(self, claim: Claim, project: Project, at_start: Sequence[Run]) -> None:
        self.claim = claim
        self.project = project
        self.started = {run.run_id for run in at_start}
        self._best = self._best_known() if claim.baseline == "best" else None
        named = project.named.get(claim.baseline_name or "", set())
        self._named = next(iter(named)) if len(named) == 1 else None

    def is_fresh(self, run: Run) -> bool:
        """Say whether a run began after the claim was registered, as far as can be told."""
        return run.run_id in self.started or id_ms(run.run_id) >= self.claim.registered_ms

    def baseline_of(self, run: Run) -> str | None:
        """Return the experiment that a run is compared with, by its record and the claim."""
        kind = self.claim.baseline
        if kind == "named":
            return self._named
        if kind == "best":
            return self._best
        return self.project.parent(run) if kind == "parent" else self.project.root(run)

    def member(self, run: Run) -> Member:
        """Place a run that was linked at its start."""
        baseline = self.baseline_of(run)
        withdrawn = run.standing in WITHDRAWN
        if run.status == "planned":
            return Member(run, "none", "none", "It is only planned.", bound=True)
        if not matches(self.claim.selector, json.loads(run.tree)):
            return Member(
                run, "none", "none", "Its features do not match the selector.", bound=True
            )
        if baseline == run.experiment:
            return Member(run, "none", "none", "It is a run of the baseline itself.", bound=True)
        if baseline is None:
            return Member(run, "none", "none", self._no_baseline(), bound=True)
        if self._is_known(run):
            why = "Its experiment had been run with these seeds before: its result was known."
            return Member(run, "none", "none", why, baseline, bound=True)
        why = "Linked when it started."
        if withdrawn:
            why = f"It was linked when it started and is {run.standing}: shown beside the verdict."
        elif run.standing == "forked":
            why = (
                "Linked when it started; two records of it disagree, so that its value is missing."
            )
        published = next(
            (
                link.published
                for link in run.links
                if link.registration == self.claim.digest and link.linked == "start"
            ),
            None,
        )
        return Member(
            run, "treatment", "confirmatory", why, baseline, withdrawn, bound=True,
            published=published,
        )  # fmt: skip

    def later(self, run: Run) -> Member:
        """Place a run that was linked later."""
        baseline = self.baseline_of(run)
        why = "It was linked after it had started: exploratory, never part of the verdict."
        fits = matches(self.claim.selector, json.loads(run.tree))
        part: Part = "treatment" if fits and baseline not in {None, run.experiment} else "none"
        return Member(run, part, "exploratory", why, baseline, run.standing in WITHDRAWN)

    def fresh(self, experiment: str) -> tuple[Member, ...]:
        """Return the runs of a baseline that may count, by run id."""
        found = []
        for run in self.project.by_experiment[experiment]:
            if not self._counts_as_baseline(run):
                continue
            linked = run.run_id in self.started
            why = "Linked when it started." if linked else "Begun after the claim was registered."
            withdrawn = run.standing in WITHDRAWN
            if withdrawn:
                why = f"It is {run.standing}: shown beside the verdict."
            elif run.standing == "forked":
                why += " Two records of it disagree, so that its value is missing."
            found.append(Member(run, "baseline", "confirmatory", why, None, withdrawn, linked))
        return tuple(found)

    def known(self, experiment: str) -> tuple[Member, ...]:
        """Return the runs of a baseline whose results were known before, by run id."""
        return tuple(
            Member(run, "baseline", "none", self._why_known(run))
            for run in self.project.by_experiment[experiment]
            if run.status != "planned" and not self._counts_as_baseline(run)
        )

    def _why_known(self, run: Run) -> str:
        if not self.is_fresh(run):
            return "It was known when the claim was registered: it could have been chosen for that."
        if self.claim.baseline == "named" and run.recorded_name != self.claim.baseline_name:
            return "It does not bear the name of the baseline."
        return "Its experiment had been run with these seeds before: its result was known."

    def choices(self, treatments: Sequence[Member]) -> tuple[tuple[str, str], ...]:
        """Return the experiments that whoever starts a treatment could have named as its parent.

        Of several that were measured already one may be chosen for having turned out unluckily. A
        *named* baseline was fixed with the claim, the *best* one follows from what was known then.
        """
        if self.claim.baseline not in {"parent", "root"} or not treatments:
            return ()
        names = {target.name for target in self.claim.targets}
        last = treatments[-1].run.run_id
        found: dict[str, str] = {}
        for run in self.project.between(self.claim.registered_ms, last, self.started):
            seen = run.status == "complete" and not names.isdisjoint(run.metrics)
            if seen and (
                self.claim.baseline == "parent" or run.experiment not in self.project.first
            ):
                found.setdefault(run.experiment, run.run_id)
        return tuple(sorted(found.items()))

    def _counts_as_baseline(self, run: Run) -> bool:
        if run.status == "planned" or not self.is_fresh(run):
            return False
        if self.claim.baseline == "named" and run.recorded_name != self.claim.baseline_name:
            return False  # else a name could be given to an experiment once its results are in
        return not self._is_known(run) if run.run_id in self.started else not self._was_known(run)

    def _is_known(self, run: Run) -> bool:
        """Say whether a run without the link had the same experiment and seeds before."""
        earliest = self._earliest(run)
        return earliest is not None and earliest < run.run_id

    def _was_known(self, run: Run) -> bool:
        """Say the same of a baseline run without the link: known before the claim."""
        earliest = self._earliest(run)
        return earliest is not None and id_ms(earliest) < self.claim.registered_ms

    def _earliest(self, run: Run) -> str | None:
        """Return the first run of an experiment and seeds that nobody was bound to by a link."""
        if run.seeds is None:
            return None
        same = self.project.seeded.get((run.experiment, run.seeds), ())
        return next((other for other in same if other not in self.started), None)

    def _no_baseline(self) -> str:
        kind, named = self.claim.baseline, self.project.named
        if kind == "named":
            several = len(named.get(self.claim.baseline_name or "", ()))
            return (
                f"The named baseline is {several} experiments: which one cannot be told."
                if several else "There is no experiment of the baseline's name."
            )  # fmt: skip
        if kind == "best":
            return "Nothing had been measured when the claim was registered: there is no best."
        return "Its record names no parent that is in this project."

    def _best_known(self) -> str | None:
        """Return the experiment with the best mean of the first metric when the claim was made.

        Its runs that were known then select it, and do not count: it is measured again. What was
        retracted since, or counts again since, is as it was then: whoever could take out the best
        one once it was measured again could choose an easier one.
        """
        target, gone = self.claim.targets[0], self.project.withdrawn_by(self.claim.registered_ms)
        values: dict[str, list[float]] = {}
        for run in self.project.runs:
            found = run.metrics.get(target.name)
            if run.status != "complete" or not found or self.is_fresh(run):
                continue
            if run.digest in gone or run.standing == "forked":
                continue
            # What the claim is about is not its own baseline.
            if not self.claim.selector or not matches(self.claim.selector, json.loads(run.tree)):
                values.setdefault(run.experiment, []).append(found.value)
        means = {place: sum(v) / len(v) for place, v in values.items()}
        finite = {place: mean for place, mean in means.items() if abs(mean) < float("inf")}
        if not finite:
            return None
        return min(finite, key=lambda place: (-target.sign * finite[place], place))
