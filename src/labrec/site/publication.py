"""From a lab and its tables to its site: what ``labrec site build`` does."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Final, NamedTuple

from labrec.citation import Lab as CitedLab
from labrec.errors import LabrecError, UsageError
from labrec.site import settings, sources, stamp
from labrec.site.build import BuildReport, build
from labrec.site.collect import load
from labrec.site.collector import uncollected
from labrec.site.records import ViewRecords
from labrec.site.reports import library

if TYPE_CHECKING:
    from pathlib import Path

    from labrec.site.collect import Site
    from labrec.site.settings import SiteSettings
    from labrec.site.sources import Sources
    from labrec.store.lab import Lab
    from labrec.store.view import View

FOLDER: Final = "build/labrec/site"
"""Where a lab's site is written, from its root."""

_EDITED = (
    "site/, the manual or mkdocs.yml differ from the base commit; --worktree shows them as they are"
)
_CACHE = "build/labrec/cache"
_TABLES = "build/labrec/tables"


class Places(NamedTuple):
    """Where the site of a lab and what it is made from lie.

    Attributes:
        site: The site.
        tables: The tables.
        cache: What helps the next build.
    """

    site: Path
    tables: Path
    cache: Path


def places(lab: Lab, out: Path | None) -> Places:
    """Return where the site of a lab goes.

    Args:
        lab: The lab.
        out: Where it was asked for; None = `FOLDER`.

    Raises:
        UsageError: The repository is bare, and nobody said where.
    """
    if lab.git.worktree is not None:
        return Places(out or lab.root / FOLDER, lab.root / _TABLES, lab.root / _CACHE)
    if out is None:
        raise UsageError(
            "this repository is bare: there is no worktree to write a site into",
            hint="Say where it goes with --out DIR.",
        )
    return Places(out, lab.state_dir / "site" / "tables", lab.state_dir / "site" / "cache")


def publish(
    lab: Lab, view: View, where: Places, *, worktree: bool = False, fresh: bool = False
) -> BuildReport:
    """Build the site of a lab from its tables.

    Args:
        lab: The lab.
        view: What the tables were made from.
        where: Where everything lies.
        worktree: Whether hand-written pages and ``mkdocs.yml`` are read from the working tree, for
            a preview of what is not committed yet; else from the view's base.
        fresh: Whether every page is made anew, whatever the cache says.

    Raises:
        UsageError: There is no working tree, or something else than a site lies where it goes.
        UnsafeError: Something under ``site/`` is a symbolic link.
        InvalidError: A hand-written page, ``mkdocs.yml`` or a table is wrong.
        LimitError: There is more under ``site/`` than is taken, or the theme takes too long.
        NotFoundError: A package of ``labrec[lab]`` is missing.
        BusyError: Another build writes the same site.
        StorageError: Something cannot be read or written.
    """
    stamp.keep_compiled(lab.state_dir / "cache" / "templates")
    try:
        with uncollected():
            site, chosen, written = gather(lab, view, where.tables, worktree=worktree)
        report = build(site, chosen, written, where.site, cache=where.cache, fresh=fresh)
    finally:
        gc.unfreeze()
    if not worktree and view.base.how != "at" and _is_edited(lab, written, chosen.manual):
        return report._replace(notes=(*report.notes, _EDITED))
    return report


class Gathered(NamedTuple):
    """What a site is made from.

    Attributes:
        site: Tables, records and reports.
        settings: What the lab says about its site.
        sources: The hand-written pages.
    """

    site: Site
    settings: SiteSettings
    sources: Sources


def gather(lab: Lab, view: View, tables: Path, *, worktree: bool) -> Gathered:
    """Bring together what the site of a lab is made from.

    Args:
        lab: The lab.
        view: What the tables were made from.
        tables: Where they lie.
        worktree: Whether hand-written pages are read from the working tree, else from the base.

    Raises:
        UsageError: There is no working tree.
        UnsafeError: Something under ``site/`` is a symbolic link.
        InvalidError: ``mkdocs.yml``, a file under ``site/`` or a table is wrong.
        LimitError: There is more under ``site/`` than is taken.
        StorageError: Something cannot be read.
    """
    written = _written(lab, view, "", worktree=worktree)
    chosen = _named(settings.load(written.config), lab)
    if chosen.manual:
        written = _written(lab, view, chosen.manual, worktree=worktree)
    site = load(
        tables,
        ViewRecords(view),
        _cited(chosen),
        view_id=view.id,
        description=chosen.description,
    )
    reports = library.read(view, written.reports, written.files)
    return Gathered(site.having(reports), chosen, written)


def cited_lab(lab: Lab, view: View) -> CitedLab:
    """Return what a lab says about itself, for citing it.

    Args:
        lab: The lab.
        view: The view whose ``mkdocs.yml`` counts.

    Raises:
        InvalidError: ``mkdocs.yml`` is wrong.
    """
    config = sources.from_commit(lab.git, view.base.commit).config
    return _cited(_named(settings.load(config), lab))


def _cited(chosen: SiteSettings) -> CitedLab:
    return CitedLab(chosen.name, chosen.url, chosen.author, chosen.doi)


def _is_edited(lab: Lab, written: Sources, manual: str) -> bool:
    """Tell whether the working tree holds other pages than those that were published."""
    if lab.git.worktree is None:
        return False
    try:
        return sources.from_folder(lab.git.worktree, manual) != written
    except LabrecError:
        return True  # what cannot be read is not what was


def _written(lab: Lab, view: View, manual: str, *, worktree: bool) -> Sources:
    if not worktree:
        return sources.from_commit(lab.git, view.base.commit, manual)
    if lab.git.worktree is None:
        raise UsageError("this repository is bare: it has no working tree to read pages from")
    return sources.from_folder(lab.git.worktree, manual)


def _named(chosen: SiteSettings, lab: Lab) -> SiteSettings:
    return chosen if chosen.name else chosen._replace(name=lab.root.resolve().name or "Lab")
