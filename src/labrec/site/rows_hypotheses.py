"""Rows of the tables about hypotheses, with the columns that their pages show."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from labrec.analytics import tables

if TYPE_CHECKING:
    from datetime import datetime


class Registration(NamedTuple):
    """A row of ``hypotheses``: a registration with its verdict and what that rests on."""

    TABLE = tables.HYPOTHESES  # type: ignore[misc]  # no field

    project: str
    hypothesis: str
    registration: str
    order: int
    current: bool
    amends: str | None
    registered_at: datetime
    author: str
    claim: str
    falsification: str | None
    verdict: str
    side: str | None
    why: str
    final: bool
    sentence: str
    then: str | None
    then_text: str | None
    changed: bool
    decided: str | None
    decided_by: str | None
    overridden: bool
    shown: str
    verdict_with_withdrawn: str | None
    verdict_lab: str
    alpha_lab: float
    registered: str
    attested: str
    test: str
    decision: str
    baseline: str
    baseline_name: str | None
    selector: str
    selected_baseline: bool
    candidates: int
    family: str | None
    family_size: int
    alpha: float
    planned_n: int
    looks: tuple[str, ...]
    look: int | None
    look_n: int | None
    full: int | None
    interim: bool
    n_start: int
    n_later: int
    n_withdrawn: int
    p_support: float
    p_refute: float
    p_support_adjusted: float
    p_refute_adjusted: float
    score: float | None
    threshold: float
    metric: str
    direction: str
    delta: float
    unit: str | None


class Primary(NamedTuple):
    """A row of ``hypothesis_metrics``: a primary metric, at the look that is shown."""

    TABLE = tables.TABLES["hypothesis_metrics"]  # type: ignore[misc]  # no field

    project: str
    hypothesis: str
    registration: str
    metric: str
    direction: str
    delta: float
    leads: bool
    unit: str | None
    n_runs_treatment: int
    n_treatment: int
    n_runs_baseline: int
    n_baseline: int
    n_machines: int
    mean_treatment: float | None
    mean_baseline: float | None
    method: str
    estimate: float | None
    low: float | None
    high: float | None
    level: float | None
    p_support: float | None
    p_refute: float | None
    g: float | None
    g_low: float | None
    g_high: float | None
    missing_treatment: float | None
    missing_baseline: float | None
    p_missing: float | None
    missing_matters: bool
    bound_low: float | None
    bound_high: float | None
    needed_n: int | None
    needed_effect: float | None
    power_seen: float | None
    power_low: float | None
    n_exploratory: int
    exploratory_estimate: float | None
    exploratory_low: float | None
    exploratory_high: float | None


class Unit(NamedTuple):
    """A row of ``evidence_units``: a primary metric of an experiment, and how good it is."""

    TABLE = tables.TABLES["evidence_units"]  # type: ignore[misc]  # no field

    project: str
    hypothesis: str
    registration: str
    experiment: str
    metric: str
    kind: str
    name: str
    baseline: str
    n_runs: int
    n_missing: int
    n: int
    n_baseline: int
    mean: float | None
    mean_baseline: float | None
    delta: float | None
    unit: str | None
    scale: float | None
    scale_df: int
    weak: bool
    deterministic: bool
    resolution: float | None
    normalized_delta: float | None
    spread_ratio: float | None
    weight: float
    c_status: float
    c_tail: float
    c_replication: float
    c_reruns: float
    c_capture: float
    deductions: tuple[str, ...]
    n_reruns: int
    n_agreeing: int
    confidence: float
    contribution: float | None


class Bearing(NamedTuple):
    """A row of ``evidence_runs``: a run that bears on a hypothesis, and why it counts or not."""

    TABLE = tables.TABLES["evidence_runs"]  # type: ignore[misc]  # no field

    project: str
    hypothesis: str
    registration: str
    run_id: str
    record_digest: str
    experiment: str
    part: str
    kind: str
    place: int | None
    baseline: str | None
    withdrawn: bool
    published: str | None
    status: str
    why: str
