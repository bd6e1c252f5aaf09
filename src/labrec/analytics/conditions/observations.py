"""What each block, machine or run had under each level of a comparison. ○ No IO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from labrec.analytics.replicates import rounded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labrec.analytics.conditions.family import Draft

MOST_GIVEN: Final = 200
"""Observations of a level that the table has."""


def observations(draft: Draft) -> Iterator[dict[str, Any]]:
    """Yield the rows of `hardware_observations` of a comparison of all levels, by column.

    They are what its test sees, in the metric's own unit: means by block, by machine, or runs.
    """
    if draft.layout is None or draft.row["scope"] != "all":
        return
    row = draft.row
    shared = {name: row[name] for name in ("project", "condition", "metric", "counted", "unit")}
    for place, (level, group) in enumerate(zip(row["levels"], draft.layout.groups, strict=True), 1):
        for number, value in enumerate(group[:MOST_GIVEN], start=1):
            yield shared | {
                "place": place, "level": level, "observation": number, "value": rounded(value),
                "n": len(group),
            }  # fmt: skip
