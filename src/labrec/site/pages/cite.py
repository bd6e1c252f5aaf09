"""The page that says how to cite the lab and what is in it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from labrec.site import citing, urls
from labrec.site.page import Crumb, Draft, Page, inputs_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labrec.site.collect import Site


def pages(site: Site) -> Iterator[Draft]:
    """Yield the one page."""
    names = [(project.name, bool(project.runs)) for project in site.projects]
    inputs = inputs_of(site.lab, citing.lab(site), site.view_id, names)
    yield Draft(urls.CITE, "cite", inputs, partial(_page, site))


def _page(site: Site) -> Page:
    work = citing.lab(site)
    forms = citing.forms(work, "lab") if work is not None else ()
    return Page(
        url=urls.CITE,
        kind="cite",
        title="Cite",
        crumbs=(Crumb("Home", urls.HOME), Crumb("Cite", "")),
        context={
            "forms": forms,
            "view_id": site.view_id,
            "lab": site.lab,
            "projects": [
                {"name": one.name, "href": f"{urls.project(one.name)}#cite"}
                for one in site.projects
                if one.runs
            ],
            "reports": urls.REPORTS,
        },
        files=citing.files(forms),
        work=work,
    )
