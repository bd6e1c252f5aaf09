from __future__ import annotations

import os

import pytest
from tests.gitio.conftest import Git, new_repository

from labrec.errors import InvalidError, NotFoundError, UnsafeError, UsageError
from labrec.gitio.repository import GitRepository


def test_a_repository_is_found_from_a_folder_inside(repo):
    inner = repo.path / "dir/deeper"
    inner.mkdir()
    with GitRepository.discover(inner) as git:
        assert (git.worktree, git.git_dir) == (repo.path, repo.path / ".git")
        assert (git.is_bare, git.is_shallow) == (False, False)
        assert git.head_commit == repo("rev-parse", "HEAD")
        assert git.head_branch == "refs/heads/main"


def test_bare_linked_shallow_submodule_and_separate_repositories(repo, tmp_path):
    url = repo.path.as_uri()
    repo("clone", "-q", "--bare", url, str(tmp_path / "bare.git"))
    repo("clone", "-q", "--depth=1", url, str(tmp_path / "shallow"))
    repo(
        "clone",
        "-q",
        "--separate-git-dir",
        str(tmp_path / "apart.git"),
        url,
        str(tmp_path / "apart"),
    )
    repo("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    outer = new_repository(tmp_path / "outer")
    outer("submodule", "--quiet", "add", url, "sub")
    head = repo("rev-parse", "HEAD")
    for name, worktree, common in [
        ("bare.git", None, tmp_path / "bare.git"),
        ("shallow", tmp_path / "shallow", tmp_path / "shallow/.git"),
        ("apart", tmp_path / "apart", tmp_path / "apart.git"),
        ("side", tmp_path / "side", repo.path / ".git"),
        ("outer/sub", tmp_path / "outer/sub", tmp_path / "outer/.git/modules/sub"),
    ]:
        with GitRepository.discover(tmp_path / name) as git:
            assert (git.worktree, git.common_dir) == (worktree, common)
            assert git.head_commit == head
            assert git.is_shallow == (name == "shallow")
            assert git.read_path(head, "run.sh") == b"#!/bin/sh\n"
            with GitRepository.open(git.git_dir) as again:
                # A separate git directory alone does not know where its worktree is.
                assert again.worktree == (git.worktree if name != "apart" else None)
    with GitRepository.open(tmp_path / "shallow") as git:
        assert git.shallow_commits == {head}


def test_an_unborn_branch_has_a_name_and_no_commit(empty):
    with GitRepository.open(empty.path) as git:
        assert (git.head_branch, git.head_commit) == ("refs/heads/main", None)


def test_a_detached_head_has_a_commit_and_no_branch(repo):
    repo("checkout", "-q", "--detach")
    with GitRepository.open(repo.path) as git:
        assert (git.head_branch, git.head_commit) == (None, repo("rev-parse", "HEAD"))


def test_the_git_dir_of_the_environment_counts_where_no_folder_is_named(
    repo, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFoundError) as caught:
        GitRepository.discover()
    assert "labrec init" in caught.value.hint
    monkeypatch.setenv("GIT_DIR", str(repo.path / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(repo.path))
    with GitRepository.discover() as git:
        assert (git.worktree, git.head_commit) == (repo.path, repo("rev-parse", "HEAD"))


def test_sha256_reftable_and_unknown_formats_are_refused_with_a_hint(repo, tmp_path):
    new_repository(tmp_path / "long", "--object-format=sha256")
    with pytest.raises(InvalidError, match="SHA-256") as caught:
        GitRepository.discover(tmp_path / "long")
    assert "labrec init" in caught.value.hint
    for key, message in (("refStorage", "reftable"), ("strange", "extensions.strange")):
        other = new_repository(tmp_path / key)
        with (other.path / ".git/config").open("a") as config:
            config.write(f"[extensions]\n\t{key} = reftable\n")
        with pytest.raises(InvalidError, match=message):
            GitRepository.open(other.path)


@pytest.mark.usefixtures("require_root")
def test_a_repository_of_another_user_is_refused_until_it_is_called_safe(repo):
    os.chown(repo.path, 12345, 12345)
    with pytest.raises(UnsafeError) as caught:
        GitRepository.discover(repo.path)
    assert f"safe.directory {repo.path}" in caught.value.hint
    with pytest.raises(AssertionError, match="dubious ownership"):
        repo("status")  # git itself says the same
    config = repo.path.parent / "gitconfig"
    config.write_text(f"[safe]\n\tdirectory = {repo.path}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_CONFIG_GLOBAL", str(config))
        GitRepository.discover(repo.path).close()
        config.write_text(f"[safe]\n\tdirectory = {repo.path}\n\tdirectory =\n")
        with pytest.raises(UnsafeError):
            GitRepository.discover(repo.path)


def test_revisions_resolve_as_git_resolves_them(repo):
    repo("tag", "-a", "-m", "x", "v1", "HEAD~2")
    repo("update-ref", "refs/remotes/origin/main", "HEAD~1")
    head = repo("rev-parse", "HEAD")
    with GitRepository.open(repo.path) as git:
        for revision in (
            "HEAD",
            "main",
            "v1",
            "refs/tags/v1",
            "origin/main",
            head,
            head[:9],
            "HEAD~3",
            "v1^",
        ):
            assert git.resolve(revision) == repo("rev-parse", f"{revision}^{{commit}}")
        for revision in ("nope", "-n", "HEAD~99", "HEAD:run.sh", "deadbeef"):
            with pytest.raises(NotFoundError):
                git.resolve(revision)


def test_an_ambiguous_short_name_lists_what_it_fits(repo, monkeypatch):
    both = ["1234" + "0" * 36, "1234" + "1" * 36]
    with GitRepository.open(repo.path) as git:
        monkeypatch.setattr(git.database, "with_prefix", lambda _: both)
        monkeypatch.setattr(git, "_is_commitish", lambda _: True)
        with pytest.raises(UsageError, match=both[1]):
            git.resolve("1234")


def test_paths_in_a_commit_are_read_and_links_are_not_followed(repo):
    head = repo("rev-parse", "HEAD")
    with GitRepository.open(repo.path) as git:
        assert git.read_path(head, "dir/inner.txt") == b"inner\n"
        assert git.read_path(head, "umläut.txt") == b"u\n"
        for path in ("link", "dir", "dir/none", "run.sh/x", "none"):
            assert git.read_path(head, path) is None


def test_a_bare_repository_named_dot_git_is_no_worktree(tmp_path):
    bare = Git(tmp_path / "x")
    bare.path.mkdir()
    bare("init", "-q", "--bare", ".git")
    with GitRepository.discover(bare.path) as git:
        assert git.is_bare


def test_a_pipe_in_the_place_of_a_repository_is_passed_over(repo):
    (repo.path / "dir" / ".git").unlink(missing_ok=True)
    os.mkfifo(repo.path / "dir" / ".git")
    with GitRepository.discover(repo.path / "dir") as git:
        assert git.worktree == repo.path
