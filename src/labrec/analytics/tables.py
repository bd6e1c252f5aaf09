"""The contract of the tables that ``labrec analyze`` writes: names, columns, units, meaning. Pure.

Declared once, here. The writer makes its Arrow schemas from it, the site and ``labrec query`` read
by it, and the data dictionary is generated from it. Values only: no package is imported, so that
the site may read the contract without bringing statistics in.

Every row leads back to the record it comes from by ``record_digest``; rows about several runs name
the experiment, whose runs the table ``runs`` lists.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

VERSION: Final = 1
"""Version of this contract; goes up when a column changes its meaning or leaves."""

FOLDER: Final = "build/labrec/tables"
"""Where a lab's tables are written, from its root."""

Kind = Literal["text", "integer", "number", "boolean", "time", "texts"]
"""UTF-8 text · int64 · float64 · boolean · UTC microseconds · list of text."""


class Column(NamedTuple):
    """One column of a table.

    Attributes:
        name: Its name.
        kind: What its values are.
        meaning: What they say, one sentence for the data dictionary.
        unit: Unit of the values; empty for none, ``metric`` for the unit that the row names.
        optional: Whether a value may be missing (null); NaN is a value, never a missing one.
    """

    name: str
    kind: Kind
    meaning: str
    unit: str = ""
    optional: bool = False


class Table(NamedTuple):
    """One table.

    Attributes:
        name: Its name; the file is ``<name>.parquet``, or a folder ``<name>/`` where partitioned.
        row: What one row is.
        columns: Its columns, in order.
        key: Columns that tell rows apart; rows are sorted by them.
        partitioned: Whether it is a folder of files, ``<project>/<YYYY-MM-DD>.parquet``.
    """

    name: str
    row: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partitioned: bool = False


_PROJECT = Column("project", "text", "Project of the run.")
_RUN = Column("run_id", "text", "The run.")
_RECORD = Column("record_digest", "text", "Digest of the record this row comes from, sha256:….")
_METRIC = Column("metric", "text", "Name of the metric.")
_UNIT = Column("unit", "text", "Unit of the metric, as its runs say.", optional=True)
_DIRECTION = Column(
    "direction", "text", "maximize or minimize: which way is better.", optional=True
)
_EXPERIMENT = Column("experiment", "text", "Config digest: runs that share it are replicates.")

RUNS: Final = Table(
    "runs",
    "a run as the lab sees it now: its record together with the notes on it",
    (
        _PROJECT,
        _RUN,
        Column("name", "text", "Name of the run."),
        Column("status", "text", "complete, failed, interrupted or planned."),
        Column("reason", "text", "Why it ended so.", optional=True),
        Column(
            "standing",
            "text",
            "counts, forked, superseded or retracted: whether notes or a second record take it "
            "out of statistics.",
        ),
        _EXPERIMENT,
        Column("started", "time", "When it started; missing = undated.", optional=True),
        Column("ended", "time", "When it ended.", optional=True),
        Column("duration_s", "number", "How long it took.", "s", optional=True),
        Column("seeds", "text", "Its seeds by name, as canonical JSON.", optional=True),
        Column("tags", "texts", "Its tags."),
        Column("author", "text", "Whom the record names.", optional=True),
        Column("intent", "text", "What it was made to find out.", optional=True),
        Column("outcome", "text", "What it found, in its author's words.", optional=True),
        Column("hypotheses", "texts", "Hypotheses it was linked to before it started."),
        Column("continues", "text", "The run that it resumes.", optional=True),
        Column("reproduces", "text", "The run that it repeats.", optional=True),
        Column("fulfils", "text", "The planned run that it carries out.", optional=True),
        Column("code_digest", "text", "State of its code.", optional=True),
        Column("code_commit", "text", "Commit that was checked out.", optional=True),
        Column("code_dirty", "boolean", "Whether files differed from it.", optional=True),
        Column("features_digest", "text", "Digest of its features.", optional=True),
        Column("environment_digest", "text", "Digest of its environment.", optional=True),
        Column("interpreter", "text", "Such as CPython 3.11.7.", optional=True),
        Column("hardware_id", "text", "Model of the machine.", optional=True),
        Column("machine_id", "text", "The machine, by its name in this lab.", optional=True),
        Column("tier", "text", "How far the machine's facts can be trusted.", optional=True),
        Column("cpu_model", "text", "Model of the processor.", optional=True),
        Column("gpu_model", "text", "Models of the accelerators, sorted.", optional=True),
        Column("memory_bytes", "integer", "Memory of the machine.", "B", optional=True),
        Column("tool", "text", "What wrote the record, with its version."),
        Column("datasets", "texts", "Datasets it used, name@version or name@digest."),
        Column("artifacts", "integer", "How many artifacts it left."),
        Column("capture_events", "integer", "How many things capture remarked on."),
        Column("series_digest", "text", "Object that holds its series.", optional=True),
        Column(
            "origin_order",
            "integer",
            "Its place among the runs of where it was imported from, where that says something.",
            optional=True,
        ),
        Column("path", "text", "Path of its record in the lab."),
        _RECORD,
    ),
    ("project", "run_id", "record_digest"),
)

