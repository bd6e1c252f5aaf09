"""Asking the tables, from Python and from the shell; and what else may be reached: nothing."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pandas as pd
import polars as pl
import pytest
from tests.analytics.labs import made, measured, metric
from tests.store.labs import GitLab, run_doc

import labrec
from labrec.analytics import packages, tables
from labrec.analytics.query import Tables
from labrec.cli import main
from labrec.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

MANUAL = Path(__file__).parents[2] / "docs" / "analyze.md"


@pytest.fixture
def asked(lab: GitLab) -> Tables:
    """The tables of a lab with two runs."""
    lab.add(*measured("base", {"loss": 0.5}), *measured("other", {"loss": 0.25}))
    return Tables(made(lab).folder)


@pytest.fixture
def call(
    lab: GitLab, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    """Call ``labrec`` in the lab."""
    monkeypatch.chdir(lab.path)

    def run(*argv: str) -> tuple[int, str, str]:
        capsys.readouterr()
        return main(argv), *capsys.readouterr()

    return run


# --- tables -----------------------------------------------------------------------------------


def test_every_table_has_the_types_of_the_contract(asked: Tables) -> None:
    kinds = {
        "text": pl.String, "integer": pl.Int64, "number": pl.Float64, "boolean": pl.Boolean,
        "time": pl.Datetime("us", "UTC"), "texts": pl.List(pl.String),
    }  # fmt: skip
    assert list(asked) == list(tables.TABLES)
    assert len(asked) == len(tables.TABLES)
    for name, table in tables.TABLES.items():
        expected = {column.name: kinds[column.kind] for column in table.columns}
        assert asked[name].collect_schema() == expected, name


def test_an_empty_lab_answers_with_the_same_types(lab: GitLab) -> None:
    empty = Tables(made(lab).folder)
    assert empty["series"].collect_schema()["value"] == pl.Float64
    assert empty.sql("SELECT COUNT(*) AS n FROM series").to_dicts() == [{"n": 0}]


def test_tables_open_in_pandas_and_duckdb(asked: Tables) -> None:
    for name, table in tables.TABLES.items():
        glob = f"{name}/*/*.parquet" if table.partitioned else f"{name}.parquet"
        columns = [column.name for column in table.columns]
        count = asked[name].collect().height
        (paths,) = [sorted(asked.folder.glob(glob))]
        frame = pd.concat([pd.read_parquet(path) for path in paths])
        assert (list(frame.columns), len(frame)) == (columns, count)
        relation = duckdb.sql(f"SELECT * FROM '{asked.folder}/{glob}'")
        assert (relation.columns, len(relation)) == (columns, count)
    frame = pd.read_parquet(asked.folder / "runs.parquet")
    assert str(frame["started"].dtype) == "datetime64[us, UTC]"


def test_a_folder_with_odd_characters_is_no_pattern(lab: GitLab, tmp_path: Path) -> None:
    lab.add(*measured("base", {"loss": 0.5}))
    folder = tmp_path / "a[b]*?{c}"
    found = Tables(made(lab, folder).folder)
    assert found.sql("SELECT value FROM series").to_dicts() == [{"value": 0.5}]


def test_a_missing_table_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        Tables(tmp_path)["runs"]
    assert "labrec analyze" in caught.value.hint
    with pytest.raises(KeyError):
        Tables(tmp_path)["nothing"]


def test_a_lab_in_python(lab: GitLab) -> None:
    lab.add(*measured("base", {"loss": 0.5}))
    with labrec.open(lab.path) as opened:
        found = opened.tables()
        assert found["runs"].collect()["name"].to_list() == ["base"]
        assert found.sql("SELECT last FROM metrics").to_dicts() == [{"last": 0.5}]
    lab.add(*measured("new", {"loss": 1.5}))
    with labrec.open(lab.path) as opened:
        assert opened.tables()["runs"].collect().height == 2
        assert opened.tables(lab.path / "elsewhere")["runs"].collect().height == 2
    with labrec.open(lab.path, at="main") as opened:
        assert opened.tables()["runs"].collect().height == 0


def test_opening_a_lab_brings_no_heavy_package_in(lab: GitLab) -> None:
    script = f"""
