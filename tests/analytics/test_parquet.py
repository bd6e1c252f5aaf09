"""Files of tables: dictionaries, groups of rows, bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labrec.analytics import parquet
from labrec.analytics.parquet import TableFile, column_array, rows_table, shared_column
from labrec.analytics.tables import FEATURES, Column
from labrec.errors import InvalidError

if TYPE_CHECKING:
    from pathlib import Path


def feature_rows(names: list[str], places: list[int]) -> pa.Table:
    """Rows of the table of features: of runs by their place, otherwise numbered."""
    shared = shared_column(pa.array(names), pa.array(places, pa.int32()))
    text = pa.array([f"v{number}" for number in range(len(places))])
    columns = {
        "project": shared, "run_id": shared, "record_digest": shared, "path": text, "value": text,
        "number": pa.nulls(len(places), pa.float64()), "kind": text,
    }  # fmt: skip
    order = [column.name for column in FEATURES.columns]
    return pa.table([columns[name] for name in order], names=order)


def written(path: Path, *parts: pa.Table) -> bytes:
    with TableFile(path, FEATURES, {"labrec.view": "v"}) as file:
        for part in parts:
            file.add(part)
        file.finish()
        file.publish()
    assert file.size == path.stat().st_size
    assert list(path.parent.iterdir()) == [path]
    return path.read_bytes()


def test_a_dictionary_holds_each_name_once(tmp_path: Path) -> None:
    """Unused names, and names that stand twice, must not reach the file."""
    path = tmp_path / "x.parquet"
    once = written(path, feature_rows(["a", "b"], [0, 0, 1]))
    twice = written(path, feature_rows(["z", "a", "a", "b", "b"], [1, 2, 4]))
    assert pq.read_table(path)["run_id"].to_pylist() == ["a", "a", "b"]
    assert twice == once


def test_how_rows_come_in_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP", 100)
    names = [f"run {number}" for number in range(50)]
    places = sorted(number % 50 for number in range(1_000))
    whole = feature_rows(names, places)
    at_once = written(tmp_path / "x.parquet", whole)
    parts = [whole.slice(start, 7) for start in range(0, 1_000, 7)]
    assert written(tmp_path / "x.parquet", *parts) == at_once
    assert pq.read_metadata(tmp_path / "x.parquet").num_row_groups == 10


def test_without_finish_nothing_is_left(tmp_path: Path) -> None:
    with TableFile(tmp_path / "x.parquet", FEATURES, {}) as file:
        file.add(feature_rows(["a"], [0]))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "value"), [("text", 1), ("integer", "1"), ("number", "1"), ("boolean", 1),
                        ("time", "2026"), ("texts", [1]), ("integer", 2**63), ("text", None)],
)  # fmt: skip
def test_a_value_of_another_kind_is_refused(kind: str, value: object) -> None:
    with pytest.raises(InvalidError, match="column"):
        column_array(Column("column", kind, ""), [value])  # type: ignore[arg-type]


def test_no_rows_are_a_table_too() -> None:
    assert rows_table(FEATURES.columns, []).num_rows == 0
