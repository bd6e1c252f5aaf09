"""Templates without the white space that only lays them out. Pure.

It goes once, when a template is read, so it costs a page nothing and never sees what a record says:
texts come to a page from expressions, which are left as they are. A browser shows the same: a run
of white space is one space to it, and none beside the tag of a block. (Where a style keeps line
breaks for the sake of such texts, those of a template were empty lines that nobody meant.) In
``pre`` and the like, and between the attributes of a tag, everything stays.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from jinja2.ext import Extension
from jinja2.lexer import Token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jinja2.lexer import TokenStream

BLOCKS: Final = frozenset(
    {
        "article", "aside", "blockquote", "caption", "dd", "details", "div", "dl", "dt",
        "figcaption", "footer", "h1", "header", "main", "nav", "ol", "p", "pre", "section",
        "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
    }
)  # fmt: skip
"""Elements that stand on lines of their own on every page: our styles make none of them inline.

Others, ``li`` and ``figure`` among them, stand in a line somewhere, where a space has a width.
"""

VERBATIM: Final = frozenset({"pre", "script", "style", "textarea"})
"""Elements whose white space means something."""

_PIECE = re.compile(r"<(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]*)|>|[ \t\r\f\n]{2,}|\n")
_BLOCK = re.compile(rf"</?(?:{'|'.join(sorted(BLOCKS))})(?=[\s>]|$)")


class Place(NamedTuple):
    """Where in a page a text begins.

    Attributes:
        tag: Name of the tag that is being written, ``/`` before that of an end tag; empty = none.
        verbatim: Name of the element around whose white space means something; empty = none.
    """

    tag: str = ""
    verbatim: str = ""


def compacted(text: str, place: Place) -> tuple[str, Place]:
    """Return HTML without white space that only lays it out, and where it ends.

    Args:
        text: A part of a page.
        place: Where it begins.
    """
    tag, verbatim = place
    out: list[str] = []
    at = 0
    is_after_block = False  # what stands before this part is not known
    for piece in _PIECE.finditer(text):
        if piece.start() > at:
            is_after_block = False
            out.append(text[at : piece.start()])
        at = piece.end()
        written = piece[0]
        if piece["name"]:
            name = piece["end"] + piece["name"].lower()
            if not verbatim or name == f"/{verbatim}":
                tag, verbatim = name, ""
            is_after_block = False
        elif written == ">":
            is_after_block = tag.removeprefix("/") in BLOCKS
            verbatim = tag if tag in VERBATIM else verbatim
            tag = ""
        elif not tag and not verbatim:
            space = "\n" if "\n" in written else " "
            written = "" if is_after_block or _BLOCK.match(text, at) else space
        out.append(written)
    out.append(text[at:])
    return "".join(out), Place(tag, verbatim)


class Compact(Extension):
    """Has Jinja2 read templates without the white space that only lays them out."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """Yield the tokens of a template."""
        place = Place()
        for token in stream:
            if token.type != "data":
                yield token
                continue
            text, place = compacted(token.value, place)
            if text:
                yield Token(token.lineno, "data", text)
