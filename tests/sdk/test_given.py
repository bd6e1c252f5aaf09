"""Whatever a program says to the SDK: its run is recorded, or it is told at the start."""

from __future__ import annotations

import copy
import json
import multiprocessing
import pickle
import subprocess
import sys
import warnings

import pytest

import labrec
from labrec.errors import InvalidError, UsageError
from labrec.record.codec import encode
from labrec.record.reader import read_record
from labrec.store.init import init

TOKEN = "glpat-" + "x1y2z3a4b5c6d7e8f9g0"


class Odd:
    def __str__(self):
        raise RuntimeError("no text")


@pytest.fixture
def lab(tmp_path, monkeypatch):
    folder = tmp_path / "lab"
    init(folder)
    monkeypatch.chdir(folder)
    return folder


def the_record(lab):
    assert list((lab / ".git/labrec/spool").glob("[0-9a-f]*")) == []
    with labrec.open() as reader:
        (run,) = reader.runs()
        return read_record(encode(run.record))


def events(record):
    return {(line.kind, line.what) for line in record.capture.events}


def test_an_unknown_status_is_a_failure_that_names_it(lab):
    labrec.run(name="x").close("weird", reason="why")
    identity = the_record(lab).identity
    assert identity.status == "failed"
    assert identity.reason == "closed with the unknown status 'weird'; why"


@pytest.mark.parametrize(
    ("options", "kind", "says"),
    [
        ({"level": "max"}, InvalidError, "no level 'max'"),
        ({"features": [1, 2]}, InvalidError, "no mapping"),
        ({"seed": -3.5}, UsageError, "not an integer"),
        ({"tags": 5}, UsageError, "tags"),
        ({"parent": 5}, UsageError, "parent is no text"),
        ({"name": 5}, InvalidError, "name"),
    ],
)
def test_what_cannot_be_recorded_is_told_at_the_start(lab, options, kind, says):
    with pytest.raises(kind, match=says):
        labrec.run(**options)
    assert list((lab / ".git/labrec/spool").glob("*")) == []


@pytest.mark.parametrize("project", [TOKEN, "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"])
def test_a_project_called_like_a_token_is_refused_without_showing_it(lab, project):
    with pytest.raises(InvalidError, match="looks like a secret") as caught:
        labrec.run(project=project)
    assert project not in str(caught.value.to_json())
    assert list((lab / ".git/labrec/spool").glob("*")) == []


def test_too_much_of_everything_is_cut_and_said(lab):
    many = range(20_000)
    with labrec.run(
        name="x", tags=[f"t{i}" for i in many], seed={f"s{i}": i for i in many},
        intent="i" * 400_000, features={f"f{i}": "x" * 50 for i in many},
    ) as run:  # fmt: skip
        for i in range(3_000):
            run.log_dataset(f"d{i}", version="v" * 100)
        run.tag(*(f"u{i}" for i in many))
        run.set_outcome("\x01" * 400_000)
        run.close("failed", reason="\u00e9" * 400_000)
    record = the_record(lab)
    assert record.identity.tags
    assert record.datasets.items
    told = {what for kind, what in events(record) if kind == "truncated"}
    assert {"tags", "seeds", "intent", "outcome", "reason", "datasets"} <= told


def test_five_thousand_artifacts_leave_a_record_that_lists_them_all(lab):
    with labrec.run(name="x") as run:
        for i in range(5_000):
            run.log_artifact(b"%d" % i, f"a/{i:05}.bin")
    record = the_record(lab)
    assert ("lost", "content of artifacts") in events(record)
    with labrec.open() as reader:
        (found,) = reader.runs()
        more = json.loads(found.artifact("labrec/artifacts-more.json"))
    names = {item.name for item in record.artifacts.items} | {item["name"] for item in more}
    assert names >= {f"a/{i:05}.bin" for i in range(5_000)}


def test_odd_types_become_their_text(lab):
    with labrec.run(name="x", intent=5, tags="one", seed={1: 2}) as run:
        run.set_outcome(Odd())
        run.tag(7, Odd())
        run.log_text("t", Odd())
        run.log_dataset(Odd(), role=3)
        run.log_metrics(5)
        run.close("complete", reason=8, exit_code="no")
    record = the_record(lab)
    assert record.lineage.intent == "5"
    assert {"one", "7"} <= set(record.identity.tags)
    assert record.determinism.seeds == {"1": "2"}
    assert ("lost", "metrics") in events(record)


def test_logging_after_the_end_is_told_once(lab):
    run = labrec.run(name="x")
    run.close()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run.log_metric("m", 1)
        run.log_metrics({"m": 1})
        run.log_text("t", "x")
        run.tag("t")
    (warning,) = caught
    assert warning.category is labrec.RecordingWarning
    assert "has ended" in str(warning.message)


def log_one(run):
    run.log_metric("from worker", 1.0)


def test_a_run_can_be_handed_to_spawned_workers(lab):
    with labrec.run(name="x") as run:
        assert pickle.loads(pickle.dumps(run)) is run
        assert copy.copy(run) is run
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            pool.map(log_one, [run, run, run])
            pool.close()
            pool.join()
    assert the_record(lab).metrics.values["from worker"].count == 3


def test_a_run_that_has_ended_is_handed_on_as_one_that_takes_nothing(lab):
    run = labrec.run(name="x")
    run.close()
    other = pickle.loads(pickle.dumps(run))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        other.log_metric("m", 1)
    assert other.run_id == run.run_id


def test_the_command_refuses_such_a_project_too(lab):
    done = subprocess.run(
        [sys.executable, "-m", "labrec", "run", "--project", TOKEN, "--", "true"],
        cwd=lab, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 125
    assert TOKEN not in done.stderr + done.stdout
