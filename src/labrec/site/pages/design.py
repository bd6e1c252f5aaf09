"""The page of a design: what each factor is worth, how they act together, what is lacking."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from labrec.site import urls
from labrec.site.page import Crumb, Draft, Page, inputs_of
from labrec.site.pages.design_figures import together, worth
from labrec.site.pages.design_listings import cells, effects, efficiencies, tables
from labrec.site.pages.designs import MOST_DESIGNS, asked, ends, lacking, studies, title
from labrec.site.pages.sections import sections

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labrec.site.collect import Site
    from labrec.site.pages.designs import Study
    from labrec.site.rows_attribution import Effect

_TITLE = 120  # characters of a page's title


def pages(site: Site) -> Iterator[Draft]:
    """Yield the page of every design, up to `MOST_DESIGNS` of a project."""
    for project in site.projects:
        for study in studies(site, project)[:MOST_DESIGNS]:
            yield Draft(study.url, "design", inputs_of(*study), partial(page, study))


def page(study: Study) -> Page:
    """Return the page of a design."""
    row = study.row
    figures = {"worth": worth(study, "worth"), "together": together(study, "together")}
    return Page(
        url=study.url,
        kind="design",
        title=title(row)[:_TITLE],
        crumbs=(
            Crumb("Home", urls.HOME),
            Crumb(row.project, urls.project(row.project)),
            Crumb("Attribution", urls.section(row.project, "attribution")),
            Crumb(row.metric, ""),
        ),
        context={
            "sections": sections(row.project),
            "row": row,
            "id": study.id,
            "asked": asked(study),
            "ends": ends(study),
            "announced": announced(study),
            "found": told(study),
            **figures,
            "lacking": list(lacking(study)),
            "aliased": aliased(study),
            "cells": cells(study),
            "effects": effects(study),
            "costs": efficiencies(study),
            "runs": _runs(study),
        },
        files={
            **{f"{one.name}.csv": one.csv for one in figures.values() if one is not None},
            **tables(study),
        },
        digests=tuple(study.runs),
    )


def told(study: Study) -> list[dict[str, str]]:
    """Return what the tables say of each factor in a sentence, with its sign."""
    return [_said(one) for one in study.leading if one.sentence]


def _said(one: Effect) -> dict[str, str]:
    words = {"better": "▲ Better", "worse": "▼ Worse", "unreplicated": "◇ Suggested"}
    looks = {"better": "better", "worse": "worse", "unreplicated": "unreplicated"}
    return {
        "word": words.get(one.finding, "~ Open"),
        "look": looks.get(one.finding, "none"),
        "sentence": one.sentence,
    }


def announced(study: Study) -> dict[str, str]:
    """Return which registration announced a design, as text and an address; both may be empty."""
    row = study.row
    if row.registration is None:
        return {"text": "", "href": ""}
    href = urls.hypothesis(row.project, study.hypothesis) if study.hypothesis else ""
    return {"text": study.hypothesis or row.registration, "href": href}


def aliased(study: Study) -> list[tuple[str, str]]:
    """Return the effects that a fraction cannot tell from others, with those."""
    shown = [one for one in study.effects if one.aliases and one.kind in {"main", "interaction"}]
    return [(one.effect, " = ".join(one.aliases)) for one in shown]


def _runs(study: Study) -> list[dict[str, Any]]:
    """Return the run of a design that was measured within one."""
    if study.row.source != "run":
        return []
    return [
        {"name": name, "href": urls.run(study.row.project, run_id)}
        for run_id, name in dict.fromkeys(study.runs.values())
    ]
