"""The rows of the table `hardware_quality`: every condition against every metric. ○ No IO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from labrec.analytics.conditions.drafts import of_amounts, of_completion, of_levels
from labrec.analytics.conditions.family import adjust
from labrec.analytics.conditions.project import projects
from labrec.analytics.conditions.sentence import sentence, unknown
from labrec.analytics.conditions.verdict import Basis, verdict
from labrec.analytics.replicates import rounded
from labrec.analytics.tables.conditions import HARDWARE_QUALITY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from labrec.analytics.conditions.family import Draft
    from labrec.analytics.conditions.project import Project
    from labrec.analytics.seen import Seen
    from labrec.analytics.tables import Table

TABLES: Final[tuple[Table, ...]] = (HARDWARE_QUALITY,)


def rows(seen: Seen) -> Iterator[tuple[Table, Iterable[Sequence[Any]]]]:
    """Yield the table and its rows."""
    found = [row for project in projects(seen) for row in compared(project)]
    columns, key = HARDWARE_QUALITY.columns, HARDWARE_QUALITY.key
    found.sort(key=lambda row: tuple(row[name] for name in key))
    yield HARDWARE_QUALITY, [[row[column.name] for column in columns] for row in found]


def compared(project: Project) -> list[dict[str, Any]]:
    """Return the rows of a project, by column."""
    drafts: list[Draft] = []
    for part in project.conditions:
        if part.levels.labels:
            drafts += of_completion(project, part)
        compare = of_levels if part.levels.labels else of_amounts
        for metric in project.metrics:
            drafts += compare(project, part, metric)
    adjust(drafts, f"hardware comparisons of {project.name}")
    return [_judged(draft) for draft in drafts]


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
