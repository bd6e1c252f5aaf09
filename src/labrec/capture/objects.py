"""Bytes on their way to the store: content named by its sha256."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple


class NewObject(NamedTuple):
    """Content that a record refers to and the store does not hold yet.

    Attributes:
        sha256: 64 lower-case hex digits of the content's sha256.
        size: Length in bytes.
        source: The bytes themselves, or the file that holds exactly them.
    """

    sha256: str
    size: int
    source: bytes | Path

    @classmethod
    def of(cls, data: bytes) -> NewObject:
        """Name ``data`` by its digest."""
        return cls(hashlib.sha256(data).hexdigest(), len(data), data)

    @property
    def ref(self) -> dict[str, object]:
        """The object as a record refers to it: ``{"sha256", "size"}``."""
        return {"sha256": self.sha256, "size": self.size}

    def read(self) -> bytes:
        """Return the content; meant for small objects.

        Raises:
            OSError: The file that holds the content cannot be read.
        """
        return self.source.read_bytes() if isinstance(self.source, Path) else self.source
