"""The rigor page of a project: what each hypothesis still lacks, and the command that gets it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from labrec.record.wording import counted
from labrec.site import urls
from labrec.site.charts import Checked, Figure, Told, checks
from labrec.site.charts.figure import as_csv
from labrec.site.listing import Cell, Column, Listing, amount, listing, words
from labrec.site.page import Crumb, Draft, Page, inputs_of
from labrec.site.pages.sections import sections
from labrec.site.rows_trends import Rigor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from labrec.site.collect import Site

ITEMS: Final = {
    "preregistered": "Runs linked it when they started.",
    "baseline": "It is compared with a baseline that was measured anew.",
    "replicates": "Each arm has three independent values.",
    "interval": "Its difference has an interval.",
    "multiplicity": "It is the only claim, or names its family, or holds at the level of the lab.",
    "power": "The registered runs find a difference of δ with power 0.8.",
    "capture": "Capture misses nothing of its runs.",
    "rerun": "An independent rerun of one of its runs agrees.",
}
"""The items of the list with what each asks, in its order."""

_COMMANDS: Final = {
    "preregistered": "labrec run --project {project} --hypothesis {slug} -- COMMAND",
    "baseline": "labrec run --project {project} -- COMMAND OF THE BASELINE",
    "replicates": "labrec run --project {project} --hypothesis {slug} --seed SEED -- COMMAND",
    "interval": "labrec run --project {project} --hypothesis {slug} --seed SEED -- COMMAND",
    "multiplicity": "labrec hypothesis register {slug} --project {project} --amend",
    "power": "labrec hypothesis register {slug} --project {project} --amend",
    "capture": "labrec doctor",
    "rerun": "labrec run --project {project} --reproduces RUN -- COMMAND OF THE RUN",
}
_NOTES: Final = {
    "multiplicity": "after naming a family in its draft",
    "power": "after raising planned_n in its draft",
    "baseline": "after the claim was registered",
    "capture": "what capture misses, and why; a clean checkout and a new run mend most of it",
    "rerun": "on another machine, or by somebody else",
}
_MOST = 100  # registrations with a list of their own


def pages(site: Site) -> Iterator[Draft]:
    """Yield the rigor page of every project."""
    for project in site.projects:
        rows = site.rows_of(Rigor, project.name)
        url = urls.section(project.name, "rigor")
        inputs = inputs_of(project.name, rows)
        yield Draft(url, "rigor", inputs, partial(page, project.name, rows))


def page(name: str, rows: Sequence[Rigor]) -> Page:
    """Return the rigor page of a project.

    Args:
        name: The project.
        rows: What the table says.
    """
    current = sorted(
        (row for row in rows if row.current), key=lambda row: (-row.met, row.hypothesis)
    )
    figure = _figure(name, current) if current else None
    return Page(
        url=urls.section(name, "rigor"),
        kind="rigor",
        title=f"Rigor in {name}",
        crumbs=(Crumb("Home", urls.HOME), Crumb(name, urls.project(name)), Crumb("Rigor", "")),
        context={
            "sections": sections(name),
            "project": name,
            "summary": _summary(rows, current),
            "figure": figure,
            "items": list(ITEMS.items()),
            "lists": [_list(row) for row in current[:_MOST]],
            "not_listed": max(0, len(current) - _MOST),
            "listing": _listing(rows) if rows else None,
            "data_url": urls.DATA,
        },
        files={
            **({f"{figure.name}.csv": figure.csv} if figure else {}),
            "rigor.csv": as_csv(
                Rigor._fields,
                (["; ".join(v) if isinstance(v, tuple) else v for v in row] for row in rows),
            ),
        },
    )


def _summary(rows: Sequence[Rigor], current: Sequence[Rigor]) -> str:
    if not current:
        return "No claim is registered yet, so there is nothing to hold to the list."
    whole = sum(row.met == row.items for row in current)
    lacking = {item: sum(not getattr(row, item) for row in current) for item in ITEMS}
    most = max(lacking, key=lambda item: lacking[item])
    said = (
        f"{counted(len(current), 'claim')}: {f'{whole:,}' if whole else 'none'} "
        f"{'have' if whole > 1 else 'has'} all {current[0].items} of {current[0].list}."
    )
    if lacking[most]:
        said += f" What is missing most often: {most} ({lacking[most]:,})."
    amended = len(rows) - len(current)
    if amended:
        verb = "stands" if amended == 1 else "stand"
        said += f" {counted(amended, 'registration')} that others amend {verb} in the listing."
    return said


def _met(row: Rigor) -> tuple[bool, ...]:
    return tuple(bool(getattr(row, item)) for item in ITEMS)


def _figure(name: str, current: Sequence[Rigor]) -> Figure:
    numbered = ", ".join(f"{at} {item}" for at, item in enumerate(ITEMS, start=1))
    sentence = f"✓ met, ✗ not met: {numbered}. " + " ".join(
        f"{row.hypothesis}: {row.met} of {row.items}." for row in current[:6]
    )
    rows = [
        Checked(f"{row.hypothesis}, {row.met} of {row.items}", _met(row), f"#{anchor(row)}")
        for row in current
    ]
    title = f"What the claims of {name} have"
    return checks(rows, [*ITEMS], Told("list", title, sentence, "item of the list"))


def anchor(row: Rigor) -> str:
    """Return the id of a registration in the page."""
    return f"claim-{row.registration.removeprefix('sha256:')[:12]}"


def _list(row: Rigor) -> dict[str, Any]:
    """Return the list of a registration: each item, whether it is met, what to do."""
    lacks = iter(row.lacks)  # what is missing, in the order of the items
    items = []
    for item, met in zip(ITEMS, _met(row), strict=True):
        missing = "" if met else next(lacks, "it is missing")
        command = "" if met else _COMMANDS[item].format(project=row.project, slug=row.hypothesis)
        note = "" if met else _NOTES.get(item, "")
        items.append(
            {
                "name": item,
                "asks": ITEMS[item],
                "met": met,
                "lacks": missing,
                "command": command,
                "note": note,
            }
        )
    return {
        "slug": row.hypothesis,
        "anchor": anchor(row),
        "met": row.met,
        "of": row.items,
        "sentence": row.sentence,
        "items": items,
    }


def _listing(rows: Sequence[Rigor]) -> Listing:
    columns = [
        Column("Claim"),
        Column("Registration"),
        Column("Current", "choice"),
        Column("Met", "number"),
        *(Column(item, "choice") for item in ITEMS),
        Column("Lacks"),
    ]
    return listing("claims", "Registrations and the list", columns, [_row(row) for row in rows],
                   "rigor.csv")  # fmt: skip


def _row(row: Rigor) -> list[Cell]:
    return [
        words(row.hypothesis, f"#{anchor(row)}" if row.current else ""),
        words(row.registration.removeprefix("sha256:")[:12]),
        words("yes" if row.current else "amended"),
        amount(row.met, f"{row.met} of {row.items}"),
        *(words("met" if met else "not met", mark="complete" if met else "failed")
          for met in _met(row)),
        words("; ".join(row.lacks)),
    ]  # fmt: skip
