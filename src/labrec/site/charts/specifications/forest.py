"""Differences around 0, each with its interval and the band within which none matters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labrec.site.charts.specifications import rungs

if TYPE_CHECKING:
    from types import ModuleType

FIELDS = rungs.FIELDS


def specification(alt: ModuleType) -> Any:
    """Return the chart, made with Altair."""
    return rungs.chart(alt, rungs.points(alt), reference=0.0)
