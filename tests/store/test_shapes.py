"""Every shape a lab may have: found, recorded to, read back."""

from __future__ import annotations

import os

import pytest
from tests.store.writing import LAB_ID, assert_holds, git, leftovers, make_lab, record

from labrec import settings as lab_settings
from labrec.errors import InvalidError, NotFoundError, StorageError
from labrec.store import lab as lab_module
from labrec.store.lab import Lab


def works(start, repository, common, **options):
    """Record two runs where ``start`` leads to, and read them back by git and by a view."""
    with Lab.open(start, **options) as lab:
        assert lab.lab_id == LAB_ID
        assert lab.git.common_dir == common
        assert lab.spool_root == common / "labrec/spool"
        done = record(lab, 2)
        assert_holds(repository, f"refs/labrec/records/{lab.clone_id}", done)
        assert {entry.path for entry in lab.view().runs()} == {each.path for each in done[::2]}
        assert leftovers(common) == []
        return lab.clone_id


@pytest.fixture
def path(tmp_path):
    return make_lab(tmp_path / "lab")


def test_the_code_repository_as_lab_from_a_folder_inside(path):
    (path / "src/deep").mkdir(parents=True)
    works(path / "src/deep", path, path / ".git")


def test_the_current_folder_counts_where_none_is_named(path, monkeypatch):
    monkeypatch.chdir(path)
    works(None, path, path / ".git")


@pytest.mark.parametrize("how", ["committed", "uncommitted", "environment"])
def test_a_separate_lab(path, tmp_path, monkeypatch, how):
    code = tmp_path / "code"
    code.mkdir()
    git(code, "init", "-q")
    (code / "x").write_text("x")
    if how != "environment":
        (code / "labrec.toml").write_text('lab = "../lab"\n')
    git(code, "add", "x" if how == "uncommitted" else ".")
    git(code, "commit", "-q", "-m", "code")
    if how == "environment":
        monkeypatch.setenv("LABREC_LAB", "../lab")
    works(code, path, path / ".git")
    assert git(code, "for-each-ref", "refs/labrec") == ""
    assert not (code / ".git/labrec").exists()


def test_a_pointer_to_nowhere_names_the_place(tmp_path, path):
    with pytest.raises(NotFoundError, match="nowhere"):
        Lab.open(path, environ={"LABREC_LAB": "../nowhere"})
    git(tmp_path, "init", "-q", "plain")
    git(tmp_path / "plain", "commit", "-q", "--allow-empty", "-m", "x")
    with pytest.raises(NotFoundError, match=r"labrec\.toml"):
        Lab.open(path, environ={"LABREC_LAB": "../plain"})


def test_a_bare_clone(path, tmp_path):
    git(tmp_path, "clone", "-q", "--bare", path.as_uri(), "bare.git")
    works(tmp_path / "bare.git", tmp_path / "bare.git", tmp_path / "bare.git")


def test_a_shallow_clone(path, tmp_path):
    (path / "own.txt").write_text("second\n")
    git(path, "commit", "-qam", "second")
    git(tmp_path, "clone", "-q", "--depth=1", path.as_uri(), "shallow")
    works(tmp_path / "shallow", tmp_path / "shallow", tmp_path / "shallow/.git")


def test_a_linked_worktree_shares_the_clone(path, tmp_path):
    git(path, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    first = works(tmp_path / "side", path, path / ".git")
    with Lab.open(path) as lab:
        assert lab.clone_id == first
        assert lab.root == path


def test_a_submodule_of_a_lab_records_to_the_lab_around_it(path, tmp_path):
    code = tmp_path / "code"
    code.mkdir()
    git(code, "init", "-q")
    git(code, "commit", "-q", "--allow-empty", "-m", "x")
    git(path, "submodule", "--quiet", "add", code.as_uri(), "sub")
    works(path / "sub", path, path / ".git")


def test_a_lab_as_submodule_of_something_else(path, tmp_path):
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "-q")
    git(outer, "submodule", "--quiet", "add", path.as_uri(), "lab")
    works(outer / "lab", outer / "lab", outer / ".git/modules/lab")


