"""Previews of artifacts: only what is proven to be a picture or text, and never markup. Pure.

What a run left is hostile input. A picture is copied only when its bytes are a PNG or JPEG from the
first to the last; text is shown escaped and cut; HTML, SVG and everything else is a name, a digest
and a size.
"""

from __future__ import annotations

import zlib
from typing import Final, Literal, NamedTuple

MAX_PICTURE: Final = 256 * 1024
"""Largest picture that is copied, in bytes."""

MAX_SIDE: Final = 4096
"""Most pixels of a side of a picture."""

MAX_TEXT: Final = 64 * 1024
"""Largest text that is looked at, in bytes."""

MAX_LOG: Final = 1024 * 1024
"""Largest log whose end is shown, in bytes."""

SHOWN_TEXT: Final = 1500
"""Characters of a text that are shown."""

_TEXTS = (".cfg", ".csv", ".ini", ".json", ".jsonl", ".log", ".md", ".toml", ".tsv", ".txt",
          ".yaml", ".yml")  # fmt: skip
_MARKUP = (".htm", ".html", ".js", ".mjs", ".shtml", ".svg", ".svgz", ".xht", ".xhtml", ".xml")
_PNG = b"\x89PNG\r\n\x1a\n"


class Picture(NamedTuple):
    """A picture that may be shown.

    Attributes:
        ending: ``png`` or ``jpg``: the name it is served under decides how a browser reads it.
        width: In pixels.
        height: In pixels.
    """

    ending: Literal["png", "jpg"]
    width: int
    height: int


def may_be_text(name: str, media_type: str | None, size: int) -> bool:
    """Tell whether the bytes of an artifact are worth a look as text.

    Args:
        name: Its name.
        media_type: What its record says; None = nothing.
        size: Its length, in bytes.
    """
    if not 0 < size <= MAX_TEXT or is_markup(name, media_type):
        return False
    if media_type is None:
        return name.lower().endswith(_TEXTS)
    return media_type.startswith("text/") or media_type in {"application/json", "application/yaml"}


def may_be_picture(name: str, media_type: str | None, size: int) -> bool:
    """Tell whether the bytes of an artifact are worth a look as a picture."""
    if not 0 < size <= MAX_PICTURE:
        return False
    called = name.lower().endswith((".png", ".jpg", ".jpeg"))
    return called if media_type is None else media_type in {"image/png", "image/jpeg"}


def is_markup(name: str, media_type: str | None) -> bool:
    """Tell whether an artifact is, or calls itself, something that a browser would run."""
    kind = (media_type or "").lower()
    says = any(word in kind for word in ("html", "svg", "xml", "script"))
    return says or name.lower().endswith(_MARKUP)


def text(data: bytes, shown: int = SHOWN_TEXT) -> str | None:
    """Return the beginning of a text; None where the bytes are none."""
    whole = _decoded(data)
    return None if whole is None else whole[:shown]


def tail(data: bytes, lines: int, shown: int = 2 * SHOWN_TEXT) -> str | None:
    """Return the last lines of a text; None where the bytes are none.

    Args:
        data: The bytes.
        lines: Most lines.
        shown: Most characters.
    """
    whole = _decoded(data)
    if whole is None:
        return None
    return "\n".join(whole.rstrip("\n").split("\n")[-lines:])[-shown:]


def _decoded(data: bytes) -> str | None:
    if b"\0" in data:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def picture(data: bytes) -> Picture | None:
    """Return what picture the bytes are, from the first to the last; None where they are none."""
    try:
        found = _png(data) if data.startswith(_PNG) else _jpeg(data)
    except (IndexError, ValueError):
        return None
    if found is None or not (0 < found.width <= MAX_SIDE and 0 < found.height <= MAX_SIDE):
        return None
    return found


def _png(data: bytes) -> Picture | None:
    """Read every chunk of a PNG (ISO/IEC 15948, clause 5.3), with its checksum."""
    at = len(_PNG)
    size: tuple[int, int] | None = None
    while at + 12 <= len(data):
        length = _number(data, at, 4)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if len(body) != length or zlib.crc32(kind + body) != _number(data, at + 8 + length, 4):
            return None
        if size is None:
            if kind != b"IHDR":
                return None
            size = _number(body, 0, 4), _number(body, 4, 4)
        at += 12 + length
        if kind == b"IEND":
            return Picture("png", *size) if at == len(data) else None
    return None


def _jpeg(data: bytes) -> Picture | None:
    """Read the segments of a JPEG (ITU-T T.81, annex B) up to its scan, and its end."""
    if not (data.startswith(b"\xff\xd8\xff") and data.endswith(b"\xff\xd9")):
        return None
    at, size = 2, None
    while data[at] == 0xFF:  # noqa: PLR2004 - what every marker begins with
        marker = data[at + 1]
        if marker == 0xDA:  # noqa: PLR2004 - start of scan: coded data follows
            return Picture("jpg", *size) if size else None
        length = _number(data, at + 2, 2)
        # start of frame, without the three of this range that are tables
        if marker in range(0xC0, 0xD0) and marker not in {0xC4, 0xC8, 0xCC}:
            size = _number(data, at + 7, 2), _number(data, at + 5, 2)
        at += 2 + length
    return None


def _number(data: bytes, at: int, width: int) -> int:
    part = data[at : at + width]
    if len(part) != width:
        raise ValueError("cut off")
    return int.from_bytes(part, "big")
