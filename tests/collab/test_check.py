"""A pull request's commit is compared with the base and verified, and nothing of it is run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from tests.analytics.labs import note_doc
from tests.capture_secrets.secret_samples import secrets
from tests.store.labs import Doc, GitLab, lineage, new_lab, object_doc, run_doc

from labrec.collab.check import check
from labrec.errors import NotFoundError
from labrec.record.digest import Digest
from labrec.record.layout import parse_path

if TYPE_CHECKING:
    from pathlib import Path

    from labrec.collab.check import CheckReport

FORK = "refs/pull/7/merge"


@pytest.fixture
def lab(tmp_path: Path) -> GitLab:
    """A lab whose base holds one run."""
    lab = new_lab(tmp_path / "lab")
    doc = run_doc(name="first")
    lab.commit("refs/heads/main", {doc.path: doc.data})
    lab.git("reset", "-q", "--hard")
    return lab


def landed(lab: GitLab) -> str:
    return lab.git("ls-tree", "-r", "--name-only", "main", "records/mnist/runs")


def proposed(lab: GitLab, files: dict[str, Any], **how: Any) -> CheckReport:
    lab.commit(FORK, files, start="refs/heads/main", **how)
    return check(lab.open(), FORK)  # type: ignore[arg-type]


def kinds(report: CheckReport) -> set[tuple[int, str]]:
    return {(finding.code, finding.kind) for finding in report.findings}


def test_an_honest_addition_passes(lab: GitLab) -> None:
    data = object_doc(b"a model")
    doc = run_doc(name="second")
    report = proposed(lab, {doc.path: doc.data, data.path: data.data})
    assert report, report.findings
    assert report.added == {"object": 1, "run": 1}
    assert (report.exit_code, report.edited, report.outside_count) == (0, (), 0)
    assert "adds only honest records" in str(report)


def test_notes_on_what_is_there_pass(lab: GitLab) -> None:
    data = lab.git("show", f"main:{landed(lab)}").encode() + b"\n"
    run = Doc(landed(lab), data)
    first = note_doc("rename", run, name="better")
    docs = [first, note_doc("comment", first, text="why?"), note_doc("retract", run)]
    report = proposed(lab, {doc.path: doc.data for doc in docs})
    assert report, report.findings
    assert report.added == {"note": 3}


def test_a_note_that_breaks_its_schema_does_not_pass(lab: GitLab) -> None:
    run = Doc(landed(lab), b"")
    good = note_doc("retract", run)
    bad = good.data.replace(b'"it was wrong"', b'" "')
    path = good.path.replace(parse_path(good.path).digest, Digest.of(bad).short)
    report = proposed(lab, {path: bad})
    assert report.exit_code == 12


def test_a_changed_record_does_not_pass(lab: GitLab) -> None:
    report = proposed(lab, {landed(lab): b"{}\n"})
    assert (16, "left") in kinds(report)
    assert report.exit_code == 14  # and its name does not prove it any more


def test_a_removed_record_does_not_pass(lab: GitLab) -> None:
    report = proposed(lab, {landed(lab): None})
    assert kinds(report) == {(16, "left")}
    assert report.exit_code == 16


def test_a_second_record_of_a_run_does_not_pass(lab: GitLab) -> None:
    run_id = landed(lab).rpartition("/")[2][:36]
    doc = run_doc(name="other", run_id=run_id)
    report = proposed(lab, {doc.path: doc.data})
    assert report.exit_code == 16
    assert [f.path for f in report.findings if f.kind == "fork"] == [doc.path]


def test_a_record_whose_objects_are_not_brought_does_not_pass(lab: GitLab) -> None:
    ref = {"sha256": "ab" * 32, "size": 3}
    doc = run_doc(name="second", metrics={"minor": 0, "series": ref, "values": {}})
    assert proposed(lab, {doc.path: doc.data}).exit_code == 14


def test_a_link_and_an_executable_do_not_pass(lab: GitLab) -> None:
    path = object_doc(b"x").path
    assert proposed(lab, {path: "/etc/passwd"}).exit_code == 17
    assert proposed(lab, {path: b"x"}, mode="100755").exit_code == 17


@pytest.mark.parametrize("number", [0, 5])
def test_a_secret_does_not_pass(lab: GitLab, number: int) -> None:
    kind, text, secret = secrets()[number]
    found = object_doc(text.format(secret).encode())
    report = proposed(lab, {found.path: found.data})
    assert report.exit_code == 19
    (finding,) = [f for f in report.findings if f.code == 19]
    assert kind in finding.message
    assert secret not in json.dumps(report.to_json())


def test_what_people_must_read_is_named_and_allowed(lab: GitLab) -> None:
    edited = {"records/mnist/project.yaml": b"key_metrics: [accuracy]\n"}
    report = proposed(lab, {**edited, "src/train.py": b"print()\n", "labrec.toml": b"x ="})
    assert report
    assert report.edited == ("records/mnist/project.yaml",)
    assert report.outside == ("labrec.toml", "src/train.py")


def test_what_the_base_suffers_from_already_does_not_count(lab: GitLab) -> None:
    gone = lineage(parents=[{"by": "option", "run_id": run_doc().path[-78:-42]}])
    doc = run_doc(name="orphan", lineage=gone)
    lab.commit("refs/heads/main", {doc.path: doc.data})
    lab.git("reset", "-q", "--hard")
    new = run_doc(name="second")
    report = proposed(lab, {new.path: new.data})
    assert report
    assert report.known == 1


def test_nothing_that_is_proposed_is_run_or_checked_out(lab: GitLab) -> None:
    doc = run_doc(name="second")
    evil = b"#!/bin/sh\ntouch ran\n"
    files = {
        doc.path: doc.data,
        ".gitattributes": b"* filter=evil diff=evil\n",
        "conftest.py": b"open('ran', 'w')\n",
        "mkdocs.yml": b"hooks: [evil.py]\nx: !!python/object/apply:os.system ['touch ran']\n",
        ".githooks/post-checkout": evil,
    }
    lab.git("config", "filter.evil.smudge", "touch ran")
    lab.git("config", "diff.evil.textconv", "touch ran")
    before = lab.git("status", "--porcelain"), lab.git("rev-parse", "HEAD")
    report = proposed(lab, files)
    assert report
    assert report.outside_count == 4
    assert (lab.git("status", "--porcelain"), lab.git("rev-parse", "HEAD")) == before
    assert not (lab.path / "ran").exists()


def test_a_commit_that_is_not_there_is_said(lab: GitLab) -> None:
    with pytest.raises(NotFoundError):
        check(lab.open(), "refs/pull/8/merge")  # type: ignore[arg-type]


def test_the_command_says_the_same_and_ends_with_the_code(lab: GitLab) -> None:
    lab.commit(FORK, {landed(lab): None}, start="refs/heads/main")
    done = subprocess.run(
        [sys.executable, "-m", "labrec", "check", FORK, "--base", "main", "--json"],
        cwd=lab.path,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 16, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["ok"], answer["exit_code"], answer["added"]) == (False, 16, {})
