"""Whatever numbers and names records hold, rows are made, whole and in order."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analytics.trends.views import ran, view

from labrec.analytics import trends
from labrec.record.text import one_line

if TYPE_CHECKING:
    from labrec.analytics.run import Run

VALUES = st.one_of(
    st.floats(-1.7e308, 1.7e308),
    st.sampled_from([0.0, 1.0, 1.0 + 1e-16, 1e308, -1e308, 1e-308, 5e-324, math.nan, math.inf]),
    st.integers(-3, 3).map(float),
)
RUNS = st.lists(
    st.tuples(
        st.sampled_from("abc"), VALUES, VALUES, st.sampled_from(["counts", "retracted", "forked"]),
        st.sampled_from([None, "r00000", "r00001"]), st.sampled_from([None, "m1", "m2"]),
    ),
    min_size=1, max_size=26,
)  # fmt: skip


def runs_of(given_runs: list[tuple[Any, ...]]) -> list[Run]:
    return [
        ran(at, name, metrics={"loss": loss, "speed": speed}, machine=machine, standing=standing,
            directions={"loss": "minimize", "speed": "maximize"}, reproduces=original)
        for at, (name, loss, speed, standing, original, machine) in enumerate(given_runs)
    ]  # fmt: skip


@settings(max_examples=150)
@given(RUNS)
def test_any_numbers_give_rows_that_the_contract_allows(given_runs: list[tuple[Any, ...]]) -> None:
    seen = view(runs_of(given_runs))
    for table, rows in trends.rows(seen):
        found = [tuple(row) for row in rows]
        for row in found:
            for column, value in zip(table.columns, row, strict=True):
                assert value is not None or column.optional, (table.name, column.name)
                if isinstance(value, float):
                    assert math.isfinite(value), (table.name, column.name)
                if column.name == "sentence" and value is not None:
                    assert one_line(value) == value
        places = [[column.name for column in table.columns].index(name) for name in table.key]
        keys = [tuple(row[place] or "" if place != "" else "" for place in places) for row in found]
        assert len(set(keys)) == len(keys), table.name


@settings(max_examples=60)
@given(st.lists(VALUES, min_size=10, max_size=16))
def test_any_series_has_rows(values: list[float]) -> None:
    for table, rows in trends.rows(view([ran(at, "e", value) for at, value in enumerate(values)])):
        for row in rows:
            for column, value in zip(table.columns, row, strict=True):
                assert value is not None or column.optional, (table.name, column.name)