METRICS: Final = Table(
    "metrics",
    "a metric of a run, summarised",
    (
        _PROJECT,
        _RUN,
        _METRIC,
        Column("last", "number", "Its last value.", "metric"),
        Column("best", "number", "Its best value by its direction.", "metric", optional=True),
        Column("mean", "number", "Mean over its points.", "metric"),
        Column("min", "number", "Its smallest value.", "metric"),
        Column("max", "number", "Its largest value.", "metric"),
        Column("count", "integer", "How many points it has."),
        _UNIT,
        _DIRECTION,
        Column(
            "counts",
            "boolean",
            "Whether it is a result: of a complete run whose standing is counts.",
        ),
        _RECORD,
    ),
    ("project", "run_id", "record_digest", "metric"),
)

SERIES: Final = Table(
    "series",
    "one point of one metric of a run",
    (
        _PROJECT,
        _RUN,
        _METRIC,
        Column("step", "integer", "Its step."),
        Column("time", "number", "Since the run's start.", "s"),
        Column("value", "number", "Its value; may be NaN or infinite.", "metric"),
        _RECORD,
    ),
    ("run_id", "record_digest", "metric", "step", "time"),
    partitioned=True,
)

FEATURES: Final = Table(
    "features",
    "a feature of a run",
    (
        _PROJECT,
        _RUN,
        Column("path", "text", "Keys joined by dots, as in a nuisance path."),
        Column("value", "text", "Its value as canonical JSON."),
        Column("number", "number", "Its value where it is a number.", optional=True),
        Column("kind", "text", "number, text, boolean, null, list, tree or tag."),
        _RECORD,
    ),
    ("project", "run_id", "record_digest", "path"),
)

FEATURE_CHANGES: Final = Table(
    "feature_changes",
    "a feature that differs between a run and the experiment it derives from",
    (
        _PROJECT,
        _RUN,
        Column("parent", "text", "Experiment it is compared with."),
        Column("path", "text", "The feature."),
        Column("op", "text", "add, update, delete or retype."),
        Column("old", "text", "The parent's value as canonical JSON.", optional=True),
        Column("new", "text", "The run's value as canonical JSON.", optional=True),
        _RECORD,
    ),
    ("project", "run_id", "record_digest", "parent", "path"),
)

EDGES: Final = Table(
    "edges",
    "how a run relates to another",
    (
        _PROJECT,
        _RUN,
        _EXPERIMENT,
        Column("kind", "text", "parent, reproduces, continues, fulfils or supersedes."),
        Column("source", "text", "record or note: what says so."),
        Column("called", "text", "What the other one was called.", optional=True),
        Column("parent_run", "text", "The other run, where one run is meant.", optional=True),
        Column("parent", "text", "The other one's experiment.", optional=True),
        Column("dangling", "boolean", "Whether it is not in this view."),
        Column("cyclic", "boolean", "Whether it lies on a cycle of parents."),
        Column(
            "depth",
            "integer",
            "Longest chain of parents above the run's experiment.",
            optional=True,
        ),
        Column("root", "text", "Experiment at the top of its first parents.", optional=True),
        _RECORD,
    ),
    ("project", "run_id", "record_digest", "kind", "called", "parent_run", "parent"),
)

