"""Changes of the worktree: git's own patch, and nothing of the repository's configuration run."""

from __future__ import annotations

import os
import subprocess
import time

import pytest
from tests.gitio.conftest import Git

from labrec.errors import LimitError, NotFoundError, UnsafeError
from labrec.gitio import changes, command
from labrec.gitio.repository import GitRepository


def settle(git):
    """Make the index younger than every file, so that its times can be trusted."""
    past = time.time() - 100
    for path in git.path.rglob("*"):
        if ".git" not in path.parts:
            os.utime(path, (past, past), follow_symlinks=False)
    git("update-index", "-q", "--refresh")


def edit(git):
    git.write(
        {"notes.txt": b"changed\n", "new.bin": bytes(range(256)), "dir/inner.txt": b"staged\n"}
    )
    git("add", "new.bin", "dir/inner.txt")
    (git.path / "run.sh").chmod(0o644)
    (git.path / "dir.txt").unlink()
    (git.path / "link").unlink()
    (git.path / "link").symlink_to("run.sh")


def files_of(path):
    return {
        os.path.relpath(each, path): (
            str(each.readlink()) if each.is_symlink() else each.read_bytes(),
            each.lstat().st_mode,
        )
        for each in path.rglob("*")
        if ".git" not in each.parts and (each.is_symlink() or each.is_file())
    }


def test_a_clean_worktree_is_told_without_running_git(repo, monkeypatch):
    settle(repo)
    monkeypatch.setattr(command, "run_git", lambda *_, **__: pytest.fail("git was run"))
    with GitRepository.open(repo.path) as git:
        assert changes.changes(git) == (False, b"", ())


@pytest.mark.parametrize("spoil", ["content", "mode", "staged", "deleted", "racy"])
def test_whatever_changed_is_not_taken_for_clean(repo, spoil):
    settle(repo)
    path = repo.path / "run.sh"
    if spoil == "content":
        path.write_bytes(b"#!/bin/zs\n")  # as long as before
    elif spoil == "mode":
        path.chmod(0o644)
    elif spoil == "staged":
        repo.write({"x": b"x"})
        repo("add", "x")
    elif spoil == "deleted":
        path.unlink()
    else:
        status = path.stat()
        path.write_bytes(b"#!/bin/zs\n")
        os.utime(path, ns=(status.st_atime_ns, time.time_ns() + 10**9))
    with GitRepository.open(repo.path) as git:
        assert changes.changes(git).dirty


@pytest.mark.parametrize("cli", [True, False])
def test_the_patch_applied_to_head_gives_the_worktree(repo, tmp_path, monkeypatch, cli):
    settle(repo)
    edit(repo)
    if not cli:
        (repo.path / "new.bin").write_bytes(b"text this time\n")  # dulwich writes no binary patch
        monkeypatch.setattr(command, "available", lambda: False)
    with GitRepository.open(repo.path) as git:
        found = changes.changes(git)
    assert found.dirty
    other = Git(tmp_path / "other")
    repo("clone", "-q", repo.path.as_uri(), str(other.path))
    other("apply", "--whitespace=nowarn", "-", data=found.patch)
    assert files_of(other.path) == files_of(repo.path)


