"""A live run's life: created whole or not at all, alive while its lock is held, removed for good.

Invariants I1 (durable when acknowledged) and I2 (nothing is named before it is durable), as far as
a spool goes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from labrec.capture.assembly.assemble import assemble
from labrec.capture.plan import Ending
from labrec.capture.session import Session
from labrec.capture.spool import durability, ownership, points
from labrec.capture.spool import reader as spool_reader
from labrec.capture.spool.durability import Syncer
from labrec.capture.spool.ownership import Claim, remove
from labrec.capture.spool.reader import SpoolReader, SpoolState, describe, list_spools, sweep
from labrec.capture.spool.writer import Spool
from labrec.errors import BusyError, StorageError

from .conftest import SOURCES, make_plan


@pytest.fixture
def disk_calls(monkeypatch):
    """Record what is made durable or renamed, in order, by name."""
    calls = []

    def watch(name):
        real = getattr(os, name)

        def call(first, *rest, **options):
            target = Path(f"/proc/self/fd/{first}").readlink() if isinstance(first, int) else first
            calls.append((name, Path(target).name))
            return real(first, *rest, **options)

        monkeypatch.setattr(os, name, call)

    for name in ("fsync", "fdatasync", "rename"):
        watch(name)
    return calls


def test_a_start_is_durable_before_it_returns(root, disk_calls):
    run = Session.start(root, make_plan(run_id="run"))
    assert disk_calls == [
        ("fdatasync", "owner.frames"),
        ("fsync", ".run.new"),
        ("rename", ".run.new"),
        ("fsync", "spool"),
    ]
    run.close()


def test_a_seal_is_durable_before_it_returns(root, disk_calls):
    run = Session.start(root, make_plan(run_id="run"))
    run.log_artifact(bytes(100_000), "a.bin")
    disk_calls.clear()
    run.finish(Ending("complete"))
    names = [name for _, name in disk_calls]
    assert "owner.frames" in names
    assert names[-2:] == ["files", "run"]
    run.close()


def test_a_seal_before_a_commit_leaves_the_disk_alone(root, disk_calls):
    run = Session.start(root, make_plan())
    disk_calls.clear()
    run.finish(Ending("complete"), durable=False)
    assert disk_calls == []
    run.close()


def test_a_removal_is_durable_and_never_leaves_half_a_spool(sealed_run, disk_calls, monkeypatch):
    monkeypatch.setattr(ownership.shutil, "rmtree", lambda *_: None)  # the power goes here
    remove(sealed_run)
    assert disk_calls[-1] == ("fsync", "spool")
    assert not sealed_run.exists()
    monkeypatch.undo()
    assert list_spools(sealed_run.parent) == []
    assert sweep(sealed_run.parent) == 1
    assert list(sealed_run.parent.iterdir()) == []


def test_removing_what_is_not_there_is_a_storage_error(root):
    with pytest.raises(StorageError):
        remove(root / "absent")


def test_a_start_that_was_killed_is_no_spool_and_is_swept_when_old(root, monkeypatch):
    making = root / ".run.new"
    making.mkdir(parents=True)
    (making / "owner.lock").touch()
    assert list_spools(root) == []
    assert sweep(root) == 0
    os.utime(making, (1, 1))
    assert sweep(root) == 1


def test_the_state_follows_the_life(root):
    run = Session.start(root, make_plan(scratch=True))
    info = describe(run.path)
    assert (info.state, info.sealed, info.scratch, info.name) == (
        SpoolState.LIVE, False, True, "first",
    )  # fmt: skip
    with pytest.raises(BusyError):
        Claim(run.path, wait=0.02)
    run.finish(Ending("complete"))
    assert describe(run.path).state is SpoolState.LIVE  # until it lets go, nobody else commits it
    run.close()
    assert describe(run.path).state is SpoolState.SEALED
    with Claim(run.path), pytest.raises(BusyError):
        Claim(run.path, wait=0.02)
    with Claim(run.path):
        pass


def test_asking_whether_a_run_lives_never_makes_it_look_alive(sealed_run):
    seen = []

    def ask():
        seen.extend(ownership.alive(sealed_run) for _ in range(300))

    asking = [threading.Thread(target=ask) for _ in range(4)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert not any(seen)


def test_two_runs_never_share_a_spool(root):
    run = Session.start(root, make_plan(run_id="same"))
    run.log_metric("m", 1.0)
    with pytest.raises(StorageError):
        Spool.create(root, "same", {})
    assert run.path.exists()
    assert describe(run.path).state is SpoolState.LIVE
    run.close()


def test_finishing_twice_is_once(live_run):
    assert live_run.finish(Ending("complete")) == live_run.path
    assert live_run.finish(Ending("failed")) is None
    live_run.close()
    live_run.close()
    live_run.log_metric("late", 1.0)
    live_run.log_artifact(b"late", "late")
    with SpoolReader(live_run.path) as reader:
        record = assemble(reader).record
    assert record["identity"]["status"] == "complete"
    assert record["metrics"]["values"] == {}


def test_points_after_the_end_are_never_an_exception(sealed_run, live_run):
    live_run.finish(Ending("complete"))
    for _ in range(10):
        live_run.log_metric("m", 1.0)
        live_run.log_metrics({"a": 1.0, "b": 2.0}, 3)
        live_run.log_series("s", [1.0, 2.0])


def test_bulk_logging_is_the_same_points(live_run):
    live_run.log_metrics({"a": 1.0, "b": 2.0}, 7)
    live_run.log_series("s", [1.0, 2.0, 3.0], steps=[5, 6, 7])
    live_run.log_series("t", (n / 2 for n in range(4)), times=[0.0, 0.5, 1.0, 1.5])
    live_run.log_series("bad", [1.0, "x", 2.0])
    live_run.log_series("worse", None)
    live_run.log_series("never", [1.0, 2.0], times=[float("nan"), 1.0])
    live_run.log_series("long", range(10_000))
    live_run.finish(Ending("complete"))
    with SpoolReader(live_run.path) as reader:
        values = assemble(reader).record["metrics"]["values"]
    assert {name: (v["last"], v["count"]) for name, v in values.items()} == {
        "a": (1.0, 1), "b": (2.0, 1), "s": (3.0, 3), "t": (1.5, 4), "bad": (2.0, 2),
        "long": (9999.0, 10_000),
    }  # fmt: skip


def test_too_many_metrics_are_refused_and_counted(live_run, monkeypatch):
    monkeypatch.setattr(points, "MAX_METRICS", 5)
    for n in range(8):
        live_run.log_metric(f"m{n}", 1.0)
    live_run.finish(Ending("complete"))
    with SpoolReader(live_run.path) as reader:
        record = assemble(reader).record
    assert len(record["metrics"]["values"]) == 5
    assert [(line["kind"], line["count"]) for line in record["capture"]["events"]] == [("lost", 3)]


@pytest.fixture
def syncing():
    """Return a function that lists the threads that sync, without those of tests before."""
    before = set(threading.enumerate())

    def threads():
        found = set(threading.enumerate()) - before
        return [thread for thread in found if thread.name == "labrec-sync"]

    return threads


def test_no_thread_before_the_first_point_and_one_after_it(syncing, live_run):
    assert syncing() == []
    live_run.log_metric("m", 1.0)
    assert [thread.daemon for thread in syncing()] == [True]
    live_run.close()
    syncing()[0].join(5) if syncing() else None
    assert syncing() == []


def test_no_thread_while_a_sampler_is_awaited(syncing, live_run, monkeypatch):
    live_run.spool.expect_sampler()
    live_run.log_metric("m", 1.0)
    assert syncing() == []
    monkeypatch.setattr(live_run.spool, "_sampler_due", 0.0)  # it never came
    for step in range(5_000):
        live_run.log_metric("m", 1.0, step)
    assert len(syncing()) == 1


def test_a_thread_where_there_can_be_no_sampler(syncing, live_run, monkeypatch):
    monkeypatch.setattr("labrec.capture.detached._FOLDERS", ())
    live_run.watch(1.0)
    assert len(syncing()) == 1


def test_the_sampler_syncs_for_everybody(syncing, live_run):
    assert not durability.sampler_alive(live_run.path)
    sampler = Spool.join(live_run.path, "sampler")
    assert durability.sampler_alive(live_run.path)
    live_run.log_metric("m", 1.0)
    assert syncing() == []
    sampler.close()
    assert not durability.sampler_alive(live_run.path)


def test_a_syncer_syncs_what_moved_and_then_rests(live_run, disk_calls):
    live_run.log_metric("m", 1.0, 0)
    syncer = Syncer(live_run.path)
    syncer.tick()
    assert ("fdatasync", "owner.frames") in disk_calls
    for _ in range(2):
        syncer.tick()
    disk_calls.clear()
    syncer.tick()
    assert disk_calls == []
    time.sleep(0.02)
    live_run.log_metric("m", 2.0, 1)  # into the mapping: no call tells anybody
    syncer.tick()
    assert disk_calls == [("fdatasync", "owner.frames")]


def test_the_thread_syncs_within_a_second(live_run, disk_calls, monkeypatch):
    monkeypatch.setattr(durability, "INTERVAL", 0.02)
    live_run.log_metric("m", 1.0)
    deadline = time.monotonic() + 5
    while ("fdatasync", "owner.frames") not in disk_calls and time.monotonic() < deadline:
        time.sleep(0.01)
    assert ("fdatasync", "owner.frames") in disk_calls


def test_a_session_that_cannot_sample_says_why(live_run, monkeypatch):
    from labrec.capture.telemetry import sampler

    monkeypatch.setattr(sampler, "start_sampler", lambda *_: 1 / 0)
    live_run.watch(1.0)
    live_run.finish(Ending("complete"))
    with SpoolReader(live_run.path) as reader:
        (line,) = assemble(reader).record["capture"]["events"]
    assert (line["kind"], line["what"]) == ("unavailable", "telemetry")


def test_recovery_does_not_need_the_wall_clock(sealed_run, monkeypatch):
    with SpoolReader(sealed_run) as reader:
        before = assemble(reader).record
    monkeypatch.setattr(time, "time", lambda: 0.0)
    monkeypatch.setattr(time, "monotonic", lambda: 0.0)
    with SpoolReader(sealed_run) as reader:
        assert assemble(reader).record == before


def test_the_write_path_is_light():
    probe = (
        "import sys; before = set(sys.modules)\n"
        "from labrec.capture.session import Session\n"
        "from labrec.capture.plan import RunPlan\n"
        "import tempfile, pathlib\n"
        "run = Session.start(pathlib.Path(tempfile.mkdtemp()), RunPlan('r', 'p', 'n'))\n"
        "run.log_metric('m', 1.0)\n"
        "print(' '.join(set(sys.modules) - before))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe],
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    heavy = {
        "pydantic", "click", "numpy", "dulwich", "jsonschema", "psutil", "asyncio", "inspect",
        "email", "importlib.metadata", "urllib.request", "multiprocessing", "polars", "yaml",
    }  # fmt: skip
    assert loaded & heavy == set()
    assert "labrec.capture.assembly.assemble" not in loaded
    assert "labrec.capture.assembly.series" not in loaded


def test_states_say_what_may_be_recovered():
    assert {state for state in SpoolState if state.recoverable} == {
        SpoolState.SEALED,
        SpoolState.DEAD,
    }
    assert spool_reader.list_spools(SOURCES / "absent") == []
