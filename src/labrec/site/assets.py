"""The site's own styles and scripts, beside those of the theme."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib import resources

from labrec.site import urls


@cache
def files() -> dict[str, bytes]:
    """Return the site's own styles and scripts by their place in the site."""
    folder = resources.files("labrec.site").joinpath("assets")
    if not folder.is_dir():
        return {}
    return {
        urls.ASSETS + item.name: item.read_bytes()
        for item in sorted(folder.iterdir(), key=lambda item: item.name)
        if item.name.endswith((".css", ".js"))
    }


@cache
def tags(root: str) -> str:
    """Return what every page has in its head: each of the site's own styles and scripts.

    Args:
        root: Relative way back to the root of the site.
    """
    parts = []
    for name in files():
        place = escape(root + name)
        if name.endswith(".css"):
            parts.append(f'<link rel="stylesheet" href="{place}">')
        else:
            parts.append(f'<script src="{place}" defer></script>')
    return "\n".join(parts)
