"""Pairs of factors, a coloured cell each with its number in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from types import ModuleType

FIELDS: Final = ("a", "b", "shown", "said", "depth", "own")

_STEPS = 4
_DEPTHS: Final = list(range(-_STEPS, _STEPS + 1))


def specification(alt: ModuleType) -> Any:
    """Return the chart, made with Altair."""
    sides = [f"minus-{step}" for step in range(_STEPS, 0, -1)] + ["even"]
    sides += [f"plus-{step}" for step in range(1, _STEPS + 1)]
    points = alt.Chart(alt.NamedData(name="points")).encode(
        x=alt.X("b:N", sort=None, axis=_axis(alt, orient="top")),
        y=alt.Y("a:N", sort=None, axis=_axis(alt, orient="left")),
        tooltip=[
            alt.Tooltip("a:N", title="factor"),
            alt.Tooltip("b:N", title="with"),
            alt.Tooltip("said:N", title="effect"),
        ],
    )
    cells = points.mark_rect(strokeWidth=2, stroke="var(--lr-ground)").encode(
        color=alt.Color(
            "depth:O",
            legend=None,
            scale=alt.Scale(domain=_DEPTHS, range=[f"var(--lr-{side})" for side in sides]),
        )
    )
    own = points.transform_filter(alt.datum.own).mark_rect(
        fillOpacity=0, strokeWidth=1.5, stroke="var(--lr-line)"
    )
    texts = points.mark_text(fontSize=11.5, color="var(--lr-text)").encode(text="shown:N")
    return alt.layer(cells, own, texts).properties(width="container", height="container")


def _axis(alt: ModuleType, orient: str) -> Any:
    return alt.Axis(
        title=None, orient=orient, labelAngle=0, labelLimit=104, grid=False, domain=False,
        ticks=False,
    )  # fmt: skip
