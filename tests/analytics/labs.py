"""Runs to put into a lab, and the tables that come out."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
from tests.store.labs import Doc, GitLab, object_doc, run_doc

from labrec.analytics.pipeline import Analysis, analyze
from labrec.record.digest import Digest
from labrec.record.values import to_json
from labrec.store.lab import Lab

if TYPE_CHECKING:
    from pathlib import Path


def metric(last: float, **fields: Any) -> dict[str, Any]:
    """A summary of one point."""
    value = to_json(last)
    whole = {"last": value, "best": None, "mean": value, "min": value, "max": value, "count": 1}
    return whole | {"unit": None, "direction": None} | fields


def series_doc(points: dict[str, float] | bytes) -> Doc:
    """A table of one point a metric, or these bytes of a table."""
    if isinstance(points, dict):
        lines = [f"{name},0,0.5,{value!r}\n" for name, value in sorted(points.items())]
        points = ("metric,step,time,value\n" + "".join(lines)).encode()
    return object_doc(gzip.compress(points, mtime=0))


def measured(name: str, values: dict[str, float], **sections: Any) -> list[Doc]:
    """A run with metrics, and its series."""
    direction = sections.pop("direction", "minimize")
    series = series_doc(values)
    ref = {"sha256": Digest.of(series.data).hex, "size": len(series.data)}
    sections.setdefault(
        "metrics",
        {
            "minor": 0,
            "series": ref,
            "values": {key: metric(value, direction=direction) for key, value in values.items()},
        },
    )
    return [run_doc(name=name, **sections), series]


def made(lab: GitLab, folder: Path | None = None, at: str | None = None) -> Analysis:
    """Analyse a lab."""
    with Lab.open(lab.path) as opened:
        return analyze(opened, folder, at)


def rows(found: Analysis, table: str) -> list[dict[str, Any]]:
    """Rows of a table, with its keys sorted as the contract says."""
    if table != "series":
        return pq.read_table(found.folder / f"{table}.parquet").to_pylist()
    files = sorted(found.folder.glob("series/*/*.parquet"))
    return [row for path in files for row in pq.read_table(path).to_pylist()]
