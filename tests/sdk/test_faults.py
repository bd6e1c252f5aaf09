"""A fault of the recorder never reaches the program (I4)."""

from __future__ import annotations

import subprocess
import warnings

import pytest

import labrec
from labrec.errors import NotFoundError
from labrec.store.init import init


@pytest.fixture
def lab(tmp_path, monkeypatch):
    folder = tmp_path / "lab"
    init(folder)
    monkeypatch.chdir(folder)
    return folder


def test_a_commit_that_fails_warns_and_keeps_the_spool(lab, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("the disk caught fire")

    monkeypatch.setattr("labrec.store.lab.Lab.commit", fail)
    with pytest.warns(labrec.RecordingWarning, match="caught fire"), labrec.run(name="x"):
        pass
    assert len(list((lab / ".git/labrec/spool").glob("[0-9a-f]*"))) == 1
    monkeypatch.undo()
    monkeypatch.chdir(lab)
    with labrec.run(name="y"):
        pass
    with labrec.open() as reader:
        assert {run.name for run in reader.runs()} == {"x", "y"}


def test_where_warnings_are_errors_ours_are_not(lab, monkeypatch):
    monkeypatch.setattr("labrec.store.lab.Lab.commit", lambda *_: 1 / 0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with labrec.run(name="x") as run:
            pass
    assert run.recorded is None


def test_a_start_that_fails_leaves_a_run_that_takes_everything(lab, monkeypatch):
    monkeypatch.setattr("labrec.sdk.live.begin", lambda _: 1 / 0)
    with pytest.warns(labrec.RecordingWarning, match="not recorded"):
        run = labrec.run(name="x")
    run.log_metric("m", 1, 1)
    run.log_metrics({"m": 2})
    run.log_series("s", [1])
    run.log_text("t", "x")
    run.log_dataset("d")
    run.set_outcome("o")
    run.tag("t")
    assert run.close() is None


def test_the_exception_of_the_program_goes_through_unchanged(lab):
    error = ValueError("mine")
    with pytest.raises(ValueError, match="mine") as caught, labrec.run(name="x"):
        raise error
    assert caught.value is error


def test_using_a_run_after_its_end_does_nothing(lab):
    with labrec.run(name="x") as run:
        run.log_metric("m", 1, 1)
    run.log_metric("m", 2, 2)
    run.log_text("late", "x")
    first = run.recorded
    assert run.close() is first
    with labrec.open() as reader:
        (one,) = reader.runs()
        assert one.metrics == {"m": 1.0}


def test_odd_values_never_break_a_run(lab):
    class Hostile:
        def __float__(self):
            raise RuntimeError("no")

        def __str__(self):
            raise RuntimeError("no")

        __repr__ = __str__

    with labrec.run(name="x", features={"h": Hostile(), "n": {1: 2}, "s": {1, 2}}) as run:
        run.log_metric("m", Hostile())
        run.log_metric(Hostile(), 1)
        run.log_metrics({"ok": 1, "bad": "text"})
        run.log_artifact("/no/such/file")
        run.log_artifact("/dev/zero")
    assert run.recorded is not None
    with labrec.open() as reader:
        assert next(iter(reader.runs())).metrics["ok"] == 1


def test_wrong_calls_are_told_at_once(lab, tmp_path, monkeypatch):
    with pytest.raises(NotFoundError):
        labrec.run(parent="nobody")
    with pytest.raises(labrec.errors.InvalidError):
        labrec.run(project="Not Valid")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFoundError):
        labrec.run()
    assert not list((lab / ".git/labrec").glob("spool/[0-9a-f]*"))


def test_a_lab_without_a_commit_keeps_runs_until_it_has_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "-q", "."], check=True)
    with pytest.warns(labrec.RecordingWarning, match="no commit"), labrec.run(name="early"):
        pass
    init(tmp_path)
    with labrec.run(name="late"):
        pass
    with labrec.open() as reader:
        assert {run.name for run in reader.runs()} == {"early", "late"}


def test_the_user_is_left_alone(lab):
    (lab / "staged").write_text("x")
    subprocess.run(["git", "add", "staged"], check=True)
    watched = ["HEAD", "index", "config", "refs/heads/main"]
    before = {name: (lab / ".git" / name).read_bytes() for name in watched}
    with labrec.run(name="x"):
        pass
    assert {name: (lab / ".git" / name).read_bytes() for name in watched} == before
