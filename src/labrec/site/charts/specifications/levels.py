"""Observations by level of a condition, one of several blocks joined by a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from labrec.site.charts.specifications import rungs

if TYPE_CHECKING:
    from types import ModuleType

FIELDS: Final = ("row", "name", "x", "observation", "way", "told", "first")


def specification(alt: ModuleType, *, log: bool = False) -> Any:
    """Return the chart, made with Altair."""
    rows = alt.Chart(alt.NamedData(name="points"))
    across, up = rungs.values(alt, "x", log=log), rungs.rung(alt)
    ways = (
        rows.transform_filter("isValid(datum.way)")
        .mark_line(strokeWidth=1, opacity=0.55, color="var(--lr-mean)", yOffset=8, clip=True)
        .encode(x=across, y=up, detail="way:O", order="row:Q")
    )
    dots = rows.mark_point(
        filled=True, size=55, opacity=0.85, color="var(--lr-look-1)", yOffset=8, clip=True
    ).encode(
        x=across,
        y=up,
        tooltip=[
            alt.Tooltip("name:N", title="level"),
            alt.Tooltip("told:N", title="value"),
            alt.Tooltip("observation:Q", title="number"),
        ],
    )
    named = rungs.names(alt, rows.transform_filter(alt.datum.first == 1))
    return rungs.sized(alt, alt.layer(ways, dots, named))
