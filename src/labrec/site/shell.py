"""Shells: the theme's frame around a page, rendered once and cut open.

The theme (``theme.py``, which alone knows it) renders the hand-written pages and one empty page of
each generated kind. What it leaves is cut into literal text and slots; a page is then a join of
strings.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Final, NamedTuple

from labrec.errors import InvalidError
from labrec.site import assets, csp, frame, front_matter, inspection, shared, theme, urls
from labrec.site.sources import MANUAL
from labrec.site.theme import CONTENT, TITLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labrec.site.page import Kind
    from labrec.site.settings import NavItem, SiteSettings
    from labrec.site.sources import Sources

NAV: Final[dict[Kind, tuple[str, str]]] = {
    "runs": ("Runs", "runs/index"),
    "machines": ("Machines", "machines/index"),
    "search": ("Search", "search/index"),
    "compare": ("Compare", "compare/index"),
    "datasets": ("Datasets", "datasets/index"),
    "metrics": ("Metrics", "metrics/index"),
    "reports": ("Reports", "reports/index"),
    "data": ("Data", "data/index"),
    "cite": ("Cite", "cite/index"),
}
"""Generated pages that stand in the navigation after the hand-written ones: title and place."""

PLACES: Final[dict[str, str]] = {
    "home": "index",
    "page": "labrec-shell/page",
    **{kind: place for kind, (_, place) in NAV.items()},
}
"""Where the theme is given each empty page, without its ending; ``page`` is that of all kinds that
stand in no navigation.
"""

BARE: Final[frozenset[Kind]] = frozenset({"pair", "shard"})
"""Kinds of pages that stand in the small frame of ``bare.py``, not in the theme's, or in none."""

BARE_SHELL: Final = "bare"
"""Its name among the shells."""

_SLOT = re.compile("\0([a-z]+)\0")
_INSIDE = re.compile(rf'<a href="{frame.ROOT}([^"#]*)(?:#[^"]*)?">')  # as the theme writes those


class Shell(NamedTuple):
    """The frame of one kind of page.

    Attributes:
        parts: Literal text at even places; names of slots (root, title, head, content) between.
    """

    parts: tuple[str, ...]

    def stamp(self, *, root: str, title: str, head: str, content: str) -> str:
        """Return a whole page.

        Args:
            root: Relative way back to the root of the site.
            title: Title as text; escaped here.
            head: HTML for the head, made by our own code.
            content: HTML of the page, made by our own templates.
        """
        slots = {"root": root, "title": escape(title), "head": head, "content": content}
        return "".join([slots[p] if at % 2 else p for at, p in enumerate(self.parts)])


class Shells(NamedTuple):
    """What the theme gave.

    Attributes:
        kinds: The shells by the names of `PLACES`.
        files: Finished files from the root of the site: hand-written pages and assets.
    """

    kinds: Mapping[str, Shell]
    files: Mapping[str, bytes]

    def of(self, kind: Kind) -> Shell:
        """Return the shell of a kind of page."""
        return self.kinds[shell_name(kind)]


def shell_name(kind: Kind) -> str:
    """Return which shell a kind of page takes: one of `PLACES`, or the small one."""
    if kind in BARE:
        return BARE_SHELL
    return kind if kind in PLACES else "page"


def render(settings: SiteSettings, sources: Sources) -> Shells:
    """Have the theme render the hand-written pages and one empty page of each kind, and cut them.

    Raises:
        InvalidError: The theme refuses a page, or a page would run or load something.
        LimitError: It takes too long.
        NotFoundError: The theme is not installed.
        StorageError: There is no room for what it writes.
    """
    titles = {place: title for title, place in NAV.values()}
    empty = {place: titles.get(place, "") for place in PLACES.values()}
    texts = _Texts()
    pages = sources._replace(files=texts.without_heads(sources.files))
    rendered = theme.render(texts.withheld(settings), pages, empty)
    return cut_all({path: texts.told(path, data) for path, data in rendered.items()})


