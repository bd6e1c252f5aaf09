"""The determinism section: what fixes chance in a run."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from labrec.record.base import DECIMAL, Section, text


class Determinism(Section):
    """Seeds by name, and the flags that make a run repeatable or not."""

    seeds: dict[str, Annotated[str, text(DECIMAL)]] = Field(
        default={}, description="Integers as decimal text: none is too large."
    )
    flags: dict[str, str] = Field(default={}, description="Flags by name.")
