"""The rows that the site reads are those of the contract, column for column."""

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
def test_a_row_has_the_columns_of_the_contract(name: str) -> None:
    hints = typing.get_type_hints(MODELS[name], {"datetime": datetime})
    for column, (field, hint) in zip(TABLES[name].columns, hints.items(), strict=True):
        wanted = TYPES[column.kind]
        assert (field, hint) == (column.name, wanted | None if column.optional else wanted)