def test_git_dir_of_the_environment(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_DIR", str(path / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(path))
    works(None, path, path / ".git")


def test_a_detached_head(path):
    git(path, "checkout", "-q", "--detach")
    works(path, path, path / ".git")


def test_a_repository_borrowing_its_objects(path, tmp_path):
    git(tmp_path, "clone", "-q", "--shared", str(path), "borrower")
    works(tmp_path / "borrower", tmp_path / "borrower", tmp_path / "borrower/.git")


def test_where_there_is_no_lab_the_error_says_how_to_make_one(tmp_path, path):
    with pytest.raises(NotFoundError) as caught:
        Lab.open(tmp_path)
    assert "labrec init" in caught.value.hint
    git(path, "rm", "-q", "--cached", "labrec.toml")
    git(path, "commit", "-q", "-m", "no lab")
    with pytest.raises(NotFoundError) as caught:
        Lab.open(path)
    assert "commit it" in caught.value.hint


def test_settings_come_from_the_branch_that_they_name_as_base(path):
    git(path, "checkout", "-q", "-b", "work")
    (path / "labrec.toml").write_text(f'lab_id = "{LAB_ID}"\nbase = "main"\nproject = "work"\n')
    git(path, "commit", "-qam", "work")
    git(path, "checkout", "-q", "main")
    (path / "labrec.toml").write_text(f'lab_id = "{LAB_ID}"\nbase = "main"\nproject = "main"\n')
    git(path, "commit", "-qam", "main")
    git(path, "checkout", "-q", "work")
    with Lab.open(path) as lab:
        assert lab.settings.project == "main"
    with Lab.open(path, environ={"LABREC_PROJECT": "outside"}) as lab:
        assert lab.settings.project == "outside"


def test_settings_that_are_given_are_used_as_they_are(path):
    given = lab_settings.Settings(project="given")
    with Lab.open(path, settings=given, environ={"LABREC_PROJECT": "no"}) as lab:
        assert (lab.settings.project, lab.lab_id) == ("given", LAB_ID)


def test_an_invalid_toml_is_reported_where_it_counts(path):
    (path / "labrec.toml").write_text("lab = [\n")
    with Lab.open(path) as lab:  # an edit in progress
        assert lab.lab_id == LAB_ID
    git(path, "commit", "-qam", "broken")
    with pytest.raises(InvalidError):
        Lab.open(path)


def test_a_clone_id_is_drawn_once_whoever_asks_first(path, monkeypatch):
    with Lab.open(path) as one, Lab.open(path) as two:
        assert one.clone_id == two.clone_id
        assert len(one.clone_id) == 16
    file = path / ".git/labrec/clone_id"
    file.write_text("damaged\n")
    with Lab.open(path) as lab:
        assert lab.clone_id == file.read_text().strip()
    file.unlink()

    def refuse(*_):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    with Lab.open(path) as lab:
        assert len(lab.clone_id) == 16
    opened = os.open
    monkeypatch.setattr(
        os,
        "open",
        lambda file, flags, *more: (refuse if flags & os.O_CREAT else opened)(file, flags, *more),
    )
    file.unlink()
    with Lab.open(path) as lab, pytest.raises(StorageError):
        assert lab.clone_id


def test_on_a_network_file_system_the_spool_is_in_the_users_state_folder(path, monkeypatch, home):
    monkeypatch.setattr(lab_module, "file_system", lambda _: "nfs4")
    with Lab.open(path) as lab:
        assert lab.spool_root == home / ".local/state/labrec/spool" / LAB_ID


def test_the_file_system_is_the_one_that_is_mounted_there(tmp_path):
    assert lab_module.file_system(tmp_path.__class__("/proc")) == "proc"
    assert lab_module.file_system(tmp_path / "none") == ""
