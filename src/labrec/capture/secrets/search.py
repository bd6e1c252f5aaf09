"""Find secrets in bytes, text and streams, also inside gzip and UTF-16; take them out of text."""

from __future__ import annotations

import hashlib
import itertools
import zlib
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, TypeVar

from labrec.capture.secrets import patterns

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

Text = TypeVar("Text", bytes, str)

_CHUNK = 1 << 19
_GZIP = b"\x1f\x8b\x08"
_MARK = b"[redacted:%s]"
_PREVIEW = 4


class Finding(NamedTuple):
    """One place that holds a secret. Never the secret itself.

    Attributes:
        kind: Which pattern it follows, such as ``github-token``.
        where: File name, object or record path (``command.argv[2]``).
        line: Line in it, from 1.
        column: Byte in the line, from 1.
        preview: Its first four characters: the public prefix of most formats, else ``""``.
        length: Its length in bytes.
        fingerprint: sha256 of it (64 hex digits): what ``secrets.allow`` lists.
    """

    kind: str
    where: str
    line: int
    column: int
    preview: str
    length: int
    fingerprint: str

    @property
    def place(self) -> str:
        """The place as ``where:line:column``."""
        return f"{self.where}:{self.line}:{self.column}"


def scan(data: bytes | str | BinaryIO, where: str, allow: Collection[str] = ()) -> list[Finding]:
    """Return every secret in ``data``, also inside gzip and UTF-16 text, in order of place.

    Args:
        data: Bytes, text, or a binary stream that is read to its end in bounded memory.
        where: Name of the place, for the findings.
        allow: Fingerprints that are no secrets.

    Raises:
        OSError: The stream cannot be read.
    """
    if isinstance(data, str):
        data = data.encode("utf-8", "surrogatepass")
    pieces = _pieces(data)
    return list(_scan(_plain(next(pieces, b""), pieces), where, allow))


def spans(data: bytes) -> list[patterns.Match]:
    """Return the secrets in ``data`` in order, without overlaps: the earliest and longest win."""
    kept: list[patterns.Match] = []
    for match in sorted(patterns.find(data), key=lambda m: (m.start, -m.end)):
        if not kept or match.start >= kept[-1].end:
            kept.append(match)
    return kept


def _pieces(data: bytes | BinaryIO) -> Iterator[bytes]:
    if isinstance(data, bytes):
        for start in range(0, len(data), _CHUNK):
            yield data[start : start + _CHUNK]
        return
    while piece := data.read(_CHUNK):
        yield piece


