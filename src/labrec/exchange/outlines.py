"""From a row to an outline: what its record will say, but for ids and digests. ○ No IO."""

from __future__ import annotations

import json
import math
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from labrec._version import __version__
from labrec.capture.assembly import bounds
from labrec.capture.captured import event
from labrec.errors import InvalidError, UsageError
from labrec.exchange import cells
from labrec.exchange.cells import CellError
from labrec.exchange.machines import NAMING, fact
from labrec.exchange.mistakes import Mistake, near, shown
from labrec.exchange.sources import Source
from labrec.lineage.features import set_path
from labrec.record import values
from labrec.record.digest import Digest
from labrec.record.layout import check_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from labrec.exchange.machines import Fact
    from labrec.exchange.table import Row, Values
    from labrec.exchange.table_map import DatasetSource, MetricSource, TableMap, TypedSource

Record = dict[str, Any]
Event = dict[str, Any]

STATUSES = ("complete", "failed", "interrupted", "planned")
MAX_POINTS = 1_000_000
"""Most points of one series that a row may hold."""

_STEP_LIMIT = 2**63
_LARGE = 8 << 10  # characters of features that surely have room in a record
_UNDATED = {"started": None, "ended": None, "duration_s": None}


class Points(NamedTuple):
    """The points of one metric of a run.

    Attributes:
        name: The metric.
        steps: Their steps.
        times: Their seconds since the start.
        values: Their values.
    """

    name: str
    steps: list[int]
    times: list[float]
    values: list[float]


class Outline(NamedTuple):
    """What a row says.

    Attributes:
        line: Line of the row.
        key: What names it where it comes from.
        record: The record without ids, digests, parents and capture section.
        started_ms: Start in milliseconds since 1970; None = undated.
        parents: What it calls its parents: the text, and whether a prefix will do.
        facts: What it says of the machine.
        conditions: What it says of the machine's state.
        series: Metrics of which it has several points.
        events: Lines for the capture section.
    """

    line: int
    key: str
    record: Record
    started_ms: int | None
    parents: tuple[tuple[str, bool], ...]
    facts: dict[str, Fact]
    conditions: dict[str, Fact]
    series: tuple[Points, ...]
    events: list[Event]

    @property
    def identity(self) -> Record:
        """The identity section."""
        return dict(self.record["identity"])


class Outliner:
    """Makes outlines of the rows of one table.

    Args:
        table_map: The map; it fits the table.
    """

    def __init__(self, table_map: TableMap) -> None:
        self.map = table_map
        self._projects: dict[str, str] = {}

    def outline(self, row: Row, mistakes: list[Mistake]) -> Outline | None:
        """Return the outline of a row; None where the row does not give what the map says.

        Args:
            row: The row.
            mistakes: Takes all that is wrong with it.
        """
        making = _Making(self.map, row, self._projects)
        outline = making.run()
        mistakes += making.mistakes
        return None if making.mistakes else outline


