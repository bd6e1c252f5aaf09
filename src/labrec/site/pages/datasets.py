"""The page of all datasets of a lab: versions, what was made from what, and who used them."""

from __future__ import annotations

import shlex
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Final

from labrec.record.wording import counted, size
from labrec.site import urls
from labrec.site.catalogue import data
from labrec.site.charts.figure import as_csv
from labrec.site.listing import Cell, Column, Listing, amount, listing, moment, words
from labrec.site.page import Crumb, Draft, Page, inputs_of
from labrec.site.rows_catalogue import Dataset, Use
from labrec.site.stamp import short

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from labrec.site.catalogue import Data
    from labrec.site.collect import Site

MOST_PAIRS: Final = 12
"""Pairs of versions used together that a command is shown for."""

_BELOW: Final = "\N{DOWNWARDS ARROW WITH TIP RIGHTWARDS} "


def pages(site: Site) -> Iterator[Draft]:
    """Yield the page of all datasets, also where a lab has none."""
    found = data(site)
    yield Draft(urls.DATASETS, "datasets", inputs_of(found), partial(page, found))


def page(found: Data) -> Page:
    """Return the page of all datasets."""
    files = {}
    if found.held:
        files["datasets.csv"] = as_csv(Dataset._fields, found.held)
    if found.uses or found.lacking:
        files["uses.csv"] = as_csv(Use._fields, (*found.lacking, *found.uses))
    return Page(
        url=urls.DATASETS,
        kind="datasets",
        title="Datasets",
        crumbs=(Crumb("Home", urls.HOME), Crumb("Datasets", "")),
        context={
            "summary": _summary(found),
            "held": _held(found.held) if found.held else None,
            "lacking": _lacking(found.lacking) if found.lacking else None,
            "uses": _uses(found.uses) if found.uses else None,
            "commands": _commands(found),
            "unshown": max(0, len(found.together) - MOST_PAIRS),
        },
        files=files,
    )


def _summary(found: Data) -> str:
    if not found.held and not found.lacking:
        return "No dataset version is recorded, and no run names a dataset."
    names = {(row.project, row.dataset) for row in found.held}
    said = (
        f"{counted(len(found.held), 'dataset version')} of {counted(len(names), 'dataset')}"
        if found.held
        else "No dataset version is recorded"
    )
    unused = sum(not row.n_runs for row in found.held)
    if unused:
        said += f", {unused:,} of them used by no run"
    unheld = [row for row in found.lacking if not row.held]
    several = len(found.lacking) - len(unheld)
    if unheld:
        lacking = counted(len(unheld), "dataset")
        said += f". Runs name {lacking} that the lab does not hold"
    if several:
        said += (
            f". {counted(several, 'name')} of runs {'means' if several == 1 else 'mean'} several"
        )
    return f"{said}." if found.lacking else f"{said}. Runs name no other."


def _held(rows: Sequence[Dataset]) -> Listing:
    many = len({row.project for row in rows}) > 1
    columns = [
        Column("Dataset"),
        Column("Version"),
        Column("Project", "choice", hidden=not many),
        Column("Made from"),
        Column("Samples", "number"),
        Column("Different", "number", "samples"),
        Column("Size", "number", measure="B"),
        Column("A sample is", "choice"),
        Column("Runs", "number"),
        Column("Experiments", "number"),
        Column("Projects", "number", "that used it", hidden=not many),
        Column("Licence", "choice"),
        Column("Source"),
        Column("Added", "time", "UTC"),
        Column("Author", "choice", hidden=True),
        Column("Files", "number", hidden=True),
        Column("Digest", hidden=True),
        Column("Content", note="digest of its samples", hidden=True),
        Column("Description"),
    ]
    caption = "Dataset versions, each below what it was made from"
    return listing("versions", caption, columns, [_version(row) for row in rows], "datasets.csv")


def _version(row: Dataset) -> list[Cell]:
    below = _BELOW if row.parent_called is not None else ""
    name = words(row.dataset)._replace(
        text=f"{below}{row.dataset}", anchor=urls.dataset_anchor(row.digest)
    )
    return [
        name,
        words(row.version),
        words(row.project),
        _parent(row),
        amount(row.samples),
        amount(row.distinct),
        amount(row.bytes, size(row.bytes)),
        words(row.unit),
        amount(row.n_runs),
        amount(row.n_experiments),
        amount(row.n_projects),
        words(row.licence),
        words(row.source),
        moment(row.time),
        words(row.author),
        amount(row.files),
        words(short(row.digest)),
        words(short(row.content)),
        words(row.description),
    ]


def _parent(row: Dataset) -> Cell:
    if row.parent is None:
        return words(None)
    if row.parent_called is None:
        return words(f"{short(row.parent)}, not in this lab", mark="odd")
    return words(row.parent_called, f"#{urls.dataset_anchor(row.parent)}")


def _lacking(rows: Sequence[Use]) -> Listing:
    columns = [
        Column("Dataset"),
        Column("Version"),
        Column("Digest"),
        Column("Why"),
        Column("Project", "choice"),
        Column("Runs", "number"),
        Column("Experiments", "number"),
        Column("Latest run"),
    ]
    caption = "Datasets that runs name and the lab does not have"
    return listing("lacking", caption, columns, [_lacks(row) for row in rows], "uses.csv")


def _lacks(row: Use) -> list[Cell]:
    anchor = urls.unheld_anchor(row.project, row.dataset, row.version, row.digest)
    if row.held:
        why = "several versions are called so"
    elif row.digest is not None:
        why = "this version is not in the lab"
    else:
        why = "no digest was recorded"
    return [
        Cell(row.dataset or "(no name)", row.dataset.casefold(), anchor=anchor),
        words(row.version),
        words(short(row.digest)) if row.digest is not None else words(None),
        words(why, mark="odd"),
        *_users(row),
    ]


def _uses(rows: Sequence[Use]) -> Listing:
    columns = [
        Column("Dataset"),
        Column("Version"),
        Column("Used in", "choice"),
        Column("Runs", "number"),
        Column("Experiments", "number"),
        Column("Latest run"),
    ]
    cells = [
        [
            words(row.dataset, f"#{urls.dataset_anchor(row.digest or '')}"),
            words(row.version),
            *_users(row),
        ]
        for row in rows
    ]
    return listing("uses", "Dataset versions by the projects that used them", columns, cells,
                   "uses.csv")  # fmt: skip


def _users(row: Use) -> list[Cell]:
    return [
        words(row.project, urls.project(row.project)),
        amount(row.n_runs),
        amount(row.n_experiments),
        words(short(row.last_run), urls.run(row.project, row.last_run)),
    ]


def _commands(found: Data) -> list[str]:
    """Return the commands that look for samples in two versions that runs used together."""
    called = Counter(f"{row.dataset}@{row.version}" for row in found.held)

    def name(row: Dataset) -> str:
        text = f"{row.dataset}@{row.version}"
        return text if called[text] == 1 else row.digest

    return [
        shlex.join(("labrec", "dataset", "leakage", name(one), name(other)))
        for one, other in found.together[:MOST_PAIRS]
    ]
