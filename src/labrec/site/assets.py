"""The site's own styles and scripts, beside those of the theme."""

from __future__ import annotations

import contextlib
import hashlib
from functools import cache
from html import escape
from importlib import resources
from typing import TYPE_CHECKING, Final

from labrec.gitio.durable import replace_file
from labrec.site import urls
from labrec.site.charts import BUNDLE, bundle

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
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
    made = {BUNDLE: script}
    for pack in _PACKS:
        made |= {_name(pack, ending): _joined(pack, ending) for ending in _ENDINGS}
    return {urls.ASSETS + name: data for name, data in made.items()}


def own(name: str) -> str:
    """Return the text of one of our styles and scripts."""
    return _folder().joinpath(name).read_text("utf-8")


# What pages load together is one file, named by what is in it: ten thousand pages name it.
_PACKS: Final[dict[str, tuple[str, ...]]] = {
    "site": (),  # all that is in no other
    "compare": ("compare.css", "compare.js"),
    "bare": ("bare.js", "site.css", "run.css", "bare.css"),
}
_APART: Final = frozenset({"bare.js", "bare.css", "shared.js", *_PACKS["compare"]})
_ENDINGS: Final = (".css", ".js")
_OF: Final[dict[Kind, tuple[str, ...]]] = {"pair": ("bare",), "compare": ("site", "compare")}
_AT_ONCE: Final = frozenset({"bare"})  # its script runs before the page is shown


@cache
def tags(root: str, kind: Kind = "home") -> str:
    """Return what a page has in its head: the site's own styles and scripts.

    Args:
        root: Relative way back to the root of the site.
        kind: Its kind.
    """
    parts = []
    for pack in _OF.get(kind, ("site",)):
        style, script = (escape(root + urls.ASSETS + _name(pack, ending)) for ending in _ENDINGS)
        parts.append(f'<link rel="stylesheet" href="{style}">')
        parts.append(f'<script src="{script}"{"" if pack in _AT_ONCE else " defer"}></script>')
    return "".join(parts)


@cache
def _name(pack: str, ending: str) -> str:
    return f"{pack}-{hashlib.sha256(_joined(pack, ending)).hexdigest()[:8]}{ending}"


@cache
def _joined(pack: str, ending: str) -> bytes:
    """Return the files of a pack that have an ending, one after the other."""
    names = _PACKS[pack] or sorted(
        item.name for item in _folder().iterdir() if item.name not in _APART
    )
    return "".join(own(name) for name in names if name.endswith(ending)).encode()


def _folder() -> Traversable:
    return resources.files("labrec.site").joinpath("assets")
