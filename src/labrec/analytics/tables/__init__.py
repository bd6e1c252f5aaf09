"""The contract of the tables that ``labrec analyze`` writes: names, columns, units, meaning. Pure.

Declared once, here. The writer makes its Arrow schemas from it, the site and ``labrec query`` read
by it, and the data dictionary is generated from it. Values only: no package is imported, so that
the site may read the contract without bringing statistics in.

Every row leads back to the record it comes from by ``record_digest``; rows about several runs name
the experiment, whose runs the table ``runs`` lists.
"""

from __future__ import annotations

from typing import Final

from labrec.analytics.tables.attribution import ABOUT_DESIGNS
from labrec.analytics.tables.conditions import ABOUT_HARDWARE, HARDWARE_QUALITY
from labrec.analytics.tables.contract import Column, Kind, Table
from labrec.analytics.tables.datasets import DATASET_USES, DATASETS
from labrec.analytics.tables.evidence import ABOUT_HYPOTHESES, HYPOTHESES
from labrec.analytics.tables.experiments import CONTRASTS, EXPERIMENTS
from labrec.analytics.tables.growth import GROWTH
from labrec.analytics.tables.metrics_defined import METRIC_DEFINITIONS, METRICS_MISSING
from labrec.analytics.tables.notes import NOTES
from labrec.analytics.tables.runs import (
    ARTIFACTS,
    EDGES,
    FEATURE_CHANGES,
    FEATURES,
    HARDWARE,
    METRICS,
    PROBLEMS,
    RUNS,
    SERIES,
    TELEMETRY,
)
from labrec.analytics.tables.trends import TRENDS

__all__ = [
    "ABOUT_DESIGNS", "ABOUT_HARDWARE", "ABOUT_HYPOTHESES",
    "ARTIFACTS", "CONTRASTS", "DATASETS", "DATASET_USES", "EDGES", "EXPERIMENTS", "FEATURES",
    "FEATURE_CHANGES", "FOLDER",
    "GROWTH", "HARDWARE", "HARDWARE_QUALITY", "HYPOTHESES", "METRICS", "METRICS_MISSING",
    "METRIC_DEFINITIONS", "NOTES",
    "PROBLEMS", "RUNS", "SERIES", "TABLES", "TELEMETRY", "TRENDS", "VERSION", "Column", "Kind",
    "Table", "dictionary",
]  # fmt: skip

VERSION: Final = 1
"""Version of this contract; goes up when a column changes its meaning or leaves."""

FOLDER: Final = "build/labrec/tables"
"""Where a lab's tables are written, from its root."""

TABLES: Final[dict[str, Table]] = {
    table.name: table
    for table in (
        RUNS, EXPERIMENTS, CONTRASTS, METRICS, METRICS_MISSING, METRIC_DEFINITIONS, SERIES,
        FEATURES, FEATURE_CHANGES, EDGES, DATASETS, DATASET_USES, HARDWARE, TELEMETRY, ARTIFACTS,
        NOTES, PROBLEMS,
        *TRENDS,
        *ABOUT_HYPOTHESES,
        *ABOUT_DESIGNS,
        GROWTH,
        *ABOUT_HARDWARE,
    )
}  # fmt: skip
"""Every table by name."""


def dictionary() -> dict[str, object]:
    """Return the data dictionary as a JSON value."""
    return {
        "contract": VERSION,
        "tables": [
            {
                "name": table.name,
                "row": table.row,
                "key": list(table.key),
                "partitioned": table.partitioned,
                "columns": [column._asdict() for column in table.columns],
            }
            for table in TABLES.values()
        ],
    }
