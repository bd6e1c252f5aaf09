"""The hardware section: the machine a run used, each fact a value or the reason it is missing."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from labrec.record.base import (
    DigestText,
    Frozen,
    ObjectRef,
    Section,
    Value,
    given,
    missing,
    rules,
    text,
    when,
)


class Fact(Frozen):
    """A value with its unit, or the reason for which there is none."""

    model_config = rules({"oneOf": [{"required": ["value"]}, given("unavailable")]})

    value: Value = Field(default=None, description="What was read.")
    unit: str | None = Field(default=None, description="Its unit.")
    unavailable: str | None = Field(default=None, description="Why it could not be read.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if ("value" in self.model_fields_set) == (self.unavailable is not None):
            raise ValueError("a fact has a value or the reason it is unavailable, not both")
        return self


class Hardware(Section):
    """The machine: who it is in this lab, what model it is, and its state at the start."""

    model_config = rules(
        when("machine_id_source", ("unavailable",), missing("machine_id"), given("machine_id"))
    )

    hardware_id: DigestText = Field(description="Machines of one model share it.")
    machine_id: Annotated[str, text("^[0-9a-f]{20}$")] | None = Field(
        default=None, description="Pseudonym of the machine in this lab."
    )
    machine_id_source: Literal["machine-id", "state", "unavailable"] = Field(
        description="What the pseudonym is made from."
    )
    tier: str = Field(description="How far the facts carry a claim.")
    object: ObjectRef = Field(description="The machine document.")
    fields: dict[str, Fact] = Field(default={}, description="Facts about the model.")
    conditions: dict[str, Fact] = Field(
        default={}, description="Facts that may differ between runs."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.machine_id is None) != (self.machine_id_source == "unavailable"):
            raise ValueError("a machine_id is missing exactly when its source is unavailable")
        return self
