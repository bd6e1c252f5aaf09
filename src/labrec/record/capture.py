"""The capture section: what is not in the record as it was, and why."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from labrec.record.base import Frozen, Many, Positive, Section


class Event(Frozen):
    """One thing that is not in the record as it was."""

    kind: Literal[
        "skipped", "redacted", "truncated", "unmappable", "lost", "unavailable", "recovered"
    ] = Field(description="What happened to it.")
    what: str = Field(description="The thing.")
    why: str = Field(description="The cause.")
    count: Positive = Field(default=1, description="How many things this line stands for.")


class Capture(Section):
    """What was skipped, redacted, truncated, unmappable, lost or unavailable, and why."""

    events: Annotated[tuple[Event, ...], Many] = Field(default=(), description="The lines.")
