"""The specifications of our charts, made with Altair. Fixed: no argument, nothing of a record.

A page brings rows for the data set ``points``, whose fields are `FIELDS`, and texts that take the
place of ``@name`` where a specification holds one; ``@first``, ``@last``, ``@low`` and ``@high``
are the ends of the axes. Colours are the variables of ``site.css``, so
a chart follows the theme, and prints, without being drawn again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from labrec.errors import NotFoundError

if TYPE_CHECKING:
    from types import ModuleType

FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "lines": ("look", "x", "y", "alone"),
    "progress": (
        "x", "name", "y", "low", "high", "best", "look", "n", "failed", "exact", "href",
    ),
}  # fmt: skip
"""Fields of the rows of each kind of chart, in the order in which a page writes them."""

_LOOKS = [1, 2, 3, 4, 5, 6]
_DASHES = [[1, 0], [7, 3], [2, 2], [9, 3, 2, 3], [4, 4], [12, 4]]
_HEIGHT = 260
_STRIP = 24  # pixels below the plot for experiments without a value


def specifications() -> dict[str, dict[str, Any]]:
    """Return every specification by the kind of figure it draws.

    Raises:
        NotFoundError: Altair is not installed.
    """
    try:
        import altair as alt  # takes half a second: only where a site is built
    except ImportError as error:
        raise NotFoundError(
            "charts need altair, which is not installed", hint="pip install 'labrec[lab]'"
        ) from error
    charts = {"lines": _lines(alt), "progress": _progress(alt)}
    return {kind: _plain(chart.to_dict()) for kind, chart in charts.items()}


def _plain(specification: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is looked up elsewhere: the schema's address, and Altair's configuration."""
    return {key: part for key, part in specification.items() if key not in {"$schema", "config"}}


def _zoom(alt: ModuleType) -> Any:
    # The wheel scrolls the page; with Ctrl it zooms, as maps do.
    return alt.selection_interval(bind="scales", name="zoom", zoom="wheel![event.ctrlKey]")


def _upright(alt: ModuleType, field: str = "y", room: int = 0) -> Any:
    scale = alt.Scale(zero=False, nice=False, domain=["@low", "@high"], range=[_HEIGHT - room, 0])
    return alt.Y(f"{field}:Q", scale=scale, axis=_title(alt))


def _level(alt: ModuleType) -> Any:
    scale = alt.Scale(zero=False, nice=False, domain=["@first", "@last"])
    axis = alt.Axis(grid=False, title="@x", titleAnchor="end", tickCount=6, tickMinStep=1)
    return alt.X("x:Q", scale=scale, axis=axis)


def _title(alt: ModuleType) -> Any:
    # Above the axis rather than along it: read without turning one's head.
    return alt.Axis(
        title="@y", titleAngle=0, titleAlign="left", titleAnchor="start", titleX=-52, titleY=-14,
        tickCount=5,
    )  # fmt: skip


def _lines(alt: ModuleType) -> Any:
    across = _level(alt)
    look = alt.Scale(domain=_LOOKS, range=[f"var(--lr-look-{look})" for look in _LOOKS])
    dash = alt.Scale(domain=_LOOKS, range=_DASHES)
    base = alt.Chart(alt.NamedData(name="points")).encode(
        x=across,
        y=_upright(alt),
        color=alt.Color("look:N", scale=look, legend=None),
    )
    line = base.mark_line(
        strokeWidth=1.8, clip=True, interpolate="linear", invalid="break-paths-show-path-domains"
    ).encode(strokeDash=alt.StrokeDash("look:N", scale=dash, legend=None))
    alone = base.transform_filter(alt.datum.alone == 1).mark_point(
        filled=True, opacity=1, size=40, clip=True
    )
    hover = base.mark_point(filled=True, size=50, clip=True).encode(
        opacity=alt.condition(_near(alt), alt.value(1), alt.value(0)),
        tooltip=[
            alt.Tooltip("name:N", title="metric"),
            alt.Tooltip("x:Q", title="step"),
            alt.Tooltip("y:Q", title="value", format=".6~g"),
        ],
    )
    return (
        alt.layer(line, alone, hover.add_params(_near(alt)))
        .properties(width="container", height=_HEIGHT)
        .add_params(_zoom(alt))
    )


def _near(alt: ModuleType) -> Any:
    return alt.selection_point(
        name="near", on="pointermove", nearest=True, empty=False, clear="pointerout"
    )


def _progress(alt: ModuleType) -> Any:
    across = _level(alt)
    rows = alt.Chart(alt.NamedData(name="points"))
    told = [
        alt.Tooltip("name:N", title="experiment"),
        alt.Tooltip("exact:N", title="mean"),
        alt.Tooltip("n:Q", title="runs"),
        alt.Tooltip("failed:Q", title="failed or interrupted"),
        alt.Tooltip("x:Q", title="place"),
    ]
    best = rows.mark_line(
        interpolate="step-after", strokeWidth=1.6, color="var(--lr-best)", clip=True
    ).encode(x=across, y=_upright(alt, "best", _STRIP))
    interval = rows.mark_rule(strokeWidth=1.4, color="var(--lr-muted)", clip=True).encode(
        x=across, y=_upright(alt, "low", _STRIP), y2="high:Q"
    )
    means = (
        rows.transform_filter(alt.datum.look > 0)
        .mark_point(filled=True, opacity=1, clip=True)
        .encode(
            x=across,
            y=_upright(alt, room=_STRIP),
            shape=_by_look(alt, alt.Shape, ["circle", "diamond", "triangle-up", "triangle-down"]),
            size=_by_look(alt, alt.Size, [36, 150, 60, 60]),
            color=_by_look(
                alt, alt.Color, ["var(--lr-mean)", "var(--lr-best)", *["var(--lr-worse)"] * 2]
            ),
            tooltip=told,
        )
    )
    strip = rows.transform_filter((alt.datum.failed > 0) | (alt.datum.look == 0)).encode(
        x=across, y=alt.value(_HEIGHT - _STRIP / 2), tooltip=told
    )
    failed = strip.mark_point(size=50, strokeWidth=1.6, clip=True).encode(
        shape=alt.condition(alt.datum.failed > 0, alt.value(_CROSS), alt.value("circle")),
        color=alt.condition(
            alt.datum.failed > 0, alt.value("var(--lr-worse)"), alt.value("var(--lr-muted)")
        ),
    )
    return (
        alt.layer(interval, best, means, failed)
        .properties(width="container", height=_HEIGHT)
        .add_params(_zoom(alt))
    )


def _by_look(alt: ModuleType, channel: Any, looks: list[Any]) -> Any:
    """Return a channel that takes one of our looks: a mean, a new best, beyond the range."""
    kind = "O" if channel is alt.Size else "N"
    return channel(f"look:{kind}", scale=alt.Scale(domain=[1, 2, 3, 4], range=looks), legend=None)


_CROSS = "M-0.8,-0.8L0.8,0.8M0.8,-0.8L-0.8,0.8"
