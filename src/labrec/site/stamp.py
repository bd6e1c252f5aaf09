"""Stamp: the content of a page from its template. Everything is escaped, always.

Templates see plain values and the filters of this module. There is no ``safe`` among them, no
template is made from record text, and a name that a template misspells is an error.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import jinja2

from labrec.errors import InvalidError
from labrec.record.text import INVISIBLE
from labrec.record.wording import MISSING, better, duration, number, size
from labrec.site import urls
from labrec.site.charts.drawing import Markup
from labrec.site.compact import Compact
from labrec.site.compiled import Compiled

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from labrec.site.page import Page

_CUT = 400  # characters of one value


def content(page: Page) -> str:
    """Return the content of a page: HTML that goes into the content slot of its shell.

    Raises:
        InvalidError: Its template names something that its context does not hold.
    """
    template = _environment().get_template(f"{page.kind}.html")
    try:
        return template.render(page.context, page=page, root=page.to_root, way=page.way_to)
    except jinja2.TemplateError as error:
        raise InvalidError(
            f"template {page.kind}.html does not fit {page.url}: {error}",
            hint="This is a bug in labrec.",
            paths=[page.url],
        ) from error


def part(name: str, **values: Any) -> Markup:
    """Return a part of a page from a template of its own.

    Args:
        name: The template.
        values: What it shows.

    Raises:
        InvalidError: It names something that is not given.
    """
    try:
        return Markup(_environment().get_template(name).render(values))
    except jinja2.TemplateError as error:
        raise InvalidError(
            f"template {name} does not fit: {error}", hint="This is a bug in labrec.", paths=[name]
        ) from error


def keep_compiled(folder: Path) -> None:
    """Keep templates as code in a folder, for the next build.

    Args:
        folder: One that nobody else can write to: what lies there is run.
    """
    _environment().bytecode_cache = Compiled(folder)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("labrec.site", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=[Compact],
    )
    environment.filters = {**_kept(environment.filters), **_FILTERS}
    return environment


def _kept(filters: dict[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """Return Jinja2's own filters without those that switch escaping off or make markup."""
    unsafe = {"safe", "urlize", "tojson", "xmlattr", "forceescape", "format", "striptags"}
    return {name: filter_ for name, filter_ in filters.items() if name not in unsafe}


# --- filters ----------------------------------------------------------------------------------


def signed(value: float | None) -> str:
    """Return a difference: a number with its sign."""
    text = number(value)
    return f"+{text}" if value is not None and value > 0 else text


def time(moment: datetime | None) -> str:
    """Return a moment in UTC, to the second."""
    return MISSING if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def short(text: str | None) -> str:
    """Return the beginning of a run id or digest, enough to tell it from its neighbours."""
    if text is None:
        return MISSING
    return text.removeprefix("sha256:")[:13].rstrip("-")


def shown(text: object, limit: int = _CUT) -> str:
    r"""Return record text made visible: invisible and reordering characters as ``\u202e``, cut.

    Line breaks stay; escaping for HTML comes later and always.
    """
    plain = str(text)
    if not plain.isprintable():  # nearly none
        plain = INVISIBLE.sub(_visible, plain)
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"


def _visible(found: Any) -> str:
    text: str = found[0]
    return text if text in "\n\t" else text.encode("unicode_escape").decode()


_FILTERS: dict[str, Callable[..., Any]] = {
    "better": better,
    "number": number,
    "signed": signed,
    "duration": duration,
    "time": time,
    "size": size,
    "short": short,
    "shown": shown,
    "url": urls.check,
}
