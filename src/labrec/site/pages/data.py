"""The data page: every table with its dictionary, and what could not be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labrec.site import urls
from labrec.site.page import Crumb, Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labrec.site.collect import Site


def pages(site: Site) -> Iterator[Page]:
    """Yield the one data page."""
    yield Page(
        url=urls.DATA,
        kind="data",
        title="Data",
        crumbs=(Crumb("Home", urls.HOME), Crumb("Data", "")),
        context={
            "view_id": site.view_id,
            "tables": [
                {"name": one.table.name, "row": one.table.row, "rows": one.row_count}
                for one in site.tables
            ],
        },
    )
