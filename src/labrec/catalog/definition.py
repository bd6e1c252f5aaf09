"""What a metric means, as a plain value: what statistics ask a definition for. ○ No IO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

SourceKind = Literal["scalar", "expression", "entry_point", "composite"]
AggregationKind = Literal["last", "best", "min", "max", "mean", "tail_mean"]
Form = Literal["weighted_sum", "geometric_mean"]
Direction = Literal["maximize", "minimize"]

COMPUTED: Final = frozenset({"expression", "composite"})
"""Kinds of sources whose values are computed from other metrics of the run."""


class Aggregation(NamedTuple):
    """How the points of a run become its one value.

    Attributes:
        kind: Which value.
        percent: Of ``tail_mean``: the share of the points, from the end, above 0, at most 100.
    """

    kind: AggregationKind = "last"
    percent: float | None = None

    def __str__(self) -> str:
        return f"mean of the last {self.percent:g} %" if self.percent is not None else self.kind


class Part(NamedTuple):
    """A metric that a composite takes in.

    Attributes:
        metric: Its name.
        weight: Its weight, above 0.
        direction: Which way of it is better.
    """

    metric: str
    weight: float
    direction: Direction


class Origin(NamedTuple):
    """Where the values of a metric come from.

    Attributes:
        kind: Logged by runs, computed, or by a function that somebody else calls.
        expression: Of ``expression``: its text, which may be none that can be read.
        form: Of ``composite``: how its parts are taken together.
        parts: Of ``composite``: its parts.
        entry_point: Of ``entry_point``: ``package.module:function``. Nothing calls it.
        package: The package that holds it.
        version: The package's version.
        digest: Digest of the package or source, ``sha256:…``.
    """

    kind: SourceKind = "scalar"
    expression: str = ""
    form: Form = "weighted_sum"
    parts: tuple[Part, ...] = ()
    entry_point: str = ""
    package: str = ""
    version: str = ""
    digest: str = ""


class MetricDefinition(NamedTuple):
    """What a metric of a project means.

    Attributes:
        project: The project.
        name: The metric, as runs report it.
        digest: Of the definition's bytes, ``sha256:…``: cite it as the metric's version.
        unit: Its unit; None = as the runs say.
        direction: Which way is better; None = as the runs say.
        resolution: Smallest difference that means anything, in its unit, 0 or more; None = unknown.
        margin: Equivalence margin: the largest difference that does not matter, in its unit, above
            0; None = not said, and then nothing is ever equivalent.
        aggregation: How the points of a run become its value.
        origin: Where values come from.
        description: What it measures, in words.
        slug: Folder of the document.
        path: Path of the document.
        amends: Digests of the definitions that this one replaces: one as a rule.
        number: 1 for the first definition, 2 for the one that amends it, ….
        time: When it was made, by its author's clock.
    """

    project: str
    name: str
    digest: str
    unit: str | None = None
    direction: Direction | None = None
    resolution: float | None = None
    margin: float | None = None
    aggregation: Aggregation = Aggregation()
    origin: Origin = Origin()
    description: str | None = None
    slug: str = ""
    path: str = ""
    amends: tuple[str, ...] = ()
    number: int = 1
    time: str = ""

    @property
    def is_computed(self) -> bool:
        """Whether its values are computed from other metrics of the run."""
        return self.origin.kind in COMPUTED


def metric_definition(
    document: Mapping[str, Any], digest: str, path: str = "", number: int = 1
) -> MetricDefinition:
    """Return the definition that a document makes.

    Args:
        document: As `record.reader.read_metric` accepts it.
        digest: Of its bytes, ``sha256:…``.
        path: Where it lies.
        number: Its place among the versions of the metric, from 1.
    """
    said, how = document["source"], document["aggregation"]
    percent = how.get("percent")
    parts = tuple(
        Part(part["metric"], float(part["weight"]), part["direction"])
        for part in said.get("parts") or ()
    )
    texts = {
        key: said[key]
        for key in ("expression", "form", "entry_point", "package", "version", "digest")
        if said.get(key) is not None
    }
    return MetricDefinition(
        document["project"],
        document["name"],
        digest,
        document.get("unit"),
        document.get("direction"),
        _number(document.get("resolution")),
        _number(document.get("margin")),
        Aggregation(how["kind"], _number(percent)),
        Origin(said["kind"], parts=parts, **texts),
        document.get("description"),
        document["slug"],
        path,
        tuple(document.get("amends") or ()),
        number,
        document.get("time", ""),
    )


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)
