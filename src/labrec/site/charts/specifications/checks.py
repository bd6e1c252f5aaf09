"""Which items of a list each of several things meets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from labrec.site.charts.specifications import rungs

if TYPE_CHECKING:
    from types import ModuleType

FIELDS: Final = ("row", "name", "number", "item", "told", "met", "href")

_TICK = "M-0.55,0L-0.15,0.45L0.6,-0.5"
_CROSS = "M-0.5,-0.5L0.5,0.5M0.5,-0.5L-0.5,0.5"


def specification(alt: ModuleType) -> Any:
    """Return the chart, made with Altair."""
    rows = alt.Chart(alt.NamedData(name="points"))
    scale = alt.Scale(zero=False, nice=False, domain=["@first", "@last"])
    axis = alt.Axis(title="@x", titleAnchor="start", grid=False, tickCount=8, format="d")
    across = alt.X("number:Q", scale=scale, axis=axis)
    told = [
        alt.Tooltip("name:N", title="of"),
        alt.Tooltip("item:N", title="item"),
        alt.Tooltip("told:N", title="it is"),
    ]
    met = alt.datum.met == 1
    cells = rows.mark_square(filled=True, opacity=1, size=420, yOffset=rungs.BELOW).encode(
        x=across,
        y=rungs.rung(alt),
        color=alt.condition(
            met, alt.value("var(--lr-better-ground)"), alt.value("var(--lr-worse-ground)")
        ),
        tooltip=told,
    )
    signs = rows.mark_point(filled=False, size=110, strokeWidth=2, yOffset=rungs.BELOW).encode(
        x=across,
        y=rungs.rung(alt),
        shape=alt.condition(met, alt.value(_TICK), alt.value(_CROSS)),
        color=alt.condition(met, alt.value("var(--lr-better)"), alt.value("var(--lr-worse)")),
        tooltip=told,
    )
    named = rungs.names(alt, rows.transform_filter(alt.datum.number == 1))
    return rungs.sized(alt, alt.layer(cells, signs, named))
