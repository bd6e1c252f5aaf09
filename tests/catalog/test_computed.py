"""Metrics computed from others: their order, circles, composites and directions."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrec.catalog.computed import plan
from labrec.catalog.definition import MetricDefinition, Origin, Part
from labrec.catalog.expression import Missing


def expression(name: str, text: str, **fields: Any) -> MetricDefinition:
    return MetricDefinition(
        "p", name, f"sha256:{name}", origin=Origin("expression", text), **fields
    )


def composite(
    form: Any, *parts: tuple[str, float, Any], direction: Any = "maximize"
) -> MetricDefinition:
    origin = Origin("composite", form=form, parts=tuple(Part(*part) for part in parts))
    return MetricDefinition("p", "all", "sha256:all", direction=direction, origin=origin)


def test_what_builds_on_other_computed_metrics_is_computed_after_them() -> None:
    found = plan([expression("a", "b * 2"), expression("b", "c + 1"), expression("d", "a + b")])
    assert [definition.name for definition, _ in found.steps] == ["b", "a", "d"]
    assert found.values({"c": 1.0}) == {"b": 2.0, "a": 4.0, "d": 6.0}


def test_a_computed_metric_takes_the_place_of_a_logged_one() -> None:
    found = plan([expression("a", "c + 1"), expression("b", "a")])
    assert found.values({"a": 99.0, "c": 1.0}) == {"a": 2.0, "b": 2.0}


def test_a_circle_has_no_value_and_neither_has_what_stands_behind_it() -> None:
    found = plan(
        [expression("a", "b"), expression("b", "a + 1"), expression("c", "b"), expression("d", "x"),
         expression("e", "e")]
    ).values({"x": 1.0, "a": 5.0})  # fmt: skip
    assert found.pop("d") == 1.0
    reason = Missing("what it is computed from leads back in a circle")
    assert found == dict.fromkeys("abce", reason)


def test_a_text_that_is_no_expression_stops_nothing_else() -> None:
    found = plan([expression("bad", "import os"), expression("a", "bad + 1"), expression("b", "2")])
    values = found.values({})
    assert values["b"] == 2.0
    assert values["bad"] == Missing(
        "no expression: 'os' stands where an operator or the end belongs (at character 8)"
    )
    assert str(values["a"]).startswith("Missing(reason=\"no value of 'bad': no expression: ")


def test_scalars_and_entry_points_are_not_computed() -> None:
    scalar = MetricDefinition("p", "s", "sha256:s")
    point = MetricDefinition("p", "e", "sha256:e", origin=Origin("entry_point", entry_point="a:b"))
    assert plan([scalar, point]).values({"s": 1.0}) == {}


def test_a_weighted_sum_turns_what_is_better_the_other_way() -> None:
    found = composite("weighted_sum", ("acc", 2, "maximize"), ("loss", 0.5, "minimize"))
    assert plan([found]).values({"acc": 3.0, "loss": 4.0}) == {"all": 4.0}
    found = found._replace(direction="minimize")
    assert plan([found]).values({"acc": 3.0, "loss": 4.0}) == {"all": -4.0}


def test_a_geometric_mean_inverts_what_is_better_the_other_way() -> None:
    found = composite("geometric_mean", ("acc", 1, "maximize"), ("loss", 1, "minimize"))
    value = plan([found]).values({"acc": 8.0, "loss": 2.0})["all"]
    assert value == pytest.approx(2.0)  # √(8 · 1/2)
    weighted = composite("geometric_mean", ("a", 3, "maximize"), ("b", 1, "maximize"))
    assert plan([weighted]).values({"a": 2.0, "b": 32.0})["all"] == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("form", "values", "reason"),
    [
        ("weighted_sum", {"a": 1.0}, "no value of 'b'"),
        ("weighted_sum", {"a": 1.0, "b": math.nan}, "the value of 'b' is nan"),
        ("weighted_sum", {"a": 1e308, "b": -1e308}, "a number that is too large"),
        ("geometric_mean", {"a": 0.0, "b": 1.0},
         "a geometric mean of a number that is not above 0"),
        ("geometric_mean", {"a": -1.0, "b": 1.0},
         "a geometric mean of a number that is not above 0"),
    ],
)  # fmt: skip
def test_a_composite_makes_nothing_up(form: Any, values: dict[str, float], reason: str) -> None:
    found = composite(form, ("a", 4, "maximize"), ("b", 4, "maximize"))
    assert plan([found]).values(values) == {"all": Missing(reason)}


positive = st.floats(1e-3, 1e3)


@given(st.lists(st.tuples(positive, positive, st.booleans()), min_size=1, max_size=6), positive)
def test_a_geometric_mean_scales_with_its_parts(
    rows: list[tuple[float, float, bool]], by: float
) -> None:
    """Improving every part by one factor improves the composite by that factor."""
    ways = ["maximize" if better else "minimize" for *_, better in rows]
    parts = [(f"m{n}", row[1], way) for n, (row, way) in enumerate(zip(rows, ways, strict=True))]
    found = plan([composite("geometric_mean", *parts)])
    before = {f"m{n}": row[0] for n, row in enumerate(rows)}
    after = {
        f"m{n}": row[0] * by if way == "maximize" else row[0] / by
        for n, (row, way) in enumerate(zip(rows, ways, strict=True))
    }
    one, two = found.values(before)["all"], found.values(after)["all"]
    assert not isinstance(one, Missing)
    assert two == pytest.approx(one * by, rel=1e-9)


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), positive), min_size=1, max_size=6))
def test_a_composite_and_its_opposite_are_mirror_images(rows: list[tuple[float, float]]) -> None:
    parts = [(f"m{n}", weight, "maximize") for n, (_, weight) in enumerate(rows)]
    values = {f"m{n}": value for n, (value, _) in enumerate(rows)}
    up = plan([composite("weighted_sum", *parts)]).values(values)["all"]
    down = plan([composite("weighted_sum", *parts, direction="minimize")]).values(values)["all"]
    assert not isinstance(up, Missing)
    assert down == -up
