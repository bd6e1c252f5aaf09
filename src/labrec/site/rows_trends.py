"""Rows of the tables about many runs over time as values; see `labrec.site.rows`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from labrec.analytics import tables

if TYPE_CHECKING:
    from datetime import datetime


class Luck(NamedTuple):
    """A row of ``luck``: a best so far, and what luck explains of it."""

    TABLE = tables.TABLES["luck"]  # type: ignore[misc]  # no field

    project: str
    metric: str
    datasets: str
    experiment: str
    name: str
    step: int
    current: bool
    baseline: str
    baseline_name: str
    variants: int
    tries: int
    baseline_value: float
    sd_level: float
    luck: float | None
    luck_low: float | None
    luck_high: float | None
    verdict: str
    unit: str | None
    direction: str | None
    sentence: str


class Drift(NamedTuple):
    """A row of ``drift``: a change of a series, or that none is told."""

    TABLE = tables.TABLES["drift"]  # type: ignore[misc]  # no field

    project: str
    experiment: str
    name: str
    datasets: str
    metric: str
    hardware_id: str | None
    change: int
    n: int
    n_machines: int
    p: float
    p_holm: float
    family: int
    run_id: str | None
    started: datetime | None
    n_before: int | None
    n_after: int | None
    before: float | None
    after: float | None
    shift: float | None
    low: float | None
    high: float | None
    level: float
    became: str | None
    verdict: str
    unit: str | None
    direction: str | None
    sentence: str


class Pareto(NamedTuple):
    """A row of ``pareto``: a metric of an experiment that is or may be on the front."""

    TABLE = tables.TABLES["pareto"]  # type: ignore[misc]  # no field

    project: str
    datasets: str
    experiment: str
    name: str
    metric: str
    front: bool
    verdict: str
    rivals: int
    undecided: int
    dominated_by: str | None
    dominated_by_name: str | None
    n_experiments: int
    n: int
    n_machines: int
    mean: float
    low: float | None
    high: float | None
    level: float
    unit: str | None
    direction: str | None
    sentence: str | None


class Reliability(NamedTuple):
    """A row of ``reliability``: how much of a metric's spread lies between experiments."""

    TABLE = tables.TABLES["reliability"]  # type: ignore[misc]  # no field

    project: str
    metric: str
    datasets: str
    n_experiments: int
    n: int
    icc: float | None
    low: float | None
    high: float | None
    level: float
    unit: str | None
    sentence: str


class Rerun(NamedTuple):
    """A row of ``reproducibility``: a metric of a run that repeats another one."""

    TABLE = tables.TABLES["reproducibility"]  # type: ignore[misc]  # no field

    project: str
    run_id: str
    name: str
    original: str
    original_name: str | None
    metric: str
    value: float | None
    original_value: float | None
    difference: float | None
    tolerance: float | None
    tolerance_from: str | None
    other_machine: bool | None
    other_author: bool | None
    independent: bool
    verdict: str
    unit: str | None
    direction: str | None
    sentence: str


class Rigor(NamedTuple):
    """A row of ``rigor``: a registration, and what it lacks of the list."""

    TABLE = tables.TABLES["rigor"]  # type: ignore[misc]  # no field

    project: str
    hypothesis: str
    registration: str
    current: bool
    list: str
    preregistered: bool
    baseline: bool
    replicates: bool
    interval: bool
    multiplicity: bool
    power: bool
    capture: bool
    rerun: bool
    met: int
    items: int
    lacks: tuple[str, ...]
    sentence: str
