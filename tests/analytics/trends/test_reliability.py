"""Reliability: a metric that tells experiments apart, and one that does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.analytics.stats.test_spread import RATINGS
from tests.analytics.trends.views import dicts, ran, view

from labrec.analytics.tables.trends import RELIABILITY
from labrec.analytics.trends import reliability

if TYPE_CHECKING:
    from labrec.analytics.run import Run


def found(*runs: Run) -> list[dict[str, Any]]:
    return dicts(RELIABILITY, reliability.rows(view(runs)))


def experiments(groups: list[list[float]]) -> list[Run]:
    return [
        ran(100 * at + k, f"e{at}", float(value))
        for at, group in enumerate(groups)
        for k, value in enumerate(group)
    ]


def test_the_published_example_comes_back_from_records() -> None:
    (row,) = found(*experiments(RATINGS), ran(900, "single", 4.0))
    assert row["icc"] == pytest.approx(0.16574, abs=5e-6)
    assert (row["low"], row["high"]) == (
        pytest.approx(-0.13294, abs=5e-5),
        pytest.approx(0.72259, abs=5e-5),
    )
    assert (row["n_experiments"], row["n"], row["per_experiment"], row["df"]) == (6, 24, 4, 18)
    assert "ICC(1,1) 0.17, 95\xa0% interval −0.13 to 0.72" in row["sentence"]


def test_replicates_that_are_equal_have_no_reliability_and_are_said_to_be() -> None:
    (row,) = found(*experiments([[1, 1], [2, 2]]))
    assert (row["icc"], row["sd"]) == (None, 0)
    assert "one run is enough" in row["sentence"]


def test_one_repeated_experiment_tells_nothing() -> None:
    assert found(*experiments([[1, 2, 3], [2]])) == []