class _Making:
    """The making of one outline; every method notes what is wrong and goes on."""

    def __init__(self, table_map: TableMap, row: Row, projects: dict[str, str]) -> None:
        self.map = table_map
        self.line = row.line
        self.values: Values = (*row.values, row.line)
        self.projects = projects
        self.mistakes: list[Mistake] = []
        self.events: list[Event] = []
        self.series: list[Points] = []

    def run(self) -> Outline:
        table_map = self.map
        key = self._demanded(table_map.key, cells.line) or ""
        identity, started_ms = self._identity(key)
        features = self._features()
        metrics = self._metrics()
        if identity["status"] == "planned" and (metrics["values"] or started_ms is not None):
            self._wrong("status", "a planned run has no metrics and no times")
        record: Record = {
            "schema": "labrec.run/1.0",
            "identity": identity,
            "lineage": {
                "minor": 0,
                "parents": [],
                "intent": self._long(table_map.intent, "intent"),
                "outcome": self._long(table_map.outcome, "outcome"),
            },
            "features": features,
            "determinism": {"minor": 0, "seeds": self._seeds(), "flags": {}},
            "metrics": metrics,
            "datasets": {"minor": 0, "items": [self._dataset(one) for one in table_map.datasets]},
        }
        facts = self._facts(table_map.hardware)
        conditions = self._facts(table_map.conditions)
        if table_map.hardware and not any(name in facts for name in NAMING):
            why = "the row does not say which machine it was"
            self.events.append(event("unavailable", "hardware", why))
            facts, conditions = {}, {}
        parents = tuple(self._parents())
        return Outline(self.line, key, record, started_ms, parents, facts, conditions,
                     tuple(self.series), self.events)  # fmt: skip

    # -- reading cells ---------------------------------------------------------------------

    def _wrong(self, place: str, what: str) -> None:
        self.mistakes.append(Mistake(place, what, self.line))

    def _get(self, source: Source | None, read: Callable[[Any], Any] | None = None) -> Any:
        """Return what a source gives, read; None where it gives nothing or a wrong value."""
        if source is None:
            return None
        try:
            found = source.get(self.values)
            return found if found is None or read is None else read(found)
        except CellError as error:
            self._wrong(source.place, str(error))
            return None

    def _demanded(self, source: Source, read: Callable[[Any], Any]) -> Any:
        before = len(self.mistakes)
        found = self._get(source, read)
        if found is None and len(self.mistakes) == before:
            self._wrong(source.place, "the row has none")
        return found

    def _long(self, source: Source | None, what: str) -> str | None:
        return bounds.short(self._get(source, cells.text), what, self.events)

    def _many(self, source: Source) -> list[Any]:
        found = self._get(source)
        return [] if found is None else found if isinstance(found, list) else [found]

    # -- sections --------------------------------------------------------------------------

    def _identity(self, key: str) -> tuple[Record, int | None]:
        times, started_ms = self._times()
        author = self._get(self.map.author, cells.text)
        name = self._get(self.map.name, cells.text)
        return {
            "minor": 1,
            "project": self._demanded(self.map.project, self._project),
            "name": key if name is None else name,
            "status": self._status(),
            "reason": self._long(self.map.reason, "reason"),
            "tags": self._tags(),
            "author": None if author is None else {"name": author, "source": "option"},
            "times": times,
            "tool": {"name": "labrec", "version": __version__},
            "origin": {"source": self.map.source, "key": key, **self._order()},
        }, started_ms

    def _order(self) -> Record:
        order = self._get(self.map.order, cells.integer)
        if order is not None and not 0 <= order < 2**53:
            self._wrong("order", f"{order} is no place in an order")
        return {} if order is None else {"order": order}

    def _project(self, cell: Any) -> str:
        name = cells.text(cell)
        if name not in self.projects:
            try:
                self.projects[name] = check_project(name)
            except InvalidError as error:
                raise CellError(f"{error.message} ({error.hint})") from None
        return name

    def _status(self) -> str:
        if self.map.status is None:
            return "complete"
        return self._demanded(self.map.status, _status) or "complete"

    def _tags(self) -> list[str]:
        found = {self._text(source, one) for source in self.map.tags for one in self._many(source)}
        tags = sorted(tag for tag in found if tag)
        if sum(map(len, tags)) < bounds.FOR_TAGS // 4:
            return tags
        return bounds.first(tags, "tags", bounds.FOR_TAGS, self.events)

    def _text(self, source: Source, cell: Any) -> str:
        try:
            return cells.text(cell)
        except CellError as error:
            self._wrong(source.place, str(error))
            return ""

    def _times(self) -> tuple[Record, int | None]:
        found: dict[str, Any] = dict(_UNDATED)
        started_ms = None
        for name, told in (("started", self.map.started), ("ended", self.map.ended)):
            if told is not None:
                read = partial(cells.moment, form=told.form, zone=told.zone)
                moment = self._get(told.source, read)
                if moment is not None:
                    found[name] = moment.text
                    started_ms = moment.ms if name == "started" else started_ms
        if self.map.duration is not None:
            source, unit = self.map.duration
            found["duration_s"] = self._get(source, partial(cells.duration, unit=unit))
        return found, started_ms

    def _parents(self) -> Iterable[tuple[str, bool]]:
        for told in self.map.parents:
            for cell in self._many(told.source):
                try:
                    yield cells.line(cell), told.prefix
                except CellError as error:
                    self._wrong(told.source.place, str(error))

    def _features(self) -> Record:
        tree: Any = {}
        if isinstance(self.map.features, Source):
            tree = self._get(self.map.features) or {}
            if not isinstance(tree, dict):
                self._wrong("features", f"{shown(tree)} is no object")
                tree = {}
        else:
            for path, told in self.map.features.items():
                value = self._get(told.source, partial(_feature, kind=told.type))
                if value is not None:
                    self._set(tree, path, value)
        return {"minor": 0, **self._stored(tree), "nuisance": list(self.map.nuisance)}

    def _set(self, tree: dict[str, Any], path: str, value: Any) -> None:
        try:
            set_path(tree, path, value)
        except UsageError as error:
            self._wrong(f"features.{path}", error.message)

    def _stored(self, tree: dict[str, Any]) -> Record:
        unmappable: values.Unmappable = []
        tagged = values.to_json(tree, unmappable)
        for path, kind in unmappable:
            place = ".".join(map(str, path))
            self.events.append(event("unmappable", f"features.{place}", f"a value of type {kind}"))
        if len(json.dumps(tagged)) > _LARGE:
            tagged = bounds.tree(tagged, "features", bounds.FOR_FEATURES, self.events)
        return {"tree": tagged, "digest": ""}

    def _seeds(self) -> dict[str, str]:
        found = {name: self._get(one, cells.integer) for name, one in self.map.seeds.items()}
        return {name: str(seed) for name, seed in sorted(found.items()) if seed is not None}

    def _facts(self, told: dict[str, TypedSource]) -> dict[str, Fact]:
        found = {}
        for name, one in told.items():
            value = self._get(one.source, partial(fact, one, name))
            if value is not None:
                found[name] = value
        return found

    def _dataset(self, told: DatasetSource) -> Record:
        return {
            "name": self._demanded(told.name, cells.line),
            "role": self._get(told.role, cells.line) or "data",
            "version": self._get(told.version, cells.line),
            "digest": self._get(told.digest, _digest),
        }

    # -- metrics ---------------------------------------------------------------------------

    def _metrics(self) -> Record:
        found: dict[str, Any] = {}
        for name, told in self.map.metrics.items():
            given = self._get(told.source)
            if given is None:
                continue
            unit = self._get(told.unit, cells.text)
            facts = {"unit": unit, "direction": told.direction}
            if isinstance(given, list):
                points = self._points(name, told, given)
                if points is not None:
                    self.series.append(points)
                    found[name] = facts
                continue
            value = self._result(name, told, given)
            if value is not None:
                number = bounds.num(value)
                best = None if told.direction is None else number
                found[name] = {"last": number, "best": best, "mean": number, "min": number,
                               "max": number, "count": 1, **facts}  # fmt: skip
        return {"minor": 0, "series": None, "values": found}

    def _result(self, name: str, told: MetricSource, cell: Any) -> float | None:
        """Return a result; None, and a line in the record, where it stands for a failure."""
        for declared in told.failure:
            if cells.same(cell, declared):
                why = f"{shown(cell)} is declared a failure value"
                self.events.append(event("skipped", f"metric {name}", why))
                return None
        try:
            return cells.number(cell)
        except CellError as error:
            self._wrong(told.source.place, str(error))
            return None

    def _points(self, name: str, told: MetricSource, given: list[Any]) -> Points | None:
        place = told.source.place
        if len(given) > MAX_POINTS:
            self._wrong(place, f"{len(given)} points; at most {MAX_POINTS}")
            return None
        steps = self._beside(told.steps, given, cells.integer) or list(range(1, len(given) + 1))
        times = self._beside(told.times, given, cells.number)
        if times is None:
            why = "the table has no times; 0 stands in the series"
            self.events.append(event("unavailable", f"times of {name}", why))
            times = [0.0] * len(given)
        if not all(math.isfinite(at) for at in times) or not all(
            -_STEP_LIMIT <= step < _STEP_LIMIT for step in steps
        ):
            self._wrong(place, "a step or time that no series holds")
            return None
        rows = [
            (step, at, value)
            for step, at, cell in zip(steps, times, given, strict=True)
            if cell is not None and (value := self._result(name, told, cell)) is not None
        ]
        if not rows:
            return None
        found = zip(*rows, strict=True)
        return Points(name, *(list(part) for part in found))

    def _beside(
        self, source: Source | None, given: list[Any], read: Callable[[Any], Any]
    ) -> list[Any] | None:
        """Return a list that stands beside the values of a series, None where there is none."""
        if source is None:
            return None
        found = self._many(source)
        if not found:
            return None
        if len(found) != len(given):
            self._wrong(source.place, f"{len(found)} values beside {len(given)} points")
            return [0] * len(given)
        try:
            return [read(one) for one in found]
        except CellError as error:
            self._wrong(source.place, str(error))
            return [0] * len(given)


def _status(cell: Any) -> str:
    word = cells.text(cell)
    if word not in STATUSES:
        raise CellError(f"{shown(word)} is no status{near(word, STATUSES)}; the map can say: map")
    return word


def _digest(cell: Any) -> str:
    try:
        return str(Digest.parse(cells.text(cell)))
    except InvalidError:
        raise CellError(f"{shown(cell)} is no digest: sha256: and 64 hex digits") from None


def _feature(cell: Any, kind: str) -> Any:
    if isinstance(cell, (dict, list)):
        if kind != "auto":
            raise CellError(f"a {type(cell).__name__} is no {kind}")
        return cell
    return cells.plain(cell, kind)
