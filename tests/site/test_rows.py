"""The rows that the site reads are of the contract: it reads the columns that it shows."""

from __future__ import annotations

import typing
from datetime import datetime

import pytest

from labrec.analytics.tables import TABLES, Table
from labrec.site import rows, rows_attribution, rows_catalogue, rows_hypotheses

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
OF_TOPICS = (
    rows_hypotheses.Registration,
    rows_hypotheses.Primary,
    rows_hypotheses.Unit,
    rows_hypotheses.Bearing,
    rows_attribution.Design,
    rows_attribution.Cell,
    rows_attribution.Effect,
    rows_attribution.Efficiency,
    rows_attribution.Growth,
    rows_catalogue.Dataset,
    rows_catalogue.Use,
    rows_catalogue.Definition,
    rows_catalogue.Unfound,
    rows_catalogue.Reliability,
)
TYPES = {
    "text": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "time": datetime,
    "texts": tuple[str, ...],
}


def check(model: type, table: Table) -> None:
    columns = {column.name: column for column in table.columns}
    hints = typing.get_type_hints(model, {"datetime": datetime})
    assert list(hints) == [name for name in columns if name in hints]
    for field, hint in hints.items():
        wanted = TYPES[columns[field].kind]
        assert hint == (wanted | None if columns[field].optional else wanted), field


@pytest.mark.parametrize("name", MODELS)
def test_a_row_is_of_columns_of_the_contract_in_their_order(name: str) -> None:
    check(MODELS[name], TABLES[name])


@pytest.mark.parametrize("model", OF_TOPICS)
def test_a_row_that_names_its_table_is_of_its_columns(model: type) -> None:
    check(model, model.TABLE)
