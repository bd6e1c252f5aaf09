"""The observations behind a comparison, and where speeds lie on each model of machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.analytics.conditions.studies import crossed, one, row_of, study

from labrec.analytics.conditions import quality
from labrec.analytics.conditions.observations import MOST_GIVEN

if TYPE_CHECKING:
    from labrec.analytics.seen import Seen

BOTH = {"one": [0.50, 0.60, 0.73, 0.80], "two": [0.52, 0.61, 0.77, 0.81]}


def rows(seen: Seen, name: str) -> list[dict[str, Any]]:
    """The rows of one of the tables, by column."""
    found = {table.name: (table, list(rows_)) for table, rows_ in quality.rows(seen)}
    table, values = found[name]
    names = [column.name for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in values]


def test_observations_are_what_the_test_sees() -> None:
    seen = study(crossed(BOTH), {"roles": {"accuracy": "quality"}})
    found = [row for row in rows(seen, "hardware_observations") if row["condition"] == "cpu_model"]
    by_level = {
        level: [row["value"] for row in found if row["level"] == level] for level in ("one", "two")
    }
    assert by_level == BOTH
    assert [row["observation"] for row in found] == [1, 2, 3, 4] * 2
    assert {(row["counted"], row["n"]) for row in found} == {("block", 4)}
    compared = row_of(seen, "cpu_model")
    pairs = [two - one_ for one_, two in zip(by_level["one"], by_level["two"], strict=True)]
    assert compared["estimate"] == pytest.approx(sum(pairs) / len(pairs))


def test_pairs_of_levels_have_no_observations_of_their_own() -> None:
    three = {**BOTH, "three": [0.51, 0.60, 0.74, 0.80]}
    found = rows(study(crossed(three), {"roles": {"accuracy": "quality"}}), "hardware_observations")
    keys = [(row["condition"], row["place"], row["observation"]) for row in found]
    assert len(keys) == len(set(keys)) == 2 * 3 * 4  # cpu_model and hardware_id


def test_of_very_many_observations_the_first_are_given_and_all_counted() -> None:
    many = [float(number) for number in range(MOST_GIVEN + 5)]
    runs = crossed({"one": many, "two": [value + number % 3 for number, value in enumerate(many)]})
    found = rows(study(runs, {"roles": {"accuracy": "quality"}}), "hardware_observations")
    ours = [row for row in found if (row["condition"], row["level"]) == ("cpu_model", "one")]
    assert len(ours) == MOST_GIVEN
    assert {row["n"] for row in ours} == {MOST_GIVEN + 5}


def test_a_comparison_that_cannot_be_made_has_none() -> None:
    runs = [one(0.5, cpu_model="one", experiment="e"), one(0.6, cpu_model="two", experiment="f")]
    seen = study(runs, {"roles": {"accuracy": "quality"}})
    assert rows(seen, "hardware_observations") == []
    assert row_of(seen, "cpu_model")["verdict"] == "not comparable"


def test_speeds_are_quartiles_of_all_complete_runs_on_a_model() -> None:
    rate = {"metric": "rate", "unit": "tokens/s"}
    runs = [one(value, **rate, experiment=f"e{value:.0f}") for value in (1.0, 2.0, 3.0, 4.0, 10.0)]
    runs += [one(7.0, **rate, cpu_model="two", gpu_model="A100", machine=None)]
    runs += [one(99.0, **rate, status="failed"), one(float("nan"), **rate)]
    found = rows(study(runs, {"roles": {"rate": "speed"}}), "hardware_speeds")
    first, second = found
    names = ("min", "q1", "median", "q3", "max")
    assert [first[name] for name in names] == [1, 2, 3, 4, 10]
    assert (first["n"], first["n_experiments"], first["n_machines"]) == (5, 5, 1)
    assert first["sentence"] == (
        "p: rate on one: median 3 tokens/s, the middle half 2 to 4 tokens/s, all 1 to 10 tokens/s "
        "(5 runs of 5 experiments on 1 machine). Described, not compared: what was run differs too."
    )
    assert (second["cpu_model"], second["gpu_model"], second["n_machines"]) == ("two", "A100", 0)
    assert (
        "on two with A100: 7 tokens/s (1 run of 1 experiment on unknown machines)"
        in (second["sentence"])
    )


def test_quality_has_no_speed_and_units_are_not_mixed() -> None:
    runs = [
        one(0.5),
        one(1.0, metric="time", unit="s"),
        one(1000.0, metric="time", unit="ms"),
        one(3.0, metric="power", unit="W"),
    ]
    asked = {"roles": {"accuracy": "quality", "time": "speed", "power": "energy"}}
    found = rows(study(runs, asked), "hardware_speeds")
    assert [(row["metric"], row["unit"], row["role"]) for row in found] == [
        ("power", "W", "energy"), ("time", "ms", "speed"), ("time", "s", "speed"),
    ]  # fmt: skip
