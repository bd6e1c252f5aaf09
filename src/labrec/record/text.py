"""Text that comes from a record or from the outside, made safe to store or to show (I5)."""

from __future__ import annotations

import re
from typing import Final

from labrec.record.codec import REFUSED_CHARACTERS

# Controls; soft hyphen and what is invisible or turns the direction of text; line separators;
# interlinear marks; tags; and whatever a stored string cannot hold. The two joiners are left out:
# scripts and emoji need them.
_INVISIBLE = (
    "\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f"
)
INVISIBLE: Final = re.compile(f"[{_INVISIBLE}]|{REFUSED_CHARACTERS.pattern}")
CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_BREAKS = re.compile("[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029 ]+")


def _escape(found: re.Match[str]) -> str:
    short = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}.get(found[0])
    return short or found[0].encode("unicode_escape").decode()


def printable(text: str) -> str:
    r"""Return the text for a terminal or a message: one line, what is invisible shown escaped.

    Controls, bidirectional overrides, line separators, lone surrogates and the like appear as
    ``\n``, ``\x1b``, ``\u202e``; nothing in the result can move a cursor or reorder a line.
    """
    return text if text.isascii() and text.isprintable() else INVISIBLE.sub(_escape, text)


def one_line(text: str, limit: int | None = None) -> str:
    """Return the text as one line: breaks become spaces, controls and invisible marks vanish.

    Args:
        text: Any text.
        limit: Most characters of the result, >= 1; a longer one ends in an ellipsis.
    """
    line = INVISIBLE.sub("", _BREAKS.sub(" ", text))
    line = _BREAKS.sub(" ", line).strip()  # what vanished may have parted two spaces
    if limit is not None and len(line) > limit:
        return line[: limit - 1].rstrip() + "…"
    return line


def storable(text: str) -> tuple[str, bool]:
    r"""Return the text with what JSON cannot hold escaped, and whether anything was.

    A byte that was no UTF-8 (Python hands it over as a lone surrogate, in argv for one) appears as
    ``\xff``, NUL as ``\x00``, a noncharacter as ``\uffff``.
    """
    if text.isascii() and "\x00" not in text:
        return text, False
    found = REFUSED_CHARACTERS.sub(_escape_stored, text)
    return found, found != text


def _escape_stored(found: re.Match[str]) -> str:
    code = ord(found[0])
    # PEP 383: bytes 0x80 to 0xff that did not decode became U+DC80 to U+DCFF
    if 0xDC80 <= code <= 0xDCFF:  # noqa: PLR2004 - the range of PEP 383
        return rf"\x{code - 0xDC00:02x}"
    return found[0].encode("unicode_escape").decode()


def size(count: int) -> str:
    """Return a length in bytes with a decimal prefix: ``512 B``, ``1.5 kB``."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:  # noqa: PLR2004 - decimal prefixes
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"
