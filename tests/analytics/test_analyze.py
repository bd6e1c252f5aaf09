"""From a lab to tables: what is written, when, and what stops nothing."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from tests.analytics.labs import made, measured, metric, note_doc, rows
from tests.store.labs import RECORD_REF, Doc, GitLab, lineage, run_doc

from labrec.analytics import pipeline, shard, sources, tables
from labrec.cli import main
from labrec.errors import BusyError, StorageError, UsageError
from labrec.record.digest import Digest
from labrec.record.layout import parse_path
from labrec.store.view import open_view

if TYPE_CHECKING:
    from pathlib import Path

    from labrec.analytics.pipeline import Analysis

OTHER_REF = "refs/labrec/records/00c0ffee00c0ffe0"


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Every file of a folder of tables but the report, whose base may differ."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != pipeline.REPORT
    }


def family(lab: GitLab) -> list[Doc]:
    """A parent and a child with three seeds each, and a run that failed with a loss of 0."""
    docs: list[Doc] = []
    parent = str(Digest.of(b"8_base"))
    child = lineage(parents=[{"by": "option", "name": "8", "config_digest": parent}])
    for seed in range(3):
        seeds = {"minor": 0, "seeds": {"seed": str(seed)}, "flags": {}}
        docs += measured("8_base", {"loss": 1 + seed / 10}, determinism=seeds)
        docs += measured(
            "9_from_8",
            {"loss": 0.5 + seed / 9},
            determinism=seeds,
            lineage=child,
            features={"minor": 0, "tree": {"lr": 0.1}, "digest": "sha256:" + "0" * 64},
        )
    docs += measured("8_base", {"loss": 0.0}, identity={"status": "failed"})
    lab.add(*docs)
    return docs


# --- what is written --------------------------------------------------------------------------


def test_a_run_reaches_the_tables(lab: GitLab) -> None:
    lab.add(*measured("base", {"loss": 0.5}))
    found = made(lab)
    assert found
    assert found.made
    assert found.folder == lab.path / tables.FOLDER
    (run,) = rows(found, "runs")
    assert (run["project"], run["name"], run["status"], run["standing"]) == (
        "mnist",
        "base",
        "complete",
        "counts",
    )
    (point,) = rows(found, "series")
    assert point == {
        "project": "mnist",
        "run_id": run["run_id"],
        "metric": "loss",
        "step": 0,
        "time": 0.5,
        "value": 0.5,
        "record_digest": run["record_digest"],
    }
    assert found.report["rows"] == {name: len(rows(found, name)) for name in tables.TABLES}


def test_an_empty_lab_has_every_table(lab: GitLab) -> None:
    found = made(lab)
    assert found.report["rows"] == dict.fromkeys(sorted(tables.TABLES), 0)
    assert all(rows(found, name) == [] for name in tables.TABLES if name != "series")


def test_files_have_the_columns_of_the_contract_and_say_what_they_come_from(lab: GitLab) -> None:
    family(lab)
    found = made(lab)
    view = open_view(lab.open())
    for name, table in tables.TABLES.items():
        files = sorted(found.folder.glob(f"{name}/*/*.parquet" if table.partitioned else f"{name}.parquet"))  # fmt: skip
        assert files
        for path in files:
            schema = pq.read_schema(path)
            assert schema.names == [column.name for column in table.columns]
            for column in table.columns:
                assert str(schema.field(column.name).type) == {
                    "text": "string", "integer": "int64", "number": "double", "boolean": "bool",
                    "time": "timestamp[us, tz=UTC]", "texts": "list<element: string>",
                }[column.kind]  # fmt: skip
                assert schema.field(column.name).nullable == column.optional
            said = {k.decode(): v.decode() for k, v in pq.read_metadata(path).metadata.items()}
            assert said["labrec.table"] == name
            assert said["labrec.contract"] == str(tables.VERSION)
            assert said["labrec.settings"].startswith("sha256:")
            if not table.partitioned:
                assert said["labrec.view"] == view.id == found.report["view"]


def test_rows_are_sorted_by_their_key(lab: GitLab) -> None:
    family(lab)
    lab.add(*measured("x", {"a": 1.0, "b": 2.0}, identity={"project": "mnist"}))
    found = made(lab)
    for name, table in tables.TABLES.items():
        keys = [tuple(row[column] or "" for column in table.key) for row in rows(found, name)]
        assert keys == sorted(keys), name


def test_every_row_leads_to_a_record_of_the_view(lab: GitLab) -> None:
    family(lab)
    found = made(lab)
    view = open_view(lab.open())
    digests = {
        f"sha256:{hashlib.sha256(view.read(entry.path)).hexdigest()}": entry.run_id
        for entry in view.runs()
    }
    experiments = {row["experiment"] for row in rows(found, "runs")}
    for name, table in tables.TABLES.items():
        columns = {column.name for column in table.columns}
        for row in rows(found, name):
            if "record_digest" in columns:
                assert digests[row["record_digest"]] == row["run_id"], name
            elif "experiment" in columns:
                assert row["experiment"] in experiments


def test_the_statistics_of_a_family(lab: GitLab) -> None:
    family(lab)
    found = made(lab)
    by_name = {row["name"]: row for row in rows(found, "experiments")}
    base = by_name["8_base"]
    assert (base["n_runs"], base["n_failed"], base["n"]) == (4, 1, 3)
    assert (base["mean"], base["min"]) == (1.1, 1.0)  # never the 0.0 of the run that failed
    assert (base["key"], base["depth"], by_name["9_from_8"]["depth"]) == (True, 0, 1)
    (contrast,) = rows(found, "contrasts")
    assert (contrast["name"], contrast["parent_name"]) == ("9_from_8", "8_base")
    assert (contrast["design"], contrast["n"], contrast["family"]) == ("paired", 3, 1)
    assert contrast["p"] == contrast["p_holm"]
    assert (contrast["finding"], contrast["direction"]) == ("better", "minimize")
    assert contrast["estimate"] == -0.4888888889  # ten significant digits
    changes = rows(found, "feature_changes")
    assert [(row["op"], row["path"], row["new"]) for row in changes] == [("add", "lr", "0.1")] * 3


def test_a_failed_run_is_no_result(lab: GitLab) -> None:
    family(lab)
    metrics = rows(made(lab), "metrics")
    assert [row["counts"] for row in metrics if row["last"] == 0.0] == [False]
    assert sum(row["counts"] for row in metrics) == 6


def test_key_metrics_of_the_definition_and_its_direction(lab: GitLab) -> None:
    lab.add(
        *measured("base", {"loss": 1.0, "speed": 2.0}, direction=None),
        *measured("other", {"loss": 1.0, "speed": 2.0}),
    )
    told = {(r["metric"], r["key"]) for r in rows(made(lab), "experiments")}
    assert told == {("loss", True), ("speed", False)}  # as project.yaml has it
    definition = b"key_metrics: [{name: speed, direction: maximize}]\n"
    lab.commit("refs/heads/main", {"records/mnist/project.yaml": definition})
    found = made(lab)
    assert found.made
    told = {(r["metric"], r["key"], r["direction"]) for r in rows(found, "experiments")}
    assert told == {
        ("loss", False, None),
        ("loss", False, "minimize"),
        ("speed", True, "maximize"),
    }


def test_without_a_definition_the_key_metrics_are_those_with_a_direction(lab: GitLab) -> None:
    lab.commit("refs/heads/main", {"records/mnist/project.yaml": b""})
    values = {"loss": metric(1.0, direction="minimize"), "steps": metric(9.0)}
    lab.add(run_doc(metrics={"minor": 0, "series": None, "values": values}))
    told = {r["metric"]: r["key"] for r in rows(made(lab), "experiments")}
    assert told == {"loss": True, "steps": False}


def test_an_experiment_without_any_metric_has_one_row(lab: GitLab) -> None:
    lab.add(run_doc(identity={"status": "failed"}))
    (row,) = rows(made(lab), "experiments")
    assert (row["metric"], row["n_runs"], row["n_failed"], row["n"]) == ("", 1, 1, 0)


# --- notes ------------------------------------------------------------------------------------


def test_notes_take_runs_out_of_statistics(lab: GitLab) -> None:
    docs = family(lab)
    record = next(doc for doc in docs if b'"9_from_8"' in doc.data)
    lab.add(note_doc("retract", record))
    found = made(lab)
    standing = {row["path"]: row["standing"] for row in rows(found, "runs")}
    assert standing[record.path] == "retracted"
    assert sorted(standing.values()) == ["counts"] * 6 + ["retracted"]
    child = next(row for row in rows(found, "experiments") if row["name"] == "9_from_8")
    assert child["n"] == 2


def test_a_fork_counts_for_nothing_until_a_note_decides(lab: GitLab) -> None:
    first = run_doc(name="x", metrics={"values": {"loss": metric(1.0)}})
    run_id = parse_path(first.path).id
    second = run_doc(name="x", run_id=run_id, metrics={"values": {"loss": metric(2.0)}})
    lab.add(first, second)
    found = made(lab)
    assert {row["standing"] for row in rows(found, "runs")} == {"forked"}
    assert [row["mean"] for row in rows(found, "experiments")] == [None]
    lab.add(note_doc("supersede", first, second))
    found = made(lab)
    standing = {row["path"]: row["standing"] for row in rows(found, "runs")}
    assert standing == {first.path: "superseded", second.path: "counts"}
    assert [row["mean"] for row in rows(found, "experiments")] == [2.0]
    assert [(r["kind"], r["source"]) for r in rows(found, "edges")] == [("supersedes", "note")]


def test_a_note_that_is_none_is_a_problem_and_no_more(lab: GitLab) -> None:
    family(lab)
    doc = note_doc("retract", run_doc())
    bad = doc.data.replace(b'"retract"', b'"destroy"')
    path = doc.path.replace(parse_path(doc.path).digest, Digest.of(bad).short)
    lab.commit(RECORD_REF, {path: bad})
    found = made(lab)
    assert [row["path"] for row in rows(found, "problems")] == [path]
    assert {row["standing"] for row in rows(found, "runs")} == {"counts"}


# --- what stops nothing -----------------------------------------------------------------------


def hostile(name: str, **sections: Any) -> Doc:
    return run_doc(name=name, **sections)


@pytest.mark.parametrize(
    "sections",
    [
        {"metrics": {"values": []}},
        {"metrics": {"values": {"m": 1}}},
        {"metrics": {"values": {"m": metric(1.0) | {"last": "1"}}}},
        {"metrics": {"values": {"m": metric(1.0) | {"count": 1.5}}}},
        {"metrics": {"values": {"m": metric(1.0) | {"unit": 1}}}},
        {"metrics": {"series": "x"}},
        {"metrics": []},
        {"features": {"tree": [1]}},
        {"features": {"tree": {"x": {"$float": "1e5"}}}},
        {"features": {"tree": {"x": {"$int": []}}}},
        {"features": {"tree": {"x": {"$exec": "1"}}}},
        {"hardware": {"fields": {"x": 1}}},
        {"hardware": {"hardware_id": None, "tier": "t", "fields": {"x": {"value": 1}}}},
        {"lineage": {"parents": "x"}},
        {"lineage": {"parents": [{"by": "option", "name": 1}]}},
        {"lineage": {"continues": 5}},
        {"identity": {"config_digest": None}},
        {"identity": {"tags": "x"}},
        {"identity": {"tags": [1]}},
        {"identity": {"times": {"started": "yesterday"}}},
        {"identity": {"times": {"started": "2026-13-01T00:00:00Z"}}},
        {"identity": {"tool": None}},
        {"identity": {"author": "me"}},
        {"artifacts": {"items": [{"name": "x"}]}},
        {"telemetry": {"channels": {"x": None}}},
        {"capture": {"events": [{"count": "many"}]}},
        {"datasets": {"items": [1]}},
        {"determinism": {"seeds": "1"}},
        {"code": "x"},
    ],
    ids=str,
)
def test_a_record_that_breaks_its_schema_is_left_out_alone(lab: GitLab, sections: Any) -> None:
    bad = hostile("bad", **sections)
    lab.add(bad, *measured("good", {"loss": 0.5}))
    found = made(lab)
    problems = {row["path"]: row["problem"] for row in rows(found, "problems")}
    assert list(problems) == [bad.path]
    assert "not a valid run" in problems[bad.path]
    assert [row["name"] for row in rows(found, "runs")] == ["good"]
    assert (found.exit_code, bool(found)) == (3, False)


def test_records_that_cannot_be_read_at_all(lab: GitLab) -> None:
    newer = run_doc(name="newer")
    data = newer.data.replace(b"labrec.run/1.0", b"labrec.run/9.0")
    path = newer.path.replace(parse_path(newer.path).digest, Digest.of(data).short)
    damaged = run_doc(name="damaged")
    misplaced = run_doc(name="misplaced")
    run_id = parse_path(misplaced.path).id
    wrong = misplaced.path.replace(f"/{run_id[-1]}/", f"/{'0' if run_id[-1] != '0' else '1'}/")
    lab.add(*measured("good", {"loss": 0.5}))
    lab.commit(RECORD_REF, {path: data, damaged.path: b"{}", wrong: misplaced.data})
    found = made(lab)
    problems = {row["path"]: row["problem"].split(":")[0] for row in rows(found, "problems")}
    assert problems == {path: "newer-schema", damaged.path: "integrity", wrong: "invalid"}
    assert [row["name"] for row in rows(found, "runs")] == ["good"]
    assert found.report["problem_count"] == len(found.report["problems"]) == 3


def test_a_definition_that_is_none_is_a_problem(lab: GitLab) -> None:
    lab.add(*measured("good", {"loss": 0.5}))
    lab.commit("refs/heads/main", {"records/mnist/project.yaml": b"key_metrics: loss\n"})
    found = made(lab)
    assert [row["path"] for row in rows(found, "problems")] == ["records/mnist/project.yaml"]
    assert [row["key"] for row in rows(found, "experiments")] == [True]


def test_odd_text_goes_through_unharmed(lab: GitLab) -> None:
    odd = "a\u202eb\x1b[31m<script>\U0001f9ea,\"'\n%s{x}"
    tree = {odd: odd, "x" * 5000: {"$bytes": "AA=="}}
    values = {odd: metric(1.0, unit=odd)}
    lab.add(run_doc(name="x", features={"tree": tree}, metrics={"series": None, "values": values}))
    found = made(lab)
    assert found
    assert [row["metric"] for row in rows(found, "metrics")] == [odd]
    assert {row["value"] for row in rows(found, "features")} >= {
        json.dumps(odd, ensure_ascii=False)
    }


# --- the same again ---------------------------------------------------------------------------


def test_two_analyses_of_one_view_give_the_same_bytes(lab: GitLab, tmp_path: Path) -> None:
    family(lab)
    first = bytes_of(made(lab, tmp_path / "one").folder)
    shutil.rmtree(lab.git_dir / "labrec" / "cache")
    second = bytes_of(made(lab, tmp_path / "two").folder)
    third = bytes_of(made(lab, tmp_path / "three").folder)  # from the shards
    assert first == second == third
    assert len(first) == len(tables.TABLES) + 1  # and the dictionary


def test_merging_and_squashing_record_refs_changes_no_byte(lab: GitLab, tmp_path: Path) -> None:
    docs = family(lab)
    lab.git("update-ref", OTHER_REF, "refs/heads/main")
    lab.add(*measured("elsewhere", {"loss": 2.0}), ref=OTHER_REF)
    before = bytes_of(made(lab, tmp_path / "before").folder)
    base = made(lab, tmp_path / "before").report["base"]
    tree = lab.git("ls-tree", "-r", OTHER_REF)
    assert tree
    lab.git("checkout", "-q", "main")
    for ref in (RECORD_REF, OTHER_REF):
        lab.git("merge", "-q", "--squash", ref)
        lab.git("commit", "-q", "-m", "squashed")
        lab.git("update-ref", "-d", ref)
    assert docs
    again = made(lab, tmp_path / "before")
    assert not again.made
    assert again.report["base"] != base  # other commits, the same lab
    assert bytes_of(made(lab, tmp_path / "after").folder) == before


def test_what_is_unchanged_is_not_written_again(lab: GitLab) -> None:
    family(lab)
    first = made(lab)
    stamps = {path: path.stat() for path in first.folder.rglob("*")}
    again = made(lab)
    assert not again.made
    assert again.report == first.report
    assert {path: path.stat() for path in first.folder.rglob("*")} == stamps


@pytest.mark.parametrize("name", ["runs.parquet", "dictionary.json", "series"])
def test_a_table_that_was_lost_is_made_again(lab: GitLab, name: str) -> None:
    family(lab)
    first = made(lab)
    before = bytes_of(first.folder)
    lost = first.folder / name
    shutil.rmtree(lost) if lost.is_dir() else lost.unlink()
    assert made(lab).made
    assert bytes_of(first.folder) == before


def test_tables_of_other_code_are_made_again(lab: GitLab, monkeypatch: pytest.MonkeyPatch) -> None:
    family(lab)
    made(lab)
    monkeypatch.setattr(sources, "digest", lambda *patterns: "another")
    assert made(lab).made
    assert not made(lab).made


def test_a_report_that_is_damaged_is_made_again(lab: GitLab) -> None:
    family(lab)
    first = made(lab)
    for data in (b"", b"[]", b"{", b'{"files": 1}'):
        (first.folder / pipeline.REPORT).write_bytes(data)
        again = made(lab)
        assert again.made
        assert again.report == first.report


def test_at_one_commit_only_its_records_count(lab: GitLab, tmp_path: Path) -> None:
    family(lab)
    found = made(lab, tmp_path / "at", at="main")
    assert rows(found, "runs") == []
    assert found.report["base"]["how"] == "at"


# --- shards -----------------------------------------------------------------------------------


class Counted:
    """Counts the records that are read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.paths: list[str] = []
        inner = shard._extract

        def counting(*given: Any) -> Any:
            self.paths.append(given[1].path)
            return inner(*given)

        monkeypatch.setattr(shard, "_extract", counting)

    def new(self) -> int:
        count = len(self.paths)
        self.paths.clear()
        return count


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    return Counted(monkeypatch)


