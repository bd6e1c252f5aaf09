"""What a capture function returns: a section, its objects, and what it could not keep."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

Section = dict[str, Any]
Event = dict[str, Any]


class NewObject(NamedTuple):
    """Bytes that a record refers to by digest.

    Attributes:
        sha256: 64 lower-case hex digits of the bytes.
        size: Length in bytes.
        source: The bytes, or a file that held them when it was hashed. Whoever copies a file hashes
            it again and drops it, with an event, when it changed meanwhile.
    """

    sha256: str
    size: int
    source: bytes | Path

    @classmethod
    def of(cls, data: bytes) -> NewObject:
        """Make the object of these bytes."""
        return cls(hashlib.sha256(data).hexdigest(), len(data), data)

    @property
    def ref(self) -> dict[str, Any]:
        """How a section names this object."""
        return {"sha256": self.sha256, "size": self.size}


class WrittenDocument:
    """A document that many runs share, as the bytes that one of them wrote first.

    Attributes:
        value: The JSON value; not to be changed.
        stored: Its bytes.
    """

    def __init__(self, value: dict[str, Any]) -> None:
        from labrec.record.codec import encode  # what is captured need not be a document

        self.value = value
        self.stored = NewObject.of(encode(value, limit=None))

    @cached_property
    def digest(self) -> str:
        """The digest of its value: ``sha256:<64 hex>`` over RFC 8785."""
        from labrec.record.digest import Digest  # as above

        return str(Digest.of_value(self.value))


class DocumentWriter:
    """Writes documents of one kind; the next one mostly is the last one again."""

    def __init__(self) -> None:
        self._last: WrittenDocument | None = None

    def write(self, value: dict[str, Any]) -> WrittenDocument:
        """Return a document as it is stored."""
        last = self._last
        if last is None or last.value != value:
            last = self._last = WrittenDocument(value)
        return last


class Captured(NamedTuple):
    """One section of a record as it was captured.

    Attributes:
        section: The section, as the record stores it.
        objects: What the section refers to, in the order found, without repeats.
        events: Lines for the ``capture`` section: what was skipped or unavailable, and why.
        held: What the section counts on the lab to hold: names and sizes, without their bytes.
    """

    section: Section
    objects: list[NewObject]
    events: list[Event]
    held: tuple[NewObject, ...] = ()


def event(kind: str, what: str, why: str, count: int = 1) -> Event:
    """Return one line for the ``capture`` section.

    Args:
        kind: skipped, redacted, truncated, unmappable, lost, unavailable or recovered.
        what: The thing that is not in the record as it was.
        why: The cause, one clause.
        count: How many things this line stands for, >= 1.
    """
    return {"kind": kind, "what": what, "why": why, "count": count}
