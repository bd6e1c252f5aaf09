"""Where values lie: a line over all, a box over the middle half, a stroke at the median."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labrec.site.charts.specifications import rungs

if TYPE_CHECKING:
    from types import ModuleType

FIELDS = rungs.FIELDS


def specification(alt: ModuleType) -> Any:
    """Return the chart, made with Altair."""
    rows = alt.Chart(alt.NamedData(name="points"))
    whole = rows.mark_rule(
        strokeWidth=1.8, color="var(--lr-mean)", yOffset=rungs.BELOW, clip=True
    ).encode(
        x=rungs.values(alt, "low"), x2="high:Q", y=rungs.rung(alt), tooltip=rungs.told(alt)
    )  # fmt: skip
    box = rows.mark_bar(
        size=14, color="var(--lr-band)", stroke="var(--lr-band-end)", yOffset=rungs.BELOW,
        y2Offset=rungs.BELOW, clip=True,
    ).encode(
        x=rungs.values(alt, "band_low"), x2="band_high:Q", y=rungs.rung(alt),
        tooltip=rungs.told(alt),
    )  # fmt: skip
    middle = rows.mark_tick(
        size=20, thickness=3, color="var(--lr-best)", yOffset=rungs.BELOW, clip=True
    ).encode(x=rungs.values(alt, "x"), y=rungs.rung(alt), tooltip=rungs.told(alt))
    return rungs.sized(alt, alt.layer(whole, box, middle, rungs.names(alt, rows)))
