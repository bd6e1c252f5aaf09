"""The page of a project: what was found, the way there, and every run."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from labrec.record.wording import counted, listed
from labrec.site import citing, urls
from labrec.site.charts import Figure, Quantity, Step, apart, lineage
from labrec.site.experiments import STATUSES, Experiments
from labrec.site.families import Collapsed, around
from labrec.site.findings import findings
from labrec.site.page import Crumb, Draft, Page, inputs_of
from labrec.site.pages.graph import draw, value_of
from labrec.site.pages.hypotheses import hypotheses
from labrec.site.pages.luck import band, explains
from labrec.site.pages.project_listings import contrasts, experiments_of, runs, runs_csv
from labrec.site.pages.sections import sections
from labrec.site.rows_trends import Luck

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from labrec.site.collect import KeyMetric, Project, Site
    from labrec.site.experiments import Experiment
    from labrec.site.pages.graph import Drawing

MOST_FIGURES: Final = 4
"""Key metrics that are drawn; the others stand in the listings."""

_FINDINGS, _ALL_FINDINGS = 6, 60  # in sight, and to be opened; the listing has all
_CARDS = 6  # experiments that a column of the board names
_SMALL = 40  # experiments up to which the whole graph stands on the page
_LAST = 8  # experiments of the kept chain in an excerpt


def pages(site: Site) -> Iterator[Draft]:
    """Yield the page of every project."""
    for project in site.projects:
        inputs = inputs_of(project.digest, site.rows_of(Luck, project.name))
        yield Draft(urls.project(project.name), "project", inputs, partial(page, site, project))


def page(site: Site, project: Project) -> Page:
    """Return the page of a project."""
    luck = site.rows_of(Luck, project.name)
    url = urls.project(project.name)
    work = citing.project(site.lab, project)
    forms = citing.forms(work, "cite") if work is not None else ()
    known = project.known
    found = findings(known)
    drawn = known.key_metrics[:MOST_FIGURES]
    explained = [explains(luck, metric) for metric in drawn]
    listings = experiments_of(known), contrasts(known), runs(known)
    figures = [
        apart(_progress(known, metric, f"progress-{number}", rows))
        for number, (metric, rows) in enumerate(zip(drawn, explained, strict=True), start=1)
    ]
    return Page(
        url=url,
        kind="project",
        title=project.name,
        crumbs=(Crumb("Home", urls.HOME), Crumb(project.name, "")),
        context={
            "sections": sections(project.name),
            "summary": _summary(known),
            "findings": found[:_FINDINGS],
            "more_findings": found[_FINDINGS:_ALL_FINDINGS],
            "unnamed_findings": max(0, len(found) - _ALL_FINDINGS),
            "figures": figures,
            "luck": {
                figure.name: rows[-1].sentence
                for figure, rows in zip(figures, explained, strict=True)
                if rows
            },
            "other_metrics": [metric.name for metric in known.key_metrics[MOST_FIGURES:]],
            "hypotheses": list(hypotheses(project)),
            "board": _board(known),
            "experiments": listings[0],
            "contrasts": listings[1],
            "runs": listings[2],
            "graph": _excerpt(known, root="../" * url.count("/")),
            "graph_url": urls.graph(project.name),
            "citations": forms,
            "cite_url": urls.CITE,
        },
        files={
            **{f"{figure.name}.csv": figure.csv for figure in figures},
            "runs.csv": runs_csv(known),
            **{path: data for figure in figures for path, data in figure.files.items()},
            **{path: rows_ for one in listings for path, rows_ in one.files.items()},
            **citing.files(forms),
        },
        work=work,
    )


def _summary(known: Experiments) -> str:
    runs_ = known.project.runs
    said = [f"{counted(len(known.all), 'experiment')}, {counted(len(runs_), 'run')}"]
    by_status = [
        f"{count:,} {status}"
        for status in STATUSES
        if (count := sum(run.status == status for run in runs_))
    ]
    if by_status:
        said.append(f": {listed(by_status)}")
    aside = sum(not run.counts for run in runs_)
    if aside:
        said.append(
            f". {counted(aside, 'run')} {'is' if aside == 1 else 'are'} out of statistics "
            "(forked, superseded or retracted)"
        )
    return "".join(said) + "."


def _progress(known: Experiments, metric: KeyMetric, name: str, luck: Sequence[Luck]) -> Figure:
    ended = [one for one in known.all if one.status != "planned"]
    rows = [one.measures.get(metric.name) for one in ended]
    level = next((row.level for row in rows if row is not None), 0.95)
    steps = [
        Step(
            one.name or "(no name)",
            row.mean if row is not None else None,
            row.low if row is not None else None,
            row.high if row is not None else None,
            row.n if row is not None else 0,
            one.n_failed,
            f"#{one.anchor}",
        )
        for one, row in zip(ended, rows, strict=True)
    ]
    is_ordered = len(ended) < 2 or all(one.is_placed for one in ended)  # noqa: PLR2004 - an order
    band_ = band(luck, [one.key for one in ended])
    quantity = Quantity(metric.name, metric.unit, metric.direction, level, is_ordered, band_)
    return lineage(steps, quantity, name)


# --- board ------------------------------------------------------------------------------------


def _board(known: Experiments) -> list[dict[str, Any]]:
    """Return the columns of the board: planned, complete, failed, interrupted experiments."""
    metric = next(iter(known.key_metrics), None)
    columns = []
    for status in ("planned", "complete", "failed", "interrupted"):
        those = [one for one in reversed(known.all) if status in one.statuses]
        columns.append(
            {
                "status": status,
                "count": len(those),
                "cards": [_card(one, status, metric) for one in those[:_CARDS]],
                "more": max(0, len(those) - _CARDS),
            }
        )
    return columns


def _card(one: Experiment, status: str, metric: KeyMetric | None) -> dict[str, str]:
    those = [run for run in one.runs if run.status == status]
    href = urls.run(one.project, those[0].run_id) if len(those) == 1 else one.href
    if status == "complete":
        note = value_of(one, metric.name) if metric is not None else ""
    else:
        note = those[0].reason or ""
    return {"name": one.name, "href": href, "note": note}


# --- the graph --------------------------------------------------------------------------------


def _excerpt(known: Experiments, root: str) -> dict[str, Any] | None:
    """Return the whole of a small graph, of a large one the end of its kept chain."""
    metric = next(iter(known.key_metrics), None)
    keys = [one.key for one in known.all]
    parents = known.graph.parents
    if not any(parents.values()):
        return None
    if len(keys) <= _SMALL:
        whole = Collapsed(
            tuple(keys), {}, tuple((key, above) for key in keys for above in parents[key])
        )
        return _graph(known, whole, metric, root) | {"whole": True}
    chain = known.kept_chain(metric) if metric is not None else ()
    if len(chain) < 2:  # noqa: PLR2004 - nothing to show a way through
        return None
    return _graph(known, around(keys, parents, chain[-_LAST:]), metric, root) | {"whole": False}


def _graph(
    known: Experiments, part: Collapsed, metric: KeyMetric | None, root: str
) -> dict[str, Any]:
    drawing: Drawing = draw(known, part, metric, root=root)
    return {"svg": drawing.svg, "sentence": drawing.sentence}
