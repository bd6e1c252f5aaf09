"""The tables about hardware: every condition against every metric. ○ No IO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from labrec.analytics.conditions.drafts import of_amounts, of_completion, of_levels
from labrec.analytics.conditions.family import adjust
from labrec.analytics.conditions.observations import observations
from labrec.analytics.conditions.project import projects
from labrec.analytics.conditions.sentence import sentence, unknown
from labrec.analytics.conditions.speeds import speeds
from labrec.analytics.conditions.verdict import Basis, verdict
from labrec.analytics.replicates import rounded
from labrec.analytics.tables.conditions import (
    ABOUT_HARDWARE,
    HARDWARE_OBSERVATIONS,
    HARDWARE_QUALITY,
    HARDWARE_SPEEDS,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from labrec.analytics.conditions.family import Draft
    from labrec.analytics.conditions.project import Project
    from labrec.analytics.seen import Seen
    from labrec.analytics.tables import Table

TABLES: Final[tuple[Table, ...]] = ABOUT_HARDWARE


def rows(seen: Seen) -> Iterator[tuple[Table, Iterable[Sequence[Any]]]]:
    """Yield the tables and their rows."""
    found: list[dict[str, Any]] = []
    observed: list[dict[str, Any]] = []
    for project in projects(seen):
        drafts = compared(project)
        found += [_judged(draft) for draft in drafts]
        observed += [row for draft in drafts for row in observations(draft)]
    yield HARDWARE_QUALITY, _in_order(HARDWARE_QUALITY, found)
    yield HARDWARE_OBSERVATIONS, _in_order(HARDWARE_OBSERVATIONS, observed)
    yield HARDWARE_SPEEDS, _in_order(HARDWARE_SPEEDS, speeds(seen))


def compared(project: Project) -> list[Draft]:
    """Return the comparisons of a project, their p values adjusted."""
    drafts: list[Draft] = []
    for part in project.conditions:
        if part.levels.labels:
            drafts += of_completion(project, part)
        compare = of_levels if part.levels.labels else of_amounts
        for metric in project.metrics:
            drafts += compare(project, part, metric)
    adjust(drafts, f"hardware comparisons of {project.name}")
    return drafts


def _in_order(table: Table, found: Iterable[dict[str, Any]]) -> list[list[Any]]:
    """Return rows by column as the table has them, a missing unit before all others."""
    ordered = sorted(found, key=lambda row: tuple(row[name] or "" for name in table.key))
    return [[row[column.name] for column in table.columns] for row in ordered]


def _judged(draft: Draft) -> dict[str, Any]:
    """Return a row with its verdict, in numbers as they are written."""
    row = draft.row
    row["verdict"] = verdict(
        Basis(
            draft.comparable, draft.aligned, draft.constant, row["p_adjusted"],
            row["equivalence_p_adjusted"],
        )
    )  # fmt: skip
    for column in HARDWARE_QUALITY.columns:
        if column.kind == "number":
            row[column.name] = _written(column.name, row[column.name])
    row["unknown"] = unknown(row) if draft.comparable else None
    row["sentence"] = sentence(row)
    return row


def _written(name: str, value: float | None) -> float | None:
    """Return a number as it is written; those of an iterative fit differ earlier."""
    found = rounded(value)
    if found is not None and name.startswith("mixed_"):
        return float(f"{found:.4e}")
    return found
