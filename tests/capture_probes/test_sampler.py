"""The sampler: outside the observed program, and nothing that befalls it reaches the run."""

from __future__ import annotations

import math
import os
import signal
import struct
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from labrec.capture import detached
from labrec.capture.assembly.channels import telemetry
from labrec.capture.spool.durability import sampler_alive
from labrec.capture.spool.frames import Kind
from labrec.capture.spool.reader import SpoolReader
from labrec.capture.spool.writer import Spool
from labrec.capture.telemetry import sampler as owner
from labrec.capture.telemetry.sampler import start_sampler
from labrec.record.ids import new_run_id


@pytest.fixture
def spool(tmp_path):
    """A live spool of this process."""
    made = Spool.create(tmp_path / "spool", new_run_id(), {"plan": {}})
    yield made
    made.close()


def wait_for(condition, timeout=20.0):
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


def descriptors():
    return {path.name for path in Path("/proc/self/fd").iterdir()}


def is_gone(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def samples(spool):
    with SpoolReader(spool.path) as reader:
        found = []
        for journal in reader.journals:
            for frame in journal.frames():
                if getattr(frame, "kind", None) == Kind.SAMPLE:
                    payload = journal.payload(frame)
                    found.append(struct.unpack(f"<{len(payload) // 8}d", payload))
        return found


def section(spool, tmp_path):
    spool.end({"status": "complete"})
    spool.close()
    with SpoolReader(spool.path) as reader:
        return telemetry(reader, reader.end["monotonic"], tmp_path, [])


def test_it_samples_early_and_at_the_end_and_stops_at_once(spool, tmp_path):
    sampler = start_sampler(spool.path, os.getpid(), 60.0)
    assert sampler.reason is None
    pid = sampler.helper.pid
    wait_for(lambda: len(samples(spool)) >= 1)
    assert sampler_alive(spool.path)
    time.sleep(0.05)
    assert sampler.stop(deadline_s=5.0) is None
    wait_for(lambda: is_gone(pid))
    assert len(samples(spool)) == 2
    found, stored = section(spool, tmp_path)
    channels = found["channels"]
    assert channels["memory.available"]["count"] == 2
    assert channels["memory.available"]["unit"] == "B"
    assert channels["process.memory"]["max"] > 1e6
    assert found["overhead"]["samples"] == 2
    assert 0 < found["overhead"]["cpu_s"] < 2
    assert stored is not None
    for channel in channels.values():
        assert ("count" in channel) != ("unavailable" in channel)


def test_the_observed_process_has_no_recorder_thread_and_no_recorder_child(spool):
    def children():
        return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())

    before = threading.active_count()
    others = children()  # of tests that ran here before, such as multiprocessing's own
    sampler = start_sampler(spool.path, os.getpid(), 0.05)
    wait_for(lambda: samples(spool))
    assert threading.active_count() == before
    assert children() <= others
    assert str(sampler.helper.pid) not in others
    sampler.stop()


def test_the_program_can_wait_for_its_own_children_only(spool):
    """The sampler ends while the program waits: os.wait() must return the program's child."""
    sampler = start_sampler(spool.path, os.getpid(), 0.05)
    child = os.fork()
    if child == 0:
        time.sleep(0.3)
        os._exit(7)
    os.kill(sampler.helper.pid, signal.SIGKILL)
    pid, status = os.wait()
    assert (pid, os.waitstatus_to_exitcode(status)) == (child, 7)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_sampler_that_dies_changes_nothing_and_the_record_says_so(spool, tmp_path, number):
    sampler = start_sampler(spool.path, os.getpid(), 0.05)
    wait_for(lambda: len(samples(spool)) >= 2)
    os.kill(sampler.helper.pid, number)
    wait_for(lambda: is_gone(sampler.helper.pid))
    spool.metrics.log("loss", 0.5, 1)
    time.sleep(0.5)
    assert sampler.stop() == "had ended before the run"
    found, _ = section(spool, tmp_path)
    assert found["channels"]["memory.available"]["count"] >= 2
    assert found["channels"]["memory.available"]["coverage"] < 0.95


