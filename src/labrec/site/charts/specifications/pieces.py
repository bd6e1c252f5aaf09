"""Pieces that our specifications share: axes, zooming, pointing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from types import ModuleType

LOOKS: Final = [1, 2, 3, 4, 5, 6]
DASHES: Final = [[1, 0], [7, 3], [2, 2], [9, 3, 2, 3], [4, 4], [12, 4]]
HEIGHT: Final = 260


def zoom(alt: ModuleType) -> Any:
    """Return a selection that zooms: the wheel scrolls the page, with Ctrl it zooms, as maps do."""
    return alt.selection_interval(bind="scales", name="zoom", zoom="wheel![event.ctrlKey]")


def zoom_level(alt: ModuleType) -> Any:
    """Return the same along the level axis alone."""
    return alt.selection_interval(
        bind="scales", encodings=["x"], name="zoom", zoom="wheel![event.ctrlKey]"
    )


def upright(alt: ModuleType, field: str = "y", room: int = 0) -> Any:
    """Return the upright axis of a field, over the range that the page gives.

    Args:
        alt: Altair.
        field: What it shows.
        room: Pixels that stay free below it.
    """
    scale = alt.Scale(zero=False, nice=False, domain=["@low", "@high"], range=[HEIGHT - room, 0])
    return alt.Y(f"{field}:Q", scale=scale, axis=title(alt))


def level(alt: ModuleType) -> Any:
    """Return the level axis of the field ``x``, between the ends that the page gives."""
    scale = alt.Scale(zero=False, nice=False, domain=["@first", "@last"])
    axis = alt.Axis(grid=False, title="@x", titleAnchor="end", tickCount=6, tickMinStep=1)
    return alt.X("x:Q", scale=scale, axis=axis)


def title(alt: ModuleType) -> Any:
    """Return an axis titled above rather than along it: read without turning one's head."""
    return alt.Axis(
        title="@y", titleAngle=0, titleAlign="left", titleAnchor="start", titleX=-52, titleY=-14,
        tickCount=5,
    )  # fmt: skip


def near(alt: ModuleType) -> Any:
    """Return a selection of the mark that the pointer is nearest to."""
    return alt.selection_point(
        name="near", on="pointermove", nearest=True, empty=False, clear="pointerout"
    )