def test_one_new_record_reads_one_record(lab: GitLab, counted: Counted, tmp_path: Path) -> None:
    family(lab)
    made(lab)
    assert counted.new() == 7
    lab.add(*measured("new", {"loss": 3.0}))
    found = made(lab)
    assert counted.new() == 1
    assert len(rows(found, "runs")) == 8
    shutil.rmtree(lab.git_dir / "labrec" / "cache")
    assert bytes_of(made(lab, tmp_path / "cold").folder) == bytes_of(found.folder)


def test_a_changed_definition_reads_no_record(lab: GitLab, counted: Counted) -> None:
    family(lab)
    made(lab)
    counted.new()
    lab.commit("refs/heads/main", {"records/mnist/project.yaml": b"key_metrics: [other]\n"})
    found = made(lab)
    assert found.made
    assert counted.new() == 0
    assert {row["key"] for row in rows(found, "experiments")} == {False}
    assert rows(found, "contrasts") == []


def test_a_record_that_went_leaves_the_tables(lab: GitLab, counted: Counted) -> None:
    docs = family(lab)
    made(lab)
    counted.new()
    lab.commit(RECORD_REF, {docs[0].path: None})
    found = made(lab)
    assert counted.new() == 0
    assert docs[0].path not in {row["path"] for row in rows(found, "runs")}
    assert len(rows(found, "metrics")) == len(rows(found, "series")) == 6


