"""Content-addressed bytes of a lab, read back and proven on the way."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

from labrec.errors import IntegrityError, LimitError, NotFoundError
from labrec.record import layout

if TYPE_CHECKING:
    from labrec.record.digest import Digest
    from labrec.store.view import View

_CHUNK = 1 << 20


class Writable(Protocol):
    """What `copy_object` writes to."""

    def write(self, data: bytes, /) -> object:
        """Take the next bytes."""


class ProvenStream(io.RawIOBase):
    """A stream that hashes what it hands out and refuses to end when it is not what was promised.

    Args:
        source: Where the bytes come from; closed with this stream.
        digest: What they must hash to.
    """

    def __init__(self, source: BinaryIO, digest: Digest) -> None:
        super().__init__()
        self._source = source
        self._digest = digest
        self._hash = hashlib.sha256()
        self._ended = False

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill ``buffer`` with the next bytes; 0 at the end.

        Raises:
            IntegrityError: At the end: the bytes are not those of the digest.
        """
        data = self._source.read(len(buffer)) if len(buffer) else b""
        if data:
            self._hash.update(data)
            buffer[: len(data)] = data
        elif len(buffer) and not self._ended:
            if self._hash.hexdigest() != self._digest.hex:
                raise IntegrityError(
                    f"object {self._digest.hex} holds other bytes than its name says",
                    hint="Run `labrec verify`; fetch the object from another clone of this lab.",
                    paths=[layout.object_path(self._digest)],
                )
            self._ended = True
        return len(data)

    def close(self) -> None:
        """Close the source too."""
        if not self.closed:
            self._source.close()
        super().close()


def open_object(view: View, digest: Digest) -> BinaryIO:
    """Open an object; the read that reaches its end proves it.

    Raises:
        NotFoundError: The view does not hold it.
        IntegrityError: On reading to the end: the bytes are other ones.
    """
    path = layout.object_path(digest)
    entry = view.entry(path)
    if entry is None or entry.is_tree:
        raise NotFoundError(
            f"object {digest.short} is not in this lab",
            hint="Its record may hold only its digest; or fetch the clone that recorded it.",
            paths=[path],
        )
    source = view.objects.open_blob(entry.sha)
    # A small one is in memory: where it is right it is proven at once.
    if isinstance(source, io.BytesIO) and digest.hex == _sha256(source):
        return source
    stream = ProvenStream(source, digest)
    return cast("BinaryIO", io.BufferedReader(stream, _CHUNK))


def read_object(view: View, digest: Digest, *, limit: int) -> bytes:
    """Return the proven bytes of an object.

    Args:
        view: Where to look.
        digest: Which object.
        limit: Most bytes to hold in memory.

    Raises:
        NotFoundError: The view does not hold it.
        IntegrityError: The bytes are other ones.
        LimitError: It is larger than ``limit``.
    """
    with open_object(view, digest) as stream:
        data = stream.read(limit + 1)
        if len(data) > limit:
            raise LimitError(
                f"object {digest.short} is larger than {limit} bytes",
                hint="`labrec get` copies it to a file without holding it in memory.",
                paths=[layout.object_path(digest)],
            )
        stream.read(1)  # the end is where the digest is compared
    return data


def copy_object(view: View, digest: Digest, target: Writable) -> int:
    """Copy an object's bytes and return how many there were.

    What was written before an error is not to be used: write to a temporary file and rename it
    when this returns.

    Raises:
        NotFoundError: The view does not hold it.
        IntegrityError: The bytes are other ones.
    """
    size = 0
    with open_object(view, digest) as stream:
        while data := stream.read(_CHUNK):
            target.write(data)
            size += len(data)
    return size


def _sha256(source: io.BytesIO) -> str:
    return hashlib.sha256(source.getbuffer()).hexdigest()
