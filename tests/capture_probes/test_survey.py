"""The survey: what works, what does not, and what follows, without a run."""

from __future__ import annotations

import os

import pytest

from labrec.capture.telemetry import survey as module
from labrec.capture.telemetry.survey import survey


def test_everything_that_does_not_work_has_a_consequence(tmp_path):
    found = survey(tmp_path)
    assert [f.thing for f in found].count("flock") == 1
    assert {"probe cpu", "probe memory", "probe process tree", "file system", "fallocate",
            "reflink", "performance counters"} <= {f.thing for f in found}  # fmt: skip
    for finding in found:
        assert finding.detail
        assert finding.works or finding.consequence, finding
    assert list(tmp_path.iterdir()) == []


def test_a_machine_without_sensors_says_what_records_will_lack(fake, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_PATIENCE_S", 2.0)
    found = {f.thing: f for f in survey(tmp_path, root=os.fspath(fake))}
    assert not found["probe cpu"].works
    assert found["probe cpu"].detail == "not provided by this system"
    assert "cpu.busy" in found["probe cpu"].consequence
    assert not found["performance counters"].works


def test_a_network_file_system_is_named(fake, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_sensors", lambda tree: iter(()))
    fake({"/proc/self/mountinfo": "20 1 0:5 / / rw - nfs4 server:/x rw\n"})
    found = {f.thing: f for f in survey(tmp_path, root=os.fspath(fake))}
    assert (found["file system"].works, found["file system"].detail) == (False, "nfs4")


def test_a_folder_that_cannot_be_written_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_sensors", lambda tree: iter(()))
    found = {f.thing: f for f in survey(tmp_path / "absent")}
    assert not found["writing"].works


@pytest.mark.parametrize("call", ["flock", "ioctl"])
def test_a_refused_call_is_no_failure_of_the_survey(tmp_path, monkeypatch, call):
    monkeypatch.setattr(module, "_sensors", lambda tree: iter(()))

    def refuse(*_):
        raise OSError(95, "no")

    monkeypatch.setattr(module.fcntl, call, refuse)
    found = {f.thing: f for f in survey(tmp_path)}
    assert not found["flock" if call == "flock" else "reflink"].works