def test_points_of_unchanged_days_are_not_written_again(lab: GitLab) -> None:
    old = measured("old", {"loss": 1.0}, run_id="018d0000-0000-7000-8000-000000000001")
    lab.add(*old)
    (path,) = made(lab).folder.glob("series/*/*.parquet")
    stamp = path.stat()
    lab.add(*measured("new", {"loss": 2.0}))
    found = made(lab)
    assert path.stat() == stamp
    assert [row["value"] for row in rows(found, "series")] == [1.0, 2.0]
    lab.commit(RECORD_REF, {old[0].path: None})
    found = made(lab)
    assert not path.exists()
    assert [row["value"] for row in rows(found, "series")] == [2.0]


@pytest.mark.parametrize("damage", ["empty", "flip", "cut", "unreadable"])
def test_a_damaged_shard_is_made_anew(
    lab: GitLab, counted: Counted, tmp_path: Path, damage: str
) -> None:
    family(lab)
    before = bytes_of(made(lab, tmp_path / "one").folder)
    counted.new()
    for path in (lab.git_dir / "labrec" / "cache").rglob("*"):
        if not path.is_file():
            continue
        data = path.read_bytes()
        middle = len(data) // 2
        if damage == "unreadable":
            path.unlink()
            path.mkdir()
        else:
            flipped = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
            path.write_bytes({"empty": b"", "flip": flipped, "cut": data[:middle]}[damage])
    assert bytes_of(made(lab, tmp_path / "two").folder) == before
    assert counted.new() == 7


