"""Shells: the theme's frame around a page, rendered once and cut open. All of the theme is here.

mkdocs-material renders the hand-written pages and one empty page of each generated kind, by a
configuration that labrec writes itself: no plugin, no hook, no font and no script from elsewhere.
What it leaves is cut into literal text and slots; a page is then a join of strings.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.errors import InvalidError, LimitError, NotFoundError, StorageError
from labrec.site import assets, csp, frame, inspection, urls
from labrec.site.sources import MANUAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labrec.site.page import Kind
    from labrec.site.settings import NavItem, SiteSettings
    from labrec.site.sources import Sources

TIMEOUT_S: Final = 120
"""Longest time that the theme may take for all shells, in seconds."""

TITLE: Final = "labrec-slot-title"
CONTENT: Final = '<section id="labrec-slot-content"></section>'  # a block: no paragraph around it
NAV: Final[dict[Kind, tuple[str, str]]] = {
    "runs": ("Runs", "runs/index"),
    "machines": ("Machines", "machines/index"),
    "search": ("Search", "search/index"),
    "compare": ("Compare", "compare/index"),
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
# The list of a page's sections, which generated pages have none of: ten thousand pages hold it.
_NO_SECTIONS = re.compile(
    r'<div class="md-sidebar md-sidebar--secondary"[^>]*hidden>.*?</nav></div></div></div>'
)
# The logo a second time, in the drawer of small screens, beside the name of the site.
_SECOND_LOGO = re.compile(
    r'(<label class="md-nav__title" for="__drawer">)<a [^>]*\bmd-nav__button md-logo\b.*?</a>'
)
_INSIDE = re.compile(rf'<a href="{frame.ROOT}([^"#]*)(?:#[^"]*)?">')  # as the theme writes those
_NO_SKIP = '<div data-md-component="skip"></div>'
_SKIP = _NO_SKIP.replace(
    "></div>", '><a href="#labrec-content" class="md-skip">Skip to content</a></div>'
)
_MAIN = '<div class="md-content" data-md-component="content"'
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n.*?\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_KEPT = re.compile(r"assets/(?:images/[^/]+\.png|[a-z]+/[a-z]+\.[0-9a-f]+\.min\.(?:css|js))")


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


# --- rendering --------------------------------------------------------------------------------


def render(settings: SiteSettings, sources: Sources) -> Shells:
    """Have the theme render the hand-written pages and one empty page of each kind, and cut them.

    Raises:
        InvalidError: The theme refuses a page, or a page would run or load something.
        LimitError: It takes longer than `TIMEOUT_S`.
        NotFoundError: The theme is not installed.
        StorageError: There is no room for what it writes.
    """
    texts = _Texts()
    config = configuration(texts.withheld(settings), sources)
    try:
        with tempfile.TemporaryDirectory(prefix="labrec-shells-") as folder:
            place = Path(folder)
            _write_sources(place / "docs", sources)
            # JSON is YAML: no text of the lab can become a tag, an anchor or another key
            (place / "mkdocs.yml").write_text(json.dumps(config, indent=1), "utf-8")
            _run(place)
            rendered = {
                path.relative_to(place / "out").as_posix(): texts.told(path)
                for path in sorted((place / "out").rglob("*"))
                if path.is_file()
            }
    except OSError as error:
        raise StorageError(
            f"the shells of the site cannot be written: {error.strerror or error}",
            hint="Free some space in the folder for temporary files (TMPDIR).",
            paths=[str(error.filename or "")],
        ) from error
    return cut_all(rendered)


class _Texts:
    """The texts of ``mkdocs.yml``, kept from the theme, which shows some of them as HTML.

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

    def told(self, path: Path) -> bytes:
        """Return a file that the theme wrote, the texts in their places."""
        data = path.read_bytes()
        if path.suffix == ".html":
            for mark, text in self._by_mark.items():
                data = data.replace(mark, text)
        return data

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


