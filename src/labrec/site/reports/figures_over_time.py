"""Figures of reports about many runs over time: progress, luck, Pareto fronts, drift."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from labrec.site.charts import Quantity, Step, lineage
from labrec.site.reports.known import only, said
from labrec.site.reports.parser import Mistake
from labrec.site.rows_trends import Drift, Luck, Pareto

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from labrec.site.charts import Figure
    from labrec.site.charts.luck import Band
    from labrec.site.collect import KeyMetric
    from labrec.site.reports.known import Known

_LIVE_ROOT: Final = "../../"  # the way from the page of a live report; what is kept has no links


def over_lineage(known: Known, metric: KeyMetric, name: str, band: Band | None = None) -> Figure:
    """Return the figure of a key metric over the experiments in order, with the best so far.

    Args:
        known: What the report can name.
        metric: The metric.
        name: Id of the figure.
        band: What luck explains; None = nothing is said of it.
    """
    ended = [one for one in known.experiments.all if one.status != "planned"]
    rows = [one.measures.get(metric.name) for one in ended]
    steps = [
        Step(one.name or "(no name)", row.mean, row.low, row.high, row.n, one.n_failed)
        if row is not None
        else Step(one.name or "(no name)", None, None, None, 0, one.n_failed)
        for one, row in zip(ended, rows, strict=True)
    ]
    known.use_runs(run for one in ended for run in one.runs)
    level = next((row.level for row in rows if row is not None), 0.95)
    is_ordered = len(ended) < 2 or all(one.is_placed for one in ended)  # noqa: PLR2004 - an order
    quantity = Quantity(metric.name, metric.unit, metric.direction, level, is_ordered, band)
    return lineage(steps, quantity, name)


def luck(known: Known, given: Mapping[str, str], name: str) -> Figure:
    """A key metric over the experiments, with what luck alone explains of its best so far."""
    from labrec.site.pages.luck import band, explains  # the pages of reports name this module

    metric = known.key_metric(given.get("metric"))
    rows = explains(known.site.rows_of(Luck, known.project.name), metric)
    ended = [one.key for one in known.experiments.all if one.status != "planned"]
    found = band(rows, ended)
    if found is None:
        raise Mistake(f"there is no estimate yet of what luck explains of {said(metric.name)}")
    figure = over_lineage(known, metric, name, found)
    return figure._replace(
        title=f"{figure.title}, and luck", sentence=f"{figure.sentence} {rows[-1].sentence}"
    )


def pareto(known: Known, given: Mapping[str, str], name: str) -> Figure:
    """Two key metrics against one another, with the front that no experiment beats."""
    from labrec.site.pages import pareto as page  # as above

    rows = page.rows_of(known.project, known.site.rows_of(Pareto, known.project.name))
    those = _front(page.fronts_of(rows), given.get("data"))
    metrics = sorted({row.metric for row in those})
    pair = tuple(given[axis] for axis in ("x", "y") if axis in given)
    if len(pair) == 1:
        raise Mistake("x and y name a metric each: give both, or neither")
    x, y = pair or metrics[:2]
    for metric in (x, y):
        if metric not in metrics:
            names = ", ".join(map(said, metrics))
            raise Mistake(f"the front has no metric {said(metric)}; there are {names}")
    if x == y:
        raise Mistake(f"x and y are both {said(x)}: a front is of two metrics")
    measured = {row.experiment for row in those} | {row.experiment for row in rows.others}
    known.use_runs(run for run in known.project.runs if run.experiment in measured)
    return page.figure(those, rows, (x, y), name, _LIVE_ROOT)


def _front(fronts: Sequence[Sequence[Pareto]], data: str | None) -> Sequence[Pareto]:
    if not fronts:
        raise Mistake("there is no front yet: it takes two key metrics with a direction")
    found = [those for those in fronts if data in {None, those[0].datasets}]
    what = f"front of the data {said(data)}" if data is not None else "front, by its data"
    return only(found, _data_of, what, map(_data_of, fronts))


def _data_of(those: Sequence[Pareto]) -> str:
    return said(those[0].datasets)


def drift(known: Known, given: Mapping[str, str], name: str) -> Figure:
    """A configuration that was run again and again, with the changes that are told."""
    from labrec.site.pages import drift as page  # as above

    one = known.experiment(given["experiment"])
    rows = [
        row for row in known.site.rows_of(Drift, known.project.name) if row.experiment == one.key
    ]
    if not rows:
        raise Mistake(f"there is no series yet of {said(one.name)} that is long enough")
    wanted, digits = given.get("metric"), given.get("machine", "").removeprefix("sha256:")
    metrics = sorted({row.metric for row in rows})
    fit = [metric for metric in metrics if wanted in {None, metric}]
    metric = only(fit, said, f"metric in series of {said(one.name)}", metrics)
    machines = sorted({row.hardware_id or "" for row in rows if row.metric == metric})
    fitting = [one for one in machines if one.removeprefix("sha256:").startswith(digits)]
    what = f"model of machine in series of {said(one.name)}"
    machine = only(fitting, page.hardware, what, map(page.hardware, machines))
    those = [row for row in rows if (row.metric, row.hardware_id or "") == (metric, machine)]
    points = tuple(page.points_of(known.project, (one.key, metric, machine)))
    return page.figure(those, points, name, _LIVE_ROOT)
