"""A wrong map is told wrong in every place at once, with what is near."""

from __future__ import annotations

import pytest

TABLE = "id,loss,acc,note,state\nr1,0.5,0.9,first,ok\nr2,0.4,0.8,second,bad\n"
GOOD = "source: s\nkey: id\nproject: {value: p}\n"


def test_the_smallest_map(desk):
    report = desk.good(TABLE, GOOD)
    assert (report["runs"], report["experiments"]) == (2, 1)
    assert set(desk.runs()) == {"r1", "r2"}
    desk.verify()


def test_all_mistakes_at_once_each_with_its_place_and_what_is_near(desk):
    told = desk.wrong(
        TABLE,
        """
        sourze: here
        key: idd
        project: my-project
        status: {column: state, map: [ok]}
        tags: [note, {column: nte}]
        started: {column: note, form: isoo, zone: Mars}
        duration: {column: note, unit: year}
        parents: {column: id, match: fuzzy}
        features: {a.b: note, a: acc, lr: {columm: acc}}
        seeds: {seed: 7}
        metrics:
          loss: {column: los, direction: down, failure: [[0]]}
          acc: {column: acc, value: 1}
          f1: {}
        hardware: {memory: {value: 1, unit: GiBi}}
        conditions: {clock: {column: acc, find: "("}}
        datasets: [{role: note}]
        nuisance: [1]
        join: {log: {file: ../secret.csv, on: {id: id}}}
        format: {quote: "'", encoding: ebcdic}
        """,
    )
    told = [line.removeprefix("map.yaml: ") for line in told]
    for expected in (
        "sourze: is no key here; near it: 'source'",
        "source: is missing: a text that names where the rows are from",
        "key: no column 'idd'; near it: 'id' (a constant is {value: idd})",
        (
            "project: no column 'my-project'; there are 'acc', 'id', 'loss', 'note', 'state' "
            "(a constant is {value: my-project})"
        ),
        "status.map: is a list; write a mapping, name: column",
        "tags[1].column: no column 'nte'; near it: 'note'",
        "started.form: 'isoo' is none of iso, epoch, epoch-ms",
        "started.zone: is neither UTC nor an offset such as +01:00",
        "duration.unit: 'year' is none of s, ms, min, h",
        "parents.match: 'fuzzy' is none of exact, prefix",
        "features.a.b: lies below a, which is a value",
        "features.lr.columm: is no key here; near it: 'column'",
        "seeds.seed: is a number; write a column, or {value: …} for a constant",
        "metrics.loss.column: no column 'los'; near it: 'loss'",
        "metrics.loss.direction: 'down' is none of maximize, minimize",
        "metrics.acc: needs one of column, value, text, columns, and has 2",
        "metrics.f1: needs one of column, value, text, columns, and has 0",
        "hardware.memory.unit: is none of B kB KB MB GB TB KiB MiB GiB TiB",
        "datasets[0]: has no name",
        "nuisance[0]: is a number and no text; put it in quotes",
        "join.log.file: names no file beside the table or below it",
        'format.quote: "\'" is none of ", none',
        "format.encoding: 'ebcdic' is none of utf-8, utf-16, latin-1, cp1252",
    ):
        assert expected in told, (expected, told)
    assert any(line.startswith("conditions.clock.find: is no regular expression") for line in told)
    assert len(told) == len(set(told))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no mapping"),
        ("- a", "is no mapping"),
        ("key: [", "YAML"),
        ("key: a\nkey: b", "twice"),
        ("key: !!python/object:os.system x", "unknown tag"),
        ("1: x", "a key that is no string"),
        ("x: " + "[" * 80 + "]" * 80, "nested deeper"),
        ("x: '" + "y" * 300_000 + "'", "too large"),
    ],
)
def test_what_is_no_map_at_all(desk, text, said):
    answer = desk.table(TABLE, text)
    assert answer.code == 12
    assert said in answer.err
    assert desk.runs() == {}


def test_there_is_no_map(desk):
    table = desk.write("t.csv", TABLE)
    assert desk.call("import", "table", table, "--map", desk.folder / "none.yaml").code == 10
    assert desk.call("import", "table", table).code == 2
    assert desk.call("import", "table", table, "--map", table, "--propose").code == 2


def test_sources(desk):
    desk.good(
        'id,a,b,{odd},state\nr1,x,,7,ok\nr2,,"b, 2",8,bad\nr3,n/a,,9,ok\n',
        """
        source: s
        key: id
        project: {value: p}
        name: {text: "{{{id}}} {state}"}
        features:
          first: {column: a, missing: [n/a, "-"], otherwise: {column: b, otherwise: {value: none}}}
          both: {text: "{a}+{b}"}
          odd: "{odd}"
          found: {column: b, find: "b, ([0-9])"}
          whole: {column: b, find: "[0-9]"}
          only: {value: [1, {x: .inf}], when: {state: ok, b: null}}
          word: {column: state, map: {ok: 1, bad: true}}
          other: {column: state, replace: {ok: fine}}
          list: {column: b, split: ","}
        """.replace('list: {column: b, split: ","}', ""),
    )  # fmt: skip
    trees = {name: record["features"]["tree"] for name, record in desk.records().items()}
    assert trees == {
        "{r1} ok": {"first": "x", "odd": 7, "word": 1, "other": "fine",
                    "only": [1, {"x": {"$float": "Infinity"}}]},
        "{r2} bad": {"first": "b, 2", "odd": 8, "found": 2, "whole": 2, "word": True,
                     "other": "bad"},
        "{r3} ok": {"first": "none", "odd": 9, "word": 1, "other": "fine",
                    "only": [1, {"x": {"$float": "Infinity"}}]},
    }  # fmt: skip
    desk.verify()


