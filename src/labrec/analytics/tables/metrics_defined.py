"""Tables about what metrics mean: their definitions, and values that definitions do not find."""

from __future__ import annotations

from typing import Final

from labrec.analytics.tables.contract import METRIC, PROJECT, RECORD, RUN, Column, Table

METRIC_DEFINITIONS: Final = Table(
    "metric_definitions",
    "a definition of a metric, counting or not",
    (
        PROJECT,
        METRIC,
        Column("digest", "text", "Digest of the definition: the version of the metric."),
        Column("number", "integer", "1 for the first version, 2 for the one that amends it."),
        Column(
            "state",
            "text",
            "counts, amended, or several: made side by side with another one, and then none "
            "of them counts.",
        ),
        Column("unit", "text", "Its unit; missing = as the runs say.", optional=True),
        Column("direction", "text", "maximize or minimize; missing = as the runs say.",
               optional=True),
        Column("resolution", "number", "Smallest difference that means anything.", "metric",
               optional=True),
        Column("margin", "number", "Largest difference that does not matter: the equivalence "
               "margin.", "metric", optional=True),
        Column("aggregation", "text", "How the points of a run become its value: last, best, min, "
               "max, mean or tail_mean."),
        Column("percent", "number", "Share of the points that tail_mean takes.", "%",
               optional=True),
        Column("source", "text", "scalar, expression, entry_point or composite."),
        Column("computed_from", "text", "The expression; form and parts of a composite as "
               "canonical JSON; the entry point.", optional=True),
        Column("package", "text", "Of an entry point: its package and version.", optional=True),
        Column("package_digest", "text", "Of an entry point: digest of the package or source.",
               optional=True),
        Column("description", "text", "What it measures, in words.", optional=True),
        Column("amends", "texts", "Digests of the definitions that it replaces."),
        Column("n_runs", "integer", "Runs that have a value by it."),
        Column("n_missing", "integer", "Complete runs that have none, and the reason is told in "
               "metrics_missing."),
        Column("n_other_unit", "integer", "Runs that logged the metric in another unit; the "
               "definition's counts."),
        Column("n_other_direction", "integer", "Runs that logged it with the other direction."),
        Column("path", "text", "Path of the definition in the lab."),
    ),
    ("project", "metric", "number", "digest"),
)  # fmt: skip

METRICS_MISSING: Final = Table(
    "metrics_missing",
    "a metric of a complete run that its definition gives no value, and why",
    (
        PROJECT,
        RUN,
        METRIC,
        Column("reason", "text", "Why there is none."),
        Column("definition", "text", "Digest of the definition."),
        RECORD,
    ),
    ("project", "run_id", "record_digest", "metric"),
)
