"""Shells: the theme's frame around a page, rendered once and cut open. All of the theme is here.

mkdocs-material renders the hand-written pages and one empty page of each generated kind, by a
configuration that labrec writes itself: no plugin, no hook, no font and no script from elsewhere.
What it leaves is cut into literal text and slots; a page is then a join of strings.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from functools import lru_cache
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, get_args

from labrec.errors import InvalidError, LimitError, NotFoundError
from labrec.site import csp, urls
from labrec.site.page import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labrec.site.settings import SiteSettings

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
TIMEOUT_S: Final = 120
"""Longest time that the theme may take for all shells, in seconds."""

_SLOT = re.compile("\0([a-z]+)\0")
_TITLE = "labrec-slot-title"
_CONTENT = '<section id="labrec-slot-content"></section>'  # a block: no paragraph around it
_PLACES: Final[dict[Kind, str]] = {
    "home": "index",
    "data": "data/index",
    "project": "labrec-shell/project",
    "run": "labrec-shell/run",
    "graph": "labrec-shell/graph",
}
_LINKS = re.compile(r'(\s(?:href|src)=)"([^"]*)"')
_KEPT_ASSETS = re.compile(r"assets/(?:images/[^/]+\.png|[a-z]+/[a-z]+\.[0-9a-f]+\.min\.(?:css|js))")


class Shell(NamedTuple):
    """The frame of one kind of page.

    Attributes:
        parts: Literal text at even places, names of slots (root, title, head, content) between.
        scripts: The theme's inline scripts, with slots inside.
    """

    parts: tuple[str, ...]
    scripts: tuple[str, ...]

    def stamp(self, *, root: str, title: str, head: str, content: str) -> str:
        """Return a whole page.

        Args:
            root: Relative way back to the root of the site.
            title: Title as text; escaped here.
            head: HTML for the head, made by our own templates.
            content: HTML of the page, made by our own templates.
        """
        policy = _policy(self.scripts, root)
        slots = {
            "root": root,
            "title": escape(title),
            "head": head,
            "policy": policy,
            "content": content,
        }
        return "".join([slots[p] if at % 2 else p for at, p in enumerate(self.parts)])


@lru_cache(maxsize=256)
def _policy(scripts: tuple[str, ...], root: str) -> str:
    return csp.meta(script.replace("\0root\0", root) for script in scripts)


class Shells(NamedTuple):
    """What the theme gave.

    Attributes:
        kinds: The shell of each generated kind.
        files: Finished files from the root of the site: hand-written pages and assets.
    """

    kinds: Mapping[str, Shell]
    files: Mapping[str, bytes]


class Sources(NamedTuple):
    """The files that people wrote for the site.

    Attributes:
        files: Path under ``site/`` to bytes; pages end in ``.md``.
    """

    files: Mapping[str, bytes]

    @property
    def pages(self) -> list[str]:
        """The hand-written pages in path order."""
        return sorted(path for path in self.files if path.endswith(".md"))


def render(settings: SiteSettings, sources: Sources) -> Shells:
    """Have the theme render the hand-written pages and one empty page of each kind, and cut them.

    Raises:
        InvalidError: The theme refuses a page, or a page would run or load something.
        LimitError: It takes longer than `TIMEOUT_S`.
        NotFoundError: The theme is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="labrec-shells-") as folder:
        place = Path(folder)
        _write_sources(place / "docs", sources)
        config = place / "mkdocs.yml"
        # JSON is YAML: no text of the lab can become a tag, an anchor or another key
        config.write_text(json.dumps(configuration(settings, sources), indent=1), "utf-8")
        _run(config, place / "out")
        rendered = {
            path.relative_to(place / "out").as_posix(): path.read_bytes()
            for path in sorted((place / "out").rglob("*"))
            if path.is_file()
        }
    return cut_all(rendered)


def configuration(settings: SiteSettings, sources: Sources) -> dict[str, Any]:
    """Return the whole configuration that the theme is given."""
    return {
        "site_name": settings.name,
        "site_description": settings.description,
        "site_author": settings.author,
        "copyright": escape(settings.copyright),
        "docs_dir": "docs",
        "use_directory_urls": False,
        "plugins": [],
        "hooks": [],
        "nav": [{"Home": "index.md"}, *_nav(settings, sources), {"Data": "data/index.md"}],
        "not_in_nav": "/labrec-shell/\n",
        "theme": {
            "name": "material",
            "language": settings.language,
            "font": False,
            "palette": _palette(settings),
            "features": ["content.code.copy", "navigation.top"],
        },
        "extra": {"generator": False},
        "markdown_extensions": _EXTENSIONS,
        "validation": {
            "nav": {"omitted_files": "ignore", "not_found": "warn", "absolute_links": "warn"},
            "links": {"not_found": "info", "absolute_links": "info", "anchors": "info",
                      "unrecognized_links": "info"},
        },
    }  # fmt: skip


_EXTENSIONS: Final[list[str | dict[str, Any]]] = [
    "admonition", "attr_list", "def_list", "footnotes", "md_in_html", "tables",
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
            ("light", "default", "weather-night", "dark"),
            ("dark", "slate", "weather-sunny", "light"),
        )
    ]


def _nav(settings: SiteSettings, sources: Sources) -> list[Any]:
    given = [{title: path} if title else path for title, path in settings.nav]
    return given or [path for path in sources.pages if path != "index.md"]


