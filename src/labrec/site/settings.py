"""What a lab says about its site: an allow-list of plain keys of ``mkdocs.yml``. Pure.

The theme itself would run whatever that file names: tags, plugins, hooks, template folders. labrec
reads a few plain keys with its own strict reader, refuses all others, and writes the theme's
configuration itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.errors import InvalidError
from labrec.record import yaml12
from labrec.record.text import CONTROLS, printable
from labrec.site.sources import CONFIG
from labrec.site.theme import COLOURS, NAME

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_TEXT: Final = 300
"""Most characters of a text."""

NavItem = tuple[str, "str | tuple[NavItem, ...]"]
"""Title, empty for the page's own, and a path under ``site/``, an address or further items."""


class SiteSettings(NamedTuple):
    """How the site is called and looks.

    Attributes:
        name: What the lab is called; empty = not said.
        url: Address it is published at, ends in ``/``; empty = not known.
        description: One sentence about the lab.
        author: Who answers for it.
        copyright: A line at the foot of each page.
        language: Language of the theme's own words.
        primary: Colour of the header.
        accent: Colour of what one points at.
        logo: Picture under ``site/`` beside the name; empty = the theme's own.
        favicon: Picture under ``site/`` for the browser's tab; empty = the theme's own.
        nav: Hand-written pages in order; empty = all of them by path.
        manual: A further folder of the repository, whose Markdown pages are published below
            ``manual/``; empty = none.
        doi: DOI of the lab; empty = it has none.
        moved: Addresses of pages that are no more, each with that of the page in its place.
    """

    name: str = ""
    url: str = ""
    description: str = ""
    author: str = ""
    copyright: str = ""
    language: str = "en"
    primary: str = "indigo"
    accent: str = "indigo"
    logo: str = ""
    favicon: str = ""
    nav: tuple[NavItem, ...] = ()
    manual: str = ""
    doi: str = ""
    moved: tuple[tuple[str, str], ...] = ()


def load(data: bytes | None) -> SiteSettings:
    """Read the settings of a site; all mistakes are told at once.

    Args:
        data: The bytes of ``mkdocs.yml``; None = there is none.

    Raises:
        InvalidError: It is not plain YAML, or a key is not among those that are read.
    """
    if data is None:
        return SiteSettings()
    try:
        tree = yaml12.load(data)
    except InvalidError as error:
        raise InvalidError(
            f"{CONFIG}: {error.message}",
            hint="labrec reads plain YAML only: no tag, no include, no variable.",
            paths=[CONFIG],
        ) from error
    reader = _Reader()
    values = reader.read({} if tree is None else tree)
    if reader.mistakes:
        raise InvalidError(
            f"{CONFIG}: {'; '.join(reader.mistakes)}",
            hint="docs/site.md lists what labrec reads of it.",
            paths=[CONFIG],
        )
    return SiteSettings(**values)


class _Reader:
    """Reads a parsed file key by key and remembers what is wrong with it."""

    def __init__(self) -> None:
        self.mistakes: list[str] = []

    def read(self, tree: Any) -> dict[str, Any]:
        if not isinstance(tree, dict):
            self.mistakes.append("it must be a mapping")
            return {}
        values: dict[str, Any] = self._fields(tree, _TOP, "")
        for key, wanted in _FIXED.items():
            if tree.get(key, wanted) != wanted:
                self.mistakes.append(f"{key} must be {wanted}")
        theme = tree.get("theme", {})
        if isinstance(theme, dict):
            values |= self._fields(theme, _THEME, "theme.")
            values |= self._palette(theme.get("palette", {}))
            theme = theme.get("name", NAME)
        extra = tree.get("extra", {})
        if isinstance(extra, dict) and isinstance(extra.get("labrec", {}), dict):
            values |= self._fields(extra, {}, "extra.")
            values |= self._fields(extra.get("labrec", {}), _OWN, "extra.labrec.")
        else:
            self.mistakes.append("extra must hold labrec, with keys of its own")
        if theme != NAME:
            self.mistakes.append(f"theme must be {NAME}")
        return values

    def _fields(
        self, tree: dict[str, Any], known: dict[str, _Field], prefix: str
    ) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in tree.items():
            if key in known:
                name, read = known[key]
                try:
                    values[name] = read(value)
                except TypeError as wanted:
                    self.mistakes.append(f"{prefix}{key} must be {wanted}")
            elif key not in _ELSEWHERE[prefix]:
                self.mistakes.append(f"{prefix}{printable(key)[:60]} {_WHY.get(key, _UNKNOWN)}")
        return values

    def _palette(self, palette: Any) -> dict[str, Any]:
        schemes = palette if isinstance(palette, list) else [palette]
        values: dict[str, Any] = {}
        for scheme in schemes:
            if not isinstance(scheme, dict):
                self.mistakes.append("theme.palette must be a mapping or a list of mappings")
                return {}
            # light and dark, and the switch between them, are always there
            plain = {k: v for k, v in scheme.items() if k not in {"scheme", "media", "toggle"}}
            values = self._fields(plain, _PALETTE, "theme.palette.") | values
        return values


# --- what each key takes ----------------------------------------------------------------------