import sys, labrec
with labrec.open({str(lab.path)!r}) as lab:
    list(lab.runs())
heavy = {{"polars", "pyarrow", "scipy", "numpy", "pandas"}} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_an_unchanged_lab_needs_none_of_the_packages(lab: GitLab) -> None:
    lab.add(*measured("base", {"loss": 0.5}))
    made(lab)
    script = """
import sys
from labrec.cli import main
assert main(["analyze"]) == 0
heavy = {"polars", "pyarrow", "scipy", "numpy", "pandas"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=lab.path)


def test_a_package_that_is_missing_is_a_hint_and_no_traceback(
    lab: GitLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    with pytest.raises(NotFoundError) as caught:
        made(lab)
    assert "pyarrow" in caught.value.message
    assert caught.value.hint == "pip install 'labrec[lab]'"


# --- SQL --------------------------------------------------------------------------------------


def test_statements_that_are_queries(asked: Tables) -> None:
    for text in (
        "SELECT name FROM runs ORDER BY name",
        "select name from runs order by name",
        "  -- a remark; with a semicolon\n/* and\nanother */ SELECT name FROM runs ORDER BY name",
        "WITH x AS (SELECT name FROM runs) SELECT name FROM x ORDER BY name",
        "SELECT r.name FROM metrics m JOIN runs r ON m.record_digest = r.record_digest ORDER BY r.name",
        "SELECT name FROM runs ORDER BY name;",
    ):
        assert asked.sql(text)["name"].to_list() == ["base", "other"], text
    assert asked.sql("SELECT name FROM runs ORDER BY name", limit=1).height == 1


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM read_csv('{path}')",
        "SELECT * FROM READ_CSV('{path}')",
        "SELECT * FROM \"read_csv\"('{path}')",
        "SELECT * FROM read_csv /* */ ('{path}')",
        "SELECT * FROM read_csv--\n('{path}')",
        "SELECT * FROM read_parquet('{path}')",
        "SELECT * FROM read_ipc('{path}')",
        "SELECT * FROM read_json('{path}')",
        "SELECT * FROM read_ndjson('{path}')",
        "SELECT * FROM scan_lines('{path}')",
        "SELECT * FROM runs WHERE name IN (SELECT column_1 FROM read_csv('{path}'))",
        "WITH x AS (SELECT * FROM read_csv('{path}')) SELECT * FROM x",
        "SELECT '--' FROM read_csv('{path}') -- '",
        "SELECT * FROM '{path}'",
        'SELECT * FROM "{path}"',
        "SELECT * FROM runs, '{path}'",
        "CREATE TABLE x AS SELECT * FROM runs",
        "DROP TABLE runs",
        "DELETE FROM runs",
        "COPY runs TO '{path}'",
        "SELECT 1; SELECT 2",
        "",
        "-- nothing",
        "SELEC 1",
        "SELECT * FROM nothing",
        "SELECT nothing FROM runs",
        "SELECT nothing(name) FROM runs",
        "SELECT CAST('x' AS INT) FROM runs",
        "SELECT " + "(" * 10_000,
    ],
    ids=lambda text: text[:50],
)
def test_what_is_no_query_of_the_tables_is_refused(
    asked: Tables, tmp_path: Path, text: str
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("swordfish,swordfish\nswordfish,swordfish\n")
    with pytest.raises(UsageError) as caught:
        asked.sql(text.format(path=secret))
    assert "swordfish" not in caught.value.message + caught.value.hint
    assert secret.read_text().startswith("swordfish")
    assert caught.value.hint


def test_a_file_that_the_engine_would_read_in_a_new_way_is_refused(
    asked: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second fence, with the first one taken away."""
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    monkeypatch.setattr("labrec.analytics.query._READERS", re.compile("(?!)"))
    with pytest.raises(UsageError, match="the tables and nothing else"):
        asked.sql(f"SELECT * FROM read_csv('{secret}')")
    assert asked.sql("SELECT name FROM runs WHERE name = 'base'").height == 1


