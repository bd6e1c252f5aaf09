"""The metrics section: the numbers a run reported."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from labrec.record.base import DigestText, Frozen, Num, ObjectRef, Positive, Section

Direction = Literal["maximize", "minimize"]


class Metric(Frozen):
    """Summary of one metric's series."""

    last: Num = Field(description="The value at the greatest step.")
    best: Num | None = Field(default=None, description="The best value; null without a direction.")
    mean: Num = Field(description="Mean of the values.")
    min: Num = Field(description="Smallest value.")
    max: Num = Field(description="Largest value.")
    count: Positive = Field(description="How many points.")
    unit: str | None = Field(default=None, description="Unit of the values.")
    direction: Direction | None = Field(default=None, description="Which way is better.")
    definition: DigestText | None = Field(
        default=None, description="The metric definition by which the values were found."
    )


class Metrics(Section):
    """The numbers the run reported: summaries here, all points in the object."""

    series: ObjectRef | None = Field(default=None, description="series.csv.gz.")
    values: dict[str, Metric] = Field(default={}, description="Summaries by metric.")
