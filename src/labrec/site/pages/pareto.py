"""The Pareto page of a project: experiments that no other one beats on all key metrics."""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.record.wording import better, counted, estimate, listed, percent
from labrec.site import urls
from labrec.site.charts import Figure, Spot, apart, front
from labrec.site.charts.figure import as_csv
from labrec.site.charts.front import BEATEN, FRONT, ON_FRONT, OPEN, Metric
from labrec.site.listing import Cell, Column, Listing, amount, listing, words
from labrec.site.page import Crumb, Draft, Page, inputs_of
from labrec.site.pages.sections import sections
from labrec.site.rows_trends import Pareto

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from labrec.site.collect import Project, Site
    from labrec.site.rows import Experiment

MOST_PAIRS: Final = 3
"""Pairs of metrics that are drawn of one front."""

MOST_FRONTS: Final = 6
"""Fronts (data sets) that are drawn; the listing has all."""

_TOLD = 6  # sentences in sight
_TWO = 2
_UP = "../../../"  # from this page to the root of the site


class Rows(NamedTuple):
    """What the page of one project is made from.

    Attributes:
        front: Rows of ``pareto``.
        others: Means of key metrics of all experiments, those that are beaten among them.
        datasets: What each experiment used, as the table names it.
    """

    front: tuple[Pareto, ...]
    others: tuple[Experiment, ...]
    datasets: Mapping[str, str]


def pages(site: Site) -> Iterator[Draft]:
    """Yield the Pareto page of every project."""
    for project in site.projects:
        rows = rows_of(project, site.rows_of(Pareto, project.name))
        url = urls.section(project.name, "pareto")
        # ten thousand rows of means are told by the marks of their experiments
        means = {row.experiment: project.experiment_marks[row.experiment] for row in rows.others}
        inputs = inputs_of(project.name, rows.front, means, sorted(rows.datasets.items()))
        yield Draft(url, "pareto", inputs, partial(page, project.name, rows))


def rows_of(project: Project, found: tuple[Pareto, ...]) -> Rows:
    """Return what the fronts of a project are drawn from; nothing where there is none.

    Args:
        project: The project.
        found: Its rows of ``pareto``.
    """
    metrics = {row.metric for row in found}
    others = tuple(
        row for row in project.experiments if row.metric in metrics and row.mean is not None
    )
    used = {
        key: ", ".join(sorted(runs[0].datasets)) for key, runs in project.runs_of.items()
    } if found else {}  # fmt: skip
    return Rows(found, others, used)


def page(name: str, rows: Rows) -> Page:
    """Return the Pareto page of a project.

    Args:
        name: The project.
        rows: What the tables say.
    """
    fronts = fronts_of(rows)
    drawn = [_front(those, rows, number) for number, those in enumerate(fronts[:MOST_FRONTS], 1)]
    figures = [figure for one in drawn for figure in one["figures"]]
    return Page(
        url=urls.section(name, "pareto"),
        kind="pareto",
        title=f"Pareto front of {name}",
        crumbs=(Crumb("Home", urls.HOME), Crumb(name, urls.project(name)), Crumb("Pareto", "")),
        context={
            "sections": sections(name),
            "project": name,
            "summary": _summary(fronts),
            "fronts": drawn,
            "listing": _listing(name, rows.front) if rows.front else None,
            "data_url": urls.DATA,
        },
        files={
            **{f"{figure.name}.csv": figure.csv for figure in figures},
            **{path: data for figure in figures for path, data in figure.files.items()},
            "pareto.csv": as_csv(Pareto._fields, rows.front),
        },
    )


def fronts_of(rows: Rows) -> list[list[Pareto]]:
    """Return the rows of each front: of the experiments that were measured on the same data."""
    return [list(those) for _, those in itertools.groupby(rows.front, lambda row: row.datasets)]


def _by_experiment(those: Sequence[Pareto]) -> dict[str, dict[str, Pareto]]:
    found: dict[str, dict[str, Pareto]] = {}
    for row in those:
        found.setdefault(row.experiment, {})[row.metric] = row
    return found


def _counts(those: Sequence[Pareto]) -> tuple[int, int, int]:
    """Return how many are surely on the front, on it by their means, and perhaps on it."""
    firsts = [next(iter(one.values())) for one in _by_experiment(those).values()]
    sure = sum(row.front and row.verdict == "on the front" for row in firsts)
    by_means = sum(row.front for row in firsts) - sure
    return sure, by_means, firsts[0].undecided


def _summary(fronts: Sequence[Sequence[Pareto]]) -> str:
    if not fronts:
        return (
            "No front is known: it takes two key metrics with a direction, and experiments that "
            "have both."
        )
    return " ".join(map(_front_words, fronts[:MOST_FRONTS]))


def _front_words(those: Sequence[Pareto]) -> str:
    sure, by_means, undecided = _counts(those)
    first = those[0]
    data = f" on {first.datasets}" if first.datasets else ""
    metrics = listed(sorted({row.metric for row in those}))
    said = [f"{sure:,} {'is' if sure == 1 else 'are'} surely on the front"]
    if by_means:
        said.append(f"{by_means:,} {'is' if by_means == 1 else 'are'} on it by means alone")
    if undecided:
        said.append(f"{undecided:,} may belong to it")
    return (
        f"Of {counted(first.n_experiments, 'experiment')}{data} that have {metrics}, "
        f"{listed(said)}."
    )


# --- one front --------------------------------------------------------------------------------


