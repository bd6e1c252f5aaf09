"""The page of all metrics of a lab: what each means, who defines it, and what has a value."""

from __future__ import annotations

import shlex
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from labrec.record.wording import better, counted, listed, number
from labrec.site import urls
from labrec.site.catalogue import metrics
from labrec.site.charts.figure import rows_csv
from labrec.site.listing import Cell, Column, Listing, amount, listing, words
from labrec.site.page import Crumb, Draft, Page, inputs_of
from labrec.site.rows_catalogue import Definition
from labrec.site.stamp import short, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from labrec.site.catalogue import Metric
    from labrec.site.collect import Site
    from labrec.site.listing import Mark

MOST_COMMANDS: Final = 30
"""Metrics without a definition that a command is shown for."""

MOST_SENTENCES: Final = 50
"""Sentences about how well repeated runs agree."""

_LONGEST: Final = 1000  # characters of a command
_STATES: Final[dict[str, tuple[str, Mark]]] = {
    "defined": ("defined", ""),
    "several": ("side by side", "odd"),
    "not defined": ("not defined", "aside"),
}
_COUNTS: Final[dict[str, tuple[str, Mark]]] = {
    "counts": ("counts", "complete"),
    "amended": ("amended", "aside"),
    "several": ("side by side", "odd"),
}
_SOURCES: Final = {"scalar": "logged", "entry_point": "a function"}
_FIELDS: Final = (
    "project", "metric", "state", "key", "units", "directions", "resolution", "margin",
    "aggregation", "source", "n_runs", "n_missing", "n_other_unit", "n_other_direction",
    "best_experiment", "best_mean",
)  # fmt: skip


class Undefined(NamedTuple):
    """What to run for metrics that nobody defined.

    Attributes:
        count_all: How many there are.
        commands: The commands that define them, key metrics first.
        unshown: How many of them have none here.
    """

    count_all: int
    commands: list[str]
    unshown: int


def pages(site: Site) -> Iterator[Draft]:
    """Yield the page of all metrics, also where a lab has none."""
    found = metrics(site)
    yield Draft(urls.METRICS, "metrics", inputs_of(found), partial(page, found))


def page(found: Sequence[Metric]) -> Page:
    """Return the page of all metrics.

    Args:
        found: The metrics, in the order in which they are shown.
    """
    versions = [row for one in found for row in one.versions]
    sentences = [sentence for one in found for sentence in one.sentences]
    files = {}
    if found:
        files["metrics.csv"] = rows_csv(_FIELDS, map(_values, found))
    if versions:
        files["definitions.csv"] = rows_csv(Definition._fields, versions)
    return Page(
        url=urls.METRICS,
        kind="metrics",
        title="Metrics",
        crumbs=(Crumb("Home", urls.HOME), Crumb("Metrics", "")),
        context={
            "summary": _summary(found),
            "warnings": list(_warnings(found)),
            "metrics": _known(found) if found else None,
            "undefined": _undefined(found),
            "definitions": _definitions(found) if versions else None,
            "unfound": _unfound(found),
            "sentences": sentences[:MOST_SENTENCES],
            "unsaid": max(0, len(sentences) - MOST_SENTENCES),
        },
        files=files,
    )


def _summary(found: Sequence[Metric]) -> str:
    if not found:
        return "No run has reported a number yet, and no metric is defined."
    projects = len({one.project for one in found})
    states = [one.state for one in found]
    parts = [
        f"{states.count(state):,} {text}"
        for state, text in (
            ("defined", "defined"),
            ("several", "defined several times side by side"),
            ("not defined", "as the runs say"),
        )
        if state in states
    ]
    return f"{counted(len(found), 'metric')} in {counted(projects, 'project')}: {listed(parts)}."


def _warnings(found: Sequence[Metric]) -> Iterator[str]:
    """Yield what is wrong with what metrics mean, one sentence each."""
    several = sum(one.state == "several" for one in found)
    if several:
        yield (
            f"{counted(several, 'metric has', 'metrics have')} definitions made side by side: none "
            "of these counts until one amends the others."
        )
    units = sum(len(one.units) > 1 for one in found)
    if units:
        yield (
            f"Runs report {counted(units, 'metric')} in more than one unit, and no definition says "
            "which."
        )
    ways = sum(len(one.directions) > 1 for one in found)
    if ways:
        yield f"Runs do not agree which way {counted(ways, 'metric')} is better."
    other = [one for one in found if (row := one.definition) is not None and row.n_other_unit]
    if other:
        yield (
            f"{counted(len(other), 'defined metric')} was logged by some runs in another unit than "
            "the one that is defined, which counts: their values may be on another scale."
        )


# --- all metrics ------------------------------------------------------------------------------


def _known(found: Sequence[Metric]) -> Listing:
    projects = {one.project for one in found}
    defined = any(one.versions for one in found)
    other = any((row := one.definition) and row.n_other_unit + row.n_other_direction
                for one in found)  # fmt: skip
    columns = [
        Column("Metric"),
        Column("Project", "choice", hidden=len(projects) == 1),
        Column("Key", "choice", hidden=True),
        Column("Meaning", "choice"),
        Column("Unit", "choice"),
        Column("Better", "choice"),
        Column("Best experiment"),
        Column("Best mean", "number"),
        Column("Runs", "number", "with a value"),
        Column("Without", "number", "complete runs"),
        Column("Other unit", "number", "runs", hidden=not other),
        Column("Other direction", "number", "runs", hidden=not other),
        Column("Resolution", "number", hidden=not defined),
        Column("Margin", "number", "that does not matter", hidden=not defined),
        Column("Value", "choice", "of a run's points"),
        Column("Source", "choice", hidden=not defined),
    ]
    caption = "Metrics by project, key metrics first"
    return listing("all-metrics", caption, columns, [_cells(one) for one in found], "metrics.csv")


