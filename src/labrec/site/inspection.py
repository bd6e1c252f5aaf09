"""What HTML would run or load: asked of hand-written pages before they are published. Pure.

The theme's own frame holds scripts and styles; what a page holds beyond that frame is the author's.
Python's reader and browsers do not read every tag alike: what they could differ on is a finding.
Content-Security-Policy is the second line of defence, not the first.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

ACTIVE: Final = frozenset(
    {
        "animate", "applet", "base", "embed", "foreignobject", "form", "frame", "frameset",
        "iframe", "image", "link", "meta", "object", "portal", "script", "set", "style", "use",
    }
)  # fmt: skip
"""Elements that run, load, style or redirect: none belongs into a page that people write."""

_DRAWN = frozenset({"math", "svg"})  # there the same tags mean other things, and load by any name
_LOADING = frozenset(
    {
        "action", "background", "data", "formaction", "imagesrcset", "manifest", "ping", "poster",
        "src", "srcset", "xlink:href",
    }
)  # fmt: skip
# What the theme takes for its settings or asks a server about; what hides a part of `document`.
_STEERS = frozenset({("data-md-component", "source"), ("id", "__config"), ("img", "name")})
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_IGNORED = re.compile("[\x00-\x20\x7f-\xa0\u200b\u2028\u2029\ufeff]")  # browsers look through these
_LINKED = frozenset({"http", "https", "mailto"})
_SHOWN = 80
# A start tag that everybody reads alike: nothing odd between attributes, and their values whole.
_TAG = re.compile(
    r"""<[a-z][a-z0-9:-]* (?: [ \t\n\f\r]+ [a-z_:][a-z0-9_:.-]*
        (?: [ \t\n\f\r]* = [ \t\n\f\r]* (?: "[^"]*" | '[^']*' | [^ \t\n\f\r"'=<>`]+ ) )? )*
        [ \t\n\f\r]* /?>""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_LOOSE = re.compile("<[A-Za-z/!?]")  # in a text: a browser may begin a tag with it


def findings(html: str, *, drawings: bool = False) -> Counter[str]:
    """Return what a page would run or load, each thing with how often it does.

    Args:
        html: The page.
        drawings: Whether it may hold drawings, which somebody else has looked at.
    """
    reader = _Reader()
    reader.allowed = _DRAWN if drawings else frozenset()
    reader.feed(html)
    reader.close()
    return reader.found


def beyond(html: str, frame: str) -> list[str]:
    """Return what a page would run or load beyond its frame, sorted.

    Args:
        html: The page.
        frame: A page of the same theme without any content.
    """
    return sorted((findings(html) - findings(frame)).elements())


def links(html: str) -> set[str]:
    """Return the addresses inside the site that a page links to, without their anchors."""
    reader = _Links()
    reader.feed(html)
    reader.close()
    return {url for url in reader.found if url and not leads_off_site(url)}


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.add((dict(attrs).get("href") or "").partition("#")[0])


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)  # else `&lt;` in a text looks like a tag
        self.found: Counter[str] = Counter()
        self.allowed: frozenset[str] = frozenset()
        self._script: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        start = self.get_starttag_text() or ""
        if not _TAG.fullmatch(start):
            self.found[f"a tag that browsers may read in another way, {_shown(start)}"] += 1
        if tag in _DRAWN - self.allowed:
            self.found[f"a drawing, <{tag}>"] += 1
        if tag == "script":
            self._script = []
        if tag in ACTIVE:
            told = " ".join(f'{name}="{_shown(value)}"' for name, value in sorted(given.items()))
            self.found[f"<{tag} {told}>" if told else f"<{tag}>"] += 1
        for name, value in given.items():
            for what in _attribute(tag, name, value):
                self.found[what] += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        if self._script is not None:
            self._script.append(data)
        elif loose := _LOOSE.search(data):
            told = _shown(data[loose.start() :])
            self.found[f"text that browsers may read as a tag, {told}"] += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "script" and self._script is not None:
            text = "".join(self._script)
            self._script = None
            if text.strip():
                self.found[f"a script ({hashlib.sha256(text.encode()).hexdigest()[:12]})"] += 1


def _attribute(tag: str, name: str, value: str) -> Iterator[str]:
    if name.startswith("on"):
        yield f'{name}="{_shown(value)}" on <{tag}>'
    elif name == "style":
        yield f'style="{_shown(value)}" on <{tag}>'
    elif name == "class" and "mermaid" in value.split():
        yield f"a diagram that the theme would fetch a script for, on <{tag}>"
    elif name.startswith("data-labrec-") or (name, value) in _STEERS or (tag, name) in _STEERS:
        yield f'{name}="{_shown(value)}" on <{tag}>, which steers the scripts of the site'
    elif name == "href":
        scheme = scheme_of(value)
        if scheme and scheme not in _LINKED:
            yield f"a link to {scheme}:"
    elif name in _LOADING and (leads_off_site(value) or "srcset" in name):
        yield f'{name}="{_shown(value)}" on <{tag}>'


def scheme_of(url: str) -> str:
    """Return the scheme of an address as a browser reads it, lower case; empty = relative."""
    found = _SCHEME.match(_IGNORED.sub("", url))
    return found[1].lower() if found else ""


def leads_off_site(url: str) -> bool:
    """Tell whether an address that is loaded lies outside the site."""
    plain = _IGNORED.sub("", url).replace("\\", "/")
    return bool(scheme_of(url)) or plain.startswith("//")


def _shown(value: str) -> str:
    return value if len(value) <= _SHOWN else value[: _SHOWN - 1] + "…"
