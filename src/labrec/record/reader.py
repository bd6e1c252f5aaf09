"""From bytes to models: a document is decoded, dispatched by its version, and validated.

Each major version keeps its model for ever; a record is validated under its own version. Invalid,
older and newer are three errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import ValidationError

from labrec.errors import IntegrityError, InvalidError
from labrec.record.codec import decode
from labrec.record.dataset_version import DatasetVersion
from labrec.record.digest import Digest
from labrec.record.layout import parse_path
from labrec.record.metric_definition import MetricDefinition
from labrec.record.note import BODIES, Note, note_model
from labrec.record.registration import Registration
from labrec.record.report import Report
from labrec.record.run import ResearchRecord
from labrec.record.text import printable
from labrec.record.version import major_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from labrec.record.base import Frozen

_SHOWN = 5  # mistakes that one message lists

_Model = TypeVar("_Model", bound="Frozen")


def _note_v1(document: dict[str, Any]) -> type[Note]:
    kind = document.get("kind")
    # the plain model says what is wrong with a kind that there is not
    return note_model(kind) if isinstance(kind, str) and kind in BODIES else Note


RECORDS: Final[dict[int, Callable[[dict[str, Any]], type[ResearchRecord]]]] = {
    1: lambda _: ResearchRecord,
}
NOTES: Final[dict[int, Callable[[dict[str, Any]], type[Note]]]] = {1: _note_v1}
REGISTRATIONS: Final[dict[int, Callable[[dict[str, Any]], type[Registration]]]] = {
    1: lambda _: Registration,
}
METRICS: Final[dict[int, Callable[[dict[str, Any]], type[MetricDefinition]]]] = {
    1: lambda _: MetricDefinition,
}
DATASETS: Final[dict[int, Callable[[dict[str, Any]], type[DatasetVersion]]]] = {
    1: lambda _: DatasetVersion,
}
REPORTS: Final[dict[int, Callable[[dict[str, Any]], type[Report]]]] = {1: lambda _: Report}

Document = ResearchRecord | Note | Registration | MetricDefinition | DatasetVersion | Report
"""What a document of a lab is read as."""


def read_record(data: bytes) -> ResearchRecord:
    """Read the bytes of a Research Record.

    Raises:
        InvalidError: They break a rule of the format; the message says which and where.
        OlderSchemaError: Their major version is no longer read.
        NewerSchemaError: Their major version is not known yet.
        UnsafeError: A path inside could reach outside its place.
    """
    return _read(data, "run", RECORDS)


def read_note(data: bytes) -> Note:
    """Read the bytes of a note; its ``body`` is of the class that `note.BODIES` has for its kind.

    Raises:
        InvalidError: They break a rule of the format; the message says which and where.
        OlderSchemaError: Their major version is no longer read.
        NewerSchemaError: Their major version is not known yet.
        UnsafeError: A path inside could reach outside its place.
    """
    return _read(data, "note", NOTES)


def read_registration(data: bytes) -> Registration:
    """Read the bytes of a registration.

    Raises:
        InvalidError: They break a rule of the format; the message says which and where.
        OlderSchemaError: Their major version is no longer read.
        NewerSchemaError: Their major version is not known yet.
    """
    return _read(data, "registration", REGISTRATIONS)


def read_metric(data: bytes) -> MetricDefinition:
    """Read the bytes of a metric definition.

    Raises:
        InvalidError: They break a rule of the format; the message says which and where.
        OlderSchemaError: Their major version is no longer read.
        NewerSchemaError: Their major version is not known yet.
    """
    return _read(data, "metric", METRICS)


def read_dataset(data: bytes) -> DatasetVersion:
    """Read the bytes of a dataset version.

    Raises:
        InvalidError: They break a rule of the format; the message says which and where.
        OlderSchemaError: Their major version is no longer read.
        NewerSchemaError: Their major version is not known yet.
    """
    return _read(data, "dataset", DATASETS)


def read_report(data: bytes) -> Report:
    """Read the bytes of a frozen report.

    Raises:
        InvalidError: They break a rule of the format; the message says which and where.
        OlderSchemaError: Their major version is no longer read.
        NewerSchemaError: Their major version is not known yet.
    """
    return _read(data, "report", REPORTS)


def read_document(path: str, data: bytes) -> Document:
    """Read a document together with its path: the name must prove the bytes.

    Args:
        path: Path in the lab, from ``records/``.
        data: The bytes that lie there.

    Raises:
        IntegrityError: The name promises other bytes.
        InvalidError: The path is none of a document, the document breaks a rule, or it belongs at
            another path.
        UnsafeError: A path inside could reach outside its place.
    """
    place = parse_path(path)
    if place.kind not in _READERS:
        raise InvalidError(f"no document has this path: {printable(path)[:200]}", paths=[path])
    digest = Digest.of(data)
    if place.digest != digest.short:
        raise IntegrityError(
            "the bytes are not those that the name proves", paths=[path],
            hint="restore the file from a copy of the lab; its name is right for the bytes it had",
        )  # fmt: skip
    document = _READERS[place.kind](data)
    if _place_of(document) != (place.project, place.id, place.version):
        raise InvalidError("the document belongs at another path", paths=[path])
    return document


_READERS: Final[dict[str, Callable[[bytes], Document]]] = {
    "run": read_record,
    "note": read_note,
    "registration": read_registration,
    "metric": read_metric,
    "dataset": read_dataset,
    "report": read_report,
}


def _place_of(document: Document) -> tuple[str, str, str]:
    """Return project, id and version that a document says of itself."""
    if isinstance(document, ResearchRecord):
        return document.identity.project, document.identity.run_id, ""
    if isinstance(document, Note):
        return document.project, document.note_id, ""
    if isinstance(document, DatasetVersion):
        return document.project, document.name, document.version
    if isinstance(document, Report):
        return document.project, document.slug, document.version
    return document.project, document.slug, ""


def _read(
    data: bytes, kind: str, majors: dict[int, Callable[[dict[str, Any]], type[_Model]]]
) -> _Model:
    document = decode(data)
    if not isinstance(document, dict):
        raise InvalidError(f"a {kind} is a JSON object")
    model = majors[major_of(document.get("schema"), kind, majors)](document)
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise InvalidError(f"not a valid {kind}: {_explain(error)}") from error


def _explain(error: ValidationError) -> str:
    mistakes = error.errors(include_url=False, include_context=False, include_input=False)
    lines = []
    for mistake in mistakes[:_SHOWN]:
        place = ".".join(str(part) for part in mistake["loc"]) or "the whole"
        what = mistake["msg"].removeprefix("Value error, ")
        lines.append(f"{printable(place)[:120]}: {printable(what)[:200]}")
    more = len(mistakes) - len(lines)
    return "; ".join(lines) + (f"; and {more} more" if more else "")