def test_python_frames_of_the_caller_are_no_tables(asked: Tables) -> None:
    secret = pl.DataFrame({"a": [1]})
    assert secret.height
    with pytest.raises(UsageError):
        asked.sql("SELECT * FROM secret")


def test_a_mistake_is_answered_with_what_there_is(asked: Tables) -> None:
    with pytest.raises(UsageError) as caught:
        asked.sql("SELECT nothing FROM runs")
    assert "Columns of runs: project, run_id" in caught.value.hint
    with pytest.raises(UsageError) as caught:
        asked.sql("SELECT * FROM nothing")
    assert "Tables: runs, experiments" in caught.value.hint


# --- the recipe of the manual -----------------------------------------------------------------


def speed_run(speed: float, cpu: str, quantization: str, **identity: str) -> object:
    hardware = {
        "hardware_id": "sha256:" + "0" * 64,
        "tier": "t",
        "fields": {"cpu_name": {"value": cpu}},
    }
    return run_doc(
        identity=identity,
        hardware=hardware,
        features={"tree": {"quantization": quantization}},
        metrics={"values": {"tokens_per_second": metric(speed)}},
    )


def test_tokens_per_second_by_cpu_model_and_quantization(lab: GitLab) -> None:
    recipes = re.findall(r"```sql\n(.*?)```", MANUAL.read_text(), re.DOTALL)
    (recipe,) = (one for one in recipes if "AS tokens_per_second" in one)
    lab.add(
        speed_run(10.0, "Cortex-A76", "int8"),
        speed_run(14.0, "Cortex-A76", "int8"),
        speed_run(5.0, "Cortex-A76", "fp16"),
        speed_run(40.0, "EPYC", "int8"),
        speed_run(0.0, "EPYC", "int8", status="failed"),
    )  # type: ignore[arg-type]
    assert Tables(made(lab).folder).sql(recipe).rows() == [
        ("EPYC", '"int8"', 1, 40.0),
        ("Cortex-A76", '"int8"', 2, 12.0),
        ("Cortex-A76", '"fp16"', 1, 5.0),
    ]


def test_the_other_queries_of_the_manual(asked: Tables) -> None:
    text = MANUAL.read_text()
    queries = re.findall(r'[( ]"(SELECT [^"]+)"', text)
    assert len(queries) >= 2
    for query in queries:
        asked.sql(query)


# --- the commands -----------------------------------------------------------------------------


def test_analyze_says_what_it_made(lab: GitLab, call: Callable[..., tuple[int, str, str]]) -> None:
    lab.add(*measured("base", {"loss": 0.5}))
    code, out, _ = call("analyze")
    assert code == 0
    assert re.search(r"^runs +1$", out, re.MULTILINE)
    assert "written to" in out
    code, out, _ = call("analyze", "--json")
    said = json.loads(out)
    assert (code, said["made"], said["rows"]["runs"], said["problem_count"]) == (0, False, 1, 0)
    assert call("analyze", "--out", "elsewhere", "--at", "main")[0] == 0
    assert (lab.path / "elsewhere" / "runs.parquet").is_file()


def test_analyze_ends_with_3_and_names_what_was_left_out(
    lab: GitLab, call: Callable[..., tuple[int, str, str]]
) -> None:
    bad = run_doc(name="bad", metrics={"values": []})
    lab.add(bad, *measured("base", {"loss": 0.5}))
    for _ in range(2):  # the second time from what is there
        code, out, _ = call("analyze")
        assert code == 3
        assert bad.path in out
    code, _, err = call("query", "SELECT name FROM runs")
    assert code == 0
    assert "1 document is left out" in err


def test_query_makes_the_tables_and_says_so(
    lab: GitLab, call: Callable[..., tuple[int, str, str]]
) -> None:
    lab.add(*measured("base", {"loss": 0.5}))
    code, out, err = call("query", "SELECT name, last FROM metrics m JOIN runs r ON m.run_id = r.run_id")  # fmt: skip
    assert (code, out.split()) == (0, ["name", "last", "base", "0.5"])
    assert "made anew" in err
    assert call("query", "SELECT name FROM runs")[2] == ""
    lab.add(*measured("new", {"loss": 0.5}))
    code, out, err = call("query", "SELECT COUNT(*) AS n FROM runs")
    assert (out.split(), "made anew" in err) == (["n", "2"], True)


