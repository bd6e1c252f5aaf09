"""The home page: what the lab found, how sure that is, and how to get it again."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

from labrec.record.wording import counted, number
from labrec.site import citing, urls
from labrec.site.experiments import STATUSES, Experiments
from labrec.site.feed import feed
from labrec.site.findings import findings
from labrec.site.page import Draft, Page, inputs_of
from labrec.site.pages.graph import value_of
from labrec.site.pages.hypotheses import hypotheses

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from labrec.site.collect import Site
    from labrec.site.findings import Finding
    from labrec.site.rows import Run

_FINDINGS = 4  # of one project
_PROJECTS = 24  # with their findings; further ones are linked
_LATEST = 10
_MACHINES = 20


def pages(site: Site) -> Iterator[Draft]:
    """Yield the home page."""
    inputs = (
        *(project.digest for project in site.projects),
        site.lab, site.view_id, str(len(site.problems)),
    )  # fmt: skip
    yield Draft(urls.HOME, "home", inputs_of(*inputs), partial(page, site))


def page(site: Site) -> Page:
    """Return the home page."""
    known = [project.known for project in site.projects]
    told = sorted(known, key=_newest, reverse=True)
    runs = [run for project in site.projects for run in project.runs]
    return Page(
        url=urls.HOME,
        kind="home",
        title=site.title,
        crumbs=(),
        context={
            "view_id": site.view_id,
            "summary": _summary(known, runs),
            "projects": [_project(one) for one in told[:_PROJECTS]],
            "others": _linked(one.project.name for one in told[_PROJECTS:]),
            "latest": _latest(known, runs),
            "hypotheses": [one for project in site.projects for one in hypotheses(project)],
            "machines": _machines(runs),
            "problems": len(site.problems),
            "citation": citing.forms(work)[0].text if (work := citing.lab(site)) else "",
            "cite_url": urls.CITE,
            "feed_url": urls.FEED,
            "data_url": urls.DATA,
            "machines_url": urls.MACHINES,
        },
        files={urls.FEED: feed(site)},
        work=citing.lab(site),
    )


def _newest(known: Experiments) -> tuple[bool, str]:
    """Return what projects are sorted by: something was found there, then the newest run."""
    found = any(row.finding in {"better", "worse"} for row in known.project.contrasts)
    return found, max((run.run_id for run in known.project.runs), default="")


def _summary(known: list[Experiments], runs: list[Run]) -> str:
    if not runs:
        return "No run is recorded yet."
    days = sorted(run.started for run in runs if run.started is not None)
    experiments = sum(len(one.all) for one in known)
    said = (
        f"{counted(len(runs), 'run')} of {counted(experiments, 'experiment')} in "
        f"{counted(len(known), 'project')}"
    )
    if not days:
        return f"{said}."
    first, last = (f"{day.day} {day:%B %Y}" for day in (days[0], days[-1]))
    return f"{said}, {first}." if first == last else f"{said}, {first} to {last}."


def _project(known: Experiments) -> dict[str, Any]:
    project = known.project
    found, more = _chosen(findings(known, elsewhere=True))
    metric = next(iter(known.key_metrics), None)
    best = known.best(metric) if metric is not None else None
    counts = Counter(run.status for run in project.runs)
    return {
        "name": project.name,
        "href": urls.project(project.name),
        "graph": urls.graph(project.name),
        "findings": found,
        "more": more,
        "experiments": len(known.all),
        "runs": [(status, counts[status]) for status in STATUSES if counts[status]],
        "best": {
            "metric": metric.name,
            "name": best.name,
            "href": best.href,
            "value": value_of(best, metric.name),
        }
        if best is not None and metric is not None
        else None,
    }


def _chosen(found: list[Finding]) -> tuple[list[Finding], int]:
    """Return what Home says of a project: the surest findings, and what is only suggested."""
    sure = [one for one in found if one.kind != "unreplicated"]
    suggested = [one for one in found if one.kind == "unreplicated"]
    return sure[:_FINDINGS] + suggested[:1], max(0, len(sure) - _FINDINGS)


def _latest(known: list[Experiments], runs: Iterable[Run]) -> list[dict[str, Any]]:
    """Return the newest runs of the lab: an id begins with the time of its start."""
    metric_of = {one.project.name: next(iter(one.key_metrics), None) for one in known}
    metrics = {one.project.name: one.project.metrics_of for one in known}
    newest = sorted(runs, key=lambda run: run.run_id, reverse=True)[:_LATEST]
    latest = []
    for run in newest:
        metric = metric_of[run.project]
        values = {row.metric: row for row in metrics[run.project].get(run.record_digest, ())}
        row = values.get(metric.name) if metric is not None else None
        latest.append(
            {
                "name": run.name,
                "href": urls.run(run.project, run.run_id),
                "project": run.project,
                "project_href": urls.project(run.project),
                "status": run.status,
                "started": f"{run.started:%Y-%m-%d %H:%M}" if run.started else "undated",
                "value": f"{row.metric} = {number(row.last)}" if row is not None else "",
            }
        )
    return latest


def _machines(runs: Iterable[Run]) -> list[dict[str, Any]]:
    """Return the models of machines that runs were on, the busiest first."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(run.hardware_id or "", []).append(run)
    busiest = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return [_machine(hardware_id, those) for hardware_id, those in busiest[:_MACHINES]]


def _machine(hardware_id: str, runs: list[Run]) -> dict[str, Any]:
    one = runs[0]
    return {
        "hardware_id": hardware_id,
        "cpu": one.cpu_model or "",
        "gpu": one.gpu_model or "",
        "memory": one.memory_bytes,
        "machines": len({run.machine_id for run in runs if run.machine_id}),
        "runs": len(runs),
        "projects": _linked({run.project for run in runs}),
    }


def _linked(names: Iterable[str]) -> list[Mapping[str, str]]:
    return [{"name": name, "href": urls.project(name)} for name in sorted(names)]
