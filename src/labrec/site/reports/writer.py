"""From the HTML that Markdown made to the pieces of an article: rebuilt, element by element.

Nothing of what comes in is passed through. Of each element that a fragment may hold the attributes
that it may have are written anew, text is escaped, tokens become values, and everything else is
dropped or, where an author would miss it, told as a mistake.
"""

from __future__ import annotations

import base64
import posixpath
import re
from html import escape
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from labrec.errors import UnsafeError
from labrec.record import fragment
from labrec.site import inspection, urls
from labrec.site.charts.drawing import Markup
from labrec.site.reports.article import Block, Shown
from labrec.site.reports.parser import Mistake
from labrec.site.stamp import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labrec.site.reports.parser import Found, Scanned

MAX_PICTURE: Final = 1_500_000
"""Largest picture of a report, in bytes: it becomes a part of the page."""

_LONGEST_VALUE = 2000  # characters
_PICTURES = {
    ".png": ("png", b"\x89PNG\r\n\x1a\n"),
    ".jpg": ("jpeg", b"\xff\xd8\xff"),
    ".jpeg": ("jpeg", b"\xff\xd8\xff"),
    ".gif": ("gif", b"GIF8"),
    ".webp": ("webp", b"RIFF"),
}
_CLASSES = re.compile(
    r"admonition(?:-title)?|note|abstract|info|tip|success|question|warning|failure|danger|bug|"
    r"example|quote|footnote(?:-ref|-backref)?|language-[a-z0-9+-]{1,30}"
)
_NOT_IN_ID = re.compile(r"[^A-Za-z0-9:_-]+")
_FOLDER = "reports"
_ALONE = "a figure or table stands in a paragraph of its own"


class Evaluator(Protocol):
    """What makes values of references."""

    def __call__(self, found: Found) -> Shown | Block:
        """Return what a reference comes to.

        Raises:
            Mistake: It cannot be shown.
        """


class Written(NamedTuple):
    """What became of a document.

    Attributes:
        pieces: The article.
        title: Text of the first heading of level 1, which is left out; empty = there is none.
        mistakes: What is wrong, in order of lines; 0 = the line is not known.
    """

    pieces: tuple[Markup | Block, ...]
    title: str
    mistakes: tuple[Mistake, ...]


def write(html: str, scanned: Scanned, evaluate: Evaluator, files: Mapping[str, bytes]) -> Written:
    """Rebuild a document.

    Args:
        html: What Markdown made.
        scanned: The text that it was given, with its references.
        evaluate: Makes values of them.
        files: The other files under ``site/``: pictures that it may show.
    """
    writer = _Writer(scanned, evaluate, files)
    pieces = writer.write(html)
    return Written(pieces, writer.title, tuple(writer.mistakes))


