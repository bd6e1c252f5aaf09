"""The page of all runs of all projects: one listing to sort, filter and search."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.record.wording import counted, duration, listed
from labrec.site import urls
from labrec.site.experiments import STATUSES, Experiments, place, seeds_of
from labrec.site.listing import Cell, Column, Lines, Listing, amount, listing, moment, words
from labrec.site.page import Crumb, Draft, Page, inputs_of
from labrec.site.pages.graph import note_of
from labrec.site.pages.project_listings import against_parent, ended, of_run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labrec.site.collect import KeyMetric, Site
    from labrec.site.rows import Run

SHOWN, MOST = 3, 12
"""Key metrics that a reader sees at first, and that have a column at all."""

_FIELDS: Final = (
    "project", "run_id", "name", "status", "standing", "experiment", "started", "duration_s",
    "seeds", "tags", "author", "datasets", "machine_id", "cpu_model", "gpu_model", "record_digest",
)  # fmt: skip


def pages(site: Site) -> Iterator[Draft]:
    """Yield the page of all runs."""
    inputs = inputs_of(*(project.digest for project in site.projects))
    yield Draft(urls.RUNS, "runs", inputs, partial(page, site))


def page(site: Site) -> Page:
    """Return the page of all runs."""
    known = [project.known for project in site.projects]
    metrics = _metrics(known)
    rows = [_Row(one, run) for one in known for run in one.project.runs]
    rows.sort(key=lambda row: place(row.run), reverse=True)
    every = _listing(rows, metrics, len(known))
    return Page(
        url=urls.RUNS,
        kind="runs",
        title="Runs",
        crumbs=(Crumb("Home", urls.HOME), Crumb("Runs", "")),
        context={
            "summary": _summary(rows, len(known)),
            "listing": every,
            "left_out": [name for one in known for name in _left_out(one, metrics)],
        },
        files=every.files,
    )


class _Row(NamedTuple):
    """A run with the experiments of its project."""

    known: Experiments
    run: Run

    def values(self) -> dict[str, float]:
        """Return the last value of each of its metrics."""
        found = self.known.project.metrics_of.get(self.run.record_digest, ())
        return {row.metric: row.last for row in found}


def _metrics(known: list[Experiments]) -> dict[str, KeyMetric]:
    """Return the metrics that have a column: those of most experiments first, then by name.

    A name that projects understand differently has no unit and no direction here.
    """
    count = Counter[str]()
    found: dict[str, KeyMetric] = {}
    for one in known:
        for metric in one.key_metrics:
            count[metric.name] += sum(metric.name in each.measures for each in one.all)
            before = found.setdefault(metric.name, metric)
            if before != metric:
                found[metric.name] = metric._replace(unit=None, direction=None)
    names = sorted(found, key=lambda name: (-count[name], name))
    return {name: found[name] for name in names[:MOST]}


def _left_out(one: Experiments, metrics: dict[str, KeyMetric]) -> list[str]:
    return [metric.name for metric in one.key_metrics if metric.name not in metrics]


def _summary(rows: list[_Row], projects: int) -> str:
    if not rows:
        return "No run is recorded yet."
    counts = Counter(row.run.status for row in rows)
    ends = listed([f"{counts[status]:,} {status}" for status in STATUSES if counts[status]])
    aside = sum(not row.run.counts for row in rows)
    said = f"{counted(len(rows), 'run')} in {counted(projects, 'project')}: {ends}."
    if aside:
        said += f" {aside:,} of them {'is' if aside == 1 else 'are'} out of statistics."
    return said


def _listing(rows: list[_Row], metrics: dict[str, KeyMetric], projects: int) -> Listing:
    aside = any(not row.run.counts for row in rows)
    about = {metric.name for row in rows for metric in row.known.key_metrics[:1]}
    only = next(iter(about)) if len(about) == 1 else ""
    columns = [
        Column("Run"),
        Column("Project", "choice", hidden=projects == 1),
        Column("Status", "choice"),
        *([Column("Standing", "choice")] if aside else []),
        Column("Started", "time", "UTC"),
        Column("Duration", "number", measure="s"),
        *(
            Column(metric.name, "number", note_of(metric), hidden=at >= SHOWN)
            for at, metric in enumerate(metrics.values())
        ),
        *([Column("Against parent", "number", only or "raw difference")] if metrics else []),
        Column("Machine", "choice"),
        Column("Dataset", "choice"),
        Column("Tags"),
        Column("Seed", hidden=True),
        Column("Author", "choice", hidden=True),
        Column("Experiment", hidden=True),
    ]
    cells = partial(_cells, metrics, aside=aside, named=not only)
    lines = Lines(rows, cells, _of_row, (tuple(metrics.values()), aside, only))
    return listing("all-runs", "All runs, newest first", columns, lines, table="runs")


def _of_row(row: _Row) -> tuple[Any, ...]:
    """Return what a row is made from."""
    experiment = row.known.by_key[row.run.experiment]
    metric = next(iter(row.known.key_metrics), None)
    return (*of_run(row.known, row.run), row.run.project, experiment.name, metric)


def _cells(metrics: dict[str, KeyMetric], row: _Row, *, aside: bool, named: bool) -> list[Cell]:
    run, values = row.run, row.values()
    cells = [
        Cell(run.name or "(no name)", run.name.casefold(), urls.run(run.project, run.run_id)),
        words(run.project, urls.project(run.project)),
        words(run.status, mark=ended(run.status)),
        *([words(run.standing, mark="" if run.counts else "aside")] if aside else []),
        moment(run.started),
        amount(run.duration_s, duration(run.duration_s)),
        *(amount(values.get(name)) for name in metrics),
    ]
    if metrics:
        cells.append(_against(row, values, named=named))
    one = row.known.by_key[run.experiment]
    return [
        *cells,
        words(run.gpu_model or run.cpu_model or ""),
        words(", ".join(run.datasets)),
        words(", ".join(run.tags)),
        words(seeds_of(run.seeds)),
        words(run.author),
        words(one.name, urls.experiment(run.project, one.key)),
    ]


def _against(row: _Row, values: dict[str, float], *, named: bool) -> Cell:
    """Return how far a run is from its parent on the metric that its project is most about."""
    metric = next(iter(row.known.key_metrics), None)
    if metric is None:
        return amount(None)
    cell = against_parent(row.known, row.run, metric, values.get(metric.name))
    if cell.sort is None or not named:
        return cell
    return cell._replace(text=f"{metric.name} {cell.text}")
