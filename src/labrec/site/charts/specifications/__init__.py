"""The specifications of our charts, made with Altair. Fixed: no argument, nothing of a record.

One module a kind of chart: ``FIELDS``, the fields of the rows of its data set ``points`` in the
order in which a page writes them, and ``specification``, which makes the chart. A page brings those
rows and texts that take the place of ``@name`` where a specification holds one; ``@first``,
``@last``, ``@low`` and ``@high`` are the ends of the axes. Colours are the variables of
``site.css``, so a chart follows the theme, and prints, without being drawn again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from labrec.errors import NotFoundError
from labrec.site.charts.specifications import (
    bars,
    boxes,
    change,
    checks,
    forest,
    front,
    heatmap,
    history,
    levels,
    levels_ratio,
    lines,
    progress,
    ratios,
    timeline,
)

if TYPE_CHECKING:
    from types import ModuleType

_CHARTS: Final[dict[str, ModuleType]] = {
    "lines": lines,
    "progress": progress,
    "timeline": timeline,
    "bars": bars,
    "heatmap": heatmap,
    "history": history,
    "forest": forest,
    "ratios": ratios,
    "boxes": boxes,
    "levels": levels,
    "levels-ratio": levels_ratio,
    "front": front,
    "change": change,
    "checks": checks,
}

FIELDS: Final[dict[str, tuple[str, ...]]] = {
    kind: module.FIELDS for kind, module in _CHARTS.items()
}
"""Fields of the rows of each kind of chart."""


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
    charts = {kind: module.specification(alt) for kind, module in _CHARTS.items()}
    return {kind: _plain(chart.to_dict()) for kind, chart in charts.items()}


def _plain(specification: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is looked up elsewhere: the schema's address, and Altair's configuration."""
    return {key: part for key, part in specification.items() if key not in {"$schema", "config"}}