def _plain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the content without gzip and as UTF-8 where it is UTF-16."""
    if first.startswith(_GZIP):
        unpacked = _unzip(first, rest)
        inner = next(unpacked, b"")
        yield from _narrow(inner, unpacked)
    else:
        yield from _narrow(first, rest)


def _unzip(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    """Yield what gzip members hold; what is no gzip any more is passed as it is."""
    machine = zlib.decompressobj(31)
    data = first
    while data:
        try:
            out = machine.decompress(data, _CHUNK)
        except zlib.error:
            yield data
            yield from rest
            return
        if out:
            yield out
        data = machine.unconsumed_tail
        if machine.eof:
            data, machine = machine.unused_data, zlib.decompressobj(31)
        data = data or next(rest, b"")


def _narrow(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    encoding = _utf16(first)
    if encoding is None:
        yield first
        yield from rest
        return
    odd = b""  # half a code unit at the end of a piece
    for piece in itertools.chain((first,), rest):
        data = odd + piece
        whole = len(data) - len(data) % 2
        odd = data[whole:]
        yield data[:whole].decode(encoding, "replace").encode("utf-8", "replace")


def _utf16(data: bytes) -> str | None:
    """Return the UTF-16 encoding that the beginning of some content shows."""
    if data.startswith(b"\xff\xfe"):
        return "utf-16-le"
    if data.startswith(b"\xfe\xff"):
        return "utf-16-be"
    head = data[:256]
    if len(head) >= 32:  # noqa: PLR2004 - too little to judge by
        even, odd = head[::2].count(0), head[1::2].count(0)
        if even == 0 and odd > len(head) * 0.4:
            return "utf-16-le"
        if odd == 0 and even > len(head) * 0.4:
            return "utf-16-be"
    return None


def _scan(pieces: Iterator[bytes], where: str, allow: Collection[str]) -> Iterator[Finding]:
    """Search piece by piece; each search begins with the end of the one before.

    A match is taken when it begins in the part that the next search will not see as its own, so
    each is found once and whole.
    """
    window = b""
    reach = 0  # how far the stream was taken, so that no match is told twice
    place = _Place()
    piece = next(pieces, b"")
    while piece:
        window += piece
        piece = next(pieces, b"")
        if piece and len(window) < _CHUNK:
            continue
        border = max(0, len(window) - patterns.LONGEST) if piece else len(window)
        for match in spans(window):
            if match.start >= border:
                break
            if place.offset + match.start >= reach:
                reach = place.offset + match.end
                finding = _finding(match, window, where, place.locate(window, match.start))
                if finding.fingerprint not in allow:
                    yield finding
        reach = max(reach, place.offset + border)
        keep = max(0, border - patterns.LOOK_BACK)
        place.advance(window, keep)
        window = window[keep:]


class _Place:
    """Lines and columns of a stream that is seen through a moving window."""

    def __init__(self) -> None:
        self.offset = 0
        self._lines = 1
        self._column = 0

    def locate(self, window: bytes, position: int) -> tuple[int, int]:
        lines = window.count(b"\n", 0, position)
        if not lines:
            return self._lines, self._column + position + 1
        return self._lines + lines, position - window.rfind(b"\n", 0, position)

    def advance(self, window: bytes, count: int) -> None:
        self.offset += count
        lines = window.count(b"\n", 0, count)
        if lines:
            self._lines += lines
            self._column = count - window.rfind(b"\n", 0, count) - 1
        else:
            self._column += count


# Kinds whose first characters are the secret itself, not the prefix of a format.
_NO_PREFIX = frozenset(
    (
        "assigned-secret", "authorization", "aws-secret-key", "azure-key", "azure-sas",
        "kaggle-key", "netrc-password", "password", "sendgrid-key", "telegram-token",
        "url-password", "wandb-key", "webhook", "google-oauth-token", "secret-option",
    )
)  # fmt: skip


def fingerprint(secret: bytes) -> str:
    """Return what ``secrets.allow`` lists for a string that is no secret."""
    return hashlib.sha256(secret).hexdigest()


def _finding(match: patterns.Match, data: bytes, where: str, place: tuple[int, int]) -> Finding:
    secret = data[match.start : match.end]
    preview = "" if match.kind in _NO_PREFIX else secret[:_PREVIEW].decode("ascii", "replace")
    return Finding(match.kind, where, *place, preview, len(secret), fingerprint(secret))


def redact(text: Text, where: str = "", allow: Collection[str] = ()) -> tuple[Text, list[Finding]]:
    """Return ``text`` with each secret replaced by ``[redacted:<kind>]``, and what was found.

    Args:
        text: Bytes or str; the same type comes back.
        where: Name of the place, for the findings.
        allow: Fingerprints that are no secrets.
    """
    if isinstance(text, str):
        data, found = _redact(text.encode("utf-8", "surrogatepass"), where, allow)
        return (data.decode("utf-8", "surrogatepass") if found else text), found
    return _redact(text, where, allow)


def _redact(data: bytes, where: str, allow: Collection[str]) -> tuple[bytes, list[Finding]]:
    found: list[Finding] = []
    parts: list[bytes] = []
    done = 0
    place = _Place()
    for match in spans(data):
        finding = _finding(match, data, where, place.locate(data, match.start))
        if finding.fingerprint in allow:
            continue
        found.append(finding)
        parts += [data[done : match.start], _MARK % match.kind.encode()]
        done = match.end
    return (b"".join([*parts, data[done:]]), found) if found else (data, found)
