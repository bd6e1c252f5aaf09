"""The analysis of designs: of every project those within its runs and across its experiments.

○ No IO. A lab without calls, factors and families costs a look at each experiment's root.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from labrec.analytics.attribution import rows as writing
from labrec.analytics.attribution.factors import declared
from labrec.analytics.attribution.found import MOST_METRICS, Across, across, placed
from labrec.analytics.attribution.live import live
from labrec.analytics.tables.attribution import DESIGNS
from labrec.record.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from labrec.analytics.attribution.rows import Placed
    from labrec.analytics.calls import Call
    from labrec.analytics.run import Run
    from labrec.analytics.seen import Seen
    from labrec.analytics.tables import Table

TABLES = writing.TABLES

_NOTE = [column.name for column in DESIGNS.columns].index("note")


class Found(NamedTuple):
    """The designs of a view.

    Attributes:
        designs: They.
        left_out: Of each project what is not among them, a sentence each.
    """

    designs: list[Placed]
    left_out: dict[str, list[str]]


def rows(seen: Seen) -> Iterator[tuple[Table, Iterable[Sequence[Any]]]]:
    """Yield the tables of designs."""
    found = seen.once(designs)
    if not found.designs:
        return
    for table, made in writing.rows(found.designs):
        yield table, _told(made, found.left_out) if table is DESIGNS else made


def designs(seen: Seen) -> Found:
    """Return the designs of every project."""
    found: list[Placed] = []
    left_out: dict[str, list[str]] = {}
    asked: dict[str, list[tuple[Run, list[Call]]]] = {}
    for run, calls in seen.asked:
        asked.setdefault(run.project, []).append((run, calls))
    for project, experiments in groupby(seen.experiments, key=lambda one: one.project):
        keys = seen.keys[project]
        within = live(asked.get(project, []), keys)
        between = across(seen, project, list(experiments))
        found += [*within.designs, *_on_key_metrics(seen, project, between)]
        without = [*within.left_out, *between.left_out]
        if between.groups and len(keys) > MOST_METRICS:
            without.append(counted(len(keys) - MOST_METRICS, "key metric"))
        if without:
            left_out[project] = without
    return Found(found, left_out)


def _on_key_metrics(seen: Seen, project: str, between: Across) -> Iterator[Placed]:
    said = seen.defined(project, declared)
    costs = said.costs if said is not None else ()
    for group in between.groups:
        for metric, direction in list(seen.keys[project].items())[:MOST_METRICS]:
            one = placed(group, metric, direction, costs)
            if one is not None:
                yield one


def _told(made: Iterable[Sequence[Any]], left_out: dict[str, list[str]]) -> Iterator[Sequence[Any]]:
    """Yield the rows of designs; the first of a project says what was left out."""
    project = None
    for row in made:
        if row[0] != project and row[0] in left_out:
            said = f"not attributed in this project: {'; '.join(left_out[row[0]])}"
            note = f"{row[_NOTE]}; {said}" if row[_NOTE] else said
            row = (*row[:_NOTE], note, *row[_NOTE + 1 :])  # noqa: PLW2901
        project = row[0]
        yield row
