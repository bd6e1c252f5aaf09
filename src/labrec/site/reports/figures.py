"""``figure("name", …)``: which figures a report can show. One line each.

A figure is made by the same functions as those of the other pages, without links: in a report they
would lead from a page that is kept for ever to one that changes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from labrec.analytics import tables
from labrec.site.charts import Curve, lines
from labrec.site.charts.curves import MOST_CURVES
from labrec.site.charts.drawing import Markup
from labrec.site.reports import figures_over_time as trends
from labrec.site.reports.figures_over_time import over_lineage
from labrec.site.reports.known import said
from labrec.site.reports.parser import Mistake

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from labrec.site.charts import Figure
    from labrec.site.pages.designs import Study
    from labrec.site.pages.dossier import Dossier
    from labrec.site.reports.known import Known
    from labrec.site.reports.parser import Reference

Maker = "Callable[[Known, Mapping[str, str], str], Figure]"
"""Makes a figure of what is known, the arguments, and the name that it gets in the page. It
remembers by ``known.use_…`` what it was made from, and raises `Mistake` where there is nothing."""


class FigureKind(NamedTuple):
    """A kind of figure.

    Attributes:
        make: Makes it.
        takes: Its arguments, each a text; those that must be given come first.
        needs: How many of them must be given.
    """

    make: Callable[[Known, Mapping[str, str], str], Figure]
    takes: tuple[str, ...]
    needs: int = 0


def make(known: Known, reference: Reference, name: str) -> Figure:
    """Return the figure that a reference asks for.

    Args:
        known: What the report can name.
        reference: The reference.
        name: Id that the figure gets.

    Raises:
        Mistake: There is no such figure, or an argument is missing, unknown or names nothing.
    """
    if len(reference.given) != 1 or not isinstance(reference.given[0], str) or reference.steps:
        raise Mistake('figure takes the name of a kind of figure: figure("progress", …)')
    kind = FIGURES.get(reference.given[0])
    if kind is None:
        raise Mistake(
            f"there is no figure {said(reference.given[0])}; there are {', '.join(sorted(FIGURES))}"
        )
    for key, value in reference.named.items():
        if key not in kind.takes:
            takes = ", ".join(kind.takes) or "nothing"
            raise Mistake(f"figure {reference.given[0]} takes no {key}; it takes {takes}")
        if not isinstance(value, str):
            raise Mistake(f'{key} is a text: {key}="…"')
    missing = [key for key in kind.takes[: kind.needs] if key not in reference.named]
    if missing:
        raise Mistake(f"figure {reference.given[0]} needs {' and '.join(missing)}")
    given = {key: str(value) for key, value in reference.named.items()}
    return kind.make(known, given, name)


def still(figure: Figure) -> Markup:
    """Return a figure's drawing as a fragment may hold it: nothing in it is a link or an id."""
    return Markup(_LINK.sub(r"<\1g", _ACTIVE.sub("", figure.drawing)))


_LINK = re.compile(r"<(/?)a(?=[ >])")
_ACTIVE = re.compile(
    r' (?:href|id|tabindex|focusable|aria-labelledby|aria-describedby|data-[a-z-]+)="[^"<>]*"'
)


# --- the figures ------------------------------------------------------------------------------


def _progress(known: Known, given: Mapping[str, str], name: str) -> Figure:
    """A key metric over the experiments in order, with the best so far."""
    return over_lineage(known, known.key_metric(given.get("metric")), name)


def _curves(known: Known, given: Mapping[str, str], name: str) -> Figure:
    """Metrics of a run over its steps: those of one quantity with the one that is named."""
    run = known.run(given["run"])
    points = known.site.series(run)
    row = known.metric(run, given["metric"])
    quantity = (row.metric.rsplit("/", 1)[-1], row.unit, row.direction)
    curves = [
        Curve(one.metric, [(p.step, p.value) for p in points[one.metric]], one.unit, one.direction)
        for one in known.project.metrics_of.get(run.record_digest, ())
        if one.metric in points
        and (one.metric.rsplit("/", 1)[-1], one.unit, one.direction) == quantity
    ]
    if not any(curve.metric == row.metric for curve in curves):
        raise Mistake(f"run {said(run.name)} has no points of {said(row.metric)}")
    curves.sort(key=lambda curve: (curve.metric != row.metric, curve.metric))
    return lines(curves[:MOST_CURVES], name)


def _dossier(known: Known, given: Mapping[str, str]) -> Dossier:
    from labrec.site.pages.dossier import dossiers  # the pages of reports name this module

    row = known.hypothesis(given["hypothesis"])
    found = {one.slug: one for one in known.site.kept(
        f"dossiers of {known.project.name}", lambda: list(dossiers(known.site, known.project))
    )}  # fmt: skip
    return found[row.hypothesis]