def test_a_stopped_sampler_is_ended_and_holds_nothing_up(spool, tmp_path):
    sampler = start_sampler(spool.path, os.getpid(), 0.05)
    wait_for(lambda: samples(spool))
    pid = sampler.helper.pid
    os.kill(pid, signal.SIGSTOP)
    time.sleep(1.2)
    started = time.monotonic()
    assert sampler.stop() == "had stopped answering"
    assert time.monotonic() - started < 0.2
    wait_for(lambda: is_gone(pid))
    count = len(samples(spool))
    found, _ = section(spool, tmp_path)
    assert found["channels"]["memory.available"]["count"] == count


def test_a_sampler_that_is_late_on_a_busy_machine_is_no_news(spool):
    sampler = start_sampler(spool.path, os.getpid(), 60.0)
    wait_for(lambda: samples(spool))
    os.kill(sampler.helper.pid, signal.SIGSTOP)
    assert sampler.stop() is None


def test_nothing_is_written_after_stop_returned(spool):
    for _ in range(3):
        sampler = start_sampler(spool.path, os.getpid(), 0.02)
        pid = sampler.helper.pid
        time.sleep(0.15)
        sampler.stop()
        if not is_gone(pid):
            wait_for(lambda pid=pid: is_gone(pid))  # killed and not yet off the processor
        before = {path: path.read_bytes() for path in spool.path.glob("sampler*")}
        time.sleep(0.1)
        assert before == {path: path.read_bytes() for path in spool.path.glob("sampler*")}


def test_asking_first_gives_time_to_answer(spool):
    sampler = start_sampler(spool.path, os.getpid(), 60.0)
    wait_for(lambda: samples(spool))
    time.sleep(0.05)
    sampler.ask()
    wait_for(lambda: is_gone(sampler.helper.pid))
    assert sampler.stop() is None
    assert len(samples(spool)) == 2


def test_a_run_shorter_than_the_samplers_start_is_not_held_up_and_says_so(spool):
    started = time.monotonic()
    sampler = start_sampler(spool.path, os.getpid(), 1.0)
    pid = sampler.helper.pid
    assert sampler.stop() == "had not started when the run ended"
    assert time.monotonic() - started < 0.5
    wait_for(lambda: is_gone(pid))
    assert not sampler_alive(spool.path)


def test_it_leaves_when_its_owner_is_killed(tmp_path):
    code = textwrap.dedent(f"""
        import os, time
        from pathlib import Path
        from labrec.capture.spool.writer import Spool
        from labrec.capture.telemetry.sampler import start_sampler
        from labrec.record.ids import new_run_id
        spool = Spool.create(Path({str(tmp_path)!r}), new_run_id(), {{"plan": {{}}}})
        sampler = start_sampler(spool.path, os.getpid(), 0.05)
        if os.fork() == 0:  # a forked child must not keep the sampler alive
            time.sleep(30)
        print(sampler.helper.pid, flush=True)
        time.sleep(30)
    """)
    program = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True,
                               start_new_session=True)  # fmt: skip
    try:
        pid = int(program.stdout.readline())
        wait_for(lambda: list(tmp_path.glob("*/sampler.frames")))
        program.kill()
        program.wait()
        wait_for(lambda: is_gone(pid))
    finally:
        os.killpg(program.pid, signal.SIGKILL)
        program.stdout.close()


def test_no_descriptor_of_the_program_is_held_open(spool):
    """A pipe the sampler inherited would keep `program | reader` waiting for ever."""
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    sampler = start_sampler(spool.path, os.getpid(), 0.05)
    wait_for(lambda: samples(spool))
    os.close(writing)
    os.set_blocking(reading, False)
    assert os.read(reading, 1) == b""  # end of file: nobody else holds it
    os.close(reading)
    sampler.stop()


def test_the_users_modules_do_not_reach_the_sampler(spool, tmp_path, monkeypatch):
    trap = tmp_path / "trap"
    trap.mkdir()
    for name in ("json", "struct", "threading", "sitecustomize", "usercustomize"):
        (trap / f"{name}.py").write_text(f"open({str(trap / 'sprung')!r}, 'w')\n")
    monkeypatch.setenv("PYTHONPATH", str(trap))
    monkeypatch.chdir(trap)
    monkeypatch.syspath_prepend(str(trap))
    sampler = start_sampler(spool.path, os.getpid(), 0.05)
    wait_for(lambda: samples(spool))
    sampler.stop()
    assert not (trap / "sprung").exists()


