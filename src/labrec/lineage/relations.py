"""How runs relate as seen now: parents found again, and the graph that they make. ○ No IO."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from labrec.lineage.graph import Graph, graph

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence


_NONE = "[]"  # no parents
_KINDS = ("continues", "fulfils", "reproduces")
_NO_OTHER = (None,) * len(_KINDS)


class Replacement(NamedTuple):
    """A record that takes the place of another one.

    Attributes:
        project: Their project.
        new: Digest of the record that does.
        old: Digest of the one whose place it takes.
        note: Digest of the note that says so.
    """

    project: str
    new: str
    old: str
    note: str


class Related(NamedTuple):
    """What is asked of a run to relate it.

    Attributes:
        project: Its project.
        run_id: Its id.
        digest: Digest of its record.
        name: Its name as its record has it: what others called it when they were recorded.
        experiment: Its config digest.
        counts: Whether it counts.
        parents: Its parents, as the lineage section holds them, as JSON text.
        continues: Run that it resumes, or None.
        reproduces: Run that it repeats, or None.
        fulfils: Planned run that it carries out, or None.
        reparented: Whether a note names these parents, not its record.
    """

    project: str
    run_id: str
    digest: str
    name: str
    experiment: str
    counts: bool
    parents: str
    continues: str | None
    reproduces: str | None
    fulfils: str | None
    reparented: bool = False


class Relation(NamedTuple):
    """One run and what it relates to; the columns of the table `edges` without the graph.

    Attributes:
        project: Project of the run.
        run_id: Its id.
        digest: Digest of its record.
        experiment: Its config digest.
        kind: parent, continues, fulfils, reproduces, supersedes; dataset and artifact, which
            `labrec.lineage.used` adds.
        source: record or note: what says so.
        called: What the other one was called.
        parent_run: The other run, where one run is meant.
        parent: The other one's experiment.
        dangling: Whether it is not in the view.
        target: Digest of a dataset version or an artifact.
    """

    project: str
    run_id: str
    digest: str
    experiment: str
    kind: str
    source: str
    called: str | None
    parent_run: str | None
    parent: str | None
    dangling: bool
    target: str | None = None


class Lineage(NamedTuple):
    """How everything relates.

    Attributes:
        relations: In the order of the runs, each run's by kind.
        graph: Experiments and their parents.
        first: The first parent of each experiment that has any in this view.
    """

    relations: list[Relation]
    graph: Graph
    first: dict[tuple[str, str], str]


class Everyone(NamedTuple):
    """The runs of a view, where most of what is asked of them is asked of few.

    Attributes:
        saying: Those that name any other, ordered by project, id and digest.
        experiments: Config digests of all of them.
        every: Returns all of them, in the same order; not called where nothing asks for it.
    """

    saying: Sequence[Related]
    experiments: Collection[str]
    every: Callable[[], Sequence[Related]]

    @staticmethod
    def of(runs: Sequence[Related]) -> Everyone:
        """Return runs as everyone.

        Args:
            runs: Every run, ordered by project, id and digest.
        """
        saying = [run for run in runs if _says_any(run)]
        return Everyone(saying, {run.experiment for run in runs}, lambda: runs)


def relate(runs: Sequence[Related], replacements: Iterable[Replacement]) -> Lineage:
    """Relate runs.

    A parent is found by the run id that is given for it, else by config digest, else by name in the
    same project (by the naming rule where the run's name called it). A name that fits no experiment
    or several, or only the run's own, dangles.

    Args:
        runs: Every run, ordered by project, id and digest.
        replacements: Which record took the place of which.
    """
    return relate_all(Everyone.of(runs), replacements)


def relate_all(runs: Everyone, replacements: Iterable[Replacement]) -> Lineage:
    """Relate runs, as `relate` does."""
    view = _View(runs)
    saying = runs.saying
    # one text: to read each by itself takes several times as long
    texts = list(dict.fromkeys(run.parents for run in saying))
    told = dict(zip(texts, json.loads(f"[{','.join(texts)}]"), strict=True))
    found = [view.of(run, told[run.parents]) for run in saying]
    # What a run says that counts comes before what others say of the same experiment.
    parents = [
        relation
        for counts in (True, False)
        for run, relations in zip(saying, found, strict=True)
        if run.counts == counts
        for relation in relations
        if relation.kind == "parent" and relation.parent is not None
    ]
    first: dict[tuple[str, str], str] = {}
    for relation in parents:
        if not relation.dangling and relation.parent != relation.experiment:
            first.setdefault((relation.project, relation.experiment), str(relation.parent))
    edges = [(relation.experiment, str(relation.parent)) for relation in parents]
    # The runs are in order, and most have one relation.
    relations = [
        one for those in found for one in (sorted(those, key=key) if len(those) > 1 else those)
    ]
    if superseding := list(view.superseding(replacements)):
        relations = sorted([*relations, *superseding], key=key)
    return Lineage(relations, graph(runs.experiments, edges), first)


def _says_any(run: Related) -> bool:
    """Say whether a run names any other; most of a lab's name none."""
    return run.parents != _NONE or (run.continues, run.fulfils, run.reproduces) != _NO_OTHER


def key(relation: Relation) -> tuple[str, ...]:
    """Return the key of the table `edges`; what is missing comes first."""
    return (
        relation.project, relation.run_id, relation.digest, relation.kind,
        relation.called or "", relation.parent_run or "", relation.parent or "",
        relation.target or "",
    )  # fmt: skip


class _View:
    """What can be found: runs by id and digest, experiments by digest and name."""

    def __init__(self, runs: Everyone) -> None:
        self._every = runs.every
        self._experiments = set(runs.experiments)

    def of(self, run: Related, parents: Iterable[dict[str, str | None]]) -> list[Relation]:
        """Return what a run says about other runs, in its order; its parents were read before."""
        found = [self._parent(run, parent) for parent in parents]
        others = run.continues, run.fulfils, run.reproduces
        if others != _NO_OTHER:  # of few runs
            for kind, other in zip(_KINDS, others, strict=True):
                if other is not None:
                    found.append(self._relation(run, kind, "record", None, other, None))
        return found

    def superseding(self, replacements: Iterable[Replacement]) -> Iterator[Relation]:
        """Yield which records took the place of which others, as notes say."""
        for project, new, old, _ in replacements:
            run, other = self._by_digest.get((project, new)), self._by_digest.get((project, old))
            if run is not None:
                yield Relation(
                    project, run.run_id, new, run.experiment, "supersedes", "note", None,
                    other and other.run_id, other and other.experiment, other is None,
                )  # fmt: skip

    def _parent(self, run: Related, parent: dict[str, str | None]) -> Relation:
        called, run_id, experiment = parent["name"], parent["run_id"], parent["config_digest"]
        if run_id is None and experiment is None and called is not None:
            experiment = self._called(run, called, by_rule=parent["by"] == "name")
        source = "note" if run.reparented else "record"
        return self._relation(run, "parent", source, called, run_id, experiment)

    def _relation(
        self, run: Related, kind: str, source: str, called: str | None,
        run_id: str | None, experiment: str | None,
    ) -> Relation:  # fmt: skip
        other = self._by_id.get(run_id) if run_id is not None else None
        if other is not None:
            experiment = other.experiment
        known = other is not None or experiment in self._experiments
        return Relation(
            run.project, run.run_id, run.digest, run.experiment, kind, source, called,
            run_id, experiment, not known,
        )  # fmt: skip

    def _called(self, run: Related, called: str, *, by_rule: bool) -> str | None:
        """Return the one other experiment of a name in the run's project, or None."""
        named = self._beginning if by_rule else self._named
        found = named.get((run.project, called), set()) - {run.experiment}
        return found.pop() if len(found) == 1 else None

    @cached_property
    def _runs(self) -> Sequence[Related]:
        return self._every()

    @cached_property
    def _by_digest(self) -> dict[tuple[str, str], Related]:
        return {(run.project, run.digest): run for run in self._runs}

    @cached_property
    def _by_id(self) -> dict[str, Related]:
        """Runs by id: of a fork the one that counts, of several the first."""
        found: dict[str, Related] = {}
        for run in self._runs:
            if run.run_id not in found or (run.counts and not found[run.run_id].counts):
                found[run.run_id] = run
        return found

    @cached_property
    def _named(self) -> dict[tuple[str, str], set[str]]:
        return _index(((run.project, run.name), run.experiment) for run in self._runs)

    @cached_property
    def _beginning(self) -> dict[tuple[str, str], set[str]]:
        """Experiments by every name that a naming rule can call them (`naming.is_named`)."""
        return _index(
            ((run.project, begin), run.experiment)
            for run in self._runs
            for begin in (run.name, *(run.name[:at] for at, c in enumerate(run.name) if c == "_"))
        )


def _index(pairs: Iterable[tuple[tuple[str, str], str]]) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for key, experiment in pairs:
        found.setdefault(key, set()).add(experiment)
    return found
