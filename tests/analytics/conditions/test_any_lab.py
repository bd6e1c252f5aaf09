"""Whatever a lab holds, every comparison has a verdict and a sentence, and the order of runs none."""

from __future__ import annotations

import datetime as dt
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analytics.conditions.studies import crossed, one, registered, row_of, study, table

from labrec.analytics.conditions.verdict import VERDICTS
from labrec.analytics.tables import HARDWARE_QUALITY

NUMBERS = st.one_of(
    st.integers(-3, 3).map(float),
    st.floats(-10, 10),
    st.floats(0.5, 2),
    st.sampled_from([*range(20), math.nan, math.inf, 1e149, -1e149, 1e-310, 5e-324, 1.7e308]).map(
        float
    ),
)
WHEN = st.none() | st.datetimes(dt.datetime(2025, 1, 1), dt.datetime(2026, 1, 1)).map(  # noqa: DTZ001
    lambda at: at.replace(tzinfo=dt.UTC)
)
RUN = st.fixed_dictionaries(
    {
        "value": NUMBERS,
        "status": st.sampled_from(["complete"] * 9 + ["failed", "interrupted", "planned"]),
        "cpu_model": st.sampled_from(["one", "two", "one", "two", "one", "two", "", None, "x" * 200]),
        "machine": st.sampled_from(["a", "b", "a", "b", "c", None]),
        "experiment": st.sampled_from(["e0", "e1"]),
        "seeds": st.sampled_from([None, "1", "2"]),
        "author": st.sampled_from([None, "A", "B"]),
        "started": WHEN,
        "output": st.sampled_from([None, None, "o1", "o2"]),
        "memory_bytes": st.sampled_from([None, 0, 1, 1 << 34, 1 << 60]),
        "tree": st.sampled_from(
            [{}, {"quantization": "int8"}, {"quantization": {"$float": "NaN"}},
             {"quantization": {"$int": "9" * 400}}, {"quantization": [1, {"x": None}]},
             {"quantization": 4}, {"threads": 2.5}, {"quantization": {"a": 1}, "lr": "é\x1b"}]
        ),
        "state": st.fixed_dictionaries(
            {}, optional={"throttled": st.booleans(), "power_source": st.text(max_size=3),
                          "memory_pressure": st.floats(0, 100)},
        ),
    }
)  # fmt: skip
LAB = st.lists(RUN, min_size=8, max_size=30)
UNIT = st.sampled_from([None, "s", "J"])


def made(runs: list[dict], unit: str | None = None, **margins: float):
    return study(
        [one(unit=unit, **run) for run in runs],
        {"key_metrics": ["accuracy"]}, [registered(**margins)],
    )  # fmt: skip


@settings(max_examples=150)
@given(LAB, UNIT, st.sampled_from([0.0, 0.5, 1e300]))
def test_any_lab_has_a_verdict_and_a_sentence_for_every_comparison(runs, unit, margin) -> None:
    for row in table(made(runs, unit, accuracy=margin)):
        assert row["verdict"] in VERDICTS
        assert row["sentence"].endswith(".")
        assert "\n" not in row["sentence"]
        for column in HARDWARE_QUALITY.columns:
            value = row[column.name]
            assert column.optional or value is not None, column.name
            if column.kind == "number" and value is not None:
                assert math.isfinite(value), column.name
        for name in ("p", "p_adjusted", "equivalence_p", "rank_p", "kruskal_p", "mixed_p"):
            assert row[name] is None or 0 < row[name] <= 1
        if row["p"] is not None and row["low"] is not None and row["scale"] == "difference":
            assert row["low"] <= row["estimate"] <= row["high"]


@settings(max_examples=60)
@given(LAB, st.randoms())
def test_the_order_of_runs_changes_no_verdict(runs, random) -> None:
    shuffled = list(runs)
    random.shuffle(shuffled)

    def said(lab: list[dict]) -> list[tuple]:
        return [
            (r["condition"], r["scope"], r["metric"], r["verdict"], r["n_runs"])
            for r in table(made(lab))
        ]

    # identical outputs of one cell may have different values: the first one stays
    if all(run["output"] is None for run in runs):
        assert said(runs) == said(shuffled)


@pytest.mark.parametrize("scale", [1e-140, 1e140])
def test_the_unit_of_a_metric_changes_no_verdict(scale) -> None:
    values = {"one": [0.5, 0.62, 0.71, 0.79], "two": [0.52, 0.65, 0.72, 0.82]}
    scaled = {level: [scale * value for value in column] for level, column in values.items()}
    plain, other = (row_of(study(crossed(each)), "cpu_model") for each in (values, scaled))
    assert other["p"] == pytest.approx(plain["p"], rel=1e-6)
    assert other["estimate"] == pytest.approx(scale * plain["estimate"], rel=1e-6)


def test_values_beyond_any_square_are_not_compared() -> None:
    row = row_of(study(crossed({"one": [1e308, 1.0], "two": [-1e308, 2.0]})), "cpu_model")
    assert (row["verdict"], row["reason"]) == (
        "not comparable", "a value is too large to be compared"
    )  # fmt: skip
