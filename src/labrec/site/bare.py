"""A small frame of our own, for pages of which there are thousands and that are looked at briefly.

It has the way home, our styles, light and dark as the reader chose them on the other pages, and the
same Content-Security-Policy. The theme's frame would be larger than what such a page says.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from labrec.site import csp
from labrec.site.shell import BARE_SHELL, Shell, Shells

if TYPE_CHECKING:
    from labrec.site.settings import SiteSettings

_BEFORE: Final = (
    '<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
    + csp.META
    + '<meta name="viewport" content="width=device-width,initial-scale=1"><title>'
)
_AFTER: Final = " - {name}</title>"
_BODY: Final = '</head><body class="lr-bare"><header><a href="'
_MAIN: Final = 'index.html">{name}</a></header><main class="md-typeset"><article>'
_END: Final = "</article></main></body></html>\n"


def with_bare(shells: Shells, settings: SiteSettings) -> Shells:
    """Return the shells of a site with the small one among them.

    Args:
        shells: Those of the theme.
        settings: What the lab says about its site.
    """
    name, language = escape(settings.name), escape(settings.language)
    parts = (
        _BEFORE.replace("{language}", language),
        "title",
        _AFTER.replace("{name}", name),
        "head",
        _BODY,
        "root",
        _MAIN.replace("{name}", name),
        "content",
        _END,
    )
    return Shells({**shells.kinds, BARE_SHELL: Shell(parts)}, shells.files)
