from __future__ import annotations

import pytest
from tests.store.writing import assert_holds, git, leftovers, make_lab, record

from labrec.errors import BusyError, NotFoundError, UsageError
from labrec.gitio import command
from labrec.store.lab import Lab
from labrec.store.land import land


@pytest.fixture
def path(tmp_path):
    return make_lab(tmp_path / "lab")


@pytest.fixture
def lab(path):
    with Lab.open(path) as lab:
        yield lab


def test_landing_brings_the_records_and_leaves_the_users_work_alone(path, lab):
    done = record(lab, 3)
    view = lab.view().id
    (path / "own.txt").write_text("unstaged\n")
    (path / "staged.txt").write_text("staged\n")
    git(path, "add", "staged.txt")
    hook = path / ".git/hooks/post-merge"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch ran\n")
    hook.chmod(0o755)
    report = land(lab)
    assert (report.branch, report.landed, report.worktree) == ("main", 6, path)
    assert report.commit == git(path, "rev-parse", "main")
    assert git(path, "status", "--porcelain").splitlines() == ["M own.txt", "A  staged.txt"]
    assert not (path / "ran").exists()
    assert_holds(path, "main", done)
    for addition in done:
        assert (path / addition.path).read_bytes() == addition.source
    assert lab.view().id == view
    assert leftovers(path / ".git") == []
    assert report.to_json()["landed"] == 6


def test_landing_twice_changes_nothing_and_records_go_on_from_the_new_base(path, lab):
    assert land(lab).landed == 0
    record(lab)
    first = land(lab)
    again = land(lab)
    assert (again.landed, again.commit) == (0, first.commit)
    assert "already" in again.notes[0]
    record(lab)
    ref = f"refs/labrec/records/{lab.clone_id}"
    assert git(path, "rev-parse", f"{ref}^") == first.commit
    assert land(lab).landed == 2


def test_a_branch_that_nobody_has_checked_out_is_moved_by_itself(path, lab, monkeypatch):
    done = record(lab, 2)
    git(path, "checkout", "-q", "-b", "elsewhere")
    monkeypatch.setattr(command, "available", lambda: False)
    with Lab.open(path, settings=lab.settings._replace(base="main")) as based:
        report = land(based)
    assert (report.branch, report.worktree) == ("main", None)
    assert_holds(path, "main", done)
    assert git(path, "log", "-1", "--format=%P", "main").split()[1] == git(
        path, "rev-parse", f"refs/labrec/records/{lab.clone_id}"
    )
    assert git(path, "status", "--porcelain") == ""
    assert not (path / "records").exists()


def test_a_branch_checked_out_in_another_worktree_is_updated_there(path, lab, tmp_path):
    done = record(lab)
    git(path, "checkout", "-q", "-b", "elsewhere")
    git(path, "worktree", "add", "-q", str(tmp_path / "main"), "main")
    with Lab.open(path, settings=lab.settings._replace(base="main")) as based:
        assert land(based).worktree == tmp_path / "main"
    assert (tmp_path / "main" / done[0].path).exists()
    assert git(tmp_path / "main", "status", "--porcelain") == ""


def test_a_bare_lab_lands_without_a_worktree(path, tmp_path):
    git(tmp_path, "clone", "-q", "--bare", path.as_uri(), "bare.git")
    with Lab.open(tmp_path / "bare.git") as lab:
        done = record(lab)
        assert land(lab).landed == 2
        assert_holds(tmp_path / "bare.git", "main", done)


def test_a_worktree_that_cannot_take_it_says_why_and_stays_as_it_was(path, lab):
    done = record(lab)
    before = git(path, "rev-parse", "main")
    blocker = path / done[0].path
    blocker.parent.mkdir(parents=True)
    blocker.write_text("in the way\n")
    with pytest.raises(BusyError) as caught:
        land(lab)
    assert done[0].path in caught.value.message
    assert caught.value.kept == "nothing was changed"
    assert blocker.read_text() == "in the way\n"
    assert git(path, "rev-parse", "main") == before
    blocker.unlink()
    assert land(lab).landed == 2


def test_editable_files_of_the_record_ref_never_overwrite_the_bases(path, lab):
    record(lab)
    (path / "records/mnist").mkdir(parents=True)
    (path / "records/mnist/project.yaml").write_text("key_metrics: [acc]\n")
    git(path, "add", "-A")
    git(path, "commit", "-q", "-m", "project")
    land(lab)
    assert git(path, "show", "main:records/mnist/project.yaml") == "key_metrics: [acc]"


def test_where_to_land_must_be_known(path, lab, monkeypatch, tmp_path):
    record(lab)
    with (
        Lab.open(path, settings=lab.settings._replace(base="nowhere")) as based,
        pytest.raises(NotFoundError, match="nowhere"),
    ):
        land(based)
    with monkeypatch.context() as patch:
        patch.setattr(command, "available", lambda: False)
        with pytest.raises(UsageError, match="needs the git command line"):
            land(lab)
    git(path, "checkout", "-q", "--detach")
    with pytest.raises(UsageError, match="detached"):
        land(lab)
