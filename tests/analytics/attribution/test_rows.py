"""Designs as rows and sentences."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from tests.analytics.attribution.factorials import design

from labrec.analytics.attribution.design import Design, Origin
from labrec.analytics.attribution.rows import TABLES, Placed, rows

ORIGIN = Origin("vision", "declared", "ablation", 8, 2)
SEEDS = ("1", "2", "3")


def _measured(n: int = 3, number: int = 1) -> np.ndarray:
    rng = np.random.default_rng(number)
    return 0.9 + 0.02 * (np.arange(8) & 1)[:, None] + 0.002 * rng.normal(size=(8, n))


def _tables(*placed: Placed) -> dict[str, list[dict[str, Any]]]:
    """Return the tables as rows by column, every value where its column allows it."""
    found = {}
    for table, given in rows(placed):
        named = [
            dict(zip([column.name for column in table.columns], row, strict=True)) for row in given
        ]
        keys = [tuple(row[name] for name in table.key) for row in named]
        assert keys == sorted(set(keys))
        for row in named:
            for column in table.columns:
                value = row[column.name]
                assert column.optional or value is not None, (table.name, column.name)
                if value is not None:
                    assert isinstance(value, _TYPES[column.kind]), (table.name, column.name, value)
        found[table.name] = named
    assert list(found) == [table.name for table in TABLES]
    return found


_TYPES = {"text": str, "integer": int, "number": float, "boolean": bool, "texts": list}


def test_a_complete_design():
    given = design("abc", _measured(), SEEDS)
    cost = design("abc", np.repeat(1000.0 + 50 * np.arange(8)[:, None], 3, axis=1), SEEDS)
    tables = _tables(Placed(ORIGIN, given, (cost._replace(metric="parameters", unit=None),)))
    (whole,) = tables["designs"]
    assert (whole["shape"], whole["blocks"], whole["residual_df"]) == ("complete", 3, 14)
    assert whole["gap"] == 0
    assert (whole["n_needed"], whole["needed"], whole["needed_main"]) == (0, [], [])
    cells = tables["cells"]
    assert [cell["cell"] for cell in cells] == sorted(f"{on:03b}"[::-1] for on in range(8))
    assert cells[4]["on"] == ["a"]
    assert json.loads(cells[4]["values"]) == list(given.cells[1].values)
    assert cells[4]["mean"] == cells[4]["adjusted"]
    effects = tables["attributions"]
    assert len(effects) == 3 + 3 + 7 + 3 + 3 + 3
    assert {row["design"] for row in effects} == {whole["design"]}
    shapley = next(row for row in effects if (row["kind"], row["on"]) == ("shapley", "100"))
    assert shapley["finding"] == "better"
    assert shapley["low"] < 0.02 < shapley["high"]
    assert [row["kind"] for row in effects if row["sentence"]] == ["main"] * 3 + ["shapley"] * 3
    prices = tables["efficiencies"]
    assert len(prices) == 6
    assert {row["cost"] for row in prices} == {"parameters"}
    first = next(row for row in prices if (row["kind"], row["on"]) == ("shapley", "100"))
    assert first["cost_estimate"] == 50
    assert first["low"] < first["ratio"] < first["high"]


def _sentence(given: Design, origin: Origin = ORIGIN, kind: str = "shapley", on: str = "") -> str:
    found = _tables(Placed(origin, given))["attributions"]
    on = on or "1" + "0" * (len(given.factors) - 1)
    (row,) = [row for row in found if (row["kind"], row["on"]) == (kind, on)]
    return row["sentence"]


def test_a_sentence_holds_all_that_it_must():
    assert _sentence(design("abc", _measured(), SEEDS)) == (
        "Shapley value of a on accuracy: 0.02060 % "
        "(95\N{NO-BREAK SPACE}% interval 0.01964 to 0.02156 %), better (higher is better); "
        "8 cells with 24 values, 8 experiments, 2 machines; t with 3 seeds as blocks, "
        "14 degrees of freedom; p < 0.001, p < 0.001 adjusted by Holm over 3 Shapley values; "
        "declared in the project's definition, not registered. Not known: whether it holds with "
        "other settings of what was not varied."
    )


@pytest.mark.parametrize(
    ("origin", "unknown"),
    [
        (ORIGIN._replace(n_missing=2), "what 2 runs without a value would have shown"),
        (ORIGIN._replace(source="found"), "in a design that was chosen beforehand"),
        (ORIGIN._replace(n_machines=1), "whether it holds on another machine"),
    ],
)
def test_the_strongest_unknown_of_an_origin(origin: Origin, unknown: str):
    assert unknown in _sentence(design("abc", _measured(), SEEDS), origin)


def test_the_strongest_unknown_of_what_was_measured():
    assert "share their seeds" in _sentence(design("abc", _measured()))
    assert "taken from the effects" in _sentence(design("abc", _measured(1)))
    assert "nothing was replicated" in _sentence(design("ab", [1, 2, 3, 5]))
    assert "replicates do not differ" in _sentence(design("a", [(1, 1), (2, 2)]))
    assert "hardly any replicates" in _sentence(design("a", [(1, 1.1), (2, 2.3)], ("1", "2")))


def test_registered_or_not():
    given = design("abc", _measured(), SEEDS)
    registered = ORIGIN._replace(registration="sha256:" + "0" * 64)
    assert "; registered. Not known" in _sentence(given, registered)
    assert "the design was found in the records" in _sentence(
        given, ORIGIN._replace(source="found")
    )
    assert "within one run" in _sentence(given, ORIGIN._replace(source="run"))


def test_an_effect_that_is_not_determined_says_what_to_run():
    given = design("abc", [(1, 2), (2, 3)], cells=(0, 1))
    assert _sentence(given, kind="main", on="010") == (
        "Main effect of b on accuracy: not determined by the measured cells; run 010."
    )
    assert "run 010, 110, 001, 101, …" in _sentence(given, on="010")
    assert "all interactions taken as zero" in _sentence(given)
    assert "whether there is any interaction; 6 more cells would tell" in _sentence(given)


def test_a_fraction_names_what_an_effect_may_be_instead():
    given = design("abc", [(1, 1.2), (2, 2.1), (4, 4.3), (8, 8.2)], cells=(1, 2, 4, 7))
    text = _sentence(given, kind="main")
    assert "how much of it is b×c, which the cells cannot tell from it" in text


def test_names_from_records_stay_plain_text():
    hostile = design("ab", [1, 2, 3, 5])._replace(
        factors=("<b>\x1b[31m\nx" + "y" * 200, "b"), metric="{0}%s\u202e"
    )
    text = _sentence(hostile)
    assert "\n" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert len(text) < 600


def test_designs_of_one_project_have_names_of_their_own():
    given = design("ab", [1, 2, 3, 5])
    names = {
        Placed(origin, one).digest
        for one in (given, given._replace(metric="loss"), given._replace(factors=("b", "a")))
        for origin in (ORIGIN, ORIGIN._replace(name="other"), ORIGIN._replace(source="found"))
    }
    assert len(names) == 9


def test_a_design_without_cells_is_a_row_too():
    tables = _tables(Placed(ORIGIN, Design(("a", "b"), (), "loss")))
    (whole,) = tables["designs"]
    assert whole["needed"] == ["00", "10", "01", "11"]
    assert tables["cells"] == []
    assert not any(row["identifiable"] for row in tables["attributions"])