def _cells(one: Metric) -> list[Cell]:
    row = one.definition
    state, mark = _STATES[one.state]
    return [
        Cell(
            one.name or "(no name)", one.name.casefold(),
            anchor=urls.metric_anchor(one.project, one.name),
        ),
        words(one.project, urls.project(one.project) if one.has_page else ""),
        words("key" if one.key else "other"),
        words(state, f"#{_anchor(one.versions[-1])}" if one.versions else "", mark),
        _agreed(one.units),
        _agreed([better(way) for way in one.directions]),
        words(one.best.name or "(no name)", one.best.href) if one.best else words(None),
        amount(one.best.mean if one.best else None),
        amount(one.n),
        amount(one.n_missing),
        amount(row.n_other_unit if row else None, mark="odd" if row and row.n_other_unit else ""),
        amount(
            row.n_other_direction if row else None,
            mark="odd" if row and row.n_other_direction else "",
        ),
        amount(row.resolution if row else None),
        amount(row.margin if row else None),
        words(_value(row) if row else "last"),
        words(_source(row) if row else "logged"),
    ]  # fmt: skip


def _agreed(said: Sequence[str]) -> Cell:
    """Return a cell of what runs say: where they say several things, all of them, marked."""
    if not said:
        return Cell("—", None, mark="missing")
    return words(" or ".join(said), mark="odd" if len(said) > 1 else "")


def _value(row: Definition) -> str:
    if row.percent is not None:
        return f"mean of the last {number(row.percent)} %"
    return row.aggregation


def _source(row: Definition) -> str:
    return _SOURCES.get(row.source, row.source)


def _values(one: Metric) -> tuple[object, ...]:
    """Return what the CSV says of a metric."""
    row = one.definition
    return (
        one.project, one.name, one.state, one.key, one.units, one.directions,
        row.resolution if row else None, row.margin if row else None,
        _value(row) if row else "last", row.source if row else "scalar", one.n, one.n_missing,
        row.n_other_unit if row else None, row.n_other_direction if row else None,
        one.best.name if one.best else None, one.best.mean if one.best else None,
    )  # fmt: skip


# --- what is not defined ----------------------------------------------------------------------


def _undefined(found: Sequence[Metric]) -> Undefined:
    lacking = [one for one in found if not one.versions]
    wanted = sorted(lacking, key=lambda one: not one.key)  # the others stay in their order
    commands = [command for one in wanted if (command := _command(one))][:MOST_COMMANDS]
    return Undefined(len(lacking), commands, len(lacking) - len(commands))


def _command(one: Metric) -> str:
    """Return what defines a metric as its runs have it; empty where no line can be copied."""
    parts = ["labrec", "metric", "define", "--project", one.project]
    if one.unit:
        parts += ["--unit", one.unit]
    if one.direction:
        parts += ["--direction", one.direction]
    parts += ["--", one.name] if one.name.startswith("-") else [one.name]
    command = shlex.join(parts)
    is_plain = one.name and command.isprintable() and shown(command, _LONGEST) == command
    return command if is_plain else ""


# --- definitions ------------------------------------------------------------------------------


def _anchor(row: Definition) -> str:
    return urls.definition_anchor(row.digest)


def _definitions(found: Sequence[Metric]) -> Listing:
    columns = [
        Column("Metric"),
        Column("Project", "choice"),
        Column("Version", "number"),
        Column("State", "choice"),
        Column("Unit", "choice"),
        Column("Better", "choice"),
        Column("Resolution", "number"),
        Column("Margin", "number"),
        Column("Value", "choice", "of a run's points"),
        Column("Source", "choice"),
        Column("Computed from"),
        Column("Package"),
        Column("Its digest", hidden=True),
        Column("Amends"),
        Column("Digest"),
        Column("Description"),
    ]
    rows = [_definition(row) for one in found for row in one.versions]
    return listing("definitions", "Every version of every definition", columns, rows,
                   "definitions.csv")  # fmt: skip


def _definition(row: Definition) -> list[Cell]:
    state, mark = _COUNTS.get(row.state, (row.state, ""))
    name = words(row.metric or "(no name)", f"#{urls.metric_anchor(row.project, row.metric)}")
    return [
        name._replace(anchor=_anchor(row)),
        words(row.project),
        amount(row.number),
        words(state, mark=mark),
        words(row.unit),
        words(better(row.direction)),
        amount(row.resolution),
        amount(row.margin),
        words(_value(row)),
        words(_source(row)),
        words(row.computed_from),
        words(row.package),
        words(short(row.package_digest)) if row.package_digest else words(None),
        _amends(row.amends),
        words(short(row.digest)),
        words(row.description),
    ]


def _amends(digests: Sequence[str]) -> Cell:
    text = ", ".join(map(short, digests))
    return words(text, f"#{urls.definition_anchor(digests[0])}" if digests else "")


# --- values that are missing ------------------------------------------------------------------


def _unfound(found: Iterable[Metric]) -> Listing | None:
    columns = [
        Column("Metric"),
        Column("Project", "choice"),
        Column("Why"),
        Column("Runs", "number"),
        Column("Latest run"),
    ]
    rows = [
        [
            words(one.name or "(no name)", f"#{urls.metric_anchor(one.project, one.name)}"),
            words(one.project),
            words(why.reason, mark="odd"),
            amount(why.count_runs),
            words(short(why.run_id), urls.run(one.project, why.run_id)),
        ]
        for one in found
        for why in one.reasons
    ]
    return listing("unfound", "Why runs have no value", columns, rows) if rows else None
