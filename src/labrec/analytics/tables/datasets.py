"""Tables about data: which dataset versions a lab holds, and which ones its runs used."""

from __future__ import annotations

from typing import Final

from labrec.analytics.tables.contract import PROJECT, Column, Table

DATASETS: Final = Table(
    "datasets",
    "a dataset version that the lab holds",
    (
        Column("project", "text", "Project of the dataset version."),
        Column("dataset", "text", "Name of the dataset."),
        Column("version", "text", "The version."),
        Column("digest", "text", "Digest of its document, sha256:…: what records name it by."),
        Column("parent", "text", "Digest of the version it was made from.", optional=True),
        Column(
            "parent_called",
            "text",
            "What that one is called, name@version; missing = the lab does not hold it.",
            optional=True,
        ),
        Column("depth", "integer", "How many versions of the lab stand above it; 0 = none."),
        Column("unit", "text", "What one sample is: file or line."),
        Column("files", "integer", "How many files."),
        Column("samples", "integer", "How many samples."),
        Column("distinct", "integer", "How many of them differ from one another."),
        Column("bytes", "integer", "Length of all samples.", "B"),
        Column("content", "text", "Digest of its manifest: equal for equal samples and names."),
        Column("licence", "text", "Under which terms it may be used.", optional=True),
        Column("source", "text", "Where it was taken from.", optional=True),
        Column("description", "text", "What it is, in words.", optional=True),
        Column("author", "text", "Who added it.", optional=True),
        Column("time", "time", "When it was added, by its author's clock."),
        Column("n_projects", "integer", "Projects with runs that used it."),
        Column("n_runs", "integer", "Counting runs that used it."),
        Column("n_experiments", "integer", "Experiments of these runs."),
        Column("path", "text", "Path of its document in the lab."),
    ),
    ("project", "dataset", "version", "digest"),
)

DATASET_USES: Final = Table(
    "dataset_uses",
    "a dataset version that runs of a project used, in the lab or not",
    (
        PROJECT,
        Column("dataset", "text", "Name of the dataset."),
        Column("version", "text", "The version, where one is named.", optional=True),
        Column(
            "digest",
            "text",
            "Digest of the version; missing = the runs name none, and the lab does not hold "
            "exactly one that is called so in their project.",
            optional=True,
        ),
        Column("owner", "text", "Project of the version, where the lab holds it.", optional=True),
        Column("held", "boolean", "Whether the lab holds it as a document that can be used."),
        Column("n_runs", "integer", "Counting runs that used it."),
        Column("n_experiments", "integer", "Experiments of these runs."),
        Column("last_run", "text", "The latest run that used it, counting or not."),
    ),
    ("project", "dataset", "version", "digest"),
)
