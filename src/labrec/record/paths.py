"""Paths inside records: relative, ``/``, NFC, safe on every system, and one spelling for each.

A path is stored as text whose components are percent-encoded where they hold anything that some
system reads in its own way. Decoding gives the original bytes back, and encoding those gives the
stored text again: `check_path` demands it, so that two spellings never name one file.
"""

from __future__ import annotations

import os
import re
import unicodedata

from labrec.errors import UnsafeError
from labrec.record.text import INVISIBLE

MAX_PATH = 4096  # characters of a stored path

# Percent itself, the other separator, drive letters and alternate streams, joiners.
_ENCODED = re.compile(f"{INVISIBLE.pattern}|[%\\\\:\u200c\u200d]")
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_ESCAPED = re.compile(rb"%([0-9A-F]{2})")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-F]{2})")
# Devices of Windows with any ending, and git's own folder under the names systems give it.
_RESERVED = re.compile(
    r"(?:(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(?:\..*)?|\.git|git~1)",
    re.IGNORECASE | re.DOTALL | re.ASCII,
)


def stored_path(os_path: str | bytes | os.PathLike[str]) -> dict[str, str]:
    """Return how a record stores a relative path of this system.

    Args:
        os_path: Relative path; text may carry undecodable bytes as Python hands them over.

    Returns:
        ``{"path": …}``, and ``"display"`` for people where the stored text is encoded.

    Raises:
        UnsafeError: The path is absolute, empty, holds ``..`` or NUL, or is too long.
    """
    raw = os.fsencode(os_path)
    if raw.startswith(b"/"):
        raise _unsafe("absolute path", os.fsdecode(raw))
    parts = [part for part in raw.split(b"/") if part not in {b"", b"."}]
    if not parts:
        raise _unsafe("empty path", os.fsdecode(raw))
    path = "/".join(_encode(part) for part in parts)
    check_path(path)
    plain = b"/".join(parts)
    if path.encode() == plain:
        return {"path": path}
    text = unicodedata.normalize("NFC", plain.decode("utf-8", "replace"))
    return {"path": path, "display": INVISIBLE.sub("\ufffd", text)}


def check_path(text: object) -> str:
    """Return a stored path as it is when it is safe and spelled in the one way.

    Raises:
        UnsafeError: It is not; the message says why.
    """
    if not isinstance(text, str) or not 0 < len(text) <= MAX_PATH:
        raise _unsafe("path that is empty, too long or no text", str(text))
    if text.startswith("/"):
        raise _unsafe("absolute path", text)
    for part in text.split("/"):
        if not part:
            raise _unsafe("empty component in a path", text)
        try:
            raw = _decode(part)
        except UnicodeEncodeError as error:
            raise _unsafe("path that is not Unicode", text) from error
        if raw in {b".", b".."}:
            raise _unsafe(f"{raw.decode()!r} in a path", text)
        if b"/" in raw or b"\x00" in raw:
            raise _unsafe("separator or NUL hidden in a path", text)
        if _BAD_ESCAPE.search(part) or _encode(raw) != part:
            raise _unsafe("path not spelled as records spell it", text)
    return text


def original_path(text: str) -> bytes:
    """Return the bytes that a stored path stands for, to open the file on this system.

    Raises:
        UnsafeError: `check_path` refuses it.
    """
    return b"/".join(_decode(part) for part in check_path(text).split("/"))


def _encode(raw: bytes) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = ""
    if text and unicodedata.is_normalized("NFC", text):
        stored = _ENCODED.sub(lambda found: _percent(found[0].encode()), text)
    else:  # other bytes than NFC text: all that is not ASCII, so that decoding is exact
        plain = _NOT_ASCII.sub(lambda found: _percent(found[0]).encode(), raw.replace(b"%", b"%25"))
        stored = re.sub(r"[\x00-\x1f\x7f\\:]", lambda found: _percent(found[0].encode()),
                        plain.decode())  # fmt: skip
    if _RESERVED.fullmatch(stored):
        stored = _percent(stored[0].encode()) + stored[1:]
    if stored[-1:] in {".", " "}:  # Windows drops them: two names would become one
        stored = stored[:-1] + _percent(stored[-1].encode())
    return stored


def _decode(part: str) -> bytes:
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), part.encode())


def _percent(raw: bytes) -> str:
    return "".join(f"%{byte:02X}" for byte in raw)


def _unsafe(why: str, text: str) -> UnsafeError:
    return UnsafeError(
        f"{why}: {text[:200]!a}",
        hint="a stored path is relative, with '/', without '..', controls or reserved names",
    )
