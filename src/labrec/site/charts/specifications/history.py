"""Runs of two arms over time, and the events between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from labrec.site.charts.specifications.pieces import HEIGHT, upright

if TYPE_CHECKING:
    from types import ModuleType

FIELDS: Final = ("x", "y", "look", "name", "said", "href")

_EVENT, _TICK = 4, 5
_ROOM, _STRIP, _BASE = 46, 30, 16  # pixels from the bottom: the plot, what has no value, the axis
_CROSS = "M-0.8,-0.8L0.8,0.8M0.8,-0.8L-0.8,0.8"


def specification(alt: ModuleType) -> Any:
    """Return the chart, made with Altair."""
    scale = alt.Scale(zero=False, nice=False, domain=["@first", "@last"])
    # milliseconds, and words for them from the page: a time scale's ends would be expressions
    across = alt.X("x:Q", scale=scale, axis=None)
    points = alt.Chart(alt.NamedData(name="points"))
    told = [
        alt.Tooltip("name:N", title="run"),
        alt.Tooltip("said:N", title="is"),
    ]
    events = points.transform_filter(alt.datum.look == _EVENT).encode(x=across)
    lines = events.mark_rule(strokeDash=[5, 4], color="var(--lr-muted)").encode(
        tooltip=[alt.Tooltip("said:N", title="event")], y2=alt.value(HEIGHT - _BASE)
    )
    signs = events.mark_text(baseline="bottom", dy=-2, color="var(--lr-text)", fontSize=11).encode(
        y=alt.value(0), text="name:N"
    )
    ticks = points.transform_filter(alt.datum.look == _TICK).encode(x=across)
    marks = ticks.mark_rule(color="var(--lr-line)").encode(
        y=alt.value(HEIGHT - _BASE), y2=alt.value(HEIGHT - _BASE + 4)
    )
    labels = ticks.mark_text(
        baseline="bottom", fontSize=11, color="var(--lr-muted)"
    ).encode(y=alt.value(HEIGHT + 2), text="name:N")  # fmt: skip
    arms = (
        points.transform_filter((alt.datum.look > 0) & (alt.datum.look < _EVENT))
        .mark_point(size=62, strokeWidth=1.6, opacity=1)
        .encode(
            x=across,
            y=upright(alt, room=_ROOM),
            shape=_by_look(alt, alt.Shape, ["circle", "square", "diamond"]),
            color=_by_look(
                alt, alt.Color, ["var(--lr-look-1)", "var(--lr-look-2)", "var(--lr-muted)"]
            ),
            fill=_by_look(alt, alt.Fill, ["var(--lr-look-1)", "var(--lr-ground)", "transparent"]),
            tooltip=told,
        )
    )
    silent = (
        points.transform_filter(alt.datum.look == 0)
        .mark_point(shape=_CROSS, size=50, strokeWidth=1.6, color="var(--lr-worse)", opacity=1)
        .encode(x=across, y=alt.value(HEIGHT - _STRIP), tooltip=told)
    )
    return alt.layer(lines, signs, marks, labels, arms, silent).properties(
        width="container", height=HEIGHT
    )


def _by_look(alt: ModuleType, channel: Any, looks: list[str]) -> Any:
    """Return a channel that takes one of our looks: treatment, baseline, aside."""
    return channel("look:N", scale=alt.Scale(domain=[1, 2, 3], range=looks), legend=None)
