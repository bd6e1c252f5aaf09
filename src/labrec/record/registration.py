"""Registration: a claim fixed, with its rule, before the runs that decide it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from labrec.record.base import (
    Author,
    DigestText,
    Frozen,
    Line,
    Many,
    Positive,
    Project,
    Slug,
    Time,
    Tree,
    given,
    missing,
    rules,
    text,
    when,
)
from labrec.record.metric import Direction


class PrimaryMetric(Frozen):
    """A metric that decides."""

    name: Line = Field(description="The metric.")
    direction: Direction = Field(description="Which way is better.")
    delta: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        description="Smallest effect of interest, in the metric's unit, >= 0."
    )


class Baseline(Frozen):
    """What the claim is compared with."""

    model_config = rules(when("kind", ("named",), given("name"), missing("name")))

    kind: Literal["parent", "root", "best", "named"] = Field(description="How it is found.")
    name: Line | None = Field(default=None, description="The experiment's name, for kind named.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.name is not None) != (self.kind == "named"):
            raise ValueError("a baseline has a name exactly when its kind is named")
        return self


class Registration(Frozen):
    """Registration v1: claim, metrics, baseline, sample size, test and decision rule."""

    schema_: Annotated[str, text(r"^labrec\.registration/1\.(0|[1-9][0-9]{0,8})$")] = Field(
        alias="schema", description="Kind and version of the document."
    )
    project: Project = Field(description="The project it belongs to.")
    slug: Slug = Field(description="The hypothesis.")
    time: Time = Field(description="When, UTC; informational.")
    author: Author = Field(description="Who registered it.")
    claim: Annotated[str, Field(min_length=1)] = Field(description="The claim; can fail.")
    primary_metrics: Annotated[tuple[PrimaryMetric, ...], Many, Field(min_length=1)] = Field(
        description="The metrics that decide."
    )
    baseline: Baseline = Field(description="What it is compared with.")
    planned_n: Positive = Field(description="Runs per arm.")
    looks: Annotated[tuple[Positive, ...], Many] = Field(
        description="Runs per arm at each planned look, ascending; the last is planned_n."
    )
    alpha: Annotated[float, Field(gt=0, lt=1)] = Field(description="Error rate of the family.")
    test: Line = Field(description="The test, by the name the analysis gives it.")
    decision: Literal["all", "any"] = Field(
        description="Whether all primary metrics must decide, or any."
    )
    family: Line | None = Field(default=None, description="Hypotheses that share alpha.")
    selector: Tree = Field(description="Which runs count, as a free-form object.")
    falsification: str | None = Field(default=None, description="What would refute the claim.")
    amends: DigestText | None = Field(
        default=None, description="The registration this one replaces."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if list(self.looks) != sorted(set(self.looks)):
            raise ValueError("looks ascend")
        if self.looks and self.looks[-1] != self.planned_n:
            raise ValueError("the last look is at planned_n")
        names = [metric.name for metric in self.primary_metrics]
        if len(set(names)) != len(names):
            raise ValueError("two primary metrics of one name")
        return self
