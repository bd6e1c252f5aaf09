"""Experiments in order, each with its mean and interval, and the best so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from labrec.site.charts.specifications.pieces import HEIGHT, level, upright, zoom

if TYPE_CHECKING:
    from types import ModuleType

FIELDS: Final = (
    "x", "name", "y", "low", "high", "best", "look", "n", "failed", "exact", "href",
    "luck_base", "luck", "luck_far",
)  # fmt: skip

_STRIP = 24  # pixels below the plot for experiments without a value


def specification(alt: ModuleType) -> Any:
    """Return the chart, made with Altair."""
    across = level(alt)
    rows = alt.Chart(alt.NamedData(name="points"))
    told = [
        alt.Tooltip("name:N", title="experiment"),
        alt.Tooltip("exact:N", title="mean"),
        alt.Tooltip("n:Q", title="runs"),
        alt.Tooltip("failed:Q", title="failed or interrupted"),
        alt.Tooltip("x:Q", title="place"),
    ]
    lucky = rows.transform_filter("isValid(datum.luck)")
    band = lucky.mark_area(
        interpolate="step-after", color="var(--lr-band)", opacity=1, clip=True
    ).encode(x=across, y=upright(alt, "luck_base", _STRIP), y2="luck_far:Q")
    by_luck = lucky.mark_line(
        interpolate="step-after", strokeWidth=1.2, strokeDash=[4, 3], color="var(--lr-band-end)",
        clip=True,
    ).encode(x=across, y=upright(alt, "luck", _STRIP))  # fmt: skip
    best = rows.mark_line(
        interpolate="step-after", strokeWidth=1.6, color="var(--lr-best)", clip=True
    ).encode(x=across, y=upright(alt, "best", _STRIP))
    interval = rows.mark_rule(strokeWidth=1.4, color="var(--lr-muted)", clip=True).encode(
        x=across, y=upright(alt, "low", _STRIP), y2="high:Q"
    )
    means = (
        rows.transform_filter(alt.datum.look > 0)
        .mark_point(filled=True, opacity=1, clip=True)
        .encode(
            x=across,
            y=upright(alt, room=_STRIP),
            shape=_by_look(alt, alt.Shape, ["circle", "diamond", "triangle-up", "triangle-down"]),
            size=_by_look(alt, alt.Size, [36, 150, 60, 60]),
            color=_by_look(
                alt, alt.Color, ["var(--lr-mean)", "var(--lr-best)", *["var(--lr-worse)"] * 2]
            ),
            tooltip=told,
        )
    )
    strip = rows.transform_filter((alt.datum.failed > 0) | (alt.datum.look == 0)).encode(
        x=across, y=alt.value(HEIGHT - _STRIP / 2), tooltip=told
    )
    failed = strip.mark_point(size=50, strokeWidth=1.6, clip=True).encode(
        shape=alt.condition(alt.datum.failed > 0, alt.value(_CROSS), alt.value("circle")),
        color=alt.condition(
            alt.datum.failed > 0, alt.value("var(--lr-worse)"), alt.value("var(--lr-muted)")
        ),
    )
    return (
        alt.layer(band, by_luck, interval, best, means, failed)
        .properties(width="container", height=HEIGHT)
        .add_params(zoom(alt))
    )


def _by_look(alt: ModuleType, channel: Any, looks: list[Any]) -> Any:
    """Return a channel that takes one of our looks: a mean, a new best, beyond the range."""
    kind = "O" if channel is alt.Size else "N"
    return channel(f"look:{kind}", scale=alt.Scale(domain=[1, 2, 3, 4], range=looks), legend=None)


_CROSS = "M-0.8,-0.8L0.8,0.8M0.8,-0.8L-0.8,0.8"
