"""The code section: which code ran."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from labrec.record.base import (
    Count,
    DigestText,
    Line,
    ObjectRef,
    Section,
    given,
    rules,
    text,
    when,
)

Commit = Annotated[str, text("^([0-9a-f]{40}|[0-9a-f]{64})$")]


class Code(Section):
    """Which code ran: a manifest of its files, or a commit with a patch, or why neither."""

    model_config = rules(
        when("kind", ("none",), given("reason"), given("digest")),
        when("kind", ("manifest",), given("manifest")),
        when("kind", ("commit_patch",), given("commit")),
    )

    kind: Literal["manifest", "commit_patch", "none"] = Field(description="How it is stored.")
    reason: str | None = Field(default=None, description="Why it is stored so, or not at all.")
    digest: DigestText | None = Field(default=None, description="Names the state of the code.")
    manifest: ObjectRef | None = Field(default=None, description="The code manifest.")
    files: Count | None = Field(default=None, description="How many files.")
    bytes: Count | None = Field(default=None, description="Their length together, bytes.")
    commit: Commit | None = Field(default=None, description="The commit that was checked out.")
    published: Commit | None = Field(default=None, description="Its newest published ancestor.")
    branch: Line | None = Field(default=None, description="The branch that was checked out.")
    dirty: bool | None = Field(default=None, description="Whether files differed from the commit.")
    patch: ObjectRef | None = Field(
        default=None, description="Difference to the commit, for reading."
    )
    remote: Line | None = Field(
        default=None, description="Where it is published, without credentials."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.kind == "none":
            if self.reason is None:
                raise ValueError("code of kind none says its reason")
        elif self.digest is None:
            raise ValueError(f"code of kind {self.kind} has a digest")
        if self.kind == "manifest" and self.manifest is None:
            raise ValueError("code of kind manifest names its manifest")
        if self.kind == "commit_patch" and self.commit is None:
            raise ValueError("code of kind commit_patch names its commit")
        return self
