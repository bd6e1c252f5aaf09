"""Rigor: each item of the list is what one hypothesis lacks and the next one has."""

from __future__ import annotations

from typing import Any

import pytest
from tests.analytics.evidence.study import Study
from tests.analytics.trends.views import dicts

from labrec.analytics.stats.power import t_power
from labrec.analytics.tables.trends import RIGOR
from labrec.analytics.trends import rigor

ITEMS = ("preregistered", "baseline", "replicates", "interval", "multiplicity", "power", "capture",
         "rerun")  # fmt: skip


def found(study: Study) -> list[dict[str, Any]]:
    return dicts(RIGOR, rigor.rows(study.seen()))


def lacking(row: dict[str, Any]) -> list[str]:
    return [name for name in ITEMS if not row[name]]


def whole(**fields: Any) -> tuple[Study, str]:
    """A study that lacks nothing but the rerun."""
    study = Study()
    claim = study.register(**({"delta": 1.0} | fields))
    study.baseline([10.0, 10.1, 9.9], author="A")
    study.treatment([12.0, 12.1, 11.9], claim, author="A")
    return study, claim


def repeat(study: Study, value: float = 12.0, **fields: Any) -> None:
    original = next(run for run in study.runs if run.experiment == "new")
    given = {"reproduces": original.run_id, "machine": "m2", "author": "B"} | fields
    study.run("again", value, **given)


def test_a_study_that_lacks_nothing() -> None:
    study, _ = whole()
    (row,) = found(study)
    assert lacking(row) == ["rerun"]
    assert row["lacks"] == ["no run was repeated on another machine or by somebody else"]
    assert (row["met"], row["items"], row["score"]) == (7, 8, 0.875)
    repeat(study)
    (row,) = found(study)
    assert (lacking(row), row["met"], row["score"], row["list"]) == ([], 8, 1, "rigor/1")
    assert row["sentence"] == "p: better has 8 of the 8 of rigor/1: it lacks nothing of the list."


@pytest.mark.parametrize(
    "fields", [{"machine": "m1", "author": "A"}, {"value": 99.0}, {"standing": "retracted"}]
)
def test_a_rerun_must_be_independent_and_agree_and_count(fields: dict[str, Any]) -> None:
    study, _ = whole()
    repeat(study, **fields)
    assert lacking(found(study)[0]) == ["rerun"]


def test_a_claim_without_runs_lacks_nearly_all() -> None:
    study = Study()
    study.register(delta=1.0)
    (row,) = found(study)
    assert lacking(row) == [name for name in ITEMS if name != "multiplicity"]
    assert row["power_value"] is None


def test_links_made_later_are_no_preregistration() -> None:
    study = Study()
    claim = study.register(delta=1.0)
    study.baseline([10.0, 10.1, 9.9])
    study.treatment([12.0, 12.1, 11.9], None, later=claim)
    assert "preregistered" in lacking(found(study)[0])


def test_a_baseline_that_was_measured_before_is_not_enough() -> None:
    study = Study()
    study.baseline([10.0, 10.1, 9.9])
    claim = study.register(delta=1.0)
    study.treatment([12.0, 12.1, 11.9], claim)
    assert "baseline" in lacking(found(study)[0])


def test_two_values_are_no_three() -> None:
    study = Study()
    claim = study.register(delta=1.0, planned_n=2)
    study.baseline([10.0, 10.1])
    study.treatment([12.0, 12.1], claim)
    row = found(study)[0]
    assert "replicates" in lacking(row)
    assert "only 2 values in an arm where 3 are asked" in row["lacks"]


def test_without_a_smallest_effect_or_enough_runs_there_is_no_power() -> None:
    study, _ = whole(delta=0.0)
    assert lacking(found(study)[0]) == ["power", "rerun"]
    study = Study()
    claim = study.register(delta=1.0)
    study.baseline([10.0, 13.0, 7.0])
    study.treatment([20.0, 23.0, 17.0], claim)
    row = found(study)[0]
    assert "power" in lacking(row)
    assert row["power_value"] == pytest.approx(t_power(1.0, 3.0, 3, alpha=0.05, sides=1))


def test_what_capture_misses_is_named() -> None:
    study = Study()
    claim = study.register(delta=1.0)
    study.baseline([10.0, 10.1, 9.9])
    study.treatment([12.0, 12.1, 11.9], claim, code_digest=None)
    row = found(study)[0]
    assert "capture" in lacking(row)
    assert "capture misses something: code" in row["lacks"]


def test_several_claims_need_a_family_or_the_level_of_the_lab() -> None:
    study, _ = whole()
    study.register("other")
    rows = {row["hypothesis"]: row for row in found(study)}
    assert "multiplicity" not in lacking(rows["better"])  # its verdict holds over the lab, too
    assert "multiplicity" in lacking(rows["other"])
    study, _ = whole(family="f")
    study.register("other", family="f")
    assert not any("multiplicity" in lacking(row) for row in found(study))


def test_a_lab_without_hypotheses_has_no_rows() -> None:
    study = Study()
    study.baseline([10.0])
    assert found(study) == []
