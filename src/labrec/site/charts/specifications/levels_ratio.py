"""Observations by level of a condition, on a scale of ratios."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labrec.site.charts.specifications import levels

if TYPE_CHECKING:
    from types import ModuleType

FIELDS = levels.FIELDS


def specification(alt: ModuleType) -> Any:
    """Return the chart, made with Altair."""
    return levels.specification(alt, log=True)
