"""The reproducibility page of a project: what runs that repeat others got, and how far that is."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.record.wording import MISSING, counted, listed, number
from labrec.site import urls
from labrec.site.charts import Figure, Rung, Told, rungs
from labrec.site.charts.figure import as_csv
from labrec.site.charts.rungs import CLEAR, OPEN, PLAIN
from labrec.site.listing import Cell, Column, Listing, Mark, amount, listing, words
from labrec.site.page import Crumb, Draft, Page, inputs_of
from labrec.site.pages.sections import sections
from labrec.site.rows_trends import Reliability, Rerun

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from labrec.site.collect import Site

MOST_METRICS: Final = 8
"""Metrics that are drawn; the listing has all."""

VERDICTS: Final = {
    "differs": ("no", "◆ Differs"),
    "failed": ("no", "✗ Failed"),
    "agree": ("yes", "○ Agrees"),
    "cannot be told": ("open", "~ Cannot be told"),
    "missing": ("open", "? Nothing to compare"),
}
"""Verdicts with their look and what stands before the sentence, what matters most first."""

_UP = "../../../"  # from this page to the root of the site
_TOLD = 6  # sentences in sight
_MARKS: Final[dict[str, Mark]] = {
    "agree": "complete", "differs": "worse", "failed": "failed", "cannot be told": "unclear",
    "missing": "missing",
}  # fmt: skip


class Rows(NamedTuple):
    """What the page of one project is made from."""

    reruns: tuple[Rerun, ...]
    reliability: tuple[Reliability, ...]
    known: frozenset[str]


def pages(site: Site) -> Iterator[Draft]:
    """Yield the reproducibility page of every project."""
    for project in site.projects:
        found = site.rows_of(Rerun, project.name)
        named = {run_id for row in found for run_id in (row.run_id, row.original)}
        rows = Rows(
            found, site.rows_of(Reliability, project.name), frozenset(named & project.run.keys())
        )
        url = urls.section(project.name, "reproducibility")
        inputs = inputs_of(project.name, rows.reruns, rows.reliability, sorted(rows.known))
        yield Draft(url, "reproducibility", inputs, partial(page, project.name, rows))


def page(name: str, rows: Rows) -> Page:
    """Return the reproducibility page of a project.

    Args:
        name: The project.
        rows: What the tables say.
    """
    by_metric: dict[tuple[str, str | None], list[Rerun]] = {}
    for row in rows.reruns:
        if row.difference is not None:
            by_metric.setdefault((row.metric, row.unit), []).append(row)
    figures = [
        _figure(those, rows, f"reruns-{number_}")
        for number_, those in enumerate(list(by_metric.values())[:MOST_METRICS], start=1)
    ]
    ordered = sorted(rows.reruns, key=_telling)
    reliable = _reliability(rows.reliability)
    return Page(
        url=urls.section(name, "reproducibility"),
        kind="reproducibility",
        title=f"Reproducibility of {name}",
        crumbs=(
            Crumb("Home", urls.HOME), Crumb(name, urls.project(name)),
            Crumb("Reproducibility", ""),
        ),
        context={
            "sections": sections(name),
            "project": name,
            "summary": _summary(rows.reruns),
            "said": [_said(row) for row in ordered[:_TOLD]],
            "more": [_said(row) for row in ordered[_TOLD:200]],
            "figures": figures,
            "not_drawn": max(0, len(by_metric) - MOST_METRICS),
            "reliability": reliable,
            "listing": _listing(rows) if rows.reruns else None,
            "data_url": urls.DATA,
        },
        files={
            **{f"{figure.name}.csv": figure.csv for figure in figures},
            **({f"{reliable['figure'].name}.csv": reliable["figure"].csv} if reliable else {}),
            "reproducibility.csv": as_csv(Rerun._fields, rows.reruns),
        },
    )  # fmt: skip


def _telling(row: Rerun) -> tuple[int, str, str]:
    ranks = [*VERDICTS]
    rank = ranks.index(row.verdict) if row.verdict in VERDICTS else len(ranks)
    return rank, row.run_id, row.metric


def _said(row: Rerun) -> dict[str, str]:
    look, word = VERDICTS.get(row.verdict, ("open", row.verdict))
    return {"look": look, "word": word, "sentence": row.sentence}


def _summary(reruns: Sequence[Rerun]) -> str:
    if not reruns:
        return "No run says yet that it repeats another one."
    runs = len({row.run_id for row in reruns})
    counts = Counter(row.verdict for row in reruns)
    words_ = {
        "agree": "agree", "differs": "differ", "failed": "failed",
        "cannot be told": "cannot be told", "missing": "have nothing to compare",
    }  # fmt: skip
    said = [f"{counts[verdict]:,} {word}" for verdict, word in words_.items() if counts[verdict]]
    independent = len({row.run_id for row in reruns if row.independent})
    return (
        f"{counted(runs, 'run')} {'repeats' if runs == 1 else 'repeat'} another one, "
        f"{independent:,} on another machine or by somebody else: of "
        f"{counted(len(reruns), 'comparison')} {listed(said)}."
    )


def _figure(those: Sequence[Rerun], rows: Rows, name: str) -> Figure:
    first = those[0]
    made = [
        Rung(
            f"{row.name} repeats {row.original_name or row.original[:13]}",
            row.difference,
            None,
            None,
            (-row.tolerance, row.tolerance) if row.tolerance is not None else None,
            f"{'+' if (row.difference or 0) > 0 else ''}{number(row.difference)}",
            CLEAR if row.verdict == "differs" else PLAIN if row.verdict == "agree" else OPEN,
            row.verdict,
            _UP + urls.run(row.project, row.run_id) if row.run_id in rows.known else "",
        )
        for row in those
    ]
    unit = f" ({first.unit})" if first.unit else ""
    counts = Counter(row.verdict for row in those)
    said = listed([f"{count:,} {verdict}" for verdict, count in sorted(counts.items())])
    sentence = (
        f"Rerun minus original, against the band of differences that count as agreement: {said}. "
        "A diamond lies outside; without a band nothing tells how much honest reruns differ."
    )
    axis = f"difference of {first.metric}{unit}, rerun minus original"
    return rungs("forest", made, Told(name, first.metric, sentence, axis))


def _reliability(rows: Sequence[Reliability]) -> dict[str, Any] | None:
    known = [row for row in rows if row.icc is not None]
    if not rows:
        return None
    made = [
        Rung(
            f"{row.metric} on {row.datasets}" if row.datasets else row.metric,
            row.icc, row.low, row.high, None,
            f"{number(row.icc, 3)} ({number(row.low, 3)} to {number(row.high, 3)})", PLAIN,
            f"{counted(row.n_experiments, 'experiment')}, {counted(row.n, 'run')}",
        )
        for row in known
    ]  # fmt: skip
    sentence = (
        "Share of what single runs differ by that lies between experiments, with its interval. "
        "Near 1 one run tells experiments apart; near 0 a metric shows its own noise."
    )
    axis = "intraclass correlation of single runs, 0 to 1"
    figure = rungs(
        "forest", made, Told("reliability", "Reliability of a single run", sentence, axis)
    )
    return {"figure": figure, "sentences": [row.sentence for row in rows]}


# --- the listing ------------------------------------------------------------------------------


def _listing(rows: Rows) -> Listing:
    columns = [
        Column("Rerun"),
        Column("Repeats"),
        Column("Metric", "choice"),
        Column("Verdict", "choice"),
        Column("Rerun's value", "number"),
        Column("Original's value", "number"),
        Column("Difference", "number"),
        Column("Tolerance", "number", "agreement up to"),
        Column("From", "choice"),
        Column("Other machine", "choice"),
        Column("Other author", "choice"),
    ]
    ordered = sorted(rows.reruns, key=lambda row: (row.run_id, row.metric))
    return listing(
        "reruns", "Runs that repeat another one", columns, [_row(row, rows) for row in ordered],
        "reproducibility.csv",
    )  # fmt: skip


def _row(row: Rerun, rows: Rows) -> list[Cell]:
    def run(run_id: str, name: str) -> Cell:
        return words(name, urls.run(row.project, run_id) if run_id in rows.known else "")

    difference = row.difference
    sign = "+" if difference is not None and difference > 0 else ""
    return [
        run(row.run_id, row.name or row.run_id[:13]),
        run(row.original, row.original_name or row.original[:13]),
        words(row.metric or MISSING),
        words(row.verdict, mark=_MARKS.get(row.verdict, "")),
        amount(row.value),
        amount(row.original_value),
        amount(difference, "" if difference is None else f"{sign}{number(difference)}"),
        amount(row.tolerance),
        words(row.tolerance_from),
        words(_yes(known=row.other_machine)),
        words(_yes(known=row.other_author)),
    ]


def _yes(*, known: bool | None) -> str:
    return "not known" if known is None else "yes" if known else "no"