def test_where_no_shard_can_be_kept_nothing_fails(lab: GitLab) -> None:
    (lab.git_dir / "labrec").mkdir()
    (lab.git_dir / "labrec" / "cache").write_bytes(b"a file where a folder belongs")
    family(lab)
    assert len(rows(made(lab), "runs")) == 7


def test_equal_days_of_two_projects_are_kept_apart(lab: GitLab) -> None:
    doc = run_doc("mnist")
    lab.add(doc)
    lab.commit(RECORD_REF, {doc.path.replace("mnist", "cifar"): doc.data})
    for _ in range(2):
        found = made(lab)
        assert [row["project"] for row in rows(found, "runs")] == ["mnist"]
        assert "another path" in rows(found, "problems")[0]["problem"]


# --- the folder -------------------------------------------------------------------------------


def test_the_default_folder_is_hidden_from_git_and_another_is_not(
    lab: GitLab, tmp_path: Path
) -> None:
    made(lab)
    assert lab.git("status", "--porcelain") == ""
    made(lab, tmp_path / "out")
    assert not (tmp_path / ".gitignore").exists()


def test_a_bare_lab_is_asked_for_a_folder(lab: GitLab, tmp_path: Path) -> None:
    family(lab)
    lab.git("clone", "-q", "--mirror", str(lab.path), str(tmp_path / "bare.git"))
    bare = GitLab(tmp_path / "bare.git")
    with pytest.raises(UsageError, match="bare"):
        made(bare)
    assert len(rows(made(bare, tmp_path / "out"), "runs")) == 7


