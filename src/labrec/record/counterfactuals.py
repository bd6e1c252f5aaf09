"""The counterfactuals section: what was measured with parts of a live object switched off."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from labrec.record.base import (
    DECIMAL,
    Count,
    Frozen,
    Line,
    Many,
    Num,
    ObjectRef,
    Positive,
    Seconds,
    Section,
    Whole,
    given,
    rules,
    text,
)
from labrec.record.base import Value as TaggedValue

MAX_FACTORS: Final = 64
SWITCHES: Final = r"^[01]{1,64}$"

Decimal = Annotated[str, text(DECIMAL)]
Switches = Annotated[str, text(SWITCHES)]


class Factor(Frozen):
    """Something that was switched on and off."""

    name: Line = Field(description="Its name; unique in the call.")
    kind: Literal["context", "calls", "attribute", "item"] = Field(
        description="How it was switched: a context manager that switches it off, two calls, an "
        "attribute or an item of a mapping that was set."
    )
    where: Line | None = Field(default=None, description="Name of the attribute or item.")
    on: TaggedValue = Field(default=None, description="Its value when on; null = as it was.")
    off: TaggedValue = Field(default=None, description="Its value when off; null = by its code.")


class Cell(Frozen):
    """One measurement of one configuration, or why there is none."""

    model_config = rules(
        {"if": given("failed"), "then": {"properties": {"values": {"maxProperties": 0}}}}
    )

    on: Switches = Field(description="One digit a factor, in their order: 1 = on, 0 = off.")
    replicate: Count = Field(description="Which repetition, from 0; one is common to all cells.")
    seed: Decimal | None = Field(default=None, description="Seed it was measured with.")
    values: dict[str, Num] = Field(default={}, description="What was measured, by metric.")
    duration_s: Seconds | None = Field(default=None, description="How long it took, s.")
    failed: str | None = Field(default=None, description="Why it has no values.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.failed is not None and self.values:
            raise ValueError("a cell that failed has no values")
        return self


class Call(Frozen):
    """One question to the live object: its factors, the design, and the cells."""

    step: Whole | None = Field(default=None, description="Step of the run at which it was asked.")
    at: Line | None = Field(default=None, description="In words: when in the run it was asked.")
    factors: Annotated[tuple[Factor, ...], Many] = Field(
        min_length=1, max_length=MAX_FACTORS, description="What was switched."
    )
    method: Literal["factorial", "permutations"] = Field(
        description="All configurations, or those that permutations of the factors pass."
    )
    budget: Positive = Field(description="Configurations up to which all of them are measured.")
    orders: Annotated[tuple[Annotated[tuple[Count, ...], Many], ...], Many] = Field(
        default=(),
        description="The permutations: places of the factors in the order in which they are "
        "switched on; each two that follow one another are a pair, the second the first reversed.",
    )
    cells: Annotated[tuple[Cell, ...], Many] = Field(
        default=(), description="The measurements, in the order in which they were made."
    )
    complete: bool = Field(description="Whether every cell of the design was tried.")
    restored: Literal["unchecked", "same", "differs", "failed"] | None = Field(
        default=None,
        description="Whether the object was given back as it was: same and differs by measuring "
        "it once more, failed where switching on raised; null = the run ended before.",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [factor.name for factor in self.factors]
        if len(set(names)) != len(names):
            raise ValueError("two factors of one name")
        if any(len(cell.on) != len(names) for cell in self.cells):
            raise ValueError("a cell does not have one digit a factor")
        everyone = list(range(len(names)))
        if any(sorted(order) != everyone for order in self.orders):
            raise ValueError("an order does not name every factor once")
        return self


class Counterfactuals(Section):
    """What was measured with parts of a live object switched off."""

    calls: Annotated[tuple[Call, ...], Many] = Field(
        default=(), description="The calls, in the order in which they began."
    )
    object: ObjectRef | None = Field(
        default=None,
        description="The same calls with all their cells, where the record has no room for them.",
    )