class _Writer(HTMLParser):
    def __init__(self, scanned: Scanned, evaluate: Evaluator, files: Mapping[str, bytes]) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self.mistakes: list[Mistake] = []
        self._scanned = scanned
        self._token = scanned.token
        self._evaluate = evaluate
        self._files = files
        self._out: list[str | Block] = []
        self._seen: set[int] = set()
        self._open: list[str] = []  # what closes each open element: "" where nothing was written
        self._verbatim = 0  # open code and pre
        self._links = 0  # open links
        self._paragraph: int | None = None  # where the open paragraph begins in `_out`
        self._heading: list[str] | None = None  # text of the title while it is read
        self._began = False
        self._lines: dict[str, int] = {}  # of each block
        self._tables = 0

    def write(self, html: str) -> tuple[Markup | Block, ...]:
        self.feed(html)
        self.close()
        for number, found in enumerate(self._scanned.found):
            if number not in self._seen:
                self.mistakes.append(
                    Mistake("a reference stands where nothing is shown", found.line)
                )
        self.mistakes.sort(key=lambda mistake: mistake.line)
        return tuple(_joined(self._out))

    # -- elements -------------------------------------------------------------------------

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._refuse_tokens(given)
        if tag == "h1" and not self._began and not self.title:
            self._heading = []
            self._push("")
            return
        if self._heading is not None:
            if tag not in fragment.VOID:
                self._push("")
            return
        self._began = True
        name = "h2" if tag == "h1" else tag
        if name not in fragment.HTML:
            if tag not in fragment.VOID:
                self._push("")
            return
        if name == "p":
            self._paragraph = len(self._out)
        written = self._attributes(name, given)
        self._verbatim += name in {"code", "pre"}
        self._links += name == "a"
        if name in fragment.VOID:
            self._out.append(f"<{name}{written}>" if name != "img" or written else "")
            return
        if name == "table":
            self._tables += 1
            label = f"Table {self._tables} of the text"
            self._out.append(_SCROLLS.format(label))
        self._out.append(f"<{name}{written}>")
        self._push(f"</{name}></div>" if name == "table" else f"</{name}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in fragment.VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in fragment.VOID or not self._open:
            return
        if tag == "h1" and self._heading is not None:
            self.title = " ".join("".join(self._heading).split())
            self._heading = None
            self._began = True
        self._verbatim -= tag in {"code", "pre"}
        self._links -= tag == "a"
        closing = self._open.pop()
        if tag == "p" and self._paragraph is not None:
            closing = self._ended_paragraph(self._paragraph, closing)
            self._paragraph = None
        if closing:
            self._out.append(closing)

    def _push(self, closing: str) -> None:
        self._open.append(closing)

    def _ended_paragraph(self, begin: int, closing: str) -> str:
        """Take a paragraph that holds one block and nothing else away from around it."""
        inside = self._out[begin + 1 :]
        blocks = [one for one in inside if isinstance(one, Block)]
        if not blocks:
            return closing
        if len(self._open) or any(not isinstance(one, Block) and one.strip() for one in inside):
            for block in blocks:
                self.mistakes.append(Mistake(_ALONE, self._lines[block.name]))
        self._out[begin:] = blocks
        return ""

    # -- text -----------------------------------------------------------------------------

    def handle_data(self, data: str) -> None:
        if self._heading is not None:
            self._title_text(data)
            return
        if data.strip():
            self._began = True
        at = 0
        for token in self._token.finditer(data):
            self._text(data[at : token.start()])
            self._token_at(int(token[1]))
            at = token.end()
        self._text(data[at:])

    def _text(self, text: str) -> None:
        if text:
            self._out.append(escape(shown(text, len(text) * 8 + 1)))

    def _title_text(self, data: str) -> None:
        for token in self._token.finditer(data):
            number = int(token[1])
            self._seen.add(number)
            line = self._scanned.found[number].line
            self.mistakes.append(Mistake("the title holds no reference", line))
        if self._heading is not None:
            self._heading.append(self._token.sub("", data))

    def _token_at(self, number: int) -> None:
        found = self._scanned.found[number]
        self._seen.add(number)
        if self._verbatim:  # in code a reference is an example
            self._text(found.source)
            return
        try:
            value = self._evaluate(found)
        except Mistake as mistake:
            self.mistakes.append(Mistake(f"{_short(found.source)}: {mistake.reason}", found.line))
            return
        if isinstance(value, Shown):
            self._value(value)
            return
        self._lines[value.name] = found.line
        if self._paragraph is None:
            self.mistakes.append(Mistake(_ALONE, found.line))
        self._out.append(value)

    def _value(self, value: Shown) -> None:
        text = escape(shown(value.text, _LONGEST_VALUE)) or "(no name)"
        if value.href and not self._links:
            href = escape(fragment.ROOT + urls.check(value.href))
            self._out.append(f'<a class="lr-value" href="{href}">{text}</a>')
        else:
            self._out.append(f'<span class="lr-value">{text}</span>')

    # -- attributes -----------------------------------------------------------------------

    def _refuse_tokens(self, given: Mapping[str, str]) -> None:
        for value in given.values():
            for token in self._token.finditer(value):
                number = int(token[1])
                self._seen.add(number)
                found = self._scanned.found[number]
                self.mistakes.append(
                    Mistake(
                        "an address, a picture's text or a title holds no reference", found.line
                    )
                )

    def _attributes(self, tag: str, given: Mapping[str, str]) -> str:
        kept: dict[str, str] = dict(_ALWAYS.get(tag, {}))
        classes = [one for one in given.get("class", "").split() if _CLASSES.fullmatch(one)]
        if classes:
            kept["class"] = " ".join(classes[:8])
        if given.get("id"):
            kept["id"] = _id(given["id"])
        if tag == "a" and "href" in given:
            kept |= self._href(given["href"])
            if "footnote-backref" in classes:
                kept["aria-label"] = "Back to the text"
        elif tag == "img":
            return self._picture(given)
        elif tag in {"td", "th"} and given.get("align") in {"left", "center", "right"}:
            kept["align"] = given["align"]
        elif tag == "ol" and given.get("start", "").isdecimal():
            kept["start"] = given["start"][:6]
        return "".join(f' {name}="{escape(value)}"' for name, value in sorted(kept.items()))

    def _href(self, url: str) -> dict[str, str]:
        if url.startswith("#"):
            return {"href": f"#{_id(url[1:])}"} if url[1:] else {}
        if inspection.leads_off_site(url):
            if not _OUTSIDE.fullmatch(url):
                self._refuse(f"a link leads to {_short(url)}", url)
                return {}
            return {"href": url}
        path, sign, anchor = url.partition("#")
        place = posixpath.normpath(posixpath.join(_FOLDER, path))
        if place.endswith(".md"):
            stem = place.removesuffix(".md")
            place = f"{stem}/index.html" if stem.startswith(f"{_FOLDER}/") else f"{stem}.html"
        try:
            return {"href": fragment.ROOT + urls.check(place + sign + anchor)}
        except UnsafeError:
            self._refuse(f"a link leads to {_short(url)}, which is no place of the site", url)
            return {}

    def _refuse(self, reason: str, written: str) -> None:
        """Remember a mistake, and where what is wrong was written."""
        text = self._scanned.text
        at = text.find(written) if written else -1
        line = 0
        if at >= 0:
            before = [int(token[1]) for token in self._token.finditer(text, 0, at)]
            more = sum(self._scanned.found[number].source.count("\n") for number in before)
            line = text.count("\n", 0, at) + 1 + more
        self.mistakes.append(Mistake(reason, line))

    def _picture(self, given: Mapping[str, str]) -> str:
        place = posixpath.normpath(posixpath.join(_FOLDER, given.get("src", "")))
        kind, magic = _PICTURES.get(posixpath.splitext(place)[1].lower(), ("", b""))
        data = self._files.get(place)
        problem = ""
        if not kind:
            problem = "only PNG, JPEG, GIF and WebP pictures are shown"
        elif data is None:
            problem = f"there is no picture site/{place}"
        elif not data.startswith(magic):
            problem = f"site/{place} is not what its ending says"
        elif len(data) > MAX_PICTURE:
            problem = f"site/{place} has {len(data)} bytes; at most {MAX_PICTURE} are taken"
        if problem or data is None:
            url = given.get("src", "")
            self._refuse(f"picture {_short(url)}: {problem}", url)
            return ""
        alt = escape(shown(given.get("alt", ""), _LONGEST_VALUE).replace("\n", " "))
        return f' alt="{alt}" src="data:image/{kind};base64,{base64.b64encode(data).decode()}"'


_ALWAYS: Final[dict[str, dict[str, str]]] = {"pre": {"tabindex": "0"}, "th": {"scope": "col"}}
_SCROLLS: Final = '<div aria-label="{}" class="lr-scroll" role="region" tabindex="0">'
_OUTSIDE = re.compile(
    r"https?://[A-Za-z0-9-][^\s\"'<>\\^`{|}\x00-\x20\x7f-\xa0]{0,1990}"
    r"|mailto:[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,250}"
)


def _id(text: str) -> str:
    return fragment.PREFIX + (_NOT_IN_ID.sub("-", text).strip("-")[:100] or "x")


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= 100 else f"{plain[:99]}…"  # noqa: PLR2004 - of a message


def _joined(out: list[str | Block]) -> list[Markup | Block]:
    """Return neighbouring text as one piece."""
    pieces: list[Markup | Block] = []
    text: list[str] = []
    for one in out:
        if isinstance(one, Block):
            if text:
                pieces.append(Markup("".join(text)))
            pieces.append(one)
            text = []
        else:
            text.append(one)
    if text:
        pieces.append(Markup("".join(text)))
    return pieces
