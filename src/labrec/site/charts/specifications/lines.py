"""Lines over steps, with the point that the pointer is nearest to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from labrec.site.charts.specifications.pieces import (
    DASHES,
    HEIGHT,
    LOOKS,
    level,
    near,
    upright,
    zoom,
)

if TYPE_CHECKING:
    from types import ModuleType

FIELDS: Final = ("look", "x", "y", "alone")


def specification(alt: ModuleType) -> Any:
    """Return the chart, made with Altair."""
    across = level(alt)
    look = alt.Scale(domain=LOOKS, range=[f"var(--lr-look-{look})" for look in LOOKS])
    dash = alt.Scale(domain=LOOKS, range=DASHES)
    base = alt.Chart(alt.NamedData(name="points")).encode(
        x=across,
        y=upright(alt),
        color=alt.Color("look:N", scale=look, legend=None),
    )
    line = base.mark_line(
        strokeWidth=1.8, clip=True, interpolate="linear", invalid="break-paths-show-path-domains"
    ).encode(strokeDash=alt.StrokeDash("look:N", scale=dash, legend=None))
    alone = base.transform_filter(alt.datum.alone == 1).mark_point(
        filled=True, opacity=1, size=40, clip=True
    )
    hover = base.mark_point(filled=True, size=50, clip=True).encode(
        opacity=alt.condition(near(alt), alt.value(1), alt.value(0)),
        tooltip=[
            alt.Tooltip("name:N", title="metric"),
            alt.Tooltip("x:Q", title="step"),
            alt.Tooltip("y:Q", title="value", format=".6~g"),
        ],
    )
    return (
        alt.layer(line, alone, hover.add_params(near(alt)))
        .properties(width="container", height=HEIGHT)
        .add_params(zoom(alt))
    )
