"""The drift page of a project: whether a configuration that is run again still gives the same."""

from __future__ import annotations

import math
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.record.wording import (
    MISSING,
    arrow,
    better,
    counted,
    estimate,
    number,
    p_value,
    percent,
)
from labrec.site import urls
from labrec.site.charts import At, Figure, Stretch, Told, change
from labrec.site.charts.figure import rows_csv
from labrec.site.experiments import place
from labrec.site.listing import Cell, Column, Listing, amount, listing, moment, words
from labrec.site.page import Crumb, Draft, Page, inputs_of
from labrec.site.pages.sections import sections
from labrec.site.rows_trends import Drift

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from labrec.site.collect import Project, Site

MOST_DRAWN: Final = 12
"""Series that are drawn: those that changed first; the listing has all."""

_UP = "../../../"  # from this page to the root of the site
_NAMED = 8  # hexadecimal digits of a hardware id

Key = tuple[str, str, str]
"""Experiment, metric and hardware id of a series."""


class Point(NamedTuple):
    """A run of a series."""

    run_id: str
    name: str
    started: str
    value: float


class Rows(NamedTuple):
    """What the page of one project is made from."""

    drift: tuple[Drift, ...]
    points: Mapping[Key, tuple[Point, ...]]


def pages(site: Site) -> Iterator[Draft]:
    """Yield the drift page of every project."""
    for project in site.projects:
        rows = rows_of(project, site.rows_of(Drift, project.name))
        url = urls.section(project.name, "drift")
        inputs = inputs_of(project.name, rows.drift, sorted(rows.points.items()))
        yield Draft(url, "drift", inputs, partial(page, project.name, rows))


def rows_of(project: Project, found: Sequence[Drift]) -> Rows:
    """Return rows of ``drift`` with the runs of those series that are drawn."""
    wanted = dict.fromkeys(_key(row) for row in sorted(found, key=_telling))
    drawn = list(wanted)[:MOST_DRAWN]
    return Rows(tuple(found), {key: tuple(points_of(project, key)) for key in drawn})


def _key(row: Drift) -> Key:
    return row.experiment, row.metric, row.hardware_id or ""


def _telling(row: Drift) -> tuple[bool, float, Key]:
    return row.verdict != "drift", row.p_holm, _key(row)


def points_of(project: Project, key: Key) -> Iterator[Point]:
    """Yield the runs of a series in their order, identical series of points once.

    Args:
        project: Its project.
        key: Experiment, metric and hardware id; an empty one stands for machines that are unknown.
    """
    experiment, metric, hardware_id = key
    seen: set[str] = set()
    for run in sorted(project.runs_of.get(experiment, ()), key=place):
        if not run.counts or run.status != "complete" or (run.hardware_id or "") != hardware_id:
            continue
        if run.series_digest is not None and run.series_digest in seen:
            continue
        seen.add(run.series_digest or "")
        values = project.metrics_of.get(run.record_digest, ())
        value = next((row.last for row in values if row.metric == metric), math.nan)
        if math.isfinite(value):
            when = f"{run.started:%Y-%m-%d %H:%M} UTC" if run.started else "undated"
            yield Point(run.run_id, run.name, when, value)


def page(name: str, rows: Rows) -> Page:
    """Return the drift page of a project.

    Args:
        name: The project.
        rows: What the tables say.
    """
    series: dict[Key, list[Drift]] = {}
    for row in sorted(rows.drift, key=_telling):
        series.setdefault(_key(row), []).append(row)
    drawn: list[dict[str, Any]] = [
        {"figure": figure(those, rows.points[key], f"series-{number}"),
         "sentences": [row.sentence for row in _by_change(those)],
         "look": "no" if those[0].verdict == "drift" else "open",
         "word": "⚡ Drift" if those[0].verdict == "drift" else "~ No drift told"}
        for number, (key, those) in enumerate(series.items(), start=1)
        if key in rows.points
    ]  # fmt: skip
    return Page(
        url=urls.section(name, "drift"),
        kind="drift",
        title=f"Drift in {name}",
        crumbs=(Crumb("Home", urls.HOME), Crumb(name, urls.project(name)), Crumb("Drift", "")),
        context={
            "sections": sections(name),
            "project": name,
            "summary": _summary(list(series.values())),
            "series": drawn,
            "not_drawn": max(0, len(series) - len(drawn)),
            "listing": _listing(name, rows.drift) if rows.drift else None,
            "data_url": urls.DATA,
        },
        files={
            **{f"{one['figure'].name}.csv": one["figure"].csv for one in drawn},
            "drift.csv": rows_csv(Drift._fields, rows.drift),
        },
    )


def _by_change(those: Sequence[Drift]) -> list[Drift]:
    return sorted(those, key=lambda row: row.change)


