"""The script of the workflow, against a real remote: what it fetches is read and never run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.store.labs import GitLab, new_lab, run_doc

ROOT = Path(__file__).resolve().parents[2]
REF = "refs/pull/7/merge"


@pytest.fixture
def checkout(tmp_path: Path) -> GitLab:
    """A clone of a lab with the script in it, and a make and labrec that are this checkout's."""
    origin = new_lab(tmp_path / "origin")
    clone = GitLab(tmp_path / "clone")
    origin.git("clone", "-q", str(origin.path), str(clone.path))
    for folder in (".ci", ".venv/bin"):
        (clone.path / folder).mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "check-records", clone.path / ".ci")
    (clone.path / "Makefile").write_text("setup:\n\t@true\n")
    program = clone.path / ".venv/bin/labrec"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m labrec "$@"\n')
    program.chmod(0o755)
    return clone


def check(clone: GitLab, summary: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(clone.path / ".ci" / "check-records"), REF, "HEAD"],
        cwd=clone.path.parent,
        env={**os.environ, "GITHUB_STEP_SUMMARY": str(summary)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_honest_pull_request_passes(checkout: GitLab, tmp_path: Path) -> None:
    doc = run_doc(name="second")
    origin = GitLab(tmp_path / "origin")
    origin.commit(REF, {doc.path: doc.data, "x.py": b"1\n"}, start="refs/heads/main")
    before = checkout.git("rev-parse", "HEAD")
    done = check(checkout, tmp_path / "summary.md")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "adds only honest records" in done.stdout
    assert checkout.git("rev-parse", "HEAD") == before
    assert not (checkout.path / "x.py").exists()


def test_a_forged_record_ends_with_the_code_and_is_no_markup(
    checkout: GitLab, tmp_path: Path
) -> None:
    doc = run_doc(name="second")
    evil = doc.data.replace(b"second", b"<b>hi</b>")
    origin = GitLab(tmp_path / "origin")
    origin.commit(REF, {doc.path: evil, "records/<b>hi</b>.md": b"x"}, start="refs/heads/main")
    done = check(checkout, tmp_path / "summary.md")
    assert done.returncode == 14, done.stdout + done.stderr
    summary = (tmp_path / "summary.md").read_text().splitlines()
    assert summary[0] == "## labrec check: exit code 14"
    assert all(line.startswith("    ") for line in summary[2:])


def test_a_pull_request_that_cannot_be_merged_fails(checkout: GitLab, tmp_path: Path) -> None:
    done = check(checkout, tmp_path / "summary.md")
    assert done.returncode != 0
    assert REF in done.stderr
