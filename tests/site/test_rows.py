"""The rows that the site reads are of the contract: it reads the columns that it shows."""

from __future__ import annotations

import typing
from datetime import datetime

import pytest

from labrec.analytics.tables import TABLES
from labrec.site import rows

MODELS = {
    "runs": rows.Run,
    "experiments": rows.Experiment,
    "contrasts": rows.Contrast,
    "metrics": rows.Metric,
    "feature_changes": rows.FeatureChange,
    "edges": rows.Edge,
    "problems": rows.Problem,
    "hypotheses": rows.Hypothesis,
}
TYPES = {
    "text": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "time": datetime,
    "texts": tuple[str, ...],
}


@pytest.mark.parametrize("name", MODELS)
def test_a_row_is_of_columns_of_the_contract_in_their_order(name: str) -> None:
    columns = {column.name: column for column in TABLES[name].columns}
    hints = typing.get_type_hints(MODELS[name], {"datetime": datetime})
    assert list(hints) == [name for name in columns if name in hints]
    for field, hint in hints.items():
        wanted = TYPES[columns[field].kind]
        assert hint == (wanted | None if columns[field].optional else wanted), field
