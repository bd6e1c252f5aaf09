"""Rows of one record: every kind of value, however odd."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from tests.store.labs import run_doc

from labrec.analytics import extract as extraction
from labrec.analytics import tables
from labrec.analytics.extract import extract, own_columns, text_of
from labrec.analytics.parquet import rows_table
from labrec.record.codec import MAX_INT, REFUSED_CHARACTERS
from labrec.record.config import split_path
from labrec.record.values import as_float

GOLDEN = [
    path
    for path in sorted((Path(__file__).parents[1] / "record" / "golden").glob("*.json"))
    if b'"labrec.run/' in path.read_bytes()
]


def rows_of(table: str, **sections: Any) -> list[dict[str, Any]]:
    found = extract(json.loads(run_doc(**sections).data), "path", "digest").rows[table]
    names = [column.name for column in own_columns(tables.TABLES[table])]
    return [dict(zip(names, row, strict=True)) for row in found]


def run_row(**sections: Any) -> dict[str, Any]:
    found = extract(json.loads(run_doc(**sections).data), "path", "digest")
    names = [column.name for column in extraction.RUN_COLUMNS]
    return dict(zip(names, found.run, strict=True))


# --- runs -------------------------------------------------------------------------------------


def test_the_smallest_record_gives_a_run_and_nothing_else() -> None:
    found = extract(json.loads(run_doc().data), "path", "digest")
    assert not any(found.rows.values())
    row = run_row()
    assert (row["name"], row["path"], row["record_digest"]) == ("base", "path", "digest")
    assert row["started"].isoformat() == "2026-01-02T03:04:05+00:00"
    assert row["tags"] == row["datasets"] == row["hypotheses"] == []
    assert row["seeds"] is row["cpu_model"] is row["gpu_model"] is row["series_digest"] is None


def test_what_a_run_says_of_itself() -> None:
    digest = "sha256:" + "a" * 64
    row = run_row(
        determinism={"seeds": {"b": "2", "a": "1"}, "flags": {}},
        lineage={
            "hypotheses": [
                {"slug": "h1", "registration": digest, "linked": "start"},
                {"slug": "h2", "registration": digest, "linked": "later"},
            ],
            "intent": "find out",
        },
        environment={"interpreter": {"implementation": "cpython", "version": "3.12.4"}},
        hardware={
            "hardware_id": digest,
            "machine_id": "m",
            "tier": "full",
            "fields": {
                "cpu_name": {"value": "Cortex-A76"},
                "memory": {"value": 8 << 30, "unit": "B"},
                "gpus": {"value": [{"name": "Z"}, {"name": "A"}]},
            },
        },
        datasets={
            "items": [
                {"name": "x", "role": "train", "version": "2"},
                {"name": "y", "role": "test", "digest": digest},
                {"name": "z", "role": "test"},
            ]
        },
        capture={"events": [{"kind": "lost", "what": "w", "why": "y", "count": 3}]},
        metrics={"series": {"sha256": "b" * 64, "size": 1}, "values": {}},
        identity={"tool": {"name": "other", "version": "9"}, "author": {"name": "A"}},
    )
    assert row["seeds"] == '{"a":"1","b":"2"}'
    assert row["hypotheses"] == ["h1"]
    assert row["interpreter"] == "CPython 3.12.4"
    assert (row["cpu_model"], row["gpu_model"], row["memory_bytes"]) == (
        "Cortex-A76",
        "A, Z",
        8 << 30,
    )
    assert row["datasets"] == ["x@2", f"y@{digest}", "z"]
    assert (row["capture_events"], row["tool"], row["author"]) == (3, "other 9", "A")
    assert row["series_digest"] == "sha256:" + "b" * 64


@pytest.mark.parametrize(
    "value", [None, 5, True, "x", [5, None, {}, {"name": 5}], {"$int": "9" * 20}]
)
def test_facts_of_any_kind_are_no_reason_to_lose_a_run(value: Any) -> None:
    facts = {name: {"value": value} for name in ("cpu_name", "memory", "gpus")}
    hardware = {"hardware_id": "h", "tier": "t", "fields": facts}
    row = run_row(hardware=hardware)
    assert row["cpu_model"] == ("x" if value == "x" else None)
    assert row["memory_bytes"] == (5 if value == 5 else None)
    assert row["gpu_model"] is None
    assert len(rows_of("hardware", hardware=hardware)) == 3


def test_nanoseconds_are_cut_to_microseconds() -> None:
    row = run_row(identity={"times": {"ended": "2026-03-01T00:00:00.123456789Z"}})
    assert row["ended"].microsecond == 123456
    assert row["started"] is None


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_every_golden_record_gives_rows_of_the_contract(path: Path) -> None:
    record = json.loads(path.read_bytes())
    found = extract(record, "path", "digest")
    assert rows_table(extraction.RUN_COLUMNS, [found.run]).num_rows == 1
    for name, rows in found.rows.items():
        assert rows_table(own_columns(tables.TABLES[name]), rows).num_rows == len(rows)
    assert len(found.rows["metrics"]) == len((record.get("metrics") or {}).get("values", {}))


# --- features ---------------------------------------------------------------------------------


def test_a_run_keeps_its_place_where_it_was_imported_from() -> None:
    record = json.loads(run_doc().data)
    record["identity"]["origin"] = {"source": "results.tsv", "key": "bea057b", "order": 2}
    names = [column.name for column in extraction.RUN_COLUMNS]
    assert dict(zip(names, extract(record, "path", "digest").run, strict=True))["origin_order"] == 2
    assert run_row()["origin_order"] is None


def test_features_are_told_apart_by_kind() -> None:
    tree = {
        "number": 1,
        "huge": {"$int": "9" * 400},
        "big": {"$int": "9007199254740993"},
        "nan": {"$float": "NaN"},
        "text": "é\n",
        "yes": True,
        "none": None,
        "list": [1, 2.5, {"x": None}],
        "empty": {},
        "date": {"$date": "2026-01-01"},
        "a.b": {"c\\d": 1e-5},
    }
    found = {row["path"]: row for row in rows_of("features", features={"tree": tree})}
    assert {path: row["kind"] for path, row in found.items()} == {
        "number": "number", "huge": "number", "big": "number", "nan": "number", "text": "text",
        "yes": "boolean", "none": "null", "list": "list", "empty": "tree", "date": "tag",
        r"a\.b.c\\d": "number",
    }  # fmt: skip
    assert {path: row["value"] for path, row in found.items() if path != "huge"} == {
        "number": "1", "big": '{"$int":"9007199254740993"}', "nan": '{"$float":"NaN"}',
        "text": '"é\\n"', "yes": "true", "none": "null", "list": '[1,2.5,{"x":null}]',
        "empty": "{}", "date": '{"$date":"2026-01-01"}', r"a\.b.c\\d": "0.00001",
    }  # fmt: skip
    assert found["number"]["number"] == 1.0
    assert found["big"]["number"] == 9007199254740992.0
    assert found["huge"]["number"] is None  # no float holds it
    assert math.isnan(found["nan"]["number"])
    assert found["yes"]["number"] is None
    assert list(found) == sorted(found)
    assert split_path(r"a\.b.c\\d") == ["a.b", "c\\d"]


def test_ten_thousand_features_are_ten_thousand_rows() -> None:
    tree = {f"layer{n}": {"units": n} for n in range(5_000)}
    assert len(rows_of("features", features={"tree": tree})) == 5_000


def test_features_sixty_levels_deep() -> None:
    tree: Any = 1
    for _ in range(60):
        tree = {"x": tree}
    (row,) = rows_of("features", features={"tree": tree})
    assert row["path"] == ".".join("x" * 60)


TEXT = st.text(st.characters(exclude_categories=["Cs"])).filter(
    lambda text: REFUSED_CHARACTERS.search(text) is None
)
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-MAX_INT, MAX_INT)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(PLAIN)
def test_the_text_of_any_value_is_its_rfc8785_form(value: Any) -> None:
    assert text_of(value) == rfc8785.dumps(value).decode()


# --- the others -------------------------------------------------------------------------------


def test_metrics_in_order_with_values_that_are_no_numbers() -> None:
    summary = {"last": {"$float": "-Infinity"}, "mean": {"$float": "NaN"}, "min": 1, "max": 2.5,
               "count": 3, "unit": "bpb", "direction": "minimize"}  # fmt: skip
    rows = rows_of("metrics", metrics={"values": {"b": summary, "a": summary}})
    assert [row["metric"] for row in rows] == ["a", "b"]
    assert rows[0]["last"] == -math.inf
    assert math.isnan(rows[0]["mean"])
    assert (rows[0]["min"], rows[0]["best"], rows[0]["unit"]) == (1, None, "bpb")


def test_facts_of_a_machine_with_their_values_or_reasons() -> None:
    rows = rows_of(
        "hardware",
        hardware={
            "hardware_id": "h",
            "machine_id": None,
            "tier": "t",
            "fields": {"cores": {"value": 4}, "gpus": {"value": []}, "name": {"value": "x"}},
            "conditions": {
                "clock": {"unavailable": "no such file"},
                "free": {"value": 1.5, "unit": "B"},
                "turbo": {"value": False},
            },
        },
    )
    told = [(r["kind"], r["field"], r["value"], r["number"], r["unavailable"]) for r in rows]
    assert told == [
        ("condition", "clock", None, None, "no such file"),
        ("condition", "free", "1.5", 1.5, None),
        ("condition", "turbo", "false", None, None),
        ("field", "cores", "4", 4.0, None),
        ("field", "gpus", "[]", None, None),
        ("field", "name", "x", None, None),
    ]


def test_channels_and_artifacts() -> None:
    channels = {"b": {"unavailable": "none"}, "a": {"count": 2, "min": 1, "unit": "W"}}
    rows = rows_of("telemetry", telemetry={"channels": channels})
    assert [(r["channel"], r["count"], r["min"], r["unavailable"]) for r in rows] == [
        ("a", 2, 1, None),
        ("b", None, None, "none"),
    ]
    items = [
        {"name": n, "role": "output", "sha256": "s", "size": 1, "where": w}
        for n, w in (("z", "git"), ("a", "digest-only"))
    ]
    rows = rows_of("artifacts", artifacts={"items": items})
    assert [(r["name"], r["in_lab"]) for r in rows] == [("a", False), ("z", True)]


@pytest.mark.parametrize(
    "value", ["1", True, [], {"$int": "x"}, {"$date": "2026-01-01"}, {"a": 1, "b": 2}, {}]
)
def test_what_is_no_number_is_no_number(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        as_float(value)
