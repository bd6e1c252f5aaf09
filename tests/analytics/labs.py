"""Runs to put into a lab, and the tables that come out."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
from tests.store.labs import Doc, GitLab, object_doc, run_doc

from labrec.analytics.pipeline import Analysis, analyze
from labrec.analytics.run import Measured, Run
from labrec.record import codec
from labrec.record.digest import Digest
from labrec.record.ids import new_run_id
from labrec.record.layout import note_path, parse_path
from labrec.record.values import to_json
from labrec.store.lab import Lab

if TYPE_CHECKING:
    from collections.abc import Sequence
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


def run_of(
    value: float | None, *, unit: str | None = None, direction: str | None = None, **fields: Any
) -> Run:
    """A run as statistics see it, with one metric, loss, or none."""
    metrics = {} if value is None else {"loss": Measured(value, unit, direction)}
    return Run(**({"run_id": "", "digest": "", "metrics": metrics} | fields))


def note_doc(
    kind: str,
    about: Doc,
    by: Doc | None = None,
    after: Sequence[Doc] = (),
    **said: Any,
) -> Doc:
    """A note about a record, or about another note, whose author had seen some others."""
    place = parse_path(about.path)
    note_id = new_run_id()
    body: dict[str, Any] = said
    if by is not None:
        other = parse_path(by.path)
        body["by"] = {"kind": other.kind, "id": other.id, "digest": str(Digest.of(by.data))}
    data = codec.encode(
        {
            "schema": "labrec.note/1.0",
            "note_id": note_id,
            "project": place.project,
            "kind": kind,
            "author": {"name": "A", "source": "settings"},
            "time": "2026-01-02T03:04:05Z",
            "reason": "it was wrong",
            "subject": {
                "kind": place.kind,
                "id": place.id,
                "digest": str(Digest.of(about.data)),
            },
            "after": [str(Digest.of(other.data)) for other in after],
            "body": body,
        }
    )
    return Doc(note_path(place.project, note_id, Digest.of(data)), data)
