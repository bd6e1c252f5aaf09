"""Which pages there are: one function a kind, from the gathered site to its pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labrec.site.pages import (
    attribution,
    cite,
    compare,
    data,
    datasets,
    design,
    drift,
    graph,
    hardware,
    home,
    hypotheses,
    hypothesis,
    machines,
    metrics,
    pair,
    pareto,
    project,
    report,
    reports,
    reproducibility,
    rigor,
    run,
    runs,
    search,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from labrec.site.collect import Site
    from labrec.site.page import Draft, Kind, Page

PAGES: dict[Kind, Callable[[Site], Iterator[Page | Draft]]] = {
    "pair": pair.pages,
    "run": run.pages,
    "graph": graph.pages,
    "hypothesis": hypothesis.pages,
    "hypotheses": hypotheses.pages,
    "design": design.pages,
    "attribution": attribution.pages,
    "project": project.pages,
    "runs": runs.pages,
    "compare": compare.pages,
    "datasets": datasets.pages,
    "metrics": metrics.pages,
    "cite": cite.pages,
    "search": search.pages,
    "report": report.pages,
    "reports": reports.pages,
    "hardware": hardware.pages,
    "pareto": pareto.pages,
    "drift": drift.pages,
    "reproducibility": reproducibility.pages,
    "rigor": rigor.pages,
    "machine": machines.pages,
    "machines": machines.all_pages,
    "data": data.pages,
    "home": home.pages,
}
"""Every kind of generated page, and what makes its pages; Home, which links to all, is last."""
