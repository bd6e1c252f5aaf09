"""Tables whose rows say what records and notes say of a run. ○ Pure."""

from __future__ import annotations

from typing import Final

from labrec.analytics.tables.contract import (
    DIRECTION,
    EXPERIMENT,
    METRIC,
    PROJECT,
    RECORD,
    RUN,
    UNIT,
    Column,
    Table,
)

RUNS: Final = Table(
    "runs",
    "a run as the lab sees it now: its record together with the notes on it",
    (
        PROJECT,
        RUN,
        Column("name", "text", "Name of the run; where notes agree on another one, that."),
        Column(
            "renamed_from",
            "text",
            "Its name as its record has it, where notes gave it another.",
            optional=True,
        ),
        Column("status", "text", "complete, failed, interrupted or planned."),
        Column("reason", "text", "Why it ended so.", optional=True),
        Column(
            "standing",
            "text",
            "counts, forked, superseded or retracted: whether notes or a second record take it "
            "out of statistics.",
        ),
        Column("notes", "integer", "How many notes on it are heard."),
        Column(
            "conflicts",
            "texts",
            "Kinds of notes that disagree about it; there it counts as it was recorded.",
        ),
        EXPERIMENT,
        Column("started", "time", "When it started; missing = undated.", optional=True),
        Column("ended", "time", "When it ended.", optional=True),
        Column("duration_s", "number", "How long it took.", "s", optional=True),
        Column("seeds", "text", "Its seeds by name, as canonical JSON.", optional=True),
        Column("tags", "texts", "Its tags, as notes leave them."),
        Column("author", "text", "Whom the record names.", optional=True),
        Column("intent", "text", "What it was made to find out.", optional=True),
        Column("outcome", "text", "What it found, by its record or its notes.", optional=True),
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
        RECORD,
    ),
    ("project", "run_id", "record_digest"),
)

METRICS: Final = Table(
    "metrics",
    "a metric of a run, summarised",
    (
        PROJECT,
        RUN,
        METRIC,
        Column(
            "value",
            "number",
            "What statistics use: by its definition where it has one, else the last value. Missing "
            "where the definition finds none (see metrics_missing).",
            "metric",
            optional=True,
        ),
        Column("last", "number", "Its last value.", "metric"),
        Column("best", "number", "Its best value by its direction.", "metric", optional=True),
        Column("mean", "number", "Mean over its points.", "metric"),
        Column("min", "number", "Its smallest value.", "metric"),
        Column("max", "number", "Its largest value.", "metric"),
        Column("count", "integer", "How many points it has; 0 where none was logged."),
        UNIT,
        DIRECTION,
        Column(
            "source",
            "text",
            "logged, expression or composite (computed from other metrics of the run), or "
            "evaluated (later, by a note).",
        ),
        Column("definition", "text", "Digest of its definition.", optional=True),
        Column(
            "counts",
            "boolean",
            "Whether it is a result: of a complete run whose standing is counts.",
        ),
        RECORD,
    ),
    ("project", "run_id", "record_digest", "metric"),
)

SERIES: Final = Table(
    "series",
    "one point of one metric of a run",
    (
        PROJECT,
        RUN,
        METRIC,
        Column("step", "integer", "Its step."),
        Column("time", "number", "Since the run's start.", "s"),
        Column("value", "number", "Its value; may be NaN or infinite.", "metric"),
        RECORD,
    ),
    ("run_id", "record_digest", "metric", "step", "time"),
    partitioned=True,
)

FEATURES: Final = Table(
    "features",
    "a feature of a run",
    (
        PROJECT,
        RUN,
        Column("path", "text", "Keys joined by dots, as in a nuisance path."),
        Column("value", "text", "Its value as canonical JSON."),
        Column("number", "number", "Its value where it is a number.", optional=True),
        Column("kind", "text", "number, text, boolean, null, list, tree or tag."),
        RECORD,
    ),
    ("project", "run_id", "record_digest", "path"),
)

FEATURE_CHANGES: Final = Table(
    "feature_changes",
    "a feature that differs between a run and the experiment it derives from",
    (
        PROJECT,
        RUN,
        Column("parent", "text", "Experiment it is compared with."),
        Column("path", "text", "The feature."),
        Column("op", "text", "add, update, delete or retype."),
        Column("old", "text", "The parent's value as canonical JSON.", optional=True),
        Column("new", "text", "The run's value as canonical JSON.", optional=True),
        RECORD,
    ),
    ("project", "run_id", "record_digest", "parent", "path"),
)

EDGES: Final = Table(
    "edges",
    "how a run relates to another one, or to a dataset",
    (
        PROJECT,
        RUN,
        EXPERIMENT,
        Column(
            "kind",
            "text",
            "parent, reproduces, continues, fulfils, supersedes; dataset: it used this dataset "
            "version; artifact: it was given this file, which the other run made. Parents alone "
            "make depth and root.",
        ),
        Column("source", "text", "record or note: what says so."),
        Column("called", "text", "What the other one, or the file, was called.", optional=True),
        Column("parent_run", "text", "The other run, where one run is meant.", optional=True),
        Column("parent", "text", "The other one's experiment.", optional=True),
        Column("dangling", "boolean", "Whether it is not in this view."),
        Column(
            "target",
            "text",
            "Digest of the dataset version or of the file, sha256:….",
            optional=True,
        ),
        Column("cyclic", "boolean", "Whether it lies on a cycle of parents."),
        Column(
            "depth",
            "integer",
            "Longest chain of parents above the run's experiment.",
            optional=True,
        ),
        Column("root", "text", "Experiment at the top of its first parents.", optional=True),
        RECORD,
    ),
    ("project", "run_id", "record_digest", "kind", "called", "parent_run", "parent", "target"),
)

HARDWARE: Final = Table(
    "hardware",
    "a fact about the machine a run was on",
    (
        PROJECT,
        RUN,
        Column("hardware_id", "text", "Model of the machine."),
        Column("machine_id", "text", "The machine, by its name in this lab.", optional=True),
        Column("tier", "text", "How far the machine's facts can be trusted."),
        Column("field", "text", "Name of the fact."),
        Column("kind", "text", "field (part of the machine) or condition (may change)."),
        Column("value", "text", "Its value as text.", optional=True),
        Column("number", "number", "Its value where it is a number.", optional=True),
        UNIT,
        Column("unavailable", "text", "Why there is no value.", optional=True),
        RECORD,
    ),
    ("project", "run_id", "record_digest", "kind", "field"),
)

TELEMETRY: Final = Table(
    "telemetry",
    "one sampled channel of a run",
    (
        PROJECT,
        RUN,
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
        RECORD,
    ),
    ("project", "run_id", "record_digest", "channel"),
)

ARTIFACTS: Final = Table(
    "artifacts",
    "a file that a run left",
    (
        PROJECT,
        RUN,
        Column("name", "text", "Its name in the run: a stored path."),
        Column("role", "text", "output, input, log, model, figure or other."),
        Column("sha256", "text", "64 hex digits of its bytes."),
        Column("size", "integer", "Its length.", "B"),
        Column("media_type", "text", "Such as image/png.", optional=True),
        Column("in_lab", "boolean", "Whether the lab holds its bytes."),
        RECORD,
    ),
    ("project", "run_id", "record_digest", "name"),
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
