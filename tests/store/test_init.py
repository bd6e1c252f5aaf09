from __future__ import annotations

import errno
import os
import subprocess

import pytest
from tests.store.writing import assert_holds, git, leftovers, record

from labrec.errors import InvalidError, NotFoundError, StorageError, UsageError
from labrec.gitio import command
from labrec.store.init import init
from labrec.store.lab import Lab

FILES = {".gitignore", "labrec.toml", "mkdocs.yml", "records/.gitattributes", "site/index.md"}


def committed(path, revision="HEAD"):
    return set(git(path, "ls-tree", "-r", "--name-only", revision).splitlines())


def repository(path):
    path.mkdir()
    git(path, "init", "-q", "-b", "trunk")
    (path / "code.py").write_text("print(1)\n")
    git(path, "add", "-A")
    git(path, "commit", "-q", "-m", "code")
    return path


@pytest.mark.parametrize("cli", [True, False])
def test_a_new_folder_becomes_a_lab_that_can_be_recorded_to(tmp_path, monkeypatch, cli):
    if not cli:
        monkeypatch.setattr(command, "available", lambda: False)
    path = tmp_path / "deep/lab"
    report = init(path)
    assert report
    assert report.made_repository
    assert not report.existed
    assert set(report.created) == FILES == committed(path)
    assert git(path, "status", "--porcelain") == ""
    assert git(path, "log", "-1", "--format=%an %s") == "Test Author Start a lab"
    attributes = (path / "records/.gitattributes").read_text()
    assert attributes == "** -text -filter -ident\nlfs/** filter=lfs diff=lfs merge=lfs -text\n"
    assert "docs_dir: site\nsite_dir: build/labrec/site\n" in (path / "mkdocs.yml").read_text()
    assert "build/" in (path / ".gitignore").read_text().split()
    git(path, "fsck", "--strict", "--full")
    assert leftovers(path / ".git") == []
    with Lab.open(path) as lab:
        assert lab.lab_id == report.lab_id
        assert len(lab.lab_id) == 32
        assert_holds(path, f"refs/labrec/records/{lab.clone_id}", record(lab))


def test_two_labs_have_two_ids(tmp_path):
    assert init(tmp_path / "a").lab_id != init(tmp_path / "b").lab_id


def test_a_lab_stays_as_it_is(tmp_path):
    first = init(tmp_path / "lab")
    (tmp_path / "lab/mkdocs.yml").write_text("changed\n")
    again = init(tmp_path / "lab")
    assert (again.lab_id, again.commit, again.existed, again.created) == (
        first.lab_id,
        first.commit,
        True,
        (),
    )
    assert (tmp_path / "lab/mkdocs.yml").read_text() == "changed\n"
    assert again.to_json()["root"] == str(tmp_path / "lab")


def test_only_the_labs_files_are_committed_and_what_was_staged_stays_staged(tmp_path):
    path = repository(tmp_path / "code")
    before = git(path, "rev-parse", "HEAD")
    (path / "code.py").write_text("print(2)\n")
    (path / "new.py").write_text("new\n")
    (path / ".gitignore").write_text("*.o\n")
    git(path, "add", "-A")
    (path / ".gitignore").write_text("*.o\n*.so\n")
    (path / "code.py").write_text("print(3)\n")
    report = init(path)
    assert not report.made_repository
    assert set(git(path, "diff", "--name-only", before, "HEAD").splitlines()) == FILES
    assert git(path, "show", "HEAD:.gitignore") == "build/"
    assert git(path, "show", ":.gitignore") == "*.o\nbuild/"
    assert (path / ".gitignore").read_text() == "*.o\n*.so\nbuild/\n"
    assert git(path, "show", ":code.py") == "print(2)"
    assert (path / "code.py").read_text() == "print(3)\n"
    staged = git(path, "diff", "--cached", "--name-only").splitlines()
    assert staged == [".gitignore", "code.py", "new.py"]


def test_no_hook_or_filter_or_signing_of_the_user_runs(tmp_path):
    path = repository(tmp_path / "code")
    script = tmp_path / "evil"
    script.write_text(f"#!/bin/sh\necho $0 $* >> {tmp_path}/ran\ncat\nexit 1\n")
    script.chmod(0o755)
    (path / ".gitattributes").write_text("* filter=evil\n")
    for name in (
        "pre-commit",
        "commit-msg",
        "post-commit",
        "reference-transaction",
        "post-index-change",
    ):
        (path / ".git/hooks").mkdir(exist_ok=True)
        os.link(script, path / ".git/hooks" / name)
    for key, value in {
        "filter.evil.clean": script,
        "commit.gpgSign": "true",
        "gpg.program": script,
    }.items():
        git(path, "config", key, str(value))
    init(path)
    ran = tmp_path / "ran"
    assert not ran.exists(), ran.read_text()


