"""The lineage section: how a run relates to others, and what it was for."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from labrec.record.base import (
    DigestText,
    Frozen,
    Id,
    Line,
    Many,
    Section,
    Slug,
    given,
    rules,
)
from labrec.record.code import Commit


class Parent(Frozen):
    """A run or experiment from which this one was derived; dangling when only its name is known."""

    model_config = rules({"anyOf": [given("name"), given("run_id"), given("config_digest")]})

    by: Literal["option", "name"] = Field(description="Named by its author, or by a naming rule.")
    name: Line | None = Field(default=None, description="The name by which it was given.")
    run_id: Id | None = Field(default=None, description="The run, when it was one run.")
    config_digest: DigestText | None = Field(default=None, description="The experiment.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.name is None and self.run_id is None and self.config_digest is None:
            raise ValueError("a parent has a name, a run_id or a config_digest")
        return self


class LinkedHypothesis(Frozen):
    """A hypothesis that the run bears on."""

    slug: Slug = Field(description="The hypothesis.")
    registration: DigestText = Field(description="Digest of the registration's bytes.")
    linked: Literal["start", "later"] = Field(
        description="In the spool's first frame (preregistered), or later (exploratory)."
    )
    published: Commit | None = Field(
        default=None,
        description="Commit of the base branch on a remote that held the registration before the "
        "run started, as far as its clone knew; from minor 1 on.",
    )


class Lineage(Section):
    """How the run relates to others."""

    parents: Annotated[tuple[Parent, ...], Many] = Field(default=(), description="Parents; a DAG.")
    reproduces: Id | None = Field(default=None, description="The run that this one repeats.")
    continues: Id | None = Field(default=None, description="The run that this one resumes.")
    cell: Line | None = Field(default=None, description="The cell of a campaign that it fills.")
    hypotheses: Annotated[tuple[LinkedHypothesis, ...], Many] = Field(
        default=(), description="Hypotheses by registration."
    )
    intent: str | None = Field(default=None, description="What the run was made to find out.")
    outcome: str | None = Field(default=None, description="What it found, in its author's words.")
