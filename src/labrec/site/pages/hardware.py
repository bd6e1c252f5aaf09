"""The hardware page of a project: quality beside speed under each condition, and how sure it is."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.record.wording import counted, listed
from labrec.site import urls
from labrec.site.charts.figure import rows_csv
from labrec.site.page import Crumb, Draft, Page, inputs_of
from labrec.site.pages.hardware_figures import beside, observed, speeds
from labrec.site.pages.hardware_listing import comparisons
from labrec.site.pages.sections import sections
from labrec.site.rows_hardware import Comparison, Observation, Speed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from labrec.site.charts import Figure
    from labrec.site.collect import Site

VERDICTS: Final = {
    "effect": ("effect", "◆ Effect"),
    "effect (below δ)": ("below", "◈ Effect, below δ"),
    "no effect larger than δ": ("same", "○ No effect larger than δ"),
    "constant": ("same", "○ Constant"),
    "inconclusive": ("open", "~ Inconclusive"),
    "confounded": ("confounded", "⊘ Confounded"),
    "not comparable": ("apart", "∅ Not comparable"),
}
"""Verdicts with their look and what stands before the sentence, the most telling first."""

MOST_CONDITIONS: Final = 20
"""Conditions that are drawn; the listing has all comparisons."""

MOST_METRICS: Final = 8
"""Metrics of a condition that are drawn."""

_ROLES = ("quality", "speed", "energy", "completion")
_RANKS = {verdict: rank for rank, verdict in enumerate(VERDICTS)}


class Rows(NamedTuple):
    """What the page of one project is made from."""

    comparisons: tuple[Comparison, ...]
    observations: tuple[Observation, ...]
    speeds: tuple[Speed, ...]


def pages(site: Site) -> Iterator[Draft]:
    """Yield the hardware page of every project."""
    for project in site.projects:
        name = project.name
        rows = Rows(
            site.rows_of(Comparison, name),
            site.rows_of(Observation, name),
            site.rows_of(Speed, name),
        )
        url = urls.section(name, "hardware")
        yield Draft(url, "hardware", inputs_of(name, rows), partial(page, name, rows))


def page(name: str, rows: Rows) -> Page:
    """Return the hardware page of a project.

    Args:
        name: The project.
        rows: What the tables say.
    """
    whole = [row for row in rows.comparisons if row.scope == "all"]
    groups = _grouped(whole)
    drawn = [
        _condition(those, rows, number)
        for number, those in enumerate(groups[:MOST_CONDITIONS], start=1)
    ]
    kinds = speeds(rows.speeds)
    figures = [figure for one in drawn for figure in one["figures"]] + [f for f, _ in kinds]
    return Page(
        url=urls.section(name, "hardware"),
        kind="hardware",
        title=f"Hardware of {name}",
        crumbs=(
            Crumb("Home", urls.HOME), Crumb(name, urls.project(name)), Crumb("Hardware", ""),
        ),
        context={
            "sections": sections(name),
            "project": name,
            "summary": _summary(whole, groups),
            "conditions": drawn,
            "left_out": max(0, len(groups) - MOST_CONDITIONS),
            "speeds": kinds,
            "listing": comparisons(rows.comparisons) if rows.comparisons else None,
            "data_url": urls.DATA,
            "machines_url": urls.MACHINES,
        },
        files={
            **{f"{figure.name}.csv": figure.csv for figure in figures},
            "comparisons.csv": rows_csv(Comparison._fields, rows.comparisons),
        },
    )  # fmt: skip


def _grouped(whole: Sequence[Comparison]) -> list[list[Comparison]]:
    """Return comparisons by condition, the most telling first; of aliases the first alone."""
    found: dict[str, list[Comparison]] = {}
    for row in whole:
        first = min((row.condition, *row.aliases))
        if row.condition == first:
            found.setdefault(row.condition, []).append(row)
    for those in found.values():
        those.sort(key=lambda row: (_ROLES.index(_role(row)), row.metric))
    return sorted(found.values(), key=lambda those: (min(map(_rank, those)), those[0].condition))


def _rank(row: Comparison) -> int:
    # that all runs are complete under every level says little
    return len(_RANKS) if row.role == "completion" else _RANKS.get(row.verdict, len(_RANKS))


def _role(row: Comparison) -> str:
    return row.role if row.role in _ROLES else "quality"


def _summary(whole: Sequence[Comparison], groups: Sequence[Sequence[Comparison]]) -> str:
    if not whole:
        return "Nothing is compared yet: no runs of this project differ in a condition."
    counts = Counter(row.verdict for those in groups for row in those if row.metric)
    said = [f"{counts[verdict]:,} {verdict}" for verdict in VERDICTS if counts[verdict]]
    metrics = len({row.metric for row in whole if row.metric})
    told = f"{counted(metrics, 'metric')} under {counted(len(groups), 'condition')}"
    return f"{told}: {listed(said)}." if said else f"{told}."


# --- one condition ----------------------------------------------------------------------------


def _condition(those: Sequence[Comparison], rows: Rows, number: int) -> dict[str, Any]:
    first = those[0]
    comparable = [row for row in those if row.verdict != "not comparable"]
    pairs = [row for row in rows.comparisons if row.scope == "pair"]
    drawn = [row for row in comparable if row.metric][:MOST_METRICS]
    figures: list[Figure] = []
    for at, row in enumerate(drawn, start=1):
        own = [one for one in pairs if (one.condition, one.metric) == (row.condition, row.metric)]
        figures.append(beside(row, own, f"difference-{number}-{at}"))
    units = []
    for at, row in enumerate(drawn, start=1):
        of_row = [
            one for one in rows.observations
            if (one.condition, one.metric) == (row.condition, row.metric)
        ]  # fmt: skip
        if of_row:
            units.append(observed(row, of_row, f"observed-{number}-{at}"))
    return {
        "anchor": f"condition-{number}",
        "name": first.condition,
        "about": _about(first),
        "said": [_said(row) for row in comparable],
        "apart": [_said(row) for row in those if row not in comparable],
        "differences": figures,
        "observed": units,
        "figures": [*figures, *units],
        "not_drawn": max(0, len([row for row in comparable if row.metric]) - MOST_METRICS),
        "facts": list(_facts(comparable)),
    }


def _about(row: Comparison) -> str:
    kind = {
        "machine": "A machine has it for good",
        "state": "A machine is in it during a run",
        "feature": "A feature that a run was given",
    }.get(row.kind, row.kind)
    said = f"{kind}. Compared: {listed(list(row.levels))}." if row.levels else f"{kind}."
    if row.aliases:
        said += (
            f" The same runs also differ in {listed(list(row.aliases))}: nothing tells apart which."
        )
    return said


def _said(row: Comparison) -> dict[str, str]:
    look, word = VERDICTS.get(row.verdict, ("open", row.verdict))
    if row.verdict == "effect" and len(row.levels) > 2:  # noqa: PLR2004 - of all, not of a pair
        word = f"{word} over {len(row.levels)} levels"
    return {"look": look, "word": word, "sentence": row.sentence}


def _facts(rows: Sequence[Comparison]) -> Iterator[tuple[str, str, str, str]]:
    """Yield what else may have made a difference: metric, alignment, missing, not known."""
    for row in rows:
        if not row.metric:
            continue
        aligned = "nothing that is known"
        if row.aligned_with and row.alignment is not None:
            aligned = f"{row.aligned_with}, {row.alignment:.2f} of 1"
        missing = [
            counted(count, "run") + f" {why}"
            for count, why in (
                (row.n_unknown, "do not say their level"),
                (row.n_missing, "without a finite value"),
                (row.n_repeated, "repeat a measurement"),
            )
            if count
        ]
        if row.left_out:
            missing.append(f"levels left out: {listed(list(row.left_out))}")
        yield row.metric, aligned, "; ".join(missing) or "none", row.unknown or "—"
