"""A run that was refused costs the runs after it nothing, until something changed."""

from __future__ import annotations

import json
import os

import pytest

import labrec
from labrec.errors import SecretError
from labrec.sdk import recovery
from labrec.store.init import init
from labrec.store.lab import Lab

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    init(tmp_path / "lab")
    monkeypatch.chdir(tmp_path / "lab")
    with pytest.warns(labrec.RecordingWarning, match="secret"), labrec.run(name="leaky") as run:
        run.log_text("t", TOKEN)
    return tmp_path / "lab"


@pytest.fixture
def tries(monkeypatch):
    tried = []
    real = recovery.commit_spool

    def count(lab, path, **options):
        tried.append(path.name)
        return real(lab, path, **options)

    monkeypatch.setattr(recovery, "commit_spool", count)
    return tried


def spool(folder):
    (path,) = (folder / ".git/labrec/spool").glob("[0-9a-f]*")
    return path


def test_a_refused_spool_is_not_tried_by_every_run(folder, tries):
    with labrec.run(name="next"):
        pass
    assert tries == []
    with Lab.open() as lab:
        (info,) = recovery.spools(lab)
        assert info.why.startswith("refused: ")
        assert TOKEN not in info.why
        report = recovery.recover(lab)
        assert tries == [info.run_id]
        assert report.exit_code == SecretError.exit_code
        assert recovery.recover(lab, info.run_id, redact=True).recorded


@pytest.mark.parametrize("what", ["settings", "version", "pipe", "garbage"])
def test_it_is_tried_again_when_something_changed(folder, tries, monkeypatch, what):
    marker = spool(folder) / "refused"
    if what == "settings":
        monkeypatch.setenv("LABREC_SECRETS", "redact")
    elif what == "version":
        marker.write_text(json.dumps(json.loads(marker.read_text()) | {"tool": "0"}))
    else:
        marker.unlink()
        os.mkfifo(marker) if what == "pipe" else marker.write_bytes(b"[" * 100_000)
    with Lab.open() as lab:
        recovery.recover_quietly(lab)
    assert len(tries) == 1


def test_names_are_listed_without_their_secrets(folder):
    with pytest.warns(labrec.RecordingWarning), labrec.run(name=f"run {TOKEN}") as run:
        run.log_text("t", TOKEN)
    with Lab.open() as lab:
        assert TOKEN not in str(recovery.spools(lab))