def _summary(series: Sequence[Sequence[Drift]]) -> str:
    if not series:
        return (
            "No series is long enough: it takes ten runs of one configuration on one model of "
            "machine."
        )
    changed = [those for those in series if those[0].verdict == "drift"]
    changes = sum(len(those) for those in changed)
    became = Counter(row.became for those in changed for row in those)
    if not changed:
        smallest = min(those[0].p_holm for those in series)
        return (
            f"No drift is told: none of {counted(len(series), 'series', 'series')} changes "
            f"(smallest Holm-adjusted {p_value(smallest)})."
        )
    ways = [f"{became[way]:,} for the {way}" for way in ("worse", "better") if became[way]]
    return (
        f"{len(changed):,} of {counted(len(series), 'series', 'series')} drift, with "
        f"{counted(changes, 'change')}{': ' + ', '.join(ways) if ways else ''}."
    )


def figure(those: Sequence[Drift], points: Sequence[Point], name: str, root: str = _UP) -> Figure:
    """Return the figure of one series.

    Args:
        those: Its rows of ``drift``.
        points: Its runs.
        name: Id of the figure.
        root: Relative way from the page to the root of the site.
    """
    first = those[0]
    unit = f" ({first.unit})" if first.unit else ""
    way = better(first.direction)
    axis = f"{first.metric}{unit}" + (f", {way} {arrow(first.direction)}" if way else "")
    on = f" on {hardware(first.hardware_id)}" if first.hardware_id else ""
    changed = [row for row in _by_change(those) if row.change]
    family = counted(first.family, "series", "series")
    adjusted = f"Holm-adjusted {p_value(first.p_holm)} over {family}"
    if changed:
        sentence = (
            f"{counted(len(points), 'run')} in order; dashed lines mark "
            f"{counted(len(changed), 'change')}, thick lines the means between them. "
            f"{adjusted}."
        )
    else:
        sentence = f"{counted(len(points), 'run')} in order, no change told: {adjusted}."
    runs = [
        At(one.name, one.value, one.started, root + urls.run(first.project, one.run_id))
        for one in points
    ]
    title = f"{first.metric} of {first.name}{on}"
    return change(runs, _stretches(changed, points), Told(name, title, sentence, axis))


def _stretches(changed: Sequence[Drift], points: Sequence[Point]) -> list[Stretch]:
    """Return the means between changes, where each change's run is among the points."""
    places = {one.run_id: at for at, one in enumerate(points)}
    starts = [places.get(row.run_id or "") for row in changed]
    if not changed or None in starts:
        return []
    ends = [0, *(int(start or 0) for start in starts), len(points)]
    means = [changed[0].before, *(row.after for row in changed)]
    told = ["", *map(_change, changed)]
    return [
        Stretch(start, end - 1, mean, said)
        for start, end, mean, said in zip(ends, ends[1:], means, told, strict=False)
        if mean is not None
    ]


def _change(row: Drift) -> str:
    if row.shift is None:
        return "a change"
    value, low, high = estimate(row.shift, row.low, row.high)
    sign = "+" if row.shift > 0 else ""
    when = f"{row.started:%Y-%m-%d}: " if row.started else ""
    interval = f" ({percent(row.level)} interval {low} to {high})" if row.low is not None else ""
    return f"{when}{sign}{value}{interval}, {row.became}"


def hardware(hardware_id: str | None) -> str:
    """Return what a model of machine is called: the beginning of its id."""
    return (hardware_id or "unknown machines").removeprefix("sha256:")[:_NAMED]


# --- the listing ------------------------------------------------------------------------------


def _listing(name: str, rows: Sequence[Drift]) -> Listing:
    columns = [
        Column("Experiment"),
        Column("Metric", "choice"),
        Column("Machine model", "choice"),
        Column("Verdict", "choice"),
        Column("Changed", "number", "UTC"),
        Column("First run after"),
        Column("Before", "number", "mean"),
        Column("After", "number", "mean"),
        Column("Shift", "number", "with its interval"),
        Column("Became", "choice"),
        Column("p", "number", "Holm-adjusted"),
        Column("Runs", "number"),
    ]
    ordered = sorted(rows, key=lambda row: (*_telling(row), row.change))
    return listing(
        "series", "Series and their changes", columns, [_row(name, row) for row in ordered],
        "drift.csv",
    )  # fmt: skip


def _row(name: str, row: Drift) -> list[Cell]:
    drifts = row.verdict == "drift"
    run = words(row.run_id[:13], urls.run(name, row.run_id)) if row.run_id else words(MISSING)
    return [
        words(row.name, urls.experiment(name, row.experiment)),
        words(row.metric),
        words(hardware(row.hardware_id)),
        words(row.verdict, mark="" if drifts else "unclear"),
        moment(row.started) if drifts else amount(None),
        run,
        amount(row.before),
        amount(row.after),
        _shift(row),
        words(row.became, mark="better" if row.became == "better" else
              "worse" if row.became == "worse" else ""),
        amount(row.p_holm, "< 0.001" if row.p_holm < 0.001 else number(row.p_holm, 2)),  # noqa: PLR2004
        amount(row.n),
    ]  # fmt: skip


def _shift(row: Drift) -> Cell:
    if row.shift is None:
        return amount(None)
    value, low, high = estimate(row.shift, row.low, row.high)
    sign = "+" if row.shift > 0 else ""
    text = f"{sign}{value} [{low}, {high}]" if row.low is not None else f"{sign}{value}"
    return amount(row.shift, text)