def test_the_users_own_files_are_taken_over(tmp_path):
    path = repository(tmp_path / "code")
    (path / "labrec.toml").write_text('project = "mine"\n')
    (path / "mkdocs.yml").write_text("site_name: Mine\n")
    init(path)
    with Lab.open(path) as lab:
        assert lab.settings.project == "mine"
    assert git(path, "show", "HEAD:mkdocs.yml") == "site_name: Mine"


def test_places_that_are_no_lab_are_refused_politely(tmp_path, home):
    path = repository(tmp_path / "code")
    (path / "sub").mkdir()
    (path / "sub/file").write_text("x")
    (tmp_path / "file").write_text("x")
    git(tmp_path, "init", "-q", "--bare", "bare.git")
    for place in (
        path / "sub",
        path / "new",
        tmp_path / "file",
        tmp_path / "bare.git",
        home,
        home.parent,
    ):
        with pytest.raises(UsageError) as caught:
            init(place)
        assert caught.value.hint
    git(tmp_path, "init", "-q", "--object-format=sha256", "long")
    with pytest.raises(InvalidError, match="SHA-256"):
        init(tmp_path / "long")
    git(path, "checkout", "-q", "--detach")
    with pytest.raises(UsageError, match="detached"):
        init(path)
    assert committed(path) == {"code.py"}
    assert git(path, "status", "--porcelain") == "?? sub/"


def test_what_is_in_the_way_is_found_before_anything_is_written(tmp_path):
    path = repository(tmp_path / "code")
    (tmp_path / "elsewhere").mkdir()
    (path / "site").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="is a link"):
        init(path)
    (path / "site").unlink()
    (path / "records").write_text("mine\n")
    with pytest.raises(UsageError, match="in the way"):
        init(path)
    assert git(path, "status", "--porcelain") == "?? records"


@pytest.mark.parametrize("error", [OSError(errno.EROFS, "read-only"), KeyboardInterrupt()])
def test_a_failure_in_the_middle_leaves_everything_as_it_was(tmp_path, monkeypatch, error):
    path = repository(tmp_path / "code")
    (path / ".gitignore").write_text("*.o\n")
    (path / "labrec.toml").write_text('project = "mine"\n')
    before = git(path, "status", "--porcelain", "-uall")

    def fail(*_args, **_kinds):
        raise error

    monkeypatch.setattr("labrec.store.init.add_commit", fail)
    with pytest.raises((StorageError, KeyboardInterrupt)) as caught:
        init(path)
    assert git(path, "status", "--porcelain", "-uall") == before
    assert (path / ".gitignore").read_text() == "*.o\n"
    assert (path / "labrec.toml").read_text() == 'project = "mine"\n'
    assert not (path / "records").exists()
    if isinstance(caught.value, StorageError):
        assert caught.value.kept == "nothing was changed"
        assert "run labrec init again" in caught.value.hint
    with pytest.raises((StorageError, KeyboardInterrupt)):
        init(tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []
    monkeypatch.undo()
    assert init(path).created


def test_a_bare_repository_says_what_makes_it_a_lab(tmp_path):
    git(tmp_path, "clone", "-q", "--bare", str(repository(tmp_path / "code")), "bare.git")
    with pytest.raises(NotFoundError) as caught:
        Lab.open(tmp_path / "bare.git")
    assert "clone it, run labrec init in the clone, then git push" in caught.value.hint


def test_a_repository_that_points_at_another_lab_is_not_made_one(tmp_path):
    path = repository(tmp_path / "code")
    (path / "labrec.toml").write_text('lab = "../lab"\n')
    with pytest.raises(UsageError, match=r"\.\./lab"):
        init(path)
    git(path, "add", "-A")
    git(path, "commit", "-q", "-m", "pointer")
    with pytest.raises(UsageError, match=r"\.\./lab"):
        init(path)


def test_other_attributes_and_links_are_in_the_way(tmp_path):
    path = repository(tmp_path / "code")
    (path / "records").mkdir()
    (path / "records/.gitattributes").write_text("* text=auto\n")
    with pytest.raises(InvalidError, match="gitattributes"):
        init(path)
    (path / "records/.gitattributes").unlink()
    (tmp_path / "elsewhere").mkdir()
    (path / "site").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="link"):
        init(path)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_an_unborn_repository_gets_its_first_commit_on_its_own_branch(tmp_path):
    path = tmp_path / "lab"
    subprocess.run(["git", "init", "-q", "-b", "first", path], check=True)
    (path / "staged.txt").write_text("x")
    git(path, "add", "staged.txt")
    init(path)
    assert committed(path, "first") == FILES
    assert git(path, "status", "--porcelain") == "A  staged.txt"