def test_nothing_that_the_repository_configures_is_run_and_nothing_is_locked(repo, tmp_path):
    """Hooks, filters, text conversions, external diffs, fsmonitor and pagers leave a mark here."""
    mark = tmp_path / "ran"
    script = tmp_path / "evil"
    script.write_text(f'#!/bin/sh\necho "$0 $*" >> {mark}\ncat\n')
    script.chmod(0o755)
    settle(repo)
    (repo.path / ".gitattributes").write_text("*.txt diff=evil\n*.bin filter=evil\n")
    repo.write({"a.bin": b"a"})
    repo("add", ".gitattributes", "a.bin")
    repo("commit", "-qm", "attributes")
    for key in (
        "diff.evil.textconv", "diff.evil.command", "diff.external", "filter.evil.clean",
        "filter.evil.smudge", "filter.evil.process", "core.fsmonitor", "core.pager", "core.editor",
        "core.askPass", "core.sshCommand", "credential.helper", "pager.diff", "interactive.diffFilter",
    ):  # fmt: skip
        repo("config", key, str(script))
    repo("config", "core.hooksPath", str(tmp_path))
    for hook in ("post-index-change", "fsmonitor-watchman"):
        os.link(script, tmp_path / hook)
    edit(repo)
    repo.write({"a.bin": b"changed", "notes.txt": b"changed again\n"})
    before = {p: p.stat().st_mtime_ns for p in (repo.path / ".git").rglob("*") if p.is_file()}
    mark.unlink(missing_ok=True)  # what edit() itself made run
    with GitRepository.open(repo.path) as git:
        found = changes.changes(git)
    assert not mark.exists(), mark.read_text()
    assert found.left_out == ("a.bin", "new.bin")
    assert b"changed again" in found.patch
    assert b"a.bin" not in found.patch
    assert {
        p: p.stat().st_mtime_ns for p in (repo.path / ".git").rglob("*") if p.is_file()
    } == before


def test_the_users_diff_settings_do_not_change_the_patch(repo):
    settle(repo)
    edit(repo)
    with GitRepository.open(repo.path) as git:
        plain = changes.changes(git).patch
    for key, value in {
        "diff.noprefix": "true", "diff.mnemonicPrefix": "true", "color.ui": "always",
        "diff.algorithm": "patience", "diff.renames": "copies", "diff.relative": "true",
        "diff.orderFile": "order", "core.quotePath": "true",
    }.items():  # fmt: skip
        repo("config", key, value)
    repo.write({"order": b"run.sh\n"})
    with GitRepository.open(repo.path) as git:
        assert changes.changes(git).patch == plain


def test_there_is_nothing_to_compare_in_an_unborn_or_bare_repository(empty):
    with GitRepository.open(empty.path) as git, pytest.raises(NotFoundError):
        changes.changes(git)


def test_git_is_given_a_deadline_and_no_steering_from_outside(repo, monkeypatch, tmp_path):
    monkeypatch.setenv("GIT_INDEX_FILE", "/nonexistent")
    monkeypatch.setenv("GIT_DIR", "/nonexistent")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "/nonexistent")
    (tmp_path / "git").write_text("#!/bin/sh\nexec sleep 60\n")
    (tmp_path / "git").chmod(0o755)
    with GitRepository.open(repo.path) as git:
        assert command.run_git(git, ["ls-files", "run.sh"]) == b"run.sh\n"
        with pytest.raises(command.GitFailedError):
            command.run_git(git, ["no-such-command"])
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
        started = time.monotonic()
        with pytest.raises(LimitError, match=r"0\.2 s"):
            command.run_git(git, ["status"], deadline=0.2)
        assert time.monotonic() - started < 10


def test_gits_own_doubt_about_the_owner_becomes_a_clear_error(repo, monkeypatch):
    def refuse(*_, **__):
        return subprocess.CompletedProcess(
            [], 128, b"", b"fatal: detected dubious ownership in ..."
        )

    monkeypatch.setattr(subprocess, "run", refuse)
    with GitRepository.open(repo.path) as git, pytest.raises(UnsafeError) as caught:
        command.run_git(git, ["status"])
    assert "safe.directory" in caught.value.hint


def test_a_blob_too_large_for_us_is_streamed_by_git(repo, monkeypatch):
    sha = repo("rev-parse", "HEAD:run.sh")
    with GitRepository.open(repo.path) as git:

        def too_large(_):
            raise LimitError("too large")

        monkeypatch.setattr(git.database, "open", too_large)
        with git.open_blob(sha) as stream:
            assert stream.read() == b"#!/bin/sh\n"
        monkeypatch.setattr(command, "available", lambda: False)
        with pytest.raises(LimitError, match="delta"):
            git.open_blob(sha)
