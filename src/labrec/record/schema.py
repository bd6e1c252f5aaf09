"""The published JSON Schemas (draft 2020-12): generated from the models, so that both agree.

What a schema cannot say (calendar dates, one spelling for each path, digests of values, fields that
must differ) is listed in ``docs/format.md``; a document must pass those rules as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from labrec.errors import StorageError
from labrec.record import base, layout, values
from labrec.record.codec import encode
from labrec.record.dataset_version import DatasetVersion
from labrec.record.metric_definition import MetricDefinition
from labrec.record.note import BODIES, Note
from labrec.record.paths import MAX_PATH
from labrec.record.registration import Registration
from labrec.record.report import Report
from labrec.record.run import ResearchRecord

if TYPE_CHECKING:
    from pathlib import Path

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
END: Final = r"$(?!\n)"
_COMMENT: Final = (
    "Generated from the models. docs/format.md says what a schema cannot. In a pattern, "
    "'$(?!\\n)' is the end of the text in every dialect of regular expressions."
)


def _text(pattern: str, description: str, **rules: Any) -> dict[str, Any]:
    return {"type": "string", "pattern": pattern, "description": description, **rules}


def _name(description: str, *, reserved: bool) -> dict[str, Any]:
    refused: list[dict[str, Any]] = [
        {"pattern": rf"\.{END}"},
        {"pattern": rf"^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|{END})"},
    ]
    if reserved:
        refused.append({"enum": sorted(layout.RESERVED_PROJECTS)})
    return _text(base.SLUG, description, **{"not": {"anyOf": refused}})


def _tag(name: str, content: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: content},
        "required": [name],
        "additionalProperties": False,
    }


_PATH = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_PATH,
    "allOf": [{"pattern": base.PATH}, {"pattern": r"^([^%]|%[0-9A-F]{2})*$"}],
    "not": {"pattern": rf"[. ](/|{END})"},
}
_REPR = {
    "type": "object",
    "properties": {"$repr": {"type": "string"}, "type": {"type": "string"}},
    "required": ["$repr", "type"],
    "additionalProperties": False,
}
DEFINITIONS: Final[dict[str, Any]] = {
    "digest": _text(base.DIGEST, "A sha256: of bytes, or of the RFC 8785 form of a value."),
    "id": _text(base.ID, "A UUIDv7 in lower case."),
    "project": _name("The name of a project.", reserved=True),
    "slug": _name("The name of a hypothesis, a metric, a dataset or a report.", reserved=False),
    "time": _text(base.TIME, "RFC 3339 in UTC; informational."),
    "path": {**_PATH, "description": "A path as records store it: relative and safe."},
    "cwd": {"anyOf": [{"const": "."}, {base.DEFINITION: "path"}]},
    "num": {
        "description": "A number, or what JSON has no number for.",
        "anyOf": [{"type": "number"}, _tag("$float", {"enum": list(values.FLOATS)})],
    },
    "value": {
        "description": "A free-form value; what JSON cannot hold is tagged.",
        "anyOf": [
            {"type": ["null", "boolean", "number", "string"]},
            {"type": "array", "items": {base.DEFINITION: "value"}},
            {base.DEFINITION: "tree"},
            _tag("$int", {"type": "string", "pattern": f"^{values.INT.pattern}$"}),
            _tag("$float", {"enum": list(values.FLOATS)}),
            _tag("$date", {"type": "string", "pattern": f"^{values.DATE.pattern}$"}),
            _tag("$bytes", {"type": "string", "pattern": f"^{values.BASE64.pattern}$"}),
            _REPR,
        ],
    },
    "tree": {
        "description": "A free-form object; a key of the user that begins with $ is doubled.",
        "anyOf": [
            {
                "type": "object",
                "propertyNames": {"pattern": rf"^([^$]|\$\$)|^{END}"},
                "additionalProperties": {base.DEFINITION: "value"},
            },
        ],
    },
}


def schemas() -> dict[str, bytes]:
    """Return the published schemas by file name."""
    return {
        "research_record_v1.json": _publish(
            ResearchRecord.model_json_schema(), "research_record_v1", "Research Record"
        ),
        "note_v1.json": _publish(_note(), "note_v1", "Note"),
        "registration_v1.json": _publish(
            Registration.model_json_schema(), "registration_v1", "Registration"
        ),
        "metric_v1.json": _publish(
            MetricDefinition.model_json_schema(), "metric_v1", "Metric definition"
        ),
        "dataset_v1.json": _publish(
            DatasetVersion.model_json_schema(), "dataset_v1", "Dataset version"
        ),
        "report_v1.json": _publish(Report.model_json_schema(), "report_v1", "Frozen report"),
    }


def write(folder: Path) -> list[str]:
    """Write the schemas into a folder; return the names of the files that changed.

    Raises:
        StorageError: The folder cannot be written.
    """
    changed = check(folder)
    found = schemas()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in changed:
            (folder / name).write_bytes(found[name])
    except OSError as error:
        raise StorageError(f"cannot write the schemas: {error}", paths=[folder]) from error
    return changed


def check(folder: Path) -> list[str]:
    """Return the names of the schema files in a folder that are not as generated; empty = all are.

    A schema of an earlier major that is no longer generated stays: it is kept for ever.
    """
    found = schemas()
    stale = []
    for name, data in found.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != data:
            stale.append(name)
    return stale


def _note() -> dict[str, Any]:
    """Return the schema of notes: what all have, and for each kind the body it demands."""
    schema = Note.model_json_schema()
    definitions = schema["$defs"]
    for model in dict.fromkeys(BODIES.values()):
        body = model.model_json_schema()
        definitions |= body.pop("$defs", {})
        definitions[model.__name__] = body
    del definitions["Body"]  # of no kind: no document has it
    del schema["properties"]["body"]["$ref"]
    schema["properties"]["body"]["type"] = "object"
    schema["allOf"] += [
        base.when("kind", (kind,), {"properties": {"body": {"$ref": f"#/$defs/{model.__name__}"}}})
        for kind, model in BODIES.items()
    ]
    return schema


def _publish(schema: dict[str, Any], name: str, title: str) -> bytes:
    schema = {**schema, "$defs": {**schema.get("$defs", {})}}
    used: set[str] = set()
    plain = _plain(schema, used)
    todo = sorted(used)
    while todo:  # definitions name one another
        key = todo.pop()
        found: set[str] = set()
        plain["$defs"][key] = _plain(DEFINITIONS[key], found)
        todo += sorted(found - used)
        used |= found
    plain |= {"$schema": DIALECT, "$id": f"urn:labrec:schema:{name}", "title": title,
              "$comment": _COMMENT}  # fmt: skip
    return encode(plain)


def _plain(schema: Any, used: set[str], *, is_named: bool = False) -> Any:
    """Return a schema without generated titles, with portable patterns and real references.

    Args:
        schema: The schema, or a part of it.
        used: Receives the definitions that it refers to.
        is_named: It maps names to schemas, so that its keys are no keywords.
    """
    if isinstance(schema, list):
        return [_plain(item, used) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if is_named:
        return {key: _plain(inner, used) for key, inner in schema.items()}
    found: dict[str, Any] = {}
    for key, inner in schema.items():
        if key == base.DEFINITION:
            used.add(inner)
            found["$ref"] = f"#/$defs/{inner}"
        elif key == "pattern":
            found[key] = _portable(inner)
        elif key in {"title", "default"}:
            continue  # titles only repeat names; a missing field is read as its description says
        else:
            found[key] = _plain(inner, used, is_named=key in {"properties", "$defs"})
    return found


def _portable(pattern: str) -> str:
    """Return a model's pattern with an end of text that is one in every dialect."""
    return pattern[:-1] + END if pattern.endswith("$") else pattern