def test_a_lab_beside_the_code_gets_its_own_tables(
    lab: GitLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    family(lab)
    code = tmp_path / "code"
    code.mkdir()
    lab.git("init", "-q", str(code))
    (code / "labrec.toml").write_text('lab = "../lab"\n')
    monkeypatch.chdir(code)
    assert main(["analyze"]) == 0
    assert (lab.path / tables.FOLDER / "runs.parquet").is_file()
    assert not (code / "build").exists()


def test_a_linked_worktree_has_its_own_tables_and_shares_the_shards(
    lab: GitLab, tmp_path: Path, counted: Counted
) -> None:
    family(lab)
    made(lab)
    counted.new()
    lab.git("worktree", "add", "-q", str(tmp_path / "linked"))
    found = made(GitLab(tmp_path / "linked"))
    assert found.folder == tmp_path / "linked" / tables.FOLDER
    assert len(rows(found, "runs")) == 7
    assert counted.new() == 0


def test_two_writers_of_one_folder_wait_for_one_another(
    lab: GitLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABREC_LOCK_WAIT", "0.1")
    folder = tmp_path / "out"
    folder.mkdir()
    fd = os.open(folder, os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    with pytest.raises(BusyError):
        made(lab, folder)
    os.close(fd)
    assert made(lab, folder)


def test_a_folder_that_cannot_be_is_said_so(lab: GitLab, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError) as caught:
        made(lab, tmp_path / "file" / "out")
    assert caught.value.hint


def test_what_fails_on_the_way_leaves_the_tables_that_were_there(
    lab: GitLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    family(lab)
    found = made(lab)
    before = bytes_of(found.folder)
    lab.add(*measured("new", {"loss": 3.0}))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("labrec.analytics.build._Builder._dictionary", full)
    with pytest.raises(OSError, match="No space"):
        made(lab)
    assert bytes_of(found.folder) == before
    monkeypatch.undo()
    assert made(lab).made


def test_a_stop_between_two_names_leaves_no_report(
    lab: GitLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables of two views in one folder must never look like those of one."""
    family(lab)
    found: Analysis = made(lab)
    lab.add(*measured("new", {"loss": 3.0}))
    count = 0

    def stop(self: Any) -> None:
        nonlocal count
        count += 1
        if count == 3:
            raise KeyboardInterrupt
        self._temporary.replace(self.path)

    monkeypatch.setattr("labrec.analytics.parquet.NewFile.publish", stop)
    with pytest.raises(KeyboardInterrupt):
        made(lab)
    assert not (found.folder / pipeline.REPORT).exists()
    assert not list(found.folder.rglob("*.tmp"))
    monkeypatch.undo()
    lab.git("update-ref", RECORD_REF, f"{RECORD_REF}~1")
    assert made(lab).made
    assert len(rows(made(lab), "runs")) == 7
