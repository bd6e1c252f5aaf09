"""From spool to record: bounded, expressible, complete, and the same every time."""

from __future__ import annotations

import hashlib
import json

import pytest

from labrec.capture.assembly.assemble import LOG_SIDE, assemble
from labrec.capture.captured import Captured, NewObject, event
from labrec.capture.plan import Ending
from labrec.capture.session import Session
from labrec.capture.spool.reader import SpoolReader
from labrec.record import codec

from .conftest import make_plan


def finished(run, ending=None):
    run.finish(ending or Ending("complete"))
    run.close()
    with SpoolReader(run.path) as reader:
        got = assemble(reader)
    codec.decode(codec.encode(got.record))
    return got


def events(got):
    return [(line["kind"], line["what"]) for line in got.record["capture"]["events"]]


def test_the_plan_and_the_ending_are_in_their_sections(root):
    parent = {"by": "option", "name": "base", "run_id": None, "config_digest": None}
    plan = make_plan(
        features={"lr": 0.1, "seed": 3}, nuisance=("seed",), parents=(parent,),
        feature_diff=[{"op": "add", "path": ["lr"], "old": None, "new": 0.1}],
        hypotheses=({"slug": "h", "registration": "sha256:" + "a" * 64},),
        seeds={"main": "3"}, flags={"cudnn": "1"}, tags=("b", "a"), intent="to see",
        author={"name": "A", "source": "git"}, argv=("python", "x.py", "--seed", "3"), cwd=".",
        entry="x.py", level="basic", cell="c",
    )  # fmt: skip
    run = Session.start(root, plan)
    run.link("later", "sha256:" + "b" * 64)
    run.log_dataset("mnist", version="1", digest="sha256:" + "c" * 64)
    got = finished(run, Ending("failed", "it broke", 3, None, "nothing found", ("c",)))
    record = got.record
    identity = record["identity"]
    assert (identity["status"], identity["reason"]) == ("failed", "it broke")
    assert identity["tags"] == ["a", "b", "c"]
    assert identity["times"]["duration_s"] >= 0
    assert identity["author"] == {"name": "A", "source": "git"}
    assert record["command"] == {
        "minor": 0, "argv": ["python", "x.py", "--seed", "3"], "cwd": ".", "entry": "x.py",
        "exit_code": 3, "signal": None,
    }  # fmt: skip
    assert record["lineage"]["parents"] == [parent]
    assert [(h["slug"], h["linked"]) for h in record["lineage"]["hypotheses"]] == [
        ("h", "start"), ("later", "later"),
    ]  # fmt: skip
    assert record["lineage"]["outcome"] == "nothing found"
    assert record["lineage"]["cell"] == "c"
    assert record["features"]["tree"] == {"lr": 0.1, "seed": 3}
    assert record["features"]["diff"][0]["path"] == ["lr"]
    assert record["determinism"] == {"minor": 0, "seeds": {"main": "3"}, "flags": {"cudnn": "1"}}
    assert record["datasets"]["items"][0]["name"] == "mnist"
    assert record["schema"] == "labrec.run/1.0"
    assert all(section["minor"] == 0 for name, section in record.items() if name != "schema")


def test_replicates_share_a_config_digest_and_others_do_not(root):
    def digest(**changes):
        plan = make_plan(**{"features": {"lr": 0.1, "seed": 1}, "nuisance": ("seed",),
                            "argv": ("a", "--seed", "1"), **changes})  # fmt: skip
        return finished(Session.start(root, plan)).record["identity"]["config_digest"]

    first = digest()
    assert digest(features={"lr": 0.1, "seed": 2}, argv=("a", "--seed", "2")) == first
    assert digest(features={"lr": 0.2, "seed": 1}) != first
    assert digest(argv=("b",)) != first
    assert digest(project="other") != first


def test_sections_bring_their_objects_and_their_remarks(live_run, tmp_path):
    small, large = NewObject.of(b"{}"), tmp_path / "large"
    large.write_bytes(bytes(200_000))
    big = NewObject(hashlib.sha256(bytes(200_000)).hexdigest(), 200_000, large)
    section = {"minor": 0, "level": "basic", "digest": None, "object": small.ref, "packages": {}}
    assert live_run.capture(
        "environment", lambda: Captured(section, [small, big], [event("skipped", "x", "y")])
    )
    got = finished(live_run)
    assert got.record["environment"] == section
    assert {small.sha256, big.sha256} <= {new.sha256 for new in got.objects}
    assert ("skipped", "x") in events(got)


def test_a_failing_probe_is_a_line_and_not_a_failure(live_run):
    assert not live_run.capture("hardware", lambda: 1 / 0)
    got = finished(live_run)
    assert "hardware" not in got.record
    assert ("unavailable", "section hardware") in events(got)