def _write_sources(docs: Path, sources: Sources) -> None:
    for name, data in sources.files.items():
        path = docs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    for place in _PLACES.values():
        path = docs / f"{place}.md"
        written = path.read_text("utf-8") if path.is_file() else ""
        path.parent.mkdir(parents=True, exist_ok=True)
        head = f"---\ntitle: {_TITLE}\nhide: [toc]\n---\n\n"
        path.write_text(f"{head}{written}\n\n{_CONTENT}\n", "utf-8")


def _run(config: Path, out: Path) -> None:
    """Run the theme in a process of its own: what it imports and prints stays there."""
    command = [sys.executable, "-P", "-m", "mkdocs", "build", "--strict", "--quiet"]
    environ = {"NO_MKDOCS_2_WARNING": "1", "PYTHONUTF8": "1", "SOURCE_DATE_EPOCH": "0"}
    try:
        done = subprocess.run(
            [*command, "--config-file", str(config), "--site-dir", str(out)],
            cwd=config.parent, env=environ, capture_output=True, text=True, timeout=TIMEOUT_S,
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
        InvalidError: The theme's output is not as this version expects.
    """
    kinds: dict[str, Shell] = {}
    files: dict[str, bytes] = {}
    shells = {f"{place}.html": kind for kind, place in _PLACES.items()}
    for path, data in rendered.items():
        if path in shells:
            kinds[shells[path]] = cut(data.decode(), path)
        elif path.endswith(".html"):
            if path != "404.html":
                files[path] = _finished(data.decode(), path)
        elif not path.startswith("assets/") or _KEPT_ASSETS.fullmatch(path):
            files[path] = _without_map(data) if path.endswith((".css", ".js")) else data
    for name in ("sitemap.xml", "sitemap.xml.gz"):
        files.pop(name, None)
    return Shells(kinds, files)


def cut(html: str, path: str) -> Shell:
    """Cut one rendered page into a shell.

    Args:
        html: The page.
        path: Where it lies from the root of the site: links are relative to it.

    Raises:
        InvalidError: A place where something must be stamped is not there.
    """
    reader = _Reader(path)
    reader.feed(html)
    reader.close()
    text = reader.text()
    text = re.sub(rf"<h1>\s*{_TITLE}\s*</h1>", "", text).replace(_TITLE, "\0title\0")
    for mark, slot in (
        (_CONTENT, "\0content\0"),
        ('<meta charset="utf-8">', '<meta charset="utf-8">\n\0policy\0'),
        ("</head>", "\0head\0</head>"),
    ):
        if text.count(mark) != 1:
            raise InvalidError(
                f"the theme's page {path} has no single {mark}",
                hint="This version of mkdocs-material is not supported: install another one.",
            )
        text = text.replace(mark, slot)
    text = re.sub(r"\n\s*(?=\n)", "", text)
    return Shell(tuple(_SLOT.split(text)), tuple(reader.scripts))


def _finished(html: str, path: str) -> bytes:
    shell = cut(html.replace("</article>", _CONTENT + "</article>", 1), path)
    root = "../" * path.count("/") or "./"
    return shell.stamp(root=root, title="", head=head_links(root), content="").encode()


def head_links(root: str) -> str:
    """Return what every page has in its head: the site's own style and script."""
    own = root + urls.ASSETS
    tags = (
        f'<link rel="stylesheet" href="{own}site.css">',
        f'<script src="{own}site.js" defer></script>',
    )
    return "\n".join(tags) + "\n"


def _without_map(data: bytes) -> bytes:
    """Return a style or script without the line that names its source map, which is left out."""
    return re.sub(rb"\n?/[/*]# sourceMappingURL=\S+(?: ?\*/)?\s*$", b"\n", data)


class _Reader(HTMLParser):
    """Reads a page of the theme; makes its links relative to the root slot and lists scripts."""

    def __init__(self, path: str) -> None:
        super().__init__(convert_charrefs=False)
        self.folder = path.rpartition("/")[0]
        self.base = os.path.relpath(".", self.folder or ".")  # as the theme spells it
        self.scripts: list[str] = []
        self._out: list[str] = []
        self._script: dict[str, str | None] | None = None

    def text(self) -> str:
        return "".join(self._out)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "link" and given.get("rel") in {"prev", "next", "canonical"}:
            return
        start = self.get_starttag_text() or ""
        self._out.append(_LINKS.sub(lambda found: f'{found[1]}"{self._link(found[2])}"', start))
        if tag == "script" and "src" not in given:
            self._script = given

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self._out.append(f"</{tag}>")
        if tag == "script":
            self._script = None

    def handle_data(self, data: str) -> None:
        if self._script is None:
            self._out.append(data)
        elif self._script.get("type") == "application/json":
            self._out.append(self._config(data))
        else:
            script = data.replace(
                f'new URL("{self.base}",location)', 'new URL("\0root\0",location)'
            )
            self.scripts.append(script)
            self._out.append(script)

    def handle_entityref(self, name: str) -> None:
        self._out.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._out.append(f"&#{name};")

    def handle_decl(self, decl: str) -> None:
        self._out.append(f"<!{decl}>")

    def handle_comment(self, data: str) -> None:
        """Leave comments out."""

    def _config(self, text: str) -> str:
        config = json.loads(text)
        return json.dumps(config | {"base": "\0root\0", "search": ""}).replace("\\u0000", "\0")

    def _link(self, url: str) -> str:
        if not url or url.startswith(("#", "data:")) or _SCHEME.match(url):
            return url
        path, mark, anchor = url.partition("#")
        joined = os.path.normpath(os.path.join(self.folder, path))  # noqa: PTH118 - an address
        return "\0root\0" + (joined if joined != "." else urls.HOME) + mark + anchor


_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
