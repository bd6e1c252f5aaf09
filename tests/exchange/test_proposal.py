"""The proposed map: what it guesses, and that it can be used as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labrec.exchange.proposal import propose
from labrec.exchange.table import read_table
from labrec.exchange.table_map import read_map
from labrec.record import yaml12

if TYPE_CHECKING:
    from labrec.exchange.mistakes import Mistake

TABLE = """run_id,status,start_time,elapsed,parent,lr,batch_size,seed,val_loss,accuracy,gpu,notes
r1,ok,2024-05-06T07:08:09Z,61.5,,0.1,32,1,0.51,0.91,NVIDIA A100,first try of the long warm-up
r2,OOM,2024-05-06T08:08:09Z,12.5,r1,0.2,64,2,0.0,0.0,NVIDIA A100,a much larger batch than before
r3,ok,2024-05-06T09:08:09Z,60.25,r1,0.1,32,2,0.47,0.92,NVIDIA A100,the same again with another seed
"""


def test_what_is_guessed(desk, call):
    table = desk.write("my results.csv", TABLE)
    text = call("import", "table", table, "--propose").out
    found = yaml12.load(text)
    assert found["source"] == "my results.csv"
    assert found["key"] == "run_id"
    assert found["project"] == {"value": "my-results"}
    assert found["status"] == {"column": "status", "map": {"OOM": "failed", "ok": "complete"}}
    assert found["started"] == {"column": "start_time"}
    assert found["duration"] == {"column": "elapsed", "unit": "s"}
    assert (found["parents"], found["intent"]) == ("parent", "notes")
    assert found["seeds"] == {"seed": "seed"}
    assert found["hardware"] == {"gpus": "gpu"}
    assert found["metrics"] == {
        "val_loss": {"column": "val_loss", "direction": "minimize", "failure": 0},
        "accuracy": {"column": "accuracy", "direction": "maximize", "failure": 0},
    }
    assert found["features"] == {"lr": "lr", "batch_size": "batch_size"}
    assert call("import", "table", table, "--propose", "--json").json == {"map": text}


def test_it_can_be_used_as_it_stands(desk, call):
    table = desk.write("my results.csv", TABLE)
    made = desk.write("map.yaml", call("import", "table", table, "--propose").out)
    report = call("import", "table", table, "--map", made, "--json").json
    assert (report["runs"], report["experiments"], report["failed"]) == (3, 2, 1)
    assert (report["failure_values"], report["undated"], report["dangling"]) == (2, 0, 0)
    desk.verify()


@pytest.mark.parametrize(
    ("content", "name", "key"),
    [
        ("a,b\nx,1\nx,2\ny,1\n", "t.csv", ["a", "b"]),
        ("loss,name\n0.5,a\n0.25,b\n", "t.csv", "name"),
        ("loss,n\n0.5,1\n0.25,2\n", "t.csv", "n"),
        ('{"id": {"n": 1}, "x": [1.5, 2]}\n', "t.jsonl", "id.n"),
        ("null,true,a: b,#c\nx,1,2,3\ny,1,2,3\n", "t.csv", "null"),
        ("a,a,b\n1,2,x\n3,4,y\n", "t.csv", "b"),
    ],
)
def test_keys(desk, content, name, key):
    text = propose(desk.write(name, content))
    assert yaml12.load(text)["key"] == key
    assert _mistakes(text, desk.folder / name) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a;loss\nx;0.5\ny;1.5\n", {"delimiter": ";"}),
        (b"a\tloss\nx\t0.5\ny\t1.5\n", {"delimiter": "\t"}),
        ("a,loss\nx,0.5\ny,1.5\n".encode("utf-16"), {"encoding": "utf-16"}),
    ],
)
def test_how_a_file_is_written_is_guessed_too(desk, call, content, said):
    table = desk.write("t.csv", content)
    text = call("import", "table", table, "--propose").out
    assert yaml12.load(text)["format"] == said
    made = desk.write("map.yaml", text)
    assert call("import", "table", table, "--map", made, "--json").json["runs"] == 2
    assert {run.metrics["loss"] for run in desk.runs().values()} == {0.5, 1.5}


def test_rows_that_nothing_names_leave_a_question(desk):
    text = propose(desk.write("t.csv", "a,b\nx,1\nx,1\n"))
    assert "# Nothing here names each row alone" in text


def _mistakes(text: str, path) -> list[Mistake]:
    mistakes: list[Mistake] = []
    read_map(yaml12.load(text), read_table(path), mistakes)
    return mistakes


names = st.text(max_size=12) | st.sampled_from(
    ["\x00", "\ud800", "\ufffe", "a: b", "- c", "'", '"']
)
cell = st.one_of(
    st.text(max_size=8), st.integers(-9, 99).map(str), st.floats().map(repr),
    st.sampled_from(["", "ok", "crash", "true", "2024-05-06T07:08:09Z", "1714979289"]),
)  # fmt: skip


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_whatever_the_table_the_proposal_is_a_map_of_it(tmp_path, data):
    columns = data.draw(st.lists(names, min_size=1, max_size=5))
    rows = data.draw(st.lists(st.tuples(*[cell] * len(columns)), max_size=6))
    path = tmp_path / "t.csv"
    lines = [columns, *rows]
    quoted = [",".join('"' + one.replace('"', '""') + '"' for one in row) for row in lines]
    path.write_text("\n".join(quoted) + "\n", "utf-8", "surrogatepass")
    try:
        table = read_table(path)
    except Exception as error:  # noqa: BLE001 - no header is all that may be wrong
        assert "no header" in str(error)  # noqa: PT017 - read_table decides what a table is
        return
    if not any(table.columns.count(name) == 1 and name for name in table.columns):
        return
    assert _mistakes(propose(path), path) == []
