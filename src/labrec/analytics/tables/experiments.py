"""Tables about experiments: replicates summed up, and one against another. ○ Pure."""

from __future__ import annotations

from typing import Final

from labrec.analytics.tables.contract import (
    DIRECTION,
    EXPERIMENT,
    METRIC,
    PROJECT,
    UNIT,
    Column,
    Table,
)

EXPERIMENTS: Final = Table(
    "experiments",
    "a metric of an experiment over its counting runs; one row with an empty metric where it "
    "has none",
    (
        PROJECT,
        EXPERIMENT,
        Column("name", "text", "Name of its runs (the first one's where they differ)."),
        METRIC,
        Column("key", "boolean", "Whether it is a key metric of the project."),
        Column("n_runs", "integer", "Counting runs that ended: complete, failed or interrupted."),
        Column("n_failed", "integer", "Of these, failed."),
        Column("n_interrupted", "integer", "Of these, interrupted."),
        Column("n", "integer", "Complete runs with a finite value, identical outputs once."),
        Column("n_missing", "integer", "Complete runs without a value."),
        Column("n_not_finite", "integer", "Complete runs whose value is NaN or infinite."),
        Column("n_machines", "integer", "Machines among the n runs; unknown ones count as one."),
        Column("mean", "number", "Mean of the last values.", "metric", optional=True),
        Column("sd", "number", "Their standard deviation, n - 1.", "metric", optional=True),
        Column("low", "number", "Lower end of the interval of the mean.", "metric", optional=True),
        Column("high", "number", "Upper end of the interval.", "metric", optional=True),
        Column("level", "number", "Level of the interval."),
        Column("min", "number", "Smallest of the values.", "metric", optional=True),
        Column("max", "number", "Largest of the values.", "metric", optional=True),
        UNIT,
        DIRECTION,
        Column("depth", "integer", "Longest chain of parents above it.", optional=True),
        Column("parent", "text", "Experiment it derives from first.", optional=True),
        Column("started", "time", "When its first run started.", optional=True),
    ),
    ("project", "experiment", "metric"),
)

CONTRASTS: Final = Table(
    "contrasts",
    "an experiment against the one it derives from, on one key metric",
    (
        PROJECT,
        EXPERIMENT,
        Column("parent", "text", "Experiment it derives from."),
        Column("name", "text", "Name of the experiment."),
        Column("parent_name", "text", "Name of the other one."),
        METRIC,
        Column("design", "text", "paired (by common seeds), welch, or unreplicated (no interval)."),
        Column("n", "integer", "Runs, or pairs of runs, of the experiment."),
        Column("n_parent", "integer", "Runs, or pairs of runs, of the parent."),
        Column("estimate", "number", "Mean of the experiment minus the parent's.", "metric"),
        Column("low", "number", "Lower end of its interval.", "metric", optional=True),
        Column("high", "number", "Upper end of its interval.", "metric", optional=True),
        Column("level", "number", "Level of the interval."),
        Column("df", "number", "Degrees of freedom.", optional=True),
        Column("p", "number", "Two-sided p of no difference.", optional=True),
        Column(
            "p_holm",
            "number",
            "The same, adjusted by Holm over all contrasts of the project's metric.",
            optional=True,
        ),
        Column("family", "integer", "How many contrasts were adjusted together."),
        Column(
            "finding",
            "text",
            "better, worse, unclear or unreplicated: better and worse only where p_holm < 0.05 "
            "and the metric has a direction.",
        ),
        UNIT,
        DIRECTION,
    ),
    ("project", "metric", "experiment", "parent"),
)
