"""The metrics of all runs as the definitions in the lab leave them."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from labrec.analytics.meaning import Logged, Meaning, tail_mean
from labrec.analytics.problem import Problem
from labrec.analytics.runs import Runs
from labrec.analytics.seen import NOTHING_DEFINED, Defined
from labrec.analytics.shard import CACHE
from labrec.catalog.expression import Missing
from labrec.catalog.metrics import metrics
from labrec.errors import LabrecError
from labrec.record.values import as_float
from labrec.store import proven

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from labrec.analytics.kept_runs import Kept
    from labrec.analytics.run import Run
    from labrec.catalog.definition import MetricDefinition
    from labrec.catalog.metrics import DefinedMetric
    from labrec.lineage.fold import Fold
    from labrec.store.view import View

_TAILS = "labrec.tails/1"
_COLUMNS = (
    "place",
    "metric",
    "last",
    "mean",
    "min",
    "max",
    "count",
    "unit",
    "direction",
    "found_by",
)


def settle(
    view: View,
    kept: Sequence[Kept],
    runs: Runs,
    said: Fold,
    points: Callable[[str], Mapping[str, Sequence[float]]],
) -> tuple[Runs, Defined, list[Problem]]:
    """Return the runs with the metrics that definitions leave them; most labs define none.

    Args:
        view: Where definitions lie.
        kept: The days of the view.
        runs: All runs, as their records and notes have them.
        said: What the notes come to; the evaluations among them give values.
        points: Returns the values of a stored series by metric; raises `LabrecError`.

    Returns:
        The runs, what is defined, and documents that cannot be used.
    """
    problems: list[Problem] = []
    defined = dict(_defined(view, problems))
    if not defined:
        return runs, NOTHING_DEFINED, problems
    meanings = {project: Meaning.of(_counting(found)) for project, found in defined.items()}
    tails = _Tails(view, points, problems)
    settled = list(runs)
    missing: dict[int, Mapping[str, str]] = {}
    disagreed: dict[int, Mapping[str, tuple[bool, bool]]] = {}
    for place, logged in _logged(kept, meanings):
        run, meaning = runs[place], meanings[runs[place].project]
        told = _told(_scores(said, run), meaning.definitions)
        found = meaning.settle(logged, tails.of(run), told)
        settled[place] = run._replace(metrics=found.metrics)
        if found.missing:
            missing[place] = found.missing
        other = dict(_disagreeing(logged, meaning.definitions))
        if other:
            disagreed[place] = other
    tails.keep()
    return Runs(settled), Defined(defined, missing, disagreed), problems


def _defined(
    view: View, problems: list[Problem]
) -> Iterator[tuple[str, Mapping[str, DefinedMetric]]]:
    def problem(path: str, why: str) -> None:
        problems.append(Problem(path, why))

    for project in view.projects():
        found = metrics(view, project, problem)
        quarrels = (one for one in found.values() if one.quarrel is not None)
        problems.extend(Problem(one.current[0].path, str(one.quarrel)) for one in quarrels)
        if found:
            yield project, found


def _counting(found: Mapping[str, DefinedMetric]) -> dict[str, MetricDefinition]:
    return {name: one.definition for name, one in found.items() if one.definition is not None}


def _logged(
    kept: Sequence[Kept], wanted: Mapping[str, Meaning]
) -> Iterator[tuple[int, dict[str, Logged]]]:
    """Yield the place of each run of some projects, and what it logged."""
    before = 0
    for one in kept:
        if one.project in wanted:
            found: list[dict[str, Logged]] = [{} for _ in range(one.runs.num_rows)]
            columns = [one.metrics[name].to_pylist() for name in _COLUMNS]
            for place, metric, *values in zip(*columns, strict=True):
                found[place][metric] = Logged(*values)
            for place, logged in enumerate(found):
                yield before + place, logged
        before += one.runs.num_rows


def _scores(said: Fold, run: Run) -> Iterator[Mapping[str, Any]]:
    """Yield the scores of each evaluation of a run that no note took back."""
    folded = said.subjects.get((run.project, "run", run.digest))
    for note in folded.notes if folded is not None else ():
        if note.kind == "evaluate":
            yield note.body["values"]


def _told(
    scores: Iterable[Mapping[str, Any]], definitions: Mapping[str, MetricDefinition]
) -> dict[str, float | Missing]:
    """Return what evaluations that name the counting definition say; they must agree."""
    found: dict[str, set[float]] = {}
    for values in scores:
        for name, score in values.items():
            definition = definitions.get(name)
            if definition is not None and score.get("definition") == definition.digest:
                found.setdefault(name, set()).add(_score(score["value"]))
    return {
        name: next(iter(values)) if len(values) == 1 else Missing("its evaluations disagree")
        for name, values in found.items()
    }


def _score(value: Any) -> float:
    """Return a score as a number; NaN for what a note that breaks its schema may say."""
    try:
        found = as_float(value)
    except (TypeError, ValueError):
        found = None
    return math.nan if found is None else found


def _disagreeing(
    logged: Mapping[str, Logged], definitions: Mapping[str, MetricDefinition]
) -> Iterator[tuple[str, tuple[bool, bool]]]:
    """Yield the metrics that a run logged with another unit or direction than is defined."""
    for name, found in logged.items():
        definition = definitions.get(name)
        if definition is not None:
            unit = None not in {definition.unit, found.unit} and definition.unit != found.unit
            way = (
                None not in {definition.direction, found.direction}
                and definition.direction != found.direction
            )
            if unit or way:
                yield name, (unit, way)


class _Tails:
    """Means of the last points, each computed once and kept by the digest of its series."""

    def __init__(
        self,
        view: View,
        points: Callable[[str], Mapping[str, Sequence[float]]],
        problems: list[Problem],
    ) -> None:
        cache = view.cache
        self._path = proven.place(cache / CACHE, _TAILS) if cache is not None else None
        body = proven.read(self._path) if self._path is not None else None
        self._known: dict[str, float] = json.loads(body.tobytes()) if body else {}
        self._used: dict[str, float] = {}
        self._points = points
        self._problems = problems

    def of(self, run: Run) -> Callable[[str, float], float | Missing]:
        """Return what gives the mean of the last points of a run's metrics."""
        nothing = Missing("the lab holds no points of it")

        def tail(metric: str, percent: float) -> float | Missing:
            if run.output is None:
                return nothing
            key = f"{run.output} {percent!r} {metric}"
            if key not in self._used:
                found = self._known.get(key)
                if found is None:
                    found = self._compute(run, metric, percent)
                if found is None:
                    return nothing  # they may come later
                self._used[key] = found
            return self._used[key]

        return tail

    def keep(self) -> None:
        """Keep what was computed for the next time."""
        if self._path is not None and self._used.keys() != self._known.keys():
            proven.write(self._path, [json.dumps(self._used, ensure_ascii=False).encode()])

    def _compute(self, run: Run, metric: str, percent: float) -> float | None:
        try:
            values = self._points(str(run.output)).get(metric, ())
        except LabrecError as error:
            self._problems.append(Problem(run.path, f"its points: {error.name}: {error.message}"))
            return None
        found = tail_mean(values, percent)
        return None if isinstance(found, Missing) else found
