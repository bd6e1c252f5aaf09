"""The telemetry section: what the machine did while the run lasted."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from labrec.record.base import (
    Count,
    Frozen,
    Num,
    ObjectRef,
    Seconds,
    Section,
    given,
    rules,
)


class Channel(Frozen):
    """Summary of one channel, or the reason for which there is none."""

    model_config = rules({"oneOf": [given("count"), given("unavailable")]})

    unit: str | None = Field(default=None, description="Unit of the values.")
    sensor: str | None = Field(default=None, description="What was read.")
    method: str | None = Field(default=None, description="How it was read.")
    interval_s: Seconds | None = Field(default=None, description="Time between two samples, s.")
    coverage: Annotated[float, Field(ge=0, le=1)] | None = Field(
        default=None, description="Share of the run that samples cover, 0 to 1."
    )
    count: Count | None = Field(default=None, description="How many samples.")
    min: Num | None = Field(default=None, description="Smallest sample.")
    mean: Num | None = Field(default=None, description="Mean of the samples.")
    max: Num | None = Field(default=None, description="Largest sample.")
    last: Num | None = Field(default=None, description="Last sample.")
    unavailable: str | None = Field(default=None, description="Why there are none.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.count is None) == (self.unavailable is None):
            raise ValueError("a channel has a count or the reason it is unavailable, not both")
        return self


class Overhead(Frozen):
    """What recording cost."""

    cpu_s: Seconds | None = Field(default=None, description="CPU time of the sampler, s.")
    max_rss_bytes: Count | None = Field(
        default=None, description="Its largest resident size, bytes."
    )
    samples: Count | None = Field(default=None, description="How many samples it took.")


class Telemetry(Section):
    """What the machine did: summaries here, samples in the object."""

    object: ObjectRef | None = Field(default=None, description="telemetry.csv.gz.")
    channels: dict[str, Channel] = Field(default={}, description="Summaries by channel.")
    overhead: Overhead | None = Field(default=None, description="What recording cost.")