def test_an_ambiguous_column_is_wrong_only_where_it_is_named(desk):
    table = "id,x,x,y\nr1,1,2,3\n"
    assert desk.wrong(table, GOOD + "features: {x: x, y: y}") == [
        "map.yaml: features.x: column 'x' stands 2 times (2, 3)"
    ]
    desk.good(table, GOOD + "features: {y: y}")


def test_a_value_may_be_a_whole_tree(desk):
    desk.good(
        f'{{"id": 1, "config": {{"lr": 0.1, "$odd": {{"deep": [1, null]}}, "big": {2**60}}}}}\n',
        GOOD + "features: config",
        name="t.jsonl",
    )
    (record,) = desk.records().values()
    assert record["features"]["tree"] == {
        "lr": 0.1,
        "$$odd": {"deep": [1, None]},
        "big": {"$int": str(2**60)},
    }
    desk.verify()


def test_names_may_be_those_of_the_columns(desk):
    desk.good(
        '{"id": "a", "lr": 0.1, "o": {"name": "sgd"}, "loss": 1.5, "seed": 3}\n',
        GOOD + "features: [lr, o.name]\nmetrics: [loss]\nseeds: [seed]\n",
        name="t.jsonl",
    )
    run = desk.runs()["a"]
    assert run.features == {"lr": 0.1, "o": {"name": "sgd"}}
    assert (run.metrics, run.seeds) == ({"loss": 1.5}, {"seed": "3"})
    assert desk.table("id\nb\n", GOOD + "metrics: [los]\n").code == 12


def test_names_of_any_length_are_compared_in_no_time(desk):
    names = [f"{n}" + "x" * 50_000 for n in range(3)]
    table = ",".join(["id", *names]) + "\n" + "r,1,2,3\n"
    told = desk.wrong(table, GOOD + f"name: {'x' * 50_000}\n")
    assert len(told[0]) < 1000
    desk.write("log.csv", "sha\n" + "a" * 100_000 + "\n")
    table_map = GOOD + "join: {l: {file: log.csv, on: {id: sha}, match: prefix}}\n"
    assert desk.good("id,x\nr,\n" + "s," + "a" * 100_000 + "\n", table_map)["runs"] == 2


def test_joins(desk):
    desk.write("log.tsv", "sha\tparent\nabcdef0123\t\n0123abcdef\tabcdef0123\nffff\tx\nffff\ty\n")
    table_map = GOOD + (
        "join: {git: {file: log.tsv, on: {id: sha}, match: prefix}}\n"
        "features: {sha: {column: git.sha, type: text}}\n"
        "parents: {column: git.parent, match: prefix}\n"
    )
    report = desk.good("id\nabcdef\n0123a\nno\n", table_map)
    assert report["dangling"] == 0
    records = desk.records()
    assert (
        records["0123a"]["lineage"]["parents"][0]["run_id"]
        == (records["abcdef"]["identity"]["run_id"])
    )
    assert records["no"]["features"]["tree"] == {}
    desk.verify()


def test_a_join_that_cannot_be_told_is_told(desk):
    desk.write("log.csv", "sha\nabcd1\nabcd2\nffff\nffff\n")
    table_map = GOOD + "join: {git: {file: log.csv, on: {id: sha}, match: prefix}}\n"
    assert desk.wrong("id\nabcd\nffff\n", table_map) == [
        "t.csv:2: join.git: 'abcd' may mean 'abcd1', 'abcd2'",
        "t.csv:3: join.git: several rows of log.csv are named 'ffff'",
    ]
    told = desk.wrong("id\nx\n", GOOD + "join: {git: {file: none.csv, on: {id: sha}}}\n")
    assert told[0].startswith("map.yaml: join.git.file: there is no file")
    told = desk.wrong("id\nx\n", GOOD + "join: {git: {file: log.csv, on: {idd: shaa}}}\n")
    assert told == [
        "map.yaml: join.git.on: no column 'idd'; near it: 'id'",
        "map.yaml: join.git.on: no column 'shaa'; near it: 'sha'",
    ]


def test_a_map_may_say_how_a_file_is_written(desk):
    desk.good("id;x\nr1;é\n".encode("latin-1"), GOOD + "features: {x: x}\nformat: "
              "{kind: csv, delimiter: ';', encoding: latin-1}", name="results.txt")  # fmt: skip
    assert desk.records()["r1"]["features"]["tree"] == {"x": "é"}
