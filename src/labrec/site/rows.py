"""Rows of the tables as values: one frozen class a table, its fields the columns that are shown.

``tests/site/test_rows.py`` holds each class to ``labrec.analytics.tables``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime


class Run(NamedTuple):
    """A row of ``runs``: a run as the lab sees it now."""

    project: str
    run_id: str
    name: str
    renamed_from: str | None
    status: str
    reason: str | None
    standing: str
    notes: int
    conflicts: tuple[str, ...]
    experiment: str
    started: datetime | None
    ended: datetime | None
    duration_s: float | None
    seeds: str | None
    tags: tuple[str, ...]
    author: str | None
    intent: str | None
    outcome: str | None
    hypotheses: tuple[str, ...]
    continues: str | None
    reproduces: str | None
    fulfils: str | None
    code_digest: str | None
    code_commit: str | None
    code_dirty: bool | None
    features_digest: str | None
    environment_digest: str | None
    interpreter: str | None
    hardware_id: str | None
    machine_id: str | None
    tier: str | None
    cpu_model: str | None
    gpu_model: str | None
    memory_bytes: int | None
    tool: str
    datasets: tuple[str, ...]
    artifacts: int
    capture_events: int
    series_digest: str | None
    origin_order: int | None
    path: str
    record_digest: str

    @property
    def counts(self) -> bool:
        """Whether it takes part in statistics."""
        return self.standing == "counts"


class Note(NamedTuple):
    """A row of ``notes``: something that was said later about a run, or about such a note."""

    project: str
    note_id: str
    kind: str
    subject_kind: str
    subject: str
    subject_digest: str | None
    heard: bool
    conflict: bool
    time: datetime
    author: str
    reason: str
    text: str
    note_digest: str
    record_digest: str | None


class Experiment(NamedTuple):
    """A row of ``experiments``: one metric of an experiment; an empty metric where it has none."""

    project: str
    experiment: str
    name: str
    metric: str
    key: bool
    n_runs: int
    n_failed: int
    n_interrupted: int
    n: int
    n_missing: int
    n_not_finite: int
    n_machines: int
    mean: float | None
    sd: float | None
    low: float | None
    high: float | None
    level: float
    min: float | None
    max: float | None
    unit: str | None
    direction: str | None
    depth: int | None
    parent: str | None
    started: datetime | None


class Contrast(NamedTuple):
    """A row of ``contrasts``: an experiment against the one it derives from, on a key metric."""

    project: str
    experiment: str
    parent: str
    name: str
    parent_name: str
    metric: str
    design: str
    n: int
    n_parent: int
    estimate: float
    low: float | None
    high: float | None
    level: float
    df: float | None
    p: float | None
    p_holm: float | None
    family: int
    finding: str
    unit: str | None
    direction: str | None


class Metric(NamedTuple):
    """A row of ``metrics``: a metric of a run, summarised."""

    project: str
    run_id: str
    metric: str
    value: float | None
    last: float
    best: float | None
    mean: float
    min: float
    max: float
    count: int  # type: ignore[assignment]  # the column's name, not tuple.count
    unit: str | None
    direction: str | None
    source: str
    definition: str | None
    counts: bool
    record_digest: str


class FeatureChange(NamedTuple):
    """A row of ``feature_changes``: a feature that differs from the parent's."""

    project: str
    run_id: str
    parent: str
    path: str
    op: str
    old: str | None
    new: str | None
    record_digest: str


class Edge(NamedTuple):
    """A row of ``edges``: how a run relates to another."""

    project: str
    run_id: str
    experiment: str
    kind: str
    source: str
    called: str | None
    parent_run: str | None
    parent: str | None
    dangling: bool
    cyclic: bool
    depth: int | None
    root: str | None
    record_digest: str


class Hypothesis(NamedTuple):
    """A row of ``hypotheses``: a registration with its verdict in words."""

    project: str
    hypothesis: str
    registration: str
    current: bool
    claim: str
    verdict: str
    sentence: str
    then: str | None
    changed: bool
    decided: str | None
    decided_by: str | None
    shown: str


class Problem(NamedTuple):
    """A row of ``problems``: a document that could not be used."""

    path: str
    problem: str


class Point(NamedTuple):
    """A row of ``series`` without its run: one point of one metric."""

    metric: str
    step: int
    time: float
    value: float