def configuration(settings: SiteSettings, sources: Sources) -> dict[str, Any]:
    """Return the whole configuration that the theme is given.

    Args:
        settings: What the lab says; the theme shows its texts as HTML.
        sources: The hand-written pages.

    Raises:
        InvalidError: The nav or the theme names a file that is not there.
    """
    wanted = {*_pages_of(settings.nav), settings.logo, settings.favicon} - {""}
    missing = sorted(wanted - set(sources.files) - {"index.md"})
    if missing:
        raise InvalidError(
            f"mkdocs.yml names what is not under site/: {', '.join(missing)}",
            hint="Add the file or take it out of nav, logo or favicon.",
            paths=missing,
        )
    pictures = {"logo": settings.logo, "favicon": settings.favicon}
    return {
        "site_name": settings.name,
        "site_description": settings.description,
        "site_author": settings.author,
        "copyright": " · ".join(filter(None, (escape(settings.copyright), _FOOT))),
        "docs_dir": "docs",
        "use_directory_urls": False,
        "plugins": [],
        "hooks": [],
        "nav": [{"Home": "index.md"}, *_nav(settings, sources), *_generated()],
        "not_in_nav": "/labrec-shell/\n",
        "theme": {
            "name": "material",
            "language": settings.language,
            "font": False,
            "palette": _palette(settings),
            "features": ["content.code.copy", "navigation.indexes", "navigation.prune"],
            **{name: path for name, path in pictures.items() if path},
        },
        "extra": {"generator": False},
        "markdown_extensions": _EXTENSIONS,
        "validation": {
            "nav": {"omitted_files": "ignore", "not_found": "warn", "absolute_links": "ignore"},
            "links": {"not_found": "info", "absolute_links": "info", "anchors": "info",
                      "unrecognized_links": "info"},
        },
    }  # fmt: skip


_FOOT: Final = "Made by labrec from records kept in git."

_EXTENSIONS: Final[list[str | dict[str, Any]]] = [
    "admonition", "attr_list", "def_list", "footnotes", "md_in_html",
    {"tables": {"use_align_attribute": True}},
    {"toc": {"permalink": True}},
    "pymdownx.details",
    {"pymdownx.highlight": {"use_pygments": True}},
    "pymdownx.superfences",
    {"pymdownx.tabbed": {"alternate_style": True}},
    {"pymdownx.tasklist": {"custom_checkbox": True}},
]  # fmt: skip


def _palette(settings: SiteSettings) -> list[dict[str, Any]]:
    colours = {"primary": settings.primary, "accent": settings.accent}
    return [
        {
            "media": f"(prefers-color-scheme: {name})",
            "scheme": scheme,
            **colours,
            "toggle": {"icon": f"material/{icon}", "name": f"Switch to {other} mode"},
        }
        for name, scheme, icon, other in (
            # the icon stands in every page: a small one for both
            ("light", "default", "brightness-6", "dark"),
            ("dark", "slate", "brightness-6", "light"),
        )
    ]


def _pages_of(nav: tuple[NavItem, ...]) -> list[str]:
    found: list[str] = []
    for _, target in nav:
        if isinstance(target, tuple):
            found.extend(_pages_of(target))
        elif target.endswith(".md") and not inspection.scheme_of(target):
            found.append(target)
    return found


def _nav(settings: SiteSettings, sources: Sources) -> list[Any]:
    if settings.nav:
        return _nav_items(settings.nav)
    own = [path for path in sources.pages if path != "index.md"]
    manual = [path for path in own if path.startswith(MANUAL)]
    items: list[Any] = [path for path in own if not path.startswith(MANUAL)]
    return [*items, {"Manual": manual}] if manual else items


def _generated() -> list[dict[str, str]]:
    return [{title: f"{place}.md"} for title, place in NAV.values()]


