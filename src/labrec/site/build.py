"""Build the site: gather every page, render, write. The renderer's mistakes are told together."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from labrec.site import shell, stamp
from labrec.site.pages import PAGES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from labrec.site.collect import Site
    from labrec.site.page import Page
    from labrec.site.settings import SiteSettings


class BuildReport(NamedTuple):
    """What a build did.

    Attributes:
        folder: Where the site lies.
        pages: How many generated pages it has.
        written: How many files were written.
    """

    folder: Path
    pages: int
    written: int


def build(site: Site, settings: SiteSettings, sources: shell.Sources, folder: Path) -> BuildReport:
    """Build the site of a lab into a folder.

    Args:
        site: What it is made from.
        settings: What the lab says about it.
        sources: The hand-written pages.
        folder: Where it goes.

    Raises:
        InvalidError: A page cannot be made.
        StorageError: The folder cannot be written.
    """
    shells = shell.render(settings, sources)
    count = written = 0
    for path, data in shells.files.items():
        written += _put(folder / path, data)
    for page in _pages(site):
        count += 1
        frame = shells.kinds[page.kind]
        html = frame.stamp(
            root=page.to_root,
            title=page.title,
            head=shell.head_links(page.to_root),
            content=stamp.content(page),
        )
        written += _put(folder / page.url, html.encode())
        for name, data in page.files.items():
            written += _put((folder / page.url).parent / name, data)
    return BuildReport(folder, count, written)


def _pages(site: Site) -> Iterator[Page]:
    for make in PAGES.values():
        yield from make(site)


def _put(path: Path, data: bytes) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    os.replace(part, path)  # noqa: PTH105 - the name of the guarantee
    return 1
