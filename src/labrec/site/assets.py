"""The site's own styles and scripts, beside those of the theme."""

from __future__ import annotations

import contextlib
from functools import cache
from html import escape
from importlib import resources
from typing import TYPE_CHECKING, Final

from labrec.gitio.durable import replace_file
from labrec.site import urls
from labrec.site.charts import BUNDLE, bundle

if TYPE_CHECKING:
    from pathlib import Path

    from labrec.site.page import Kind


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


# Of some kinds there are ten thousand pages: they name what they have a use for, and no more.
_ALONE: Final[dict[Kind, tuple[str, ...]]] = {
    "run": (
        "charts.js",
        "columns.js",
        "lab.css",
        "propose.js",
        "run.css",
        "search.css",
        "search.js",
        "site.css",
    ),
    "pair": ("bare.js", "site.css", "run.css", "bare.css"),
}
_BESIDE: Final[dict[Kind, tuple[str, ...]]] = {"compare": ("compare.css", "compare.js")}
_APART: Final = frozenset({"bare.js", "bare.css", *_BESIDE["compare"]})
_AT_ONCE: Final = frozenset({"bare.js"})  # before the page is shown


@cache
def tags(root: str, kind: Kind = "home") -> str:
    """Return what a page has in its head: the site's own styles and scripts that it needs.

    Args:
        root: Relative way back to the root of the site.
        kind: Its kind.
    """
    names = _ALONE.get(kind)
    if names is None:
        names = (*(name for name in _own() if name not in _APART), *_BESIDE.get(kind, ()))
    parts = []
    for name in names:
        place = escape(root + urls.ASSETS + name)
        if name.endswith(".css"):
            parts.append(f'<link rel="stylesheet" href="{place}">')
        else:
            parts.append(f'<script src="{place}"{"" if name in _AT_ONCE else " defer"}></script>')
    return "\n".join(parts)