HARDWARE: Final = Table(
    "hardware",
    "a fact about the machine a run was on",
    (
        _PROJECT,
        _RUN,
        Column("hardware_id", "text", "Model of the machine."),
        Column("machine_id", "text", "The machine, by its name in this lab.", optional=True),
        Column("tier", "text", "How far the machine's facts can be trusted."),
        Column("field", "text", "Name of the fact."),
        Column("kind", "text", "field (part of the machine) or condition (may change)."),
        Column("value", "text", "Its value as text.", optional=True),
        Column("number", "number", "Its value where it is a number.", optional=True),
        _UNIT,
        Column("unavailable", "text", "Why there is no value.", optional=True),
        _RECORD,
    ),
    ("project", "run_id", "record_digest", "kind", "field"),
)

TELEMETRY: Final = Table(
    "telemetry",
    "one sampled channel of a run",
    (
        _PROJECT,
        _RUN,
        Column("channel", "text", "Name of the channel."),
        Column("unit", "text", "Its unit.", optional=True),
        Column("sensor", "text", "What measured it.", optional=True),
        Column("method", "text", "How it was read.", optional=True),
        Column("interval_s", "number", "Between two samples.", "s", optional=True),
        Column("coverage", "number", "Share of the run it covers, 0 to 1.", optional=True),
        Column("count", "integer", "How many samples.", optional=True),
        Column("min", "number", "Smallest sample.", "metric", optional=True),
        Column("mean", "number", "Mean of the samples.", "metric", optional=True),
        Column("max", "number", "Largest sample.", "metric", optional=True),
        Column("last", "number", "Last reading of a counter.", "metric", optional=True),
        Column("unavailable", "text", "Why there is no sample.", optional=True),
        _RECORD,
    ),
    ("project", "run_id", "record_digest", "channel"),
)

ARTIFACTS: Final = Table(
    "artifacts",
    "a file that a run left",
    (
        _PROJECT,
        _RUN,
        Column("name", "text", "Its name in the run: a stored path."),
        Column("role", "text", "output, input, log, model, figure or other."),
        Column("sha256", "text", "64 hex digits of its bytes."),
        Column("size", "integer", "Its length.", "B"),
        Column("media_type", "text", "Such as image/png.", optional=True),
        Column("in_lab", "boolean", "Whether the lab holds its bytes."),
        _RECORD,
    ),
    ("project", "run_id", "record_digest", "name"),
)

EXPERIMENTS: Final = Table(
    "experiments",
    "a metric of an experiment over its counting runs; one row with an empty metric where it "
    "has none",
    (
        _PROJECT,
        _EXPERIMENT,
        Column("name", "text", "Name of its runs (the first one's where they differ)."),
        _METRIC,
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
        _UNIT,
        _DIRECTION,
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
        _PROJECT,
        _EXPERIMENT,
        Column("parent", "text", "Experiment it derives from."),
        Column("name", "text", "Name of the experiment."),
        Column("parent_name", "text", "Name of the other one."),
        _METRIC,
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
        _UNIT,
        _DIRECTION,
    ),
    ("project", "metric", "experiment", "parent"),
)

PROBLEMS: Final = Table(
    "problems",
    "a document that could not be used",
    (
        Column("path", "text", "Where it lies in the lab."),
        Column("problem", "text", "Why it was left out."),
    ),
    ("path",),
)

TABLES: Final[dict[str, Table]] = {
    table.name: table
    for table in (
        RUNS, EXPERIMENTS, CONTRASTS, METRICS, SERIES, FEATURES, FEATURE_CHANGES, EDGES,
        HARDWARE, TELEMETRY, ARTIFACTS, PROBLEMS,
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
