"""What definitions make of the metrics of a run."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrec.analytics.meaning import Logged, Meaning, tail_mean
from labrec.analytics.run import Measured
from labrec.catalog.definition import Aggregation, MetricDefinition, Origin
from labrec.catalog.expression import Missing


def logged(last: float, **fields: Any) -> Logged:
    every = {"mean": last, "min": last, "max": last, "points": 5, "unit": "nat",
             "direction": "minimize"} | fields  # fmt: skip
    return Logged(last, **every)


def defined(name: str, **fields: Any) -> MetricDefinition:
    return MetricDefinition("p", name, f"sha256:{name}", **fields)


def settle(definition: MetricDefinition | None, found: Logged | None, **more: Any) -> Any:
    definitions = {} if definition is None else {definition.name: definition}
    rows = {} if found is None else {"loss": found}
    tail = more.pop("tail", lambda metric, percent: Missing("no points"))
    return Meaning.of(definitions).settle(rows, tail, more.pop("evaluated", {}))


def test_without_a_definition_a_run_says_what_it_says() -> None:
    assert settle(None, logged(2.0)).metrics == {"loss": Measured(2.0, "nat", "minimize")}


def test_unit_and_direction_are_the_definitions_where_it_gives_any() -> None:
    found = settle(defined("loss", unit="bit", direction="maximize"), logged(2.0))
    assert found.metrics == {"loss": Measured(2.0, "bit", "maximize")}
    assert settle(defined("loss", unit="1"), logged(2.0)).metrics["loss"].unit is None
    found = settle(defined("loss"), logged(2.0))
    assert found.metrics == {"loss": Measured(2.0, "nat", "minimize")}


@pytest.mark.parametrize(
    ("kind", "direction", "value"),
    [("last", None, 2.0), ("mean", None, 3.0), ("min", None, 1.0), ("max", None, 9.0),
     ("best", "minimize", 1.0), ("best", "maximize", 9.0)],
)  # fmt: skip
def test_aggregations_of_a_summary(kind: Any, direction: Any, value: float) -> None:
    definition = defined("loss", aggregation=Aggregation(kind), direction=direction)
    # what the run calls best is by its own direction, which the definition's overrules
    found = settle(definition, logged(2.0, mean=3.0, min=1.0, max=9.0))
    assert found.metrics["loss"].value == value


def test_the_mean_of_the_last_points_comes_from_the_points() -> None:
    definition = defined("loss", aggregation=Aggregation("tail_mean", 20.0))
    asked = []

    def tail(metric: str, percent: float) -> float:
        asked.append((metric, percent))
        return 7.0

    assert settle(definition, logged(2.0), tail=tail).metrics["loss"].value == 7.0
    assert asked == [("loss", 20.0)]
    assert settle(definition, logged(2.0, points=1), tail=tail).metrics["loss"].value == 2.0
    assert len(asked) == 1
    found = settle(definition, logged(2.0))
    assert (found.metrics, found.missing) == ({}, {"loss": "no points"})


def test_of_a_function_only_what_names_its_definition_counts() -> None:
    origin = Origin("entry_point", entry_point="a:b", package="a", version="1", digest="sha256:0")
    definition = defined("loss", origin=origin, unit="1", direction="maximize")
    nothing = settle(definition, logged(2.0))
    assert nothing.metrics == {}
    assert nothing.missing == {
        "loss": "neither the run nor an evaluation names the definition that counts"
    }
    found = settle(definition, logged(2.0), evaluated={"loss": 4.0})
    assert found.metrics == {"loss": Measured(4.0, None, "maximize")}
    own = logged(2.0, found_by="sha256:loss")
    assert settle(definition, own).metrics == {"loss": Measured(2.0, None, "maximize")}
    assert settle(definition, own, evaluated={"loss": 2.0}).metrics["loss"].value == 2.0
    quarrel = settle(definition, own, evaluated={"loss": 3.0})
    assert quarrel.missing == {"loss": "what the run logged and its evaluations disagree"}
    assert settle(definition, logged(2.0, found_by="sha256:older")).metrics == {}


def test_computed_metrics_build_on_the_values_that_definitions_take() -> None:
    definitions = {
        "loss": defined("loss", aggregation=Aggregation("min")),
        "ppl": defined("ppl", origin=Origin("expression", "exp(loss)"), unit="1",
                       direction="minimize"),
        "bad": defined("bad", origin=Origin("expression", "1 / (loss - loss)")),
    }  # fmt: skip
    found = Meaning.of(definitions).settle({"loss": logged(2.0, min=0.0)}, lambda *_: 0.0, {})
    assert found.metrics["ppl"] == Measured(1.0, None, "minimize")
    assert found.missing == {"bad": "a division by zero"}


@pytest.mark.parametrize(
    ("values", "percent", "mean"),
    [
        ([1.0, 2.0, 3.0, 4.0], 50, 3.5),
        ([1.0, 2.0, 3.0, 4.0], 26, 3.5),
        ([1.0, 2.0, 3.0, 4.0], 25, 4.0),
        ([1.0, 2.0, 3.0, 4.0], 1e-9, 4.0),
        ([1.0, 2.0, 3.0, 4.0], 100, 2.5),
        ([float(n) for n in range(30)], 10, 28.0),
        ([math.nan, 2.0, 3.0], 66, 2.5),
        ([1.0, math.inf], 50, math.inf),
        ([1e308, 1e308], 100, 1e308),
    ],
)
def test_how_many_points_the_last_are(values: list[float], percent: float, mean: float) -> None:
    assert tail_mean(values, percent) == mean


def test_a_tail_with_something_that_is_no_number_has_no_finite_mean() -> None:
    assert math.isnan(float(tail_mean([1.0, math.nan], 100)))  # type: ignore[arg-type]
    assert math.isnan(float(tail_mean([math.inf, -math.inf], 100)))  # type: ignore[arg-type]
    assert tail_mean([], 10) == Missing("the lab holds no points of it")


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), st.floats(0.01, 100))
def test_a_tail_lies_between_its_points(values: list[float], percent: float) -> None:
    found = tail_mean(values, percent)
    assert not isinstance(found, Missing)
    assert min(values) - 1e-6 <= found <= max(values) + 1e-6