def test_interval_zero_takes_no_samples_and_keeps_journals_durable(spool):
    sampler = start_sampler(spool.path, os.getpid(), 0)
    wait_for(lambda: sampler_alive(spool.path))
    time.sleep(0.2)
    assert sampler.stop(deadline_s=5.0) is None
    assert samples(spool) == []


@pytest.mark.parametrize("fault", ["shell", "python", "spawn"])
def test_a_sampler_that_cannot_be_started_is_a_reason(spool, monkeypatch, fault):
    if fault == "shell":
        monkeypatch.setattr(detached, "_FOLDERS", ("/nowhere",))
        monkeypatch.delenv("PREFIX", raising=False)
    elif fault == "python":
        monkeypatch.setattr(sys, "executable", "")
    else:

        def refuse(*_, **__):
            raise OSError(11, "no more processes")

        monkeypatch.setattr(os, "posix_spawn", refuse)
    held = descriptors()
    sampler = start_sampler(spool.path, os.getpid(), 1.0)
    assert "could not be started" in sampler.reason
    assert sampler.stop() is None
    assert descriptors() == held


def test_process_one_is_given_no_sampler(spool, monkeypatch):
    monkeypatch.setattr(owner.os, "getpid", lambda: 1)
    assert "process 1" in start_sampler(spool.path, 1, 1.0).reason


def test_stop_twice_and_stop_in_a_forked_child_do_nothing(spool):
    sampler = start_sampler(spool.path, os.getpid(), 0.05)
    wait_for(lambda: samples(spool))
    child = os.fork()
    if child == 0:
        os._exit(0 if sampler.stop() is None else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert not is_gone(sampler.helper.pid)
    assert sampler.stop(deadline_s=5.0) is None
    assert sampler.stop() is None


def test_no_descriptor_is_left_after_stop(spool):
    held = descriptors()
    sampler = start_sampler(spool.path, os.getpid(), 0.05)
    sampler.stop()
    assert descriptors() == held


def test_samples_have_monotonic_times_and_finite_values(spool):
    sampler = start_sampler(spool.path, os.getpid(), 0.05)
    wait_for(lambda: len(samples(spool)) >= 4)
    sampler.stop()
    rows = samples(spool)
    times = [row[0] for row in rows]
    assert times == sorted(times)
    assert times[-1] <= time.monotonic()
    assert all(any(math.isfinite(value) for value in row[1:]) for row in rows)


def test_steady_overhead_is_small(spool, tmp_path):
    """Not a benchmark: a sampler ten times over its budget of 0.5 % would fail."""
    sampler = start_sampler(spool.path, os.getpid(), 0.1)
    pid = sampler.helper.pid
    wait_for(lambda: samples(spool))

    def spent():
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    before = spent()
    time.sleep(2.0)
    used = spent() - before
    sampler.stop()
    assert used / 20 < 0.05  # CPU seconds a sample: 0.05 would be 5 % of a core at 1 Hz


def test_a_run_that_ends_at_once_never_starts_python_for_its_sampler(spool):
    sampler = start_sampler(spool.path, os.getpid(), 60.0)
    pid = sampler.helper.pid
    assert b"labrec" not in Path(f"/proc/{pid}/comm").read_bytes()
    words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    assert words[1] == b"-c"  # the shell that waits, not Python with its -I -S
    wait_for(
        lambda: Path(f"/proc/{pid}/cwd").readlink() == Path("/")
    )  # it keeps no file system busy
    started = time.monotonic()
    sampler.ask()
    sampler.stop()
    assert time.monotonic() - started < 5
    wait_for(lambda: is_gone(pid))
    assert not (spool.path / "sampler.frames").exists()


def test_the_pause_is_never_a_program_of_the_users_path(spool, tmp_path, monkeypatch):
    fake = tmp_path / "sleep"
    fake.write_text("#!/bin/sh\ntouch ran\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    sampler = start_sampler(spool.path, os.getpid(), 0.05)
    wait_for(lambda: samples(spool))
    sampler.stop()
    assert not (tmp_path / "ran").exists()
