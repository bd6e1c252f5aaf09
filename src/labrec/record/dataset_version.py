"""Dataset version: named data fixed by the digests of its samples."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from labrec.record.base import (
    Author,
    Count,
    DigestText,
    Frozen,
    Line,
    ObjectRef,
    Project,
    Slug,
    Time,
    Version,
    text,
)


class DatasetVersion(Frozen):
    """Dataset version v1: which samples it has, never the samples themselves."""

    schema_: Annotated[str, text(r"^labrec\.dataset/1\.(0|[1-9][0-9]{0,8})$")] = Field(
        alias="schema", description="Kind and version of the document."
    )
    project: Project = Field(description="The project it belongs to.")
    name: Slug = Field(description="The dataset.")
    version: Version = Field(description="The version.")
    time: Time = Field(description="When, UTC; informational.")
    author: Author | None = Field(default=None, description="Who added it.")
    description: str | None = Field(default=None, description="What it is, in words.")
    licence: Line | None = Field(default=None, description="Under which terms it may be used.")
    source: Line | None = Field(default=None, description="Where it was taken from.")
    parent: DigestText | None = Field(
        default=None, description="Digest of the dataset version it was made from."
    )
    unit: Literal["file", "line"] = Field(description="What one sample is.")
    manifest: ObjectRef = Field(description="samples.csv.gz: the digest of every sample.")
    content: DigestText = Field(description="Digest of the manifest's bytes, unpacked.")
    files: Count = Field(description="How many files.")
    samples: Count = Field(description="How many samples.")
    distinct: Count = Field(description="How many of them differ from one another.")
    bytes: Count = Field(description="Length of all samples.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.distinct > self.samples:
            raise ValueError("more distinct samples than samples")
        if self.unit == "file" and self.files != self.samples:
            raise ValueError("where a file is a sample there are as many of both")
        return self
