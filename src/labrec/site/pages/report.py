"""The pages of reports: as they are now, and every frozen version as it was."""

from __future__ import annotations

import shlex
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from labrec.errors import LabrecError
from labrec.record import records_csv
from labrec.site import citing, urls
from labrec.site.charts.drawing import Markup
from labrec.site.page import Crumb, Draft, Page, inputs_of
from labrec.site.reports.article import Block
from labrec.site.reports.render import render_all
from labrec.site.reports.standing import banners, href_of, standing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from labrec.record.records_csv import Used
    from labrec.site.collect import Site
    from labrec.site.reports.article import Article
    from labrec.site.reports.library import Version

MOST_RECORDS: Final = 200
"""Records that a page names, with their commands; ``records.csv`` beside it names all."""

_DEEPER = 'href="../../../'  # as a fragment writes links inside the site
_LIVE = 'href="../../'  # as they are from the page of the live report


def rendered(site: Site) -> list[Article]:
    """Return every report that is written, rendered once for all pages of a build.

    Raises:
        InvalidError: A report holds mistakes; all of all reports are told.
    """
    return site.kept("reports", partial(render_all, site, site.library))


def pages(site: Site) -> Iterator[Draft]:
    """Yield the pages of all reports.

    Raises:
        InvalidError: A report holds mistakes; all of all reports are told.
    """
    articles = {article.slug: article for article in rendered(site)}
    for slug in site.library.slugs:
        versions = site.library.versions_of(slug)
        article = articles.get(slug)
        frozen = [_frozen_row(site, one) for one in reversed(versions)]
        shown = article.inputs() if article is not None else ()
        rows = _record_rows(site, article.used) if article is not None else []
        yield Draft(
            urls.report(slug),
            "report",
            inputs_of(slug, shown, rows, frozen),
            partial(_live, site, slug, article, frozen),
        )
        for number in sorted({one.frozen.number for one in versions}):
            group = [one for one in versions if one.frozen.number == number]
            told = [banners(site, one) for one in group]
            used = [_record_rows(site, one.used) for one in group]
            digests = [one.frozen.digest for one in group]
            yield Draft(
                urls.report(slug, number),
                "report",
                inputs_of(digests, told, used, article is not None, site.lab),
                partial(_frozen, site, group, is_live=article is not None),
            )


# --- live -------------------------------------------------------------------------------------


def _live(site: Site, slug: str, article: Article | None, frozen: list[dict[str, Any]]) -> Page:
    title = article.title if article is not None else str(frozen[0]["title"])
    used = article.used if article is not None else ()
    files: dict[str, bytes | Path] = {}
    if article is not None:
        files = {f"{block.name}.csv": block.data for block in article.blocks}
        files |= {"records.csv": records_csv.write(used), "report.md": article.markdown}
    return Page(
        url=urls.report(slug),
        kind="report",
        title=title,
        crumbs=(Crumb("Home", urls.HOME), Crumb("Reports", urls.REPORTS), Crumb(title, "")),
        context={
            "slug": slug,
            "live": article is not None,
            "versions": frozen,
            "pieces": [_piece(one) for one in article.pieces] if article is not None else [],
            "articles": [],
            "records": _records(site, used),
            "record_count": len(used),
            "downloads": _downloads(files),
        },
        files=files,
        digests=tuple(one.digest for one in used),
    )


def _piece(piece: Markup | Block) -> dict[str, Any]:
    """Return a piece of a live report: figures can be pointed at, which frozen ones cannot."""
    if isinstance(piece, Block):
        if piece.figure is not None:
            return {"figure": piece.figure, "data": f"{piece.name}.csv"}
        markup, data = Markup(piece.still.replace(_DEEPER, _LIVE)), f"{piece.name}.csv"
        return {"figure": None, "markup": markup, "data": data}
    return {"figure": None, "markup": Markup(piece.replace(_DEEPER, _LIVE)), "data": ""}


# --- frozen -----------------------------------------------------------------------------------


def _frozen_row(site: Site, version: Version) -> dict[str, Any]:
    frozen = version.frozen
    return {
        "number": frozen.number,
        "href": urls.report(frozen.slug, frozen.number),
        "title": str(frozen.document["title"]),
        "time": str(frozen.document["time"]),
        "author": _author(frozen.document),
        "is_told": any(banner.kind != "newer" for banner in banners(site, version)),
    }


