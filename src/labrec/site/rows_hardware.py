"""Rows of the tables about hardware as values; see `labrec.site.rows`."""

from __future__ import annotations

from typing import NamedTuple

from labrec.analytics import tables


class Comparison(NamedTuple):
    """A row of ``hardware_quality``: a metric under the levels of a condition."""

    TABLE = tables.TABLES["hardware_quality"]  # type: ignore[misc]  # no field

    project: str
    condition: str
    metric: str
    scope: str
    first: str
    last: str
    kind: str
    role: str
    unit: str | None
    direction: str | None
    levels: tuple[str, ...]
    left_out: tuple[str, ...]
    aliases: tuple[str, ...]
    counted: str | None
    n: int | None
    n_blocks: int
    n_runs: int
    n_experiments: int
    n_machines: int
    n_repeated: int
    n_missing: int
    n_unknown: int
    scale: str | None
    estimate: float | None
    low: float | None
    high: float | None
    level: float | None
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    test: str | None
    p_adjusted: float | None
    margin: float | None
    margin_from: str | None
    aligned_with: str | None
    alignment: float | None
    mixed_reason: str | None
    mixed_p: float | None
    verdict: str
    reason: str | None
    unknown: str | None
    sentence: str


class Observation(NamedTuple):
    """A row of ``hardware_observations``: what a block, machine or run had under a level."""

    TABLE = tables.TABLES["hardware_observations"]  # type: ignore[misc]  # no field

    project: str
    condition: str
    metric: str
    place: int
    level: str
    observation: int
    counted: str
    value: float
    n: int


class Speed(NamedTuple):
    """A row of ``hardware_speeds``: where a metric lies on a model of machine."""

    TABLE = tables.TABLES["hardware_speeds"]  # type: ignore[misc]  # no field

    project: str
    metric: str
    cpu_model: str
    gpu_model: str
    unit: str | None
    direction: str | None
    role: str
    n: int
    n_experiments: int
    n_machines: int
    min: float
    q1: float
    median: float
    q3: float
    max: float
    sentence: str
