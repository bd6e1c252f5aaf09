"""Reproducibility: what a rerun says, against which tolerance, and who made it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.analytics.trends.views import dicts, ran, view

from labrec.analytics.run import Measured
from labrec.analytics.stats.moments import t_quantile
from labrec.analytics.stats.spread import PooledSd
from labrec.analytics.tables.trends import REPRODUCIBILITY
from labrec.analytics.trends import reproducibility

if TYPE_CHECKING:
    from labrec.analytics.run import Run

NOISE = [ran(900 + at, "repeated", 50 + value) for at, value in enumerate((0.0, 1.0, 2.0, 1.0))]
TOLERANCE = math.sqrt(2) * t_quantile(3, 0.95) * math.sqrt(2 / 3)


def found(*runs: Run) -> list[dict[str, Any]]:
    return dicts(REPRODUCIBILITY, reproducibility.rows(view(runs)))


def again(value: float | None, **fields: Any) -> Run:
    return ran(5, "again", value, **({"reproduces": "r00001"} | fields))


FIRST = ran(1, "first", 10.0, author="A")


@pytest.mark.parametrize(("value", "verdict"), [
    (10.0 + 0.99 * TOLERANCE, "agree"), (10.0 - 0.99 * TOLERANCE, "agree"),
    (10.0 + 1.01 * TOLERANCE, "differs"), (10.0, "agree"),
])  # fmt: skip
def test_a_rerun_agrees_where_honest_ones_do(value: float, verdict: str) -> None:
    (row,) = found(FIRST, again(value), *NOISE)
    assert row["verdict"] == verdict
    assert row["tolerance"] == pytest.approx(TOLERANCE)
    assert (row["tolerance_from"], row["df"]) == ("noise", 3)
    assert (row["original"], row["original_name"]) == ("r00001", "first")
    assert "again repeats first" in row["sentence"]
    assert ("They agree" in row["sentence"]) == (verdict == "agree")


def test_a_rerun_never_widens_its_own_tolerance() -> None:
    """It has the config digest of its original, and so is a replicate of it."""
    twin = again(99.0)._replace(experiment="first")
    (row,) = found(FIRST, twin, *NOISE)
    assert row["same_experiment"]
    assert (row["tolerance"], row["verdict"]) == (pytest.approx(TOLERANCE), "differs")
    (row,) = found(FIRST, twin)
    assert (row["tolerance"], row["verdict"]) == (None, "cannot be told")
    assert "neither noise nor resolution is known" in row["sentence"]


def test_equal_values_agree_without_any_noise() -> None:
    (row,) = found(FIRST, again(10.0))
    assert (row["verdict"], row["difference"]) == ("agree", 0)


def test_the_resolution_is_the_tolerance_where_it_is_larger() -> None:
    said = reproducibility.blank(again(10.5), FIRST)._replace(metric="loss")
    small = PooledSd(0.01, 30, 3)
    one, other = Measured(10.5), Measured(10.0)
    told = reproducibility.compare(said, one, other, small, 0.5)
    assert (told.verdict, told.tolerance, told.tolerance_from) == ("agree", 0.5, "resolution")
    told = reproducibility.compare(said, one, other, small, 0.01)
    assert (told.verdict, told.tolerance_from) == ("differs", "noise")
    told = reproducibility.compare(said, one, other, None, 0.4)
    assert (told.verdict, told.tolerance_from) == ("differs", "resolution")


def test_independent_is_another_machine_or_another_author() -> None:
    for fields, expected in (
        ({"machine": "m2", "author": "A"}, (True, False, True)),
        ({"author": "B"}, (False, True, True)),
        ({"author": "A"}, (False, False, False)),
        ({"author": None}, (False, None, False)),
        ({"machine": None, "author": None}, (None, None, False)),
    ):
        (row,) = found(FIRST, again(10.0, **fields))
        assert (row["other_machine"], row["other_author"], row["independent"]) == expected


def test_what_is_missing_is_said() -> None:
    for runs, verdict in (
        ((again(10.0),), "missing"),
        ((FIRST._replace(standing="retracted"), again(10.0)), "missing"),
        ((FIRST._replace(status="failed"), again(10.0)), "missing"),
        ((FIRST, again(None)), "missing"),
        ((FIRST, again(None, status="failed")), "failed"),
        ((FIRST, again(math.nan)), "cannot be told"),
        (
            (FIRST, again(None, metrics={"loss": Measured(10.0, "nats", "minimize")})),
            "cannot be told",
        ),
    ):
        (row,) = found(*runs, *NOISE)
        assert row["verdict"] == verdict, runs
        assert row["sentence"].isascii() or row["sentence"]
    assert found(FIRST, again(10.0, standing="retracted")) == []
    assert found(FIRST, again(None, status="planned")) == []


def test_honest_reruns_agree_as_often_as_the_level_says() -> None:
    rng = np.random.default_rng(3)
    said = reproducibility.blank(again(0.0), FIRST)._replace(metric="loss")
    agreed, tries = 0, 2000
    for df in (2, 9):
        for _ in range(tries // 2):
            noise = PooledSd(math.sqrt(rng.chisquare(df) / df), df, 1)
            pair = (Measured(rng.normal()), Measured(rng.normal()))
            agreed += reproducibility.compare(said, *pair, noise, None).verdict == "agree"
    assert abs(agreed / tries - 0.95) < 3 * math.sqrt(0.95 * 0.05 / tries)
