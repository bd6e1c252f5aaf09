"""Designs within a run: from its counterfactual calls."""

from __future__ import annotations

import math
from typing import Any

from labrec.analytics.attribution.attribute import attribute
from labrec.analytics.attribution.live import MOST_DESIGNS, MOST_METRICS, live
from labrec.analytics.calls import Call, LiveCell
from labrec.analytics.run import Measured, Run

FACTORS = ("norm", "skip")


def cell(on: int, seed: int | None, replicate: int = 0, **values: float) -> LiveCell:
    text = None if seed is None else str(seed)
    return LiveCell(on, replicate, text, values, 0.5, None if values else "ValueError")


def factorial(seeds: tuple[int, ...] = (1, 2, 3), k: int = 2) -> tuple[LiveCell, ...]:
    return tuple(
        cell(on, seed, at, loss=4.0 - on.bit_count() + seed / 10, accuracy=on / 4)
        for at, seed in enumerate(seeds)
        for on in range(1 << k)
    )


def call(**changes: Any) -> Call:
    given = Call(None, None, FACTORS, "factorial", (), True, "unchecked", factorial())
    return given._replace(**changes)


def run(**changes: Any) -> Run:
    metrics = {"loss": Measured(1.0, "nat", "minimize")}
    return Run(**{"run_id": "r1", "digest": "d1", "project": "p", "name": "n", "metrics": metrics,
                  **changes})  # fmt: skip


def test_a_call_is_a_design_of_each_of_its_metrics() -> None:
    found = live([(run(), [call(step=300, at="after warm-up")])], {"accuracy": "maximize"})
    assert found.left_out == []
    assert [one.design.metric for one in found.designs] == ["accuracy", "loss"]
    accuracy, loss = found.designs
    assert (accuracy.design.unit, accuracy.design.direction) == (None, "maximize")
    assert (loss.design.unit, loss.design.direction) == ("nat", "minimize")
    assert loss.design.factors == FACTORS
    assert [cell.on for cell in loss.design.cells] == [0, 1, 2, 3]
    assert loss.design.cells[3].values == (2.1, 2.2, 2.3)
    assert loss.design.cells[3].seeds == ('{"seed": "1"}', '{"seed": "2"}', '{"seed": "3"}')
    assert loss.design.cells[3].records == ("d1", "d1", "d1")
    assert (loss.origin.project, loss.origin.source) == ("p", "run")
    assert loss.origin.name == "n r1, step 300, after warm-up"


def test_a_seed_is_a_block_whatever_it_does_to_all_cells_alike() -> None:
    (_, loss) = live([(run(), [call()])], {"accuracy": None}).designs
    said = attribute(loss.design)
    assert said.blocks == 3
    effect = said.effect("shapley", 0)
    assert math.isclose(effect.estimate or 0, -1.0)
    assert (effect.se or 0) < 1e-9


def test_what_failed_or_is_not_finite_is_missing_and_never_dropped_silently() -> None:
    cells = (*factorial((1,))[:2], cell(2, 1), cell(3, 1, loss=math.nan))
    (loss,) = [
        one for one in live([(run(), [call(cells=cells)])], {}).designs
        if one.design.metric == "loss"
    ]  # fmt: skip
    assert [cell.on for cell in loss.design.cells] == [0, 1]
    assert loss.origin.n_missing == 2


def test_calls_of_one_run_are_told_apart() -> None:
    found = live([(run(), [call(), call()])], {})
    names = {one.origin.name for one in found.designs}
    assert names == {"n r1, call 1", "n r1, call 2"}
    assert len({one.digest for one in found.designs}) == 4


def test_permutations_are_handed_on() -> None:
    orders = ((0, 1), (1, 0))
    (one, _) = live([(run(), [call(method="permutations", orders=orders)])], {}).designs
    assert one.design.orders == orders


def test_cells_of_an_object_that_was_not_given_back_do_not_count() -> None:
    spoilt = [call(restored="differs"), call(restored="failed")]
    found = live([(run(), spoilt)], {})
    assert found.designs == []
    assert found.left_out == ["2 calls after which the object was not what it had been"]
    assert live([(run(), [call(restored=None), call(restored="same")])], {}).designs


def test_runs_that_do_not_count_have_no_designs() -> None:
    assert live([(run(standing="retracted"), [call()])], {}).designs == []


def test_results_of_classes_come_after_the_others_and_are_bounded() -> None:
    values = {f"per_class.{n:03d}": 1.0 for n in range(40)} | {"zeta": 1.0, "loss": 2.0}
    cells = tuple(cell(on, 1, **values) for on in range(4))
    found = live([(run(), [call(cells=cells)])], {"loss": "minimize"})
    names = [one.design.metric for one in found.designs]
    assert len(names) == MOST_METRICS
    assert names[:3] == ["loss", "zeta", "per_class.000"]
    assert found.left_out == [f"{42 - MOST_METRICS} metrics of 1 call"]


def test_the_newest_runs_come_first_and_the_rest_is_said() -> None:
    asked = [(run(run_id=f"r{n:04d}", digest=f"d{n}"), [call()]) for n in range(MOST_DESIGNS)]
    found = live(asked, {})
    assert len(found.designs) == MOST_DESIGNS
    assert f"r{MOST_DESIGNS - 1:04d}" in found.designs[0].origin.name
    assert found.left_out == [f"{MOST_DESIGNS:,} designs within older runs"]


def test_a_repeated_measurement_of_one_replicate_counts_once() -> None:
    twice = (*factorial((1,)), cell(0, 1, 0, loss=99.0))
    (one,) = [
        o for o in live([(run(), [call(cells=twice)])], {}).designs if o.design.metric == "loss"
    ]
    assert one.design.cells[0].values == (4.1,)
