"""Two metrics of every experiment, with the front as a line of steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from labrec.site.charts.specifications.pieces import HEIGHT, upright, zoom
from labrec.site.charts.specifications.rungs import by_look

if TYPE_CHECKING:
    from types import ModuleType

FIELDS: Final = (
    "name", "x", "x_low", "x_high", "y", "y_low", "y_high", "look", "told", "note", "corner",
    "href",
)  # fmt: skip


def specification(alt: ModuleType) -> Any:
    """Return the chart, made with Altair."""
    rows = alt.Chart(alt.NamedData(name="points"))
    line = (
        rows.transform_filter("isValid(datum.corner)")
        .mark_line(strokeWidth=1.6, color="var(--lr-best)", clip=True)
        .encode(x=_level(alt, "x"), y=upright(alt), order="corner:Q")
    )
    spots = rows.transform_filter(alt.datum.look > 0)
    near = spots.transform_filter(alt.datum.look < 4)  # noqa: PLR2004 - the beaten look
    rule = {"strokeWidth": 1.3, "color": "var(--lr-mean)", "clip": True}
    across = near.mark_rule(**rule).encode(x=_level(alt, "x_low"), x2="x_high:Q", y=upright(alt))
    up = near.mark_rule(**rule).encode(
        x=_level(alt, "x"), y=upright(alt, "y_low"), y2="y_high:Q"
    )  # fmt: skip
    sized = spots.transform_calculate(
        size="datum.look == 1 ? 170 : datum.look == 4 ? 26 : datum.look == 2 ? 90 : 75"
    )
    inside = ["var(--lr-best)", "var(--lr-best)", "var(--lr-ground)", "var(--lr-beaten)"]
    around = ["var(--lr-best)", "var(--lr-best)", "var(--lr-look-2)", "var(--lr-beaten)"]
    marks = sized.mark_point(filled=True, opacity=1, clip=True).encode(
        x=_level(alt, "x"),
        y=upright(alt),
        shape=by_look(alt.Shape, alt, ["diamond", "circle", "circle", "circle"]),
        size=alt.Size("size:Q", scale=None, legend=None),
        fill=by_look(alt.Fill, alt, inside),
        stroke=by_look(alt.Stroke, alt, around),
        strokeWidth=alt.value(1.6),
        tooltip=[
            alt.Tooltip("name:N", title="experiment"),
            alt.Tooltip("told:N", title="means"),
            alt.Tooltip("note:N", title="front"),
        ],
    )
    return (
        alt.layer(across, up, line, marks)
        .properties(width="container", height=HEIGHT)
        .add_params(zoom(alt))
    )


def _level(alt: ModuleType, field: str) -> Any:
    scale = alt.Scale(zero=False, nice=False, domain=["@first", "@last"])
    axis = alt.Axis(grid=False, title="@x", titleAnchor="end", tickCount=5)
    return alt.X(f"{field}:Q", scale=scale, axis=axis)
