"""The identity section: what run it is, and how it ended."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from labrec.record.base import (
    Author,
    Count,
    DigestText,
    Frozen,
    Id,
    Line,
    Many,
    ObjectRef,
    Project,
    RunName,
    Seconds,
    Section,
    Time,
    missing,
    rules,
    when,
)

Status = Literal["complete", "failed", "interrupted", "planned"]


class Times(Frozen):
    """When the run was, by the wall clock; informational, nothing is ordered by it."""

    started: Time | None = Field(default=None, description="Start, UTC.")
    ended: Time | None = Field(default=None, description="End, UTC.")
    duration_s: Seconds | None = Field(
        default=None, description="Duration by the monotonic clock, s."
    )


class Tool(Frozen):
    """The program that wrote the record."""

    name: Line = Field(description="Its name.")
    version: Line = Field(description="Its version.")


class Origin(Frozen):
    """What names an imported run where it came from."""

    source: Line = Field(description="The table, tool or study that it was imported from.")
    key: Line = Field(description="What names the run there.")
    order: Count | None = Field(
        default=None,
        description="Its place among the runs there, where their order says something.",
    )


class Identity(Section):
    """Which run it is, what it is called, and how it ended."""

    model_config = rules(
        when(
            "status",
            ("planned",),
            {"properties": {"times": missing("started", "ended"), "fulfils": {"type": "null"}}},
        )
    )

    run_id: Id = Field(description="The run's id, known before it started.")
    project: Project = Field(description="The project it belongs to.")
    name: RunName = Field(description="The run's name; not unique.")
    config_digest: DigestText = Field(description="Names the experiment this run is one of.")
    status: Status = Field(description="How the run ended, or that it has not started.")
    reason: str | None = Field(default=None, description="Why it ended so.")
    tags: Annotated[tuple[Line, ...], Many] = Field(default=(), description="Free words.")
    author: Author | None = Field(default=None, description="Who made the run.")
    times: Times = Field(default=Times(), description="When the run was.")
    tool: Tool = Field(description="What wrote the record.")
    fulfils: Id | None = Field(
        default=None, description="The planned run that this one carries out."
    )
    definition: ObjectRef | None = Field(
        default=None, description="The project's definition (project.yaml) as the run found it."
    )
    origin: Origin | None = Field(
        default=None, description="Where an imported run came from; from minor 1 on."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.fulfils == self.run_id:
            raise ValueError("a run cannot fulfil itself")
        if self.status == "planned":
            if self.times.started is not None or self.times.ended is not None:
                raise ValueError("a planned run has no times")
            if self.fulfils is not None:
                raise ValueError("a planned run fulfils no other")
        return self
