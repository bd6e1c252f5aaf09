"""From a lab to tables: what is written, when, and what stops nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.analytics.labs import made, measured, rows

from labrec.analytics import tables

if TYPE_CHECKING:
    from tests.store.labs import GitLab


def test_a_run_reaches_the_tables(lab: GitLab) -> None:
    lab.add(*measured("base", {"loss": 0.5}))
    found = made(lab)
    assert found
    assert found.made
    assert found.folder == lab.path / tables.FOLDER
    (run,) = rows(found, "runs")
    assert (run["project"], run["name"], run["status"], run["standing"]) == (
        "mnist",
        "base",
        "complete",
        "counts",
    )
    (point,) = rows(found, "series")
    assert point == {
        "project": "mnist",
        "run_id": run["run_id"],
        "metric": "loss",
        "step": 0,
        "time": 0.5,
        "value": 0.5,
        "record_digest": run["record_digest"],
    }
    assert found.report["rows"] == {name: len(rows(found, name)) for name in tables.TABLES}


def test_an_empty_lab_has_every_table(lab: GitLab) -> None:
    found = made(lab)
    assert found.report["rows"] == dict.fromkeys(sorted(tables.TABLES), 0)
    assert all(rows(found, name) == [] for name in tables.TABLES)
