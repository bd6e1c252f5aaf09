"""The map: which column of a table becomes what of a record. Declared, checked all at once.

Every key is known here, with what it takes; a map with five mistakes is told five, each with its
place and with what is near it. ``docs/import.md`` is the manual.
○ No IO.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.exchange import cells
from labrec.exchange.map_reader import MapReader
from labrec.exchange.sources import Source, row_number, template
from labrec.record.text import CONTROLS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timezone

    from labrec.exchange.mistakes import Mistake
    from labrec.exchange.table import Table

KEYS: Final = (
    "source", "key", "order", "project", "name", "status", "reason", "author", "tags", "intent",
    "outcome", "started", "ended", "duration", "parents", "features", "nuisance", "seeds",
    "metrics", "hardware", "conditions", "datasets", "join", "format",
)  # fmt: skip
"""What a map may have at its top."""

ROWS: Final = "rows"
"""What ``order`` says where the rows stand in the order of the runs."""

_DIRECTIONS = ("maximize", "minimize")
_MATCHES = ("exact", "prefix")
_MAX_NAME = 200


class TimeSource(NamedTuple):
    """A moment: where it is taken from, and how it is written."""

    source: Source
    form: str
    zone: timezone | None


class TypedSource(NamedTuple):
    """A feature or a fact: where it is taken from, of which type, in which unit."""

    source: Source
    type: str
    unit: str | None


class MetricSource(NamedTuple):
    """A metric.

    Attributes:
        source: One number, or a list of them, which makes a series.
        steps: Their steps, a list as long; None = 1, 2, 3 and so on.
        times: Their seconds since the start, likewise; None = the source does not say.
        unit: Their unit.
        direction: ``maximize``, ``minimize`` or None.
        failure: Values that stand for a failure and are no results.
    """

    source: Source
    steps: Source | None
    times: Source | None
    unit: Source | None
    direction: str | None
    failure: tuple[Any, ...]


class DatasetSource(NamedTuple):
    """One line of the datasets section."""

    name: Source
    role: Source
    version: Source | None
    digest: Source | None


class ParentSource(NamedTuple):
    """The parents: keys of other rows, whole or as prefixes."""

    source: Source
    prefix: bool


class TableMap(NamedTuple):
    """A map that fits a table; its fields are the keys of the file (``docs/import.md``)."""

    source: str
    key: Source
    order: Source | None
    project: Source
    name: Source | None
    status: Source | None
    reason: Source | None
    author: Source | None
    tags: tuple[Source, ...]
    intent: Source | None
    outcome: Source | None
    started: TimeSource | None
    ended: TimeSource | None
    duration: tuple[Source, str] | None
    parents: tuple[ParentSource, ...]
    features: dict[str, TypedSource] | Source
    nuisance: tuple[str, ...]
    seeds: dict[str, Source]
    metrics: dict[str, MetricSource]
    hardware: dict[str, TypedSource]
    conditions: dict[str, TypedSource]
    datasets: tuple[DatasetSource, ...]


def read_map(given: dict[str, Any], table: Table, mistakes: list[Mistake]) -> TableMap | None:
    """Check a map against a table; None where it does not fit.

    Args:
        given: The mapping that the file holds; ``join`` and ``format`` were read before.
        table: The table, with the columns that it was joined with.
        mistakes: Takes what is wrong; it may hold some already.
    """
    reader = MapReader(table, mistakes)
    reader.known(given, "", KEYS)
    found = _Sections(reader, given)
    made = TableMap(
        source=found.origin(),
        key=found.key(),
        order=found.order(),
        project=found.project(),
        name=reader.source(given.get("name"), "name"),
        status=reader.source(given.get("status"), "status"),
        reason=reader.source(given.get("reason"), "reason"),
        author=reader.source(given.get("author"), "author"),
        tags=tuple(found.several("tags")),
        intent=reader.source(given.get("intent"), "intent"),
        outcome=reader.source(given.get("outcome"), "outcome"),
        started=found.time("started"),
        ended=found.time("ended"),
        duration=found.duration(),
        parents=tuple(found.parents()),
        features=found.features(),
        nuisance=tuple(reader.texts(given.get("nuisance"), "nuisance")),
        seeds=found.seeds(),
        metrics=found.metrics(),
        hardware=found.facts("hardware"),
        conditions=found.facts("conditions"),
        datasets=tuple(found.datasets()),
    )
    if made.conditions and not made.hardware:
        reader.wrong("conditions", "of which machine? Say what names it under hardware")
    return None if mistakes else made


class _Sections:
    """Reads the parts of a map that have options of their own."""

    def __init__(self, reader: MapReader, given: dict[str, Any]) -> None:
        self.reader = reader
        self.given = given

    def origin(self) -> str:
        text = self.reader.text(self.given.get("source"), "source")
        if text is None:
            if "source" not in self.given:
                self.reader.wrong("source", "is missing: a text that names where the rows are from")
        elif not 0 < len(text) <= _MAX_NAME or CONTROLS.search(text):
            self.reader.wrong("source", f"is not one line of 1 to {_MAX_NAME} characters")
        return text or ""

    def key(self) -> Source:
        given = self.given.get("key")
        if isinstance(given, list) and given:
            at = [self.reader.column(one, "key") for one in given]
            parts: list[str | int] = [0 if one is None else one for one in at]
            for place in range(len(parts) - 1, 0, -1):
                parts.insert(place, " / ")
            return Source("key", template(parts))
        return self._demanded(given, "key", "the column that names a row, or a list of columns")

    def order(self) -> Source | None:
        given = self.given.get("order")
        if given == ROWS and ROWS not in self.reader.table.columns:
            return Source("order", row_number)
        return self.reader.source(given, "order")

    def project(self) -> Source:
        return self._demanded(self.given.get("project"), "project", "such as {value: my-project}")

    def _demanded(self, given: Any, place: str, example: str) -> Source:
        if given is None:
            self.reader.wrong(place, f"is missing: {example}")
        return self.reader.source(given, place) or Source(place, lambda _: None)

    def several(self, place: str) -> list[Source]:
        given = self.given.get(place)
        if given is None:
            return []
        many = given if isinstance(given, list) else [given]
        found = [
            self.reader.source(one, f"{place}[{at}]" if len(many) > 1 else place, ("split",))
            for at, one in enumerate(many)
        ]
        return [one for one in found if one is not None]

    def time(self, place: str) -> TimeSource | None:
        given = self.given.get(place)
        source = self.reader.source(given, place, ("form", "zone"))
        options = given if isinstance(given, dict) else {}
        form = self.reader.choice(options, "form", place, cells.TIME_FORMS) or "iso"
        name = self.reader.text(options.get("zone"), f"{place}.zone")
        zone = cells.offset(name) if name is not None else None
        if name is not None and zone is None:
            self.reader.wrong(f"{place}.zone", "is neither UTC nor an offset such as +01:00")
        return TimeSource(source, form, zone) if source is not None else None

    def duration(self) -> tuple[Source, str] | None:
        given = self.given.get("duration")
        source = self.reader.source(given, "duration", ("unit",))
        options = given if isinstance(given, dict) else {}
        unit = self.reader.choice(options, "unit", "duration", cells.SECONDS) or "s"
        return (source, unit) if source is not None else None

    def parents(self) -> list[ParentSource]:
        given = self.given.get("parents")
        many = given if isinstance(given, list) else [given]
        found = []
        for at, one in enumerate(many):
            place = f"parents[{at}]" if len(many) > 1 else "parents"
            source = self.reader.source(one, place, ("split", "match"))
            options = one if isinstance(one, dict) else {}
            match = self.reader.choice(options, "match", place, _MATCHES)
            if source is not None:
                found.append(ParentSource(source, match == "prefix"))
        return found

    def features(self) -> dict[str, TypedSource] | Source:
        given = self.given.get("features")
        if isinstance(given, str):
            return self.reader.source(given, "features") or {}
        found = self._typed("features", ("type",))
        for name in found:
            if not all(name.split(".")):
                self.reader.wrong(f"features.{name}", "has an empty part between its dots")
            way = name.split(".")
            for size in range(1, len(way)):
                if ".".join(way[:size]) in found:
                    above = ".".join(way[:size])
                    self.reader.wrong(f"features.{name}", f"lies below {above}, which is a value")
        return found

    def facts(self, place: str) -> dict[str, TypedSource]:
        found = self._typed(place, ("type", "unit", "split"))
        memory = found.get("memory") if place == "hardware" else None
        if memory is not None and (memory.unit or "B") not in cells.BYTES:
            known = " ".join(cells.BYTES)
            self.reader.wrong("hardware.memory.unit", f"is none of {known}")
        return found

    def _typed(self, place: str, options: Sequence[str]) -> dict[str, TypedSource]:
        found = {}
        for name, one in self.reader.named(self.given.get(place), place).items():
            where = f"{place}.{name}"
            source = self.reader.source(one, where, options)
            given = one if isinstance(one, dict) else {}
            kind = self.reader.choice(given, "type", where, cells.TYPES) or "auto"
            unit = self.reader.text(given.get("unit"), f"{where}.unit")
            if source is not None:
                found[name] = TypedSource(source, kind, unit)
        return found

    def seeds(self) -> dict[str, Source]:
        found = {}
        for name, one in self.reader.named(self.given.get("seeds"), "seeds").items():
            source = self.reader.source(one, f"seeds.{name}")
            if source is not None:
                found[name] = source
        return found

    def metrics(self) -> dict[str, MetricSource]:
        found = {}
        own = ("split", "columns", "steps", "times", "unit", "direction", "failure")
        for name, one in self.reader.named(self.given.get("metrics"), "metrics").items():
            where = f"metrics.{name}"
            if not 0 < len(name) <= _MAX_NAME or CONTROLS.search(name):
                self.reader.wrong(where, f"is not one line of 1 to {_MAX_NAME} characters")
            source = self.reader.source(one, where, own)
            given = one if isinstance(one, dict) else {}
            direction = self.reader.choice(given, "direction", where, _DIRECTIONS)
            if source is not None:
                found[name] = MetricSource(
                    source,
                    self.reader.source(given.get("steps"), f"{where}.steps", ("split",)),
                    self.reader.source(given.get("times"), f"{where}.times", ("split",)),
                    self.reader.word_source(given.get("unit"), f"{where}.unit"),
                    direction,
                    self.reader.values(given.get("failure"), f"{where}.failure"),
                )
        return found

    def datasets(self) -> list[DatasetSource]:
        given = self.given.get("datasets")
        many = given if isinstance(given, list) else [] if given is None else [given]
        found = []
        for at, one in enumerate(many):
            place = f"datasets[{at}]"
            options = self.reader.mapping(one, place)
            self.reader.known(options, place, ("name", "role", "version", "digest"))
            if "name" not in options:
                self.reader.wrong(place, "has no name")
            sources = {
                key: self.reader.source(options.get(key), f"{place}.{key}")
                for key in ("name", "role", "version", "digest")
            }
            name = sources["name"]
            if name is not None:
                role = sources["role"] or Source(f"{place}.role", lambda _: "data")
                found.append(DatasetSource(name, role, sources["version"], sources["digest"]))
        return found