def _line(value: Any) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT or CONTROLS.search(value):
        raise TypeError(f"one line of at most {MAX_TEXT} characters")
    return value.strip()


def _url(value: Any) -> str:
    if value in (None, ""):
        return ""
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value):
        raise TypeError("an address such as https://example.org/lab/")
    return value if value.endswith("/") else f"{value}/"


def _colour(value: Any) -> str:
    if not isinstance(value, str) or value not in COLOURS:
        raise TypeError(f"one of {', '.join(sorted(COLOURS))}")
    return value


def _language(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(
        r"[a-z]{2}(-[A-Z][a-z]{3}|-[A-Z]{2})?", value
    ):
        raise TypeError("a language of the theme, such as en or de")
    return value


def _picture(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_-][\w./-]*\.(png|jpg)", value):
        raise TypeError("a PNG or JPEG under site/")
    return value


def _nav(value: Any, depth: int = 0) -> tuple[NavItem, ...]:
    wanted = "a list of pages and of titles with a page or a list, at most four deep"
    if not isinstance(value, list) or depth > 3:  # noqa: PLR2004 - as the message says
        raise TypeError(wanted)
    items: list[NavItem] = []
    for item in value:
        if isinstance(item, str):
            items.append(("", _target(item, wanted)))
        elif isinstance(item, dict) and len(item) == 1:
            ((title, target),) = item.items()
            is_list = isinstance(target, list)
            below = _nav(target, depth + 1) if is_list else _target(target, wanted)
            items.append((_line(title), below))
        else:
            raise TypeError(wanted)
    return tuple(items)


def _target(value: Any, wanted: str) -> str:
    if isinstance(value, str) and (_PAGE.fullmatch(value) or _ADDRESS.fullmatch(value)):
        return value
    raise TypeError(wanted)


def _manual(value: Any) -> str:
    if not isinstance(value, str) or not _FOLDER.fullmatch(value):
        raise TypeError("a folder of the repository, such as docs")
    if value.partition("/")[0] in {"records", "site"}:
        raise TypeError("a folder that is neither site/ nor records/")
    return value


def _doi(value: Any) -> str:
    if not isinstance(value, str) or not _DOI.fullmatch(value):
        raise TypeError("a DOI such as 10.5281/zenodo.1234567, without an address")
    return value


def _moved(value: Any) -> tuple[tuple[str, str], ...]:
    wanted = "pages that are no more, each with the page in its place, such as old.md: new.md"
    if not isinstance(value, dict):
        raise TypeError(wanted)
    for name in (*value, *value.values()):
        if not isinstance(name, str) or not _PLACE.fullmatch(name):
            raise TypeError(wanted)
    return tuple((_published(old), _published(new)) for old, new in sorted(value.items()))


def _published(page: str) -> str:
    """Return the address of a page: a hand-written one is named as it lies under ``site/``."""
    return f"{page.removesuffix('.md')}.html" if page.endswith(".md") else page


_DOI = re.compile(r"10\.[0-9]{4,9}/[A-Za-z0-9._;()/:-]{1,200}", re.ASCII)
_FOLDER = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*", re.ASCII)
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(:\d+)?(/[A-Za-z0-9._~%+/@-]*)?", re.ASCII)
_PAGE = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*\.md", re.ASCII)
_PLACE = re.compile(_PAGE.pattern.replace("md", "(?:md|html)"), re.ASCII)

_Field = tuple[str, "Callable[[Any], Any]"]
_TOP: Final[dict[str, _Field]] = {
    "site_name": ("name", _line),
    "site_url": ("url", _url),
    "site_description": ("description", _line),
    "site_author": ("author", _line),
    "copyright": ("copyright", _line),
    "nav": ("nav", _nav),
}
_THEME: Final[dict[str, _Field]] = {
    "language": ("language", _language),
    "logo": ("logo", _picture),
    "favicon": ("favicon", _picture),
}
_PALETTE: Final[dict[str, _Field]] = {
    "primary": ("primary", _colour),
    "accent": ("accent", _colour),
}
_FIXED: Final = {"docs_dir": "site", "site_dir": "build/labrec/site"}
_OWN: Final[dict[str, _Field]] = {
    "manual": ("manual", _manual),
    "doi": ("doi", _doi),
    "moved": ("moved", _moved),
}
_ELSEWHERE: Final[dict[str, frozenset[str]]] = {
    "": frozenset({*_FIXED, "extra", "theme"}),
    "theme.": frozenset({"name", "palette"}),
    "theme.palette.": frozenset(),
    "extra.": frozenset({"labrec"}),
    "extra.labrec.": frozenset(),
}
"""Keys that are read elsewhere, by where they stand."""
_UNKNOWN = "is not read"
_CODE = "is code, and building a site runs none"
_REQUESTS = "would have pages ask other servers"
_WHY: Final = {
    "hooks": _CODE, "plugins": _CODE, "custom_dir": _CODE, "markdown_extensions": _CODE,
    "extra_javascript": _CODE, "extra_css": _REQUESTS, "extra_templates": _CODE, "INHERIT": _CODE,
    "repo_url": _REQUESTS, "font": _REQUESTS, "analytics": _REQUESTS,
}  # fmt: skip
