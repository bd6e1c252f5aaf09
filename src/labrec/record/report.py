"""Frozen report: one version of a report, with every number as it was, fixed by its parts."""

from __future__ import annotations

from typing import Annotated, Any, Final, Self

from pydantic import Field, model_validator

from labrec.record.base import (
    Author,
    Count,
    DigestText,
    Frozen,
    Line,
    Many,
    ObjectRef,
    Project,
    Slug,
    Time,
    rules,
    text,
)

NUMBER: Final = r"^[1-9][0-9]{0,5}$"
VIEW: Final = r"^[0-9a-f]{40}$"
PART: Final = r"^[a-z0-9][a-z0-9-]{0,63}$"
MOST_PARTS: Final = 100
"""Figures, and tables, of one version."""

PartName = Annotated[str, text(PART)]
"""The name of a figure or table inside a report."""


class ReportFigure(Frozen):
    """A figure of a report."""

    name: PartName = Field(description="Its name in the report, and of its files.")
    title: Line = Field(description="What it is about.")
    sentence: str = Field(description="What it shows, in words.")
    drawing: ObjectRef = Field(description="The figure as SVG.")
    data: ObjectRef = Field(description="What it is drawn from, as CSV.")


class ReportTable(Frozen):
    """A table of a report."""

    name: PartName = Field(description="Its name in the report, and of its file.")
    title: Line = Field(description="What its rows are.")
    data: ObjectRef = Field(description="All its rows, as CSV.")


def _supersedes() -> dict[str, Any]:
    first = {"properties": {"version": {"const": "1"}}}
    none = {"properties": {"supersedes": {"maxItems": 0}}}
    some = {"required": ["supersedes"], "properties": {"supersedes": {"minItems": 1}}}
    return {"if": first, "then": none, "else": some}


class Report(Frozen):
    """Frozen report v1: the article as it was rendered, and everything that it rests on."""

    model_config = rules({"properties": {"supersedes": {"uniqueItems": True}}}, _supersedes())

    schema_: Annotated[str, text(r"^labrec\.report/1\.(0|[1-9][0-9]{0,8})$")] = Field(
        alias="schema", description="Kind and version of the document."
    )
    project: Project = Field(description="The project it belongs to.")
    slug: Slug = Field(description="The report.")
    version: Annotated[str, text(NUMBER)] = Field(description="Its number, counted from 1.")
    title: Line = Field(description="What it is called.")
    time: Time = Field(description="When it was frozen, UTC; informational.")
    author: Author | None = Field(default=None, description="Who froze it.")
    tool: Line = Field(description="Name and version of what rendered it.")
    view: Annotated[str, text(VIEW)] = Field(description="Git tree id of the records it shows.")
    markdown: ObjectRef = Field(description="The report as it was written.")
    article: ObjectRef = Field(description="The fragment: HTML of the report, without its shell.")
    records: ObjectRef = Field(description="records.csv: every document whose values it shows.")
    record_count: Count = Field(description="How many these are.")
    figures: Annotated[tuple[ReportFigure, ...], Many, Field(max_length=MOST_PARTS)] = Field(
        default=(), description="Its figures."
    )
    tables: Annotated[tuple[ReportTable, ...], Many, Field(max_length=MOST_PARTS)] = Field(
        default=(), description="Its tables."
    )
    supersedes: Annotated[tuple[DigestText, ...], Many] = Field(
        default=(), description="The version before it: several where clones froze several."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(set(self.supersedes)) != len(self.supersedes):
            raise ValueError("a version in supersedes is named twice")
        if (self.version == "1") != (not self.supersedes):
            raise ValueError("every version but the first supersedes one")
        names = [one.name for one in self.figures] + [one.name for one in self.tables]
        if len(set(names)) != len(names):
            raise ValueError("two parts of one name")
        return self

    @property
    def objects(self) -> tuple[ObjectRef, ...]:
        """Everything that it is made of."""
        figures = [ref for one in self.figures for ref in (one.drawing, one.data)]
        tables = [one.data for one in self.tables]
        return (self.markdown, self.article, self.records, *figures, *tables)
