"""The page of a hypothesis: its verdict, why, what that rests on, and how to disagree."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from labrec.record.text import one_line
from labrec.record.wording import counted, listed, number, percent
from labrec.site import urls
from labrec.site.page import Crumb, Draft, Page, inputs_of
from labrec.site.pages.dossier import dossiers
from labrec.site.pages.hypotheses import look_of
from labrec.site.pages.hypothesis_figures import (
    as_it_came,
    differences,
    happened,
    waterfall,
)
from labrec.site.pages.hypothesis_listings import family, missing, power, runs, tables, units
from labrec.site.pages.notes import said
from labrec.site.pages.propose import about_hypothesis
from labrec.site.pages.sections import sections

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from labrec.site.collect import Site
    from labrec.site.pages.dossier import Dossier
    from labrec.site.rows import Note
    from labrec.site.rows_hypotheses import Registration

_SHOWN_NOTES = 100
_NAME = 80  # characters of a name in a sentence


class Fact(NamedTuple):
    """A line of a table of facts.

    Attributes:
        name: What is told.
        value: What it is; record text is allowed.
    """

    name: str
    value: str


class Version(NamedTuple):
    """A registration as the page lists it.

    Attributes:
        row: What the tables say of it.
        state: decides, amended, or beside (another one that nothing amends).
        linked: How many runs were linked to it, and when.
    """

    row: Registration
    state: str
    linked: str


class Decision(NamedTuple):
    """A verdict that somebody kept, or a decision.

    Attributes:
        what: What was decided.
        why: The reason; may be empty.
        author: Who.
        time: When.
    """

    what: str
    why: str
    author: str
    time: datetime


def pages(site: Site) -> Iterator[Draft]:
    """Yield the page of every registered hypothesis."""
    for project in site.projects:
        for found in dossiers(site, project):
            url = urls.hypothesis(project.name, found.slug)
            yield Draft(url, "hypothesis", inputs_of(*found), partial(page, found))


def page(found: Dossier) -> Page:
    """Return the page of a hypothesis."""
    url = urls.hypothesis(found.project, found.slug)
    root = "../" * url.count("/")
    measured = differences(found)
    weighed = waterfall(found, root)
    came = as_it_came(found, root)
    figures = [*measured, *filter(None, (weighed, came))]
    return Page(
        url=url,
        kind="hypothesis",
        title=found.slug,
        crumbs=(
            Crumb("Home", urls.HOME),
            Crumb(found.project, urls.project(found.project)),
            Crumb("Hypotheses", urls.section(found.project, "hypotheses")),
            Crumb(found.slug, ""),
        ),
        context={
            "sections": sections(found.project),
            "row": found.row,
            "look": look_of(found.row.shown),
            "beside": sum(one.current for one in found.registrations) - 1,
            "prediction": [prediction(one, found.row) for one in _targets(found)],
            "rule": rule(found),
            "plan": plan(found.row),
            "versions": [_version(one, found.row) for one in found.registrations],
            "decisions": [_decision(note) for note in found.notes if _is(note, "decide")],
            "kept": [_decision(note) for note in found.notes if _is(note, "verdict")],
            "differences": measured,
            "waterfall": weighed,
            "history": came,
            "events": happened(found),
            "units": units(found),
            "runs": runs(found),
            "power": power(found),
            "missing": missing(found),
            "notes": said(found.notes)[:_SHOWN_NOTES],
            "run_notes": found.run_notes[:_SHOWN_NOTES],
            "family": family(found) if found.family else None,
            "subject": _subject(found),
            "about": about_hypothesis(found.row, found.notes),
        },
        files={f"{figure.name}.csv": figure.csv for figure in figures} | tables(found),
        digests=tuple(dict.fromkeys(run.row.record_digest for run in found.runs if run.has_place)),
    )


def _is(note: Note, kind: str) -> bool:
    return note.kind == kind and note.heard and note.subject_kind == "hypothesis"


def _decision(note: Note) -> Decision:
    return Decision(note.text, note.reason, note.author, note.time)


def _version(one: Registration, row: Registration) -> Version:
    linked = f"{counted(one.n_start, 'run')} linked at the start and {one.n_later:,} later"
    if one.registration == row.registration:
        return Version(one, "decides", linked)
    return Version(one, "beside" if one.current else "amended", linked)


def _subject(found: Dossier) -> Mapping[str, str]:
    """Return what the commands of the page name: a run of its own, and a note on it."""
    run = next((run.row.run_id for run in found.runs if run.has_place), "RUN")
    note = next((note.note_id for note in found.notes if note.heard), "")
    return {"run": run[:13], "note": note[:13]}


# --- what was claimed ---------------------------------------------------------------------------


class _Target(NamedTuple):
    metric: str
    direction: str
    delta: float
    unit: str | None


def _targets(found: Dossier) -> list[_Target]:
    row = found.row
    if not found.primaries:
        return [_Target(row.metric, row.direction, row.delta, row.unit)]
    return [_Target(one.metric, one.direction, one.delta, one.unit) for one in found.primaries]


def prediction(one: Any, row: Registration) -> str:
    """Return what a claim predicts of a primary metric.

    Args:
        one: The metric: name, direction, delta and unit.
        row: The registration.
    """
    way = "lower" if one.direction == "minimize" else "higher"
    more = f", by more than {number(one.delta)}{_unit(one.unit)}" if one.delta else ""
    return f"{one_line(one.metric, _NAME)} is {way} than {_baseline(row)}{more}."


def _baseline(row: Registration) -> str:
    if row.baseline == "named":
        return f"that of {one_line(row.baseline_name or '', _NAME)}"
    return {
        "parent": "that of the experiment each run derives from",
        "root": "that of the experiment at the top of its lineage",
        "best": "that of the best experiment when the claim was registered",
    }.get(row.baseline, "that of its baseline")


def _unit(unit: str | None) -> str:
    return f" {one_line(unit, 20)}" if unit and unit != "1" else ""


def rule(found: Dossier) -> str:
    """Return in words when the registered rule refutes a claim, and when it supports it."""
    row, targets = found.row, _targets(found)
    which = "all primary metrics" if row.decision == "all" else "one of the primary metrics"
    several = f", on {which}" if len(targets) > 1 else ""
    bounds = {one.delta for one in targets}
    bound = number(next(iter(bounds))) if len(bounds) == 1 else "its delta"
    unit = _unit(row.unit) if len(bounds) == 1 and row.delta else ""
    return (
        f"Refuted where the whole {percent(1 - 2 * row.alpha)} interval of the difference lies "
        f"below {bound}{unit}; supported where it lies above, and E is above "
        f"{number(row.threshold)}{several}. Looks, families and chosen baselines make the "
        "interval wider."
    )


def plan(row: Registration) -> list[Fact]:
    """Return what else a registration fixed."""
    looks = f", with looks at {listed(list(row.looks))}" if len(row.looks) > 1 else ""
    facts = [
        Fact("Runs", f"{row.planned_n:,} in each arm{looks}"),
        Fact("Baseline", f"{row.baseline} {row.baseline_name or ''}".rstrip()),
        Fact("Test", row.test),
        Fact("Error rate", f"alpha = {number(row.alpha)}"),
    ]
    if row.family is not None:
        shared = counted(row.family_size, "claim")
        facts.append(Fact("Family", f"{row.family}: {shared} share alpha"))
    if row.selector != "{}":
        facts.append(Fact("Treatments", f"runs whose features hold {row.selector}"))
    facts.append(
        Fact(
            "Over the lab",
            f"{row.verdict_lab}, at the level that holds over all claims of the lab "
            f"(number {row.order:,}, alpha = {number(row.alpha_lab)})",
        )
    )
    return facts
