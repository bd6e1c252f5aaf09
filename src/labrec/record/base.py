"""What every model of a document is made of: frozen, strict, and keeping what it does not know."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    Strict,
    WithJsonSchema,
)

from labrec.errors import InvalidError
from labrec.record import ids, layout, values
from labrec.record.codec import MAX_INT
from labrec.record.digest import PREFIX, Digest
from labrec.record.paths import MAX_PATH, check_path

# The patterns that documents and schemas share. ``docs/format.md`` lists what they cannot say.
ID: Final = r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
DIGEST: Final = r"^sha256:[0-9a-f]{64}$"
HEX64: Final = r"^[0-9a-f]{64}$"
SLUG: Final = r"^[a-z0-9][a-z0-9._-]{0,63}$"
TIME: Final = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?Z$"
)
VERSION: Final = r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$"
LINE: Final = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+$"
# Relative, no empty component; that it is spelled in the one way is beyond a pattern.
PATH: Final = r"^[^/\u0000-\u001f\u007f-\u009f\\:]+(/[^/\u0000-\u001f\u007f-\u009f\\:]+)*$"
DEFINITION: Final = "labrec-definition"  # stands in a schema until it is published
DECIMAL: Final = r"^(0|-?[1-9][0-9]*)$"


def text(pattern: str, **limits: Any) -> Any:
    """Return the field facts of a text that a pattern describes."""
    return Field(pattern=pattern, **limits)


def shared(name: str) -> WithJsonSchema:
    """Say that a type's schema is the definition of that name in `schema.DEFINITIONS`."""
    return WithJsonSchema({DEFINITION: name})


def given(*names: str) -> dict[str, Any]:
    """Return the schema of an object that has all these fields, none of them null."""
    not_null = {name: {"not": {"type": "null"}} for name in names}
    return {"required": list(names), "properties": not_null}


def missing(*names: str) -> dict[str, Any]:
    """Return the schema of an object in which each of these fields is absent or null."""
    return {"properties": {name: {"type": "null"} for name in names}}


