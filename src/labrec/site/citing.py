"""How the site's pages are cited: the works behind them, and their citations in every form."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

from labrec.citation import FORMATS, of_lab, of_project, of_report, of_run
from labrec.record.ids import id_date

if TYPE_CHECKING:
    from collections.abc import Iterable

    from labrec.citation import Lab, Work
    from labrec.sdk.reports import FrozenReport
    from labrec.site.collect import Project, Site
    from labrec.site.rows import Run


class Form(NamedTuple):
    """A citation in one form, ready to be shown.

    Attributes:
        title: What readers call the form.
        text: The citation.
        file: Name of its file beside the page; empty = it has none.
    """

    title: str
    text: str
    file: str = ""


def lab(site: Site) -> Work | None:
    """Return the whole lab as a work; None where it has no run yet."""
    runs = [run for project in site.projects for run in project.runs]
    return of_lab(site.lab, _names(runs), _newest(runs), site.view_id) if runs else None


def project(lab: Lab, project: Project) -> Work | None:
    """Return a project as a work; None where it has no run yet."""
    if not project.runs:
        return None
    return of_project(lab, project.name, _names(project.runs), _newest(project.runs))


def run(lab: Lab, run: Run) -> Work:
    """Return a run as a work."""
    citation = f"{run.project}/{run.run_id}@{run.record_digest}"
    return of_run(lab, citation, run.name, _names([run]), _day(run))


def report(lab: Lab, frozen: FrozenReport) -> Work:
    """Return a frozen version of a report as a work."""
    document = frozen.document
    name = (document.get("author") or {}).get("name") or ""
    day = dt.date.fromisoformat(str(document["time"])[:10])
    return of_report(lab, frozen.citation, str(document["title"]), [name] if name else [], day)


def forms(work: Work, stem: str = "") -> tuple[Form, ...]:
    """Return the citations of a work, the one for readers first.

    Args:
        work: The work.
        stem: What the names of their files begin with; empty = they are shown only.
    """
    return tuple(
        Form(form.title, form.write(work), _file(name, form.suffix, stem))
        for name, form in FORMATS.items()
    )


def files(forms: Iterable[Form]) -> dict[str, bytes]:
    """Return the files of citations by their names beside the page."""
    return {form.file: form.text.encode() for form in forms if form.file}


def _file(name: str, suffix: str, stem: str) -> str:
    if not stem or name == "text":
        return ""
    return "CITATION.cff" if name == "cff" else stem + suffix


def _names(runs: Iterable[Run]) -> list[str]:
    return [run.author for run in runs if run.author]


def _newest(runs: Iterable[Run]) -> dt.date:
    return max(_day(run) for run in runs)


def _day(run: Run) -> dt.date:
    # an id says when its run started, or when an undated one was imported
    return run.started.date() if run.started else dt.date(*id_date(run.run_id))
