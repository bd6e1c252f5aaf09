"""States of a spool, and programs that write one and are ended in the middle."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from labrec.capture.plan import Ending, RunPlan
from labrec.capture.session import Session
from labrec.record.ids import new_run_id

SOURCES = Path(__file__).resolve().parents[2] / "src"


def make_plan(**changes):
    return RunPlan(**{"run_id": new_run_id(), "project": "demo", "name": "first", **changes})


@pytest.fixture
def root(tmp_path):
    return tmp_path / "spool"


@pytest.fixture
def plan():
    return make_plan()


@pytest.fixture
def live_run(root, plan):
    session = Session.start(root, plan)
    yield session
    session.close()


@pytest.fixture
def sealed_run(root):
    session = Session.start(root, make_plan(features={"lr": 0.1}, tags=("t",)))
    for step in range(300):
        session.log_metric("loss", 1 / (step + 1), step)
    session.log_metric("accuracy", 0.5, 3, unit="1", direction="maximize")
    session.log_artifact(b"weights", "model.bin", role="model")
    session.remark("skipped", "something", "for a reason")
    session.finish(Ending("complete", outcome="it works", exit_code=0))
    session.close()
    return session.path


@pytest.fixture
def program(tmp_path):
    """Start a Python program that can import labrec; it is gone when the test ends."""
    started = []

    def start(source, *arguments, **options):
        path = tmp_path / f"program{len(started)}.py"
        path.write_text(source, encoding="utf-8")
        environ = {**os.environ, "PYTHONPATH": str(SOURCES)}
        process = subprocess.Popen(
            [sys.executable, str(path), *map(str, arguments)], env=environ, **options
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture
def small_disk(tmp_path):
    """Mount a tmpfs of a given size; root only."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    mounted = []

    def mount(size):
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)],
            capture_output=True,
            check=False,
        )
        if done.returncode:
            pytest.skip(f"tmpfs cannot be mounted here: {done.stderr.decode().strip()}")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=False)
