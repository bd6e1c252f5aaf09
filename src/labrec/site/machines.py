"""Gather: the machines of a lab with what their runs say of them.

A run has some twenty facts of its machine and forty channels of telemetry: ten thousand runs have
more rows than a build should hold as values. They are brought together here, machine by machine.
Only counts and extremes are taken; nothing is estimated.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import polars as pl

from labrec.analytics import tables
from labrec.record.wording import accelerators
from labrec.site.collect import reading

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from labrec.site.collect import Site
    from labrec.site.rows import Run

MOST_VALUES: Final = 6
"""Different values of a fact that are named."""


class Fact(NamedTuple):
    """A fact about a machine over all of its runs.

    Attributes:
        field: Its name.
        kind: ``field`` (part of the machine) or ``condition`` (may change).
        unit: Its unit, None = none.
        values: Its different values as text, the first `MOST_VALUES`.
        different: How many different ones there are.
        low: The smallest where all are numbers.
        high: The largest.
        runs: How many runs say it.
        reasons: Why others do not.
    """

    field: str
    kind: str
    unit: str | None
    values: tuple[str, ...]
    different: int
    low: float | None
    high: float | None
    runs: int
    reasons: tuple[str, ...]


class Channel(NamedTuple):
    """A channel of telemetry of a machine over all of its runs.

    Attributes:
        channel: Its name.
        unit: Its unit, None = none.
        sensor: What measured it.
        method: How it was read.
        runs: How many runs sampled it.
        low: Smallest sample of all.
        mean_low: Smallest mean of a run.
        mean_high: Largest mean of a run.
        high: Largest sample of all.
        coverage: Smallest share of a run that it covers.
        reasons: Why runs have no sample.
    """

    channel: str
    unit: str | None
    sensor: str | None
    method: str | None
    runs: int
    low: float | None
    mean_low: float | None
    mean_high: float | None
    high: float | None
    coverage: float | None
    reasons: tuple[str, ...]


class Machine(NamedTuple):
    """A machine of a lab.

    Attributes:
        machine_id: Its pseudonym in this lab.
        runs: Its runs, oldest first.
        facts: What they say of it, by kind and name.
        channels: What was sampled on it, by name.
    """

    machine_id: str
    runs: tuple[Run, ...]
    facts: tuple[Fact, ...]
    channels: tuple[Channel, ...]

    @property
    def newest(self) -> Run:
        """Its newest run."""
        return self.runs[-1]


def machines(site: Site) -> tuple[Machine, ...]:
    """Return the machines of a lab by their id; runs that name none belong to none.

    Raises:
        InvalidError: A table is not as the contract says: another version wrote it.
    """
    runs = runs_of(site)
    machine_of = {run.record_digest: name for name, those in runs.items() for run in those}
    facts = _facts(site.folder / f"{tables.HARDWARE.name}.parquet")
    channels = _channels(site.folder / f"{tables.TELEMETRY.name}.parquet", machine_of)
    return tuple(
        Machine(name, those, tuple(facts.get(name, ())), tuple(channels.get(name, ())))
        for name, those in runs.items()
    )


def runs_of(site: Site) -> dict[str, tuple[Run, ...]]:
    """Return the runs of each machine by its id, oldest first; in the order of the ids."""
    found: dict[str, list[Run]] = defaultdict(list)
    for project in site.projects:
        for run in project.runs:
            if run.machine_id:
                found[run.machine_id].append(run)
    return {
        name: tuple(sorted(found[name], key=lambda run: (run.run_id, run.project)))
        for name in sorted(found)
    }


def _facts(path: Path) -> Mapping[str, list[Fact]]:
    if not path.is_file():
        return {}
    value = pl.col("value")
    keys = ["machine_id", "kind", "field"]
    with reading(path):
        rows = (
            pl.scan_parquet(path)
            .filter(pl.col("machine_id").is_not_null())
            .group_by(keys)
            .agg(
                pl.col("unit").drop_nulls().min(),
                value.drop_nulls().unique().sort().head(MOST_VALUES).alias("values"),
                value.drop_nulls().n_unique().alias("different"),
                (pl.col("number").is_not_null() == value.is_not_null()).all().alias("numeric"),
                pl.col("number").min().alias("low"),
                pl.col("number").max().alias("high"),
                value.is_not_null().sum().alias("runs"),
                pl.col("unavailable").drop_nulls().unique().sort().head(MOST_VALUES),
            )
            .sort(keys)
            .collect()
        )
    found: dict[str, list[Fact]] = defaultdict(list)
    for row in rows.iter_rows(named=True):
        numeric = row["numeric"]
        found[row["machine_id"]].append(
            Fact(
                row["field"], row["kind"], row["unit"], _said(row["field"], row["values"]),
                row["different"],
                row["low"] if numeric else None, row["high"] if numeric else None, row["runs"],
                tuple(row["unavailable"]),
            )
        )  # fmt: skip
    return found


def _said(field: str, values: list[str]) -> tuple[str, ...]:
    """Return values as text; what is listed of accelerators in words, where it can be read."""
    if field != "gpus":
        return tuple(values)
    return tuple(accelerators(_json(value)) or value for value in values)


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _channels(path: Path, machine_of: Mapping[str, str]) -> Mapping[str, list[Channel]]:
    if not path.is_file() or not machine_of:
        return {}
    machines_ = pl.LazyFrame(
        {"record_digest": list(machine_of), "machine_id": list(machine_of.values())}
    )
    keys = ["machine_id", "channel"]
    with reading(path):
        rows = (
            pl.scan_parquet(path)
            .join(machines_, on="record_digest")
            .group_by(keys)
            .agg(
                *(pl.col(name).drop_nulls().min() for name in ("unit", "sensor", "method")),
                pl.col("mean").is_not_null().sum().alias("runs"),
                pl.col("min").min().alias("low"),
                pl.col("mean").min().alias("mean_low"),
                pl.col("mean").max().alias("mean_high"),
                pl.col("max").max().alias("high"),
                pl.col("coverage").min(),
                pl.col("unavailable").drop_nulls().unique().sort().head(MOST_VALUES),
            )
            .sort(keys)
            .collect()
        )
    found: dict[str, list[Channel]] = defaultdict(list)
    for row in rows.iter_rows(named=True):
        values: list[Any] = [row[name] for name in Channel._fields if name != "reasons"]
        found[row["machine_id"]].append(Channel._make([*values, tuple(row["unavailable"])]))
    return found
