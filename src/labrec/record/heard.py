"""A note as plain values: what the fold and everything that reads notes quickly needs of one.

The models of `labrec.record.note` know every rule and take a while to import. Here is checked what
readers rely on: that a note belongs at its path, says what it speaks about, and that its body is of
its kind. Whether it follows its whole schema is for ``verify``.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.errors import InvalidError
from labrec.record.codec import decode
from labrec.record.digest import PREFIX, Digest
from labrec.record.ids import parse_id
from labrec.record.layout import check_run_name, check_slug, parse_path
from labrec.record.text import CONTROLS
from labrec.record.version import major_of

if TYPE_CHECKING:
    from collections.abc import Callable

NOTE_MAJORS: Final = frozenset({1})
"""Major versions of notes that are read."""

REASONED: Final = frozenset({"reparent", "unlink", "retract", "supersede", "redact"})
"""The kinds that take something away, and so say why."""

_SUBJECTS = frozenset({"run", "experiment", "hypothesis", "note", "object", "report"})
_LINKED = frozenset({"hypothesis", "run", "dataset", "publication"})
_DECISIONS = frozenset({"supported", "refuted", "inconclusive"})
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?Z"
)
_LONGEST = 1000  # characters of a line, as the format has it


class Subject(NamedTuple):
    """What a note speaks about.

    Attributes:
        kind: run, experiment, hypothesis, note, object or report.
        id: Run or note id, config digest, slug, or object digest.
        digest: ``sha256:…`` of the document's bytes; None for an experiment.
    """

    kind: str
    id: str
    digest: str | None


class HeardNote(NamedTuple):
    """One note of a view.

    Attributes:
        digest: ``sha256:…`` of its bytes.
        note_id: Its own id.
        project: The project it belongs to.
        kind: What it does: comment, tag, reparent …
        subject: What it speaks about.
        after: Digests of the notes on this subject that its author had seen.
        time: When, UTC; informational.
        author: Who says so.
        reason: Why; ``""`` where none is given.
        body: What it says, by kind, as stored.
        path: Its path in the lab.
    """

    digest: str
    note_id: str
    project: str
    kind: str
    subject: Subject
    after: tuple[str, ...]
    time: str
    author: str
    reason: str
    body: dict[str, Any]
    path: str


def hear(path: str, data: bytes) -> HeardNote:
    """Read the bytes of a note; the caller has proven them by the name in the path.

    Raises:
        InvalidError: They are no note that can be used, or belong at another path.
        OlderSchemaError: Their major version is no longer read.
        NewerSchemaError: Their major version is not known yet.
    """
    document = decode(data)
    if not isinstance(document, dict):
        raise InvalidError("not a valid note: a note is a JSON object")
    major_of(document.get("schema"), "note", NOTE_MAJORS)
    place = parse_path(path)
    if (document.get("project"), document.get("note_id")) != (place.project, place.id):
        raise InvalidError("the document belongs at another path")
    kind, reason = _text(document, "kind"), _text(document, "reason", empty=True)
    check = _BODIES.get(kind)
    if check is None:
        raise InvalidError(f"not a valid note: no kind {kind!a:.80}")
    if kind in REASONED and not reason.strip():
        raise InvalidError(f"not a valid note: one of kind {kind} says its reason")
    body = _object(document, "body")
    check(body)
    return HeardNote(
        digest=str(Digest.of(data)),
        note_id=place.id,
        project=place.project,
        kind=kind,
        subject=_subject(_object(document, "subject")),
        after=tuple(map(_digest, _list(document, "after"))),
        time=_time(_text(document, "time")),
        author=_line(_object(document, "author").get("name"), "author"),
        reason=reason,
        body=body,
        path=path,
    )


def _subject(found: dict[str, Any]) -> Subject:
    kind, own, digest = _text(found, "kind"), _line(found.get("id"), "subject"), found.get("digest")
    if kind not in _SUBJECTS:
        raise InvalidError(f"not a valid note: no subject is a {kind!a:.80}")
    if kind == "experiment":
        _digest(own)
    if (digest is None) != (kind == "experiment"):
        raise InvalidError("not a valid note: its subject has no digest")
    return Subject(kind, own, None if digest is None else _digest(digest))


# --- bodies -----------------------------------------------------------------------------------


def _parents(body: dict[str, Any]) -> None:
    for parent in _list(body, "parents"):
        if not isinstance(parent, dict):
            raise _wrong("parents")
        name, run_id, digest = (parent.get(key) for key in ("name", "run_id", "config_digest"))
        if name is None and run_id is None and digest is None:
            raise _wrong("parents")
        if name is not None:
            _line(name, "parents")
        if run_id is not None:
            parse_id(run_id)
        if digest is not None:
            _digest(digest)


def _link(body: dict[str, Any]) -> None:
    to, target, digest = body.get("to"), _line(body.get("target"), "target"), body.get("digest")
    if to not in _LINKED:
        raise _wrong("to")
    if to == "hypothesis":
        check_slug(target)
    if to == "run":
        parse_id(target)
    if digest is not None:
        _digest(digest)
    elif to in {"hypothesis", "dataset"}:
        raise _wrong("digest")


def _tags(body: dict[str, Any]) -> None:
    sets = [
        {_line(tag, name) for tag in _list(body, name)} if name in body else set()
        for name in ("add", "remove")
    ]
    if not sets[0] | sets[1] or sets[0] & sets[1]:
        raise _wrong("add and remove")


def _values(body: dict[str, Any]) -> None:
    values = _object(body, "values")
    if not values or not all(isinstance(one, dict) and "value" in one for one in values.values()):
        raise _wrong("values")


def _verdict(body: dict[str, Any]) -> None:
    _digest(body.get("registration"))
    if body.get("decision") not in _DECISIONS or not isinstance(body.get("confirmatory"), bool):
        raise _wrong("decision")


def _supersede(body: dict[str, Any]) -> None:
    successor = _object(body, "by")
    _digest(successor.get("digest"))
    _line(successor.get("id"), "by")
    if successor.get("kind") not in {"run", "note", "report"}:
        raise _wrong("by")


def _redact(body: dict[str, Any]) -> None:
    if not [_digest(digest) for digest in _list(body, "objects")]:
        raise _wrong("objects")


_BODIES: Final[dict[str, Callable[[dict[str, Any]], object]]] = {
    "reparent": _parents,
    "link": _link,
    "unlink": _link,
    "comment": lambda body: _text(body, "text"),
    "tag": _tags,
    "outcome": lambda body: _text(body, "outcome"),
    "evaluate": _values,
    "verdict": _verdict,
    "decide": lambda body: _text(body, "decision"),
    "object": lambda body: _text(body, "text"),
    "retract": lambda _body: None,
    "supersede": _supersede,
    "redact": _redact,
    "rename": lambda body: check_run_name(body.get("name")),
}


# --- fields -----------------------------------------------------------------------------------


def _text(found: dict[str, Any], name: str, *, empty: bool = False) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not (value or empty):
        raise _wrong(name)
    return value


def _line(value: object, name: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST or CONTROLS.search(value):
        raise _wrong(name)
    return value


def _time(text: str) -> str:
    if _TIME.fullmatch(text) is None:
        raise _wrong("time")
    try:
        date.fromisoformat(text[:10])  # the pattern knows the clock, not the calendar
    except ValueError as error:
        raise _wrong("time") from error
    return text


def _object(found: dict[str, Any], name: str) -> dict[str, Any]:
    value = found.get(name)
    if not isinstance(value, dict):
        raise _wrong(name)
    return value


def _list(found: dict[str, Any], name: str) -> list[Any]:
    value = found.get(name)
    if not isinstance(value, list):
        raise _wrong(name)
    return value


def _digest(value: object) -> str:
    if not isinstance(value, str) or not value.startswith(PREFIX):
        raise _wrong("digest")
    return str(Digest.parse(value))


def _wrong(name: str) -> InvalidError:
    return InvalidError(f"not a valid note: its {name} cannot be used")
