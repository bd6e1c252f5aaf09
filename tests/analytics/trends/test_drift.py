"""Drift: which series there are, what a change says, and how often chance is taken for one."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.analytics.trends.views import START, dicts, ran, view

from labrec.analytics.tables.trends import DRIFT
from labrec.analytics.trends import drift

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labrec.analytics.run import Run

RNG = np.random.default_rng(4)
NOISE = RNG.normal(size=24).round(3).tolist()


def found(runs: Sequence[Run], **definitions: Any) -> list[dict[str, Any]]:
    return dicts(DRIFT, drift.rows(view(runs, **definitions)))


def repeated(values: Sequence[float], start: int = 0, name: str = "e", **fields: Any) -> list[Run]:
    return [ran(start + at, name, float(value), **fields) for at, value in enumerate(values)]


def stepped(step: float) -> list[float]:
    return [value + (step if at >= 12 else 0) for at, value in enumerate(NOISE)]


def test_a_change_names_its_first_run_and_by_how_much() -> None:
    (row,) = found(repeated(stepped(6)))
    assert (row["change"], row["changes"], row["verdict"]) == (1, 1, "drift")
    assert (row["run_id"], row["n_before"], row["n_after"]) == ("r00012", 12, 12)
    assert row["started"] == START + timedelta(minutes=12)
    assert row["shift"] == pytest.approx(row["after"] - row["before"])
    assert row["low"] < 6 < row["high"]
    assert row["became"] == "worse"
    for said in (
        "p: loss of e rose from", "which is worse (lower is better)", "run r00012 of 2026-01-01",
        "interval", "12 runs against 12, on 1 machine", "999 shuffles", "Holm-adjusted",
        "over 1 series", "Post hoc; not known",
    ):  # fmt: skip
        assert said in row["sentence"], said


def test_a_steady_series_has_one_row_that_says_so() -> None:
    (row,) = found(repeated(NOISE))
    assert (row["change"], row["verdict"], row["shift"]) == (0, "no drift told", None)
    assert row["p"] > 0.05
    assert "no change of loss of e can be told in 24 runs" in row["sentence"]


def test_up_and_down_again_are_two_changes() -> None:
    values = [v + (8 if 8 <= at < 16 else 0) for at, v in enumerate(NOISE)]
    rows = found(repeated(values))
    assert [(r["change"], r["run_id"], r["became"]) for r in rows] == [
        (1, "r00008", "worse"), (2, "r00016", "better")
    ]  # fmt: skip


def test_each_model_of_machine_is_a_series_of_its_own() -> None:
    runs = [
        run._replace(hardware_id="new", machine="m2") if at >= 12 else run
        for at, run in enumerate(repeated(stepped(6)))
    ]
    rows = found(runs)
    assert [(r["hardware_id"], r["n"], r["verdict"]) for r in rows] == [
        ("h1", 12, "no drift told"), ("new", 12, "no drift told")
    ]  # fmt: skip


def test_what_does_not_count_or_has_no_order_is_left_out() -> None:
    runs = repeated(stepped(6))
    assert found(runs[:9]) == []
    assert found([run._replace(standing="retracted") for run in runs]) == []
    assert found([run._replace(started=None) for run in runs]) == []
    assert found([run._replace(output="same") for run in runs]) == []
    assert found([run._replace(status="failed") for run in runs]) == []
    assert found(runs[:12] + repeated([math.nan] * 12, 12))[0]["n"] == 12
    imported = [run._replace(started=None, origin_order=at) for at, run in enumerate(runs)]
    assert found(imported)[0]["verdict"] == "drift"


def test_the_order_is_that_of_the_starts() -> None:
    runs = repeated(stepped(6))
    shuffled = RNG.permutation(24)
    renamed = [run._replace(run_id=f"x{shuffled[at]:05}") for at, run in enumerate(runs)]
    (row,) = found(renamed)
    assert (row["n_before"], row["verdict"]) == (12, "drift")


def test_series_are_adjusted_together_and_many_can_still_be_found() -> None:
    quiet = [
        run
        for at in range(60)
        for run in repeated(RNG.normal(size=12), 100 * (at + 1), name=f"quiet{at:02}")
    ]
    (row,) = [r for r in found([*repeated(stepped(8)), *quiet]) if r["change"]]
    assert (row["name"], row["family"]) == ("e", 61)
    assert row["permutations"] > 999
    assert row["p_holm"] == pytest.approx(61 * row["p"])
    assert row["p_holm"] < 0.05


def test_equal_records_give_equal_rows() -> None:
    runs = repeated(stepped(1))
    assert found(runs) == found(list(reversed(runs)))


def test_stationary_projects_are_told_to_drift_no_more_often_than_alpha() -> None:
    rng = np.random.default_rng(12)
    labs, level, wrong = 150, drift.ALPHA, 0
    for _ in range(labs):
        family = [
            drift.Series(
                "p", f"e{at}", f"e{at}", "", "loss", "h", None, None,
                repeated(values, 100 * int(rng.integers(10**6))), list(map(float, values)),
            )
            for at, values in enumerate((rng.normal(size=16), rng.exponential(size=12)))
        ]  # fmt: skip
        wrong += any(row.verdict == "drift" for row in drift.drift(family))
    assert wrong / labs <= level + 2 * math.sqrt(level * (1 - level) / labs)
