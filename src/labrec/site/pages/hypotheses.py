"""The hypotheses of a project: what other pages say of them, and the page that has all."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.record.wording import counted, listed
from labrec.site import urls
from labrec.site.page import Crumb, Draft, Page, inputs_of
from labrec.site.pages.sections import sections

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from labrec.site.collect import Project, Site
    from labrec.site.rows import Hypothesis


class Group(NamedTuple):
    """Claims of one status.

    Attributes:
        status: The status.
        title: What it is called.
        what: What it says, in a sentence.
        claims: Its claims, as `hypotheses` yields them.
    """

    status: str
    title: str
    what: str
    claims: list[dict[str, Any]]


_STATUSES: Final = {
    "supported": "The rule that was registered says that the claim holds.",
    "refuted": "The rule that was registered says that it does not hold.",
    "inconclusive": "All planned runs are there, and the rule leaves it open.",
    "suggestive": "It points one way, and too little is known to decide.",
    "testing": "Not all planned runs are there: no verdict follows yet.",
    "proposed": "No run is linked yet.",
}
_DECIDED = "Somebody decided it, whatever the rule says."

VERDICTS: Final = (
    "proposed", "testing", "supported", "refuted", "inconclusive", "suggestive",
)  # fmt: skip
"""Verdicts that a page has a look for."""


def look_of(shown: str) -> str:
    """Return the verdict whose look a shown verdict has; empty where it is none."""
    return shown if shown in VERDICTS else ""


def hypotheses(project: Project) -> Iterator[dict[str, Any]]:
    """Yield the registered claims of a project that none amends, with their verdicts."""
    for row in project.hypotheses:
        if row.current:
            yield _claim(row)


def _claim(row: Hypothesis) -> dict[str, Any]:
    return {
        "project": row.project,
        "href": urls.hypothesis(row.project, row.hypothesis),
        "slug": row.hypothesis,
        "claim": row.claim,
        "shown": row.shown,
        "sentence": row.sentence,
        "decided_by": row.decided_by if row.decided is not None else None,
        "verdict": look_of(row.shown),
        "then": row.then if row.changed else None,
    }


# --- the page that has all --------------------------------------------------------------------


def pages(site: Site) -> Iterator[Draft]:
    """Yield the page of the hypotheses of every project, also where it has none."""
    for project in site.projects:
        rows = project.hypotheses
        url = urls.section(project.name, "hypotheses")
        yield Draft(url, "hypotheses", inputs_of(project.name, rows), partial(page, project))


def page(project: Project) -> Page:
    """Return the page of the hypotheses of a project."""
    groups = grouped(list(hypotheses(project)))
    return Page(
        url=urls.section(project.name, "hypotheses"),
        kind="hypotheses",
        title=f"Hypotheses of {project.name}",
        crumbs=(
            Crumb("Home", urls.HOME),
            Crumb(project.name, urls.project(project.name)),
            Crumb("Hypotheses", ""),
        ),
        context={
            "sections": sections(project.name),
            "project": project.name,
            "summary": _summary(groups),
            "groups": groups,
            "amended": sum(not row.current for row in project.hypotheses),
        },
    )


def grouped(claims: Sequence[dict[str, Any]]) -> list[Group]:
    """Return claims by status: what is decided first; a status without a claim is left out."""
    by_status: dict[str, list[dict[str, Any]]] = {}
    for claim in claims:
        by_status.setdefault(claim["verdict"], []).append(claim)
    order = [*_STATUSES, ""]
    return [
        Group(status or "other", (status or "decided").capitalize(),
              _STATUSES.get(status, _DECIDED), by_status[status])
        for status in order
        if status in by_status
    ]  # fmt: skip


def _summary(groups: Sequence[Group]) -> str:
    if not groups:
        return "No hypothesis is registered."
    count = sum(len(group.claims) for group in groups)
    parts = [f"{len(group.claims):,} {group.title.lower()}" for group in groups]
    return f"{counted(count, 'hypothesis', 'hypotheses')}: {listed(parts)}."
