"""Values one below the other, each with an interval and a band: what three kinds share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from labrec.site.charts.specifications.pieces import zoom_level

if TYPE_CHECKING:
    from types import ModuleType

FIELDS: Final = (
    "row", "name", "x", "low", "high", "band_low", "band_high", "look", "told", "note", "href",
)  # fmt: skip

ROW: Final = 40
BELOW: Final = 9  # pixels from the middle of a rung to its value; its name stands above


class _Sized:
    """An Altair chart whose height a page fills in, which Altair would not take."""

    def __init__(self, chart: Any) -> None:
        self.chart = chart

    def to_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = self.chart.to_dict()
        return found | {"height": "@height"}


def rung(alt: ModuleType) -> Any:
    """Return the upright axis: a rung a row, named inside of the plot."""
    return alt.Y("row:O", axis=None, scale=alt.Scale(type="band", paddingInner=0, paddingOuter=0))


def values(alt: ModuleType, field: str, *, log: bool = False) -> Any:
    """Return the level axis of a field, between the ends that the page gives."""
    ends = ["@first", "@last"]
    if log:
        scale = alt.Scale(type="log", nice=False, domain=ends)
    else:
        scale = alt.Scale(zero=False, nice=False, domain=ends)
    axis = alt.Axis(title="@x", titleAnchor="start", tickCount=4, grid=False, labelFlush=True)
    return alt.X(f"{field}:Q", scale=scale, axis=axis)


def names(alt: ModuleType, rows: Any) -> Any:
    """Return the names of the rungs, above their values."""
    return rows.mark_text(
        align="left", baseline="bottom", dy=-3, fontSize=11, limit=330, color="var(--lr-text)"
    ).encode(x=alt.value(2), y=rung(alt), text="name:N")


def told(alt: ModuleType) -> list[Any]:
    """Return what the pointer shows."""
    return [
        alt.Tooltip("name:N", title="of"),
        alt.Tooltip("told:N", title="value"),
        alt.Tooltip("note:N", title="note"),
    ]


def chart(alt: ModuleType, marks: Any, *, log: bool = False, reference: float | None = None) -> Any:
    """Return a chart of rungs.

    Args:
        alt: Altair.
        marks: The layers above bands and intervals, made from the rows.
        log: Whether its scale is one of ratios.
        reference: The value of no difference, marked by a line; None = none.
    """
    rows = alt.Chart(alt.NamedData(name="points"))
    banded = rows.transform_filter("isValid(datum.band_low)")
    band = banded.mark_bar(size=ROW, color="var(--lr-band)", clip=True).encode(
        x=values(alt, "band_low", log=log), x2="band_high:Q", y=rung(alt)
    )
    ends = [
        banded.mark_tick(size=ROW, thickness=1.3, color="var(--lr-band-end)", clip=True).encode(
            x=values(alt, end, log=log), y=rung(alt)
        )
        for end in ("band_low", "band_high")
    ]
    interval = rows.mark_rule(
        strokeWidth=1.8, color="var(--lr-mean)", yOffset=BELOW, clip=True
    ).encode(x=values(alt, "low", log=log), x2="high:Q", y=rung(alt))
    layers = [band, *ends]
    if reference is not None:
        layers.append(
            rows.mark_rule(strokeWidth=1.2, color="var(--lr-muted)", clip=True).encode(
                x=alt.datum(reference)
            )
        )
    layers += [interval, names(alt, rows), *marks(rows)]
    return sized(alt, alt.layer(*layers))


def sized(alt: ModuleType, layers: Any) -> Any:
    """Return a chart as wide as its place; the page says how high it is, a rung a row."""
    return _Sized(layers.properties(width="container", height=ROW).add_params(zoom_level(alt)))


def points(alt: ModuleType, *, log: bool = False) -> Any:
    """Return what makes the layer of values: plain, clear or open ones."""

    def made(rows: Any) -> list[Any]:
        sized = rows.transform_calculate(size="datum.look == 2 ? 150 : 75")
        inside = ["var(--lr-mean)", "var(--lr-best)", "var(--lr-ground)"]
        around = ["var(--lr-mean)", "var(--lr-best)", "var(--lr-muted)"]
        look = sized.mark_point(filled=True, opacity=1, yOffset=BELOW, clip=True).encode(
            x=values(alt, "x", log=log),
            y=rung(alt),
            shape=by_look(alt.Shape, alt, ["circle", "diamond", "circle"]),
            size=alt.Size("size:Q", scale=None, legend=None),
            fill=by_look(alt.Fill, alt, inside),
            stroke=by_look(alt.Stroke, alt, around),
            strokeWidth=alt.value(1.6),
            tooltip=told(alt),
        )
        return [look]

    return made


def by_look(channel: Any, alt: ModuleType, looks: list[str]) -> Any:
    """Return a channel that takes one of several texts by the number of a look, from 1."""
    numbers = list(range(1, len(looks) + 1))
    return channel("look:N", scale=alt.Scale(domain=numbers, range=looks), legend=None)
