"""Everything the second stage of analysis knows: all runs of a view, and what is said of them.

○ No IO: what has to be fetched comes through the `Source` that is handed in.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeVar, cast

from labrec.analytics.calls import unpacked
from labrec.analytics.contrast_rows import Compared
from labrec.analytics.experiments import Experiment, Known, key_metrics_of, key_of, said_of
from labrec.analytics.keyed import grouped
from labrec.analytics.problem import Problem
from labrec.analytics.relations import every_related, everyone
from labrec.analytics.run import Link, Measured, Registered, Run
from labrec.analytics.runs import Runs
from labrec.analytics.summaries import Summaries
from labrec.errors import LabrecError
from labrec.lineage.fold import Fold
from labrec.lineage.relations import relate_all
from labrec.lineage.used import DatasetUse, of_artifacts, of_datasets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from labrec.analytics.calls import Call
    from labrec.analytics.experiments import Keys
    from labrec.analytics.relations import Lineage, Relation
    from labrec.catalog.datasets import DatasetVersion
    from labrec.catalog.definition import MetricDefinition
    from labrec.catalog.metrics import DefinedMetric
    from labrec.lineage.fold import HeardNote
    from labrec.lineage.standing import Replacement
    from labrec.lineage.used import File, Version

__all__ = [
    "Defined", "Experiment", "Link", "Measured", "Problem", "Registered", "Run", "Seen", "Source",
]  # fmt: skip

_T = TypeVar("_T")


class Source(Protocol):
    """Where the parts of a lab come from that only some analyses ask for."""

    def definition(self, project: str) -> tuple[str, Mapping[str, object]]:
        """Return path and content of a project's definition; empty where there is none.

        Raises:
            LabrecError: It cannot be read.
        """

    def wide(self, place: int, column: str) -> str:
        """Return a JSON text of the run at a place.

        The columns are ``facts``, ``conditions``, ``channels`` and ``calls``.
        """

    def asked(self) -> Iterable[int]:
        """Return the places of the runs that asked something counterfactually, ascending."""

    def used(self) -> Iterable[tuple[int, str]]:
        """Return the datasets of the runs that name any: place, and JSON text of a list.

        Each with name, version and digest, the last two of which may be null.
        """

    def versions(self) -> Iterable[Version]:
        """Return the dataset versions that the lab holds."""

    def datasets(self, problem: Callable[[str, str], None]) -> Iterable[DatasetVersion]:
        """Return what they say, by project, name, version and digest.

        Args:
            problem: Told the path of each document that cannot be used, and why.
        """

    def files(self) -> Iterable[File]:
        """Return the artifacts whose bytes some run was given, by run."""

    def points(self, output: str) -> Mapping[str, Sequence[float]]:
        """Return the values of a stored series by metric, in the order of their steps.

        Raises:
            LabrecError: The lab does not hold it, or it is none.
        """


class Defined(NamedTuple):
    """What metric definitions say of the runs of a view; see `Seen`."""

    definitions: Mapping[str, Mapping[str, DefinedMetric]]
    missing: Mapping[int, Mapping[str, str]]
    disagreed: Mapping[int, Mapping[str, tuple[bool, bool]]]


NOTHING_DEFINED: Final = Defined({}, {}, {})


class Seen:
    """All runs of a view.

    Args:
        runs: Ordered by project, run id and record digest.
        source: Where the rest comes from.
        registrations: Ordered by path.
        replacements: Which record took the place of which, as notes say.
        said: What all notes come to.
        known: What an earlier analysis found.

    Attributes:
        runs: As given.
        registrations: As given.
        said: As given. Name, tags, parents, links and standing of the runs have it in them already.
        known: As given.
        definitions: Of each project that defines any its metrics by name, all versions.
        missing: Why metrics of a run have no value, by the run's place and their name.
        disagreed: Where a run logged a defined metric with another unit, or another direction, by
            the run's place and the metric's name.
        problems: Documents that could not be used; analyses add theirs with `problem`.
    """

    def __init__(
        self,
        runs: Sequence[Run],
        source: Source,
        registrations: Sequence[Registered] = (),
        replacements: Sequence[Replacement] = (),
        said: Fold = Fold({}),  # noqa: B008 - nobody writes to it
        known: Known | None = None,
    ) -> None:
        self.runs = runs if isinstance(runs, Runs) else Runs(runs)
        self.registrations = registrations
        self.said = said
        self.define(NOTHING_DEFINED)
        self.problems: list[Problem] = []
        self._source = source
        self.known = known if known is not None else Known("")
        self._replacements = replacements
        self._once: dict[Callable[[Seen], Any], Any] = {}
        self._defined: dict[tuple[str, Callable[..., Any]], Any] = {}

    def define(self, defined: Defined) -> None:
        """Take over what metric definitions say; the runs have it in their metrics already."""
        self.definitions, self.missing, self.disagreed = defined

    @cached_property
    def notes(self) -> tuple[HeardNote, ...]:
        """Every note that can be used, heard or not, by project and time of id."""
        every = (
            note
            for folded in self.said.subjects.values()
            for note in (*folded.notes, *folded.unheard)
        )
        return tuple(sorted(every, key=lambda note: (note.project, note.note_id, note.digest)))

    @cached_property
    def projects(self) -> list[str]:
        """The projects that have runs, by name."""
        return list(dict.fromkeys(self.runs.column("project")))

    @cached_property
    def experiments(self) -> list[Experiment]:
        """The experiments, ordered by project and config digest."""
        project, experiment, digest, standing = map(
            self.runs.column, ("project", "experiment", "digest", "standing")
        )
        said = list(map(said_of, digest, standing))
        found = grouped([project, experiment])
        names = self.runs.column("name", [places[0] for places in found])
        started = self.runs.earliest(found)
        return [
            Experiment(
                project[places[0]],
                experiment[places[0]],
                name,
                first,
                self.runs.some(places),
                key_of(project[places[0]], [said[at] for at in places], self.known.basis),
            )
            for places, name, first in zip(found, names, started, strict=True)
        ]

    @cached_property
    def lineage(self) -> Lineage:
        """How runs and experiments relate."""
        return relate_all(everyone(self.runs), self._replacements)

    @cached_property
    def datasets(self) -> Sequence[DatasetVersion]:
        """The dataset versions of the lab that can be used, by project, name, version, digest."""
        return [*self._source.datasets(self.problem)]

    @cached_property
    def dataset_uses(self) -> Sequence[DatasetUse]:
        """Which datasets runs used, as their records and notes say."""
        return [*self._recorded_uses(), *self._noted_uses()]

    def used(self) -> Iterator[Relation]:
        """Yield what runs were made with: dataset versions, and files that others made."""
        uses = self.dataset_uses
        files = [*self._source.files()]
        if uses or files:
            runs = every_related(self.runs)
            yield from of_datasets(runs, uses, self._source.versions())
            yield from of_artifacts(runs, files)

    def _recorded_uses(self) -> Iterator[DatasetUse]:
        parsed: dict[str, list[list[str | None]]] = {}
        for place, text in self._source.used():
            if text not in parsed:
                parsed[text] = json.loads(text)
            for name, version, digest in parsed[text]:
                yield DatasetUse(place, str(name), version, digest)

    def _noted_uses(self) -> Iterator[DatasetUse]:
        """Yield the datasets that notes link runs to; what a record names no note takes away."""
        if not self.said.subjects:
            return
        keys = zip(self.runs.column("project"), self.runs.column("digest"), strict=True)
        for place, (project, record) in enumerate(keys):
            for to, name, digest in self.said.on(project, "run", record).links.added:
                if to == "dataset":
                    yield DatasetUse(place, name, None, digest, "note")

    @cached_property
    def summed(self) -> Summaries:
        """Every metric of every experiment, summed up."""
        return Summaries(self.experiments, self.known.sums)

    @cached_property
    def compared(self) -> Compared:
        """Every experiment that derives from another one, compared with it."""
        return Compared(self.summed, self.keys, self.lineage.first, self.known.contrasts)

    @property
    def found(self) -> Known:
        """What the next analysis may take as it is."""
        # points that are not there yet may come later, and with them other values
        open_ = {
            one.key
            for one in (self.experiments if self.missing else ())
            if any(run.place in self.missing for run in one.runs)
        }
        sums = self.summed.keyed.without(
            at for at, one in enumerate(self.experiments) if one.key in open_
        )
        contrasts = self.compared.keyed.without(
            at for at, pair in enumerate(self.compared.pairs)
            if pair.child.key in open_ or pair.parent.key in open_
        )  # fmt: skip
        return Known(self.known.basis, sums, contrasts)

    @cached_property
    def keys(self) -> Keys:
        """The key metrics of each project."""
        from labrec.analytics.definition import key_metrics  # its parser is handed to `defined`

        defined = {project: self.defined(project, key_metrics) for project in self.projects}
        keys = key_metrics_of(self.summed, defined)
        for project, metrics in keys.items():
            for name in metrics:
                found = self.metric(project, name)
                if found is not None and found.direction is not None:
                    metrics[name] = found.direction
        return keys

    def metric(self, project: str, name: str) -> MetricDefinition | None:
        """Return the definition that counts of a metric; None where nothing defines it.

        Unit and direction of a run's metrics are the definition's already; ask here for
        ``resolution``, ``margin`` and ``digest``.
        """
        found = self.definitions.get(project, {}).get(name)
        return found.definition if found is not None else None

    def once(self, function: Callable[[Seen], _T]) -> _T:
        """Return ``function(self)``, computed at the first call: how analyses share results."""
        if function not in self._once:
            self._once[function] = function(self)
        return cast("_T", self._once[function])

    def defined(self, project: str, parse: Callable[[Mapping[str, object], str], _T]) -> _T | None:
        """Return what a parser makes of a project's definition.

        Args:
            project: The project.
            parse: Takes the definition and the project's name; raises `InvalidError` where what it
                looks for is not valid.

        Returns:
            None where the definition cannot be used; then it is listed as a problem.
        """
        key = project, parse
        if key not in self._defined:
            path = f"records/{project}/project.yaml"
            try:
                path, definition = self._source.definition(project)
                self._defined[key] = parse(definition, project)
            except LabrecError as error:
                self._defined[key] = None
                self.problem(path, f"{error.name}: {error.message}")
        return cast("_T | None", self._defined[key])

    def problem(self, path: str, why: str) -> None:
        """List a document that cannot be used; the same thing twice is listed once."""
        found = Problem(path, why)
        if found not in self.problems:
            self.problems.append(found)

    def facts(self, run: Run) -> dict[str, Any]:
        """Return the fields of the machine that a run was on, those that have a value, by name."""
        return cast("dict[str, Any]", json.loads(self._source.wide(run.place, "facts")))

    def conditions(self, run: Run) -> dict[str, Any]:
        """Return the conditions of the machine that have a value, by name."""
        return cast("dict[str, Any]", json.loads(self._source.wide(run.place, "conditions")))

    def channels(self, run: Run) -> dict[str, dict[str, Any]]:
        """Return the telemetry channels that have samples: ``unit``, ``mean``, ``max``, ``last``.

        A counter has ``last`` alone.
        """
        found = json.loads(self._source.wide(run.place, "channels"))
        return cast("dict[str, dict[str, Any]]", found)

    @cached_property
    def asked(self) -> list[tuple[Run, list[Call]]]:
        """The runs that asked something counterfactually, and what, with the cells."""
        return [
            (self.runs[place], unpacked(self._source.wide(place, "calls")))
            for place in self._source.asked()
        ]

    def points(self, run: Run, metric: str) -> Sequence[float]:
        """Return the values of a metric in the order of their steps; may hold NaN and infinities.

        Empty where the run has no such series, or where the stored table cannot be used; that is
        listed as a problem.
        """
        if run.output is None or metric not in run.metrics:
            return ()
        try:
            return self._source.points(run.output).get(metric, ())
        except LabrecError as error:
            self.problem(run.path, f"its points: {error.name}: {error.message}")
            return ()
