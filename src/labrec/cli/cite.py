"""``labrec cite``: how a lab, a project, a run or a report is cited."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import click

from labrec.citation import FORMATS
from labrec.cli.world import World, at_option, json_option, pass_world

if TYPE_CHECKING:
    from labrec.citation import Lab, Work
    from labrec.reader import RunReader
    from labrec.store.view import RunEntry, View


@click.command(
    epilog="\b\nExamples:\n  labrec cite 0199a4\n"
    "  labrec cite 0199a4 --format bibtex >> paper.bib\n"
    "  labrec cite report:better-models@2\n  labrec cite lm --format ris\n"
    "  labrec cite --format cff > CITATION.cff"
)
@click.argument("what", metavar="[RUN|PROJECT|report:SLUG]", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    default="text",
    show_default=True,
    help="In which form.",
)
@at_option
@json_option
@pass_world
def command(world: World, what: str | None, form: str, at: str | None) -> None:
    """Say how a run, a project, a frozen report or the whole lab is cited.

    A run (an id, at least four digits of its beginning, a name or a citation) is cited by the
    digest of its record, a report (report:SLUG@NUMBER; its newest version without a number) by that
    of its document: what changed no longer has that name. Without an argument the lab is cited, as
    the view of it that this clone shows. Title, address, author and DOI of the lab come from
    mkdocs.yml, names of people from the records, without their mail addresses.
    """
    work = _work(world, world.lab.view(at), what)
    text = FORMATS[form].write(work)
    fields = work._asdict() | {
        "authors": [one._asdict() for one in work.authors],
        "issued": work.issued.isoformat(),
        "key": work.key,
    }
    world.answer(
        {"work": fields, "format": form, "citation": text},
        lambda: click.echo(text, nl=False),
    )


def _work(world: World, view: View, what: str | None) -> Work:
    from labrec.citation import of_lab, of_project
    from labrec.errors import NotFoundError

    lab = _lab(world, view)
    if what is not None and what.startswith("report:"):
        from labrec.sdk.reports import find_version
        from labrec.site.citing import report  # as the site does it; light

        return report(lab, find_version(view, what.removeprefix("report:")))
    if what is not None and what not in view.projects():
        return _run(lab, view, what)
    makers = [found for entry in view.runs(what) if (found := _maker_of(view, entry)) is not None]
    if not makers:
        raise NotFoundError(
            f"no run of {what or 'this lab'} can be cited: none is recorded that can be read",
            hint="labrec run -- COMMAND records one; labrec verify says what cannot be read.",
        )
    names, day = [name for name, _ in makers], max(day for _, day in makers)
    if what is not None:
        return of_project(lab, what, names, day)
    return of_lab(lab, names, day, view.id)


def _run(lab: Lab, view: View, what: str) -> Work:
    from labrec.citation import of_run
    from labrec.noted import find_run, said_of
    from labrec.reader import RunReader

    found = RunReader(view, find_run(view, what))
    title = said_of(view, found.entry).folded.name(found.name)
    name, day = _maker(found)
    return of_run(lab, found.citation, title, [name], day)


def _maker_of(view: View, entry: RunEntry) -> tuple[str, dt.date] | None:
    """Return who made a run, and when; None where it cannot be read: no table has it either."""
    from labrec.errors import LabrecError
    from labrec.reader import RunReader

    try:
        return _maker(RunReader(view, entry))
    except LabrecError:
        return None


def _maker(run: RunReader) -> tuple[str, dt.date]:
    from labrec.record.ids import id_date

    identity = run.section("identity")
    name = (identity.get("author") or {}).get("name") or ""
    started = identity.get("times", {}).get("started")
    day = dt.date.fromisoformat(started[:10]) if started else dt.date(*id_date(run.run_id))
    return name, day


def _lab(world: World, view: View) -> Lab:
    """Return what the lab says about itself, at the commit that the view is of."""
    from labrec.site.publication import cited_lab

    return cited_lab(world.lab, view)
