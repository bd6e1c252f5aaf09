"""Growing models as a project declares them, and their table."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.analytics.attribution.test_found import Defined

from labrec.analytics.attribution.hosts import declared, rows
from labrec.analytics.run import Measured, Run
from labrec.analytics.seen import Seen
from labrec.analytics.tables.growth import GROWTH
from labrec.errors import InvalidError
from labrec.record.digest import Digest

GROWTH_OF_VISION = {
    "host": "host",
    "parameters": "parameters",
    "sizes": ["double", "quadruple"],
    "chance": {"accuracy": 0.5},
}
KEYS = [{"name": "accuracy", "direction": "maximize"}]


def _config(name: str) -> str:
    return str(Digest.of_value(name))


def _runs(name: str, parameters: float, *values: float, parent: str = "") -> list[Run]:
    parents = [{"by": "option", "name": parent, "run_id": None, "config_digest": _config(parent)}]
    return [
        Run(
            f"{name}{number}",
            str(Digest.of_value([name, number])),
            project="vision",
            name=name,
            experiment=_config(name),
            seeds=json.dumps({"seed": str(number)}),
            machine=f"m{number % 2}",
            metrics={
                "accuracy": Measured(value, None, "maximize"),
                "parameters": Measured(parameters),
            },
            parents=json.dumps(parents if parent else []),
        )
        for number, value in enumerate(values)
    ]


def _seen(*groups: list[Run], growth: Any = GROWTH_OF_VISION) -> Seen:
    runs = sorted((run for group in groups for run in group), key=lambda run: run.run_id)
    placed = [run._replace(place=place) for place, run in enumerate(runs)]
    return Seen(placed, Defined(key_metrics=KEYS, growth=growth))


HOST = _runs("host", 1000, 0.70, 0.72, 0.74)
DOUBLE = _runs("double", 2000, 0.80, 0.80, 0.80)
QUADRUPLE = _runs("quadruple", 4000, 0.90, 0.90, 0.90)
ADAPTER = _runs("adapter", 1500, 0.80, 0.83, 0.83, parent="host")
DEEPER = _runs("deeper", 1700, 0.74, 0.70, 0.73, parent="adapter")


def _rows(seen: Seen) -> dict[str, dict[str, Any]]:
    found = {}
    for table, given in rows(seen):
        assert table is GROWTH
        for row in given:
            named = dict(zip([column.name for column in table.columns], row, strict=True))
            for column in table.columns:
                assert column.optional or named[column.name] is not None, column.name
            found[named["name"]] = named
    return found


def test_all_that_derive_from_the_host_are_compared_with_it():
    found = _rows(_seen(HOST, DOUBLE, QUADRUPLE, ADAPTER, DEEPER, _runs("other", 10, 0.9)))
    assert set(found) == {"adapter", "deeper"}
    adapter = found["adapter"]
    assert (adapter["host_name"], adapter["parameters"], adapter["host_parameters"]) == (
        "host", 1500, 1000,
    )  # fmt: skip
    assert adapter["design"] == "paired"
    assert adapter["delta"] == pytest.approx(0.1)
    assert (adapter["family"], adapter["finding"]) == (2, "better")
    assert adapter["p"] < adapter["p_holm"]
    assert adapter["ratio"] == pytest.approx(0.82 / 1500 / (0.72 / 1000))
    assert adapter["ratio_above_chance"] == pytest.approx(0.32 / 1500 / (0.22 / 1000))
    assert adapter["equivalent"] == pytest.approx(2000 * 2**0.2)
    assert adapter["equivalent_bound"] == ""
    assert adapter["n_sizes"] == 3
    assert found["deeper"]["finding"] == "unclear"


def test_the_sentence_of_a_grown_model():
    text = _rows(_seen(HOST, DOUBLE, QUADRUPLE, ADAPTER))["adapter"]["sentence"]
    assert text.startswith(
        "adapter against its host host on accuracy: 0.100 (95\N{NO-BREAK SPACE}%"
    )
    for part in (
        "better (higher is better)", "1,500 parameters against 1,000",
        "quality for each parameter 0.759 times the host's", "above chance 0.97 times",
        "a host-only model would need 2,297 parameters", "3 runs against 3, 2 machines",
        "paired t, 2 degrees of freedom, p = ", "post hoc",
        "Not known: how sure the curve through 3 sizes of host-only models is.",
    ):  # fmt: skip
        assert part in text


def test_a_single_run_has_no_interval():
    found = _rows(_seen(HOST, _runs("adapter", 1500, 0.8, parent="host")))["adapter"]
    assert (found["finding"], found["low"], found["ratio"]) == ("unreplicated", None, None)
    assert "nothing was replicated" in found["unknown"]


def test_names_that_are_no_experiment_are_a_problem():
    seen = _seen(HOST, ADAPTER)
    assert set(_rows(seen)) == {"adapter"}
    assert [problem.problem[:24] for problem in seen.problems] == [
        "growth names 'double', w",
        "growth names 'quadruple'",
    ]
    twice = [run._replace(experiment=_config("again"), run_id=f"x{run.run_id}") for run in HOST]
    assert _rows(_seen(HOST, twice, ADAPTER)) == {}


def test_a_project_without_growing_models_has_no_rows():
    assert list(rows(_seen(HOST, ADAPTER, growth=None))) == []


@pytest.mark.parametrize(
    "growth",
    [
        "host",
        {"host": "host"},
        {"host": 1, "parameters": "n"},
        {"host": "h", "parameters": "n", "sizes": "double"},
        {"host": "h", "parameters": "n", "sizes": [1]},
        {"host": "h", "parameters": "n", "chance": 0.1},
        {"host": "h", "parameters": "n", "chance": {"accuracy": "a guess"}},
        {"host": "h", "parameters": "n", "chance": {"accuracy": float("nan")}},
        {"host": "h", "parameters": "n", "grown": []},
    ],
)
def test_what_does_not_say_host_and_parameters_is_refused(growth: object):
    with pytest.raises(InvalidError):
        declared({"growth": growth}, "vision")
