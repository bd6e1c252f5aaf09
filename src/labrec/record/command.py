"""The command section: what was started, and how it ended."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from labrec.record.base import (
    Many,
    Section,
    Whole,
    WorkingDirectory,
    given,
    rules,
    text,
)


class Command(Section):
    """What was started, and how it ended."""

    model_config = rules({"not": given("exit_code", "signal")})

    argv: Annotated[tuple[str, ...], Many] = Field(default=(), description="The command line.")
    options: Annotated[tuple[str, ...], Many] = Field(
        default=(), description="Options of `labrec run` that say what it keeps of the program."
    )
    cwd: WorkingDirectory | None = Field(
        default=None, description="Working directory relative to the code root; null outside it."
    )
    entry: str | None = Field(default=None, description="The script or module that was started.")
    exit_code: Whole | None = Field(default=None, description="Exit code; null after a signal.")
    signal: Annotated[str, text("^SIG[A-Z0-9]+([+-][0-9]+)?$")] | None = Field(
        default=None, description="The signal that ended it."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.exit_code is not None and self.signal is not None:
            raise ValueError("a command ends by an exit code or by a signal, not by both")
        return self
