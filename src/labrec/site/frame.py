"""A page as the theme wrote it, made ready to stand anywhere in the site. Pure.

Links become relative to the root of the site, inline scripts become files, so that no page needs an
exception from its Content-Security-Policy, and white space between elements goes.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, NamedTuple

from labrec.site import theme, urls

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = "\0root\0"
"""Stands for the relative way back to the root of the site."""

_LINKS = re.compile(r'(\s(?:href|src)=)"([^"]*)"')
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
_SPACE = re.compile(r"\s+")
_VERBATIM = frozenset({"pre", "script", "style", "textarea"})


class Framed(NamedTuple):
    """A page of the theme with its root left open.

    Attributes:
        text: The page; `ROOT` stands where its links begin.
        scripts: The scripts that stood in it, by their place in the site.
    """

    text: str
    scripts: Mapping[str, bytes]


def read(html: str, path: str) -> Framed:
    """Read one page of the theme.

    Args:
        html: The page.
        path: Its place from the root of the site: its links are relative to it.
    """
    reader = _Reader(path)
    reader.feed(html)
    reader.close()
    return Framed("".join(reader.out), reader.scripts)


def without_map(data: bytes) -> bytes:
    """Return a style or script without the line that names its source map, which is left out."""
    return re.sub(rb"\n?/[/*]# sourceMappingURL=\S+(?: ?\*/)?\s*$", b"\n", data)


class _Reader(HTMLParser):
    def __init__(self, path: str) -> None:
        super().__init__(convert_charrefs=False)
        self.folder = posixpath.dirname(path)
        self.base = posixpath.relpath(".", self.folder or ".")  # as the theme spells it
        self.out: list[str] = []
        self.scripts: dict[str, bytes] = {}
        self._verbatim = 0
        self._article = False
        self._script: str | None = None  # the start tag of the inline script that is being read

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "link" and given.get("rel") in {"prev", "next", "canonical"}:
            return
        if tag == "meta" and given.get("name") == "generator":
            return
        start = self.get_starttag_text() or ""
        start = _LINKS.sub(lambda found: f'{found[1]}"{self._link(found[2])}"', start)
        self._verbatim += tag in _VERBATIM
        self._article = self._article or tag == "article"
        if tag == "script" and "src" not in given:
            self._script = start
        else:
            self.out.append(start)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self._verbatim -= tag in _VERBATIM

    def handle_endtag(self, tag: str) -> None:
        self._verbatim -= tag in _VERBATIM
        self._article = self._article and tag != "article"
        if tag != "script" or self._script is None:
            self.out.append(f"</{tag}>")
        self._script = None if tag == "script" else self._script

    def handle_data(self, data: str) -> None:
        if self._script is not None:
            self._inline(self._script, data)
        elif self._verbatim:
            self.out.append(data)
        elif data.isspace():
            if "\n" not in data:
                self.out.append(" ")
            elif self._article:  # elsewhere it only laid out the source of the theme
                self.out.append("\n")
        else:
            self.out.append(_SPACE.sub(" ", data))

    def handle_entityref(self, name: str) -> None:
        self.out.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.out.append(f"&#{name};")

    def handle_decl(self, decl: str) -> None:
        self.out.append(f"<!{decl}>")

    def handle_comment(self, data: str) -> None:
        """Leave comments out."""

    def _inline(self, start: str, text: str) -> None:
        if 'type="application/json"' in start:
            self.out.append(f"{start}{theme.data(start, text, ROOT)}</script>")
            return
        data = theme.script(text, self.base).encode()
        name = f"{urls.ASSETS}theme-{hashlib.sha256(data).hexdigest()[:8]}.js"
        self.scripts[name] = data
        self.out.append(f'<script src="{ROOT}{name}"></script>')

    def _link(self, url: str) -> str:
        if not url or url.startswith(("#", "data:")) or _SCHEME.match(url):
            return url
        path, mark, anchor = url.partition("#")
        joined = posixpath.normpath(posixpath.join(self.folder, path))
        return ROOT + (joined if joined != "." else urls.HOME) + mark + anchor
