"""Shells kept from build to build: the theme runs only when something that it sees has changed."""

from __future__ import annotations

import base64
import contextlib
import json
from typing import TYPE_CHECKING, Final

from labrec.gitio.durable import replace_file
from labrec.site import shell
from labrec.site.manifest import digest_of, tool_digest

if TYPE_CHECKING:
    from pathlib import Path

    from labrec.site.settings import SiteSettings
    from labrec.site.shell import Shells
    from labrec.site.sources import Sources

FORMAT: Final = "labrec.shells/2"

KEPT: Final = 4
"""Sets of shells that are kept: a preview and a build of one lab differ."""


def shells(settings: SiteSettings, sources: Sources, folder: Path) -> Shells:
    """Return the shells of a site, from the cache where they are there.

    Args:
        settings: What the lab says about its site.
        sources: The hand-written pages.
        folder: Where the cache lies.

    Raises:
        InvalidError: The theme refuses a page, or a page would run or load something.
        LimitError: The theme takes too long.
        NotFoundError: The theme is not installed.
        StorageError: There is no room for what the theme writes.
    """
    key = digest_of([settings, dict(sources.files), tool_digest()])
    path = folder / f"shells-{key[:16]}.json"
    found = _read(path, key)
    if found is None:
        found = shell.render(settings, sources)
        with contextlib.suppress(OSError):  # without a cache the next build is slower, no more
            replace_file(path, _packed(found, key), sync=False)
            _forget(folder)
    return found


def _forget(folder: Path) -> None:
    """Remove all sets of shells but the newest."""
    kept = sorted(folder.glob("shells-*.json"), key=lambda path: path.stat().st_mtime)
    for path in kept[:-KEPT]:
        path.unlink(missing_ok=True)


def _packed(found: Shells, key: str) -> bytes:
    document = {
        "format": FORMAT,
        "key": key,
        "kinds": {kind: list(one.parts) for kind, one in found.kinds.items()},
        "files": {name: base64.b64encode(data).decode() for name, data in found.files.items()},
    }
    return json.dumps(document).encode()


def _read(path: Path, key: str) -> Shells | None:
    try:
        document = json.loads(path.read_bytes())
        if (document["format"], document["key"]) != (FORMAT, key):
            return None
        kinds = {kind: shell.Shell(tuple(parts)) for kind, parts in document["kinds"].items()}
        files = {name: base64.b64decode(text) for name, text in document["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # damaged or of another version: made anew
    return shell.Shells(kinds, files)