def test_query_answers_in_json_and_csv(
    lab: GitLab, call: Callable[..., tuple[int, str, str]]
) -> None:
    odd = 'a,"b"\x1b[31m\né'
    values = {"loss": metric(float("nan"), unit=odd)}
    lab.add(run_doc(identity={"tags": ["x", "y"]}, metrics={"values": values}))
    text = "SELECT m.last, m.unit, r.tags, r.started, r.ended IS NULL AS b FROM metrics m JOIN runs r ON m.run_id = r.run_id"
    code, out, _ = call("query", "--json", text)
    assert code == 0
    assert out.isascii()
    assert json.loads(out) == [
        {
            "last": "NaN",
            "unit": odd,
            "tags": ["x", "y"],
            "started": "2026-01-02T03:04:05Z",
            "b": False,
        }
    ]
    code, out, _ = call("query", "--csv", text)
    rows = list(csv.reader(io.StringIO(out)))
    assert rows == [
        ["last", "unit", "tags", "started", "b"],
        ["NaN", odd, "x;y", "2026-01-02T03:04:05Z", "False"],
    ]
    code, out, _ = call("query", text)
    assert code == 0
    assert "\x1b" not in out
    assert call("query", "--csv", "--json", text)[0] == 2


def test_query_asks_tables_elsewhere(
    lab: GitLab, tmp_path: Path, call: Callable[..., tuple[int, str, str]]
) -> None:
    lab.add(*measured("base", {"loss": 0.5}))
    where = ("--out", str(tmp_path / "out"), "--at", "main")
    code, out, _ = call("query", *where, "SELECT COUNT(*) AS n FROM runs")
    assert (code, out.split()) == (0, ["n", "0"])
    assert (tmp_path / "out" / "runs.parquet").is_file()
    assert not (lab.path / "build").exists()


def test_query_shows_a_hundred_rows_and_says_that_there_are_more(
    lab: GitLab, call: Callable[..., tuple[int, str, str]]
) -> None:
    values = {f"m{number:03}": metric(1.0) for number in range(150)}
    lab.add(run_doc(metrics={"values": values}))
    _, out, err = call("query", "SELECT metric FROM metrics ORDER BY metric")
    assert len(out.splitlines()) == 101
    assert "--limit" in err
    _, out, err = call("query", "--limit", "120", "SELECT metric FROM metrics ORDER BY metric")
    assert len(out.splitlines()) == 121
    assert "--limit" not in err
    assert len(call("query", "--csv", "SELECT metric FROM metrics")[1].splitlines()) == 151
    _, out, _ = call("query", "--json", "--limit", "3", "SELECT metric FROM metrics")
    assert len(json.loads(out)) == 3


def test_query_without_sql_lists_tables_without_making_any(
    lab: GitLab, call: Callable[..., tuple[int, str, str]]
) -> None:
    code, out, _ = call("query")
    assert code == 0
    for table in tables.TABLES.values():
        assert f"{table.name}: {table.row}" in out
    code, out, _ = call("query", "--json")
    assert [table["name"] for table in json.loads(out)] == list(tables.TABLES)
    assert not (lab.path / "build").exists()


def test_a_wrong_query_ends_with_2(lab: GitLab, call: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = call("query", "SELECT nothing FROM runs")
    assert (code, out) == (2, "")
    assert "Columns of runs" in err
    assert call("query", "SELECT * FROM read_csv('/etc/passwd')")[0] == 2


# --- the dictionary ---------------------------------------------------------------------------


def test_the_dictionary_beside_the_tables_is_the_contract(asked: Tables) -> None:
    said = json.loads((asked.folder / "dictionary.json").read_text())
    assert said == tables.dictionary()
    assert [table["name"] for table in said["tables"]] == list(tables.TABLES)
    assert said["tables"][0]["columns"][0]["name"] == "project"
