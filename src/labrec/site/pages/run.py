"""The page of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labrec.site import urls
from labrec.site.page import Crumb, Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labrec.site.collect import Site


def pages(site: Site) -> Iterator[Page]:
    """Yield the page of every run."""
    for project in site.projects:
        for run in project.runs:
            yield Page(
                url=urls.run(project.name, run.run_id),
                kind="run",
                title=run.name,
                crumbs=(
                    Crumb("Home", urls.HOME),
                    Crumb(project.name, urls.project(project.name)),
                    Crumb(run.name, ""),
                ),
                context={
                    "run": run,
                    "metrics": project.metrics_of.get(run.record_digest, ()),
                },
                digests=(run.record_digest,),
            )
