"""Rows of words with a bar and its interval, and the levels that they are held against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from types import ModuleType

FIELDS: Final = ("row", "name", "said", "start", "end", "low", "high", "look", "href", "words")

_DOWN = 6  # how far below the middle of its row, 40 pixels high, a bar stands
_LEVEL = 5
_COLOURS: Final = ["better", "worse", "open", "total"]


def specification(alt: ModuleType) -> Any:
    """Return the chart, made with Altair."""
    points = alt.Chart(alt.NamedData(name="points"))
    rows = points.transform_filter(alt.datum.look != _LEVEL)
    y = alt.Y("row:O", axis=None, scale=alt.Scale(paddingInner=0, paddingOuter=0))
    bars = (
        rows.transform_filter(alt.datum.look > 0)
        .mark_bar(height=11, yOffset=_DOWN)
        .encode(
            x=_level(alt, "start"),
            x2="end:Q",
            y=y,
            color=alt.Color(
                "look:N",
                legend=None,
                scale=alt.Scale(
                    domain=[1, 2, 3, 4], range=[f"var(--lr-bar-{name})" for name in _COLOURS]
                ),
            ),
            tooltip=[
                alt.Tooltip("name:N", title="of"),
                alt.Tooltip("said:N", title="value"),
            ],
        )
    )
    whiskers = (
        _valid(rows, "low")
        .mark_rule(strokeWidth=1.6, yOffset=_DOWN, y2Offset=_DOWN, color="var(--lr-text)")
        .encode(x=_level(alt, "low"), x2="high:Q", y=y)
    )
    caps = [
        _valid(rows, field)
        .mark_tick(size=8, thickness=1.6, orient="vertical", yOffset=_DOWN, color="var(--lr-text)")
        .encode(x=_level(alt, field), y=y)
        for field in ("low", "high")
    ]  # fmt: skip
    # words stand on a rim of the ground, so that no line runs through them
    words = [
        rows.mark_text(
            align="left", baseline="middle", yOffset=-10, fontSize=11.5, limit={"expr": "width"},
            color=colour, stroke=stroke, strokeWidth=4, strokeJoin="round",
        ).encode(x=alt.value(0), y=y, text="words:N")
        for colour, stroke in (("var(--lr-ground)", "var(--lr-ground)"), ("var(--lr-text)", None))
    ]  # fmt: skip
    levels = (
        points.transform_filter(alt.datum.look == _LEVEL)
        .mark_rule(strokeWidth=1.6, strokeDash=[5, 4], color="var(--lr-text)")
        .encode(x=_level(alt, "start"), tooltip=[alt.Tooltip("name:N", title="level")])
    )
    zero = points.mark_rule(strokeWidth=1, color="var(--lr-muted)").encode(x=alt.datum(0))
    return alt.layer(zero, bars, whiskers, *caps, levels, *words).properties(
        width="container", height="container"
    )


def _valid(rows: Any, field: str) -> Any:
    return rows.transform_filter(f"isValid(datum.{field})")


def _level(alt: ModuleType, field: str) -> Any:
    scale = alt.Scale(zero=False, nice=False, domain=["@first", "@last"])
    return alt.X(
        f"{field}:Q", scale=scale, axis=alt.Axis(title="@x", titleAnchor="end", tickCount=5)
    )
