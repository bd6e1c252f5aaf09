"""Rows of the tables about designs and grown models, with the columns that their pages show."""

from __future__ import annotations

from typing import NamedTuple

from labrec.analytics import tables


class Design(NamedTuple):
    """A row of ``designs``: what its cells say as a whole."""

    TABLE = tables.TABLES["designs"]  # type: ignore[misc]  # no field

    project: str
    design: str
    source: str
    name: str
    metric: str
    unit: str | None
    direction: str | None
    level: float
    factors: tuple[str, ...]
    shape: str
    resolution: int
    n_cells: int
    n_values: int
    n_experiments: int
    n_machines: int
    n_missing: int
    registration: str | None
    blocks: int
    residual_sd: float | None
    residual_df: int
    p_levene: float | None
    all_off: float | None
    all_on: float | None
    gap: float | None
    n_needed: int
    needed: tuple[str, ...]
    needed_main: tuple[str, ...]
    note: str


class Cell(NamedTuple):
    """A row of ``cells``: a measured combination of factors."""

    TABLE = tables.TABLES["cells"]  # type: ignore[misc]  # no field

    project: str
    design: str
    cell: str
    n: int
    mean: float
    sd: float | None
    adjusted: float
    values: str
    seeds: str
    record_digests: tuple[str, ...]


class Effect(NamedTuple):
    """A row of ``attributions``: what switching on a factor, or several together, changes."""

    TABLE = tables.TABLES["attributions"]  # type: ignore[misc]  # no field

    project: str
    design: str
    kind: str
    on: str
    effect: str
    estimate: float | None
    se: float | None
    level: float
    low: float | None
    high: float | None
    low_simultaneous: float | None
    high_simultaneous: float | None
    low_bootstrap: float | None
    high_bootstrap: float | None
    df: float | None
    p: float | None
    p_holm: float | None
    family: int
    finding: str
    n_cells: int
    n_values: int
    method: str
    model: str
    p_fit: float | None
    identifiable: bool
    aliases: tuple[str, ...]
    n_needed: int
    needed: tuple[str, ...]
    unknown: str
    note: str
    sentence: str


class Efficiency(NamedTuple):
    """A row of ``efficiencies``: what an effect costs."""

    TABLE = tables.TABLES["efficiencies"]  # type: ignore[misc]  # no field

    project: str
    design: str
    metric: str
    unit: str | None
    cost: str
    cost_unit: str | None
    kind: str
    on: str
    effect: str
    estimate: float
    cost_estimate: float
    cost_low: float | None
    cost_high: float | None
    ratio: float | None
    low: float | None
    high: float | None
    note: str


class Growth(NamedTuple):
    """A row of ``growth``: a grown model against its host."""

    TABLE = tables.TABLES["growth"]  # type: ignore[misc]  # no field

    project: str
    experiment: str
    name: str
    host: str
    host_name: str
    metric: str
    unit: str | None
    direction: str | None
    parameters: float
    host_parameters: float
    n: int
    n_host: int
    delta: float | None
    low: float | None
    high: float | None
    p_holm: float | None
    finding: str
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    ratio_above_chance: float | None
    ratio_above_chance_low: float | None
    ratio_above_chance_high: float | None
    equivalent: float | None
    equivalent_bound: str
    equivalent_low: float | None
    equivalent_low_bound: str
    equivalent_high: float | None
    equivalent_high_bound: str
    sentence: str