def _author(document: Mapping[str, Any]) -> str:
    return str((document.get("author") or {}).get("name") or "")


def _frozen(site: Site, group: list[Version], *, is_live: bool) -> Page:
    first = group[0].frozen
    url = urls.report(first.slug, first.number)
    title = str(first.document["title"])
    files: dict[str, bytes | Path] = {}
    shown = []
    for at, version in enumerate(group):
        place = f"{version.frozen.digest.removeprefix('sha256:')[:12]}/" if at else ""
        own: dict[str, bytes | Path] = {
            f"{place}{name}": data for name, data in version.files.items()
        }
        files |= own
        forms = citing.forms(citing.report(site.lab, version.frozen), f"{place}cite")
        files |= citing.files(forms[1:])
        values = {"downloads": _downloads(own), "citations": forms}
        shown.append(version_values(site, version) | values)
    return Page(
        url=url,
        kind="report",
        title=title,
        crumbs=(
            Crumb("Home", urls.HOME), Crumb("Reports", urls.REPORTS),
            Crumb(title, urls.report(first.slug)), Crumb(f"Version {first.number}", ""),
        ),
        context={
            "slug": first.slug,
            "live": is_live,
            "live_href": urls.report(first.slug),
            "number": first.number,
            "versions": [],
            "pieces": [],
            "articles": shown,
        },
        files=files,
        digests=tuple(one.digest for version in group for one in version.used),
        work=citing.report(site.lab, first),
    )  # fmt: skip


def version_values(site: Site, version: Version) -> dict[str, Any]:
    """Return what is said of a frozen version beside its fragment, and that."""
    frozen = version.frozen
    document = frozen.document
    return {
        "banners": banners(site, version),
        # proven when the library was read, by two readers: a fragment runs and loads nothing
        "markup": Markup(version.article),
        "time": str(document["time"]),
        "author": _author(document),
        "tool": str(document["tool"]),
        "view": str(document["view"]),
        "digest": frozen.digest,
        "path": frozen.path,
        "cite": frozen.citation,
        "records": _records(site, version.used),
        "record_count": len(version.used),
    }


def live_values(site: Site, article: Article) -> dict[str, Any]:
    """Return what is said of a report as it is now beside its fragment, and that."""
    return {
        "banners": (),
        "markup": Markup(article.fragment),
        "records": _records(site, article.used),
        "record_count": len(article.used),
    }


def _downloads(files: Mapping[str, bytes | Path]) -> list[dict[str, Any]]:
    return [
        {"name": name, "size": len(data)} for name, data in files.items() if isinstance(data, bytes)
    ]


# --- records ----------------------------------------------------------------------------------


def _record_rows(site: Site, used: Sequence[Used]) -> list[tuple[str, ...]]:
    """Return what a page says of the records, but for what they themselves say."""
    return [(*one, standing(site, one), href_of(site, one), _name(site, one)) for one in used]


def _records(site: Site, used: Sequence[Used]) -> list[dict[str, str]]:
    return [
        {
            "name": _name(site, one),
            "href": href_of(site, one),
            "kind": one.kind,
            "standing": standing(site, one),
            "digest": one.digest,
            "command": _command(site, one),
        }
        for one in used[:MOST_RECORDS]
    ]


def _name(site: Site, used: Used) -> str:
    project = site.project.get(used.project)
    run = project.run.get(used.id) if used.kind == "run" and project is not None else None
    return f"{run.name} ({used.id[:13]})" if run is not None else used.id


def _command(site: Site, used: Used) -> str:
    """Return the command that makes a document's values again, or shows what it says."""
    project = ("--project", used.project)
    if used.kind == "registration":
        return shlex.join(("labrec", "why", used.id, *project))
    if used.kind == "dataset":
        return shlex.join(("labrec", "dataset", "show", used.id, *project))
    if used.kind == "metric":
        return shlex.join(("labrec", "metric", "show", used.id, *project))
    found = site.project.get(used.project)
    run = found.run.get(used.id) if found is not None else None
    if run is None or run.record_digest != used.digest:
        return shlex.join(("labrec", "show", used.id))
    try:
        argv = site.records.reader(run).section("command").get("argv") or ()
    except LabrecError:
        argv = ()
    if not argv:
        return ""
    return shlex.join(("labrec", "run", *project, "--reproduces", used.id, "--", *map(str, argv)))
