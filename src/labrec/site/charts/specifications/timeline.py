"""Quantities of a run over one time axis, one above the other, with what happened meanwhile.

One plot holds all panels, so that they share the axis, the zoom and the pointer: each panel is a
band of a thousand on the upright axis, and the page says which values its ends are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from labrec.site.charts.specifications.pieces import LOOKS, level, near

if TYPE_CHECKING:
    from types import ModuleType

FIELDS: Final = ("look", "x", "value", "kind")

POINT, SPAN, MARK, ALONE, TITLE = range(5)
"""Kinds of rows: a point of a line, a stretch of time, a moment, a point that no line reaches, the
name of a panel."""

BAND: Final = 1000
"""Height of a panel on the upright axis."""

FOOT: Final = 100
"""Where in its band the lowest value of a panel stands."""

REACH: Final = 700
"""How far above that its highest stands; the name of the panel is above."""

_PLACE = (
    f"bases[datum.look - 1] + {FOOT} + {REACH} * (datum.value - lows[datum.look - 1])"
    " / (highs[datum.look - 1] - lows[datum.look - 1])"
)


class _Chart:
    """An Altair chart, and what of it a page fills in that Altair would not take."""

    def __init__(self, chart: Any) -> None:
        self.chart = chart

    def to_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = self.chart.to_dict()
        found["height"] = "@height"
        found["params"] = [
            *({"name": name, "value": f"@{name}"} for name in ("bases", "lows", "highs", "labels")),
            *found.get("params", []),
        ]
        for layer in found["layer"]:
            scale = layer["encoding"].get("y", {})
            if scale.get("axis"):
                scale["axis"]["values"] = "@ticks"
        return found


def specification(alt: ModuleType) -> Any:
    """Return the chart, made with Altair."""
    across = level(alt)
    axis = alt.Axis(
        title=None, labelExpr="labels[datum.value]", labelOverlap=False, values=[0], domain=False
    )
    scale = alt.Scale(zero=False, nice=False, domain=["@low", "@high"])
    up = alt.Y("y:Q", scale=scale, axis=axis)
    rows = alt.Chart(alt.NamedData(name="points"))
    look = alt.Scale(domain=LOOKS, range=[f"var(--lr-look-{look})" for look in LOOKS])
    colour = alt.Color("look:N", scale=look, legend=None)
    placed = rows.transform_calculate(y=_PLACE).encode(x=across, y=up, color=colour)
    spans = (
        rows.transform_filter(alt.datum.kind == SPAN)
        .mark_rect(fill="var(--lr-worse)", opacity=0.2, stroke="var(--lr-worse)", clip=True)
        .encode(x=across, x2="value:Q", tooltip=[alt.Tooltip("name:N", title="meanwhile")])
    )
    marks = (
        rows.transform_filter(alt.datum.kind == MARK)
        .mark_rule(strokeWidth=1.6, strokeDash=[4, 3], color="var(--lr-text)", clip=True)
        .encode(x=across, tooltip=[alt.Tooltip("name:N", title="then")])
    )
    line = placed.transform_filter(alt.datum.kind == POINT).mark_line(
        strokeWidth=1.6, clip=True, invalid="break-paths-show-path-domains"
    )
    points = placed.transform_filter((alt.datum.kind == POINT) | (alt.datum.kind == ALONE))
    alone = placed.transform_filter(alt.datum.kind == ALONE).mark_point(
        filled=True, opacity=1, size=36, clip=True
    )
    hover = points.mark_point(filled=True, size=50, clip=True).encode(
        opacity=alt.condition(near(alt), alt.value(1), alt.value(0)),
        tooltip=[
            alt.Tooltip("name:N", title="what"),
            alt.Tooltip("x:Q", title="@x", format=".5~g"),
            alt.Tooltip("value:Q", title="value", format=".5~g"),
        ],
    )
    titles = (
        rows.transform_filter(alt.datum.kind == TITLE)
        .transform_calculate(y=f"bases[datum.look - 1] + {BAND - 60}")
        .mark_text(align="left", baseline="top", fontSize=12, fill="var(--lr-text)", fontWeight=500)
        .encode(x=alt.value(0), y=up, text="name:N")
    )
    return _Chart(
        alt.layer(spans, marks, line, alone, titles, hover.add_params(near(alt)))
        .properties(width="container", height=300)
        .add_params(
            # as in the other charts, along the time alone
            alt.selection_interval(
                bind="scales", name="zoom", encodings=["x"], zoom="wheel![event.ctrlKey]"
            )
        )
    )