def when(
    field: str, enum: tuple[str, ...], then: dict[str, Any], orelse: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return the schema of a rule that holds where a field has one of some values."""
    rule = {"if": {"properties": {field: {"enum": list(enum)}}, "required": [field]}, "then": then}
    return rule if orelse is None else {**rule, "else": orelse}


def rules(*schemas: dict[str, Any]) -> ConfigDict:
    """Return the configuration of a model whose validator has these rules as schemas."""
    return ConfigDict(json_schema_extra={"allOf": list(schemas)})


def read_digest(value: object) -> Digest:
    """Return the digest that a document writes; the bare digits are not enough there."""
    if not isinstance(value, str) or not value.startswith(PREFIX):
        raise ValueError("not 'sha256:' and 64 lower-case hex digits")
    try:
        return Digest.parse(value)
    except InvalidError as error:
        raise ValueError(error.message) from error


def or_value_error(check: Any, value: Any) -> Any:
    """Let pydantic add the place to an `InvalidError`; an `UnsafeError` leaves as it is."""
    try:
        return check(value)
    except InvalidError as error:
        raise ValueError(error.message) from error


def _whole(value: Any) -> Any:
    # To JSON 1.0 and 1 are one number, and readers in other languages cannot tell them apart.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _is_time(value: str) -> str:
    date.fromisoformat(value[:10])  # the pattern knows the clock, not the calendar
    return value


def _value(value: Any) -> Any:
    or_value_error(values.check_tree, value)
    return value


def _tree(value: dict[str, Any]) -> dict[str, Any]:
    for inner in value.values():
        _value(inner)
    or_value_error(values.check_plain, value)
    return value


def _cwd(value: str) -> str:
    return value if value == "." else check_path(value)


DigestText = Annotated[
    Digest,
    PlainValidator(read_digest),
    PlainSerializer(str, return_type=str),
    shared("digest"),
]
"""A digest, written ``sha256:<64 hex>``."""

Hex64 = Annotated[str, text(HEX64)]
"""The 64 bare hex digits of an object's sha256."""

Id = Annotated[str, text(ID), AfterValidator(lambda value: or_value_error(ids.parse_id, value)),
               shared("id")]  # fmt: skip
"""A UUIDv7 in lower case."""

Project = Annotated[
    str, text(SLUG), AfterValidator(lambda value: or_value_error(layout.check_project, value)),
    shared("project"),
]  # fmt: skip
"""The name of a project."""

Slug = Annotated[
    str, text(SLUG), AfterValidator(lambda value: or_value_error(layout.check_slug, value)),
    shared("slug"),
]  # fmt: skip
"""The name of a hypothesis, a metric, a dataset or a report."""

Version = Annotated[str, text(VERSION)]
"""The version of a dataset or a report."""

Time = Annotated[str, text(TIME), AfterValidator(_is_time),
                 shared("time")]  # fmt: skip
"""RFC 3339 in UTC with ``Z``; informational."""

StoredPath = Annotated[str, Field(max_length=MAX_PATH), AfterValidator(check_path),
                       shared("path")]  # fmt: skip
"""A path as records store it."""

WorkingDirectory = Annotated[str, Field(max_length=MAX_PATH), AfterValidator(_cwd), shared("cwd")]
"""A stored path, or ``.``."""

Line = Annotated[str, text(LINE, max_length=1000)]
"""One line of text without controls, 1 to 1000 characters."""

RunName = Annotated[str, text(LINE, max_length=layout.MAX_NAME)]
"""The name of a run: one line of 1 to 200 characters."""

Whole = Annotated[int, Field(ge=-MAX_INT, le=MAX_INT), BeforeValidator(_whole)]
"""An integer that every reader holds exactly."""

Count = Annotated[int, Field(ge=0, le=MAX_INT), BeforeValidator(_whole)]
"""How many, 0 or more."""

Positive = Annotated[int, Field(ge=1, le=MAX_INT), BeforeValidator(_whole)]
"""How many, 1 or more."""

Seconds = Annotated[float, Field(ge=0)]
"""A duration by the monotonic clock, s."""

Tree = Annotated[dict[str, Any], AfterValidator(_tree), shared("tree")]
"""A free-form object of tagged values."""

Value = Annotated[Any, AfterValidator(_value), shared("value")]
"""A free-form tagged value."""


def _num(value: Any) -> float:
    if isinstance(value, dict):
        if set(value) == {"$float"} and value["$float"] in tuple(values.FLOATS):
            return values.FLOATS[value["$float"]]
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    raise ValueError('neither a number nor {"$float": "NaN", "Infinity" or "-Infinity"}')


def _num_to_json(value: float) -> Any:
    return values.to_json(value)


Num = Annotated[
    float,
    BeforeValidator(_num),
    PlainSerializer(_num_to_json),
    shared("num"),
]
"""A number, or a tagged NaN or Infinity."""


class Frozen(BaseModel):
    """A part of a document: immutable, strict, and keeping fields that it does not know."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True, allow_inf_nan=True)


class Section(Frozen):
    """A part of a record with a minor version of its own."""

    minor: Count = Field(description="Minor version of the section; a minor only adds fields.")


class ObjectRef(Frozen):
    """Bytes under ``records/objects/``, named by their digest."""

    sha256: Hex64 = Field(description="The sha256 of the bytes.")
    size: Count = Field(description="Their length in bytes.")

    @property
    def digest(self) -> Digest:
        """The object's digest, as a type."""
        return Digest(self.sha256)


class Author(Frozen):
    """Who says so, by their own word."""

    name: Line = Field(description="The name as it was given.")
    source: str = Field(
        pattern="^(git|settings|option)$", description="Where the name was taken from."
    )


Many = Strict(strict=False)  # JSON has arrays only; the models hold tuples, which are frozen