def _difference(known: Known, given: Mapping[str, str], name: str) -> Figure:
    """The difference that decides a claim, with its interval, beside what was claimed."""
    from labrec.site.pages.hypothesis_figures import differences  # as above

    found = _dossier(known, given)
    metric = given.get("metric", found.primaries[0].metric if found.primaries else "")
    told = [one for one in found.primaries if one.estimate is not None]
    drawn = dict(zip([one.metric for one in told], differences(found), strict=True))
    if metric not in drawn:
        raise Mistake(f"there is no difference of {said(found.slug)} in {said(metric)} yet")
    return drawn[metric]._replace(name=name)


def _waterfall(known: Known, given: Mapping[str, str], name: str) -> Figure:
    """What each unit contributes to the evidence for a claim."""
    from labrec.site.pages.hypothesis_figures import waterfall  # as above

    figure = waterfall(_dossier(known, given), _LIVE_ROOT)
    if figure is None:
        raise Mistake(f"hypothesis {said(given['hypothesis'])} has no confirmatory unit yet")
    return figure._replace(name=name)


def _history(known: Known, given: Mapping[str, str], name: str) -> Figure:
    """The evidence for a claim as it came; what its events are stands in the sentence."""
    from labrec.site.pages.hypothesis_figures import as_it_came, happened  # as above

    found = _dossier(known, given)
    figure = as_it_came(found, _LIVE_ROOT)
    if figure is None:
        raise Mistake(f"no run of {said(found.slug)} has a time")
    events = "; ".join(f"{one.sign}, {one.time:%Y-%m-%d}: {one.text}" for one in happened(found))
    sentence = f"{figure.sentence} Events: {events}." if events else figure.sentence
    return figure._replace(name=name, sentence=sentence)


def _study(known: Known, given: Mapping[str, str]) -> Study:
    from labrec.site.pages.designs import studies  # as above

    design = known.design(given["design"])
    known.use_rows([row for row in known.rows(tables.TABLES["designs"]) if row.design == design])
    every = known.site.kept(
        f"designs of {known.project.name}", lambda: studies(known.site, known.project)
    )
    return next(one for one in every if one.row.design == design)


def _attribution(known: Known, given: Mapping[str, str], name: str) -> Figure:
    """What each factor of a design is worth: Shapley values, or main effects."""
    from labrec.site.pages.design_figures import worth  # as above

    figure = worth(_study(known, given), name)
    if figure is None:
        raise Mistake(f"there is no estimate yet for a factor of {said(given['design'])}")
    return figure


def _interactions(known: Known, given: Mapping[str, str], name: str) -> Figure:
    """How pairs of factors of a design act together."""
    from labrec.site.pages.design_figures import together  # as above

    figure = together(_study(known, given), name)
    if figure is None:
        raise Mistake(f"design {said(given['design'])} has no pairs of factors that are drawn")
    return figure


def _hardware(known: Known, given: Mapping[str, str], name: str) -> Figure:
    """What a condition changes in a metric: its pairs of levels, with the margin."""
    from labrec.site.pages.hardware_figures import beside  # as above
    from labrec.site.rows_hardware import Comparison

    rows = [
        row for row in known.site.rows_of(Comparison, known.project.name)
        if (row.condition, row.metric) == (given["condition"], given["metric"])
    ]  # fmt: skip
    whole = [row for row in rows if row.scope == "all"]
    if len(whole) != 1:
        raise Mistake(
            f"there is no comparison of {said(given['metric'])} under {said(given['condition'])}"
        )
    known.use_runs(known.project.runs)
    return beside(whole[0], [row for row in rows if row.scope == "pair"], name)


_LIVE_ROOT = "../../"  # the way from the page of a live report; what is kept has no links

FIGURES: Final[dict[str, FigureKind]] = {
    "progress": FigureKind(_progress, ("metric",)),
    "curves": FigureKind(_curves, ("run", "metric"), needs=2),
    "difference": FigureKind(_difference, ("hypothesis", "metric"), needs=1),
    "waterfall": FigureKind(_waterfall, ("hypothesis",), needs=1),
    "history": FigureKind(_history, ("hypothesis",), needs=1),
    "attribution": FigureKind(_attribution, ("design",), needs=1),
    "hardware": FigureKind(_hardware, ("condition", "metric"), needs=2),
    "interactions": FigureKind(_interactions, ("design",), needs=1),
    "pareto": FigureKind(trends.pareto, ("x", "y", "data")),
    "drift": FigureKind(trends.drift, ("experiment", "metric", "machine"), needs=1),
    "luck": FigureKind(trends.luck, ("metric",)),
}
"""Every figure that a report can show, by name."""
