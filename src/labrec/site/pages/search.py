"""The search page, and the index that the search box of every page asks."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from labrec.record.wording import counted
from labrec.site import urls
from labrec.site.page import Crumb, Draft, Page, inputs_of
from labrec.site.search_entries import entries, reports
from labrec.site.search_index import index

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from labrec.site.collect import Site
    from labrec.site.page import Kind


def pages(site: Site) -> Iterator[Draft]:
    """Yield the search page."""
    from labrec.site.pages import PAGES  # it names this module, and is there once all are loaded

    made = tuple(PAGES)
    told = list(reports(site, made))
    inputs = inputs_of(made, told, *(project.digest for project in site.projects))
    yield Draft(urls.SEARCH, "search", inputs, partial(page, site, made))


def page(site: Site, made: Collection[Kind]) -> Page:
    """Return the search page with its index.

    Args:
        site: The site.
        made: Kinds of pages that it has.
    """
    found = entries(site, made)
    return Page(
        url=urls.SEARCH,
        kind="search",
        title="Search",
        crumbs=(Crumb("Home", urls.HOME), Crumb("Search", "")),
        context={"count": counted(len(found), "entry", "entries"), "runs_url": urls.RUNS},
        files=index(found),
    )
