"""The artifacts section: files a run produced or used."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from labrec.record.base import Count, Frozen, Hex64, Line, Many, Section, StoredPath


class Artifact(Frozen):
    """One file, kept as an object or by its digest only."""

    name: StoredPath = Field(description="Its name; unique in the record, safe as a path.")
    role: Literal["output", "input", "log", "model", "figure", "other"] = Field(
        description="What it is to the run."
    )
    sha256: Hex64 = Field(description="The sha256 of its bytes.")
    size: Count = Field(description="Their length.")
    media_type: Line | None = Field(default=None, description="Such as image/png.")
    where: Literal["git", "digest-only"] = Field(
        description="Kept under records/objects/, or not kept."
    )


class Artifacts(Section):
    """Files the run produced or used."""

    items: Annotated[tuple[Artifact, ...], Many] = Field(default=(), description="The files.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [item.name for item in self.items]
        if len(set(names)) != len(names):
            raise ValueError("two artifacts of one name")
        return self
