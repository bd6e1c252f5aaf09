"""The site's own styles and scripts, beside those of the theme."""

from __future__ import annotations

import contextlib
from functools import cache
from html import escape
from importlib import resources
from typing import TYPE_CHECKING

from labrec.gitio.durable import replace_file
from labrec.site import urls
from labrec.site.charts import BUNDLE, bundle

if TYPE_CHECKING:
    from pathlib import Path


def files(cache: Path) -> dict[str, bytes]:
    """Return the site's own styles and scripts by their place in the site.

    Args:
        cache: Folder that keeps the script of the charts from build to build.

    Raises:
        NotFoundError: A package of ``labrec[lab]`` is missing.
    """
    kept = cache / BUNDLE
    before = None
    with contextlib.suppress(OSError):
        before = kept.read_bytes()
    script = bundle(before)
    if script is not before:
        with contextlib.suppress(OSError):  # without it the next build is slower, no more
            replace_file(kept, script, sync=False)
    # charts.js fetches it once a chart comes into view: no page names it
    return {urls.ASSETS + name: data for name, data in (_own() | {BUNDLE: script}).items()}


@cache
def _own() -> dict[str, bytes]:
    folder = resources.files("labrec.site").joinpath("assets")
    return {
        item.name: item.read_bytes()
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
    for name in _own():
        place = escape(root + urls.ASSETS + name)
        if name.endswith(".css"):
            parts.append(f'<link rel="stylesheet" href="{place}">')
        else:
            parts.append(f'<script src="{place}" defer></script>')
    return "\n".join(parts)
