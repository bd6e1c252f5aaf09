"""Importing: what becomes of a row, what is refused, and what importing again does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import labrec
from labrec.exchange import table_import
from labrec.exchange.records import mapped_payload, origin_key
from labrec.record.codec import decode
from labrec.record.ids import imported_run_id
from labrec.record.note import note_model

MAP = """
source: study
key: id
project: {value: p}
status: {column: state, map: {keep: complete, discard: complete, crash: failed}}
tags: state
started: {column: start, zone: UTC}
parents: from
features: {lr: lr}
metrics:
  loss: {column: loss, unit: nat, direction: minimize, failure: [0, n/a]}
"""
TABLE = """id,from,state,start,lr,loss
a,,keep,2024-05-06 07:08:09,0.1,1.5
b,a,discard,2024-05-06T08:00:00+02:00,0.2,1.25
c,b,crash,,0.2,0.000
d,gone,keep,,0.3,n/a
"""


# --- what becomes of a row ----------------------------------------------------------------------


def test_what_becomes_of_rows(desk):
    report = desk.good(TABLE, MAP)
    assert {key: report[key] for key in ("rows", "runs", "new", "known", "failed", "undated",
                                         "dangling", "failure_values", "experiments")} == {
        "rows": 4, "runs": 4, "new": 4, "known": 0, "failed": 1, "undated": 2, "dangling": 1,
        "failure_values": 2, "experiments": 3,
    }  # fmt: skip
    records = desk.records()
    a, b, c, d = (records[name] for name in "abcd")
    assert a["identity"]["times"]["started"] == "2024-05-06T07:08:09Z"
    assert b["identity"]["times"]["started"] == "2024-05-06T06:00:00Z"
    assert [one["identity"]["status"] for one in (a, b, c, d)] == [
        "complete", "complete", "failed", "complete"
    ]  # fmt: skip
    assert [one["identity"]["tags"] for one in (a, b, c, d)] == [
        ["keep"], ["discard"], ["crash"], ["keep"]
    ]  # fmt: skip
    loss = a["metrics"]["values"]["loss"]
    assert loss == {"last": 1.5, "best": 1.5, "mean": 1.5, "min": 1.5, "max": 1.5, "count": 1,
                    "unit": "nat", "direction": "minimize"}  # fmt: skip
    assert b["lineage"]["parents"] == [
        {"by": "option", "name": "a", "run_id": a["identity"]["run_id"],
         "config_digest": a["identity"]["config_digest"]}
    ]  # fmt: skip
    assert a["lineage"]["parents"] == []
    assert d["lineage"]["parents"] == [
        {"by": "option", "name": "gone", "run_id": None, "config_digest": None}
    ]
    assert a["identity"]["tool"] == {"name": "labrec", "version": labrec.__version__}
    assert "hardware" not in a
    desk.verify()


def test_a_failure_value_is_no_result_and_says_so(desk):
    desk.good(TABLE, MAP)
    records = desk.records()
    for name, cell in (("c", "0.000"), ("d", "n/a")):
        assert records[name]["metrics"]["values"] == {}
        assert records[name]["capture"]["events"] == [
            {"kind": "skipped", "what": "metric loss", "count": 1,
             "why": f"'{cell}' is declared a failure value"}
        ]  # fmt: skip
    best = desk.call("log", "--sort", "metrics.loss", "--json").json
    assert [row["name"] for row in best][:2] == ["b", "a"]


def test_undated_rows_are_shown_as_undated(desk, call):
    desk.good(TABLE, MAP)
    c = desk.records()["c"]
    assert c["identity"]["times"] == {"started": None, "ended": None, "duration_s": None}
    assert c["identity"]["run_id"].startswith("00000000-0000-7")
    assert desk.records()["a"]["identity"]["run_id"].startswith("018f4cbb-37a8-7")
    assert "undated" in call("log").out
    shown = call("show", "c").out
    assert "undated" in shown
    assert "study: c" in shown


def test_the_id_follows_the_format(desk):
    desk.good(TABLE, MAP)
    for record in desk.records().values():
        identity = record["identity"]
        start = {"a": 1714979289000, "b": 1714975200000}.get(identity["name"])
        expected = imported_run_id(start, origin_key(identity["origin"]), mapped_payload(record))
        assert identity["run_id"] == expected
        payload = mapped_payload(record)
        assert "minor" not in payload["features"]
        assert not {"run_id", "tool"} & set(payload["identity"])
        assert payload["identity"]["origin"] == identity["origin"]


def test_everything_a_map_can_say(desk):
    row = {
        "id": 1, "who": "Ada", "why": "oom", "plan": "find out", "found": "it fell",
        "t0": 1714979289.5, "t1": 1714979389.5, "mins": 1.5, "seed": 2**70,
        "gpu": ["NVIDIA A100", "NVIDIA A100"], "mem": 64, "cores": "8", "mhz": 1200,
        "data": "cifar", "v": "1.2", "sha": "sha256:" + "a" * 64, "tags": "x; y ;x",
        "loss": [1.0, 0.5, "nan"], "at": [10, 20, 30], "sec": [0, 1.5, 3], "w1": 1, "w2": 3,
    }  # fmt: skip
    desk.good(
        json.dumps(row),
        """
        source: s
        key: id
        order: rows
        project: {value: p}
        author: who
        status: {value: interrupted}
        reason: why
        intent: plan
        outcome: found
        tags: [{column: tags, split: ";"}, {value: fixed}]
        started: {column: t0, form: epoch}
        ended: {column: t1, form: epoch}
        duration: {column: mins, unit: min}
        seeds: {torch: seed}
        hardware: {gpus: gpu, memory: {column: mem, unit: GiB}, physical_cores: cores}
        conditions: {clock: {column: mhz, unit: MHz}}
        datasets: {name: data, role: {value: train}, version: v, digest: sha}
        metrics:
          loss: {column: loss, steps: at, times: sec, direction: minimize}
          speed: {columns: [w1, w2], unit: "1/s", direction: maximize}
          seconds: mins
        """,
        name="t.jsonl",
    )
    (run,) = desk.runs().values()
    record = run.record
    identity = record["identity"]
    assert identity["author"] == {"name": "Ada", "source": "option"}
    assert (identity["status"], identity["reason"]) == ("interrupted", "oom")
    assert identity["tags"] == ["fixed", "x", "y"]
    assert identity["times"] == {"started": "2024-05-06T07:08:09.500000Z",
                                 "ended": "2024-05-06T07:09:49.500000Z", "duration_s": 90.0}  # fmt: skip
    assert identity["origin"] == {"source": "s", "key": "1", "order": 1}
    assert record["lineage"]["intent"] == "find out"
    assert record["lineage"]["outcome"] == "it fell"
    assert record["determinism"]["seeds"] == {"torch": str(2**70)}
    hardware = record["hardware"]
    assert hardware["fields"] == {
        "gpus": {"value": [{"name": "NVIDIA A100"}, {"name": "NVIDIA A100"}]},
        "memory": {"value": 64 << 30, "unit": "B"}, "physical_cores": {"value": 8},
    }  # fmt: skip
    assert (hardware["machine_id"], hardware["machine_id_source"]) == (None, "unavailable")
    assert hardware["tier"] == "gpu"
    assert hardware["conditions"] == {"clock": {"value": 1200, "unit": "MHz"}}
    machine = decode(run.artifact("@machine.json"))
    assert machine["hardware_id"] == hardware["hardware_id"]
    assert machine["fields"] == hardware["fields"]
    assert record["datasets"]["items"] == [
        {"name": "cifar", "role": "train", "version": "1.2", "digest": "sha256:" + "a" * 64}
    ]
    with labrec.open() as lab:
        points = lab.series(run, "loss")
        assert [(p.step, p.time) for p in points] == [(10, 0.0), (20, 1.5), (30, 3.0)]
        assert [p.value for p in lab.series(run, "speed")] == [1.0, 3.0]
        assert [p.value for p in lab.series(run, "seconds")] == [1.5]
    values = record["metrics"]["values"]
    assert values["loss"]["last"] == {"$float": "NaN"}
    assert (values["loss"]["min"], values["loss"]["count"]) == (0.5, 3)
    assert (values["speed"]["mean"], values["speed"]["best"]) == (2.0, 3.0)
    assert [one["what"] for one in record["capture"]["events"]] == ["times of speed"]
    desk.verify()


def test_a_machine_is_named_by_what_the_table_knows(desk):
    table = "id,board,cpu,clock\na,NUCLEO,M4,80\nb,NUCLEO,M4,120\nc,DISCO,M4,80\nd,,,80\n"
    desk.good(table, "source: s\nkey: id\nproject: {value: p}\n"
              "hardware: {product: board, cpu_name: cpu}\nconditions: {clock: clock}")  # fmt: skip
    records = desk.records()
    ids = {name: records[name].get("hardware", {}).get("hardware_id") for name in "abcd"}
    assert ids["a"] == ids["b"] != ids["c"]
    assert ids["d"] is None
    assert records["d"]["capture"]["events"][0]["what"] == "hardware"
    desk.verify()


def test_planned_runs(desk):
    table = "id,state,loss\na,planned,\nb,planned,1\n"
    table_map = "source: s\nkey: id\nproject: {value: p}\nstatus: state\nmetrics: {loss: loss}"
    assert desk.wrong(table, table_map) == [
        "t.csv:3: status: a planned run has no metrics and no times"
    ]
    desk.good(table.replace("b,planned,1\n", ""), table_map)
    desk.verify()


# --- what is refused ----------------------------------------------------------------------------


def test_wrong_rows_are_told_with_their_lines_and_nothing_is_imported(desk):
    table = TABLE + (
        "e,,keep,yesterday,0.1,1\n"
        "f,,kept,,0.1,1\n"
        "g,,keep,,0.1,1e999\n"
        "h,,keep,,0.1\n"
        "a,,keep,,0.1,one\n"
        ",,keep,,0.1,1\n"
        "i,j,keep,,0.1,1\nj,i,keep,,0.1,1\nk,k,keep,,0.1,1\n"
        "l\x00,,keep,,0.1,1\n"
        "m,,,,0.1,1\n"
    )
    assert desk.wrong(table, MAP) == [
        "t.csv:6: started: 'yesterday' is no date with a time of day",
        "t.csv:7: status: 'kept' is not in its map; near it: 'keep'",
        "t.csv:8: metrics.loss: '1e999' is beyond the range of a double",
        "t.csv:9: 5 cells; the header has 6",
        "t.csv:10: metrics.loss: 'one' is no number",
        "t.csv:11: key: the row has none",
        "t.csv:12: parents: the parents lead back to the row itself: 'i' → 'j'",
        "t.csv:13: parents: the parents lead back to the row itself: 'i' → 'j'",
        "t.csv:14: parents: the parents lead back to the row itself: 'k'",
        "t.csv:15: key: a NUL",
        "t.csv:16: status: the row has none",
    ]


def test_a_key_that_two_rows_have(desk):
    assert desk.wrong(TABLE + "a,,keep,,0.1,1\n", MAP) == [
        "t.csv:6: key: 'a' also names the row on line 2"
    ]


def test_the_others_are_imported_when_asked_for(desk):
    table = TABLE + "e,d,keep,never,0.1,1\nf,e,keep,,0.1,1\na,,keep,,0.5,1\n"
    answer = desk.table(table, MAP, "--skip-bad")
    assert answer.code == 3
    report = answer.json
    assert (report["runs"], report["rows"]) == (5, 7)
    assert [(one["line"], one["where"]) for one in report["skipped"]] == [
        (6, "started"), (8, "key")
    ]  # fmt: skip
    records = desk.records()
    assert set(records) == set("abcdf")
    assert records["f"]["lineage"]["parents"][0] == {
        "by": "option", "name": "e", "run_id": None, "config_digest": None
    }  # fmt: skip
    desk.verify()
    told = desk.call("import", "table", desk.folder / "t.csv", "--map", desk.folder / "map.yaml",
                     "--skip-bad")  # fmt: skip
    assert told.code == 3
    assert "skipped t.csv:6: started" in told.err


def test_many_wrong_rows_are_counted(desk):
    table = "id,state\n" + "".join(f"r{n},bad\n" for n in range(80))
    told = desk.wrong(table, "source: s\nkey: id\nproject: {value: p}\nstatus: state")
    assert len(told) == 51
    assert told[-1] == "and 30 more"


def test_projects_come_from_the_table_and_are_checked(desk):
    table_map = "source: s\nkey: id\nproject: team\n"
    desk.good("id,team\na,red\nb,blue\n", table_map)
    assert {run.project for run in desk.runs().values()} == {"red", "blue"}
    answer = desk.table("id,team\nc,../up\nd,objects\ne,\n", table_map)
    assert answer.code == 12
    assert [line.split(": ", 2)[:2] for line in answer.failure["paths"]] == [
        ["t.csv:2", "project"], ["t.csv:3", "project"], ["t.csv:4", "project"]
    ]  # fmt: skip


def test_secrets_are_taken_out_as_of_any_run(desk):
    token = "gh" + "p_" + "aB3dE5gH7jK9mN1pQ3rS5tU7vW9xY1zA3bC5"
    report = desk.good(
        f"id,note,api_key\na,use {token} here,hunter2hunter\nb,fine,\n",
        "source: s\nkey: id\nproject: {value: p}\nintent: note\nfeatures: {api_key: api_key}",
    )
    assert report["redacted"] == 2
    record = desk.records()["a"]
    assert record["lineage"]["intent"] == "use [redacted:github-token] here"
    assert record["features"]["tree"] == {"api_key": "[redacted:secret-option]"}
    desk.verify()
    told = desk.table(f"id\n{token}\n", "source: s\nkey: id\nproject: {value: p}")
    assert told.code == 12
    assert "its key or the map's source holds a secret" in told.err
    assert token not in told.err + told.out
    told = desk.table("id\na\n", f"source: {token}\nkey: id\nproject: {{value: p}}")
    assert told.code == 12
    assert token not in told.err + told.out
    named = desk.table("id,name\na,x\n", "source: s\nkey: id\nproject: {value: q}\nname: "
                       f"{{text: '{token}'}}")  # fmt: skip
    assert named.code == 0
    assert token not in str(desk.records())


def test_cells_are_never_more_than_text(desk, call):
    evil = '=HYPERLINK("http://x","y")'
    control = "\x1b]0;owned\x07\u202e<script>"
    rows = [
        {"id": "r1", "a": evil, "b": control, "loss": "1"},
        {"id": "r2", "a": "{b}{0.__class__}", "b": "%s\\u0000", "loss": "2"},
        {"id": "r3", "a": "../../etc/passwd", "b": "\u0000\ufffe", "loss": "3"},
    ]
    table_map = ("source: s\nkey: id\nproject: {value: p}\nname: {text: '{a} {b}'}\n"
                 "features: {a: a, b: b}\nmetrics: {loss: loss}")  # fmt: skip
    lines = "\n".join(json.dumps(row) for row in rows)
    assert desk.wrong(lines, table_map, name="t.jsonl") == ["t.jsonl:3: features.b: a NUL",
                                                           "t.jsonl:3: name: a NUL"]  # fmt: skip
    answer = desk.table(lines, table_map, "--skip-bad", name="t.jsonl")
    assert answer.code == 3
    trees = [run.record["features"]["tree"] for run in desk.runs().values()]
    assert {tree["a"] for tree in trees} == {evil, "{b}{0.__class__}"}
    assert {tree["b"] for tree in trees} == {control, "%s\\u0000"}
    desk.verify()
    table, made = desk.folder / "t.jsonl", desk.folder / "map.yaml"
    for argv in (("import", "table", table, "--map", made, "--dry-run", "--skip-bad"), ("log",),
                 ("import", "table", table, "--propose")):  # fmt: skip
        shown = call(*argv)
        assert not set(shown.out + shown.err) & set("\x1b\x07\u202e"), argv


def test_what_is_too_large_for_a_record_gives_way_and_says_so(desk):
    row = {"id": "r", "config": {f"k{n}": "x" * 400 for n in range(400)}, "note": "y" * 9000,
           "tags": ";".join(f"tag {n}" for n in range(2000))}  # fmt: skip
    desk.good(
        json.dumps(row),
        "source: s\nkey: id\nproject: {value: p}\nintent: note\nfeatures: config\n"
        "tags: {column: tags, split: ';'}",
        name="t.jsonl",
    )
    (record,) = desk.records().values()
    assert len(record["lineage"]["intent"]) == 4096
    kinds = {event["kind"] for event in record["capture"]["events"]}
    assert kinds == {"truncated"}
    desk.verify()


# --- importing again ----------------------------------------------------------------------------


def _files(folder: Path = Path()) -> dict[str, str]:
    with labrec.open(folder) as lab:
        return {path: entry.sha for path, entry in lab.view.files()}


def _notes(kind: str | None = None) -> list[dict]:
    with labrec.open() as lab:
        found = [decode(lab.view.read(path)) for path in lab.view.paths("note")]
    for note in found:
        note_model(note["kind"]).model_validate(note)
    return [note for note in found if kind in (None, note["kind"])]


def _counting() -> dict[str, str]:
    """The records that count, by what notes say: the features of each by its key."""
    with labrec.open() as lab:
        runs = {run.run_id: run for run in lab.runs()}
    notes = _notes()
    retracted = {note["subject"]["id"] for note in notes if note["kind"] == "retract"}
    gone = {
        note["subject"]["id"] for note in notes
        if note["kind"] == "supersede" and note["note_id"] not in retracted
    }  # fmt: skip
    return {
        run.section("identity")["origin"]["key"]: json.dumps(run.features)
        for run_id, run in runs.items() if run_id not in gone
    }  # fmt: skip


def test_importing_again_adds_nothing(desk):
    first = desk.good(TABLE, MAP)
    before = _files()
    second = desk.good(TABLE, MAP)
    assert (second["new"], second["known"], second["commits"]) == (0, 4, [])
    assert _files() == before
    assert len(first["commits"]) == 1


def test_another_version_of_labrec_adds_nothing_either(desk, monkeypatch):
    desk.good(TABLE, MAP)
    before = _files()
    monkeypatch.setattr("labrec.exchange.outlines.__version__", "99.0")
    assert desk.good(TABLE, MAP)["new"] == 0
    assert _files() == before
    desk.verify()


def test_another_name_of_the_file_and_another_order_of_rows_change_nothing(desk):
    desk.good(TABLE, MAP)
    before = _files()
    head, *rows = TABLE.splitlines()
    assert desk.good("\n".join([head, *reversed(rows)]), MAP, name="other.csv")["new"] == 0
    assert _files() == before


def test_the_same_table_in_another_clone_gives_the_same_bytes(desk, call, tmp_path, monkeypatch):
    desk.good(TABLE, MAP)
    before = {path: sha for path, sha in _files().items() if "/runs/" in path}
    assert call("init", tmp_path / "other").code == 0
    monkeypatch.chdir(tmp_path / "other")
    desk.good(TABLE, MAP)
    assert {path: sha for path, sha in _files().items() if "/runs/" in path} == before


def test_a_changed_map_makes_new_records_that_supersede_the_old_ones(desk):
    desk.good(TABLE, MAP)
    old = {run.run_id for run in desk.runs().values()}
    report = desk.good(TABLE, MAP.replace("{lr: lr}", "{rate: lr}"))
    assert (report["new"], report["known"], report["superseded"]) == (4, 0, 4)
    notes = _notes("supersede")
    assert {note["subject"]["id"] for note in notes} == old
    new = {note["body"]["by"]["id"] for note in notes}
    assert not new & old
    assert set(_counting().values()) == {'{"rate": 0.1}', '{"rate": 0.2}', '{"rate": 0.3}'}
    desk.verify()
    again = desk.good(TABLE, MAP.replace("{lr: lr}", "{rate: lr}"))
    assert (again["new"], again["superseded"], again["commits"]) == (0, 0, [])


def test_a_changed_row_changes_itself_and_what_derives_from_it(desk):
    desk.good(TABLE, MAP)
    report = desk.good(TABLE.replace("0.2,1.25", "0.2,1.125"), MAP)
    assert (report["new"], report["known"], report["superseded"]) == (2, 2, 2)  # b, and its child c
    with labrec.open() as lab:
        runs = {run.run_id: run for run in lab.runs()}
    for note in _notes("supersede"):
        old, by = runs[note["subject"]["id"]], runs[note["body"]["by"]["id"]]
        assert old.name == by.name
        assert note["subject"]["digest"] == old.citation.partition("@")[2]
        assert note["body"]["by"]["digest"] == by.citation.partition("@")[2]
    desk.verify()


def test_going_back_and_forth_leaves_one_record_that_counts(desk):
    maps = [MAP, MAP.replace("{lr: lr}", "{rate: lr}"), MAP.replace("{lr: lr}", "{speed: lr}")]
    for turn, which in enumerate([0, 1, 0, 1, 2, 1, 0, 0]):
        report = desk.good(TABLE, maps[which])
        name = ("lr", "rate", "speed")[which]
        counting = _counting()
        assert len(counting) == 4, turn
        assert all(tree.startswith(f'{{"{name}"') for tree in counting.values()), turn
        again = desk.good(TABLE, maps[which])
        assert again["commits"] == [], (turn, report)
    desk.verify()


def test_records_of_another_source_are_left_alone(desk):
    desk.good(TABLE, MAP)
    report = desk.good(TABLE, MAP.replace("source: study", "source: another study"))
    assert (report["new"], report["superseded"]) == (4, 0)
    assert _notes() == []


def test_a_row_that_is_gone_from_the_table_stays_in_the_lab(desk):
    desk.good(TABLE, MAP)
    desk.good("\n".join(TABLE.splitlines()[:3]), MAP)
    assert len(desk.runs()) == 4


def test_a_project_that_changes_is_superseded_across_projects(desk):
    desk.good(TABLE, MAP)
    report = desk.good(TABLE, MAP.replace("{value: p}", "{value: q}"))
    assert (report["new"], report["superseded"]) == (4, 4)
    assert len(_counting()) == 4
    desk.verify()


# --- how it is committed ------------------------------------------------------------------------


def test_a_dry_run_changes_nothing_and_shows_what_would_come(desk):
    before = _files()
    report = desk.good(TABLE, MAP, "--dry-run")
    assert report["dry_run"]
    assert (report["new"], report["commits"]) == (4, [])
    assert [one["name"] for one in report["first"]] == ["a", "b", "c", "d"]
    assert report["first"][1]["parents"] == ["a"]
    assert _files() == before
    told = desk.call("import", "table", desk.folder / "t.csv", "--map", desk.folder / "map.yaml",
                     "--dry-run")  # fmt: skip
    assert told.code == 0
    assert "4 runs of 3 experiments in p: 4 would be recorded, 0 known already" in told.out
    assert "1 left out" not in told.out
    assert "2 left out of the metrics: cells that stand for a failure" in told.out
    assert "undated" in told.out


def test_many_rows_take_several_commits_and_notes_stay_with_their_records(desk, monkeypatch):
    monkeypatch.setattr(table_import, "MOST", 7)
    table = "id,x\n" + "".join(f"r{n},{n}\n" for n in range(20))
    table_map = "source: s\nkey: id\nproject: {value: p}\nfeatures: {x: x}"
    assert len(desk.good(table, table_map)["commits"]) == 3
    report = desk.good(table, table_map.replace("{x: x}", "{y: x}"))
    assert len(report["commits"]) == 7  # a record and its note, three times in a commit
    assert len(_counting()) == 20
    desk.verify()


def test_an_import_that_was_cut_off_goes_on_where_it_stopped(desk, monkeypatch):
    monkeypatch.setattr(table_import, "MOST", 7)
    real = table_import._batches

    def first_only(groups):
        yield next(real(groups))
        raise KeyboardInterrupt

    table = "id,x\n" + "".join(f"r{n},{n}\n" for n in range(20))
    table_map = "source: s\nkey: id\nproject: {value: p}\nfeatures: {x: x}"
    monkeypatch.setattr(table_import, "_batches", first_only)
    assert desk.table(table, table_map).code == 130
    assert len(desk.runs()) == 7
    monkeypatch.setattr(table_import, "_batches", real)
    report = desk.good(table, table_map)
    assert (report["new"], report["known"]) == (13, 7)
    desk.verify()


def test_an_empty_table_is_no_mistake(desk):
    report = desk.good("id,x\n", "source: s\nkey: id\nproject: {value: p}")
    assert (report["runs"], report["commits"]) == (0, [])


def test_outside_a_lab_there_is_nowhere_to_import_to(desk, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert desk.table(TABLE, MAP).code == 10


def test_the_author_of_the_lab_signs_its_notes(desk, monkeypatch):
    desk.good(TABLE, MAP)
    monkeypatch.setenv("LABREC_AUTHOR", "Grace")
    desk.good(TABLE, MAP.replace("{lr: lr}", "{rate: lr}"))
    assert {note["author"]["name"] for note in _notes()} == {"Grace"}
    assert all(record["identity"]["author"] is None for record in desk.records().values())


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
def test_a_table_may_be_huge_in_one_cell(desk, name):
    cell = "x" * 100_000
    content = f"id,note\na,{cell}\n" if name == "t.csv" else json.dumps({"id": "a", "note": cell})
    desk.good(content, "source: s\nkey: id\nproject: {value: p}\nfeatures: {n: note}", name=name)
    (record,) = desk.records().values()
    assert record["features"]["tree"]["n"]["$repr"].endswith("too large for a record")
    desk.verify()


WRONG_SERIES = """
source: s
key: id
project: {value: p}
order: n
tags: tags
parents: {column: up, split: ";"}
author: who
features: {f: {column: f, type: integer}}
hardware: {gpus: gpu, memory: {column: mem, unit: TiB}, virtualisation: {column: v, type: boolean}}
datasets: {name: data, digest: sha}
metrics: {loss: {column: loss, steps: at, times: sec}}
"""


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"loss": [1, 2], "at": [1]}, "metrics.loss.steps: 1 values beside 2 points"),
        ({"loss": [1], "at": ["x"]}, "metrics.loss.steps: 'x' is no integer"),
        ({"loss": [1], "sec": ["x"]}, "metrics.loss.times: 'x' is no number"),
        ({"loss": [1], "sec": [float("nan")]}, "metrics.loss: a step or time that no series holds"),
        ({"loss": [1], "at": [2**63]}, "metrics.loss: a step or time that no series holds"),
        ({"loss": [1, "x"]}, "metrics.loss: 'x' is no number"),
        ({"loss": {"a": 1}}, "metrics.loss: \"{'a': 1}\" is no number"),
        ({"n": -1}, "order: -1 is no place in an order"),
        ({"tags": [{"a": 1}]}, "tags: a dict is no text"),
        ({"up": "a;" + "x" * 1001}, "parents: "),
        ({"who": ["Ada"]}, "author: a list is no text"),
        ({"f": [1]}, "features.f: a list is no integer"),
        ({"gpu": [1, {}]}, "hardware.gpus: a dict is no text"),
        ({"mem": 10**9}, "hardware.memory: no size of a memory"),
        ({"v": "maybe"}, "hardware.virtualisation: 'maybe' is neither true nor false"),
        ({"sha": "md5:1"}, "datasets[0].digest: 'md5:1' is no digest: sha256: and 64 hex digits"),
        ({"data": None}, "datasets[0].name: the row has none"),
    ],
)
def test_wrong_values_of_every_kind(desk, row, said):
    columns = dict.fromkeys(("n", "tags", "up", "who", "f", "gpu", "mem", "v", "sha", "loss", "at",
                             "sec"))  # fmt: skip
    line = json.dumps({"id": "a", "data": "d"} | columns | row)
    told = desk.wrong(line, WRONG_SERIES, name="t.jsonl")
    assert told[0].startswith(f"t.jsonl:1: {said}")


def test_a_series_of_failures_alone_is_none(desk):
    line = json.dumps({"id": "a", "loss": [0, None, 0], "other": []})
    table_map = ("source: s\nkey: id\nproject: {value: p}\n"
                 "metrics: {loss: {column: loss, failure: 0}, other: other}")  # fmt: skip
    report = desk.good(line, table_map, name="t.jsonl")
    assert report["failure_values"] == 2
    assert desk.runs()["a"].metrics == {}
    desk.verify()


def test_a_feature_that_stands_in_the_way_of_another(desk):
    row = json.dumps({"id": "a", "x": 1, "c": [1]})
    told = desk.wrong(row, "source: s\nkey: id\nproject: {value: p}\nfeatures: x", name="t.jsonl")
    assert told == ["t.jsonl:1: features: '1' is no object"]


def test_a_secret_that_cannot_be_taken_out_refuses_the_import(desk, monkeypatch):
    from labrec.errors import SecretError

    def refuse(self, outline, parents, written):
        raise SecretError("a secret in an object", kept="the run, as a spool")

    monkeypatch.setattr("labrec.exchange.records.Writer.write", refuse)
    answer = desk.table(TABLE, MAP)
    assert answer.code == 19
    assert answer.failure["message"] == "line 2: a secret in an object"
    assert answer.failure["kept"] == "the lab as it was: nothing was imported"
    assert desk.table(TABLE, MAP, "--skip-bad").code == 3
    assert desk.runs() == {}


def test_damaged_notes_are_left_to_verify(desk, monkeypatch):
    from labrec.errors import InvalidError

    desk.good(TABLE, MAP)
    desk.good(TABLE, MAP.replace("{lr: lr}", "{rate: lr}"))

    def refuse(path, data):
        raise InvalidError(path)

    monkeypatch.setattr("labrec.store.notes.hear", refuse)
    report = desk.good(TABLE, MAP)  # no note is known: it is said again that the others are gone
    assert report["superseded"] == 4
