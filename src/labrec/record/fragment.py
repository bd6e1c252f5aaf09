"""The fragment of a frozen report: a small language of HTML that runs and loads nothing. Pure.

A fragment is kept for ever and shown on a page of the site, whoever committed it. So it is not
searched for what is bad: it is read by a grammar in which nothing else than the elements and
attributes below can be said, and anything that the grammar does not know is a mistake. Browsers and
this reader cannot differ on it: tags are written in one way, every attribute has a quoted value,
``<`` and ``>`` stand for tags alone, elements close in order, SVG holds SVG and HTML holds HTML.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_FRAGMENT: Final = 8_000_000
"""Longest fragment, in bytes."""

MAX_DEPTH: Final = 48
"""Elements inside one another."""

PREFIX: Final = "r-"
"""How every id of a fragment begins, so that it can stand for nothing else of the page."""

ROOT: Final = "../../../"
"""The way from the page of a version, ``reports/<slug>/v<number>/index.html``, to the site's root;
every link inside the site begins with it."""

VOID: Final = frozenset({"br", "hr", "img"})
"""Elements without content or end."""

HTML: Final = frozenset(
    {
        "a", "blockquote", "br", "caption", "code", "dd", "del", "div", "dl", "dt", "em",
        "figcaption", "figure", "h2", "h3", "h4", "h5", "h6", "hr", "img", "li", "ol", "p", "pre",
        "span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul",
    }
)  # fmt: skip
"""Elements of text."""

SVG: Final = frozenset(
    {"circle", "desc", "g", "line", "path", "rect", "svg", "text", "title", "tspan"}
)
"""Elements of a drawing; they stand inside ``<svg>`` alone, and nothing else stands there."""

_MOST = 10  # mistakes that are told
_ID = rf"{PREFIX}[A-Za-z0-9:_-]{{1,120}}"
_NUMBER = r"-?\d{1,7}(\.\d{1,4})?"
_CLASS = (
    r"(?:lr-[a-z0-9-]{1,40}|admonition(?:-title)?|note|abstract|info|tip|success|question|warning|"
    r"failure|danger|bug|example|quote|footnote(?:-ref|-backref)?|language-[a-z0-9+-]{1,30})"
)
_INSIDE = r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*(?:#[A-Za-z0-9_-]+)?"
_OUTSIDE = r"https?://[A-Za-z0-9-][^\s\"'<>\\^`{|}\x00-\x20\x7f-\xa0]{0,1990}"
_MAIL = r"mailto:[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,250}"
_TEXT = r"[^\x00-\x1f\x7f-\x9f]{0,20000}"
_WORDS = {
    "alt": _TEXT,
    "aria-label": _TEXT,
    "class": rf"{_CLASS}(?: {_CLASS}){{0,7}}",
    "id": _ID,
}
_EVERY = ("class", "id")
_OF: Final[dict[str, dict[str, str]]] = {
    "a": {"aria-label": _TEXT, "href": rf"#{_ID}|{re.escape(ROOT)}{_INSIDE}|{_OUTSIDE}|{_MAIL}"},
    "div": {"role": "region", "tabindex": "0", "aria-label": _TEXT},
    "pre": {"tabindex": "0"},
    "img": {"src": r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}", "alt": _TEXT},
    "ol": {"start": r"\d{1,6}"},
    "td": {"align": "left|center|right"},
    "th": {"align": "left|center|right", "scope": "col|row"},
}
_DRAWN: Final[dict[str, str]] = {
    **dict.fromkeys(
        ("cx", "cy", "height", "r", "rx", "ry", "width", "x", "x1", "x2", "y", "y1", "y2", "dx",
         "dy"), rf"{_NUMBER}%?",
    ),
    "aria-hidden": "true",
    "aria-label": _TEXT,
    "class": _WORDS["class"],
    "d": r"[MmLlHhVvCcSsQqTtAaZz0-9 ,.eE+-]{0,400000}",
    "dominant-baseline": "[a-z-]{1,20}",
    "preserveAspectRatio": "[A-Za-z ]{1,30}",
    "role": "img|group|list|listitem",
    "text-anchor": "start|middle|end",
    "transform": rf"(?:(?:translate|rotate|scale)\({_NUMBER}(?:[ ,]{_NUMBER}){{0,2}}\) ?){{1,4}}",
    "viewBox": rf"{_NUMBER}(?: {_NUMBER}){{3}}",
    "xmlns": re.escape("http://www.w3.org/2000/svg"),
}  # fmt: skip

_PIECE = re.compile(
    r"""(?P<text>[^<>]+)
      | </(?P<end>[a-z][a-z0-9]*)>
      | <(?P<start>[a-z][a-z0-9]*)
         (?P<given>(?:\ [A-Za-z][A-Za-z0-9-]*="[^"<>]*")*)(?P<alone>/?)>""",
    re.VERBOSE,
)
_GIVEN = re.compile(r' ([A-Za-z][A-Za-z0-9-]*)="([^"<>]*)"')
_LOOSE = re.compile(r"&(?!(?:amp|lt|gt|quot|#34|#39|#x27);)")
_REFUSED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]")


