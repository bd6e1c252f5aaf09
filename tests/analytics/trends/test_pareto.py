"""Pareto: against brute force, and what may be told."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analytics.trends.views import dicts, ran, view

from labrec.analytics.tables.trends import PARETO
from labrec.analytics.trends import pareto

if TYPE_CHECKING:
    from labrec.analytics.run import Run

WAYS = {"loss": "minimize", "speed": "maximize"}


def found(*runs: Run, **definitions: Any) -> list[dict[str, Any]]:
    return dicts(PARETO, pareto.rows(view(runs, **definitions)))


def both(at: int, name: str, loss: float, speed: float, **fields: Any) -> Run:
    return ran(at, name, metrics={"loss": loss, "speed": speed}, directions=WAYS, **fields)


def pairs(at: int, name: str, loss: float, speed: float, noise: float = 0.01) -> list[Run]:
    return [both(at + k, name, loss + k * noise, speed + k * noise) for k in range(4)]


def test_the_front_respects_both_directions() -> None:
    runs = [
        *pairs(0, "good", 1, 10), *pairs(10, "fast", 2, 20), *pairs(20, "worse", 3, 15),
        *pairs(30, "worst", 4, 5),
    ]  # fmt: skip
    rows = found(*runs)
    assert [(r["name"], r["metric"], r["front"], r["verdict"]) for r in rows] == [
        ("fast", "loss", True, "on the front"), ("fast", "speed", True, "on the front"),
        ("good", "loss", True, "on the front"), ("good", "speed", True, "on the front"),
    ]  # fmt: skip
    assert {r["n_experiments"] for r in rows} == {4}
    assert all(r["low"] < r["mean"] < r["high"] for r in rows)
    assert [bool(r["sentence"]) for r in rows] == [True, False, True, False]
    for said in (
        "p: fast has loss (lower is better)", "and speed (higher is better)", "interval",
        "4 runs, on 1 machine", "Of 3 other experiments none is as good on all of these", "Post hoc",
    ):  # fmt: skip
        assert said in rows[0]["sentence"], said


def test_an_experiment_whose_dominance_cannot_be_told_is_said_so() -> None:
    close = [*pairs(0, "a", 1, 10), *pairs(10, "b", 1.001, 9.999), *pairs(20, "far", 5, 1)]
    rows = [r for r in found(*close) if r["metric"] == "loss"]
    assert [(r["name"], r["front"], r["verdict"], r["rivals"]) for r in rows] == [
        ("a", True, "cannot be told", 1), ("b", False, "cannot be told", 1)
    ]  # fmt: skip
    assert (rows[1]["dominated_by_name"], rows[0]["dominated_by_name"]) == ("a", None)
    assert "a has better means, but whether it is better cannot be told" in rows[1]["sentence"]


def test_without_repeats_the_front_is_one_of_means_alone() -> None:
    rows = found(both(0, "a", 1, 10), both(1, "b", 2, 20), both(2, "c", 3, 15))
    assert {r["name"] for r in rows} == {"a", "b"}
    assert {r["verdict"] for r in rows} == {"cannot be told"}
    assert {r["low"] for r in rows} == {None}
    assert "of some metric the noise is unknown" in rows[0]["sentence"]


def test_what_lacks_a_metric_a_direction_or_the_same_data_is_not_compared() -> None:
    assert found(ran(0, "a", 1.0), ran(1, "b", 2.0)) == []  # one metric has a best, not a front
    runs = [both(0, "a", 1, 10), ran(1, "b", 0.5), both(2, "c", math.nan, 99)]
    assert {r["name"] for r in found(*runs)} == {"a"}
    assert {r["n_experiments"] for r in found(*runs)} == {1}
    other = both(3, "d", 0, 99, datasets=("x@1",))
    assert {(r["datasets"], r["name"]) for r in found(*runs, other)} == {("", "a"), ("x@1", "d")}


POINTS = st.integers(1, 4).flatmap(
    lambda d: st.lists(st.lists(st.integers(0, 4), min_size=d, max_size=d), min_size=1, max_size=30)
)


@given(POINTS)
def test_the_front_is_that_of_brute_force(given_points: list[list[int]]) -> None:
    points = np.array(given_points, float)
    dominated = pareto._dominated(points, points, pareto._nondominated(points))
    for at, point in enumerate(points):
        beaten_by = {
            other
            for other in range(len(points))
            if (points[other] >= point).all() and (points[other] > point).any()
        }
        if dominated[at] < 0:
            assert not beaten_by
        else:
            assert dominated[at] in beaten_by


def test_ten_thousand_experiments_are_no_matter_of_squares() -> None:
    points = np.random.default_rng(1).normal(size=(10_000, 3))
    front = pareto._nondominated(points)
    assert 20 < len(front) < 500
    dominated = pareto._dominated(points, points, front)
    assert np.flatnonzero(dominated < 0).tolist() == front.tolist()


def test_where_much_is_open_the_nearest_are_given_and_the_others_counted() -> None:
    rng = np.random.default_rng(2)
    noise = rng.normal(size=(300, 2))
    runs = [
        both(2 * at + k, f"e{at:03}", loss + k - 0.5, speed + k - 0.5)
        for at, (loss, speed) in enumerate(noise)
        for k in range(2)
    ]
    rows = [r for r in found(*runs) if r["metric"] == "loss"]
    front = sum(r["front"] for r in rows)
    assert len(rows) == front + pareto.UNDECIDED
    assert {r["undecided"] for r in rows} == {rows[0]["undecided"]}
    assert rows[0]["undecided"] > 150
    best = min(noise[:, 0])
    assert all(r["mean"] < best + 4 for r in rows)


def test_where_nearly_all_is_on_the_front_none_is_given() -> None:
    runs = [both(at, f"e{at:04}", float(at), float(at)) for at in range(pareto.MOST + 1)]
    assert found(*runs) == []
    assert len(found(*runs[1:])) == 2 * pareto.MOST


def test_told_fronts_are_right_nearly_always() -> None:
    """Three experiments, one of them truly dominated by a little: it is hardly ever told."""
    rng = np.random.default_rng(6)
    truth = {"a": (0.0, 0.0), "b": (3.0, 3.0), "c": (0.2, -0.2)}
    told = 0
    for _ in range(100):
        runs = [
            both(10 * at + k, name, loss + rng.normal(), speed + rng.normal())
            for at, (name, (loss, speed)) in enumerate(truth.items())
            for k in range(4)
        ]
        told += any(r["name"] == "c" and r["verdict"] == "on the front" for r in found(*runs))
    assert told <= 5


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_equal_points_are_both_on_the_front(direction: str) -> None:
    ways = {"loss": direction, "speed": direction}
    runs = [ran(at, name, metrics={"loss": 1.0, "speed": 1.0}, directions=ways)
            for at, name in enumerate("ab")]  # fmt: skip
    assert {r["name"] for r in found(*runs) if r["front"]} == {"a", "b"}
