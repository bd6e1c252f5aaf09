"""The page of what parts are worth in a project: its designs, and models that grew."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from labrec.record.wording import counted, listed
from labrec.site import urls
from labrec.site.charts.figure import rows_csv
from labrec.site.page import Crumb, Draft, Page, inputs_of
from labrec.site.pages.design import told
from labrec.site.pages.design_figures import worth
from labrec.site.pages.design_listings import designs, growth
from labrec.site.pages.designs import MOST_DESIGNS, SOURCES, asked, studies, title
from labrec.site.pages.sections import sections
from labrec.site.rows_attribution import Growth

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from labrec.site.charts import Figure
    from labrec.site.collect import Site
    from labrec.site.pages.designs import Study

MOST_DRAWN: Final = 4
"""Designs that are drawn; all are listed, and have a page of their own."""

_SENTENCES = 3  # of a drawn design


def pages(site: Site) -> Iterator[Draft]:
    """Yield the page of every project, also where nothing was switched."""
    for project in site.projects:
        found = studies(site, project)
        grown = site.rows_of(Growth, project.name)
        shown = [(one.row, one.leading if at < MOST_DRAWN else ()) for at, one in enumerate(found)]
        inputs = inputs_of(project.name, shown, grown)
        url = urls.section(project.name, "attribution")
        yield Draft(url, "attribution", inputs, partial(page, project.name, found, grown))


def page(name: str, found: Sequence[Study], grown: Sequence[Growth]) -> Page:
    """Return the page of what parts are worth in a project.

    Args:
        name: The project.
        found: Its designs, in the order in which they are shown.
        grown: Its grown models.
    """
    drawn = [(one, worth(one, f"worth-{at}")) for at, one in enumerate(found[:MOST_DRAWN], start=1)]
    files = {f"{figure.name}.csv": figure.csv for _, figure in drawn if figure is not None}
    if grown:
        files["growth.csv"] = rows_csv(Growth._fields, grown)
    return Page(
        url=urls.section(name, "attribution"),
        kind="attribution",
        title=f"Attribution in {name}",
        crumbs=(
            Crumb("Home", urls.HOME),
            Crumb(name, urls.project(name)),
            Crumb("Attribution", ""),
        ),
        context={
            "sections": sections(name),
            "project": name,
            "summary": _summary(found, grown),
            "drawn": [_drawn(one, figure) for one, figure in drawn],
            "designs": designs(found) if found else None,
            "unshown": max(0, len(found) - MOST_DESIGNS),
            "growth": growth(grown),
            "grown": [one.sentence for one in grown[:_SENTENCES] if one.sentence],
        },
        files=files,
    )


def _drawn(one: Study, figure: Figure | None) -> dict[str, Any]:
    return {
        "title": title(one.row),
        "href": one.url,
        "asked": asked(one),
        "found": told(one)[:_SENTENCES],
        "figure": figure,
        "needed": one.row.n_needed,
    }


def _summary(found: Sequence[Study], grown: Sequence[Growth]) -> str:
    if not found and not grown:
        return "No part of a model, and no factor, was switched off and on in this project."
    parts = []
    for source in SOURCES:
        count = sum(one.row.source == source for one in found)
        if count:
            within = {"run": " within a run", "found": " found", "declared": " declared"}[source]
            parts.append(f"{counted(count, 'design')}{within}")
    if grown:
        models = len({one.experiment for one in grown})
        parts.append(counted(models, "grown model"))
    metrics = {one.row.metric for one in found} | {one.metric for one in grown}
    return f"{listed(parts)}, on {counted(len(metrics), 'metric')}."
