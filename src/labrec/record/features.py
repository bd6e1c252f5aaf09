"""The features section: what was varied."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from labrec.record.base import Count, DigestText, Frozen, Hex64, Many, Section, StoredPath, Tree
from labrec.record.base import Value as TaggedValue
from labrec.record.digest import Digest


class FeatureSource(Frozen):
    """The file that the features were read from."""

    path: StoredPath = Field(description="Its path, relative to the code root.")
    sha256: Hex64 = Field(description="The sha256 of its bytes.")
    size: Count = Field(description="Their length.")


class Change(Frozen):
    """One difference to the first parent's features."""

    op: Literal["add", "update", "delete", "retype"] = Field(description="What changed.")
    path: Annotated[tuple[str, ...], Many] = Field(description="Keys from the top.")
    old: TaggedValue = Field(default=None, description="The parent's value.")
    new: TaggedValue = Field(default=None, description="This run's value.")


class Features(Section):
    """What was varied: the full tree of options."""

    tree: Tree = Field(description="The options, tagged where JSON cannot hold them.")
    digest: DigestText = Field(description="sha256 of the RFC 8785 form of the tree.")
    source: FeatureSource | None = Field(default=None, description="The file it was read from.")
    nuisance: Annotated[tuple[str, ...], Many] = Field(
        default=(), description="Dotted paths left out of the config digest."
    )
    diff: Annotated[tuple[Change, ...], Many] | None = Field(
        default=None, description="Difference to the first parent as known at the start."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if Digest.of_value(self.tree) != self.digest:
            raise ValueError("the digest is not that of the tree")
        return self
