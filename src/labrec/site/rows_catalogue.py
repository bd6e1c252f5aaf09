"""Rows of the tables about datasets and about what metrics mean, as the catalogue shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from labrec.analytics import tables

if TYPE_CHECKING:
    from datetime import datetime


class Dataset(NamedTuple):
    """A row of ``datasets``: a dataset version that the lab holds."""

    TABLE = tables.DATASETS  # type: ignore[misc]  # no field

    project: str
    dataset: str
    version: str
    digest: str
    parent: str | None
    parent_called: str | None
    depth: int
    unit: str
    files: int
    samples: int
    distinct: int
    bytes: int
    content: str
    licence: str | None
    source: str | None
    description: str | None
    author: str | None
    time: datetime
    n_projects: int
    n_runs: int
    n_experiments: int
    path: str


class Use(NamedTuple):
    """A row of ``dataset_uses``: a dataset version that runs of a project used."""

    TABLE = tables.DATASET_USES  # type: ignore[misc]  # no field

    project: str
    dataset: str
    version: str | None
    digest: str | None
    owner: str | None
    held: bool
    n_runs: int
    n_experiments: int
    last_run: str


class Definition(NamedTuple):
    """A row of ``metric_definitions``: a definition of a metric, counting or not."""

    TABLE = tables.METRIC_DEFINITIONS  # type: ignore[misc]  # no field

    project: str
    metric: str
    digest: str
    number: int
    state: str
    unit: str | None
    direction: str | None
    resolution: float | None
    margin: float | None
    aggregation: str
    percent: float | None
    source: str
    computed_from: str | None
    package: str | None
    package_digest: str | None
    description: str | None
    amends: tuple[str, ...]
    n_runs: int
    n_missing: int
    n_other_unit: int
    n_other_direction: int
    path: str


class Unfound(NamedTuple):
    """A row of ``metrics_missing``: a metric of a run that its definition gives no value."""

    TABLE = tables.METRICS_MISSING  # type: ignore[misc]  # no field

    project: str
    run_id: str
    metric: str
    reason: str


class Reliability(NamedTuple):
    """A row of ``reliability``: how well repeated runs agree on a key metric."""

    TABLE = tables.TABLES["reliability"]  # type: ignore[misc]  # no field

    project: str
    metric: str
    sentence: str
