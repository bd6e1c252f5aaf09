"""Any table: what it imports verifies, importing it again adds nothing, and it never breaks."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import labrec
from labrec.cli import main
from labrec.errors import LabrecError
from labrec.exchange.table_import import import_table
from labrec.record.reader import read_record
from labrec.store.lab import Lab
from labrec.store.verify import verify

MAP = """
source: any
key: id
project: {value: p}
name: {column: name, otherwise: {column: id}}
status: {column: status, map: {"0": failed, "1": complete}, otherwise: {value: interrupted}}
tags: [{column: tags, split: ","}]
intent: note
outcome: {text: "{id} {note}"}
started: {column: start, form: epoch}
duration: took
parents: {column: from, split: " ", match: prefix}
features: {a: x, b.c: {column: y, type: text}, d: {text: "{x}{y}"}}
nuisance: [b.c]
seeds: {s: seed}
metrics:
  m: {column: m, failure: [0, "-"], direction: minimize}
  n: {columns: [m, took], unit: s}
hardware: {product: name, memory: {column: took, unit: GB}}
conditions: {note: note}
datasets: {name: {column: name, otherwise: {value: none}}}
"""
COLUMNS = ("id", "name", "status", "tags", "note", "start", "took", "from", "x", "y", "seed", "m")

wild = st.one_of(
    st.text(max_size=12),
    st.text(st.characters(), max_size=6),
    st.sampled_from(["", "0", "1", "-1", "1e999", "nan", "inf", "=1+1", "{id}", "../..", "\x00",
                     "\x1b[31m", "\u202e", "\ud800", "9" * 400, "x" * 5000, "$int", "-", "NaN",
                     '{"$int": "1"}', "1970-01-01", "a" * 1001, "caf\xe9", "\ufffe"]),
    st.integers().map(str),
    st.floats().map(repr),
)  # fmt: skip
likely = {
    "id": st.text("abcdef0123456789", min_size=4, max_size=6),
    "name": st.text(max_size=20),
    "status": st.sampled_from(["0", "1", ""]),
    "tags": st.text("ab, ", max_size=9),
    "note": st.text(max_size=30),
    "start": st.one_of(st.just(""), st.integers(0, 2_000_000_000).map(str)),
    "took": st.one_of(st.just(""), st.floats(0, 1e6).map(repr)),
    "from": st.text("abcdef0123456789 ", max_size=10),
    "x": st.one_of(st.text(max_size=6), st.floats().map(repr), st.integers().map(str)),
    "y": st.text(max_size=6),
    "seed": st.one_of(st.just(""), st.integers().map(str)),
    "m": st.one_of(st.just("0.00"), st.just("-"), st.floats(allow_nan=True).map(repr)),
}


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    """A lab without records, copied for each example."""
    folder = tmp_path_factory.mktemp("any") / "lab"
    here = Path.cwd()
    try:
        assert main(["init", str(folder)]) == 0
    finally:
        os.chdir(here)
    return folder


@pytest.fixture
def fresh(template, tmp_path):
    def make() -> Path:
        folder = tmp_path / "lab"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(template, folder, symlinks=True)
        return folder

    return make


def _written(rows: list[dict[str, str]], path: Path) -> Path:
    if path.suffix == ".jsonl":
        lines = [json.dumps(row) for row in rows]
        path.write_text("\n".join(lines) + "\n")
        return path
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(out.getvalue().encode("utf-8", "surrogatepass"))
    return path


def _check(folder: Path, table: Path, table_map: Path) -> None:
    with Lab.open(folder) as lab:
        try:
            report = import_table(lab, table, table_map, skip_bad=True)
        except LabrecError:  # a file that is no table at all
            return
        with labrec.open(folder) as reader:
            runs = list(reader.runs())
            for run in runs:
                read_record(run.data)
            before = reader.view.id
        assert len(runs) == report.counts.runs == report.counts.new
        left = {mistake.line for mistake in report.skipped}
        assert report.counts.runs + len(left) == report.counts.rows
        again = import_table(lab, table, table_map, skip_bad=True)
        assert again.counts.new == 0
        assert again.commits == []
        assert [one.told("") for one in again.skipped] == [one.told("") for one in report.skipped]
        with labrec.open(folder) as reader:
            assert reader.view.id == before
        if runs:
            assert verify(lab).exit_code == 0


CALM = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@CALM
@given(st.lists(st.fixed_dictionaries(likely), max_size=8), st.sampled_from([".csv", ".jsonl"]))
def test_likely_tables(fresh, tmp_path, rows, suffix):
    table_map = tmp_path / "map.yaml"
    table_map.write_text(MAP)
    _check(fresh(), _written(rows, tmp_path / f"t{suffix}"), table_map)


@CALM
@given(
    st.lists(st.fixed_dictionaries(dict.fromkeys(COLUMNS, wild)), max_size=5),
    st.sampled_from([".csv", ".jsonl"]),
)
def test_wild_tables(fresh, tmp_path, rows, suffix):
    table_map = tmp_path / "map.yaml"
    table_map.write_text(MAP)
    _check(fresh(), _written(rows, tmp_path / f"t{suffix}"), table_map)


@CALM
@given(st.binary(max_size=400), st.sampled_from([".csv", ".tsv", ".jsonl"]))
def test_any_bytes(fresh, tmp_path, data, suffix):
    table_map = tmp_path / "map.yaml"
    table_map.write_text("source: any\nkey: id\nproject: {value: p}\n")
    table = tmp_path / f"t{suffix}"
    table.write_bytes(b'{"id": 1}\n' * (suffix == ".jsonl") + b"id\tx\n" + data)
    _check(fresh(), table, table_map)


@CALM
@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
))  # fmt: skip
def test_any_json_as_features(fresh, tmp_path, value):
    table_map = tmp_path / "map.yaml"
    table_map.write_text(
        "source: any\nkey: id\nproject: {value: p}\nfeatures: {f: f, g: {value: 1}}\n"
    )
    table = tmp_path / "t.jsonl"
    table.write_text(json.dumps({"id": "a", "f": value}) + "\n")
    _check(fresh(), table, table_map)
