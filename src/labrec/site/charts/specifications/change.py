"""A metric over the runs of one configuration, with the places where it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from labrec.site.charts.specifications.pieces import HEIGHT, level, upright, zoom

if TYPE_CHECKING:
    from types import ModuleType

FIELDS: Final = ("x", "end", "y", "name", "look", "told", "note", "href")


def specification(alt: ModuleType) -> Any:
    """Return the chart, made with Altair."""
    rows = alt.Chart(alt.NamedData(name="points"))
    dots = (
        rows.transform_filter(alt.datum.look == 0)
        .mark_point(filled=True, opacity=1, size=34, color="var(--lr-mean)", clip=True)
        .encode(
            x=level(alt),
            y=upright(alt),
            tooltip=[
                alt.Tooltip("name:N", title="run"),
                alt.Tooltip("told:N", title="value"),
                alt.Tooltip("note:N", title="started"),
            ],
        )
    )
    means = (
        rows.transform_filter(alt.datum.look > 0)
        .mark_rule(strokeWidth=2.4, color="var(--lr-best)", clip=True)
        .encode(
            x=level(alt), x2="end:Q", y=upright(alt), tooltip=[alt.Tooltip("told:N", title="mean")]
        )
    )
    turns = (
        rows.transform_filter(alt.datum.look == 2)  # noqa: PLR2004 - begins with a change
        .mark_rule(strokeWidth=1.6, strokeDash=[5, 4], color="var(--lr-worse)", clip=True)
        .encode(x=level(alt), tooltip=[alt.Tooltip("note:N", title="change")])
    )
    return (
        alt.layer(means, turns, dots)
        .properties(width="container", height=HEIGHT)
        .add_params(zoom(alt))
    )
