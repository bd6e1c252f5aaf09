"""What the lab holds already is not copied again, and is never taken for granted."""

from __future__ import annotations

import subprocess

import pytest

import labrec
from labrec.cli import main
from labrec.sdk.discard import discard_record, find_discardable
from labrec.store.lab import Lab
from labrec.store.verify import verify


def git(*args):
    done = subprocess.run(["git", *args], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def code(tmp_path, monkeypatch):
    """A lab with code of twelve files and one recorded run."""
    assert main(["init", str(tmp_path / "lab")]) == 0
    monkeypatch.chdir(tmp_path / "lab")
    for number in range(12):
        (tmp_path / "lab" / f"m{number}.py").write_text(f"x = {number}\n")
    git("add", "-A")
    git("commit", "-q", "-m", "code")
    with labrec.run(project="p", name="first") as run:
        pass
    assert run.recorded
    return tmp_path / "lab"


def spool_names(run):
    """Return the names of all that a live run keeps of its own."""
    with labrec.capture.spool.reader.SpoolReader(run._session.path) as reader:
        kinds = labrec.capture.spool.frames.Kind
        inline = {journal.payload(frame)[:32].hex() for journal in reader.journals
                  for frame in journal.frames() if getattr(frame, "kind", None) == kinds.OBJECT}  # fmt: skip
        return inline | set(reader.files())


def record_of(run):
    with labrec.open() as lab:
        return lab.run(run.run_id).record


def clean():
    with Lab.open() as lab:
        return verify(lab).exit_code


def test_code_that_the_lab_holds_is_not_copied_into_the_spool(code):
    first = record_of(labrec.open().run("first"))
    with labrec.run(project="p", name="same") as run:
        names = spool_names(run)
        assert first["code"]["manifest"]["sha256"] not in names
        assert first["environment"]["object"]["sha256"] not in names
    assert record_of(run)["code"] == first["code"]
    (code / "m3.py").write_text("x = 'another'\n")
    with labrec.run(project="p", name="changed") as run:
        changed = spool_names(run) - names
    assert record_of(run)["code"]["manifest"]["sha256"] in changed
    assert len(changed) <= 4  # the manifest, the file, the patch; the machine's conditions
    assert clean() == 0


@pytest.mark.parametrize("change", [False, True])
def test_what_left_the_record_ref_meanwhile_is_found_in_another(code, change):
    with labrec.run(project="p", name="second") as run:
        if change:
            (code / "m3.py").write_text("x = 'too late to matter'\n")
        ref = git("for-each-ref", "--format=%(refname)", "refs/labrec/records")
        git("update-ref", "refs/labrec/records/00c0ffee00c0ffee", ref)
        git("update-ref", "-d", ref)
    assert record_of(run)["code"]["files"] == 13  # with .gitignore
    git("update-ref", "-d", "refs/labrec/records/00c0ffee00c0ffee")
    assert clean() == 0


def test_what_is_nowhere_any_more_is_said_to_be_lost(code):
    with labrec.run(project="p", name="second") as run:
        ref = git("for-each-ref", "--format=%(refname)", "refs/labrec/records")
        git("update-ref", "-d", ref)
    record = record_of(run)
    assert record["code"]["kind"] == "none"
    lost = {event["what"] for event in record["capture"]["events"] if event["kind"] == "lost"}
    assert "section code" in lost
    assert clean() == 0


def test_discarding_leaves_what_a_live_run_counts_on(code):
    with labrec.run(project="p", name="second") as run, Lab.open() as lab:
        discard_record(lab, find_discardable(lab, "first"))
    assert record_of(run)["code"]["kind"] == "manifest"
    assert not list((code / ".git/labrec/spool").iterdir())
    assert clean() == 0
