"""Several processes for one analysis: the same tables, whatever becomes of them."""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from tests.analytics.labs import made, measured, rows
from tests.analytics.test_analyze import Counted, bytes_of, family
from tests.store.labs import GitLab, object_doc, run_doc

from labrec.analytics import build, workers
from labrec.cli import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def many_days(lab: GitLab) -> GitLab:
    """A lab with runs on four days, one of which has points that are none."""
    family(lab)
    for day in range(1, 4):
        run_id = f"018d{2_000 * day:04x}-0000-7000-8000-000000000001"  # some 36 hours each
        lab.add(*measured(f"day {day}", {"loss": float(day)}, run_id=run_id))
    junk = object_doc(b"junk")
    ref = {"sha256": junk.path.rpartition("/")[2], "size": 4}
    lab.add(junk, run_doc(name="junk", run_id="018d6000-0000-7000-8000-000000000001",
                          metrics={"series": ref, "values": {}}))  # fmt: skip
    return lab


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let three processes work on anything that is new."""
    monkeypatch.setattr(build, "ENOUGH", 1)
    monkeypatch.setattr(workers, "processors", lambda: 3)


def alone(lab: GitLab, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    with monkeypatch.context() as patch:
        patch.setattr(build, "ENOUGH", 10**9)
        return bytes_of(made(lab, folder).folder)


@pytest.mark.usefixtures("three")
def test_many_processes_make_the_tables_of_one(
    many_days: GitLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave_it_to_the_others(crew: workers.Crew) -> None:
        assert any([*other.done()] for other in crew.others)
        for other in crew.others:
            list(other.done())

    monkeypatch.setattr(workers.Crew, "make", leave_it_to_the_others)
    counted = Counted(monkeypatch)
    found = made(many_days, tmp_path / "together")
    assert counted.new() == 0  # all eleven records were read elsewhere
    assert len(rows(found, "problems")) == 1
    assert len(rows(found, "runs")) == 11
    assert bytes_of(found.folder) == alone(many_days, tmp_path / "alone", monkeypatch)


@pytest.mark.parametrize(("jobs", "started"), [(1, 0), (2, 1), (5, 4)])
def test_no_more_processes_work_than_were_asked_for(
    many_days: GitLab, monkeypatch: pytest.MonkeyPatch, jobs: int, started: int
) -> None:
    monkeypatch.setattr(build, "ENOUGH", 1)
    real, calls = subprocess.Popen, []

    def start(argv: list[str], **options: Any) -> Any:
        calls.append(argv)
        return real(argv, **options)

    monkeypatch.setattr(workers.subprocess, "Popen", start)
    monkeypatch.chdir(many_days.path)
    assert main(["analyze", "--jobs", str(jobs), "--json"]) == 3
    assert len([argv for argv in calls if "labrec.analytics.workers" in argv]) == started


@pytest.mark.usefixtures("three")
def test_workers_read_the_commit_that_was_asked_for(many_days: GitLab, tmp_path: Path) -> None:
    assert rows(made(many_days, tmp_path / "base", at="main"), "runs") == []
    tip = many_days.git("rev-parse", "refs/labrec/records/00c0ffee00c0ffee")
    assert len(rows(made(many_days, tmp_path / "tip", at=tip), "runs")) == 11


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("trouble", ["killed", "not started", "deaf", "babbling", "another view"])
def test_what_workers_leave_undone_the_analysis_does_itself(
    many_days: GitLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    real = subprocess.Popen

    def start(argv: list[str], **options: Any) -> Any:
        if trouble == "not started":
            raise OSError(12, "Cannot allocate memory")
        script = {
            "killed": f"import os; os.kill(os.getpid(), {int(signal.SIGKILL)})",
            "deaf": "import os; os.close(0)",
            "babbling": "print('{}'); print('[1, 2'); print('[1]')",
        }.get(trouble)
        return real(argv if script is None else [argv[0], "-c", script], **options)

    if trouble == "another view":
        inner = workers.Job
        monkeypatch.setattr(build, "Job", lambda view, *rest: inner(f"{view} not", *rest))
    monkeypatch.setattr(subprocess, "Popen", start)
    found = made(many_days, tmp_path / "together")
    monkeypatch.undo()
    assert bytes_of(found.folder) == alone(many_days, tmp_path / "alone", monkeypatch)


@pytest.mark.usefixtures("three")
def test_an_analysis_that_fails_ends_its_workers_and_leaves_nothing(
    many_days: GitLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Any] = []
    real = subprocess.Popen

    def start(*arguments: Any, **options: Any) -> Any:
        started.append(real(*arguments, **options))
        return started[-1]

    def fail(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "Popen", start)
    monkeypatch.setattr(workers, "work", fail)
    with pytest.raises(KeyboardInterrupt):
        made(many_days, tmp_path / "out")
    assert len(started) == 2
    assert all(process.poll() is not None for process in started)
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


def test_what_a_stopped_analysis_left_is_cleared_away(lab: GitLab, tmp_path: Path) -> None:
    family(lab)
    folder = tmp_path / "out"
    (folder / "series" / "mnist").mkdir(parents=True)
    left = [folder / ".runs.parquet.123.tmp", folder / "series/mnist/.2026-01-01.parquet.9.tmp"]
    own = [folder / ".notes.tmp", folder / "runs.parquet.123.tmp"]
    for path in (*left, *own):
        path.write_bytes(b"x")
    made(lab, folder)
    assert not any(path.exists() for path in left)
    assert all(path.exists() for path in own)