def test_a_file_that_changed_since_it_was_hashed_is_not_kept(live_run, tmp_path):
    path = tmp_path / "code.py"
    path.write_bytes(b"x" * 100_000)
    new = NewObject("0" * 64, 100_000, path)
    assert not live_run.capture("code", lambda: Captured({"minor": 0}, [new], []))
    got = finished(live_run)
    assert got.record["code"]["kind"] == "none"
    assert ("unavailable", "section code") in events(got)


def test_logs_are_artifacts_and_long_ones_keep_both_ends(live_run):
    folder = live_run.spool.folder("logs")
    (folder / "stdout.log").write_bytes(b"hello\n")
    (folder / "stderr.log").write_bytes(b"A" * LOG_SIDE + b"B" * 1000 + b"C" * LOG_SIDE)
    (folder / "empty.log").write_bytes(b"")
    got = finished(live_run)
    items = {item["name"]: item for item in got.record["artifacts"]["items"]}
    assert sorted(items) == ["logs/stderr.log", "logs/stdout.log"]
    assert {item["role"] for item in items.values()} == {"log"}
    held = {new.sha256: new for new in got.objects}
    kept = held[items["logs/stderr.log"]["sha256"]].source
    assert kept.startswith(b"A" * LOG_SIDE + b"\n[labrec: 1000 bytes left out here]\nCCC")
    assert ("truncated", "log stderr.log") in events(got)


def test_a_record_never_outgrows_the_format(root):
    huge = make_plan(
        features={f"k{n}": "x" * 300 for n in range(2000)} | {"big": ["y" * 100] * 5000},
        argv=tuple("a" * 500 for _ in range(2000)),
        intent="z" * 100_000,
    )
    run = Session.start(root, huge)
    for n in range(1000):
        run.log_metric(f"metric {n} " + "n" * 150, 1.0)
        run.log_artifact(str(n).encode(), f"{n}" + "f" * 200)
        run.remark("skipped", f"thing {n}", "w" * 200)
    got = finished(run)
    assert len(codec.encode(got.record)) < 256 * 1024
    kinds = {(line["kind"], line["what"]) for line in got.record["capture"]["events"]}
    assert ("truncated", "metric summaries") in kinds
    assert 50 < len(got.record["metrics"]["values"]) < 1000
    names = {line.split(",")[0] for line in series_text(got).splitlines()[1:]}
    assert len(names) == 1000


def series_text(got):
    import gzip

    sha256 = got.record["metrics"]["series"]["sha256"]
    (new,) = [new for new in got.objects if new.sha256 == sha256]
    return gzip.decompress(new.source).decode()


def test_values_that_json_has_not_are_tagged(root):
    run = Session.start(root, make_plan(features={"a": float("nan"), "b": 2**60, "c": b"x"}))
    run.log_metric("m", float("inf"))
    run.log_metric("n\udce9", 1.0)
    record = finished(run).record
    assert record["features"]["tree"]["a"] == {"$float": "NaN"}
    assert record["features"]["tree"]["b"] == {"$int": str(2**60)}
    assert record["metrics"]["values"]["m"]["last"] == {"$float": "Infinity"}
    assert "n?" in record["metrics"]["values"]


def test_units_and_directions_may_come_late(live_run):
    live_run.log_metric("loss", 3.0)
    live_run.log_metric("loss", 1.0, direction="minimize")
    live_run.log_metric("loss", 2.0, unit="nat")
    live_run.log_metric("loss", 2.0, direction="sideways")
    got = finished(live_run)
    assert got.record["metrics"]["values"]["loss"] == {
        "last": 2.0, "best": 1.0, "mean": 2.0, "min": 1.0, "max": 3.0, "count": 4,
        "unit": "nat", "direction": "minimize",
    }  # fmt: skip
    assert ("unmappable", "metric loss") in events(got)


def test_remarks_are_counted_exactly(live_run):
    for _ in range(1000):
        live_run.remark("skipped", "a", "b")
    live_run.remark("skipped", "c", "d", 7)
    got = finished(live_run)
    counts = {line["what"]: line["count"] for line in got.record["capture"]["events"]}
    assert counts == {"a": 1000, "c": 7}


def test_known_objects_are_not_copied_but_expected(root):
    new = NewObject.of(b"already there")
    run = Session.start(root, make_plan(), known=lambda sha256: sha256 == new.sha256)
    section = {"minor": 0, "object": new.ref}
    run.capture("environment", lambda: Captured(section, [new], []))
    got = finished(run)
    assert got.record["environment"] == section
    assert got.expected == {new.sha256}
    assert got.objects == []


def test_the_spool_holds_no_host_name(live_run):
    import os

    with SpoolReader(live_run.path) as reader:
        start = json.dumps(reader.start)
    assert os.uname().nodename not in json.loads(start)["host"]
    assert len(json.loads(start)["host"]) == 20


@pytest.mark.parametrize("signal", ["SIGKILL", None])
def test_a_signal_is_kept(root, signal):
    got = finished(Session.start(root, make_plan()), Ending("failed", signal=signal))
    assert got.record["command"]["signal"] == signal