class _Texts:
    """Texts that are kept from the theme, which shows them as HTML, on pages of others too.

    These are the texts of ``mkdocs.yml`` and those at the head of a hand-written page.

    It is given a mark in place of each, and the text takes its place, escaped, once the theme is
    done.
    """

    def __init__(self) -> None:
        self._by_mark: dict[bytes, bytes] = {}

    def withheld(self, settings: SiteSettings) -> SiteSettings:
        """Return the settings with a mark in place of each text."""
        return settings._replace(
            name=self._mark(settings.name),
            description=self._mark(settings.description),
            author=self._mark(settings.author),
            nav=self._nav(settings.nav),
        )

    def without_heads(self, files: Mapping[str, bytes]) -> dict[str, bytes]:
        """Return the files under ``site/``, each page with a head of ours in place of its own."""
        return {
            path: self._headed(path, data) if path.endswith(".md") else data
            for path, data in files.items()
        }

    def told(self, path: str, data: bytes) -> bytes:
        """Return a file that the theme wrote, the texts in their places."""
        if path.endswith(".html"):
            for mark, text in self._by_mark.items():
                data = data.replace(mark, text)
        return data

    def _headed(self, path: str, data: bytes) -> bytes:
        try:
            head, text = front_matter.split(data.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise InvalidError(
                f"site/{path} is no text in UTF-8", hint="Save it as UTF-8.", paths=[f"site/{path}"]
            ) from error
        return front_matter.join(head._replace(title=self._mark(head.title)), text).encode()

    def _nav(self, nav: tuple[NavItem, ...]) -> tuple[NavItem, ...]:
        return tuple(
            (self._mark(title), self._nav(target) if isinstance(target, tuple) else target)
            for title, target in nav
        )

    def _mark(self, text: str) -> str:
        if not text:
            return text
        mark = f"labrec-text-{len(self._by_mark)}-"
        self._by_mark[mark.encode()] = escape(text).encode()
        return mark


# --- cutting ----------------------------------------------------------------------------------


def cut_all(rendered: Mapping[str, bytes]) -> Shells:
    """Cut what the theme rendered into shells and finished files.

    Args:
        rendered: Path from the root of the site to bytes.

    Raises:
        InvalidError: The theme's output is not as this version expects, or a hand-written page
            would run or load something.
    """
    shells = {f"{place}.html": kind for kind, place in PLACES.items()}
    pages = {
        path: frame.read(data.decode(), path)
        for path, data in rendered.items()
        if path.endswith(".html") and path != "404.html"
    }
    _refuse_active({path: framed.text for path, framed in pages.items()})
    pages, rendered = shared.one_style(pages, rendered)
    kinds: dict[str, Shell] = {}
    files: dict[str, bytes] = {}
    for path, framed in pages.items():
        if path in shells:
            kept = framed._replace(text=theme.without_extras(framed.text))
            kept = shared.shared(kept) if shells[path] == "page" else kept
            kinds[shells[path]] = cut(kept.text, path)
            files.update(kept.scripts)
        else:
            text = framed.text
            if path.startswith(MANUAL):
                text = _without_outside(text, rendered)
            files[path] = _finished(text, path)
            files.update(framed.scripts)
    for path, data in rendered.items():
        if theme.is_kept(path):
            files[path] = frame.without_map(data)
        elif not path.startswith(("assets/", "sitemap.xml")) and not path.endswith(".html"):
            files[path] = data
    return Shells(kinds, files)


def _refuse_active(pages: Mapping[str, str]) -> None:
    empty = pages[f"{PLACES['page']}.html"]
    mistakes = {
        path.removesuffix(".html") + ".md": found
        for path, html in pages.items()
        if (found := inspection.beyond(html, empty))
    }
    if mistakes:
        told = "; ".join(f"site/{page}: {', '.join(found)}" for page, found in mistakes.items())
        told = told.replace(frame.ROOT, "")
        raise InvalidError(
            f"hand-written pages may not run or load anything: {told}",
            hint="Use Markdown, and pictures that lie under site/.",
            paths=[f"site/{page}" for page in mistakes],
        )


def _without_outside(text: str, known: Mapping[str, bytes]) -> str:
    """Take their address from links of the manual to what lies elsewhere in the repository.

    Who reads the repository follows them; on the site they say where in it to look.
    """

    def told(found: re.Match[str]) -> str:
        path = found[1].removeprefix("../")
        if path.endswith("/") or path in known or not path:
            return found[0]
        return f'<a title="{path} in the repository">'

    return _INSIDE.sub(told, text)


def cut(text: str, path: str) -> Shell:
    """Cut one page, its links relative to the root slot, into a shell.

    Raises:
        InvalidError: A place where something must be stamped is not there.
    """
    text = text.replace(TITLE, "\0title\0")
    if path != f"{PLACES['home']}.html":  # there the hand-written page brings its heading
        text = re.sub(rf"<h1>[^<]*</h1>(?=\s*{re.escape(CONTENT)})", "", text)
    text = theme.skippable(text)
    charset = '<meta charset="utf-8">'
    for mark, slot in (
        (CONTENT, "\0content\0"),
        (charset, charset + csp.META),
        ("</head>", "\0head\0</head>"),
    ):
        if text.count(mark) != 1:
            raise InvalidError(
                f"the theme's page {path} has {text.count(mark)} times {mark}, not once",
                hint="This version of the theme is not supported: install another one.",
            )
        text = text.replace(mark, slot)
    return Shell(tuple(_SLOT.split(text)))


def _finished(text: str, path: str) -> bytes:
    shell = cut(text.replace("</article>", CONTENT + "</article>", 1), path)
    root = urls.to_root(path)
    return shell.stamp(root=root, title="", head=assets.tags(root), content="").encode()
