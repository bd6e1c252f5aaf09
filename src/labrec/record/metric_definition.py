"""Metric definition: what a metric of a project means, as an immutable document with versions."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from labrec.record.base import (
    Author,
    DigestText,
    Frozen,
    Line,
    Many,
    Project,
    Slug,
    Time,
    given,
    missing,
    rules,
    text,
    when,
)
from labrec.record.metric import Direction

ENTRY_POINT: Final = (
    r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*:"
    r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$"
)
LONGEST: Final = 1000
"""Characters of a metric's name, of an expression and of an entry point."""

MOST_PARTS: Final = 64
"""Metrics that one composite takes together."""

MetricName = Annotated[str, Field(min_length=1, max_length=LONGEST)]
"""The name of a metric: any text, as runs may report it."""

_NOT_COMPUTED = ("scalar", "entry_point")
_OF = {
    "scalar": (),
    "expression": ("expression",),
    "entry_point": ("entry_point", "package", "version", "digest"),
    "composite": ("form", "parts"),
}
"""The fields that each kind of source has."""


class Aggregation(Frozen):
    """How the points of a series become the one value of a run."""

    model_config = rules(when("kind", ("tail_mean",), given("percent"), missing("percent")))

    kind: Literal["last", "best", "min", "max", "mean", "tail_mean"] = Field(
        description="Which value: tail_mean is the mean of the last points."
    )
    percent: Annotated[float, Field(gt=0, le=100)] | None = Field(
        default=None, description="Share of the points that tail_mean takes, above 0, in %."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.percent is not None) != (self.kind == "tail_mean"):
            raise ValueError("an aggregation has a percent exactly when its kind is tail_mean")
        return self


class Part(Frozen):
    """A metric that a composite takes in."""

    metric: MetricName = Field(description="The metric.")
    weight: Annotated[float, Field(gt=0, allow_inf_nan=False)] = Field(
        description="Its weight, above 0."
    )
    direction: Direction = Field(description="Which way of it is better.")


def _only(kind: str) -> dict[str, Any]:
    others = {name for names in _OF.values() for name in names} - set(_OF[kind])
    return when("kind", (kind,), {"allOf": [given(*_OF[kind]), missing(*sorted(others))]})


class MetricSource(Frozen):
    """Where the values of a metric come from."""

    model_config = rules(*map(_only, _OF))

    kind: Literal["scalar", "expression", "entry_point", "composite"] = Field(
        description="Logged by runs, computed from other metrics, or by a function of a package."
    )
    expression: Annotated[str, Field(min_length=1, max_length=LONGEST)] | None = Field(
        default=None, description="Of kind expression: what is computed of the run's metrics."
    )
    entry_point: Annotated[str, text(ENTRY_POINT, max_length=LONGEST)] | None = Field(
        default=None, description="Of kind entry_point: package.module:function; never called."
    )
    package: Line | None = Field(default=None, description="The package that holds it.")
    version: Line | None = Field(default=None, description="The package's version.")
    digest: DigestText | None = Field(default=None, description="Digest of the package or source.")
    form: Literal["weighted_sum", "geometric_mean"] | None = Field(
        default=None, description="Of kind composite: how its parts are taken together."
    )
    parts: Annotated[tuple[Part, ...], Many, Field(min_length=1, max_length=MOST_PARTS)] | None = (
        Field(default=None, description="Of kind composite: its parts.")
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        has = {name for names in _OF.values() for name in names if getattr(self, name) is not None}
        if has != set(_OF[self.kind]):
            wanted = ", ".join(_OF[self.kind]) or "nothing more"
            raise ValueError(f"a source of kind {self.kind} has {wanted}")
        names = [part.metric for part in self.parts or ()]
        if len(set(names)) != len(names):
            raise ValueError("two parts of one metric")
        return self


class MetricDefinition(Frozen):
    """Metric definition v1: what a metric of a project means; a newer one amends an older one."""

    model_config = rules(
        {"properties": {"amends": {"uniqueItems": True}}},
        {
            "if": {
                "properties": {
                    "source": {"properties": {"kind": {"enum": ["expression", "composite"]}}}
                }
            },
            "then": {"properties": {"aggregation": {"properties": {"kind": {"const": "last"}}}}},
        },
        {
            "if": {
                "anyOf": [
                    {"properties": {"aggregation": {"properties": {"kind": {"const": "best"}}}}},
                    {"properties": {"source": {"properties": {"kind": {"const": "composite"}}}}},
                ]
            },
            "then": given("direction"),
        },
    )

    schema_: Annotated[str, text(r"^labrec\.metric/1\.(0|[1-9][0-9]{0,8})$")] = Field(
        alias="schema", description="Kind and version of the document."
    )
    project: Project = Field(description="The project it belongs to.")
    slug: Slug = Field(description="Where it lies; the name decides which metric is meant.")
    name: MetricName = Field(description="The metric, as runs report it.")
    time: Time = Field(description="When, UTC; informational.")
    author: Author | None = Field(default=None, description="Who defined it.")
    description: str | None = Field(default=None, description="What it measures, in words.")
    unit: Line | None = Field(default=None, description="Its unit; null = as the runs say.")
    direction: Direction | None = Field(
        default=None, description="Which way is better; null = as the runs say."
    )
    resolution: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = Field(
        default=None, description="Smallest difference that means anything, in its unit, >= 0."
    )
    margin: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = Field(
        default=None, description="Largest difference that does not matter, in its unit, > 0."
    )
    aggregation: Aggregation = Field(description="How points become the value of a run.")
    source: MetricSource = Field(description="Where its values come from.")
    amends: Annotated[tuple[DigestText, ...], Many] = Field(
        default=(), description="The definitions it replaces: several where clones made several."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        kind, how = self.source.kind, self.aggregation.kind
        if len(set(self.amends)) != len(self.amends):
            raise ValueError("a definition in amends is named twice")
        if kind not in _NOT_COMPUTED and how != "last":
            raise ValueError("what is computed of other metrics is aggregated by last")
        if self.direction is None and (how == "best" or kind == "composite"):
            raise ValueError("the best value and a composite need a direction")
        if any(part.metric == self.name for part in self.source.parts or ()):
            raise ValueError("a composite is no part of itself")
        return self