def _nav_items(nav: tuple[NavItem, ...]) -> list[Any]:
    items: list[Any] = []
    for title, target in nav:
        if target == "index.md":
            continue  # Home stands first already
        below = _nav_items(target) if isinstance(target, tuple) else target
        items.append({title: below} if title else below)
    return items


def _write_sources(docs: Path, sources: Sources) -> None:
    for name, data in sources.files.items():
        path = docs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    for place in PLACES.values():
        path = docs / f"{place}.md"
        written = path.read_text("utf-8") if path.is_file() else ""
        written = _FRONT_MATTER.sub("", written)  # ours stands there
        path.parent.mkdir(parents=True, exist_ok=True)
        head = f"---\ntitle: {TITLE}\nhide: [toc]\n---\n\n"
        path.write_text(f"{head}{written}\n\n{CONTENT}\n", "utf-8")


def _run(place: Path) -> None:
    """Run the theme in a process of its own: what it imports and prints stays there."""
    command = [sys.executable, "-P", "-m", "mkdocs", "build", "--strict", "--quiet"]
    environ = {"NO_MKDOCS_2_WARNING": "1", "PYTHONUTF8": "1", "SOURCE_DATE_EPOCH": "0"}
    try:
        done = subprocess.run(
            [*command, "--config-file", "mkdocs.yml", "--site-dir", str(place / "out")],
            cwd=place, env=environ, capture_output=True, text=True, timeout=TIMEOUT_S,
            check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise LimitError(
            f"the theme took longer than {TIMEOUT_S} s for the hand-written pages",
            hint="Look for a very large page under site/.",
        ) from error
    if done.returncode == 0:
        return
    said = done.stderr.strip()
    if "No module named" in said or "Unrecognised theme" in said:
        raise NotFoundError(
            f"the site's theme is not installed: {said.splitlines()[-1]}",
            hint="pip install 'labrec[lab]'",
        )
    raise InvalidError(
        f"the theme refuses the hand-written pages: {said[-1500:]}",
        hint="Correct the page under site/ or the nav in mkdocs.yml.",
        paths=["site", "mkdocs.yml"],
    )


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
    kinds: dict[str, Shell] = {}
    files: dict[str, bytes] = {}
    for path, framed in pages.items():
        files.update(framed.scripts)
        if path in shells:
            kinds[shells[path]] = cut(_lean(framed.text), path)
        else:
            text = framed.text
            if path.startswith(MANUAL):
                text = _without_outside(text, rendered)
            files[path] = _finished(text, path)
    for path, data in rendered.items():
        if _KEPT.fullmatch(path):
            files[path] = frame.without_map(data)
        elif not path.startswith(("assets/", "sitemap.xml")) and not path.endswith(".html"):
            files[path] = data
    return Shells(kinds, files)


def _lean(text: str) -> str:
    """Return a frame without what ten thousand pages would hold for nothing."""
    return _SECOND_LOGO.sub(r"\1", _NO_SECTIONS.sub("", text))


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
    # the theme lets one skip its header only where a page has a list of sections
    text = text.replace(_NO_SKIP, _SKIP).replace(_MAIN, f'{_MAIN} id="labrec-content"')
    charset = '<meta charset="utf-8">'
    for mark, slot in (
        (CONTENT, "\0content\0"),
        (charset, charset + csp.META),
        ("</head>", "\0head\0</head>"),
    ):
        if text.count(mark) != 1:
            raise InvalidError(
                f"the theme's page {path} has {text.count(mark)} times {mark}, not once",
                hint="This version of mkdocs-material is not supported: install another one.",
            )
        text = text.replace(mark, slot)
    return Shell(tuple(_SLOT.split(text)))


def _finished(text: str, path: str) -> bytes:
    shell = cut(text.replace("</article>", CONTENT + "</article>", 1), path)
    root = urls.to_root(path)
    return shell.stamp(root=root, title="", head=assets.tags(root), content="").encode()
