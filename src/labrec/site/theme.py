"""The theme: all that labrec knows of mkdocs-material, and what another one would have to give.

A theme renders the hand-written pages and some empty ones, by a configuration that labrec writes
itself: no plugin, no hook, no font and no script from elsewhere. To take another theme is to write
this module anew (docs/adr/0015): `render`, `without_extras`, `lightened`, `skippable`, `script`,
`data`, `is_kept` and the names at its top. What is done with its pages (``frame``, ``shell``) is
done to any HTML that keeps `TITLE` and `CONTENT` as they were given. Our style sheets and scripts
name a few classes.
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
from labrec.site import front_matter, inspection
from labrec.site.sources import MANUAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labrec.site.settings import NavItem, SiteSettings
    from labrec.site.sources import Sources

NAME: Final = "material"
"""What ``mkdocs.yml`` calls it."""

GENERATOR = "mkdocs"
"""The module that runs it; ``properdocs``, which goes on where mkdocs 1 ended, makes the same."""

PACKAGES: Final = ("mkdocs", "mkdocs-material", "pymdown-extensions", "markdown", "pygments")
"""Packages that decide what comes out."""

COLOURS: Final = frozenset(
    {
        "red", "pink", "purple", "deep purple", "indigo", "blue", "light blue", "cyan", "teal",
        "green", "light green", "lime", "yellow", "amber", "orange", "deep orange", "brown",
        "grey", "blue grey", "black", "white",
    }
)  # fmt: skip
"""Names of colours that it knows."""

TIMEOUT_S: Final = 120
"""Longest time that it may take for all pages, in seconds."""

TITLE: Final = "labrec-slot-title"
"""Title of every empty page: it must come out wherever the theme shows a title."""

CONTENT: Final = '<section id="labrec-slot-content"></section>'  # a block: no paragraph around it
"""Content of every empty page: it must come out once, as it is, within ``<article>``."""

# The list of a page's sections, which generated pages have none of: ten thousand pages hold it.
_NO_SECTIONS = re.compile(
    r'<div class="md-sidebar md-sidebar--secondary"[^>]*hidden>.*?</nav></div></div></div>'
)
# The logo a second time, in the drawer of small screens, beside the name of the site.
_SECOND_LOGO = re.compile(
    r'(<label class="md-nav__title" for="__drawer">)<a [^>]*\bmd-nav__button md-logo\b.*?</a>'
)
_NO_SKIP = '<div data-md-component="skip"></div>'
_SKIP = _NO_SKIP.replace(
    "></div>", '><a href="#labrec-content" class="md-skip">Skip to content</a></div>'
)
_ANNOUNCE = '<div data-md-component="announce"></div>'
_MAIN = '<div class="md-content" data-md-component="content"'
# What is alike on every page and of use to scripts alone: they put it back, each at its place.
_ALIKE = (
    (r'<form class="md-header__option" data-md-component="palette">.*?</form>',
     ".md-header__inner", "beforeend"),
    (r'<div class="md-header__topic" data-md-component="header-topic">.*?</div>',
     ".md-header__ellipsis", "beforeend"),
    (r'<input class="md-toggle" data-md-toggle="search"[^>]*>', "body", "beforeend"),
    (r'<div class="md-dialog" data-md-component="dialog">.*?</div></div>', "body", "beforeend"),
    (r'<script id="__config" type="application/json">.*?</script>', "body", "beforeend"),
)  # fmt: skip
# Drawings in the header, and the sign that stands for each where no script puts it back.
_ICONS = (
    (re.compile(r'(<a [^>]*\bmd-logo"[^>]*>)(<svg .*?</svg>)(?=</a>)'), "⌂", ".md-logo"),
    (re.compile(r'(<label class="md-header__button md-icon" for="__drawer">)(<svg .*?</svg>)'),
     "☰", '.md-header [for="__drawer"]'),
)  # fmt: skip
_LIST = re.compile(
    rf'(<ul class="md-nav__list" data-md-scrollfix>)(.*)(?=</ul></nav></div></div></div>{_MAIN})'
)
_NESTED = " md-nav__item--pruned md-nav__item--nested"
_ARROW = '<span class="md-nav__icon md-icon"></span>'
_ITEM = re.compile(
    rf'<li class="md-nav__item({_NESTED})?"><a href="([^"]*)" class="md-nav__link">'
    rf'<span class="md-ellipsis">([^<]*)</span>(?:{_ARROW})?</a></li>'
)
_SPAN = '<a class="md-nav__link"><span class="md-ellipsis"></span>'
_LOOKS = (  # of a page, and of a part of the site that a further list would show
    f'<li class="md-nav__item">{_SPAN}</a></li>',
    f'<li class="md-nav__item{_NESTED}">{_SPAN}{_ARROW}</a></li>',
)
_KEPT = re.compile(r"assets/(?:images/[^/]+\.png|[a-z]+/[a-z]+\.[0-9a-f]+\.min\.(?:css|js))")
_WORDS = ("clipboard.",)  # its own words that its script still asks for


def render(settings: SiteSettings, sources: Sources, empty: Mapping[str, str]) -> dict[str, bytes]:
    """Render the hand-written pages and the empty ones; return every file by its place.

    Args:
        settings: What the lab says about its site.
        sources: The hand-written pages.
        empty: Places of empty pages, without their ending, with their titles in the navigation;
            an empty title = not there.

    Raises:
        InvalidError: The theme refuses a page, or the nav names one that is not there.
        LimitError: It takes longer than `TIMEOUT_S`.
        NotFoundError: The theme is not installed.
        StorageError: There is no room for what it writes.
    """
    config = configuration(settings, sources, empty)
    try:
        with tempfile.TemporaryDirectory(prefix="labrec-shells-") as folder:
            place = Path(folder)
            _write_sources(place / "docs", sources, empty)
            # JSON is YAML: no text of the lab can become a tag, an anchor or another key
            (place / "mkdocs.yml").write_text(json.dumps(config, indent=1), "utf-8")
            _run(place)
            return {
                path.relative_to(place / "out").as_posix(): path.read_bytes()
                for path in sorted((place / "out").rglob("*"))
                if path.is_file()
            }
    except OSError as error:
        raise StorageError(
            f"the shells of the site cannot be written: {error.strerror or error}",
            hint="Free some space in the folder for temporary files (TMPDIR).",
            paths=[str(error.filename or "")],
        ) from error


def configuration(
    settings: SiteSettings, sources: Sources, empty: Mapping[str, str]
) -> dict[str, Any]:
    """Return the whole configuration that the theme is given.

    Args:
        settings: What the lab says; the theme shows its texts as HTML.
        sources: The hand-written pages.
        empty: As of `render`.

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
        "nav": [{"Home": "index.md"}, *_nav(settings, sources), *_generated(empty)],
        "not_in_nav": "/labrec-shell/\n",
        "theme": {
            "name": NAME,
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


def _generated(empty: Mapping[str, str]) -> list[dict[str, str]]:
    return [{title: f"{place}.md"} for place, title in empty.items() if title]


def _nav_items(nav: tuple[NavItem, ...]) -> list[Any]:
    items: list[Any] = []
    for title, target in nav:
        if target == "index.md":
            continue  # Home stands first already
        below = _nav_items(target) if isinstance(target, tuple) else target
        items.append({title: below} if title else below)
    return items


def _write_sources(docs: Path, sources: Sources, empty: Mapping[str, str]) -> None:
    for name, data in sources.files.items():
        path = docs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    for place in empty:
        path = docs / f"{place}.md"
        written = path.read_text("utf-8") if path.is_file() else ""
        written = front_matter.split(written)[1]  # another head stands there
        path.parent.mkdir(parents=True, exist_ok=True)
        head = f"---\ntitle: {TITLE}\nhide: [toc]\n---\n\n"
        path.write_text(f"{head}{written}\n\n{CONTENT}\n", "utf-8")


def _run(place: Path) -> None:
    """Run the theme in a process of its own: what it imports and prints stays there."""
    command = [sys.executable, "-P", "-m", GENERATOR, "build", "--strict", "--quiet"]
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


# --- what came out ----------------------------------------------------------------------------


def is_kept(path: str) -> bool:
    """Return whether one of its own files belongs to the site: a picture, a style, a script."""
    return _KEPT.fullmatch(path) is not None


def without_extras(text: str) -> str:
    """Take out of a page what thousands of pages would hold for nothing.

    Args:
        text: An empty page, white space between elements gone.
    """
    return _SECOND_LOGO.sub(r"\1", _NO_SECTIONS.sub("", text))


class Light(NamedTuple):
    """An empty page without what it has alike with all others.

    Attributes:
        before: The page up to where a script puts that back.
        after: The rest of it.
        parts: Selector, place beside it (as of ``insertAdjacentHTML``) and HTML of each part.
        icons: Selector and HTML of each drawing.
        links: Selector of the navigation, and HTML of an entry: plain, and with others below it.
            The page holds the links; those with others below have `data-labrec-nested`.
    """

    before: str
    after: str
    parts: tuple[tuple[str, str, str], ...]
    icons: tuple[tuple[str, str], ...]
    links: tuple[str, str, str] = (".md-nav--primary > .md-nav__list", *_LOOKS)


def lightened(text: str) -> Light | None:
    """Take out of a page what only scripts have a use for, and the looks of its navigation.

    None of it holds a text of the lab or depends on its pages.

    Args:
        text: An empty page, white space between elements gone.

    Returns:
        The page and what was taken out; None = it is not as expected, and stays as it is.
    """
    found = _LIST.search(text)
    if found is None or _ITEM.sub("", found[2]):
        return None
    links = _ITEM.sub(_link, found[2])
    text = f"{text[: found.start(2)]}{links}{text[found.end(2) :]}"
    parts, icons = [], []
    for pattern, selector, place in _ALIKE:
        if part := re.search(pattern, text):
            text = text.replace(part[0], "", 1)
            parts.append((selector, place, part[0].replace(TITLE, "")))
    for icon, sign, selector in _ICONS:
        if drawn := icon.search(text):
            text = icon.sub(rf"\1{sign}", text, count=1)
            icons.append((selector, drawn[2]))
    before, after = text.replace(_ANNOUNCE, "").split(_MAIN, 1)
    return Light(before, _MAIN + after, tuple(parts), tuple(icons))


def _link(found: re.Match[str]) -> str:
    nested = " data-labrec-nested" if found[1] else ""
    return f'<li{nested}><a href="{found[2]}">{found[3].strip()}</a>'


def skippable(text: str) -> str:
    """Let one skip the header of a page: the theme does only where there is a list of sections.

    Args:
        text: A page, white space between elements gone.
    """
    return text.replace(_NO_SKIP, _SKIP).replace(_MAIN, f'{_MAIN} id="labrec-content"')


def script(text: str, base: str) -> str:
    """Return an inline script as it works from a file two folders deep, not from the page.

    Args:
        text: The script.
        base: The way from its page back to the root, as the theme spells it.
    """
    return text.replace(
        f'new URL("{base}",location)', 'new URL("../../",document.currentScript.src)'
    )


def data(start: str, text: str, root: str) -> str:
    """Return inline data of a page as it is the same on all: its root as labrec spells it.

    Args:
        start: The start tag.
        text: The data.
        root: Stands for the way back to the root.
    """
    if 'id="__config"' not in start:
        return text
    try:
        config = json.loads(text)
    except ValueError:
        return text  # not the theme's own: refused when the page is inspected
    words = config.get("translations", {})
    config |= {
        "base": "@root@",
        "search": "",
        "translations": {key: words[key] for key in words if key.startswith(_WORDS)},
    }
    written = json.dumps(config, separators=(",", ":")).replace("<", "\\u003c")
    return written.replace("@root@", root)
