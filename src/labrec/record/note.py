"""Notes: everything said about something recorded earlier. The only way to change a lab's word."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal, Self

from pydantic import Field, create_model, model_validator

from labrec.record.base import (
    DEFINITION,
    Author,
    DigestText,
    Frozen,
    Id,
    Line,
    Many,
    Num,
    ObjectRef,
    Project,
    RunName,
    Time,
    given,
    missing,
    or_value_error,
    read_digest,
    rules,
    text,
    when,
)
from labrec.record.heard import REASONED
from labrec.record.ids import parse_id
from labrec.record.layout import check_slug
from labrec.record.lineage import Parent
from labrec.record.metric import Direction

Text = Annotated[str, Field(min_length=1)]


class Body(Frozen):
    """What a note says; its fields depend on the note's kind."""


class Reparent(Body):
    """These are the run's parents."""

    parents: Annotated[tuple[Parent, ...], Many] = Field(description="All of them; may be empty.")


class Link(Body):
    """The subject is linked to (or unlinked from) something else."""

    model_config = rules(
        when("to", ("hypothesis", "dataset"), given("digest")),
        when("to", ("hypothesis",), {"properties": {"target": {DEFINITION: "slug"}}}),
        when("to", ("run",), {"properties": {"target": {DEFINITION: "id"}}}),
        when("to", ("publication",), {"properties": {"target": {"pattern": "^(https://|doi:)"}}}),
    )

    to: Literal["hypothesis", "run", "dataset", "publication"] = Field(
        description="What the target is."
    )
    target: Line = Field(description="Slug, run id, dataset name, or DOI or https address.")
    digest: DigestText | None = Field(
        default=None, description="Of the registration or dataset version; demanded for those two."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.to in {"hypothesis", "dataset"} and self.digest is None:
            raise ValueError(f"a link to a {self.to} names its digest")
        if self.to == "hypothesis":
            or_value_error(check_slug, self.target)
        if self.to == "run":
            or_value_error(parse_id, self.target)
        if self.to == "publication" and not self.target.startswith(("https://", "doi:")):
            raise ValueError("a publication is 'https://…' or 'doi:…'")
        return self


class Comment(Body):
    """Somebody's words."""

    text: Text = Field(description="Plain text.")


class Tag(Body):
    """Tags are added and removed."""

    model_config = rules(
        {
            "anyOf": [
                {"required": ["add"], "properties": {"add": {"minItems": 1}}},
                {"required": ["remove"], "properties": {"remove": {"minItems": 1}}},
            ]
        }
    )

    add: Annotated[tuple[Line, ...], Many] = Field(default=(), description="Tags to add.")
    remove: Annotated[tuple[Line, ...], Many] = Field(default=(), description="Tags to remove.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.add and not self.remove:
            raise ValueError("a tag note adds or removes at least one tag")
        if set(self.add) & set(self.remove):
            raise ValueError("a tag is added or removed, not both")
        return self


class Outcome(Body):
    """What the run found."""

    outcome: Text = Field(description="Plain text.")


class Score(Frozen):
    """One number of an evaluation."""

    value: Num = Field(description="The number.")
    unit: str | None = Field(default=None, description="Its unit.")
    direction: Direction | None = Field(default=None, description="Which way is better.")
    definition: DigestText | None = Field(
        default=None, description="The metric definition by which it was found."
    )


class Evaluate(Body):
    """The subject was evaluated later."""

    values: Annotated[dict[str, Score], Field(min_length=1)] = Field(description="By metric.")
    method: str | None = Field(default=None, description="How.")
    object: ObjectRef | None = Field(default=None, description="The evaluation in full.")


class Verdict(Body):
    """A hypothesis was decided by its registered rule."""

    decision: Literal["supported", "refuted", "inconclusive"] = Field(description="The verdict.")
    registration: DigestText = Field(description="The rule that was applied.")
    confirmatory: bool = Field(description="Whether only preregistered runs were used.")
    object: ObjectRef | None = Field(default=None, description="The analysis in full.")
    text: str | None = Field(default=None, description="Plain text.")


class Decide(Body):
    """A decision of the author about what to do next."""

    decision: Text = Field(description="Plain text.")


class Objection(Body):
    """Somebody disagrees with the subject."""

    text: Text = Field(description="Plain text.")


class Retract(Body):
    """The subject counts no more; the reason says why."""


class Successor(Frozen):
    """What takes the subject's place."""

    kind: Literal["run", "note", "report"] = Field(description="What it is.")
    id: Line = Field(description="Its id.")
    digest: DigestText = Field(description="Digest of its bytes.")


class Supersede(Body):
    """Another document takes the subject's place; decides forks."""

    by: Successor = Field(description="What takes its place.")


class Redact(Body):
    """A tombstone: these objects were erased."""

    objects: Annotated[tuple[DigestText, ...], Many, Field(min_length=1)] = Field(
        description="The erased objects."
    )


class Rename(Body):
    """The run's name from now on."""

    name: RunName = Field(description="One line, at most 200 characters.")


BODIES: dict[str, type[Body]] = {
    "reparent": Reparent,
    "link": Link,
    "unlink": Link,
    "comment": Comment,
    "tag": Tag,
    "outcome": Outcome,
    "evaluate": Evaluate,
    "verdict": Verdict,
    "decide": Decide,
    "object": Objection,
    "retract": Retract,
    "supersede": Supersede,
    "redact": Redact,
    "rename": Rename,
}
"""The body of each kind of note."""

NoteKind = Literal[
    "reparent", "link", "unlink", "comment", "tag", "outcome", "evaluate", "verdict", "decide",
    "object", "retract", "supersede", "redact", "rename",
]  # fmt: skip


class Subject(Frozen):
    """What a note speaks about."""

    model_config = rules(
        when("kind", ("experiment",), missing("digest"), given("digest")),
        when("kind", ("run", "note"), {"properties": {"id": {DEFINITION: "id"}}}),
        when("kind", ("hypothesis", "report"), {"properties": {"id": {DEFINITION: "slug"}}}),
        when("kind", ("object", "experiment"), {"properties": {"id": {DEFINITION: "digest"}}}),
    )

    kind: Literal["run", "experiment", "hypothesis", "note", "object", "report"] = Field(
        description="What it is."
    )
    id: Line = Field(description="Run or note id, config digest, slug, or object digest.")
    digest: DigestText | None = Field(
        default=None, description="Digest of the document's bytes; null for an experiment."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.digest is None) != (self.kind == "experiment"):
            raise ValueError("a subject has a digest exactly when it is no experiment")
        if self.kind in {"run", "note"}:
            or_value_error(parse_id, self.id)
        elif self.kind in {"hypothesis", "report"}:
            or_value_error(check_slug, self.id)
        elif self.kind == "object" and self.id != str(self.digest):
            raise ValueError("the id of an object is its digest")
        elif self.kind == "experiment":
            read_digest(self.id)
        return self


class Note(Frozen):
    """Note v1: something said later about a run, an experiment or another document."""

    model_config = rules(
        {"properties": {"after": {"uniqueItems": True}}},
        when("kind", tuple(sorted(REASONED)), {"properties": {"reason": {"pattern": "[^\\s]"}}}),
    )

    schema_: Annotated[str, text(r"^labrec\.note/1\.(0|[1-9][0-9]{0,8})$")] = Field(
        alias="schema", description="Kind and version of the document."
    )
    note_id: Id = Field(description="The note's own id.")
    project: Project = Field(description="The project it belongs to.")
    kind: NoteKind = Field(description="What the note does.")
    author: Author = Field(description="Who says so.")
    time: Time = Field(description="When, UTC; informational.")
    reason: str = Field(description="Why; not empty for kinds that take something away.")
    subject: Subject = Field(description="What it speaks about.")
    after: Annotated[tuple[DigestText, ...], Many] = Field(
        description="Digests of the notes on this subject that the author saw."
    )
    body: Body = Field(description="What it says, by kind.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.kind in REASONED and not self.reason.strip():
            raise ValueError(f"a note of kind {self.kind} says its reason")
        if len(set(self.after)) != len(self.after):
            raise ValueError("a note in after is named twice")
        if self.subject.id == self.note_id:
            raise ValueError("a note cannot speak about itself")
        return self


@cache
def note_model(kind: str) -> type[Note]:
    """Return the model of one kind of note: a `Note` whose body is the kind's own.

    Raises:
        KeyError: There is no such kind.
    """
    body = BODIES[kind]
    fields: dict[str, Any] = {"kind": (Literal[kind], Field()), "body": (body, Field())}
    return create_model(f"{kind.capitalize()}Note", __base__=Note, __doc__=body.__doc__, **fields)