def _front(those: Sequence[Pareto], rows: Rows, number: int) -> dict[str, Any]:
    metrics = sorted({row.metric for row in those})
    pairs = [(x, y) for x, y in itertools.combinations(metrics, _TWO)]
    told = [row for row in those if row.sentence]
    told.sort(key=lambda row: (not row.front, row.verdict != "on the front", row.name))
    sentences = [row.sentence for row in told]
    figures = [
        apart(figure(those, rows, pair, f"front-{number}-{at}"))
        for at, pair in enumerate(pairs[:MOST_PAIRS], start=1)
    ]
    return {
        "datasets": those[0].datasets,
        "metrics": metrics,
        "figures": figures,
        "not_drawn": max(0, len(pairs) - MOST_PAIRS),
        "only_two": len(metrics) == _TWO,
        "sentences": sentences[:_TOLD],
        "more": sentences[_TOLD:100],
    }


def figure(
    those: Sequence[Pareto], rows: Rows, pair: tuple[str, str], name: str, root: str = _UP
) -> Figure:
    """Return the figure of two metrics of a front.

    Args:
        those: The rows of the front.
        rows: What all fronts are drawn from.
        pair: The metrics, across and up; both are of the front.
        name: Id of the figure.
        root: Relative way from the page to the root of the site.
    """
    known = _by_experiment(those)
    only_two = len({row.metric for row in those}) == _TWO
    units = {row.metric: row for row in those}
    metrics = tuple(Metric(m, units[m].unit, units[m].direction) for m in pair)
    spots = [*_beaten(those, rows, pair, root)]
    for experiment, measured in known.items():
        if pair[0] in measured and pair[1] in measured:
            spots.append(_spot(experiment, (measured[pair[0]], measured[pair[1]]), root))
    ways = " and ".join(
        f"{one.name}: {better(one.direction)}" for one in metrics if better(one.direction)
    )
    beaten = sum(one.look == BEATEN for one in spots)
    sentence = f"{ways}. {_front_words(those)}"
    if beaten:
        sentence += f" {counted(beaten, 'beaten one is', 'beaten ones are')} muted."
    if not only_two:
        sentence += (
            " Further metrics have a say: what seems beaten here may be best elsewhere, and no "
            "line is drawn."
        )
    return front(spots, (metrics[0], metrics[1]), (name, sentence), step=only_two)


def _spot(experiment: str, measured: tuple[Pareto, Pareto], root: str) -> Spot:
    x, y = measured
    told = "; ".join(f"{row.metric} {_told(row.mean, row.low, row.high)}" for row in measured)
    look = OPEN if not x.front else ON_FRONT if x.verdict == "on the front" else FRONT
    note = {ON_FRONT: "on the front", FRONT: "on the front by its means, cannot be told"}.get(
        look, f"may belong to it; better means: {x.dominated_by_name or 'another one'}"
    )
    return Spot(
        x.name, x.mean, y.mean, look, (x.low, x.high), (y.low, y.high), told, note,
        root + urls.experiment(x.project, experiment),
    )  # fmt: skip


def _beaten(
    those: Sequence[Pareto], rows: Rows, pair: tuple[str, str], root: str
) -> Iterator[Spot]:
    """Yield the experiments of the same data that the table leaves out: they are beaten."""
    known, metrics = _by_experiment(those), {row.metric for row in those}
    means: dict[str, dict[str, Experiment]] = {}
    for row in rows.others:
        if row.experiment not in known and rows.datasets.get(row.experiment) == those[0].datasets:
            means.setdefault(row.experiment, {})[row.metric] = row
    for experiment, measured in means.items():
        if metrics <= measured.keys():
            x, y = measured[pair[0]], measured[pair[1]]
            if x.mean is None or y.mean is None:
                continue
            told = "; ".join(f"{row.metric} {_told(row.mean or 0, None, None)}" for row in (x, y))
            yield Spot(
                x.name, x.mean, y.mean, BEATEN, told=told, note="beaten",
                href=root + urls.experiment(x.project, experiment),
            )  # fmt: skip


def _told(value: float, low: float | None, high: float | None) -> str:
    text, from_, to = estimate(value, low, high)
    return f"{text} ({from_} to {to})" if low is not None else text


# --- the listing ------------------------------------------------------------------------------


def _listing(name: str, found: Sequence[Pareto]) -> Listing:
    metrics = sorted({row.metric for row in found})
    units = {row.metric: row for row in found}
    level = max(row.level for row in found)
    columns = [
        Column("Experiment"),
        Column("Front", "choice"),
        Column("Data", "choice"),
        *(Column(metric, "number", _note(units[metric], level)) for metric in metrics),
        Column("Left open by", "number", "experiments"),
        Column("Better means", "text"),
        Column("Runs", "number"),
    ]
    rows = []
    for experiment, measured in _by_experiment(found).items():
        first = next(iter(measured.values()))
        sure = first.verdict == "on the front"
        label = "on the front" if sure else "by its means" if first.front else "may belong to it"
        rows.append(
            [
                words(first.name, urls.experiment(name, experiment)),
                words(label, mark="" if sure else "unclear"),
                words(first.datasets),
                *(_mean(measured.get(metric)) for metric in metrics),
                amount(first.rivals),
                words(first.dominated_by_name),
                amount(first.n),
            ]
        )
    return listing("experiments", "On the front, or perhaps", columns, rows, "pareto.csv")


def _note(row: Pareto, level: float) -> str:
    ways = (f"mean, {percent(level)} interval", row.unit or "", better(row.direction))
    return ", ".join(filter(None, ways))


def _mean(row: Pareto | None) -> Cell:
    if row is None:
        return amount(None)
    text, low, high = estimate(row.mean, row.low, row.high)
    return amount(row.mean, text if row.low is None else f"{text} [{low}, {high}]")