def mistakes(text: str) -> list[str]:
    """Return what a text says that no fragment can say; empty where it is a fragment.

    Args:
        text: The text.
    """
    reader = _Reader()
    found = []
    for mistake in reader.read(text):
        found.append(mistake)
        if len(found) == _MOST:
            break
    return found


def drawing_mistakes(text: str) -> list[str]:
    """Return what a text says that no drawing of its own can say; empty where it is one.

    A drawing is one ``<svg>`` with its namespace. Its first child may be a ``<style>`` that names
    no address: rules, and the two media queries ``print`` and ``prefers-color-scheme``.
    """
    found = _DRAWING.fullmatch(text.rstrip("\n"))
    if found is None:
        return ["no <svg> with a namespace"]
    style = found["style"] or ""
    wrong = [f"a style with {one}" for one in _ACTIVE_STYLE.findall(style)[:3]]
    if _MEDIA.sub("", style).count("@"):
        wrong.append("a style with an @ rule")
    return wrong + mistakes(f"{found['head']}{found['rest']}")


_DRAWING = re.compile(
    r'(?P<head><svg xmlns="http://www\.w3\.org/2000/svg"[^<>]*[^/<>]>)'
    r"(?:<style>(?P<style>[^<>&]*)</style>)?(?P<rest>.*</svg>)",
    re.DOTALL,
)
_ACTIVE_STYLE = re.compile(r"url|image|\\|expression|javascript|behavior|binding|//", re.IGNORECASE)
_MEDIA = re.compile(r"@media (?:print|\(prefers-color-scheme: dark\)) \{")


class _Reader:
    """Reads a fragment piece by piece and remembers which elements are open."""

    def __init__(self) -> None:
        self.open: list[str] = []
        self.drawing = 0  # how many of the open elements belong to a drawing

    def read(self, text: str) -> Iterator[str]:
        if len(text) > MAX_FRAGMENT:
            yield f"more than {MAX_FRAGMENT} characters"
            return
        at = 0
        while at < len(text):
            piece = _PIECE.match(text, at)
            if piece is None:
                yield f"no tag that can be read: {text[at : at + 40]!a}"
                return
            at = piece.end()
            if piece["start"]:
                yield from self._start(piece)
            elif piece["end"]:
                yield from self._end(piece["end"])
            elif _LOOSE.search(piece[0]) or _REFUSED.search(piece[0]):
                yield f"a character reference or control: {piece[0][:40]!a}"
        if self.open:
            yield f"<{self.open[-1]}> is not closed"

    def _start(self, piece: re.Match[str]) -> Iterator[str]:
        name = piece["start"]
        starts_drawing = name == "svg" and not self.drawing
        if name not in (SVG if self.drawing or starts_drawing else HTML):
            where = " in a drawing" if self.drawing else ""
            yield f"<{name}>{where}"
        yield from _attributes(name, piece["given"], is_drawn=bool(self.drawing) or starts_drawing)
        if piece["alone"] and not self.drawing:
            yield f"<{name}/>"
        if piece["alone"] or (not self.drawing and name in VOID):
            return
        if len(self.open) == MAX_DEPTH:
            yield f"more than {MAX_DEPTH} elements inside one another"
        self.open.append(name)
        self.drawing += bool(self.drawing) or starts_drawing

    def _end(self, name: str) -> Iterator[str]:
        if not self.open or self.open[-1] != name:
            yield f"</{name}> closes nothing"
            return
        self.open.pop()
        self.drawing = max(0, self.drawing - 1)


def _attributes(tag: str, given: str, *, is_drawn: bool) -> Iterator[str]:
    seen: set[str] = set()
    for name, written in _GIVEN.findall(given):
        value = unescape(written)
        known = _DRAWN if is_drawn else {**{key: _WORDS[key] for key in _EVERY}, **_OF.get(tag, {})}
        rule = known.get(name)
        if name in seen:
            yield f"{name} twice on <{tag}>"
        seen.add(name)
        if rule is None:
            yield f"{name} on <{tag}>"
        elif _LOOSE.search(written) or not re.fullmatch(rule, value):
            yield f'{name}="{value[:60]}" on <{tag}>'
    if tag == "img" and not {"src", "alt"} <= seen:
        yield "an <img> without src or alt"
