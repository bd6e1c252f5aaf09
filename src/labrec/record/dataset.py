"""The datasets section: named data a run used."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from labrec.record.base import DigestText, Frozen, Line, Many, Section


class Dataset(Frozen):
    """One dataset in one role."""

    name: Line = Field(description="The dataset.")
    role: Line = Field(description="What it was used for, such as train.")
    version: Line | None = Field(default=None, description="Its version.")
    digest: DigestText | None = Field(default=None, description="Digest of the dataset version.")


class Datasets(Section):
    """Named data the run used."""

    items: Annotated[tuple[Dataset, ...], Many] = Field(default=(), description="The datasets.")
