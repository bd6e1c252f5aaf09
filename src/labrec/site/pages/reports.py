"""The page that lists the reports."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from labrec.record.wording import counted
from labrec.site import urls
from labrec.site.page import Crumb, Draft, Page, inputs_of
from labrec.site.pages.report import rendered
from labrec.site.reports.standing import banners

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labrec.site.collect import Site
    from labrec.site.reports.article import Article


def pages(site: Site) -> Iterator[Draft]:
    """Yield the list of reports."""
    articles = {article.slug: article for article in rendered(site)}
    rows = [_row(site, slug, articles.get(slug)) for slug in site.library.slugs]
    refused = [(one.path, one.problem) for one in site.library.refused]
    yield Draft(urls.REPORTS, "reports", inputs_of(rows, refused), partial(_page, rows, refused))


def _page(rows: list[dict[str, Any]], refused: list[tuple[str, str]]) -> Page:
    frozen = sum(len(row["versions"]) for row in rows)
    return Page(
        url=urls.REPORTS,
        kind="reports",
        title="Reports",
        crumbs=(Crumb("Home", urls.HOME), Crumb("Reports", "")),
        context={
            "summary": f"{counted(len(rows), 'report')}, {counted(frozen, 'frozen version')}."
            if rows
            else "No report is written yet.",
            "reports": rows,
            "refused": refused,
        },
    )


def _row(site: Site, slug: str, article: Article | None) -> dict[str, Any]:
    versions = site.library.versions_of(slug)
    newest = versions[-1].frozen if versions else None
    title = article.title if article is not None else ""
    if newest is not None and not title:
        title = str(newest.document["title"])
    project = article.project if article is not None else newest.project if newest else ""
    return {
        "title": title,
        "href": urls.report(slug),
        "slug": slug,
        "is_live": article is not None,
        "project": project,
        "project_href": urls.project(project) if project in site.project else "",
        "versions": [
            {
                "number": number,
                "href": urls.report(slug, number),
                "time": next(
                    str(one.frozen.document["time"])[:10]
                    for one in versions if one.frozen.number == number
                ),
                "is_told": any(
                    banner.kind != "newer"
                    for one in versions if one.frozen.number == number
                    for banner in banners(site, one)
                ),
            }
            for number in sorted({one.frozen.number for one in versions}, reverse=True)
        ],
    }  # fmt: skip
